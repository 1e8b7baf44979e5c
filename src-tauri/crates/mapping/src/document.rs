//! The mapping document: what is saved with the workspace and shared as a file.

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;
use ts_rs::TS;

use crate::dates;
use crate::error::MappingError;
use crate::steps::{DecimalMark, Step};

/// The version of the document format that this engine reads and writes.
pub const VERSION: u32 = 1;

/// How rows of one kind of source become records.
///
/// ```json
/// {"version": 1, "missing": {"tokens": ["N/A", "-"]}, "rules": [{"to": "title", "from": "Job Title", "steps": [{"trim": "collapse"}]}]}
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Mapping {
    /// Always [`VERSION`].
    pub version: u32,
    /// A name for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(optional, as = "Option<_>")]
    pub name: String,
    /// What counts as missing, in all rules that say nothing else.
    #[serde(default, skip_serializing_if = "is_default")]
    #[ts(optional, as = "Option<_>")]
    pub missing: Missing,
    /// The decimal sign of numbers, in all number steps that say nothing else.
    #[serde(default, skip_serializing_if = "is_default")]
    #[ts(optional, as = "Option<_>")]
    pub decimal: DecimalMark,
    /// Time zone of dates that carry none: an IANA name or an offset such as `+02:00`. UTC if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub zone: Option<String>,
    /// Source fields that no rule uses.
    #[serde(default, skip_serializing_if = "is_default")]
    #[ts(optional, as = "Option<_>")]
    pub unmapped: Unmapped,
    /// Source fields that are left out on purpose, whatever `unmapped` says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<_>")]
    pub drop: Vec<String>,
    /// One rule a target field.
    #[serde(default)]
    #[ts(optional, as = "Option<_>")]
    pub rules: Vec<Rule>,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            version: VERSION,
            name: String::new(),
            missing: Missing::default(),
            decimal: DecimalMark::default(),
            zone: None,
            unmapped: Unmapped::default(),
            drop: Vec::new(),
            rules: Vec::new(),
        }
    }
}

/// Texts that stand for a missing value, compared trimmed and without regard to case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[ts(rename = "MissingWords")]
pub struct Missing {
    /// Such as `"N/A"`, `"-"`, `"null"`, `"?"`; `""` also makes blank text missing.
    #[serde(default)]
    #[ts(optional, as = "Option<_>")]
    pub tokens: Vec<String>,
    /// What is in the record then.
    #[serde(default)]
    #[ts(optional, as = "Option<_>")]
    pub becomes: MissingBecomes,
}

/// What a missing value becomes where a rule has no default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum MissingBecomes {
    /// The record lacks the field.
    #[default]
    Absent,
    /// The field is null.
    Null,
}

/// What happens to source fields that no rule uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Unmapped {
    /// Columns are treated as if there were no mapping; fields of JSON rows stay as they are.
    #[default]
    Keep,
    /// They are left out.
    Drop,
    /// They are kept, and each is reported with the rule `mapping.unmapped`.
    Report,
}

/// One target field: where its value comes from, and what is done to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[ts(rename = "MappingRule")]
pub struct Rule {
    /// A dotted path (`salary_range.min` makes an object) or an RFC 6901 pointer for names with dots (`/a.b`).
    /// Empty: the value is an object whose fields become fields of the record.
    pub to: String,
    #[ts(as = "SourceForm")]
    pub from: Source,
    /// Instead of the mapping's own tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub missing: Option<Missing>,
    /// Done one after the other. A missing value or null goes past all of them. After a list, steps work on each item.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<_>")]
    pub steps: Vec<Step>,
    /// Stands in the record where the value is missing or null in the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "unknown")]
    pub default: Option<Json>,
}

impl Mapping {
    /// What the mapping takes for granted and a person should know: the years that two digits mean where it does not say.
    pub fn notes(&self) -> Vec<String> {
        let short = |rule: &Rule| {
            let takes = |step: &Step| match step {
                Step::Date(date) => date.years_from.is_none() && date.formats.iter().any(|format| dates::has_short_years(format)),
                _ => false,
            };
            let (from, to) = (dates::YEARS_FROM, dates::YEARS_FROM + 99);
            let said =
                || format!("In {}, years of two digits are taken as {from} to {to}; yearsFrom of its date step changes that.", rule.to);
            rule.steps.iter().any(takes).then(said)
        };
        self.rules.iter().filter_map(short).collect()
    }
}

impl Rule {
    /// A rule that takes a column as it is.
    pub fn rename(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { to: to.into(), from: Source::Column(from.into()), missing: None, steps: Vec::new(), default: None }
    }
}

/// Where a value comes from. In JSON a plain text is a column; the others are objects with one member.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// `"Job Title"`: a column by name (exactly, else ignoring case, spaces, `_` and `-`), `"#3"`: the third column. For JSON
    /// rows a dotted path or an RFC 6901 pointer.
    Column(String),
    /// `{"constant": 1}`: this value in every record.
    Constant(Json),
    /// `{"template": "{First name} {Last name}"}`: texts of several columns; `{{` is a brace. Missing if all columns are.
    Template(String),
    /// `{"cases": […]}`: the first case whose conditions all hold; missing if none does.
    Cases(Vec<Case>),
}

/// One branch of a conditional source. Without conditions it always applies, so it belongs at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(rename = "SourceCase")]
pub struct Case {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<_>")]
    pub when: Vec<Condition>,
    #[ts(as = "SourceForm")]
    pub then: Source,
}

/// A question about one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(rename = "SourceCondition")]
pub struct Condition {
    pub column: String,
    pub is: Test,
}

/// What is asked. Operands that are numbers compare as numbers, texts as trimmed text, character by character.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "SourceTest")]
pub enum Test {
    Missing,
    Present,
    Equals(#[ts(type = "unknown")] Json),
    /// Also true where the column is missing.
    NotEquals(#[ts(type = "unknown")] Json),
    OneOf(#[ts(type = "unknown[]")] Vec<Json>),
    LessThan(#[ts(type = "unknown")] Json),
    AtMost(#[ts(type = "unknown")] Json),
    MoreThan(#[ts(type = "unknown")] Json),
    AtLeast(#[ts(type = "unknown")] Json),
    /// A regular expression found anywhere in the text.
    Matches(String),
}

#[derive(Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
enum OtherSource {
    Constant(#[ts(type = "unknown")] Json),
    Template(String),
    Cases(Vec<Case>),
}

/// A source as JSON has it, for the generated types.
#[derive(TS)]
#[ts(untagged, rename = "MappingSource")]
#[allow(dead_code)]
enum SourceForm {
    Column(String),
    Other(OtherSource),
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.clone() {
            Self::Column(name) => return serializer.serialize_str(&name),
            Self::Constant(value) => OtherSource::Constant(value),
            Self::Template(text) => OtherSource::Template(text),
            Self::Cases(cases) => OtherSource::Cases(cases),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourceVisitor)
    }
}

struct SourceVisitor;

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = Source;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a column name, or an object with constant, template or cases")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Source, E> {
        Ok(Source::Column(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Source, A::Error> {
        let source = match OtherSource::deserialize(MapAccessDeserializer::new(&mut map))? {
            OtherSource::Constant(value) => Source::Constant(value),
            OtherSource::Template(text) => Source::Template(text),
            OtherSource::Cases(cases) => Source::Cases(cases),
        };
        match map.next_key::<String>()? {
            Some(second) => Err(serde::de::Error::custom(format!("a value has one source; '{second}' would be a second one"))),
            None => Ok(source),
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Mapping {
    /// Reads a mapping from JSON text. Errors say where in the document.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let json: Json = serde_json::from_str(text)
            .map_err(|e| MappingError::new("", format!("The mapping is not valid JSON: {e}.")).hint("Correct it in a text editor."))?;
        Self::from_json(json)
    }

    /// Reads a mapping from a JSON value.
    pub fn from_json(json: Json) -> Result<Self, MappingError> {
        check_version(&json)?;
        serde_path_to_error::deserialize(json).map_err(|e| {
            let pointer = pointer_of(e.path());
            MappingError::new(pointer, format!("This part of the mapping cannot be read: {}.", e.inner()))
                .hint("The guide on mappings lists what is allowed here.")
        })
    }
}

/// Before anything else: a later version may have members that this one does not know.
fn check_version(json: &Json) -> Result<(), MappingError> {
    if !json.is_object() {
        return Err(MappingError::new("", "A mapping is a JSON object in braces."));
    }
    match json.get("version").map(Json::as_u64) {
        Some(Some(found)) if found == u64::from(VERSION) => Ok(()),
        Some(Some(found)) if found > u64::from(VERSION) => {
            Err(MappingError::new("/version", format!("This mapping has version {found}; only version {VERSION} is known here."))
                .hint("It was created by a newer version of Steward: update this one."))
        }
        Some(_) => Err(MappingError::new("/version", "The version of a mapping is 1.")),
        None => Err(MappingError::new("/version", "The mapping has no version.").hint("Add \"version\": 1.")),
    }
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut out = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => out.push_str(&format!("/{index}")),
            Segment::Map { key } => out.push_str(&format!("/{}", escape(key))),
            Segment::Enum { variant } => out.push_str(&format!("/{}", escape(variant))),
            Segment::Unknown => {}
        }
    }
    out
}

/// One segment of an RFC 6901 pointer.
pub(crate) fn escape(segment: &str) -> String {
    steward_domain::path::escaped(segment).into_owned()
}
