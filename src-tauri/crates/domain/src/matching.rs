//! The reference meaning of a filter, over BSON bytes. The file workspace runs it inside SQLite on what its indexes
//! leave over; the conformance suite holds MongoDB's translation against it.

use std::borrow::Cow;

use bson::{Bson, RawBsonRef, RawDocument};

use crate::filter::{Comparison, Filter, TypeName};
use crate::order;
use crate::path::FieldPath;

/// A filter made ready: expressions compiled, values encoded.
#[derive(Debug)]
pub struct Matcher(Node);

/// A regular expression that cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{pattern}' is not a valid regular expression: {reason}")]
pub struct BadPattern {
    pub pattern: String,
    pub reason: String,
}

#[derive(Debug)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Field(Vec<String>, Test),
    /// A text search: adapters serve it from their index and hand over the rest.
    Served,
}

#[derive(Debug)]
enum Test {
    Compare(Comparison, Encoded),
    In(Vec<Encoded>),
    Exists(bool),
    IsNull,
    Blank,
    Regex(regex::Regex),
    IsType(TypeName),
}

/// A value as its ordering key; null also stands for a missing field.
#[derive(Debug)]
struct Encoded {
    key: Vec<u8>,
    null: bool,
}

impl Encoded {
    fn new(value: &Bson) -> Self {
        Self { key: order::key_of(value), null: matches!(value, Bson::Null | Bson::Undefined) }
    }
}

impl Matcher {
    pub fn new(filter: &Filter) -> Result<Self, BadPattern> {
        compile(filter).map(Self)
    }

    pub fn matches(&self, doc: &RawDocument) -> bool {
        node_matches(&self.0, doc)
    }
}

/// The pattern text of a regular expression, substring or prefix test, as both stores run it.
pub fn pattern_of(filter: &Filter) -> Option<(String, bool)> {
    match filter {
        Filter::Regex { pattern, ignore_case, .. } => Some((pattern.clone(), *ignore_case)),
        Filter::Contains { text, ignore_case, .. } => Some((escape(text), *ignore_case)),
        Filter::StartsWith { text, ignore_case, .. } => Some((format!("^{}", escape(text)), *ignore_case)),
        _ => None,
    }
}

/// Escapes what is special in Rust's and in PCRE's expressions.
fn escape(text: &str) -> String {
    regex::escape(text)
}

fn compile(filter: &Filter) -> Result<Node, BadPattern> {
    let field = |path: &FieldPath, test: Test| Node::Field(path.segments().map(Cow::into_owned).collect(), test);
    let list = |filters: &[Filter]| filters.iter().map(compile).collect::<Result<Vec<_>, _>>();
    Ok(match filter {
        Filter::And { all } => Node::All(list(all)?),
        Filter::Or { any } => Node::Any(list(any)?),
        Filter::Not { not } => Node::Not(Box::new(compile(not)?)),
        Filter::Text { .. } => Node::Served,
        Filter::Compare { field: path, cmp, value } => field(path, Test::Compare(*cmp, Encoded::new(&value.0))),
        Filter::In { field: path, values } => field(path, Test::In(values.iter().map(|v| Encoded::new(&v.0)).collect())),
        Filter::Exists { field: path, exists } => field(path, Test::Exists(*exists)),
        Filter::IsNull { field: path } => field(path, Test::IsNull),
        Filter::Blank { field: path } => field(path, Test::Blank),
        Filter::IsType { field: path, of } => field(path, Test::IsType(*of)),
        Filter::Regex { field: path, .. } | Filter::Contains { field: path, .. } | Filter::StartsWith { field: path, .. } => {
            let (pattern, ignore_case) = pattern_of(filter).unwrap_or_default();
            field(path, Test::Regex(build_regex(&pattern, ignore_case)?))
        }
    })
}

/// Compiles with a bound on the automaton, so that a hostile pattern is an error and not a hang.
pub fn build_regex(pattern: &str, ignore_case: bool) -> Result<regex::Regex, BadPattern> {
    regex::RegexBuilder::new(pattern).case_insensitive(ignore_case).size_limit(1 << 20).build().map_err(|e| BadPattern {
        pattern: pattern.to_owned(),
        reason: e.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
    })
}

fn node_matches(node: &Node, doc: &RawDocument) -> bool {
    match node {
        Node::All(nodes) => nodes.iter().all(|n| node_matches(n, doc)),
        Node::Any(nodes) => nodes.iter().any(|n| node_matches(n, doc)),
        Node::Not(inner) => !node_matches(inner, doc),
        Node::Served => true,
        Node::Field(path, test) => field_matches(path, test, doc),
    }
}

fn field_matches(path: &[String], test: &Test, doc: &RawDocument) -> bool {
    match test {
        Test::Exists(wanted) => any_value(doc, path, &mut |_| true) == *wanted,
        Test::Blank => is_blank(doc, path),
        Test::Compare(Comparison::Ne, value) => !equals(doc, path, value),
        Test::Compare(Comparison::Eq, value) => equals(doc, path, value),
        Test::Compare(cmp, value) => any_item(doc, path, &mut |v| compares(v, *cmp, value)),
        Test::In(values) => values.iter().any(|value| equals(doc, path, value)),
        Test::IsNull => any_item(doc, path, &mut |v| matches!(v, RawBsonRef::Null | RawBsonRef::Undefined)),
        Test::Regex(regex) => any_item(doc, path, &mut |v| match v {
            RawBsonRef::String(s) | RawBsonRef::Symbol(s) => regex.is_match(s),
            _ => false,
        }),
        Test::IsType(of) => any_item_or_list(doc, path, &mut |v| is_type(v, *of)),
    }
}

fn equals(doc: &RawDocument, path: &[String], value: &Encoded) -> bool {
    let found = any_item_or_list(doc, path, &mut |v| order::key(Some(v)) == value.key);
    found || (value.null && !any_value(doc, path, &mut |_| true))
}

fn compares(v: RawBsonRef<'_>, cmp: Comparison, value: &Encoded) -> bool {
    if value.key.first() != Some(&order::bracket(v)) {
        return false;
    }
    let ordering = order::key(Some(v)).cmp(&value.key);
    match cmp {
        Comparison::Gt => ordering.is_gt(),
        Comparison::Gte => ordering.is_ge(),
        Comparison::Lt => ordering.is_lt(),
        Comparison::Lte => ordering.is_le(),
        Comparison::Eq => ordering.is_eq(),
        Comparison::Ne => ordering.is_ne(),
    }
}

fn is_blank(doc: &RawDocument, path: &[String]) -> bool {
    let mut found = false;
    let mut blank = true;
    any_value(doc, path, &mut |v| {
        found = true;
        let empty = match v {
            RawBsonRef::Null | RawBsonRef::Undefined => true,
            RawBsonRef::String(s) => s.trim().is_empty(),
            RawBsonRef::Array(items) => items.into_iter().next().is_none(),
            RawBsonRef::Document(inner) => inner.iter().next().is_none(),
            _ => false,
        };
        blank &= empty;
        false
    });
    !found || blank
}

fn is_type(v: RawBsonRef<'_>, of: TypeName) -> bool {
    matches!(
        (of, v),
        (TypeName::String, RawBsonRef::String(_))
            | (TypeName::Number, RawBsonRef::Int32(_) | RawBsonRef::Int64(_) | RawBsonRef::Double(_) | RawBsonRef::Decimal128(_))
            | (TypeName::Bool, RawBsonRef::Boolean(_))
            | (TypeName::Date, RawBsonRef::DateTime(_))
            | (TypeName::ObjectId, RawBsonRef::ObjectId(_))
            | (TypeName::Array, RawBsonRef::Array(_))
            | (TypeName::Object, RawBsonRef::Document(_))
            | (TypeName::Binary, RawBsonRef::Binary(_))
            | (TypeName::Null, RawBsonRef::Null)
    )
}

/// Visits the values at a path; lists on the way are entered, element by element and by index.
fn any_value(doc: &RawDocument, path: &[String], test: &mut dyn FnMut(RawBsonRef<'_>) -> bool) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return false;
    };
    match doc.get(first) {
        Ok(Some(value)) => descend(value, rest, test),
        _ => false,
    }
}

fn descend(value: RawBsonRef<'_>, path: &[String], test: &mut dyn FnMut(RawBsonRef<'_>) -> bool) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return test(value);
    };
    match value {
        RawBsonRef::Document(doc) => any_value(doc, path, test),
        RawBsonRef::Array(items) => {
            let index = first.parse::<usize>().ok();
            for (i, item) in items.into_iter().flatten().enumerate() {
                if Some(i) == index && descend(item, rest, test) {
                    return true;
                }
                if let RawBsonRef::Document(doc) = item
                    && any_value(doc, path, test)
                {
                    return true;
                }
            }
            false
        }
        _ => false,
    }
}

/// Visits values, and the elements of a list in its place.
fn any_item(doc: &RawDocument, path: &[String], test: &mut dyn FnMut(RawBsonRef<'_>) -> bool) -> bool {
    any_value(doc, path, &mut |v| match v {
        RawBsonRef::Array(items) => items.into_iter().flatten().any(&mut *test),
        other => test(other),
    })
}

/// Visits values; for a list its elements and itself.
fn any_item_or_list(doc: &RawDocument, path: &[String], test: &mut dyn FnMut(RawBsonRef<'_>) -> bool) -> bool {
    any_value(doc, path, &mut |v| {
        let inside = match v {
            RawBsonRef::Array(items) => items.into_iter().flatten().any(&mut *test),
            _ => false,
        };
        inside || test(v)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::{RawDocumentBuf, doc};

    fn hits(filter: &Filter, doc: bson::Document) -> bool {
        Matcher::new(filter).unwrap().matches(&RawDocumentBuf::try_from(&doc).unwrap())
    }

    #[test]
    fn lists_match_by_element_and_comparisons_stay_in_their_bracket() {
        assert!(hits(&Filter::eq("a", 2), doc! {"a": [1, 2]}));
        assert!(hits(&Filter::eq("a.b", 2), doc! {"a": [{"b": 1}, {"b": 2}]}));
        assert!(!hits(&Filter::eq("a", "2"), doc! {"a": 2}));
        let above = Filter::Compare { field: "a".into(), cmp: Comparison::Gt, value: Bson::Int32(1).into() };
        assert!(hits(&above, doc! {"a": 1.5}));
        assert!(!hits(&above, doc! {"a": "9"}));
        assert!(!hits(&above, doc! {}));
    }

    #[test]
    fn missing_null_and_blank_differ() {
        let null = Filter::IsNull { field: "a".into() };
        assert!(hits(&null, doc! {"a": null}) && !hits(&null, doc! {}));
        assert!(hits(&Filter::eq("a", Bson::Null), doc! {}));
        let blank = Filter::Blank { field: "a".into() };
        assert!(hits(&blank, doc! {"a": "  "}) && hits(&blank, doc! {"a": []}) && hits(&blank, doc! {}));
        assert!(!hits(&blank, doc! {"a": 0}));
    }

    #[test]
    fn literal_text_is_escaped() {
        let has = Filter::Contains { field: "a".into(), text: "C++ (x".into(), ignore_case: true };
        assert!(hits(&has, doc! {"a": "modern c++ (X)"}));
        assert!(Matcher::new(&Filter::Regex { field: "a".into(), pattern: "(".into(), ignore_case: false }).is_err());
    }
}
