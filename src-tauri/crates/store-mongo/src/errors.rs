//! The driver's errors as the store's kinds, each with one plain sentence.
//!
//! A server's words may quote a record ("dup key: { name: … }"), so details stop where a document begins.

use bson::Document;
use mongodb::error::{Error, ErrorKind, WriteFailure};
use steward_store::{StoreError, StoreErrorKind};

/// What the server said: code and words.
pub struct ServerWords<'a> {
    pub code: i32,
    pub message: &'a str,
}

/// Maps an error of the driver.
pub fn from_driver(error: &Error) -> StoreError {
    if let Some(words) = server_words(error) {
        return from_server(&words);
    }
    let (kind, message) = match &*error.kind {
        ErrorKind::Authentication { .. } => (StoreErrorKind::Unauthorized, "The server refused the login."),
        ErrorKind::ServerSelection { message, .. } => return from_selection(message),
        ErrorKind::DnsResolve { .. } => (StoreErrorKind::Unreachable, "The server's name cannot be resolved."),
        // Another connection failed first; of a refused login it is not the network that is to be looked at.
        ErrorKind::ConnectionPoolCleared { message, .. } if refuses_login(&message.to_lowercase()) => {
            (StoreErrorKind::Unauthorized, "The server refused the login.")
        }
        ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } => {
            (StoreErrorKind::Unreachable, "The connection to the server was lost.")
        }
        ErrorKind::InvalidTlsConfig { .. } => (StoreErrorKind::Invalid, "The TLS settings of this address cannot be used."),
        ErrorKind::InvalidArgument { .. } => (StoreErrorKind::Invalid, "The database driver refused this request."),
        ErrorKind::IncompatibleServer { .. } | ErrorKind::SessionsNotSupported => {
            (StoreErrorKind::Unsupported, "This server cannot do this.")
        }
        _ => (StoreErrorKind::Internal, "The database driver failed."),
    };
    StoreError::new(kind, message).details(without_documents(&error.kind.to_string()))
}

/// No server could be selected: the reason is in the driver's description of the topology.
fn from_selection(message: &str) -> StoreError {
    let lower = message.to_lowercase();
    let (kind, sentence) = if refuses_login(&lower) {
        (StoreErrorKind::Unauthorized, "The server refused the login.")
    } else if lower.contains("certificate") || lower.contains("tls") {
        (StoreErrorKind::Unreachable, insecure(&lower))
    } else {
        (StoreErrorKind::Unreachable, "The server cannot be reached.")
    };
    StoreError::new(kind, sentence).details(without_dumps(message))
}

fn refuses_login(lower: &str) -> bool {
    lower.contains("authentication failed") || lower.contains("scram failure")
}

/// Why a certificate was not accepted (`CertificateError` of rustls).
fn insecure(lower: &str) -> &'static str {
    if lower.contains("unknownissuer") || lower.contains("unknown issuer") {
        "The server's certificate was signed by an authority that is not trusted here."
    } else if lower.contains("notvalidforname") || lower.contains("not valid for name") {
        "The server's certificate belongs to another name than the one in the address."
    } else if lower.contains("expired") || lower.contains("not valid after") {
        "The server's certificate has run out."
    } else {
        "A secure connection to the server could not be established."
    }
}

fn server_words(error: &Error) -> Option<ServerWords<'_>> {
    match &*error.kind {
        ErrorKind::Command(e) => Some(ServerWords { code: e.code, message: &e.message }),
        ErrorKind::Write(WriteFailure::WriteError(e)) => Some(ServerWords { code: e.code, message: &e.message }),
        ErrorKind::Write(WriteFailure::WriteConcernError(e)) => Some(ServerWords { code: e.code, message: &e.message }),
        _ => None,
    }
}

/// The server's error code, where the server answered.
pub fn code(error: &Error) -> Option<i32> {
    server_words(error).map(|w| w.code)
}

/// Maps an error code of the server (`src/mongo/base/error_codes.yml` in its sources).
pub fn from_server(words: &ServerWords<'_>) -> StoreError {
    use StoreErrorKind as Kind;
    let (kind, message) = match words.code {
        11000 | 11001 | 12582 => (Kind::DuplicateKey, "A record with this key exists already."),
        112 | 24 | 46 | 50 | 225 | 251 | 262 | 12587 => (Kind::Busy, "Someone else is writing here; try again."),
        18 => (Kind::Unauthorized, "The server refused the login."),
        13 | 8000 => (Kind::Forbidden, "This user may not do this here."),
        26 => (Kind::NotFound, "This collection does not exist."),
        27 => (Kind::NotFound, "This index does not exist. A text search needs a text index."),
        48 => (Kind::Conflict, "A collection of this name exists already."),
        85 | 86 => (Kind::Conflict, "This index does not go together with one that exists."),
        67 | 197 => (Kind::Invalid, "The server does not take this index."),
        72 => (Kind::Invalid, "The server does not take these options."),
        121 => (Kind::Invalid, "The server's own validation refused this record."),
        73 => (Kind::Invalid, "The server does not take this name of a collection."),
        10334 | 17419 | 17420 => (Kind::Invalid, "The record is larger than the 16 MB that MongoDB stores."),
        2 | 9 | 14 | 28 | 40 | 52 | 53 | 54 | 55 | 56 | 57 | 66 | 171 | 51091 | 51108 => {
            (Kind::Invalid, "The server cannot make sense of this request.")
        }
        59 | 115 | 20 | 263 | 40573 => (Kind::Unsupported, "This server cannot do this."),
        260 | 280 | 286 => (Kind::NotFound, "The change feed no longer goes back that far; read everything again."),
        6 | 7 | 89 | 91 | 189 | 133 | 134 | 9001 | 10058 | 10107 | 11600 | 11602 | 13435 | 13436 | 317358 => {
            (Kind::Unreachable, "The server is not ready; try again.")
        }
        14031 => (Kind::NoSpace, "The disk of the server is full."),
        64 | 100 => (Kind::Unreachable, "Too few members of the replica set confirmed the write in time."),
        _ => (Kind::Internal, "The server reported an error."),
    };
    StoreError::new(kind, message).details(format!("{} (code {})", without_documents(cause(words)), words.code))
}

/// The first refused operation of a command's reply: (position, error).
pub fn write_errors(reply: &Document) -> Vec<(usize, StoreError)> {
    let Ok(list) = reply.get_array("writeErrors") else {
        return Vec::new();
    };
    list.iter()
        .filter_map(bson::Bson::as_document)
        .map(|e| {
            let code = e.get_i32("code").unwrap_or_default();
            let index = e.get_i32("index").ok().and_then(|i| usize::try_from(i).ok()).unwrap_or_default();
            (index, from_server(&ServerWords { code, message: e.get_str("errmsg").unwrap_or_default() }))
        })
        .collect()
}

/// The write was done but not confirmed by as many members as asked for.
pub fn write_concern_error(reply: &Document) -> Option<StoreError> {
    let e = reply.get_document("writeConcernError").ok()?;
    let words = ServerWords { code: e.get_i32("code").unwrap_or_default(), message: e.get_str("errmsg").unwrap_or_default() };
    Some(from_server(&words))
}

/// Of an index or a collection that it refuses, a server repeats the whole specification before it says why.
fn cause<'a>(words: &ServerWords<'a>) -> &'a str {
    const SPECIFICATIONS: [i32; 8] = [2, 9, 14, 67, 72, 73, 85, 86];
    match words.message.rsplit_once(":: caused by ::") {
        Some((_, why)) if SPECIFICATIONS.contains(&words.code) => why.trim(),
        _ => words.message,
    }
}

/// Cuts a server's words where they begin to quote a document.
fn without_documents(message: &str) -> String {
    let end = message.find('{').or_else(|| message.find("dup key")).unwrap_or(message.len());
    without_dumps(message.get(..end).unwrap_or_default()).trim().to_owned()
}

/// Bytes that the driver prints in hex say nothing to anybody, and may be those of a record.
fn without_dumps(message: &str) -> String {
    const LONGEST: usize = 24;
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(begin) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let run = rest[begin..].find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len() - begin);
        out.push_str(&rest[..begin]);
        out.push_str(if run > LONGEST { "…" } else { &rest[begin..begin + run] });
        rest = &rest[begin + run..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_hold_no_bytes() {
        let e = from_selection(
            "Topology: { Error: RawDocumentBuf(3b00000002c0ffee3b00000002c0ffee00), Address: 127.0.0.1:27017, id: 6b0bed2ca2c535091473010f }",
        );
        let details = e.details.unwrap();
        assert!(
            !details.contains("c0ffee") && details.contains("127.0.0.1:27017") && details.contains("6b0bed2ca2c535091473010f"),
            "{details}"
        );
    }

    #[test]
    fn details_of_an_index_say_why() {
        let message = "Error in specification { key: { a: \"1\" } } :: caused by :: Unknown index plugin '1'";
        let e = from_server(&ServerWords { code: 67, message });
        assert_eq!(e.details.as_deref(), Some("Unknown index plugin '1' (code 67)"));
    }

    #[test]
    fn details_do_not_quote_records() {
        let message = "E11000 duplicate key error collection: a.b index: k dup key: { name: \"Ann\" }";
        let e = from_server(&ServerWords { code: 11000, message });
        assert_eq!(e.kind, StoreErrorKind::DuplicateKey);
        assert!(!e.details.unwrap().contains("Ann"));
    }
}
