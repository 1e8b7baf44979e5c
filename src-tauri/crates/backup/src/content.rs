//! A fingerprint of a collection's records that does not depend on their order: the sum of the XXH3-128 hashes of the
//! documents' BSON bytes, modulo 2^128, with their number. It finds what was lost, doubled or changed; against people
//! who forge, use the SHA-256 of the archive.

use std::fmt;

use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_128;

/// Sum, number and bytes of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Content {
    sum: u128,
    pub records: u64,
    /// BSON bytes, uncompressed.
    pub bytes: u64,
}

impl Content {
    pub fn add(&mut self, document: &[u8]) {
        self.sum = self.sum.wrapping_add(XxHash3_128::oneshot(document));
        self.records += 1;
        self.bytes += document.len() as u64;
    }

    pub fn hash(&self) -> ContentHash {
        ContentHash(format!("xxh3-128-sum:{:032x}", self.sum))
    }
}

/// As it is written down: the method, a colon, 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContentHash(pub String);

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_count_but_everything_else_does() {
        let of = |documents: &[&[u8]]| {
            let mut content = Content::default();
            documents.iter().for_each(|d| content.add(d));
            content
        };
        assert_eq!(of(&[b"a", b"b"]), of(&[b"b", b"a"]));
        assert_ne!(of(&[b"a", b"b"]).hash(), of(&[b"a", b"c"]).hash());
        assert_ne!(of(&[b"a", b"a"]), of(&[b"a"]));
        assert_eq!(of(&[]).hash().0, format!("xxh3-128-sum:{:032x}", 0));
    }
}
