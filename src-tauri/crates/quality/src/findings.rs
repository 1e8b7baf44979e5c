//! Records that fail a figure, on their way from a measurement to the workspace: in a temporary file, since there may be millions.

use std::io::{BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};

use bson::{Bson, Document};
use steward_domain::quality::MetricName;
use steward_workspace::{Error, Result};

/// One record that fails a figure.
pub(crate) struct Finding {
    pub id: Bson,
    pub metric: MetricName,
}

/// Findings in the order in which they were made.
pub(crate) struct Findings {
    file: BufWriter<std::fs::File>,
    count: u64,
}

fn failed(e: std::io::Error) -> Error {
    Error::file(&std::env::temp_dir(), e)
}

impl Findings {
    pub fn new() -> Result<Self> {
        Ok(Self { file: BufWriter::new(tempfile::tempfile().map_err(failed)?), count: 0 })
    }

    pub fn push(&mut self, finding: &Finding) -> Result<()> {
        let doc = bson::doc! { "m": number(finding.metric), "id": finding.id.clone() };
        let bytes = doc.to_vec().map_err(|_| Error::Damaged("The key of a record"))?;
        self.count += 1;
        self.file.write_all(&bytes).map_err(failed)
    }

    /// Gives them back, at most `size` at once.
    pub fn batches(self, size: usize) -> Result<Batches> {
        let mut file = self.file.into_inner().map_err(|e| failed(e.into_error()))?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        Ok(Batches { file: BufReader::new(file), left: self.count, size })
    }
}

pub(crate) struct Batches {
    file: BufReader<std::fs::File>,
    left: u64,
    size: usize,
}

impl Batches {
    fn one(&mut self) -> Result<Finding> {
        let mut length = [0_u8; 4];
        self.file.read_exact(&mut length).map_err(failed)?;
        let mut bytes = length.to_vec();
        bytes.resize(usize::try_from(u32::from_le_bytes(length)).unwrap_or(0).max(5), 0);
        self.file.read_exact(&mut bytes[4..]).map_err(failed)?;
        let wrong = || Error::Damaged("The temporary file of a measurement");
        let mut doc = Document::from_reader(bytes.as_slice()).map_err(|_| wrong())?;
        let metric = METRICS.get(usize::try_from(doc.get_i32("m").map_err(|_| wrong())?).unwrap_or(usize::MAX)).ok_or_else(wrong)?;
        Ok(Finding { metric: *metric, id: doc.remove("id").unwrap_or(Bson::Null) })
    }
}

impl Iterator for Batches {
    type Item = Result<Vec<Finding>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut batch = Vec::new();
        while self.left > 0 && batch.len() < self.size {
            self.left -= 1;
            match self.one() {
                Ok(finding) => batch.push(finding),
                Err(e) => return Some(Err(e)),
            }
        }
        (!batch.is_empty()).then_some(Ok(batch))
    }
}

/// The figures that records fail.
pub(crate) const METRICS: [MetricName; 4] =
    [MetricName::Completeness, MetricName::Adherence, MetricName::Uniqueness, MetricName::Freshness];

fn number(metric: MetricName) -> i32 {
    METRICS.iter().position(|known| *known == metric).and_then(|at| i32::try_from(at).ok()).unwrap_or(-1)
}
