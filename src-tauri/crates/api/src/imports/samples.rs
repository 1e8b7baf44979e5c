//! The samples of files that were looked at last, so that a mapping can be tried at each key that is pressed without
//! opening a workbook or a compressed file again.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use steward_domain::{Filter, SourceChoice};
use steward_import::import::{Place, SourceFile};
use steward_import::sample::Sample;

use crate::error::{ApiError, ApiResult};
use crate::imports::planned::FileStamp;

/// Bytes that are kept; the newest sample stays whatever its size.
const ROOM: usize = 64 << 20;

/// A file in one way of reading, as it was then.
#[derive(PartialEq, Eq)]
struct Which {
    /// A path, or the address and the name of a collection.
    place: PathBuf,
    choice: SourceChoice,
    stamp: FileStamp,
}

/// Samples, oldest first.
#[derive(Default)]
pub struct Samples {
    kept: Mutex<Vec<(Which, Arc<Sample>)>>,
}

impl Samples {
    /// The sample of a file, read when it is not here or the file has changed.
    pub async fn of(&self, file: SourceFile) -> ApiResult<Arc<Sample>> {
        let (place, stamp) = match &file.place {
            Place::File(path) => (path.clone(), FileStamp::of(path)),
            // Whoever tries a mapping should see what is there now, and it is counted quickly.
            Place::Collection(source) => {
                let bytes = source.store.count(&source.collection, &Filter::all()).await?;
                (PathBuf::from(format!("{} {}", source.address, source.collection)), FileStamp { bytes, modified: None })
            }
        };
        let which = Which { place, choice: file.choice.clone(), stamp };
        if let Some(found) = self.find(&which) {
            return Ok(found);
        }
        let read = tokio::task::spawn_blocking(move || Sample::read(&file)).await;
        let sample = Arc::new(read.map_err(|e| ApiError::bad_request("The file cannot be read.").details(e.to_string()))??);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(other, _)| other.place != which.place || other.choice != which.choice);
        kept.push((which, Arc::clone(&sample)));
        while kept.len() > 1 && kept.iter().map(|(_, sample)| sample.bytes).sum::<usize>() > ROOM {
            kept.remove(0);
        }
        Ok(sample)
    }

    fn find(&self, which: &Which) -> Option<Arc<Sample>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(other, _)| other == which).map(|(_, sample)| Arc::clone(sample))
    }

    /// Nobody looks at files any more.
    pub fn clear(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
