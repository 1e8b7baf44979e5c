//! Column profiles over sample rows: what kind of values a column holds, how many, which, and what they look like.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use ts_rs::TS;

use crate::columns::Columns;
use crate::document::escape;
use crate::guess::{self, MISSING};
use crate::input::{Cell, Input};
use crate::slot::Slot;
use crate::steps::DecimalMark;
use crate::words::Words;

/// What sample rows hold, column by column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "SourceProfile")]
pub struct Profile {
    pub rows: u64,
    /// The rows are of a table; of JSON otherwise.
    pub table: bool,
    pub columns: Vec<ColumnProfile>,
}

/// One column of a table, or one path of JSON rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ColumnProfile {
    /// As rules name it.
    pub name: String,
    pub kind: Kind,
    /// 0 to 1: how many of the values are of that kind.
    pub share: f64,
    /// Empty, null, or not there.
    pub missing: u64,
    /// Values that usually stand for a missing one, with how often they occur.
    pub tokens: Vec<TopValue>,
    /// Different values; a lower bound if `distinct_exact` is false.
    pub distinct: u64,
    pub distinct_exact: bool,
    /// The most frequent values, at most ten.
    pub top: Vec<TopValue>,
    /// Smallest and largest: of numbers by value, of all else as text.
    #[ts(optional, type = "unknown")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Json>,
    #[ts(optional, type = "unknown")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Json>,
    #[ts(optional)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// Characters of the longest text.
    pub longest: u64,
    /// Formats that read the dates of the column, best first.
    pub date_formats: Vec<String>,
    /// The same days can be read with day and month exchanged.
    pub date_ambiguous: bool,
    /// Which sign separates decimals; absent where nothing shows it.
    #[ts(optional)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal: Option<DecimalMark>,
    /// Values that could be read in both conventions, as different numbers.
    pub decimal_ambiguous: bool,
    /// All distinct values that were kept, for suggestions.
    #[serde(skip)]
    pub(crate) values: Vec<(String, u64)>,
}

/// A value and how often it occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TopValue {
    pub value: String,
    pub count: u64,
}

/// What most values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "ColumnKind")]
pub enum Kind {
    /// There are no values.
    Empty,
    Boolean,
    Integer,
    Number,
    /// Numbers as people write them, with currencies, thousands or units: a number step reads them.
    WrittenNumber,
    /// Days without a time.
    Date,
    DateTime,
    List,
    Object,
    Text,
}

/// Collects a profile row by row, in bounded memory.
#[derive(Debug)]
pub struct Profiler {
    table: bool,
    rows: u64,
    names: HashMap<String, usize>,
    columns: Vec<Collected>,
}

#[derive(Debug, Default)]
struct Collected {
    name: String,
    seen: u64,
    counts: HashMap<String, u64>,
    order: Vec<String>,
    bytes: usize,
    full: bool,
    lists: u64,
    objects: u64,
    example: Option<String>,
    longest: usize,
}

/// Distinct values kept of one column, and the room for them.
const VALUES: usize = 10_000;
const BYTES: usize = 4 << 20;
/// Paths kept of JSON rows: rows with ever new names must not fill the memory.
const PATHS: usize = 2_000;

impl Profiler {
    /// For a table with this header, or for JSON rows if there is none.
    pub fn new(header: Option<&[String]>) -> Self {
        let columns = Columns::new(header);
        let count = header.map_or(0, <[String]>::len);
        let columns = (0..count).map(|i| Collected { name: columns.name_of(i), ..Collected::default() }).collect();
        Self { table: header.is_some(), rows: 0, names: HashMap::new(), columns }
    }

    /// Takes a row; rows of the other kind only count.
    pub fn add(&mut self, row: Input<'_>) {
        self.rows += 1;
        match row {
            Input::Cells(cells) if self.table => self.cells(cells),
            Input::Json(Json::Object(object)) if !self.table => self.object("", object),
            Input::Cells(_) | Input::Json(_) => {}
        }
    }

    fn cells(&mut self, cells: &[Cell<'_>]) {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.add(&Slot::of_cell(cell));
        }
    }

    /// Objects inside objects are columns of their own; lists are values.
    fn object(&mut self, prefix: &str, object: &Map<String, Json>) {
        for (key, value) in object {
            let pointer = format!("{prefix}/{}", escape(key));
            match value {
                Json::Object(inner) if !inner.is_empty() && !crate::lists::is_wrapper(inner) => self.object(&pointer, inner),
                value => {
                    if let Some(column) = self.column(pointer) {
                        column.add(&Slot::of_json(value));
                    }
                }
            }
        }
    }

    fn column(&mut self, pointer: String) -> Option<&mut Collected> {
        let next = self.columns.len();
        if next >= PATHS && !self.names.contains_key(&pointer) {
            return None;
        }
        let index = *self.names.entry(pointer).or_insert_with_key(|pointer| {
            let path = pointer[1..].split('/').map(|s| steward_domain::path::unescaped(s).into_owned()).collect();
            self.columns.push(Collected { name: crate::target::Target::new(path).text(), ..Collected::default() });
            next
        });
        self.columns.get_mut(index)
    }

    pub fn finish(self) -> Profile {
        let rows = self.rows;
        Profile { rows, table: self.table, columns: self.columns.into_iter().map(|c| c.finish(rows)).collect() }
    }
}

impl Collected {
    fn add(&mut self, slot: &Slot<'_>) {
        if matches!(slot, Slot::Missing) || slot.is_null() {
            return;
        }
        self.seen += 1;
        if let Slot::Json(value) = slot {
            self.lists += u64::from(value.is_array());
            self.objects += u64::from(value.is_object());
        }
        let text = match slot.as_text() {
            Some(text) => text,
            None => slot.clone().into_json().unwrap_or_default().to_string().into(),
        };
        self.longest = self.longest.max(text.chars().count());
        if self.example.is_none() && !text.trim().is_empty() {
            self.example = Some(text.chars().take(200).collect());
        }
        if let Some(count) = self.counts.get_mut(text.as_ref()) {
            *count += 1;
        } else if self.counts.len() < VALUES && self.bytes + text.len() <= BYTES {
            self.bytes += text.len();
            self.order.push(text.clone().into_owned());
            self.counts.insert(text.into_owned(), 1);
        } else {
            self.full = true;
        }
    }

    fn finish(mut self, rows: u64) -> ColumnProfile {
        let order = std::mem::take(&mut self.order);
        let all: Vec<(String, u64)> = order.into_iter().map(|value| (value.clone(), self.counts[&value])).collect();
        let tokens = Words::new(&MISSING.map(str::to_owned));
        let (tokens, values): (Vec<_>, Vec<_>) = all.iter().cloned().partition(|(value, _)| tokens.contains(value));
        let guess = guess::column(&values, self.lists, self.objects);
        let numeric = matches!(guess.kind, Kind::Integer | Kind::Number);
        let (min, max) = guess::bounds(&values, numeric);
        ColumnProfile {
            name: self.name,
            kind: guess.kind,
            share: guess.share,
            missing: rows - self.seen,
            tokens: tokens.into_iter().map(|(value, count)| TopValue { value, count }).collect(),
            distinct: self.counts.len() as u64,
            distinct_exact: !self.full,
            top: top(&all),
            min,
            max,
            example: self.example,
            longest: self.longest as u64,
            date_formats: guess.date_formats,
            date_ambiguous: guess.date_ambiguous,
            decimal: guess.decimal,
            decimal_ambiguous: guess.decimal_ambiguous,
            values,
        }
    }
}

/// The most frequent values, those that came first before others.
fn top(values: &[(String, u64)]) -> Vec<TopValue> {
    let mut sorted: Vec<&(String, u64)> = values.iter().collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let shown = |value: &String| value.chars().take(200).collect();
    sorted.into_iter().take(10).map(|(value, count)| TopValue { value: shown(value), count: *count }).collect()
}

/// The profile of some rows at once.
pub fn profile<'a>(header: Option<&[String]>, rows: impl IntoIterator<Item = Input<'a>>) -> Profile {
    let mut profiler = Profiler::new(header);
    for row in rows {
        profiler.add(row);
    }
    profiler.finish()
}
