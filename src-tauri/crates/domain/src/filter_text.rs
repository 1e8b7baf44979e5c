//! Filters as people write them: `average_salary >= 50000 and title contains "engineer" and not blank(industry)`.
//!
//! ```text
//! or    := and ("or" and)*            and := unary ("and" unary)*        unary := "not" unary | "(" or ")" | test
//! test  := text "words" | exists(f) | missing(f) | null(f) | blank(f) | type(f, name)
//!        | f (= | != | > | >= | < | <=) value | f in (value, …) | f contains "t" | f starts with "t" | f matches "re"
//! value := "text" | number | true | false | null | date("2026-01-31T00:00:00Z") | id("24 hex digits") | {extended json}
//! ```
//! `contains`, `starts with` and `matches` ignore case; append `exactly` to heed it.

use bson::Bson;

use crate::FieldPath;
use crate::filter::{Comparison, Filter, TypeName};
use crate::value::{Value, to_ext};

/// Where a written filter is wrong. `position` counts characters from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at character {})", position + 1)]
pub struct FilterError {
    pub message: String,
    pub position: usize,
}

/// Bytes of a written filter, and how far it may nest: a reader that calls itself must end before the stack does.
const LONGEST: usize = 64 << 10;
const DEPTH: usize = 100;

/// Parses a written filter; empty text matches everything.
pub fn parse(text: &str) -> Result<Filter, FilterError> {
    if text.len() > LONGEST {
        return Err(FilterError { message: "a filter has at most 64 KB of text".into(), position: 0 });
    }
    let tokens = tokenize(text)?;
    let mut parser = Parser { tokens, at: 0, depth: 0, end: text.chars().count() };
    if parser.tokens.is_empty() {
        return Ok(Filter::all());
    }
    let filter = parser.any()?;
    match parser.peek() {
        None => Ok(filter),
        Some(_) => Err(parser.error("expected 'and', 'or' or the end")),
    }
}

/// Writes a filter so that [`parse`] reads the same one.
pub fn format(filter: &Filter) -> String {
    write(filter, 0)
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(String),
    Json(String),
    Symbol(&'static str),
}

struct Parser {
    /// Parentheses and `not` that are open.
    depth: usize,
    tokens: Vec<(Token, usize)>,
    at: usize,
    end: usize,
}

fn tokenize(text: &str) -> Result<Vec<(Token, usize)>, FilterError> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let start = i;
        let c = chars[i];
        if c.is_whitespace() {
            i += 1;
            continue;
        }
        let token = match c {
            '"' => Token::Text(read_text(&chars, &mut i)?),
            '`' => Token::Word(read_quoted_name(&chars, &mut i)?),
            '{' => Token::Json(read_json(&chars, &mut i)?),
            '-' | '0'..='9' => Token::Number(read_while(&chars, &mut i, |c| c.is_ascii_alphanumeric() || "+-._".contains(c))),
            c if c.is_alphabetic() || c == '_' => Token::Word(read_while(&chars, &mut i, |c| c.is_alphanumeric() || "_.-".contains(c))),
            _ => Token::Symbol(read_symbol(&chars, &mut i)?),
        };
        out.push((token, start));
    }
    Ok(out)
}

fn read_while(chars: &[char], i: &mut usize, keep: impl Fn(char) -> bool) -> String {
    let start = *i;
    while *i < chars.len() && keep(chars[*i]) {
        *i += 1;
    }
    chars[start..*i].iter().collect()
}

fn read_text(chars: &[char], i: &mut usize) -> Result<String, FilterError> {
    let start = *i;
    *i += 1;
    while *i < chars.len() && chars[*i] != '"' {
        *i += if chars[*i] == '\\' { 2 } else { 1 };
    }
    if *i >= chars.len() {
        return Err(FilterError { message: "this text has no closing quote".into(), position: start });
    }
    *i += 1;
    let quoted: String = chars[start..*i].iter().collect();
    serde_json::from_str(&quoted).map_err(|_| FilterError { message: "this text has an unknown escape".into(), position: start })
}

fn read_quoted_name(chars: &[char], i: &mut usize) -> Result<String, FilterError> {
    let start = *i;
    *i += 1;
    let name = read_while(chars, i, |c| c != '`');
    if *i >= chars.len() {
        return Err(FilterError { message: "this field name has no closing backtick".into(), position: start });
    }
    *i += 1;
    Ok(name)
}

fn read_json(chars: &[char], i: &mut usize) -> Result<String, FilterError> {
    let rest: String = chars[*i..].iter().collect();
    let mut stream = serde_json::Deserializer::from_str(&rest).into_iter::<serde_json::Value>();
    match stream.next() {
        Some(Ok(_)) => {
            let text = rest[..stream.byte_offset()].to_owned();
            *i += text.chars().count();
            Ok(text)
        }
        _ => Err(FilterError { message: "this is not valid JSON".into(), position: *i }),
    }
}

fn read_symbol(chars: &[char], i: &mut usize) -> Result<&'static str, FilterError> {
    for symbol in ["!=", ">=", "<=", "==", "=", ">", "<", "(", ")", ",", "[", "]"] {
        let length = symbol.len();
        if chars[*i..].iter().take(length).collect::<String>() == symbol {
            *i += length;
            return Ok(if symbol == "==" { "=" } else { symbol });
        }
    }
    Err(FilterError { message: format!("'{}' is not expected here", chars[*i]), position: *i })
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(t, _)| t)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).map(|(t, _)| t.clone());
        self.at += 1;
        token
    }

    fn error(&self, message: &str) -> FilterError {
        let position = self.tokens.get(self.at).map_or(self.end, |(_, p)| *p);
        FilterError { message: message.to_owned(), position }
    }

    fn error_before(&mut self, message: &str) -> FilterError {
        self.at = self.at.saturating_sub(1);
        self.error(message)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(w)) if w.eq_ignore_ascii_case(word))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.at += 1;
        }
        found
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Symbol(s)) if *s == symbol);
        if found {
            self.at += 1;
        }
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), FilterError> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.error(&format!("expected '{symbol}'"))) }
    }

    fn any(&mut self) -> Result<Filter, FilterError> {
        let mut any = vec![self.all()?];
        while self.take_word("or") {
            any.push(self.all()?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Filter::Or { any } })
    }

    fn all(&mut self) -> Result<Filter, FilterError> {
        let mut all = vec![self.unary()?];
        while self.take_word("and") {
            all.push(self.unary()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Filter::And { all } })
    }

    fn unary(&mut self) -> Result<Filter, FilterError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.error("more than 100 parentheses or 'not' within each other"));
        }
        let filter = self.inner();
        self.depth -= 1;
        filter
    }

    fn inner(&mut self) -> Result<Filter, FilterError> {
        if self.take_word("not") {
            return Ok(Filter::Not { not: Box::new(self.unary()?) });
        }
        if self.take_symbol("(") {
            let inner = self.any()?;
            self.expect(")")?;
            return Ok(inner);
        }
        self.test()
    }

    fn test(&mut self) -> Result<Filter, FilterError> {
        let Some(Token::Word(word)) = self.next() else {
            return Err(self.error_before("expected a field name"));
        };
        if let Some(Token::Text(_)) = self.peek()
            && word.eq_ignore_ascii_case("text")
        {
            return Ok(Filter::Text { text: self.text()? });
        }
        if self.take_symbol("(") {
            let filter = self.call(&word)?;
            self.expect(")")?;
            return Ok(filter);
        }
        self.comparison(FieldPath::new(word).canonical())
    }

    fn call(&mut self, name: &str) -> Result<Filter, FilterError> {
        let Some(Token::Word(field)) = self.next() else {
            return Err(self.error_before("expected a field name"));
        };
        let field = FieldPath::new(field).canonical();
        Ok(match name.to_ascii_lowercase().as_str() {
            "exists" => Filter::Exists { field, exists: true },
            "missing" => Filter::Exists { field, exists: false },
            "null" => Filter::IsNull { field },
            "blank" => Filter::Blank { field },
            "type" => {
                self.expect(",")?;
                Filter::IsType { field, of: self.type_name()? }
            }
            _ => {
                self.at = self.at.saturating_sub(3);
                return Err(self.error("expected exists, missing, null, blank or type before '('"));
            }
        })
    }

    fn type_name(&mut self) -> Result<TypeName, FilterError> {
        let Some(Token::Word(name)) = self.next() else {
            return Err(self.error_before("expected the name of a type"));
        };
        serde_json::from_value(serde_json::Value::String(name))
            .map_err(|_| self.error_before("expected string, number, bool, date, objectId, array, object, binary or null"))
    }

    fn comparison(&mut self, field: FieldPath) -> Result<Filter, FilterError> {
        let cmp = match self.next() {
            Some(Token::Symbol("=")) => Comparison::Eq,
            Some(Token::Symbol("!=")) => Comparison::Ne,
            Some(Token::Symbol(">")) => Comparison::Gt,
            Some(Token::Symbol(">=")) => Comparison::Gte,
            Some(Token::Symbol("<")) => Comparison::Lt,
            Some(Token::Symbol("<=")) => Comparison::Lte,
            Some(Token::Word(word)) => return self.word_comparison(field, &word),
            Some(Token::Number(_)) => return Err(self.spaced()),
            _ => return Err(self.error_before("expected =, !=, >, >=, <, <=, in, contains, starts with or matches")),
        };
        Ok(Filter::Compare { field, cmp, value: self.value()? })
    }

    fn word_comparison(&mut self, field: FieldPath, word: &str) -> Result<Filter, FilterError> {
        match word.to_ascii_lowercase().as_str() {
            "in" => Ok(Filter::In { field, values: self.list()? }),
            "contains" => {
                let text = self.text()?;
                Ok(Filter::Contains { field, text, ignore_case: !self.take_word("exactly") })
            }
            "starts" => {
                self.take_word("with");
                let text = self.text()?;
                Ok(Filter::StartsWith { field, text, ignore_case: !self.take_word("exactly") })
            }
            "matches" => {
                let pattern = self.text()?;
                let ignore_case = !self.take_word("exactly");
                crate::matching::build_regex(&pattern, ignore_case).map_err(|e| self.error_before(&e.to_string()))?;
                Ok(Filter::Regex { field, pattern, ignore_case })
            }
            _ => Err(self.spaced()),
        }
    }

    /// A word is where a comparison should: it may be the next one of a name with spaces, which is shown as it is written.
    fn spaced(&mut self) -> FilterError {
        let begin = self.at.saturating_sub(2);
        let part = |(token, _): &(Token, usize)| match token {
            Token::Word(word) => Some(word.clone()).filter(|w| !["in", "contains", "starts", "matches", "and", "or"].contains(&w.as_str())),
            Token::Number(number) => Some(number.clone()),
            _ => None,
        };
        let words: Vec<String> = self.tokens[begin..].iter().map_while(part).collect();
        let name = FieldPath::name(&words.join(" "));
        self.error_before(&format!(
            "expected =, !=, >, >=, <, <=, in, contains, starts with or matches; a name with spaces is written in backticks: `{name}`"
        ))
    }

    fn text(&mut self) -> Result<String, FilterError> {
        match self.next() {
            Some(Token::Text(text)) => Ok(text),
            _ => Err(self.error_before("expected text in double quotes")),
        }
    }

    fn list(&mut self) -> Result<Vec<Value>, FilterError> {
        let close = if self.take_symbol("[") { "]" } else { ")" };
        if close == ")" {
            self.expect("(")?;
        }
        let mut values = Vec::new();
        while !self.take_symbol(close) {
            values.push(self.value()?);
            if !self.take_symbol(",") {
                self.expect(close)?;
                break;
            }
        }
        Ok(values)
    }

    fn value(&mut self) -> Result<Value, FilterError> {
        let wrong = "expected a value: text in double quotes, a number, true, false, null, date(\"…\") or id(\"…\")";
        let json = match self.next() {
            Some(Token::Text(text)) => return Ok(Value(Bson::String(text))),
            Some(Token::Number(number)) => number,
            Some(Token::Json(json)) => json,
            Some(Token::Word(word)) => match word.to_ascii_lowercase().as_str() {
                "true" | "false" | "null" => word.to_ascii_lowercase(),
                "date" => return self.wrapped("$date"),
                "id" => return self.wrapped("$oid"),
                _ => return Err(self.error_before(wrong)),
            },
            _ => return Err(self.error_before(wrong)),
        };
        serde_json::from_str(&json).map_err(|_| self.error_before(wrong))
    }

    fn wrapped(&mut self, wrapper: &str) -> Result<Value, FilterError> {
        self.expect("(")?;
        let text = self.text()?;
        let full = if wrapper == "$date" && text.len() == 10 { format!("{text}T00:00:00Z") } else { text };
        let value = serde_json::from_value(serde_json::json!({ wrapper: full }))
            .map_err(|_| self.error_before("this is not a valid date or id"))?;
        self.expect(")")?;
        Ok(value)
    }
}

fn write(filter: &Filter, depth: u8) -> String {
    let join = |list: &[Filter], word: &str, own: u8| {
        let parts: Vec<String> = list.iter().map(|f| write(f, own)).collect();
        let joined = parts.join(word);
        if depth >= own && list.len() > 1 { format!("({joined})") } else { joined }
    };
    let heed = |ignore_case: bool| if ignore_case { "" } else { " exactly" };
    match filter {
        Filter::Or { any } if any.is_empty() => "not (exists(_id) or missing(_id))".to_owned(),
        Filter::Or { any } => join(any, " or ", 1),
        Filter::And { all } => join(all, " and ", 2),
        Filter::Not { not } => format!("not {}", write(not, 3)),
        Filter::Text { text } => format!("text {}", quote(text)),
        Filter::Compare { field, cmp, value } => {
            let sign = match cmp {
                Comparison::Eq => "=",
                Comparison::Ne => "!=",
                Comparison::Gt => ">",
                Comparison::Gte => ">=",
                Comparison::Lt => "<",
                Comparison::Lte => "<=",
            };
            format!("{} {sign} {}", name(field), to_ext(&value.0))
        }
        Filter::In { field, values } => {
            let list: Vec<String> = values.iter().map(|v| to_ext(&v.0).to_string()).collect();
            format!("{} in ({})", name(field), list.join(", "))
        }
        Filter::Exists { field, exists: true } => format!("exists({})", name(field)),
        Filter::Exists { field, exists: false } => format!("missing({})", name(field)),
        Filter::IsNull { field } => format!("null({})", name(field)),
        Filter::Blank { field } => format!("blank({})", name(field)),
        Filter::IsType { field, of } => {
            let of = serde_json::to_value(of).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
            format!("type({}, {of})", name(field))
        }
        Filter::Regex { field, pattern, ignore_case } => {
            format!("{} matches {}{}", name(field), quote(pattern), heed(*ignore_case))
        }
        Filter::Contains { field, text, ignore_case } => {
            format!("{} contains {}{}", name(field), quote(text), heed(*ignore_case))
        }
        Filter::StartsWith { field, text, ignore_case } => {
            format!("{} starts with {}{}", name(field), quote(text), heed(*ignore_case))
        }
    }
}

const KEYWORDS: &[&str] = &["and", "or", "not", "text"];

fn name(field: &FieldPath) -> String {
    let text = field.as_str();
    let plain = text.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c))
        && !KEYWORDS.contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { format!("`{text}`") }
}

fn quote(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_spaces_are_shown_as_they_are_written() {
        let said = |text: &str| parse(text).unwrap_err();
        assert!(said("Job Title = \"x\"").message.ends_with("written in backticks: `Job Title`"));
        assert_eq!(said("Job Title = \"x\"").position, 4);
        assert!(said("usb 3.1 = true").message.ends_with("`/usb 3.1`"), "{}", said("usb 3.1 = true"));
        assert!(said("a = 1 and Date of Birth in (\"x\")").message.ends_with("`Date of Birth`"));
        assert_eq!(parse("`/usb 3.1` = true").unwrap(), Filter::eq("/usb 3.1", true));
    }

    #[test]
    fn written_filters_come_back_the_same() {
        for text in [
            "average_salary >= 50000 and education_level in (\"PhD\", \"Master's\")",
            "(a = 1 or b = 2) and not (c = 3 and d = 4)",
            "title contains \"engineer\" and text \"data science\"",
            "exists(industry) or missing(x) or null(y.z) or blank(w)",
            "title starts with \"A\" exactly or title matches \"^b.*\"",
            "updated_at > {\"$date\":\"2026-01-31T00:00:00Z\"} and `odd name` = null",
            "type(job_zone, number)",
            "a = -1.5 and b = true",
        ] {
            let filter = parse(text).unwrap();
            assert_eq!(format(&filter), text);
        }
        assert!(parse("  ").unwrap().is_all());
        assert_eq!(parse("d > date(\"2026-01-31\")"), parse("d > date(\"2026-01-31T00:00:00Z\")"));
    }

    #[test]
    fn deep_and_long_texts_are_refused() {
        for deep in ["(".repeat(30_000), "not ".repeat(15_000), "text(".repeat(10_000)] {
            assert!(parse(&deep).is_err());
        }
        assert!(parse(&format!("{}a = 1{}", "(".repeat(99), ")".repeat(99))).is_ok());
        assert!(parse(&"a = 1 or ".repeat(10_000)).unwrap_err().message.contains("64 KB"));
    }

    #[test]
    fn errors_say_where() {
        let position = |text: &str| parse(text).unwrap_err().position;
        assert_eq!(position("a ="), 3);
        assert_eq!(position("a = \"x"), 4);
        assert_eq!(position("a = 1 b"), 6);
        assert_eq!(position("a ~ 1"), 2);
        assert_eq!(position("title matches \"(\""), 14);
    }
}
