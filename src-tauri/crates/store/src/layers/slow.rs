//! Operations that took long, gathered by what they asked for: fields and operators, never values.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use steward_domain::Filter;

use crate::Query;

/// Different slow operations that are kept; the one that was last seen longest ago makes room.
const KEPT: usize = 200;

/// What an operation was, without values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shape {
    pub operation: &'static str,
    pub collection: String,
    /// `average_salary gt, education_level in; sorted by title`; empty where nothing was asked for.
    pub asked: String,
}

/// Operations of one shape that took long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlowOp {
    pub shape: Shape,
    pub count: u64,
    pub total: Duration,
    pub longest: Duration,
    pub last_at: SystemTime,
}

#[derive(Debug, Default)]
pub(super) struct SlowOps(Mutex<HashMap<Shape, SlowOp>>);

impl SlowOps {
    pub(super) fn note(&self, shape: Shape, took: Duration) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT && !kept.contains_key(&shape) {
            let oldest = kept.values().min_by_key(|op| op.last_at).map(|op| op.shape.clone());
            oldest.and_then(|shape| kept.remove(&shape));
        }
        let now = SystemTime::now();
        let op = kept.entry(shape.clone()).or_insert(SlowOp { shape, count: 0, total: Duration::ZERO, longest: took, last_at: now });
        op.count += 1;
        op.total += took;
        op.longest = op.longest.max(took);
        op.last_at = now;
    }

    /// Longest first.
    pub(super) fn list(&self) -> Vec<SlowOp> {
        let mut list: Vec<SlowOp> = self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        list.sort_by(|a, b| b.longest.cmp(&a.longest).then_with(|| a.shape.collection.cmp(&b.shape.collection)));
        list
    }

    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A page's filter and order.
pub(super) fn of_query(query: &Query) -> String {
    let filter = of_filter(&query.filter);
    match &query.sort {
        None => filter,
        Some(by) => {
            let gap = if filter.is_empty() { "" } else { "; " };
            let way = if by.descending { " descending" } else { "" };
            format!("{filter}{gap}sorted by {}{way}", by.field)
        }
    }
}

/// Fields and operators of a filter.
pub(super) fn of_filter(filter: &Filter) -> String {
    let many = |list: &[Filter], word: &str| {
        let parts: Vec<String> = list.iter().map(of_filter).filter(|p| !p.is_empty()).collect();
        parts.join(word)
    };
    match filter {
        Filter::And { all } => many(all, ", "),
        Filter::Or { any } => format!("({})", many(any, " or ")),
        Filter::Not { not } => format!("not ({})", of_filter(not)),
        Filter::Text { .. } => "words".to_owned(),
        Filter::Compare { field, cmp, .. } => format!("{field} {}", format!("{cmp:?}").to_lowercase()),
        Filter::In { field, .. } => format!("{field} in"),
        Filter::Exists { field, .. } => format!("{field} exists"),
        Filter::IsNull { field } => format!("{field} null"),
        Filter::Blank { field } => format!("{field} blank"),
        Filter::Regex { field, .. } => format!("{field} regex"),
        Filter::Contains { field, .. } => format!("{field} contains"),
        Filter::StartsWith { field, .. } => format!("{field} starts with"),
        Filter::IsType { field, .. } => format!("{field} type"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_tells_no_value() {
        let filter = Filter::eq("title", "Secret").and(Filter::Contains { field: "notes".into(), text: "hush".into(), ignore_case: false });
        let shape = of_query(&Query::new(filter, 10).sorted("salary", true));
        assert_eq!(shape, "title eq, notes contains; sorted by salary descending");
        assert_eq!(of_query(&Query::new(Filter::all(), 10)), "");
    }

    #[test]
    fn operations_of_one_shape_are_counted_together_and_the_oldest_make_room() {
        let slow = SlowOps::default();
        let shape = |asked: &str| Shape { operation: "find", collection: "c".into(), asked: asked.into() };
        slow.note(shape("a"), Duration::from_secs(2));
        slow.note(shape("a"), Duration::from_secs(4));
        let list = slow.list();
        assert_eq!((list.len(), list[0].count, list[0].longest, list[0].total), (1, 2, Duration::from_secs(4), Duration::from_secs(6)));
        for i in 0..KEPT {
            slow.note(shape(&i.to_string()), Duration::from_secs(1));
        }
        assert_eq!(slow.list().len(), KEPT);
        assert!(slow.list().iter().all(|op| op.shape.asked != "a"));
    }
}
