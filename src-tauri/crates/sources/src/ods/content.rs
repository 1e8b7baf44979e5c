//! The XML of a workbook of OpenDocument, event by event. Whatever it says of itself, no more is held than one row.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use calamine::{CellErrorType, Data};
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;
use zip::read::ZipFile;

use crate::cells::UNCOMPUTED;
use crate::cells::weight_of;

/// More than any program writes: a sheet that says so is taken for damaged.
const MOST_COLUMNS: u64 = 1 << 14;
/// Bytes of a text or a tag: Excel stops at 32,767 characters.
pub const LONGEST: usize = 16 << 20;
/// Cells that are in the file once and in the sheet many times: more would fill no sheet of a person's.
pub const MOST_REPEATED: u64 = 1 << 22;

pub type Archive = ZipArchive<BufReader<File>>;
type Xml<'a> = quick_xml::Reader<BufReader<Metered<ZipFile<'a, BufReader<File>>>>>;
/// Errors are sentences without their full stop.
pub type ContentResult<T> = Result<T, String>;
/// The cells of a row that hold something, by their columns.
pub type Filled = Vec<(u32, Data)>;

/// Stops where one text or tag has no end: it would be held whole.
struct Metered<R> {
    from: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        match self.left.get().checked_sub(read) {
            Some(left) => self.left.set(left),
            None => return Err(io::Error::new(io::ErrorKind::FileTooLarge, "a text in it is too long")),
        }
        Ok(read)
    }
}

/// The XML of all sheets.
pub struct Content<'a> {
    xml: Xml<'a>,
    buffer: Vec<u8>,
    /// Bytes that the next text or tag may have.
    left: Rc<Cell<usize>>,
    /// The style that is being read, and those of sheets that are not shown.
    style: String,
    unseen: Vec<String>,
    /// The sheet that was come to last is not shown.
    pub is_hidden: bool,
}

fn is_off(display: Option<String>) -> bool {
    display.as_deref() == Some("false")
}

impl<'a> Content<'a> {
    pub fn of(archive: &'a mut Archive) -> ContentResult<Self> {
        let part = archive.by_name("content.xml").map_err(|e| e.to_string())?;
        let left = Rc::new(Cell::new(LONGEST));
        let part = Metered { from: part, left: left.clone() };
        let mut xml = quick_xml::Reader::from_reader(BufReader::with_capacity(64 << 10, part));
        xml.config_mut().expand_empty_elements = true;
        Ok(Self { xml, buffer: Vec::new(), left, style: String::new(), unseen: Vec::new(), is_hidden: false })
    }

    fn next_event(&mut self) {
        self.buffer.clear();
        self.left.set(LONGEST);
    }

    /// Goes to the end of an element that was begun.
    pub fn skip(&mut self, element: &str) -> ContentResult<()> {
        let mut within = 0_u32;
        loop {
            self.next_event();
            match self.xml.read_event_into(&mut self.buffer).map_err(said)? {
                Event::Start(e) if e.name().0 == element => within += 1,
                Event::End(e) if e.name().0 == element => match within.checked_sub(1) {
                    Some(outer) => within = outer,
                    None => return Ok(()),
                },
                Event::Eof => return Err(format!("it ends in the middle of {element}")),
                _ => {}
            }
        }
    }

    /// Goes to the next sheet; its name.
    pub fn next_sheet(&mut self) -> ContentResult<Option<String>> {
        loop {
            self.next_event();
            let skipped = match self.xml.read_event_into(&mut self.buffer).map_err(said)? {
                Event::Start(e) => match e.name().0 {
                    "table:table" => match attribute(&e, "table:name")? {
                        Some(name) => {
                            let style = attribute(&e, "table:style-name")?.unwrap_or_default();
                            self.is_hidden = self.unseen.contains(&style) || is_off(attribute(&e, "table:display")?);
                            return Ok(Some(name));
                        }
                        None => "table:table",
                    },
                    "style:style" => {
                        self.style = attribute(&e, "style:name")?.unwrap_or_default();
                        continue;
                    }
                    "style:table-properties" => {
                        if is_off(attribute(&e, "table:display")?) {
                            self.unseen.push(self.style.clone());
                        }
                        continue;
                    }
                    // They have tables of their own.
                    "table:tracked-changes" => "table:tracked-changes",
                    "table:dde-links" => "table:dde-links",
                    _ => continue,
                },
                Event::Eof => return Ok(None),
                _ => continue,
            };
            self.skip(skipped)?;
        }
    }

    /// The next row of the sheet: how many times it is there, and its cells that hold something. Rows may be in groups.
    pub fn next_row(&mut self) -> ContentResult<Option<(u64, Filled)>> {
        loop {
            self.next_event();
            let (row, skipped) = match self.xml.read_event_into(&mut self.buffer).map_err(said)? {
                Event::Start(e) => match e.name().0 {
                    "table:table-row" => (Some(times(&e, "table:number-rows-repeated")?), ""),
                    "table:table" => (None, "table:table"),
                    "table:shapes" => (None, "table:shapes"),
                    "office:forms" => (None, "office:forms"),
                    _ => continue,
                },
                Event::End(e) if e.name().0 == "table:table" => return Ok(None),
                Event::Eof => return Err("it ends in the middle of a sheet".into()),
                _ => continue,
            };
            match row {
                Some(times) => return Ok(Some((times, self.cells()?))),
                None => self.skip(skipped)?,
            }
        }
    }

    fn cells(&mut self) -> ContentResult<Filled> {
        let (mut cells, mut column, mut repeated) = (Vec::new(), 0_u64, 0_u64);
        loop {
            self.next_event();
            let (found, element) = match self.xml.read_event_into(&mut self.buffer).map_err(said)? {
                Event::Start(e) => {
                    let cell = matches!(e.name().0, "table:table-cell" | "table:covered-table-cell");
                    (if cell { Some(Found::of(&e)?) } else { None }, e.name().0.to_owned())
                }
                Event::End(e) if e.name().0 == "table:table-row" => return Ok(cells),
                Event::Eof => return Err("it ends in the middle of a row".into()),
                _ => continue,
            };
            let Some(Found { times, value, in_content, is_error }) = found else {
                self.skip(&element)?;
                continue;
            };
            let value = if in_content {
                Data::String(self.text(&element)?)
            } else {
                self.skip(&element)?;
                value
            };
            let value = match value {
                Data::String(text) if is_error => Data::Error(error(&text)),
                other => other,
            };
            let next = column.saturating_add(times);
            if !matches!(value, Data::Empty) {
                if next > MOST_COLUMNS {
                    return Err(format!("it says that it has {next} columns"));
                }
                repeated += times.saturating_sub(1).saturating_mul(weight_of(&value) as u64);
                if repeated > MOST_REPEATED {
                    return Err("a row repeats more than a sheet can hold".into());
                }
                cells.extend((column..next).filter_map(|at| u32::try_from(at).ok()).map(|at| (at, value.clone())));
            }
            column = next;
        }
    }

    /// The paragraphs of a cell, up to its end.
    fn text(&mut self, cell: &str) -> ContentResult<String> {
        let (mut text, mut paragraphs) = (String::new(), 0);
        loop {
            if text.len() > LONGEST {
                return Err("a text in it is too long".into());
            }
            self.next_event();
            let skipped = match self.xml.read_event_into(&mut self.buffer).map_err(said)? {
                Event::Text(part) => {
                    text.push_str(&part.xml10_content());
                    continue;
                }
                Event::CData(part) => {
                    text.push_str(&part.xml10_content());
                    continue;
                }
                Event::GeneralRef(entity) => {
                    match entity.resolve_char_ref().map_err(said)? {
                        Some(char) => text.push(char),
                        None => text.push_str(resolve_predefined_entity(&entity).unwrap_or_default()),
                    }
                    continue;
                }
                Event::Start(e) => match e.name().0 {
                    "text:p" => {
                        if paragraphs > 0 {
                            text.push('\n');
                        }
                        paragraphs += 1;
                        continue;
                    }
                    "text:s" => {
                        let spaces = times(&e, "text:c")?.min(1 << 16);
                        text.extend((0..spaces).map(|_| ' '));
                        continue;
                    }
                    "text:tab" => {
                        text.push('\t');
                        continue;
                    }
                    "text:line-break" => {
                        text.push('\n');
                        continue;
                    }
                    // Comments and drawings have paragraphs of their own.
                    other if other == "office:annotation" || other.starts_with("draw:") => other.to_owned(),
                    _ => continue,
                },
                Event::End(e) if e.name().0 == cell => return Ok(text),
                Event::Eof => return Err("it ends in the middle of a cell".into()),
                _ => continue,
            };
            self.skip(&skipped)?;
        }
    }
}

/// What a cell says of itself.
struct Found {
    times: u64,
    value: Data,
    /// The value is what is in the cell.
    in_content: bool,
    is_error: bool,
}

impl Found {
    fn of(cell: &BytesStart<'_>) -> ContentResult<Self> {
        let mut found = Self { times: 1, value: Data::Empty, in_content: false, is_error: false };
        let (mut is_text, mut is_formula) = (false, false);
        for attribute in cell.attributes().with_checks(false) {
            let attribute = attribute.map_err(said)?;
            let value = unescape(&attribute.value).map_err(said)?;
            match attribute.key.0 {
                "table:number-columns-repeated" => found.times = number_of_times(&value)?,
                "office:value-type" => is_text = value == "string",
                "calcext:value-type" => found.is_error = value == "error",
                "office:value" => found.value = value.parse().map(Data::Float).map_err(|_| format!("'{value}' is no number"))?,
                "office:date-value" => found.value = Data::DateTimeIso(value.into_owned()),
                "office:time-value" => found.value = Data::DurationIso(value.into_owned()),
                "office:boolean-value" => found.value = Data::Bool(value.eq_ignore_ascii_case("true")),
                "table:formula" => is_formula = true,
                "office:string-value" => found.value = Data::String(value.into_owned()),
                _ => {}
            }
        }
        let nothing = matches!(&found.value, Data::Empty) || found.is_error && matches!(&found.value, Data::String(s) if s.is_empty());
        found.in_content = is_text && nothing;
        if is_formula && nothing && !is_text && !found.is_error {
            found.value = Data::Error(UNCOMPUTED);
        }
        Ok(found)
    }
}

fn said(e: impl std::fmt::Display) -> String {
    e.to_string()
}

fn attribute(e: &BytesStart<'_>, name: &str) -> ContentResult<Option<String>> {
    match e.try_get_attribute(name).map_err(said)? {
        Some(found) => unescape(&found.value).map(|value| Some(value.into_owned())).map_err(said),
        None => Ok(None),
    }
}

fn times(e: &BytesStart<'_>, name: &str) -> ContentResult<u64> {
    attribute(e, name)?.map_or(Ok(1), |value| number_of_times(&value))
}

fn number_of_times(value: &str) -> ContentResult<u64> {
    value.parse().map_err(|_| format!("'{value}' is no number of times"))
}

fn error(shown: &str) -> CellErrorType {
    use CellErrorType as E;
    let known = [E::Div0, E::NA, E::Name, E::Null, E::Num, E::Ref, E::Value];
    known.into_iter().find(|e| e.to_string() == shown).unwrap_or(E::Value)
}
