//! What a workspace file may hold: the tables and indexes that Steward makes, word for word. A file may come from anybody, and
//! SQL that is in its schema would run when the file is used; so anything else in it is refused by name, before anything
//! is written.

use rusqlite::Connection;
use steward_store::{StoreError, StoreErrorKind, StoreResult};

use crate::errors::map;
use crate::{catalog, file};

/// One row of the schema.
#[derive(Debug, PartialEq, Eq)]
struct Object {
    kind: String,
    name: String,
    table: String,
    sql: String,
}

/// Versions up to this one had triggers of Steward's own. They are off, and are dropped when the file is upgraded.
const LAST_WITH_TRIGGERS: i32 = 3;

/// Refuses a file whose schema holds what Steward did not make. `version` is the file's.
pub fn check(connection: &Connection, version: i32, shown_as: &str) -> StoreResult<()> {
    let known = fixed(version)?;
    let mut statement = connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema").map_err(map)?;
    let rows = statement.query_map([], object).map_err(map)?;
    for row in rows {
        let object = row.map_err(map)?;
        let ours =
            known.contains(&object) || is_of_sqlite(&object) || is_of_collection(&object, version) || is_old_trigger(&object, version);
        if !ours {
            return Err(StoreError::new(
                StoreErrorKind::Invalid,
                format!(
                    "{shown_as} holds a {} that Steward did not make: {}. None of it was run, and the file is not opened. Ask the sender, or import the records from an export.",
                    shown(&object.kind),
                    shown(&object.name)
                ),
            ));
        }
    }
    Ok(())
}

fn object(row: &rusqlite::Row<'_>) -> rusqlite::Result<Object> {
    let text = |at: usize| row.get_ref(at).map(|value| value.as_str().unwrap_or_default().to_owned());
    Ok(Object { kind: text(0)?, name: text(1)?, table: text(2)?, sql: plain(&text(3)?) })
}

/// Without the line breaks that the program text had when it was written.
fn plain(sql: &str) -> String {
    sql.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name from a foreign file, fit to be shown.
fn shown(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_debug).collect()
}

/// What the steps up to a version make.
fn fixed(version: i32) -> StoreResult<Vec<Object>> {
    let made = Connection::open_in_memory().map_err(map)?;
    for step in file::MIGRATIONS.iter().take(usize::try_from(version).unwrap_or(0)) {
        step(&made).map_err(map)?;
    }
    let mut statement = made.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema").map_err(map)?;
    let rows = statement.query_map([], object).map_err(map)?;
    rows.collect::<Result<_, _>>().map_err(map)
}

/// What SQLite makes by itself.
fn is_of_sqlite(object: &Object) -> bool {
    match object.kind.as_str() {
        "index" => object.sql.is_empty() && object.name.starts_with("sqlite_autoindex_"),
        "table" => [
            ("sqlite_sequence", "CREATE TABLE sqlite_sequence(name,seq)"),
            ("sqlite_stat1", "CREATE TABLE sqlite_stat1(tbl,idx,stat)"),
            ("sqlite_stat4", "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)"),
        ]
        .contains(&(object.name.as_str(), object.sql.as_str())),
        _ => false,
    }
}

/// `c12` and what follows it: the table of a collection.
fn table_of(name: &str) -> Option<(&str, &str)> {
    let digits = name.strip_prefix('c')?.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0).then(|| name.split_at(digits + 1))
}

/// A collection's table, one of its indexes, or its text index.
fn is_of_collection(object: &Object, version: i32) -> bool {
    let Some((table, rest)) = table_of(&object.name) else { return false };
    let on_table = object.table == table;
    match (object.kind.as_str(), rest) {
        ("table", "") => on_table && object.sql == plain(&catalog::table_sql(table, version)),
        ("index", "_id") => on_table && object.sql == plain(&catalog::id_index_sql(table)),
        ("index", rest) => on_table && rest.starts_with("_x_") && is_index_of_fields(&object.sql, &object.name, table),
        ("table", "_fts") => object.sql == plain(&catalog::text_table_sql(&object.name)),
        ("table", rest) => is_shadow(table, rest, &object.sql),
        _ => false,
    }
}

/// The tables that FTS5 makes for a text index.
fn is_shadow(table: &str, rest: &str, sql: &str) -> bool {
    let columns = match rest {
        "_fts_data" => "(id INTEGER PRIMARY KEY, block BLOB)",
        "_fts_idx" => "(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID",
        "_fts_docsize" => "(id INTEGER PRIMARY KEY, sz BLOB, origin INTEGER)",
        "_fts_config" => "(k PRIMARY KEY, v) WITHOUT ROWID",
        _ => return false,
    };
    sql == format!("CREATE TABLE '{table}{rest}'{columns}")
}

/// `CREATE INDEX "c1_x_name" ON c1 (steward_ord(doc, 'field'), …)`, and nothing behind it.
fn is_index_of_fields(sql: &str, name: &str, table: &str) -> bool {
    let quoted = plain(&steward_sqlite_guard::name(name));
    let begin = |unique: &str| format!("CREATE {unique}INDEX {quoted} ON {table} (");
    let Some(mut rest) = sql.strip_prefix(&begin("")).or_else(|| sql.strip_prefix(&begin("UNIQUE "))) else { return false };
    loop {
        let Some(after) = rest.strip_prefix("steward_ord(doc, '").and_then(behind_literal) else { return false };
        match (after.strip_prefix("), "), after) {
            (_, "))") => return true,
            (Some(next), _) => rest = next,
            (None, _) => return false,
        }
    }
}

/// What follows a text literal whose opening quote was read.
fn behind_literal(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = &rest[rest.find('\'')? + 1..];
        match rest.strip_prefix('\'') {
            Some(doubled) => rest = doubled,
            None => return Some(rest),
        }
    }
}

fn is_old_trigger(object: &Object, version: i32) -> bool {
    const OURS: [&str; 6] = ["_feed_i", "_feed_u", "_feed_d", "_fts_i", "_fts_u", "_fts_d"];
    version <= LAST_WITH_TRIGGERS
        && object.kind == "trigger"
        && table_of(&object.name).is_some_and(|(table, rest)| object.table == table && OURS.contains(&rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_over_fields_and_nothing_else() {
        let is = |sql: &str| is_index_of_fields(sql, "c1_x_a", "c1");
        assert!(is("CREATE INDEX \"c1_x_a\" ON c1 (steward_ord(doc, 'a'))"));
        assert!(is("CREATE UNIQUE INDEX \"c1_x_a\" ON c1 (steward_ord(doc, 'it''s'), steward_ord(doc, 'b'))"));
        assert!(!is("CREATE INDEX \"c1_x_a\" ON c1 (steward_ord(doc, 'a')) WHERE load_extension('x')"));
        assert!(!is("CREATE INDEX \"c1_x_a\" ON c1 (steward_ord(doc, 'a'), zeroblob(9))"));
        assert!(!is("CREATE INDEX \"c1_x_a\" ON c1 (steward_ord(doc, 'a' || randomblob(9)))"));
        assert!(!is("CREATE INDEX \"c1_x_b\" ON c1 (steward_ord(doc, 'a'))"));
    }

    #[test]
    fn names_are_shown_without_codes() {
        assert_eq!(shown("a\u{1b}]52;c\u{7}"), "a\\u{1b}]52;c\\u{7}");
    }
}
