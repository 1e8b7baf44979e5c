//! Extracting and replacing by regular expressions of the linear-time `regex` crate, limited in size.

use std::borrow::Cow;

use regex::{Regex, RegexBuilder};

use crate::error::MappingError;
use crate::slot::Slot;
use crate::steps::{ExtractStep, NoMatch, ReplaceStep};

/// Room for the compiled form of one expression.
const SIZE_LIMIT: usize = 1 << 20;

pub(crate) fn compile(pattern: &str) -> Result<Regex, MappingError> {
    RegexBuilder::new(pattern).size_limit(SIZE_LIMIT).dfa_size_limit(SIZE_LIMIT).build().map_err(|e| {
        if let regex::Error::CompiledTooBig(_) = e {
            return MappingError::new("", "The regular expression is too large.").hint("Use smaller numbers of repetitions.");
        }
        // The last line of the explanation says what is wrong; the others draw where.
        MappingError::new("", format!("The regular expression cannot be read: {}.", last_line(&e.to_string())))
            .hint("Look-around and back-references are not supported: they could take for ever.")
    })
}

fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").trim().to_owned()
}

#[derive(Debug)]
pub(crate) struct Extract {
    regex: Regex,
    group: usize,
    pub otherwise: NoMatch,
}

impl Extract {
    pub fn new(step: &ExtractStep) -> Result<Self, MappingError> {
        let regex = compile(&step.pattern).map_err(|e| e.within("/pattern"))?;
        let group = match &step.group {
            None => usize::from(regex.captures_len() > 1),
            Some(name) => group_of(&regex, name).ok_or_else(|| {
                MappingError::new("/group", format!("The regular expression has no group '{name}'.")).hint("Groups are numbered from 1.")
            })?,
        };
        Ok(Self { regex, group, otherwise: step.otherwise })
    }

    /// The part that was found; `None` without a match.
    pub fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        if self.group == 0 {
            return self.regex.find(text).map(|m| m.as_str());
        }
        self.regex.captures(text)?.get(self.group).map(|m| m.as_str())
    }

    pub fn apply<'a>(&self, text: Cow<'a, str>) -> Option<Slot<'a>> {
        Some(Slot::Text(match text {
            Cow::Borrowed(text) => Cow::Borrowed(self.find(text)?),
            Cow::Owned(text) => Cow::Owned(self.find(&text)?.to_owned()),
        }))
    }
}

fn group_of(regex: &Regex, name: &str) -> Option<usize> {
    match name.parse::<usize>() {
        Ok(number) => (number < regex.captures_len()).then_some(number),
        Err(_) => regex.capture_names().position(|n| n == Some(name)),
    }
}

#[derive(Debug)]
pub(crate) enum Replace {
    Literal { find: String, with: String },
    Pattern { regex: Regex, with: String },
}

impl Replace {
    pub fn new(step: &ReplaceStep) -> Result<Self, MappingError> {
        if step.pattern.is_empty() {
            return Err(MappingError::new("/pattern", "The text to replace is empty."));
        }
        if step.literal {
            return Ok(Self::Literal { find: step.pattern.clone(), with: step.with.clone() });
        }
        let regex = compile(&step.pattern).map_err(|e| e.within("/pattern"))?;
        match references(&step.with).into_iter().find(|name| group_of(&regex, name).is_none()) {
            Some(name) => {
                Err(MappingError::new("/with", format!("The replacement uses the group '{name}', which the regular expression lacks."))
                    .hint("Write ${1}a where a letter or digit follows a group, and $$ for a dollar sign."))
            }
            None => Ok(Self::Pattern { regex, with: step.with.clone() }),
        }
    }

    pub fn apply<'a>(&self, text: Cow<'a, str>) -> Cow<'a, str> {
        match self {
            Self::Literal { find, with } if text.contains(find.as_str()) => Cow::Owned(text.replace(find.as_str(), with)),
            Self::Literal { .. } => text,
            Self::Pattern { regex, with } => {
                let replaced = match regex.replace_all(&text, with.as_str()) {
                    Cow::Borrowed(_) => None,
                    Cow::Owned(new) => Some(new),
                };
                replaced.map_or(text, Cow::Owned)
            }
        }
    }
}

/// Names of groups in a replacement, read as the `regex` crate does: `$name` takes all letters, digits and `_` that follow.
fn references(with: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = with;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            rest = after;
        } else if let Some(inner) = rest.strip_prefix('{') {
            out.extend(inner.split_once('}').map(|(name, _)| name.to_owned()));
        } else {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            if end > 0 {
                out.push(rest[..end].to_owned());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replace(pattern: &str, with: &str, literal: bool) -> Result<Replace, MappingError> {
        Replace::new(&ReplaceStep { pattern: pattern.into(), with: with.into(), literal })
    }

    #[test]
    fn extract_takes_the_first_group_if_there_is_one() {
        let extract = |pattern: &str, group: Option<&str>| {
            Extract::new(&ExtractStep { pattern: pattern.into(), group: group.map(str::to_owned), otherwise: NoMatch::Error })
        };
        assert_eq!(extract(r"\d+", None).unwrap().find("ab 12 c"), Some("12"));
        assert_eq!(extract(r"(\d+) (\w)", None).unwrap().find("ab 12 c"), Some("12"));
        assert_eq!(extract(r"(\d+) (?<letter>\w)", Some("letter")).unwrap().find("ab 12 c"), Some("c"));
        assert_eq!(extract(r"x(\d+)", None).unwrap().find("ab 12 c"), None);
        assert_eq!(extract(r"(\d+)", Some("2")).unwrap_err().pointer, "/group");
    }

    #[test]
    fn replace_by_pattern_and_by_text() {
        assert_eq!(replace(r"(\w+), (\w+)", "$2 $1", false).unwrap().apply("Doe, Jane".into()), "Jane Doe");
        assert_eq!(replace("$", "USD ", true).unwrap().apply("$5".into()), "USD 5");
        assert!(matches!(replace("x", "y", true).unwrap().apply("abc".into()), Cow::Borrowed("abc")));
        assert_eq!(replace("(a)", "$1b", false).unwrap_err().pointer, "/with");
        assert_eq!(replace("(a)", "${1}b $$1", false).unwrap().apply("a".into()), "ab $1");
        assert_eq!(replace("", "x", true).unwrap_err().pointer, "/pattern");
    }

    #[test]
    fn huge_and_broken_expressions_are_refused() {
        assert_eq!(compile(r"\w{1000}{1000}").unwrap_err().message, "The regular expression is too large.");
        assert!(compile("(a").unwrap_err().message.contains("unclosed group"));
        assert!(compile("(?=a)").unwrap_err().message.contains("look-around"));
    }
}
