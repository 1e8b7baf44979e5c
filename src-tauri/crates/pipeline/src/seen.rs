//! Which keys a run has met: the first row of a key wins, later ones go to quarantine.

use std::collections::HashMap;

/// Keys of the youngest rows are held with their row number.
const YOUNG: usize = 1_000_000;

/// Hashes of the keys met so far: 64 bits each, the older ones in sorted runs of 8 bytes a key.
#[derive(Debug, Default)]
pub struct SeenKeys {
    young: HashMap<u64, u32>,
    old: Vec<Box<[u64]>>,
}

/// An earlier row has this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier {
    /// Its number, where it is still known.
    pub row: Option<u64>,
}

impl SeenKeys {
    /// Notes a key; says when it was there before.
    pub fn note(&mut self, hash: u64, row: u64) -> Option<Earlier> {
        if let Some(earlier) = self.young.get(&hash) {
            return Some(Earlier { row: Some(u64::from(*earlier)) });
        }
        if self.old.iter().any(|run| run.binary_search(&hash).is_ok()) {
            return Some(Earlier { row: None });
        }
        if self.young.len() >= YOUNG {
            let mut run: Vec<u64> = self.young.drain().map(|(hash, _)| hash).collect();
            run.sort_unstable();
            self.old.push(run.into_boxed_slice());
        }
        self.young.insert(hash, u32::try_from(row).unwrap_or(u32::MAX));
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_young_and_old_keys() {
        let mut seen = SeenKeys::default();
        for n in 0..(YOUNG as u64 + 10) {
            assert_eq!(seen.note(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), n), None);
        }
        assert_eq!(seen.note(0, 99), Some(Earlier { row: None }));
        let last = YOUNG as u64 + 5;
        assert_eq!(seen.note(last.wrapping_mul(0x9e37_79b9_7f4a_7c15), 99), Some(Earlier { row: Some(last) }));
    }
}
