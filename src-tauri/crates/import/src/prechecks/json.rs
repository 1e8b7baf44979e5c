//! A JSON row looked at by its prechecks while it is read: nothing is built of it. Reading and its grammar are the library's;
//! whatever is not surely fine ends the reading early.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use bson::RawBsonRef;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use serde_json::Value as Json;
use smallvec::SmallVec;
use steward_domain::json_text;
use steward_mapping::Shown;

use super::fillers::Filler;
use super::{APART, Kind, ListPrecheck, ObjectPrecheck, Precheck, RecordPrecheck, is_plain};

/// What is known of a row that is surely fine.
#[derive(Debug, Default)]
pub struct Seen {
    /// Hash of the key.
    pub key_hash: u64,
    /// Fields that the schema does not know, in the order of the row.
    pub unknown: Vec<String>,
}

thread_local! {
    /// A number of the row was read as a double.
    static FRACTIONS: Cell<bool> = const { Cell::new(false) };
}

impl RecordPrecheck {
    /// Looks at the bytes of a row; `None` unless it is surely fine.
    pub fn accepts_json(&self, row: &[u8], key_field: &str) -> Option<Seen> {
        let text = simdutf8::basic::from_utf8(row).ok()?;
        let mut reader = serde_json::Deserializer::from_str(text);
        FRACTIONS.set(false);
        let seen = Record { precheck: self, key_field }.deserialize(&mut reader).ok()?;
        reader.end().ok()?;
        // A double does not say with how many digits it was written.
        (!FRACTIONS.get() || !json_text::has_long_numbers(row)).then_some(seen)
    }
}

/// A value that a mapping makes.
pub(super) fn accepts_shown(precheck: &Precheck, filler: Option<&Filler>, shown: Shown<'_>) -> bool {
    type Answer<'de> = Result<Value<'de>, serde_json::Error>;
    let look = Look { precheck, filler, keep: false };
    let answer: Answer<'_> = match shown {
        Shown::Text(text) => return look.is_fine_text(text),
        Shown::Json(Json::String(text)) => return look.is_fine_text(text),
        Shown::Integer(n) => look.visit_i64(n),
        Shown::Number(n) => look.visit_f64(n),
        Shown::Bool(b) => look.visit_bool(b),
        Shown::Json(json) => look.deserialize(json),
    };
    answer.is_ok()
}

/// The message is for nobody: the full way finds its own words.
fn unsure<E: Error>() -> E {
    E::custom("not sure")
}

/// The name of a field.
enum Name<'de> {
    Known(usize),
    Other(Cow<'de, str>),
}

struct NameOf<'g>(&'g ObjectPrecheck, usize);

impl<'de> DeserializeSeed<'de> for NameOf<'_> {
    type Value = Name<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for NameOf<'_> {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Name<'de>, E> {
        Ok(self.0.place(name, self.1).map_or(Name::Other(Cow::Borrowed(name)), Name::Known))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Name<'de>, E> {
        Ok(self.0.place(name, self.1).map_or_else(|| Name::Other(Cow::Owned(name.to_owned())), Name::Known))
    }
}

/// The names met so far in one object: none of them may be twice.
#[derive(Default)]
struct Names<'de> {
    known: u64,
    others: Vec<Cow<'de, str>>,
}

impl<'de> Names<'de> {
    fn next<A: MapAccess<'de>>(&mut self, precheck: &ObjectPrecheck, after: usize, entries: &mut A) -> Result<Option<Name<'de>>, A::Error> {
        let name = entries.next_key_seed(NameOf(precheck, after))?;
        match &name {
            Some(Name::Known(at)) => {
                if self.known >> at & 1 == 1 {
                    return Err(unsure());
                }
                self.known |= 1 << at;
            }
            Some(Name::Other(name)) => {
                if !is_plain(name) || self.others.len() >= APART || self.others.contains(name) {
                    return Err(unsure());
                }
                self.others.push(name.clone());
            }
            None => {}
        }
        Ok(name)
    }
}

/// A row.
struct Record<'g> {
    precheck: &'g RecordPrecheck,
    key_field: &'g str,
}

impl<'de> DeserializeSeed<'de> for Record<'_> {
    type Value = Seen;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Seen, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Record<'_> {
    type Value = Seen;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Seen, A::Error> {
        let RecordPrecheck { fields, fillers, .. } = self.precheck;
        let anything = Precheck::anything();
        let (mut names, mut after) = (Names::default(), 0);
        let mut kept: SmallVec<[(usize, Cow<'de, str>); 4]> = SmallVec::new();
        let mut unknown = Vec::new();
        let mut key = None;
        while let Some(name) = names.next(fields, after, &mut entries)? {
            let (precheck, filler, is_key, place) = match &name {
                Name::Known(at) => {
                    after = at + 1;
                    (&fields.prechecks[*at], fillers[*at].as_ref(), fields.names[*at] == self.key_field, Some(*at))
                }
                Name::Other(name) => (&anything, None, name == self.key_field, None),
            };
            let pair = place.filter(|at| self.precheck.is_compared(*at));
            let value = entries.next_value_seed(Look { precheck, filler, keep: is_key || pair.is_some() })?;
            if is_key {
                key = Some(value.hash().ok_or_else(unsure)?);
            }
            if let (Some(at), Value::Text(text)) = (pair, value) {
                kept.push((at, text));
            }
            if let Name::Other(name) = name
                && name != "_id"
            {
                unknown.push(name.into_owned());
            }
        }
        let text = |at: usize| kept.iter().find(|(place, _)| *place == at).map(|(_, text)| text.as_ref());
        if !self.precheck.has_all(names.known) || !self.precheck.pairs_differ(text) {
            return Err(unsure());
        }
        Ok(Seen { key_hash: key.ok_or_else(unsure)?, unknown })
    }
}

/// What is kept of a value: texts where someone asked for them.
enum Value<'de> {
    Text(Cow<'de, str>),
    Integer(i64),
    Number,
    Other,
}

impl Value<'_> {
    /// As a key of a record.
    fn hash(&self) -> Option<u64> {
        let value = match self {
            Self::Text(text) => RawBsonRef::String(text),
            Self::Integer(n) => RawBsonRef::Int64(*n),
            // It may have been written with more digits.
            Self::Number | Self::Other => return None,
        };
        Some(crate::fast_path::hash(value))
    }
}

/// A value at its precheck.
#[derive(Clone, Copy)]
struct Look<'g> {
    precheck: &'g Precheck,
    filler: Option<&'g Filler>,
    keep: bool,
}

impl Look<'_> {
    fn is_fine_text(&self, text: &str) -> bool {
        let fine = match &self.precheck.kind {
            Kind::Text(precheck) => precheck.accepts(text),
            Kind::Anything => true,
            _ => false,
        };
        fine && self.filler.is_none_or(|filler| !filler.is_text(text))
    }

    fn number<'de, E: Error>(&self, n: f64, whole: bool, value: Value<'de>) -> Result<Value<'de>, E> {
        let fine = match &self.precheck.kind {
            // Whether 5.0 is an integer, others decide. So they do where a double does not hold the number, as far as its
            // neighbours would not do as well.
            Kind::Number(bounds) if whole => n.abs() < (1_u64 << 53) as f64 && bounds.hold(n),
            Kind::Number(bounds) => !bounds.integer && bounds.hold(n.next_down()) && bounds.hold(n.next_up()),
            Kind::Anything => true,
            _ => false,
        };
        if fine && self.filler.is_none_or(|filler| !filler.is_number(n)) { Ok(value) } else { Err(unsure()) }
    }
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        if matches!(self.precheck.kind, Kind::Closed) {
            return Err(unsure());
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that is surely fine")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Value<'de>, E> {
        if matches!(self.precheck.kind, Kind::Boolean | Kind::Anything) { Ok(Value::Other) } else { Err(unsure()) }
    }

    fn visit_unit<E: Error>(self) -> Result<Value<'de>, E> {
        if self.precheck.null { Ok(Value::Other) } else { Err(unsure()) }
    }

    fn visit_i64<E: Error>(self, n: i64) -> Result<Value<'de>, E> {
        self.number(n as f64, true, Value::Integer(n))
    }

    fn visit_u64<E: Error>(self, n: u64) -> Result<Value<'de>, E> {
        self.visit_i64(i64::try_from(n).map_err(|_| unsure())?)
    }

    fn visit_f64<E: Error>(self, n: f64) -> Result<Value<'de>, E> {
        FRACTIONS.set(true);
        self.number(n, false, Value::Number)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Value<'de>, E> {
        if self.is_fine_text(text) { Ok(Value::Text(Cow::Borrowed(text))) } else { Err(unsure()) }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value<'de>, E> {
        match self.is_fine_text(text) {
            true if self.keep => Ok(Value::Text(Cow::Owned(text.to_owned()))),
            true => Ok(Value::Other),
            false => Err(unsure()),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value<'de>, A::Error> {
        match &self.precheck.kind {
            Kind::List(list) => self.list(list, &mut items)?,
            Kind::Anything => {
                let look = Look { keep: false, ..self };
                while items.next_element_seed(look)?.is_some() {}
            }
            _ => return Err(unsure()),
        }
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value<'de>, A::Error> {
        let none = ObjectPrecheck { names: Vec::new(), prechecks: Vec::new(), required: 0 };
        let object = match &self.precheck.kind {
            Kind::Object(object) => object.as_ref(),
            Kind::Anything => &none,
            _ => return Err(unsure()),
        };
        let anything = Precheck::anything();
        let (mut names, mut after) = (Names::default(), 0);
        while let Some(name) = names.next(object, after, &mut entries)? {
            let precheck = match name {
                Name::Known(at) => {
                    after = at + 1;
                    &object.prechecks[at]
                }
                Name::Other(_) => &anything,
            };
            entries.next_value_seed(Look { precheck, filler: None, keep: false })?;
        }
        if names.known & object.required == object.required { Ok(Value::Other) } else { Err(unsure()) }
    }
}

impl Look<'_> {
    fn list<'de, A: SeqAccess<'de>>(&self, list: &ListPrecheck, items: &mut A) -> Result<(), A::Error> {
        let look = Look { precheck: &list.item, filler: self.filler, keep: list.unique };
        let mut met: SmallVec<[Cow<'de, str>; 8]> = SmallVec::new();
        let mut count = 0;
        while let Some(item) = items.next_element_seed(look)? {
            count += 1;
            if list.unique {
                // Of lists of other things only those with one item are surely without a repetition.
                match item {
                    Value::Text(text) if met.len() + 1 == count && count <= APART && !met.contains(&text) => met.push(text),
                    _ if count == 1 => {}
                    _ => return Err(unsure()),
                }
            }
        }
        if (list.least..=list.most).contains(&count) { Ok(()) } else { Err(unsure()) }
    }
}
