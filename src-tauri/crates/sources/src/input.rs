//! From a path to plain bytes: hashing, progress, and seeing through gzip, zstd, bzip2 and zip.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::{Part, SourceError, SourceResult, limits};

/// Bytes that are looked at to recognise something.
pub const PREFIX: usize = 256 << 10;

/// Layers of compression that are seen through.
const LAYERS: usize = 3;

/// A file whose bytes are counted and hashed as they pass.
#[derive(Clone)]
pub struct Meter {
    file: Arc<File>,
    hash: Arc<Mutex<Option<Sha256>>>,
    position: Arc<AtomicU64>,
    /// Of a reader that has hashed the file already.
    given_hash: Option<Arc<dyn Fn() -> Option<String> + Send + Sync>>,
}

impl Meter {
    pub fn new(file: File) -> Self {
        Self { file: Arc::new(file), hash: Arc::new(Mutex::new(Some(Sha256::new()))), position: Arc::default(), given_hash: None }
    }

    /// The file is read elsewhere; its hash comes from there, if it was read to its end.
    pub fn hash_from(self, given_hash: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        Self { given_hash: Some(Arc::new(given_hash)), ..self }
    }

    /// Size of the file.
    fn bytes(&self) -> u64 {
        self.file.metadata().map_or(0, |m| m.len())
    }

    pub fn position(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.position)
    }

    fn hash(&self) -> MutexGuard<'_, Option<Sha256>> {
        self.hash.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn stop_hashing(&self) {
        *self.hash() = None;
    }

    /// Reads what is left, and gives the SHA-256 of the whole file in hex; an empty text if hashing was stopped.
    pub fn finish(&mut self) -> io::Result<String> {
        if self.hash().is_none() {
            return Ok(String::new());
        }
        if let Some(given_hash) = self.given_hash.as_ref().and_then(|given_hash| given_hash()) {
            return Ok(given_hash);
        }
        io::copy(self, &mut io::sink())?;
        let hash = self.hash().take().unwrap_or_default();
        Ok(hex::encode(hash.finalize()))
    }
}

impl Read for Meter {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = (&*self.file).read(buffer)?;
        if let Some(hash) = &mut *self.hash() {
            hash.update(&buffer[..n]);
        }
        self.position.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Why a compressed stream ended early, in a sentence.
pub type Damage = Arc<Mutex<Option<String>>>;

/// Ends quietly where a compressed stream is damaged, and remembers why. Errors of the disk pass.
struct Lenient {
    inner: Box<dyn Read + Send>,
    damage: Damage,
    name: &'static str,
}

impl Read for Lenient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
            Err(e) if e.raw_os_error().is_none() && !matches!(e.kind(), io::ErrorKind::Interrupted | io::ErrorKind::FileTooLarge) => {
                let why = format!("The {} data is damaged or truncated; what comes before was read.", self.name);
                self.damage.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
                Ok(0)
            }
            other => other,
        }
    }
}

/// Plain bytes of a file, or of one member of a zip file.
pub struct Plain {
    pub reader: Box<dyn Read + Send>,
    /// Up to [`PREFIX`] bytes from the beginning; they are read again from `reader`.
    pub prefix: Vec<u8>,
    pub compression: String,
    pub damage: Damage,
    /// Members of a zip file.
    pub members: Vec<Part>,
    pub member: Option<String>,
}

/// Reads until the buffer is full or the source ends.
pub fn fill_prefix(reader: &mut dyn Read, size: usize) -> io::Result<Vec<u8>> {
    let mut prefix = Vec::new();
    reader.take(size as u64).read_to_end(&mut prefix)?;
    Ok(prefix)
}

fn again(prefix: &[u8], rest: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
    Box::new(io::Cursor::new(prefix.to_vec()).chain(rest))
}

/// Opens a file for reading; a folder is refused in words.
pub fn open_file(path: &Path) -> SourceResult<(File, u64)> {
    let file = File::open(path)?;
    let meta = file.metadata()?;
    if meta.is_dir() {
        return Err(SourceError::Unusable(format!("{} is a folder. Choose the files in it.", path.display())));
    }
    Ok((file, meta.len()))
}

/// Sees through compression. `member` names what to read from a zip file.
pub fn plain(meter: &Meter, path: &Path, member: Option<&str>) -> SourceResult<Plain> {
    let damage = Damage::default();
    let mut reader: Box<dyn Read + Send> = Box::new(meter.clone());
    let mut compression: Vec<&str> = Vec::new();
    let mut members = Vec::new();
    let mut chosen = None;
    for layer in 0..=LAYERS {
        let prefix = fill_prefix(&mut reader, PREFIX)?;
        reader = again(&prefix, reader);
        let name = match kind_of(&prefix) {
            Some("zip") if layer == 0 && !is_workbook(path)? => {
                let opened = zip_member(path, member)?;
                (members, chosen) = (opened.1, Some(opened.2));
                reader = opened.0;
                "zip"
            }
            Some("gzip") => {
                reader = Box::new(flate2::read::MultiGzDecoder::new(reader));
                "gzip"
            }
            Some("zstd") => {
                reader = Box::new(zstd::stream::read::Decoder::new(reader)?);
                "zstd"
            }
            Some("bzip2") => {
                reader = Box::new(bzip2::read::MultiBzDecoder::new(reader));
                "bzip2"
            }
            _ => {
                let compression = compression.join(" ");
                return Ok(Plain { reader, prefix, compression, damage, members, member: chosen });
            }
        };
        reader = Box::new(limits::Unfolding::new(Lenient { inner: reader, damage: Arc::clone(&damage), name }, meter.bytes()));
        compression.push(name);
    }
    Err(SourceError::Unusable("This file is compressed several times over. Unpack it first.".into()))
}

fn kind_of(prefix: &[u8]) -> Option<&'static str> {
    match prefix {
        [0x1f, 0x8b, 8, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..] => Some("bzip2"),
        [b'P', b'K', 3, 4, ..] => Some("zip"),
        _ => None,
    }
}

fn zip_error(e: zip::result::ZipError) -> SourceError {
    match e {
        zip::result::ZipError::Io(e) if e.raw_os_error().is_some() => SourceError::Io(e),
        e => SourceError::Unusable(format!("This zip file cannot be read: {e}.")),
    }
}

/// A workbook is a zip file too, and is read as a whole.
fn is_workbook(path: &Path) -> SourceResult<bool> {
    let Ok(archive) = zip::ZipArchive::new(File::open(path)?) else {
        return Ok(false);
    };
    let workbook = |name: &str| matches!(name, "xl/workbook.xml" | "xl/workbook.bin" | "content.xml");
    Ok(archive.file_names().flatten().any(|name| workbook(&name)))
}

type Member = (Box<dyn Read + Send>, Vec<Part>, String);

/// One member of a zip file, its checksum verified at its end, and the names of all.
fn zip_member(path: &Path, wanted: Option<&str>) -> SourceResult<Member> {
    let mut archive = zip::ZipArchive::new(File::open(path)?).map_err(zip_error)?;
    let is_data = |name: &str| !name.ends_with('/') && !name.starts_with("__MACOSX/") && !name.ends_with(".DS_Store");
    let mut names: Vec<String> = archive.file_names().flatten().filter(|n| is_data(n)).map(std::borrow::Cow::into_owned).collect();
    names.sort();
    let name = match wanted {
        Some(name) if names.iter().any(|n| n == name) => name.to_owned(),
        Some(name) => {
            return Err(SourceError::BadChoice(format!("There is no '{name}' in this zip file. It holds: {}.", names.join(", "))));
        }
        None => names.first().cloned().ok_or_else(|| SourceError::Unusable("This zip file holds no file.".into()))?,
    };
    let entry = archive.by_name(&name).map_err(zip_error)?;
    if entry.encrypted() {
        return Err(SourceError::Unusable("This zip file is protected by a password. Unpack it first.".into()));
    }
    let (start, packed, crc, size) = (entry.data_start(), entry.compressed_size(), entry.crc32(), entry.size());
    let method = entry.compression();
    drop(entry);
    let start = start.ok_or_else(|| SourceError::Unusable("This zip file does not say where its data begins.".into()))?;
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    let packed = file.take(packed);
    let inner: Box<dyn Read + Send> = match method {
        zip::CompressionMethod::Stored => Box::new(packed),
        zip::CompressionMethod::Deflated => Box::new(flate2::read::DeflateDecoder::new(packed)),
        zip::CompressionMethod::Zstd => Box::new(zstd::stream::read::Decoder::new(packed)?),
        zip::CompressionMethod::Bzip2 => Box::new(bzip2::read::BzDecoder::new(packed)),
        other => {
            return Err(SourceError::Unusable(format!(
                "This zip file is compressed by {other:?}, which Steward cannot read. Unpack it first."
            )));
        }
    };
    let parts = names.into_iter().map(|name| Part { name, rows: None }).collect();
    let checked = Checked { inner, crc: flate2::Crc::new(), expected: crc, left: size };
    Ok((Box::new(checked), parts, name))
}

/// Fails where the checksum or the length of a member of a zip file is another than stated.
struct Checked {
    inner: Box<dyn Read + Send>,
    crc: flate2::Crc,
    expected: u32,
    left: u64,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.crc.update(&buffer[..n]);
        match self.left.checked_sub(n as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::new(io::ErrorKind::InvalidData, "longer than stated")),
        }
        if n == 0 && !buffer.is_empty() && (self.left > 0 || self.crc.sum() != self.expected) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "wrong checksum"));
        }
        Ok(n)
    }
}

/// A file on disk for formats that are not read from front to back; compressed ones are unpacked to a temporary file.
pub struct OnDisk {
    pub path: std::path::PathBuf,
    /// Removed when dropped.
    _spool: Option<tempfile::TempPath>,
}

impl OnDisk {
    pub fn of(path: &Path, plain: &mut Plain) -> SourceResult<Self> {
        if plain.compression.is_empty() {
            return Ok(Self { path: path.to_owned(), _spool: None });
        }
        let mut spool = tempfile::NamedTempFile::new()?;
        let folder = spool.path().parent().unwrap_or(Path::new(".")).to_owned();
        limits::spool(&mut plain.reader, spool.as_file_mut(), &folder)?;
        let spool = spool.into_temp_path();
        Ok(Self { path: spool.to_path_buf(), _spool: Some(spool) })
    }
}
