//! Recognising what a file holds from the fields of its first records.

use std::collections::HashMap;

use serde_json::Value as Json;

use crate::pack::PackId;
use crate::registry::Registry;

/// A pack that may fit, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Detected {
    pub id: PackId,
    /// 0 to 1: two thirds from the required fields, one third from the supporting ones.
    pub confidence: f64,
    pub reason: String,
}

/// Packs that fit the sample records, best first; only the newest version of each pack.
pub fn detect(registry: &Registry, records: &[Json]) -> Vec<Detected> {
    if records.is_empty() {
        return Vec::new();
    }
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for record in records {
        for field in record.as_object().into_iter().flat_map(|o| o.keys()) {
            *seen.entry(field).or_default() += 1;
        }
    }
    let alike: HashMap<String, &str> = seen.keys().map(|field| (folded(field), *field)).collect();
    let there = |field: &str| seen.get_key_value(field).map(|(name, _)| *name).or_else(|| alike.get(&folded(field)).copied());
    // A column that is merely written otherwise counts for a little less.
    let share = |field: &str| {
        let found = there(field)?;
        let weight = if found == field { 1.0 } else { 0.9 };
        Some(weight * seen.get(found).copied().unwrap_or(0) as f64 / records.len() as f64)
    };
    let share = |field: &str| share(field).unwrap_or(0.0);
    let mut out = Vec::new();
    for pack in registry.all() {
        let newest = registry.get(&pack.id.name).is_ok_and(|p| p.id == pack.id);
        let wanted = &pack.steward.detect.required;
        if !newest || wanted.is_empty() {
            continue;
        }
        let required = wanted.iter().map(|f| share(f)).sum::<f64>() / wanted.len() as f64;
        let supporting = &pack.steward.detect.supporting;
        let supported = supporting.iter().map(|f| share(f)).sum::<f64>() / supporting.len().max(1) as f64;
        let confidence = required * 2.0 / 3.0 + supported / 3.0;
        if required >= 0.5 && confidence >= 0.4 {
            let found: Vec<&str> = wanted.iter().chain(supporting).map(String::as_str).filter(|f| there(f).is_some()).collect();
            let reason =
                format!("{} of its {} typical fields are there: {}.", found.len(), wanted.len() + supporting.len(), found.join(", "));
            out.push(Detected { id: pack.id.clone(), confidence, reason });
        }
    }
    out.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    out
}

/// Without case, spaces, `_` and `-`.
fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn careers_are_recognised_and_strangers_are_not() {
        let registry = Registry::builtin().unwrap();
        let records: Vec<Json> = serde_json::from_slice(crate::sample("careers", "production_career_data.json").unwrap()).unwrap();
        let found = detect(&registry, &records[..20]);
        assert_eq!(found[0].id.name, "careers");
        assert!(found[0].confidence > 0.95);
        assert_eq!(detect(&registry, &[serde_json::json!({"name": "x", "price": 3})]), []);
    }

    /// Every pack's own examples are recognised as that pack's, without a tie.
    #[test]
    fn examples_are_recognised() {
        let registry = Registry::builtin().unwrap();
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../schemas");
        for pack in registry.all() {
            for file in std::fs::read_dir(root.join(&pack.id.name).join("examples/valid")).unwrap() {
                let path = file.unwrap().path();
                let record: Json = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
                let found = detect(&registry, &[record]);
                assert_eq!(found[0].id.name, pack.id.name, "{}", path.display());
                assert!(found.get(1).is_none_or(|second| found[0].confidence - second.confidence > 0.05), "{}: {found:?}", path.display());
            }
        }
    }

    #[test]
    fn headings_written_by_people_are_recognised() {
        let row =
            serde_json::json!({"Session ID": "x", "Participant Email": "y", "Started At": "z", "CEFR Level": "B1", "Language": "Greek"});
        let found = detect(&Registry::builtin().unwrap(), &[row]);
        assert_eq!(found[0].id.name, "kintell.language_session");
        assert!(found[0].confidence < 0.9);
    }
}
