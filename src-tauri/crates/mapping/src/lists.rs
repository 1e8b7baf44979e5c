//! Lists and objects: splitting a text, keeping items apart, flattening, and picking a value out.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use crate::slot::Slot;
use crate::steps::{FlattenStep, SplitStep};

/// The items of a text, borrowed where the text is.
pub(crate) fn split<'a>(step: &'a SplitStep, text: Cow<'a, str>) -> Vec<Slot<'a>> {
    match text {
        Cow::Borrowed(text) => parts(step, text).map(|part| Slot::Text(Cow::Borrowed(part))).collect(),
        Cow::Owned(text) => parts(step, &text).map(|part| Slot::Text(Cow::Owned(part.to_owned()))).collect(),
    }
}

fn parts<'t>(step: &'t SplitStep, text: &'t str) -> impl Iterator<Item = &'t str> {
    let trimmed = text.split(step.separator.as_str()).map(|part| if step.trim { part.trim() } else { part });
    trimmed.filter(|part| !step.drop_empty || !part.trim().is_empty())
}

/// An object of objects as one object. Lists, empty objects and Extended JSON wrappers are values.
pub(crate) fn flatten(step: &FlattenStep, object: &Map<String, Json>) -> Map<String, Json> {
    let mut out = Map::new();
    flatten_into(&step.separator, "", object, &mut out);
    out
}

fn flatten_into(separator: &str, prefix: &str, object: &Map<String, Json>, out: &mut Map<String, Json>) {
    for (key, value) in object {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}{separator}{key}") };
        match value {
            Json::Object(inner) if !inner.is_empty() && !is_wrapper(inner) => flatten_into(separator, &name, inner, out),
            other => {
                // Two ways to the same name: the later one is marked by a `+`, so that both stay.
                let mut name = name;
                while out.contains_key(&name) {
                    name.push('+');
                }
                out.insert(name, other.clone());
            }
        }
    }
}

/// `{"$date": …}` and the like: one value, whatever its form.
pub(crate) fn is_wrapper(object: &Map<String, Json>) -> bool {
    object.keys().next().is_some_and(|key| key.starts_with('$'))
}

/// The value at a path, by name in objects and by index in lists.
pub(crate) fn at<'v>(value: &'v Json, path: &[String]) -> Option<&'v Json> {
    path.iter().try_fold(value, |value, segment| match value {
        Json::Object(object) => object.get(segment),
        Json::Array(items) => items.get(segment.parse::<usize>().ok()?),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
    })
}

/// [`at`] for a value on its way through the steps.
pub(crate) fn pick<'a>(value: Cow<'a, Json>, path: &[String]) -> Slot<'a> {
    match value {
        Cow::Borrowed(value) => at(value, path).map_or(Slot::Missing, Slot::of_json),
        Cow::Owned(value) => match at(&value, path) {
            Some(Json::String(text)) => Slot::Text(Cow::Owned(text.clone())),
            Some(found) => Slot::typed(found.clone()),
            None => Slot::Missing,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn texts(step: &SplitStep, text: &str) -> Vec<String> {
        split(step, Cow::Borrowed(text)).iter().map(|s| s.as_text().unwrap().into_owned()).collect()
    }

    #[test]
    fn split_trims_and_drops_as_it_says() {
        let mut step = SplitStep { separator: ";".into(), trim: true, drop_empty: true, unique: false };
        assert_eq!(texts(&step, " a; b;; c "), ["a", "b", "c"]);
        step.trim = false;
        assert_eq!(texts(&step, " a; b; ;c"), [" a", " b", "c"]);
        step.drop_empty = false;
        assert_eq!(texts(&step, "a;;b"), ["a", "", "b"]);
    }

    #[test]
    fn flatten_keeps_every_value() {
        let object = json!({"a": {"b": 1, "c": {"d": [1]}}, "a_b": 2, "when": {"$date": "2024-01-01T00:00:00Z"}, "e": {}});
        let flat = flatten(&FlattenStep::default(), object.as_object().unwrap());
        assert_eq!(Json::Object(flat), json!({"a_b": 1, "a_c_d": [1], "a_b+": 2, "when": {"$date": "2024-01-01T00:00:00Z"}, "e": {}}));
    }

    #[test]
    fn pick_walks_objects_and_lists() {
        let value = json!({"a": [{"b": "x"}]});
        let path = ["a".to_owned(), "0".to_owned(), "b".to_owned()];
        assert_eq!(pick(Cow::Borrowed(&value), &path).as_text().unwrap(), "x");
        assert_eq!(pick(Cow::Owned(value.clone()), &path).as_text().unwrap(), "x");
        assert!(matches!(pick(Cow::Borrowed(&value), &["z".to_owned()]), Slot::Missing));
    }
}
