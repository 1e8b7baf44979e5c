//! Short texts that were looked at before: columns often hold the same few again and again.

use std::collections::HashMap;
use std::sync::Arc;

use steward_domain::Violation;

/// Longer texts are not remembered.
const LONGEST: usize = 48;
/// Places for texts; each text has one, and a later text takes it from an earlier one.
const PLACES: usize = 512;
/// After so many questions it is clear whether remembering is worth while.
const TRIED: u32 = 8192;

/// Remembers texts that are fine.
#[derive(Debug, Default)]
pub struct ValueCache {
    texts: Vec<(u8, [u8; LONGEST])>,
    asked: u32,
    known: u32,
}

impl Clone for ValueCache {
    /// Another thread begins without memories.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl ValueCache {
    /// Whether a text is fine: remembered, or looked at now.
    pub fn fine(&mut self, text: &str, look: impl FnOnce() -> bool) -> bool {
        let bytes = text.as_bytes();
        if bytes.len() > LONGEST || self.asked == TRIED && self.known < TRIED / 4 {
            return look();
        }
        if self.texts.is_empty() {
            self.texts.resize(PLACES, (u8::MAX, [0; LONGEST]));
        }
        let at = (steward_workspace::hash(bytes) % PLACES as u64) as usize;
        let (length, known) = &self.texts[at];
        let known = usize::from(*length) == bytes.len() && known[..bytes.len()] == *bytes;
        if self.asked < TRIED {
            self.asked += 1;
            self.known += u32::from(known);
        }
        if known {
            return true;
        }
        let fine = look();
        if fine {
            let (length, place) = &mut self.texts[at];
            *length = bytes.len() as u8;
            place[..bytes.len()].copy_from_slice(bytes);
        }
        fine
    }
}

/// Wrong values remembered of a place.
const WRONGS: usize = 256;

/// Remembers what is wrong with short texts, by place: the same wrong value often is in many rows.
#[derive(Debug, Default)]
pub struct ViolationCache(HashMap<usize, Known>);

/// What is wrong with the texts of one place.
type Known = HashMap<Box<str>, Arc<[Violation]>>;

impl Clone for ViolationCache {
    /// Another thread begins without memories.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl ViolationCache {
    /// The rules that a text breaks: remembered, or looked at now.
    pub fn of(&mut self, place: usize, text: &str, look: impl FnOnce() -> Option<Vec<Violation>>) -> Option<Arc<[Violation]>> {
        if text.len() > LONGEST {
            return look().map(Arc::from);
        }
        let known = self.0.entry(place).or_default();
        if let Some(found) = known.get(text) {
            return Some(Arc::clone(found));
        }
        let found: Arc<[Violation]> = look()?.into();
        if known.len() < WRONGS {
            known.insert(text.into(), Arc::clone(&found));
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_fine_is_remembered() {
        let mut cache = ValueCache::default();
        assert!(!cache.fine("a", || false) && cache.fine("a", || true) && cache.fine("a", || panic!("a is known")));
        assert!(cache.fine("", || true) && cache.fine("", || panic!("the empty text is known")));
        let long = "x".repeat(LONGEST + 1);
        assert!(cache.fine(&long, || true) && !cache.fine(&long, || false));
    }

    #[test]
    fn texts_that_differ_are_reported_apart_whatever_their_places() {
        let mut cache = ValueCache::default();
        for n in 0..20_000 {
            let text = (n % 3000).to_string();
            assert_eq!(cache.fine(&text, || n % 2 == 0), n % 2 == 0, "{n}");
        }
    }

    #[test]
    fn wrong_values_are_looked_at_once_for_each_place() {
        let mut violations = ViolationCache::default();
        let broken = |rule: &str| Violation { pointer: "/a".into(), rule: rule.into(), message: "no".into(), value: None };
        let rules = |found: Option<Arc<[Violation]>>| found.map(|all| all.iter().map(|v| v.rule.clone()).collect::<Vec<_>>());
        assert_eq!(rules(violations.of(0, "soon", || Some(vec![broken("type")]))), Some(vec!["type".into()]));
        assert_eq!(rules(violations.of(0, "soon", || panic!("it is known"))), Some(vec!["type".into()]));
        assert_eq!(rules(violations.of(1, "soon", || Some(vec![broken("enum")]))), Some(vec!["enum".into()]));
        assert_eq!(violations.of(2, "soon", || None), None, "what cannot be reported is asked again");
        assert_eq!(rules(violations.of(2, "soon", || Some(Vec::new()))), Some(Vec::new()));
        for n in 0..2 * WRONGS {
            assert_eq!(violations.of(3, &n.to_string(), || Some(vec![broken(&n.to_string())])).unwrap()[0].rule, n.to_string());
        }
    }
}
