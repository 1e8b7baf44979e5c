//! Which keys a run has met: the first row of a key wins, later ones go to quarantine.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

/// Keys of the youngest rows are held with their place.
const YOUNG: usize = 1_000_000;

/// Hashes of the keys met so far: 64 bits each, the older ones in sorted runs of 8 bytes a key.
#[derive(Debug, Default)]
pub struct SeenKeys {
    /// Row and file take no more room than the row alone: entries are 16 bytes either way.
    young: HashMap<u64, (u32, u16), BuildHasherDefault<AsItIs>>,
    old: Vec<Box<[u64]>>,
}

/// What is looked up is a hash already.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = crate::rows::hash(bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// An earlier row has this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier {
    /// Its file and number, where they are still known.
    pub place: Option<(usize, u64)>,
}

impl SeenKeys {
    /// Notes a key; says when it was there before.
    pub fn note(&mut self, hash: u64, file: usize, row: u64) -> Option<Earlier> {
        if self.young.len() >= YOUNG {
            let mut run: Vec<u64> = self.young.drain().map(|(hash, _)| hash).collect();
            run.sort_unstable();
            self.old.push(run.into_boxed_slice());
        }
        match self.young.entry(hash) {
            Entry::Occupied(met) => {
                let (row, file) = *met.get();
                Some(Earlier { place: Some((usize::from(file), u64::from(row))) })
            }
            Entry::Vacant(_) if self.old.iter().any(|run| run.binary_search(&hash).is_ok()) => Some(Earlier { place: None }),
            Entry::Vacant(free) => {
                free.insert((u32::try_from(row).unwrap_or(u32::MAX), u16::try_from(file).unwrap_or(u16::MAX)));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_young_and_old_keys() {
        let mut seen = SeenKeys::default();
        for n in 0..(YOUNG as u64 + 10) {
            assert_eq!(seen.note(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), 3, n), None);
        }
        assert_eq!(seen.note(0, 4, 99), Some(Earlier { place: None }));
        let last = YOUNG as u64 + 5;
        assert_eq!(seen.note(last.wrapping_mul(0x9e37_79b9_7f4a_7c15), 4, 99), Some(Earlier { place: Some((3, last)) }));
    }
}
