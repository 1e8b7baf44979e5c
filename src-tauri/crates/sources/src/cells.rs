//! Rows of a sheet, one after another. Sheets of Excel (xlsx, xlsb) and of OpenDocument are streamed: a thread reads cells and
//! hands rows over in bounded chunks, so that a sheet of a million rows takes no more memory than a small one. `calamine` holds
//! those of old Excel files (xls) whole, which have 65,536 rows at most.

use std::fmt::Display;
use std::io::BufReader;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use calamine::{Cell, CellErrorType, Data, DataRef, Range, Reader, Sheets, XlsxCellFormula};

use crate::ods::Ods;
use crate::{SourceError, SourceResult, limits};

/// An open workbook.
pub enum Workbook {
    Excel(Sheets<BufReader<std::fs::File>>),
    OpenDocument(Ods),
}

const ROWS_A_CHUNK: usize = 256;
/// Fewer rows are a chunk where they are wide, or their texts long.
const WEIGHT_OF_A_CHUNK: usize = 8_192;
const CHUNKS_IN_FLIGHT: usize = 4;

/// The cells of a row that hold something, from the left.
#[derive(Debug)]
pub struct SheetRow {
    /// As the program that wrote the workbook shows it, from 1.
    pub number: u64,
    /// Columns count from 0.
    pub cells: Vec<(u32, Data)>,
}

enum Message {
    Rows(Vec<SheetRow>),
    /// Reading ended before the sheet did, in a sentence.
    Damaged(String),
    End,
}

/// Cells of one sheet.
pub enum Cells {
    Held { range: Range<Data>, next: usize },
    Streamed(Stream),
}

/// Rows that a thread hands over.
pub struct Stream {
    /// `None` when there is no more.
    from: Option<Receiver<Message>>,
    chunk: std::vec::IntoIter<SheetRow>,
    reader: Option<JoinHandle<()>>,
    damage: Option<String>,
}

impl Stream {
    fn next(&mut self) -> Option<SheetRow> {
        loop {
            if let Some(row) = self.chunk.next() {
                return Some(row);
            }
            let damage = match self.from.as_ref()?.recv() {
                Ok(Message::Rows(rows)) => {
                    self.chunk = rows.into_iter();
                    continue;
                }
                Ok(Message::End) => None,
                Ok(Message::Damaged(why)) => Some(why),
                Err(_) => Some("This sheet cannot be read: its reader failed.".to_owned()),
            };
            (self.from, self.damage) = (None, damage);
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // The thread ends when nobody listens; the file is closed then.
        self.from = None;
        if let Some(reader) = self.reader.take() {
            // How it ended was reported already.
            let _ = reader.join();
        }
    }
}

/// A workbook that is no use, with a word of its own for a protected one.
pub fn workbook_cannot_be_read(e: impl Display) -> SourceError {
    let why = e.to_string();
    if why.to_lowercase().contains("password") {
        return SourceError::Unusable("This workbook is protected by a password. Save a copy without one.".into());
    }
    SourceError::Unusable(format!("This workbook cannot be read: {why}."))
}

fn sheet_cannot_be_read(e: impl Display) -> String {
    format!("This sheet cannot be read: {e}.")
}

impl Cells {
    /// Whether a sheet has a cell with something in it. A sheet of charts has none.
    ///
    /// Errors: `Unusable` where it cannot be read.
    pub fn any(book: &mut Workbook, name: &str) -> SourceResult<bool> {
        fn found<'a, E: Display>(mut next: impl FnMut() -> Result<Option<Cell<DataRef<'a>>>, E>) -> Result<bool, E> {
            while let Some(cell) = next()? {
                if !matches!(cell.get_value(), DataRef::Empty) {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        let unusable = |e: String| SourceError::Unusable(sheet_cannot_be_read(e));
        let book = match book {
            Workbook::Excel(book) => book,
            Workbook::OpenDocument(book) => return Ok(book.sheets.iter().any(|sheet| sheet.name == name && sheet.filled)),
        };
        match book {
            Sheets::Xlsx(book) => match book.worksheet_cells_reader(name) {
                Ok(mut cells) => found(|| cells.next_cell()).map_err(|e| unusable(e.to_string())),
                Err(calamine::XlsxError::NotAWorksheet(_)) => Ok(false),
                Err(e) => Err(unusable(e.to_string())),
            },
            Sheets::Xlsb(book) => {
                let mut cells = book.worksheet_cells_reader(name).map_err(|e| unusable(e.to_string()))?;
                found(|| cells.next_cell()).map_err(|e| unusable(e.to_string()))
            }
            other => Ok(!other.worksheet_range(name).map_err(|e| unusable(e.to_string()))?.is_empty()),
        }
    }

    /// Begins to read a sheet.
    ///
    /// Errors: `Unusable` where a sheet that is held whole cannot be read; `Io` where no thread can be had.
    pub fn open(book: Workbook, name: &str) -> SourceResult<Self> {
        let book = match book {
            Workbook::Excel(mut book) if !matches!(book, Sheets::Xlsx(_) | Sheets::Xlsb(_)) => {
                let range = book.worksheet_range(name).map_err(|e| SourceError::Unusable(sheet_cannot_be_read(e)))?;
                return Ok(Self::Held { range, next: 0 });
            }
            other => other,
        };
        let (to, from) = sync_channel(CHUNKS_IN_FLIGHT);
        let name = name.to_owned();
        let reader = std::thread::Builder::new().name("sheet".into()).spawn(move || {
            let mut excel = match book {
                Workbook::Excel(book) => book,
                Workbook::OpenDocument(book) => return hand_over_rows(&book, &name, &to),
            };
            let ended = match &mut excel {
                Sheets::Xlsx(book) => {
                    let cells = book.worksheet_cells_reader(&name).map_err(|e| e.to_string());
                    cells.and_then(|mut cells| hand_over(|| cells.next_cell_with_formula().map(|cell| cell.map(computed)), &to))
                }
                Sheets::Xlsb(book) => {
                    book.worksheet_cells_reader(&name).map_err(|e| e.to_string()).and_then(|mut cells| hand_over(|| cells.next_cell(), &to))
                }
                _ => Ok(()),
            };
            send_last(ended, &to);
        })?;
        Ok(Self::Streamed(Stream { from: Some(from), chunk: Vec::new().into_iter(), reader: Some(reader), damage: None }))
    }

    /// The next row with a cell in it.
    pub fn next(&mut self) -> Option<SheetRow> {
        match self {
            Self::Held { range, next } => loop {
                let (top, left) = range.start()?;
                let at = *next;
                let cells = (at < range.height()).then(|| &range[at])?;
                *next += 1;
                let filled = (left..).zip(cells).filter(|(_, cell)| !matches!(cell, Data::Empty));
                let cells: Vec<_> = filled.map(|(column, cell)| (column, cell.clone())).collect();
                if !cells.is_empty() {
                    return Some(SheetRow { number: u64::from(top) + at as u64 + 1, cells });
                }
            },
            Self::Streamed(stream) => stream.next(),
        }
    }

    /// Why reading ended before the sheet did, in a sentence.
    pub fn damage(&self) -> Option<&str> {
        match self {
            Self::Held { .. } => None,
            Self::Streamed(stream) => stream.damage.as_deref(),
        }
    }
}

/// What stands for a formula whose result the workbook does not hold.
pub const UNCOMPUTED: CellErrorType = CellErrorType::GettingData;

/// The value of a cell; a formula without a result is no empty cell.
fn computed<'a>(cell: XlsxCellFormula<'a>) -> Cell<DataRef<'a>> {
    let without = matches!(cell.value, DataRef::Empty) && cell.formula.is_some();
    Cell::new(cell.pos, if without { DataRef::Error(UNCOMPUTED) } else { cell.value })
}

fn send_last(ended: Result<(), String>, to: &SyncSender<Message>) {
    let last = ended.map_or_else(|e| Message::Damaged(sheet_cannot_be_read(e)), |()| Message::End);
    // Nobody listens any more where reading was discarded.
    let _ = to.send(last);
}

/// What cells take in memory, in pieces of 64 bytes.
pub fn weight(cells: &[(u32, Data)]) -> usize {
    cells.iter().map(|(_, value)| weight_of(value)).sum()
}

/// That of one cell.
pub fn weight_of(value: &Data) -> usize {
    match value {
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => 1 + text.len() / 64,
        _ => 1,
    }
}

/// Rows on their way to who reads them.
struct Chunk<'a> {
    rows: Vec<SheetRow>,
    weight: usize,
    to: &'a SyncSender<Message>,
}

impl<'a> Chunk<'a> {
    fn new(to: &'a SyncSender<Message>) -> Self {
        Self { rows: Vec::new(), weight: 0, to }
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= ROWS_A_CHUNK || self.weight >= WEIGHT_OF_A_CHUNK
    }

    /// `false` where nobody listens any more.
    fn send(&mut self) -> bool {
        self.weight = 0;
        self.to.send(Message::Rows(std::mem::take(&mut self.rows))).is_ok()
    }
}

fn hand_over_rows(book: &Ods, name: &str, to: &SyncSender<Message>) {
    let mut chunk = Chunk::new(to);
    let ended = book.rows(name, |row| {
        chunk.weight += weight(&row.cells);
        chunk.rows.push(row);
        !chunk.is_full() || chunk.send()
    });
    // Where nobody listens the end is reported to nobody either.
    chunk.send();
    send_last(ended, to);
}

/// Makes rows of cells and sends them in chunks, until the end or until nobody listens.
fn hand_over<'a, E: Display>(
    mut next: impl FnMut() -> Result<Option<Cell<DataRef<'a>>>, E>,
    to: &SyncSender<Message>,
) -> Result<(), String> {
    let mut chunk = Chunk::new(to);
    loop {
        let cell = next();
        let at = match &cell {
            Ok(Some(cell)) => {
                let (row, column) = cell.get_position();
                Some((u64::from(row) + 1, column))
            }
            _ => None,
        };
        let over = chunk.rows.last().is_some_and(|last| at.is_none_or(|(number, _)| number != last.number));
        if over && (at.is_none() || chunk.is_full()) && !chunk.send() {
            return Ok(());
        }
        let (Some(cell), Some((number, column))) = (cell.map_err(|e| e.to_string())?, at) else {
            return Ok(());
        };
        if matches!(cell.get_value(), DataRef::Empty) {
            continue;
        }
        let bytes = match cell.get_value() {
            DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.len(),
            DataRef::SharedString(text) => text.len(),
            _ => 0,
        };
        limits::cell(cell.get_position().0, column, bytes)?;
        let value = Data::from(cell.get_value().clone());
        chunk.weight += weight_of(&value);
        match chunk.rows.last_mut() {
            Some(row) if row.number == number => row.cells.push((column, value)),
            _ => chunk.rows.push(SheetRow { number, cells: vec![(column, value)] }),
        }
    }
}
