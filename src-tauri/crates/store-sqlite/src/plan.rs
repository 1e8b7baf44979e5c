//! From a filter to SQL: what the indexes can serve becomes comparisons of ordering keys, the rest is left to
//! `steward_match`, which runs on the rows that remain.

use bson::Bson;
use rusqlite::types::Value as Sql;
use steward_domain::filter::Comparison;
use steward_domain::{FieldPath, Filter, order};
use steward_sqlite_guard::literal;
use steward_store::{StoreError, StoreResult};

use crate::catalog::Collection;
use crate::search;

/// A WHERE clause with its parameters.
#[derive(Debug, Clone, Default)]
pub struct Where {
    /// Conditions that an index serves.
    pub indexed: Vec<(String, Vec<Sql>)>,
    /// Row ids that a search found, one condition a term.
    pub found: Vec<(String, Vec<Sql>)>,
    /// What is left, as JSON for `steward_match`.
    pub rest: Option<String>,
}

impl Where {
    /// Nothing to narrow down.
    pub fn is_all(&self) -> bool {
        self.indexed.is_empty() && self.found.is_empty() && self.rest.is_none()
    }

    /// An index narrows it down.
    pub fn is_indexed(&self) -> bool {
        !self.indexed.is_empty() || !self.found.is_empty()
    }

    /// The clause without `WHERE`. With `hide_indexes` the planner of SQLite cannot use the indexes for it.
    pub fn sql(&self, hide_indexes: bool) -> (String, Vec<Sql>) {
        let mut parts = Vec::new();
        let mut values = Vec::new();
        for (condition, parameters) in &self.indexed {
            parts.push(if hide_indexes { condition.replace("steward_ord(", "+steward_ord(") } else { condition.clone() });
            values.extend(parameters.iter().cloned());
        }
        for (condition, parameters) in &self.found {
            parts.push(if hide_indexes { format!("+{condition}") } else { condition.clone() });
            values.extend(parameters.iter().cloned());
        }
        if let Some(rest) = &self.rest {
            parts.push("steward_match(doc, ?)".to_owned());
            values.push(Sql::Text(rest.clone()));
        }
        if parts.is_empty() {
            parts.push("1".to_owned());
        }
        (parts.join(" AND "), values)
    }
}

/// Plans a filter for a collection.
pub fn plan(filter: &Filter, collection: &Collection) -> StoreResult<Where> {
    if filter.has_nested_text() {
        return Err(StoreError::unsupported("a text search below 'or' or 'not'"));
    }
    // A bad pattern is refused here, once, and not by every row.
    steward_domain::matching::Matcher::new(filter)?;
    let (text, rest) = filter.split_text();
    let mut out = Where::default();
    if let Some(text) = text {
        out.found = search::conditions(&text, collection)?;
    }
    let terms = match rest {
        Filter::And { all } => all,
        one => vec![one],
    };
    let mut left = Vec::new();
    for term in terms {
        match serve(&term, collection) {
            Some((condition, values, exact)) => {
                out.indexed.push((condition, values));
                if !exact {
                    left.push(term);
                }
            }
            None => left.push(term),
        }
    }
    if !left.is_empty() {
        let rest = Filter::And { all: left };
        out.rest = Some(serde_json::to_string(&rest).map_err(|e| StoreError::invalid("This filter cannot be written.").details(e))?);
    }
    Ok(out)
}

/// SQL of the ordering key of a field, exactly as its index is written.
pub fn ord(field: &str) -> String {
    format!("steward_ord(doc, {})", literal(field))
}

/// A condition that an index serves: (SQL, parameters, says all that the term says).
fn serve(term: &Filter, collection: &Collection) -> Option<(String, Vec<Sql>, bool)> {
    let usable = |field: &FieldPath| {
        let name = field.as_str();
        name == "_id" || collection.on(name).is_some_and(|i| !i.lists)
    };
    match term {
        Filter::Compare { field, cmp, value } if usable(field) => compare(&ord(field.as_str()), *cmp, &value.0),
        Filter::In { field, values } if usable(field) && !values.is_empty() && values.len() <= 1000 => {
            let marks = vec!["?"; values.len()].join(", ");
            let keys = values.iter().map(|v| Sql::Blob(order::key_of(&v.0))).collect();
            let exact = values.iter().all(|v| comparable(&v.0));
            Some((format!("{} IN ({marks})", ord(field.as_str())), keys, exact))
        }
        Filter::IsNull { field } if usable(field) => {
            Some((format!("{} = ?", ord(field.as_str())), vec![Sql::Blob(order::NULL_KEY.to_vec())], false))
        }
        _ => None,
    }
}

/// Values whose ordering key says everything about equality.
fn comparable(value: &Bson) -> bool {
    !matches!(value, Bson::Array(_) | Bson::Document(_) | Bson::Decimal128(_))
}

fn compare(ord: &str, cmp: Comparison, value: &Bson) -> Option<(String, Vec<Sql>, bool)> {
    let key = order::key_of(value);
    let bracket = *key.first()?;
    let exact = comparable(value);
    let lowest = Sql::Blob(vec![bracket]);
    let beyond = Sql::Blob(vec![bracket + 1]);
    let key = Sql::Blob(key);
    Some(match cmp {
        Comparison::Eq => (format!("{ord} = ?"), vec![key], exact),
        Comparison::Gt => (format!("({ord} > ? AND {ord} < ?)"), vec![key, beyond], exact),
        Comparison::Gte => (format!("({ord} >= ? AND {ord} < ?)"), vec![key, beyond], exact),
        Comparison::Lt => (format!("({ord} >= ? AND {ord} < ?)"), vec![lowest, key], exact),
        Comparison::Lte => (format!("({ord} >= ? AND {ord} <= ?)"), vec![lowest, key], exact),
        Comparison::Ne => return None,
    })
}
