//! Rows of plain tables that are surely fine, told from their cells without making a record of them.
//!
//! A gate looks at the cells of one column as its schema does, but says only "surely fine" or "not sure". What is not sure
//! goes the whole way: it is mapped, made a record and checked, and that answer counts. So a gate that knows little costs
//! time and nothing else. `tests/quick.rs` holds both answers against each other.

use bson::Bson;
use serde_json::Value as Json;
use steward_domain::order;
use steward_mapping::{Canonical, Mapping, Source};
use steward_schema::Pack;

/// Members of a schema that say nothing about which values are fine.
const SILENT: [&str; 10] =
    ["$schema", "$id", "$comment", "title", "description", "examples", "default", "deprecated", "readOnly", "x-steward"];

/// The gates of a table, one a column.
#[derive(Debug)]
pub struct Quick {
    gates: Vec<Gate>,
    /// Columns that must not be empty.
    required: Vec<usize>,
    key: usize,
}

#[derive(Debug)]
enum Gate {
    Text(TextGate),
    Number {
        integer: bool,
        minimum: f64,
        maximum: f64,
    },
    Boolean,
    List {
        separators: Vec<String>,
        item: TextGate,
        unique: bool,
        least: usize,
        most: usize,
    },
    /// Only the absence of a value is surely fine.
    Empty,
}

#[derive(Debug)]
struct TextGate {
    format: Format,
    least: usize,
    most: usize,
    /// Something else than white space is asked for.
    visible: bool,
    choices: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Free,
    Uuid,
    Email,
    DateTime,
    Date,
}

impl Quick {
    /// Gates for a table whose columns go to fields by name (`mapping` is the one made for them). `None` where the schema
    /// asks for more than one cell at a time can tell.
    pub fn new(mapping: &Mapping, columns: &[String], pack: &Pack, key_field: &str) -> Option<Self> {
        let root = pack.json.as_object()?;
        let plain = |(name, value): (&String, &Json)| match name.as_str() {
            "type" => value == "object",
            "additionalProperties" => *value == Json::Bool(true),
            "required" | "properties" => true,
            other => SILENT.contains(&other),
        };
        if !root.iter().all(plain) || !pack.steward.placeholder.is_empty() || mapping.rules.len() != columns.len() {
            return None;
        }
        let properties = root.get("properties")?.as_object()?;
        let mut gates = Vec::with_capacity(columns.len());
        let mut fields: Vec<&str> = Vec::with_capacity(columns.len());
        for rule in &mapping.rules {
            let renames =
                matches!(rule.from, Source::Column(_)) && rule.steps.is_empty() && rule.default.is_none() && rule.missing.is_none();
            let separator = pack.steward.columns.get(&rule.to).and_then(|c| c.separator.clone());
            let gate = properties.get(&rule.to).filter(|_| renames).and_then(|schema| Gate::new(schema, separator));
            gates.push(gate.unwrap_or(Gate::Empty));
            fields.push(&rule.to);
        }
        let place = |field: &str| fields.iter().position(|f| *f == field);
        let required = root.get("required").and_then(Json::as_array).into_iter().flatten();
        let required = required.map(|name| place(name.as_str()?)).collect::<Option<Vec<usize>>>()?;
        let key = place(key_field).filter(|at| matches!(gates[*at], Gate::Text(_)))?;
        Some(Self { gates, required, key })
    }

    /// The key of a row that is surely fine, with its hash.
    pub fn accepts(&self, cells: &[&str]) -> Option<(Bson, u64)> {
        let fine = cells.len() == self.gates.len()
            && self.required.iter().all(|at| !cells[*at].is_empty())
            && self.gates.iter().zip(cells).all(|(gate, cell)| cell.is_empty() || gate.accepts(cell));
        if !fine || cells[self.key].is_empty() {
            return None;
        }
        let key = Bson::String(cells[self.key].to_owned());
        let hash = crate::rows::hash(&order::key_of(&key));
        Some((key, hash))
    }
}

impl Gate {
    fn new(schema: &Json, separator: Option<String>) -> Option<Self> {
        let members = schema.as_object()?;
        let knows = |names: &[&str]| {
            let said = |name: &String| name == "type" || names.contains(&name.as_str()) || SILENT.contains(&name.as_str());
            members.keys().all(said)
        };
        match one_type(schema)? {
            "string" => TextGate::new(schema).map(Self::Text),
            kind @ ("number" | "integer") if knows(&["minimum", "maximum"]) => {
                let bound = |name: &str| members.get(name).map_or(Some(None), |v| v.as_f64().map(Some));
                let (minimum, maximum) = (bound("minimum")?.unwrap_or(f64::MIN), bound("maximum")?.unwrap_or(f64::MAX));
                Some(Self::Number { integer: kind == "integer", minimum, maximum })
            }
            "boolean" if knows(&[]) => Some(Self::Boolean),
            "array" if knows(&["items", "uniqueItems", "minItems", "maxItems"]) => {
                let items = members.get("items").filter(|items| one_type(items) == Some("string"))?;
                let count = |name: &str| members.get(name).map_or(Some(None), |v| v.as_u64().map(Some));
                Some(Self::List {
                    separators: separator.map_or_else(|| vec![";".into(), "|".into()], |one| vec![one]),
                    item: TextGate::new(items)?,
                    unique: members.get("uniqueItems") == Some(&Json::Bool(true)),
                    least: usize::try_from(count("minItems")?.unwrap_or(0)).ok()?,
                    most: usize::try_from(count("maxItems")?.unwrap_or(u64::MAX)).unwrap_or(usize::MAX),
                })
            }
            _ => None,
        }
    }

    fn accepts(&self, cell: &str) -> bool {
        match self {
            Self::Text(gate) => gate.accepts(cell),
            Self::Number { integer, minimum, maximum } => number(cell, *integer).is_some_and(|n| n >= *minimum && n <= *maximum),
            Self::Boolean => matches!(cell, "true" | "false"),
            Self::List { separators, item, unique, least, most } => {
                let trimmed = cell.trim();
                if trimmed.starts_with(['[', '{']) {
                    return false;
                }
                let first = separators.iter().filter_map(|s| trimmed.find(s.as_str()).map(|at| (at, s))).min();
                let parts = || trimmed.split(first.map_or("\0", |(_, s)| s.as_str())).map(str::trim).filter(|part| !part.is_empty());
                let count = parts().count();
                let distinct = || parts().enumerate().all(|(at, part)| parts().take(at).all(|earlier| earlier != part));
                count > 0 && count <= 64 && count >= *least && count <= *most && parts().all(|p| item.accepts(p)) && (!unique || distinct())
            }
            Self::Empty => false,
        }
    }
}

/// The type of a schema that has one beside null.
fn one_type(schema: &Json) -> Option<&str> {
    match schema.get("type")? {
        Json::String(one) => Some(one),
        Json::Array(types) => {
            let mut named = types.iter().filter_map(Json::as_str).filter(|t| *t != "null");
            let one = named.next()?;
            named.next().is_none().then_some(one)
        }
        _ => None,
    }
}

impl TextGate {
    fn new(schema: &Json) -> Option<Self> {
        let members = schema.as_object()?;
        let mut gate = Self { format: Format::Free, least: 0, most: usize::MAX, visible: false, choices: Vec::new() };
        for (name, value) in members {
            match name.as_str() {
                "type" => {}
                "format" => {
                    gate.format = match value.as_str()? {
                        "uuid" => Format::Uuid,
                        "email" => Format::Email,
                        "date-time" => Format::DateTime,
                        "date" => Format::Date,
                        _ => return None,
                    }
                }
                "minLength" => gate.least = usize::try_from(value.as_u64()?).ok()?,
                "maxLength" => gate.most = usize::try_from(value.as_u64()?).ok()?,
                "pattern" if value == "\\S" => gate.visible = true,
                "enum" => {
                    gate.choices =
                        value.as_array()?.iter().filter(|c| !c.is_null()).map(|c| c.as_str().map(str::to_owned)).collect::<Option<_>>()?
                }
                other if SILENT.contains(&other) => {}
                _ => return None,
            }
        }
        Some(gate)
    }

    fn accepts(&self, text: &str) -> bool {
        if !self.choices.is_empty() {
            return self.choices.iter().any(|choice| choice == text) && self.format == Format::Free;
        }
        // A text has at least a quarter as many characters as bytes, and never more.
        let long_enough = self.least <= text.len() / 4 || text.chars().nth(self.least.saturating_sub(1)).is_some() || self.least == 0;
        long_enough
            && text.len() <= self.most
            && (!self.visible || text.chars().any(|c| !c.is_whitespace()))
            && match self.format {
                Format::Free => true,
                Format::Uuid => is_uuid(text.as_bytes()),
                Format::Email => is_plain_email(text.as_bytes()),
                Format::DateTime => is_date_time(text.as_bytes()),
                Format::Date => text.len() == 10 && is_date(text.as_bytes()),
            }
    }
}

/// A number that is written canonically, and that a double holds exactly.
fn number(cell: &str, integer: bool) -> Option<f64> {
    match steward_mapping::canonical_number(cell)? {
        Canonical::Integer(n) if n.unsigned_abs() < 1 << 53 => Some(n as f64),
        Canonical::Number(n) if !integer => Some(n),
        _ => None,
    }
}

fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// Letters, digits and a few signs on both sides, with a dot on the right.
fn is_plain_email(text: &[u8]) -> bool {
    let Some(at) = memchr::memchr(b'@', text) else { return false };
    let (local, domain) = (&text[..at], &text[at + 1..]);
    let parts = |text: &[u8], inner: fn(&u8) -> bool, most: usize| {
        text.split(|b| *b == b'.')
            .all(|part| !part.is_empty() && part.len() <= most && part.iter().all(inner) && part[0] != b'-' && part[part.len() - 1] != b'-')
    };
    text.len() <= 254
        && local.len() <= 64
        && domain.contains(&b'.')
        && parts(local, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+'), 64)
        && parts(domain, |b| b.is_ascii_alphanumeric() || *b == b'-', 63)
        && domain.rsplit(|b| *b == b'.').next().is_some_and(|last| last.len() >= 2 && last.iter().all(u8::is_ascii_alphabetic))
}

fn two(text: &[u8]) -> Option<u32> {
    match text {
        [a, b] if a.is_ascii_digit() && b.is_ascii_digit() => Some(u32::from(a - b'0') * 10 + u32::from(b - b'0')),
        _ => None,
    }
}

/// `2026-01-31`, from the year 1 on.
fn is_date(text: &[u8]) -> bool {
    let &[a, b, c, d, b'-', e, f, b'-', g, h] = text else { return false };
    let (Some(century), Some(year), Some(month), Some(day)) = (two(&[a, b]), two(&[c, d]), two(&[e, f]), two(&[g, h])) else {
        return false;
    };
    let year = century * 100 + year;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    year > 0 && day >= 1 && day <= days
}

/// `2026-01-31T12:00:00Z`, with a fraction and an offset where there is one; no leap second.
fn is_date_time(text: &[u8]) -> bool {
    let (Some(date), Some(time)) = (text.get(..10), text.get(10..)) else { return false };
    let &[b'T', h1, h2, b':', m1, m2, b':', s1, s2, ref rest @ ..] = time else { return false };
    let below = |pair: [u8; 2], limit: u32| two(&pair).is_some_and(|n| n < limit);
    let rest = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 || digits > 9 {
                return false;
            }
            &fraction[digits..]
        }
        None => rest,
    };
    let zone = match *rest {
        [b'Z'] => true,
        [b'+' | b'-', a, b, b':', c, d] => below([a, b], 24) && below([c, d], 60),
        _ => false,
    };
    zone && is_date(date) && below([h1, h2], 24) && below([m1, m2], 60) && below([s1, s2], 60)
}
