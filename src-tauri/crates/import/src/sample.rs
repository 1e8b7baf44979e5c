//! The first rows of a file, kept in memory: profiles, suggestions and trials of a mapping look at them again and again.
//!
//! Nothing here writes; loading a file is the work of `import`.

use std::path::Path;

use bson::Document;
use serde_json::{Map, Value as Json};
use steward_domain::{Filter, json_text, value};
use steward_mapping::{Cell, Input, Profile, Profiler};
use steward_sources::{Decoder, Examined, Opened, RawRow};
use steward_store::Query;

use crate::import::{CollectionSource, Place, SourceFile, collection_of};
use crate::rows::cells_of;
use steward_workspace::{Error, Result};

/// What a sample holds at most: whichever comes first.
const ROWS: usize = 10_000;
const BYTES: usize = 32 << 20;
/// Records of a collection that are fetched at once.
const PAGE: usize = 1_000;

/// Characters of one text that are shown.
const SHOWN: usize = 2_000;

/// The beginning of a file.
pub struct Sample {
    pub examined: Examined,
    pub decoder: Decoder,
    pub rows: Vec<RawRow>,
    pub bytes: usize,
    /// The file has no more rows.
    pub whole: bool,
}

fn opened(path: &Path, file: &SourceFile) -> Result<Opened> {
    steward_sources::open(path, &file.choice).map_err(|e| Error::source(path, e))
}

/// What makes values of the rows of a source. Blocking.
pub(crate) fn decoder(file: &SourceFile) -> Result<Decoder> {
    match &file.place {
        Place::File(path) => Ok(opened(path, file)?.decoder),
        Place::Collection(_) => Ok(Decoder::Bson),
    }
}

impl Sample {
    /// Reads the beginning of a source. Blocking.
    pub fn read(file: &SourceFile) -> Result<Self> {
        match &file.place {
            Place::File(path) => Self::of_file(path, file),
            Place::Collection(source) => tokio::runtime::Handle::current().block_on(Self::of_collection(source)),
        }
    }

    async fn of_collection(source: &CollectionSource) -> Result<Self> {
        let (mut rows, mut bytes, mut after) = (Vec::new(), 0, None);
        loop {
            let query = Query::new(Filter::all(), PAGE).sorted("_id", false).after(after.take());
            let page = source.store.find(&source.collection, &query).await?;
            for record in page.records {
                bytes += record.as_bytes().len();
                rows.push(RawRow { number: rows.len() as u64 + 1, offset: 0, bytes: record.into_bytes(), fault: None });
            }
            after = page.next;
            if after.is_none() || rows.len() >= ROWS || bytes >= BYTES {
                break;
            }
        }
        let examined = collection_of(Vec::new(), &source.collection, Vec::new());
        Ok(Self { examined, decoder: Decoder::Bson, rows, bytes, whole: after.is_none() })
    }

    fn of_file(path: &Path, file: &SourceFile) -> Result<Self> {
        let mut opened = opened(path, file)?;
        let (mut rows, mut bytes, mut whole) = (Vec::new(), 0, false);
        while rows.len() < ROWS && bytes < BYTES {
            match opened.next_row().map_err(|e| Error::file(path, e))? {
                Some(row) => {
                    bytes += row.bytes.len();
                    rows.push(row);
                }
                None => {
                    whole = true;
                    break;
                }
            }
        }
        Ok(Self { examined: opened.examined.clone(), decoder: opened.decoder.clone(), rows, bytes, whole })
    }

    /// What the columns hold. Rows that cannot be read are left out.
    pub fn profile(&self) -> Profile {
        let mut profiler = Profiler::new(self.decoder.columns());
        self.each(&self.rows, |_, input| profiler.add(input));
        profiler.finish()
    }

    /// The values of rows as the source has them, by column; nothing for a row that cannot be read.
    pub fn values(&self, rows: &[RawRow]) -> Vec<Option<Document>> {
        let mut out = vec![None; rows.len()];
        self.each(rows, |at, input| out[at] = Some(self.shown(input)));
        out
    }

    fn shown(&self, input: Input<'_>) -> Document {
        let mut object = match (input, self.decoder.columns()) {
            (Input::Cells(cells), Some(columns)) => {
                let named = columns.iter().zip(cells).filter_map(|(name, cell)| Some((name.clone(), cell_json(cell)?)));
                Json::Object(named.collect::<Map<String, Json>>())
            }
            (Input::Json(row), _) => row.clone(),
            (Input::Cells(_), None) => Json::Null,
        };
        shorten(&mut object);
        // What is no Extended JSON is still shown, as text.
        let as_text = |object: Json| bson::doc! {"": object.to_string()};
        value::doc_from_ext(object.clone()).ok().flatten().unwrap_or_else(|| as_text(object))
    }

    /// Calls with the place and the values of each row that can be read.
    fn each(&self, rows: &[RawRow], mut take: impl FnMut(usize, Input<'_>)) {
        let mut scratch = self.decoder.scratch();
        for (at, row) in rows.iter().enumerate() {
            match (&self.decoder, &mut scratch) {
                (Decoder::Csv(decoder), Some(scratch)) => {
                    let cells = decoder.cells(&row.bytes, scratch);
                    let mut cells: Vec<Cell<'_>> = cells.into_iter().take(decoder.columns.len()).map(Cell::text).collect();
                    cells.resize(decoder.columns.len(), Cell::Empty);
                    take(at, Input::Cells(&cells));
                }
                (Decoder::Bson, _) => {
                    if let Some(document) = steward_domain::depth::decode(&row.bytes) {
                        take(at, Input::Json(&Json::Object(value::doc_to_ext(&document))));
                    }
                }
                (decoder, _) => {
                    if let Ok(parsed) = json_text::parse(&row.bytes) {
                        match decoder {
                            Decoder::Table(columns) => take(at, Input::Cells(&cells_of(parsed.json, columns).0)),
                            _ => take(at, Input::Json(&parsed.json)),
                        }
                    }
                }
            }
        }
    }
}

fn cell_json(cell: &Cell<'_>) -> Option<Json> {
    Some(match cell {
        Cell::Empty => return None,
        Cell::Text(text) => Json::from(text.as_ref()),
        Cell::Number(n) => Json::from(*n),
        Cell::Integer(n) => Json::from(*n),
        Cell::Bool(b) => Json::from(*b),
        Cell::DateTime(text) => Json::from(text.as_str()),
        Cell::Json(json) => json.clone(),
    })
}

/// Texts longer than what is shown lose their end.
fn shorten(json: &mut Json) {
    match json {
        Json::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(SHOWN) {
                text.truncate(end);
                text.push('…');
            }
        }
        Json::Array(items) => items.iter_mut().for_each(shorten),
        Json::Object(fields) => fields.values_mut().for_each(shorten),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}
