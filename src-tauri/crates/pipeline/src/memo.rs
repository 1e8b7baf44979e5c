//! Short texts that were looked at before: columns often hold the same few again and again.

use std::sync::{Mutex, PoisonError};

/// Longer texts are not remembered.
const LONGEST: usize = 48;
/// Places for texts; each text has one, and a later text takes it from an earlier one.
const PLACES: usize = 512;
/// After so many questions it is clear whether remembering is worth while.
const TRIED: u32 = 8192;

/// Remembers texts that are fine. Used by one thread at a time, so that its lock never waits.
#[derive(Debug, Default)]
pub struct Memo(Mutex<Places>);

#[derive(Debug, Default)]
struct Places {
    texts: Vec<(u8, [u8; LONGEST])>,
    asked: u32,
    known: u32,
}

impl Clone for Memo {
    /// Another thread begins without memories.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Memo {
    /// Whether a text is fine: remembered, or looked at now.
    pub fn fine(&self, text: &str, look: impl FnOnce() -> bool) -> bool {
        let bytes = text.as_bytes();
        if bytes.len() > LONGEST {
            return look();
        }
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.asked == TRIED && places.known < TRIED / 4 {
            drop(places);
            return look();
        }
        if places.texts.is_empty() {
            places.texts.resize(PLACES, (u8::MAX, [0; LONGEST]));
        }
        let at = (crate::rows::hash(bytes) % PLACES as u64) as usize;
        let (length, known) = &places.texts[at];
        let known = usize::from(*length) == bytes.len() && known[..bytes.len()] == *bytes;
        if places.asked < TRIED {
            places.asked += 1;
            places.known += u32::from(known);
        }
        if known {
            return true;
        }
        let fine = look();
        if fine {
            let (length, place) = &mut places.texts[at];
            *length = bytes.len() as u8;
            place[..bytes.len()].copy_from_slice(bytes);
        }
        fine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_fine_is_remembered() {
        let memo = Memo::default();
        assert!(!memo.fine("a", || false) && memo.fine("a", || true) && memo.fine("a", || panic!("a is known")));
        assert!(memo.fine("", || true) && memo.fine("", || panic!("the empty text is known")));
        let long = "x".repeat(LONGEST + 1);
        assert!(memo.fine(&long, || true) && !memo.fine(&long, || false));
    }

    #[test]
    fn texts_that_differ_are_told_apart_whatever_their_places() {
        let memo = Memo::default();
        for n in 0..20_000 {
            let text = (n % 3000).to_string();
            assert_eq!(memo.fine(&text, || n % 2 == 0), n % 2 == 0, "{n}");
        }
    }
}
