//! The steps of a rule as the document writes them. What they do is in the module named in each comment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use ts_rs::TS;

/// One thing done to a value. In JSON an object with one member: `{"trim": "ends"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Removes white space.
    Trim(TrimKind),
    /// Changes the case of letters.
    Case(CaseKind),
    /// Reads numbers as people write them: `$86k`, `1.234,56 €`, `(1,234)`, `12 %`, `$53K-$91K`.
    Number(NumberStep),
    /// Multiplies a number, then adds to it; exact, as one does on paper.
    Calculate(CalculateStep),
    /// Reads lengths of time: `60 min`, `1h 30m`, `1:30`, `PT90M`.
    Duration(DurationStep),
    /// Reads dates and times.
    Date(DateStep),
    /// Reads words as true or false.
    Boolean(BooleanStep),
    /// Takes the part of a text that a regular expression finds.
    Extract(ExtractStep),
    /// Replaces all that a regular expression, or a plain text, finds.
    Replace(ReplaceStep),
    /// Makes a list of a text. The steps after it work on each item.
    Split(SplitStep),
    /// Exchanges values by a table.
    Lookup(LookupStep),
    /// Gives the value a type; only what is written exactly so is taken.
    Cast(CastTo),
    /// Takes the value at a dotted path or RFC 6901 pointer inside an object or list.
    Pick(String),
    /// Makes an object of objects into one flat object.
    Flatten(FlattenStep),
}

impl Step {
    /// The name in documents and in the rules of violations (`mapping.<name>`).
    pub fn name(&self) -> &'static str {
        match self {
            Self::Trim(_) => "trim",
            Self::Case(_) => "case",
            Self::Number(_) => "number",
            Self::Calculate(_) => "calculate",
            Self::Duration(_) => "duration",
            Self::Date(_) => "date",
            Self::Boolean(_) => "boolean",
            Self::Extract(_) => "extract",
            Self::Replace(_) => "replace",
            Self::Split(_) => "split",
            Self::Lookup(_) => "lookup",
            Self::Cast(_) => "cast",
            Self::Pick(_) => "pick",
            Self::Flatten(_) => "flatten",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TrimKind {
    /// White space at both ends.
    Ends,
    /// Also runs of white space inside become one space.
    Collapse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum CaseKind {
    Upper,
    Lower,
    /// Each word begins with a capital letter, the rest is small.
    Title,
}

/// Which sign separates decimals; the other one separates thousands. Spaces and apostrophes always separate thousands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum DecimalMark {
    /// `1,234.56`
    #[default]
    Point,
    /// `1.234,56`
    Comma,
    /// Each text by itself; `1,234`, which could be either, is a violation.
    Auto,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct NumberStep {
    /// Instead of the mapping's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub decimal: Option<DecimalMark>,
    #[ts(optional, as = "Option<_>")]
    pub percent: Percent,
    #[serde(rename = "as")]
    #[ts(optional, as = "Option<_>")]
    pub output: NumberAs,
    /// Without it, a range is a violation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub range: Option<RangeStep>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Percent {
    /// `12%` is 12.
    #[default]
    Points,
    /// `12%` is 0.12.
    Fraction,
    /// `12%` is a violation.
    Refuse,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum NumberAs {
    /// A whole number where it is one, else a double.
    #[default]
    Number,
    /// A whole number, or a violation.
    Integer,
    /// BSON Decimal128.
    Decimal,
}

/// What to make of `$53K-$91K`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct RangeStep {
    /// What is at the rule's own target.
    #[ts(optional, as = "Option<_>")]
    pub here: RangePart,
    /// Further targets, written only where the text is a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub min: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub max: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub mean: Option<String>,
    /// ISO 4217 code of the currency that the text names; a bare `$` counts as USD, `¥` as JPY.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub currency: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RangePart {
    #[default]
    Mean,
    Min,
    Max,
}

/// Numbers as text, so that they stay exact: `"0.4536"`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct CalculateStep {
    /// 1 without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub multiply: Option<String>,
    /// Added after that; 0 without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub add: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct DurationStep {
    #[serde(rename = "as")]
    #[ts(optional, as = "Option<_>")]
    pub output: DurationAs,
    /// The unit of a number that names none. Without it, such a number is a violation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub unit: Option<DurationUnit>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum DurationAs {
    /// ISO 8601 text: `PT1H30M`.
    #[default]
    Iso,
    Seconds,
    Minutes,
    Hours,
    /// Of 24 hours.
    Days,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum DurationUnit {
    Seconds,
    Minutes,
    Hours,
    /// Of 24 hours.
    Days,
    Weeks,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct DateStep {
    /// Tried in order: `iso`, `excel`, `excel1904`, `epochSeconds`, `epochMilliseconds`, or a strftime pattern
    /// (`%d.%m.%Y %H:%M`; English names). `iso` if there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<_>")]
    pub formats: Vec<String>,
    /// Instead of the mapping's own. Times that clocks skip or repeat in this zone are violations.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub zone: Option<String>,
    /// The first of the hundred years that a year of two digits (`%y`) can mean. 1930 if it is not said: dates of birth and of
    /// hire are not put into the future.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub years_from: Option<i32>,
    #[serde(rename = "as")]
    #[ts(optional, as = "Option<_>")]
    pub output: DateAs,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum DateAs {
    /// RFC 3339 text in UTC: `2024-03-01T09:00:00Z`.
    #[default]
    Utc,
    /// RFC 3339 text with the offset that the text or its zone has: `2024-03-01T10:00:00+01:00`.
    Offset,
    /// BSON date, in milliseconds.
    Bson,
    /// The day as it is written, without time: `2024-03-01`.
    Day,
}

/// Words for true and false, compared trimmed and without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
pub struct BooleanStep {
    #[serde(rename = "true")]
    #[ts(optional, as = "Option<_>")]
    pub yes: Vec<String>,
    #[serde(rename = "false")]
    #[ts(optional, as = "Option<_>")]
    pub no: Vec<String>,
}

impl Default for BooleanStep {
    fn default() -> Self {
        let words = |list: [&str; 6]| list.map(str::to_owned).to_vec();
        Self { yes: words(["true", "yes", "y", "t", "on", "1"]), no: words(["false", "no", "n", "f", "off", "0"]) }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExtractStep {
    /// Regular expression of the `regex` crate: linear time, no look-around.
    pub pattern: String,
    /// Number or name of the group that is taken; the first one if there are groups, else all that was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub group: Option<String>,
    #[serde(default)]
    #[ts(optional, as = "Option<_>")]
    pub otherwise: NoMatch,
}

/// What happens to a text in which nothing is found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum NoMatch {
    /// A violation.
    #[default]
    Error,
    /// The text stays.
    Keep,
    /// The value is missing.
    Absent,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ReplaceStep {
    pub pattern: String,
    /// `$1` and `${name}` stand for groups, `$$` for a dollar sign.
    pub with: String,
    /// The pattern and the replacement are plain text.
    #[serde(default)]
    #[ts(optional, as = "Option<_>")]
    pub literal: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SplitStep {
    pub separator: String,
    /// White space at the ends of items goes.
    #[serde(default = "yes")]
    #[ts(optional, as = "Option<_>")]
    pub trim: bool,
    /// Items without text go.
    #[serde(default = "yes")]
    #[ts(optional, as = "Option<_>")]
    pub drop_empty: bool,
    /// Of items that are the same in the end, the first one stays.
    #[serde(default)]
    #[ts(optional, as = "Option<_>")]
    pub unique: bool,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LookupStep {
    /// From the text (trimmed) to the value.
    #[ts(type = "Record<string, unknown>")]
    pub table: BTreeMap<String, Json>,
    #[serde(default)]
    #[ts(optional, as = "Option<_>")]
    pub unknown: UnknownValue,
    /// Upper and lower case differ.
    #[serde(default)]
    #[ts(optional, as = "Option<_>")]
    pub match_case: bool,
}

/// What happens to a value that is not in the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum UnknownValue {
    /// A violation.
    #[default]
    Error,
    /// The value stays.
    Keep,
    /// The value is missing.
    Absent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum CastTo {
    Text,
    Integer,
    Number,
    Boolean,
    /// BSON Decimal128.
    Decimal,
    /// BSON ObjectId, from 24 hexadecimal digits.
    ObjectId,
    /// The value that a text holds as JSON.
    Json,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct FlattenStep {
    /// Between the names on the way down.
    #[ts(optional, as = "Option<_>")]
    pub separator: String,
}

impl Default for FlattenStep {
    fn default() -> Self {
        Self { separator: "_".to_owned() }
    }
}
