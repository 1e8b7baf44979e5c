//! The layers of a backup file, from the outside in: SHA-256 of what is on disk, age, compression.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use age::secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use steward_sources::Unfolding;
use steward_workspace::{Error, Result};

/// How an archive is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Compression {
    #[default]
    Zstd,
    Gzip,
    None,
}

impl Compression {
    /// What is behind `.archive` in a file's name.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
            Self::None => "",
        }
    }
}

/// What a backup is encrypted with.
#[derive(Clone, Default)]
pub enum EncryptionKey {
    #[default]
    None,
    Passphrase(SecretString),
    /// age recipients (`age1…`).
    Recipients(Vec<String>),
}

/// What opens an encrypted backup.
#[derive(Clone, Default)]
pub struct DecryptionKey {
    pub passphrase: Option<SecretString>,
    /// age identities (`AGE-SECRET-KEY-…`).
    pub identities: Vec<SecretString>,
}

impl DecryptionKey {
    /// Nothing to open anything with.
    pub fn is_empty(&self) -> bool {
        self.passphrase.is_none() && self.identities.is_empty()
    }
}

/// What the manifest says of the encryption; never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Encryption {
    Passphrase,
    Recipients { recipients: Vec<String> },
}

impl EncryptionKey {
    pub fn described(&self) -> Option<Encryption> {
        match self {
            Self::None => None,
            Self::Passphrase(_) => Some(Encryption::Passphrase),
            Self::Recipients(recipients) => Some(Encryption::Recipients { recipients: recipients.clone() }),
        }
    }
}

/// Shows a secret, where it has to leave the program.
pub trait Exposed {
    fn exposed(&self) -> &str;
}

impl Exposed for SecretString {
    fn exposed(&self) -> &str {
        age::secrecy::ExposeSecret::expose_secret(self)
    }
}

/// A new identity and its recipient: keep the first, encrypt to the second.
pub fn new_identity() -> (SecretString, String) {
    let identity = age::x25519::Identity::generate();
    (identity.to_string(), identity.to_public().to_string())
}

/// Counts and hashes what is written.
struct Hashed<W> {
    out: W,
    digest: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.out.write(data)?;
        self.digest.update(&data[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

type Bottom = Hashed<BufWriter<File>>;

enum Cipher {
    Open(Box<Bottom>),
    Age(Box<age::stream::StreamWriter<Bottom>>),
}

impl Write for Cipher {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::Open(out) => out.write(data),
            Self::Age(out) => out.write(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Open(out) => out.flush(),
            Self::Age(out) => out.flush(),
        }
    }
}

/// A backup file that is being written.
pub enum EncryptedWriter {
    Zstd(Box<zstd::Encoder<'static, CipherOut>>),
    Gzip(Box<flate2::write::GzEncoder<CipherOut>>),
    None(CipherOut),
}

/// The layers below the compression.
pub struct CipherOut(Cipher);

impl Write for CipherOut {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What a finished file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
}

const ZSTD_LEVEL: i32 = 5;
/// Of files that others packed: 128 MiB.
const WIDEST_WINDOW: u32 = 27;

impl EncryptedWriter {
    /// Begins a file.
    pub fn new(file: File, compression: Compression, lock: &EncryptionKey) -> Result<Self> {
        let bottom = Hashed { out: BufWriter::with_capacity(1 << 18, file), digest: Sha256::new(), bytes: 0 };
        let cipher = match encryptor(lock)? {
            None => Cipher::Open(Box::new(bottom)),
            Some(encryptor) => Cipher::Age(Box::new(encryptor.wrap_output(bottom).map_err(unwritable)?)),
        };
        let out = CipherOut(cipher);
        Ok(match compression {
            Compression::Zstd => {
                let mut encoder = zstd::Encoder::new(out, ZSTD_LEVEL).map_err(unwritable)?;
                encoder.include_checksum(true).map_err(unwritable)?;
                let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
                encoder.multithread(u32::try_from(threads).unwrap_or(1)).map_err(unwritable)?;
                Self::Zstd(Box::new(encoder))
            }
            Compression::Gzip => Self::Gzip(Box::new(flate2::write::GzEncoder::new(out, flate2::Compression::default()))),
            Compression::None => Self::None(out),
        })
    }

    /// Writes what is left and brings it to the disk.
    pub fn finish(self) -> io::Result<Checksum> {
        let out = match self {
            Self::Zstd(encoder) => encoder.finish()?,
            Self::Gzip(encoder) => encoder.finish()?,
            Self::None(out) => out,
        };
        let bottom = match out.0 {
            Cipher::Open(bottom) => *bottom,
            Cipher::Age(writer) => writer.finish()?,
        };
        let file = bottom.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(Checksum { bytes: bottom.bytes, sha256: hex::encode(bottom.digest.finalize()) })
    }
}

impl Write for EncryptedWriter {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::Zstd(out) => out.write(data),
            Self::Gzip(out) => out.write(data),
            Self::None(out) => out.write(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Zstd(out) => out.flush(),
            Self::Gzip(out) => out.flush(),
            Self::None(out) => out.flush(),
        }
    }
}

fn unwritable(e: io::Error) -> Error {
    Error::File { path: "backup".into(), source: e }
}

fn encryptor(lock: &EncryptionKey) -> Result<Option<age::Encryptor>> {
    match lock {
        EncryptionKey::None => Ok(None),
        EncryptionKey::Passphrase(passphrase) => Ok(Some(age::Encryptor::with_user_passphrase(passphrase.clone()))),
        EncryptionKey::Recipients(list) => {
            let recipients = list.iter().map(|text| recipient(text)).collect::<Result<Vec<_>>>()?;
            let all = recipients.iter().map(|r| r as &dyn age::Recipient);
            let encryptor = age::Encryptor::with_recipients(all);
            encryptor.map(Some).map_err(|e| Error::BadRequest(format!("The backup cannot be encrypted: {e}")))
        }
    }
}

/// An age recipient as it is written (`age1…`).
pub fn recipient(text: &str) -> Result<age::x25519::Recipient> {
    let wrong = |e: &str| Error::BadRequest(format!("'{text}' is no age recipient ({e}). One begins with 'age1'."));
    text.trim().parse().map_err(wrong)
}

/// Opens a file for reading: decrypted and decompressed. What it is compressed with is seen from its first bytes.
///
/// Errors: no key or a wrong one (`Locked`), an encryption header that is damaged.
pub fn open(path: &Path, key: &DecryptionKey) -> Result<Box<dyn Read + Send>> {
    let file = File::open(path).map_err(|e| Error::file(path, e))?;
    let size = file.metadata().map_err(|e| Error::file(path, e))?.len();
    let mut reader: Box<dyn io::BufRead + Send> = Box::new(BufReader::with_capacity(1 << 18, file));
    let start = reader.fill_buf().map_err(|e| Error::file(path, e))?;
    if start.starts_with(b"age-encryption.org/") {
        reader = Box::new(BufReader::with_capacity(1 << 17, decrypted(reader, key)?));
    }
    let start = reader.fill_buf().map_err(|e| Error::file(path, e))?;
    if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let mut decoder = zstd::Decoder::with_buffer(reader).map_err(|e| Error::file(path, e))?;
        decoder.window_log_max(WIDEST_WINDOW).map_err(|e| Error::file(path, e))?;
        return Ok(Box::new(Unfolding::new(decoder, size)));
    }
    if start.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(Unfolding::new(flate2::bufread::MultiGzDecoder::new(reader), size)));
    }
    Ok(Box::new(reader))
}

fn decrypted(reader: Box<dyn io::BufRead + Send>, key: &DecryptionKey) -> Result<Box<dyn Read + Send>> {
    use age::secrecy::ExposeSecret as _;
    let refused = |e: age::DecryptError| match e {
        age::DecryptError::NoMatchingKeys => Error::Locked("None of the keys opens this backup.".into()),
        age::DecryptError::DecryptionFailed | age::DecryptError::KeyDecryptionFailed => {
            Error::Locked("This passphrase or key does not open the backup.".into())
        }
        age::DecryptError::ExcessiveWork { .. } => {
            Error::BadRequest("This backup asks for more work on its passphrase than any backup of Steward's: it is not opened.".into())
        }
        e => Error::BadRequest(format!("The backup cannot be decrypted: {e}")),
    };
    let decryptor = age::Decryptor::new_buffered(reader).map_err(refused)?;
    if decryptor.is_scrypt() {
        let Some(passphrase) = &key.passphrase else {
            return Err(Error::Locked("This backup is encrypted with a passphrase. Give it to open the backup.".into()));
        };
        let mut identity = age::scrypt::Identity::new(passphrase.clone());
        // Four times the work that Steward's own backups ask for, and a gigabyte of memory; more would be meant to stall the reader.
        identity.set_max_work_factor(20);
        return Ok(Box::new(decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(refused)?));
    }
    let mut identities = Vec::with_capacity(key.identities.len());
    for text in &key.identities {
        let wrong = |e: &str| Error::BadRequest(format!("The key cannot be read ({e}). One begins with 'AGE-SECRET-KEY-'."));
        identities.push(text.expose_secret().trim().parse::<age::x25519::Identity>().map_err(wrong)?);
    }
    if identities.is_empty() {
        return Err(Error::Locked("This backup is encrypted for a key. Give the key's file to open the backup.".into()));
    }
    let all = identities.iter().map(|i| i as &dyn age::Identity);
    Ok(Box::new(decryptor.decrypt(all).map_err(refused)?))
}

/// SHA-256 of a file. Blocking.
pub fn sha256(path: &Path, mut seen: impl FnMut(u64) -> Result<()>) -> Result<Checksum> {
    let mut file = File::open(path).map_err(|e| Error::file(path, e))?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer).map_err(|e| Error::file(path, e))?;
        if read == 0 {
            return Ok(Checksum { bytes, sha256: hex::encode(digest.finalize()) });
        }
        digest.update(&buffer[..read]);
        bytes += read as u64;
        seen(bytes)?;
    }
}
