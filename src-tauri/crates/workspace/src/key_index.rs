//! Which keys a run has met: the first row of a key wins, later ones go to quarantine.
//!
//! The youngest keys are held in memory, the older ones in temporary files: sorted runs of 16 bytes a key, merged as they
//! become many. A filter says of most keys that a run does not have them. So memory stays the same however many rows there are.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BinaryHeap, HashMap};
use std::fs::File;
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use fastbloom::BloomFilter;

use crate::error::{Error, Result};

/// Runs of a tier; one more, and they become one of the next.
const RUNS_OF_A_TIER: usize = 3;
/// How often a filter is wrong.
const WRONGLY: f64 = 0.03;
/// Entries that are read at once.
const BLOCK: usize = 256;
const ENTRY: usize = 16;

/// What bounds the memory.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Keys that are held in memory. Fewer would take 18 MB less, and a file of a million rows a tenth longer.
    young: usize,
    /// Keys of a run that has a filter; larger ones are looked up on the disk each time.
    filtered: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { young: 1_000_000, filtered: 4_500_000 }
    }
}

/// Hashes of the keys met so far, 64 bits each, with the row and file where they are.
#[derive(Debug, Default)]
pub struct KeyIndex {
    limits: Limits,
    /// Row and file take no more room than the row alone: entries are 16 bytes either way.
    young: HashMap<u64, (u32, u16), BuildHasherDefault<AsItIs>>,
    /// From the smallest runs to the largest.
    tiers: Vec<Vec<Run>>,
}

/// What is looked up is a hash already.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = crate::hash(bytes);
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
    pub file: usize,
    pub row: u64,
}

impl KeyIndex {
    /// Notes a key; says when it was there before.
    ///
    /// Errors: a temporary file cannot be written or read.
    pub fn note(&mut self, hash: u64, file: usize, row: u64) -> Result<Option<Earlier>> {
        self.noted(hash, file, row).map_err(|e| Error::file(&std::env::temp_dir(), e))
    }

    /// The key was noted.
    ///
    /// Errors: a temporary file cannot be read.
    pub fn has(&mut self, hash: u64) -> Result<bool> {
        if self.young.contains_key(&hash) {
            return Ok(true);
        }
        for run in self.tiers.iter_mut().flatten() {
            if run.find(hash).map_err(|e| Error::file(&std::env::temp_dir(), e))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn noted(&mut self, hash: u64, file: usize, row: u64) -> io::Result<Option<Earlier>> {
        if self.young.len() >= self.limits.young {
            self.flush()?;
        }
        match self.young.entry(hash) {
            Entry::Occupied(met) => {
                let (row, file) = *met.get();
                Ok(Some(Earlier { file: usize::from(file), row: u64::from(row) }))
            }
            Entry::Vacant(free) => {
                for run in self.tiers.iter_mut().flatten() {
                    if let Some(earlier) = run.find(hash)? {
                        return Ok(Some(earlier));
                    }
                }
                free.insert((u32::try_from(row).unwrap_or(u32::MAX), u16::try_from(file).unwrap_or(u16::MAX)));
                Ok(None)
            }
        }
    }

    /// Puts the young keys into a run.
    fn flush(&mut self) -> io::Result<()> {
        let mut keys: Vec<Key> = self.young.drain().map(|(hash, (row, file))| Key { hash, row, file }).collect();
        keys.sort_unstable_by_key(|key| key.hash);
        let mut run = Run::write(self.limits, keys.len() as u64, keys.into_iter().map(Ok))?;
        let mut tier = 0;
        loop {
            if self.tiers.len() == tier {
                self.tiers.push(Vec::new());
            }
            self.tiers[tier].push(run);
            if self.tiers[tier].len() <= RUNS_OF_A_TIER {
                return Ok(());
            }
            run = Run::merge(self.limits, std::mem::take(&mut self.tiers[tier]))?;
            tier += 1;
        }
    }
}

/// An entry of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    hash: u64,
    row: u32,
    file: u16,
}

impl Key {
    fn bytes(self) -> [u8; ENTRY] {
        let mut out = [0; ENTRY];
        out[..8].copy_from_slice(&self.hash.to_le_bytes());
        out[8..12].copy_from_slice(&self.row.to_le_bytes());
        out[12..14].copy_from_slice(&self.file.to_le_bytes());
        out
    }

    fn of(bytes: &[u8; ENTRY]) -> Self {
        let [h0, h1, h2, h3, h4, h5, h6, h7, r0, r1, r2, r3, f0, f1, ..] = *bytes;
        Self {
            hash: u64::from_le_bytes([h0, h1, h2, h3, h4, h5, h6, h7]),
            row: u32::from_le_bytes([r0, r1, r2, r3]),
            file: u16::from_le_bytes([f0, f1]),
        }
    }
}

/// Keys in the order of their hashes, in a temporary file.
#[derive(Debug)]
struct Run {
    file: File,
    keys: u64,
    /// The first hash of each block.
    blocks: Vec<u64>,
    filter: Option<BloomFilter>,
}

impl Run {
    fn write(limits: Limits, keys: u64, sorted: impl Iterator<Item = io::Result<Key>>) -> io::Result<Self> {
        let file = tempfile::tempfile()?;
        let expected = usize::try_from(keys).unwrap_or(usize::MAX);
        let mut filter = (keys <= limits.filtered).then(|| BloomFilter::with_false_pos(WRONGLY).seed(&0).expected_items(expected));
        let mut blocks = Vec::with_capacity(expected.div_ceil(BLOCK));
        let mut out = BufWriter::with_capacity(1 << 16, &file);
        for (at, key) in sorted.enumerate() {
            let key = key?;
            if at % BLOCK == 0 {
                blocks.push(key.hash);
            }
            if let Some(filter) = &mut filter {
                filter.insert_hash(key.hash);
            }
            out.write_all(&key.bytes())?;
        }
        out.flush()?;
        drop(out);
        Ok(Self { file, keys, blocks, filter })
    }

    fn merge(limits: Limits, runs: Vec<Self>) -> io::Result<Self> {
        let keys = runs.iter().map(|run| run.keys).sum();
        let mut readers = runs.iter().map(Reader::begin).collect::<io::Result<Vec<_>>>()?;
        let mut next: BinaryHeap<Reverse<(Key, usize)>> = BinaryHeap::new();
        for (at, reader) in readers.iter_mut().enumerate() {
            next.extend(reader.next()?.map(|key| Reverse((key, at))));
        }
        let sorted = std::iter::from_fn(|| {
            let Reverse((key, at)) = next.pop()?;
            match readers[at].next() {
                Ok(following) => next.extend(following.map(|key| Reverse((key, at)))),
                Err(e) => return Some(Err(e)),
            }
            Some(Ok(key))
        });
        Self::write(limits, keys, sorted)
    }

    fn find(&mut self, hash: u64) -> io::Result<Option<Earlier>> {
        if self.filter.as_ref().is_some_and(|filter| !filter.contains_hash(hash)) {
            return Ok(None);
        }
        let Some(block) = self.blocks.partition_point(|first| *first <= hash).checked_sub(1) else {
            return Ok(None);
        };
        let mut bytes = [0; BLOCK * ENTRY];
        let from = (block * BLOCK * ENTRY) as u64;
        let length = usize::try_from(self.keys * ENTRY as u64 - from).unwrap_or(usize::MAX).min(bytes.len());
        self.file.seek(SeekFrom::Start(from))?;
        self.file.read_exact(&mut bytes[..length])?;
        let entries = bytes[..length].as_chunks::<ENTRY>().0;
        let found = entries.binary_search_by_key(&hash, |entry| Key::of(entry).hash).ok().map(|at| Key::of(&entries[at]));
        Ok(found.map(|key| Earlier { file: usize::from(key.file), row: u64::from(key.row) }))
    }
}

/// Reads a run from its beginning.
struct Reader<'a> {
    from: BufReader<&'a File>,
    left: u64,
}

impl<'a> Reader<'a> {
    fn begin(run: &'a Run) -> io::Result<Self> {
        let mut file = &run.file;
        file.seek(SeekFrom::Start(0))?;
        Ok(Self { from: BufReader::with_capacity(1 << 16, file), left: run.keys })
    }

    fn next(&mut self) -> io::Result<Option<Key>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let mut bytes = [0; ENTRY];
        self.from.read_exact(&mut bytes)?;
        Ok(Some(Key::of(&bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_young_and_old_keys_with_their_places() {
        let hash = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // Three tiers, of which the last has no filter, and last blocks that are not full.
        let limits = Limits { young: 1_000, filtered: 5_000 };
        let mut seen = KeyIndex { limits, ..KeyIndex::default() };
        let rows = 40_010;
        for n in 0..rows {
            assert_eq!(seen.note(hash(n), 3, n).unwrap(), None);
        }
        let filters = |tier: &Vec<Run>| tier.iter().map(|run| run.filter.is_some()).collect::<Vec<_>>();
        let found: Vec<Vec<bool>> = seen.tiers.iter().map(filters).collect();
        assert_eq!((seen.young.len(), found), (10, vec![vec![], vec![true; 2], vec![false; 2]]));
        for n in 0..rows {
            assert_eq!(seen.note(hash(n), 4, 99).unwrap(), Some(Earlier { file: 3, row: n }));
        }
        assert!(seen.has(hash(0)).unwrap() && seen.has(hash(rows - 1)).unwrap() && !seen.has(hash(rows)).unwrap());
        assert_eq!(seen.note(hash(rows), 4, 99).unwrap(), None);
    }
}
