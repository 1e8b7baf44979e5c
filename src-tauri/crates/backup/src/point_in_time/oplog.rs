//! The operations log that `mongodump --oplog` takes along: what was changed while the dump was made. Done again, it brings all
//! collections of the dump to the point in time of its end. Source: the oplog format of MongoDB 3.6 to 8.0 (`src/mongo/db/repl`,
//! `src/mongo/db/update/document_diff_*`).

use std::collections::{BTreeSet, HashMap};

use bson::{Bson, Document};
use steward_store::{Change, CollectionKind, Definition, Delta, Step, names};
use steward_workspace::{Error, Result};

use super::series;

/// Entries that a transaction may have before its end. A server ends one at 16 MB by itself unless it is configured otherwise.
const WAITING: usize = 1_000_000;

/// Reads entries in their order; a transaction is handed over when it is committed.
pub struct Oplog {
    database: String,
    number: i64,
    transactions: HashMap<Vec<u8>, Vec<Document>>,
    /// What cannot be done again, as sentences.
    pub notes: BTreeSet<String>,
}

fn unreadable(what: &str) -> Error {
    Error::BadRequest(format!("The oplog of the dump cannot be read: {what}."))
}

/// Which transaction an entry belongs to.
fn transaction(entry: &Document) -> Option<Vec<u8>> {
    let id = bson::doc! { "lsid": entry.get("lsid")?.clone(), "n": entry.get("txnNumber")?.clone() };
    id.to_vec().ok()
}

impl Oplog {
    pub fn new(database: &str) -> Self {
        Self { database: database.to_owned(), number: 0, transactions: HashMap::new(), notes: BTreeSet::new() }
    }

    /// The changes that an entry comes to, for the one database.
    pub fn take(&mut self, entry: &Document) -> Result<Vec<Change>> {
        let mut steps = Vec::new();
        self.entry(entry, &mut steps)?;
        let mut changes = Vec::with_capacity(steps.len());
        for (collection, step) in steps {
            self.number += 1;
            changes.push(Change { mark: self.number, at: 0, collection, step });
        }
        Ok(changes)
    }

    fn entry(&mut self, entry: &Document, steps: &mut Vec<(String, Step)>) -> Result<()> {
        let kind = entry.get_str("op").map_err(|_| unreadable("an entry says not what it is"))?;
        let change = entry.get_document("o").map_err(|_| unreadable("an entry has no change"))?;
        match kind {
            "n" => Ok(()),
            "c" => self.command(entry, change, steps),
            "i" | "u" | "d" => {
                let Some(collection) = self.collection(entry.get_str("ns").unwrap_or_default()) else { return Ok(()) };
                if collection == "system.indexes" {
                    steps.extend(self.old_index(change));
                } else if let Some(place) = place_of(&collection) {
                    steps.push((place, self.record(kind, entry, change)?));
                }
                Ok(())
            }
            other => Err(unreadable(&format!("'{other}' is no kind of change that is known"))),
        }
    }

    /// The collection of a namespace, if it is in the database.
    fn collection(&self, namespace: &str) -> Option<String> {
        namespace.strip_prefix(self.database.as_str())?.strip_prefix('.').map(str::to_owned)
    }

    fn record(&self, kind: &str, entry: &Document, change: &Document) -> Result<Step> {
        let id = |of: &Document| of.get("_id").cloned().ok_or_else(|| unreadable("a change names no record"));
        match kind {
            "i" => Ok(Step::Put(steward_store::model::raw(change)?)),
            "d" => Ok(Step::Delete(id(change)?)),
            _ => {
                let id = id(entry.get_document("o2").unwrap_or(change))?;
                if let Ok(diff) = change.get_document("diff") {
                    return Ok(Step::Patch(differences(id, diff)?));
                }
                if change.keys().any(|name| name.starts_with('$')) {
                    return Ok(Step::Patch(modifiers(id, change)?));
                }
                Ok(Step::Put(steward_store::model::raw(change)?))
            }
        }
    }

    /// Servers before 4.2 wrote an index as a record.
    fn old_index(&self, index: &Document) -> Option<(String, Step)> {
        let collection = self.collection(index.get_str("ns").ok()?)?;
        Some((collection, Step::Index(index.clone())))
    }

    fn command(&mut self, entry: &Document, command: &Document, steps: &mut Vec<(String, Step)>) -> Result<()> {
        let Some((kind, of)) = command.iter().next() else { return Ok(()) };
        let here = entry.get_str("ns").unwrap_or_default() == format!("{}.$cmd", self.database);
        match kind.as_str() {
            "applyOps" => return self.together(entry, command, steps),
            "commitTransaction" => {
                let waiting = transaction(entry).and_then(|of| self.transactions.remove(&of)).unwrap_or_default();
                return waiting.iter().try_for_each(|one| self.entry(one, steps));
            }
            "abortTransaction" => {
                transaction(entry).and_then(|of| self.transactions.remove(&of));
                return Ok(());
            }
            "renameCollection" => {
                let text = |name: &str| command.get_str(name).unwrap_or_default();
                match (self.collection(text("renameCollection")), self.collection(text("to"))) {
                    (Some(from), Some(to)) => steps.push((from, Step::Rename { to })),
                    (Some(from), None) => steps.push((from, Step::Drop)),
                    (None, Some(to)) => {
                        self.notes.insert(format!("{to} came from another database during the dump, and is restored as it was dumped."));
                    }
                    (None, None) => {}
                }
                return Ok(());
            }
            _ if !here => return Ok(()),
            "dropDatabase" => return Err(Error::BadRequest("The database was dropped during the dump.".into())),
            _ => {}
        }
        let Some(name) = of.as_str().filter(|name| !name.starts_with("system.")) else { return Ok(()) };
        self.definition(kind, name, command, steps);
        Ok(())
    }

    fn definition(&mut self, kind: &str, name: &str, command: &Document, steps: &mut Vec<(String, Step)>) {
        let rest = |without: &[&str]| -> Document {
            command.iter().filter(|(key, _)| !without.contains(&key.as_str())).map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        match kind {
            "create" => {
                let options = rest(&["create", "idIndex", "uuid"]);
                if options.contains_key("viewOn") || options.contains_key("timeseries") {
                    self.notes.insert(format!("{name} was created during the dump, and is not restored with the oplog."));
                    return;
                }
                let indexes = command.get_document("idIndex").ok().cloned().into_iter().collect();
                steps.push((name.to_owned(), Step::Define(Definition { kind: CollectionKind::Collection, options, indexes })));
            }
            "drop" => steps.push((name.to_owned(), Step::Drop)),
            "createIndexes" => steps.push((name.to_owned(), Step::Index(rest(&["createIndexes"])))),
            "commitIndexBuild" => {
                let indexes = command.get_array("indexes").map(Vec::as_slice).unwrap_or_default();
                steps.extend(indexes.iter().filter_map(Bson::as_document).map(|index| (name.to_owned(), Step::Index(index.clone()))));
            }
            "dropIndexes" | "dropIndex" | "deleteIndexes" | "deleteIndex" => {
                steps.extend(command.get_str("index").ok().map(|index| (name.to_owned(), Step::DropIndex(index.to_owned()))));
            }
            "collMod" => steps.push((name.to_owned(), Step::Options(rest(&["collMod", "index"])))),
            _ => {}
        }
    }

    /// Changes that are done as one: at once, or when the transaction that they are part of is committed.
    fn together(&mut self, entry: &Document, command: &Document, steps: &mut Vec<(String, Step)>) -> Result<()> {
        let inner: Vec<Document> = command
            .get_array("applyOps")
            .map_err(|_| unreadable("a transaction has no changes"))?
            .iter()
            .filter_map(|one| one.as_document().cloned())
            .collect();
        let flag = |name: &str| command.get_bool(name).unwrap_or(false);
        let of = transaction(entry).filter(|_| !entry.contains_key("multiOpType"));
        let Some(of) = of else { return inner.iter().try_for_each(|one| self.entry(one, steps)) };
        let waiting = self.transactions.entry(of.clone()).or_default();
        waiting.extend(inner);
        if waiting.len() > WAITING {
            return Err(unreadable("a transaction has no end"));
        }
        if flag("partialTxn") || flag("prepare") {
            return Ok(());
        }
        let waiting = self.transactions.remove(&of).unwrap_or_default();
        waiting.iter().try_for_each(|one| self.entry(one, steps))
    }
}

/// Where the records of a namespace are while changes are done again; nowhere for what the server keeps for itself.
fn place_of(collection: &str) -> Option<String> {
    match collection.strip_prefix(names::BUCKETS) {
        Some(of) => Some(series(of)),
        None if collection.starts_with("system.") => None,
        None => Some(collection.to_owned()),
    }
}

/// An update of servers before 5.0.
fn modifiers(id: Bson, change: &Document) -> Result<Delta> {
    let mut delta = empty(id);
    for (name, value) in change {
        match (name.as_str(), value) {
            ("$v", _) => {}
            ("$set", Bson::Document(set)) => delta.set = set.clone(),
            ("$unset", Bson::Document(unset)) => delta.unset = unset.keys().cloned().collect(),
            _ => return Err(unreadable(&format!("'{name}' is no way of changing a record that is known"))),
        }
    }
    Ok(delta)
}

fn empty(id: Bson) -> Delta {
    Delta { id, set: Document::new(), unset: Vec::new(), cut: Vec::new(), parts: Document::new() }
}

/// An update of servers from 5.0 on: `i` and `u` set, `d` removes, `sFIELD` goes into a field; of a list, `a` says that it is one,
/// `l` cuts it, `uN` and `sN` change an element.
fn differences(id: Bson, diff: &Document) -> Result<Delta> {
    let mut delta = empty(id);
    within(diff, &mut Vec::new(), &mut delta)?;
    Ok(delta)
}

/// Paths are reported part by part: names may hold dots.
fn path_of(delta: &mut Delta, parts: &[String]) -> String {
    let path = parts.join(".");
    if parts.iter().any(|part| part.contains('.')) {
        delta.parts.insert(path.clone(), parts.iter().cloned().map(Bson::String).collect::<Vec<_>>());
    }
    path
}

fn within(diff: &Document, at: &mut Vec<String>, delta: &mut Delta) -> Result<()> {
    let unknown = |name: &str| unreadable(&format!("'{name}' is no way of changing a record that is known"));
    let is_list = diff.get_bool("a").unwrap_or(false);
    for (name, value) in diff {
        let inner = |at: &[String], name: &str| -> Vec<String> { at.iter().cloned().chain([name.to_owned()]).collect() };
        match (name.as_str(), value) {
            ("a", Bson::Boolean(true)) if is_list => {}
            ("l", length) if is_list => {
                let length = match length {
                    Bson::Int32(n) => usize::try_from(*n).ok(),
                    Bson::Int64(n) => usize::try_from(*n).ok(),
                    _ => None,
                };
                let path = path_of(delta, at);
                delta.cut.push((path, length.ok_or_else(|| unknown(name))?));
            }
            ("u" | "i", Bson::Document(set)) if !is_list => {
                for (field, value) in set {
                    let path = path_of(delta, &inner(at, field));
                    delta.set.insert(path, value.clone());
                }
            }
            ("d", Bson::Document(gone)) if !is_list => {
                for field in gone.keys() {
                    let path = path_of(delta, &inner(at, field));
                    delta.unset.push(path);
                }
            }
            (name, value) if is_list && name.starts_with('u') => {
                let path = path_of(delta, &inner(at, &name[1..]));
                delta.set.insert(path, value.clone());
            }
            (name, Bson::Document(deeper)) if name.starts_with('s') => {
                at.push(name[1..].to_owned());
                within(deeper, at, delta)?;
                at.pop();
            }
            (name, _) => return Err(unknown(name)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    fn steps(entries: &[Document]) -> Vec<(String, Step)> {
        let mut oplog = Oplog::new("shop");
        let changes = entries.iter().flat_map(|entry| oplog.take(entry).unwrap());
        changes.map(|change| (change.collection, change.step)).collect()
    }

    fn after(before: Document, change: Document) -> Document {
        let entry = doc! { "op": "u", "ns": "shop.a", "o": change, "o2": { "_id": 1 } };
        match steps(&[entry]).remove(0).1 {
            Step::Patch(delta) => {
                let mut record = before;
                delta.apply(&mut record).unwrap();
                record
            }
            Step::Put(record) => steward_store::upsert::decode(&record).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn updates_of_every_version() {
        let before = || doc! { "_id": 1, "n": 1, "in": { "a": 1, "b": [1, 2, 3, { "c": 1 }] }, "x.y": 1 };
        assert_eq!(
            after(before(), doc! { "$v": 1, "$set": { "in.a": 2, "new": true }, "$unset": { "n": true } }),
            doc! { "_id": 1, "in": { "a": 2, "b": [1, 2, 3, { "c": 1 }] }, "x.y": 1, "new": true }
        );
        assert_eq!(after(before(), doc! { "_id": 1, "all": "new" }), doc! { "_id": 1, "all": "new" });
        let diff = doc! { "d": { "n": false }, "u": { "x.y": 2 }, "i": { "new": true }, "sin": {
            "u": { "a": 5 }, "sb": { "a": true, "u0": 9, "s3": { "u": { "c": 7 } } },
        } };
        assert_eq!(
            after(before(), doc! { "$v": 2, "diff": diff }),
            doc! { "_id": 1, "in": { "a": 5, "b": [9, 2, 3, { "c": 7 }] }, "x.y": 2, "new": true }
        );
        let cut = doc! { "sin": { "sb": { "a": true, "l": 2 } } };
        assert_eq!(after(before(), doc! { "$v": 2, "diff": cut }).get_document("in").unwrap(), &doc! { "a": 1, "b": [1, 2] });
    }

    #[test]
    fn transactions_are_done_when_they_are_committed() {
        let of = |number: i64, o: Document| doc! { "op": "c", "ns": "admin.$cmd", "lsid": { "id": 1 }, "txnNumber": number, "o": o };
        let insert = |id: i32| doc! { "op": "i", "ns": "shop.a", "o": { "_id": id } };
        let put = |found: &[(String, Step)]| -> Vec<i32> {
            found.iter().map(|(_, step)| if let Step::Put(record) = step { record.get_i32("_id").unwrap() } else { -1 }).collect()
        };
        let part = of(1, doc! { "applyOps": [insert(1)], "partialTxn": true });
        assert_eq!(put(&steps(std::slice::from_ref(&part))), [0; 0], "it may never have been committed");
        assert_eq!(put(&steps(&[part, insert(9), of(1, doc! { "applyOps": [insert(2)], "count": 2 })])), [9, 1, 2]);
        let prepared = of(2, doc! { "applyOps": [insert(3)], "prepare": true });
        assert_eq!(put(&steps(&[prepared.clone(), of(2, doc! { "commitTransaction": 1 })])), [3]);
        assert_eq!(put(&steps(&[prepared, of(2, doc! { "abortTransaction": 1 }), of(2, doc! { "commitTransaction": 1 })])), [0; 0]);
        let several =
            doc! { "op": "c", "ns": "admin.$cmd", "o": { "applyOps": [insert(4), { "op": "i", "ns": "other.a", "o": { "_id": 5 } }] } };
        assert_eq!(put(&steps(&[several])), [4], "of this database only");
    }

    #[test]
    fn collections_and_indexes() {
        let command = |o: Document| doc! { "op": "c", "ns": "shop.$cmd", "o": o };
        let found = steps(&[
            command(doc! { "create": "b", "capped": true, "idIndex": { "key": { "_id": 1 }, "name": "_id_" } }),
            command(doc! { "createIndexes": "b", "v": 2, "key": { "n": 1 }, "name": "n_1" }),
            command(doc! { "commitIndexBuild": "b", "indexes": [{ "key": { "m": 1 }, "name": "m_1" }] }),
            command(doc! { "dropIndexes": "b", "index": "n_1" }),
            doc! { "op": "c", "ns": "shop.$cmd", "o": { "renameCollection": "shop.b", "to": "shop.c" } },
            command(doc! { "drop": "c" }),
            doc! { "op": "c", "ns": "other.$cmd", "o": { "drop": "b" } },
            doc! { "op": "n", "ns": "", "o": { "msg": "periodic noop" } },
            doc! { "op": "i", "ns": "shop.system.buckets.weather", "o": { "_id": 1 } },
            doc! { "op": "i", "ns": "shop.system.js", "o": { "_id": "f" } },
        ]);
        let kinds: Vec<String> = found.iter().map(|(name, step)| format!("{name} {step:?}").chars().take(14).collect()).collect();
        assert_eq!(found.len(), 7, "{kinds:?}");
        assert!(matches!(&found[0].1, Step::Define(d) if d.is_capped() && d.indexes.len() == 1));
        assert!(matches!(&found[2].1, Step::Index(index) if index.get_str("name").is_ok_and(|name| name == "m_1")));
        assert!(matches!(&found[4].1, Step::Rename { to } if to == "c"));
        assert_eq!(found[6].0, series("weather"));
    }
}
