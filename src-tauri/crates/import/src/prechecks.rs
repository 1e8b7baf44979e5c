//! Prechecks: what is certainly valid for a schema, decided without making a record.
//!
//! A precheck looks at a value as its schema does, but says only "surely fine" or "not sure". What is not sure goes the whole
//! way: it is mapped, made a record and checked, and that answer counts. So a precheck that knows little costs time and nothing
//! else. [`crate::fast_path`] puts the prechecks of a schema before the rows of a file.

mod fillers;
pub mod json;
mod pattern;
mod text;

use serde_json::Value as Json;
use steward_mapping::{Canonical, Shown};
use steward_schema::Pack;

use fillers::Filler;
use text::TextPrecheck;

/// Members of a schema that say nothing about which values are fine.
const SILENT: [&str; 10] =
    ["$schema", "$id", "$comment", "title", "description", "examples", "default", "deprecated", "readOnly", "x-steward"];

/// Items of a list that are compared one by one.
const APART: usize = 64;

/// What is surely fine at one place.
#[derive(Debug, Clone)]
struct Precheck {
    kind: Kind,
    /// Null is fine too.
    null: bool,
}

#[derive(Debug, Clone)]
enum Kind {
    Text(TextPrecheck),
    Number(Bounds),
    Boolean,
    List(Box<ListPrecheck>),
    Object(Box<ObjectPrecheck>),
    /// No schema speaks of this place.
    Anything,
    /// Nothing is sure.
    Closed,
}

#[derive(Debug, Clone)]
struct Bounds {
    integer: bool,
    least: f64,
    most: f64,
    /// The least and the most themselves are not fine.
    above: bool,
    below: bool,
}

#[derive(Debug, Clone)]
struct ListPrecheck {
    item: Precheck,
    unique: bool,
    least: usize,
    most: usize,
    /// Of lists in a cell.
    separators: Vec<u8>,
}

/// The fields of an object.
#[derive(Debug, Clone)]
struct ObjectPrecheck {
    names: Vec<String>,
    prechecks: Vec<Precheck>,
    /// A bit for each field that must be there.
    required: u64,
}

/// A whole record, with the rules that look at several of its fields.
#[derive(Debug, Clone)]
pub struct RecordPrecheck {
    fields: ObjectPrecheck,
    /// By field.
    fillers: Vec<Option<Filler>>,
    /// Fields of which the first must not repeat the second.
    pairs: Vec<(usize, usize)>,
}

impl Precheck {
    /// Whatever the schema says that is not known here closes the precheck.
    fn new(schema: &Json, separator: Option<&str>) -> Self {
        let null = schema.get("type").and_then(Json::as_array).is_some_and(|types| types.iter().any(|t| t == "null"))
            && schema.get("enum").is_none_or(|choices| choices.as_array().is_some_and(|all| all.contains(&Json::Null)));
        match Kind::new(schema, separator) {
            Some(kind) => Self { kind, null },
            None => Self { kind: Kind::Closed, null: false },
        }
    }

    fn anything() -> Self {
        Self { kind: Kind::Anything, null: true }
    }

    /// A cell that is not empty, as it would be read without a mapping of its own.
    fn accepts_cell(&self, cell: &str, filler: Option<&Filler>) -> bool {
        match &self.kind {
            Kind::Text(precheck) => precheck.accepts(cell) && filler.is_none_or(|filler| !filler.is_text(cell)),
            Kind::Number(bounds) => {
                cell_number(cell, bounds.integer).is_some_and(|n| bounds.hold(n) && filler.is_none_or(|filler| !filler.is_number(n)))
            }
            Kind::Boolean => matches!(cell, "true" | "false"),
            Kind::List(list) => list.accepts_cell(cell, filler),
            Kind::Object(_) | Kind::Closed => false,
            // Where no schema speaks of a place, a text is what it is, or a number where it looks like one.
            Kind::Anything => filler.is_none(),
        }
    }

    fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Text(_))
    }
}

impl Kind {
    fn new(schema: &Json, separator: Option<&str>) -> Option<Self> {
        let members = schema.as_object()?;
        let knows = |names: &[&str]| {
            let said = |name: &String| name == "type" || names.contains(&name.as_str()) || SILENT.contains(&name.as_str());
            members.keys().all(said)
        };
        if knows(&[]) && !members.contains_key("type") {
            return Some(Self::Anything);
        }
        match one_type(schema)? {
            "string" => TextPrecheck::new(schema).map(Self::Text),
            kind @ ("number" | "integer") if knows(&["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]) => {
                Bounds::new(schema, kind == "integer").map(Self::Number)
            }
            "boolean" if knows(&[]) => Some(Self::Boolean),
            "array" if knows(&["items", "uniqueItems", "minItems", "maxItems"]) => {
                ListPrecheck::new(schema, separator).map(|list| Self::List(Box::new(list)))
            }
            "object" => ObjectPrecheck::new(schema, &|_| None).map(|object| Self::Object(Box::new(object))),
            _ => None,
        }
    }
}

/// The type of a schema that has one next to null.
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

impl Bounds {
    fn new(schema: &Json, integer: bool) -> Option<Self> {
        // Bounds that a double does not hold are not known here.
        let exact = |n: &f64| n.abs() < (1_u64 << 53) as f64;
        let bound = |name: &str| schema.get(name).map_or(Some(None), |v| v.as_f64().filter(exact).map(Some));
        let (minimum, maximum) = (bound("minimum")?, bound("maximum")?);
        let (over, under) = (bound("exclusiveMinimum")?, bound("exclusiveMaximum")?);
        // Both kinds of bound on one side are rare enough to leave them to others.
        if minimum.is_some() && over.is_some() || maximum.is_some() && under.is_some() {
            return None;
        }
        Some(Self {
            integer,
            least: minimum.or(over).unwrap_or(f64::NEG_INFINITY),
            most: maximum.or(under).unwrap_or(f64::INFINITY),
            above: over.is_some(),
            below: under.is_some(),
        })
    }

    fn hold(&self, n: f64) -> bool {
        n >= self.least && n <= self.most && !(self.above && n == self.least) && !(self.below && n == self.most)
    }
}

impl ListPrecheck {
    fn new(schema: &Json, separator: Option<&str>) -> Option<Self> {
        let count = |name: &str| schema.get(name).map_or(Some(None), |v| v.as_u64().map(Some));
        let item = schema.get("items").map_or_else(Precheck::anything, |items| Precheck::new(items, None));
        Some(Self {
            item,
            unique: match schema.get("uniqueItems") {
                None => false,
                Some(unique) => unique.as_bool()?,
            },
            least: usize::try_from(count("minItems")?.unwrap_or(0)).ok()?,
            most: usize::try_from(count("maxItems")?.unwrap_or(u64::MAX)).unwrap_or(usize::MAX),
            separators: match separator.map(str::as_bytes) {
                None => vec![b';', b'|'],
                Some([one]) if one.is_ascii() => vec![*one],
                Some(_) => return None,
            },
        })
    }

    fn accepts_cell(&self, cell: &str, filler: Option<&Filler>) -> bool {
        let trimmed = cell.trim();
        if !self.item.is_text() || trimmed.starts_with(['[', '{']) || trimmed.contains('\0') {
            return false;
        }
        // The one that comes first separates; without any, the cell is one item.
        let first = trimmed.bytes().find(|b| self.separators.contains(b)).map_or('\0', char::from);
        let parts = || trimmed.split(first).map(str::trim).filter(|part| !part.is_empty());
        let distinct = || parts().enumerate().all(|(at, part)| parts().take(at).all(|earlier| earlier != part));
        let count = parts().count();
        (1..=APART).contains(&count)
            && (self.least..=self.most).contains(&count)
            && parts().all(|part| self.item.accepts_cell(part, filler))
            && (!self.unique || distinct())
    }
}

impl ObjectPrecheck {
    /// `None` where the schema asks for more than its fields one by one. `separator` is of lists in the cells of a table.
    fn new<'p>(schema: &'p Json, separator: &dyn Fn(&str) -> Option<&'p str>) -> Option<Self> {
        let members = schema.as_object()?;
        let plain = |(name, value): (&String, &Json)| match name.as_str() {
            "additionalProperties" => *value == Json::Bool(true),
            "type" | "required" | "properties" => true,
            other => SILENT.contains(&other),
        };
        let empty = serde_json::Map::new();
        let properties = match schema.get("properties") {
            None => &empty,
            Some(properties) => properties.as_object()?,
        };
        if !members.iter().all(plain) || properties.len() > 64 || properties.keys().any(|name| !is_plain(name)) {
            return None;
        }
        let names: Vec<String> = properties.keys().cloned().collect();
        let mut required = 0;
        for name in schema.get("required").and_then(Json::as_array).into_iter().flatten() {
            let name = name.as_str()?;
            required |= 1 << names.iter().position(|known| known == name)?;
        }
        let prechecks = properties.iter().map(|(name, schema)| Precheck::new(schema, separator(name))).collect();
        Some(Self { names, prechecks, required })
    }

    /// Rows mostly have their fields in the order of those before: the search begins behind the field found last.
    fn place(&self, name: &str, after: usize) -> Option<usize> {
        let (before, behind) = self.names.split_at(after.min(self.names.len()));
        let found = behind.iter().position(|known| known == name).map(|at| at + before.len());
        found.or_else(|| before.iter().position(|known| known == name))
    }
}

/// A name that says nothing about the type of the value, and that a record can have.
fn is_plain(name: &str) -> bool {
    !name.starts_with('$') && !name.contains('\0')
}

impl RecordPrecheck {
    /// `None` where the schema looks at several fields at once, in a way that is not known here.
    pub fn new(pack: &Pack) -> Option<Self> {
        let separator = |field: &str| pack.steward.columns.get(field).and_then(|column| column.separator.as_deref());
        let fields = ObjectPrecheck::new(&pack.json, &separator).filter(|_| one_type(&pack.json) == Some("object"))?;
        let known = |field: &str| fields.names.iter().position(|name| name == field);
        if pack.steward.placeholder.iter().flat_map(|rule| &rule.fields).any(|field| known(field).is_none()) {
            return None;
        }
        let pairs = fillers::pairs(pack, |field| known(field).filter(|at| fields.prechecks[*at].is_text()))?;
        let fillers = fields.names.iter().map(|name| Filler::of(pack, name)).collect::<Option<_>>()?;
        Some(Self { fields, fillers, pairs })
    }

    /// The place of a field that the schema knows.
    pub fn place(&self, field: &str) -> Option<usize> {
        self.fields.place(field, 0)
    }

    /// A cell that is not empty is surely fine for the field at a place.
    pub fn accepts_cell(&self, at: usize, cell: &str) -> bool {
        self.fields.prechecks[at].accepts_cell(cell, self.fillers[at].as_ref())
    }

    /// A value that a mapping makes is surely fine for the field at a place.
    pub fn accepts_shown(&self, at: usize, shown: Shown<'_>) -> bool {
        json::accepts_shown(&self.fields.prechecks[at], self.fillers[at].as_ref(), shown)
    }

    /// The field at a place holds texts.
    pub fn is_text(&self, at: usize) -> bool {
        self.fields.prechecks[at].is_text()
    }

    /// All required fields are among those whose bits are set.
    pub fn has_all(&self, there: u64) -> bool {
        there & self.fields.required == self.fields.required
    }

    /// The field at a place is compared with another one.
    pub fn is_compared(&self, at: usize) -> bool {
        self.pairs.iter().any(|(one, other)| *one == at || *other == at)
    }

    /// No two fields are compared with each other.
    pub fn has_no_pairs(&self) -> bool {
        self.pairs.is_empty()
    }

    /// No field repeats one that it must not repeat. `text` gives what fields hold, by their places.
    pub fn pairs_differ<'t>(&self, text: impl Fn(usize) -> Option<&'t str>) -> bool {
        let repeats =
            |(one, other): &(usize, usize)| matches!((text(*one), text(*other)), (Some(a), Some(b)) if steward_schema::same_text(a, b));
        !self.pairs.iter().any(repeats)
    }
}

/// A number that is written canonically, and that a double holds exactly.
fn cell_number(cell: &str, integer: bool) -> Option<f64> {
    match steward_mapping::canonical_number(cell)? {
        Canonical::Integer(n) if n.unsigned_abs() < 1 << 53 => Some(n as f64),
        Canonical::Number(n) if !integer => Some(n),
        _ => None,
    }
}
