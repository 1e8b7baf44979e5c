//! A search as a query that indexes serve: whole words by the text index, or beginnings of indexed fields, or numbers in them.
//! A server allows one `$text` a query, and wants each alternative next to it served by an index.

use bson::{Bson, Document, doc};
use steward_domain::search::{Term, terms};
use steward_domain::{Filter, matching};
use steward_store::IndexSpec;

use crate::filter::join;

/// The conditions that a record has to meet; none where the text has nothing to look for.
pub fn conditions(text: &str, fields: &[String], indexes: &[IndexSpec]) -> Option<Document> {
    let terms = terms(text);
    let by_words = words(&terms, fields)?;
    let whole = text.trim();
    let number = terms.first().filter(|_| terms.len() == 1).and_then(|term| term.number);
    let mut any = vec![by_words];
    for field in indexed(indexes) {
        let beginnings: Vec<Bson> = cases(whole).iter().filter_map(|text| beginning(text)).collect();
        any.push(doc! { field: { "$in": beginnings } });
        if let Some(number) = number {
            any.push(doc! { field: number });
        }
    }
    Some(join("$or", any))
}

/// Several words: the index finds records with any of them, quoting demands each as a substring, and the expressions
/// demand each as a whole word.
fn words(terms: &[Term], fields: &[String]) -> Option<Document> {
    let words: Vec<&String> = terms.iter().flat_map(|term| &term.words).collect();
    match words.as_slice() {
        [] => None,
        [word] => Some(doc! { "$text": { "$search": word } }),
        many => {
            let search: Vec<String> = many.iter().map(|w| format!("\"{w}\"")).collect();
            let mut all = vec![doc! { "$text": { "$search": search.join(" ") } }];
            all.extend(many.iter().map(|word| whole_word(word, fields)));
            Some(join("$and", all))
        }
    }
}

/// The fields that an index begins with.
fn indexed(indexes: &[IndexSpec]) -> Vec<&str> {
    let mut fields = vec!["_id"];
    for field in indexes.iter().filter_map(|index| index.fields.first()) {
        if !fields.contains(&field.as_str()) {
            fields.push(field);
        }
    }
    fields
}

/// An index finds a beginning in one case only, so the usual ones are asked for.
fn cases(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut letters = lower.chars();
    let capital: String = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    let mut cases = vec![text.to_owned()];
    for case in [text.to_uppercase(), capital, lower] {
        if !cases.contains(&case) {
            cases.push(case);
        }
    }
    cases
}

/// `None` for a text with a NUL, which no expression can hold.
fn beginning(text: &str) -> Option<Bson> {
    let begins = Filter::StartsWith { field: "_id".into(), text: text.to_owned(), ignore_case: false };
    let (pattern, _) = matching::pattern_of(&begins)?;
    Some(Bson::RegularExpression(bson::Regex { pattern: pattern.try_into().ok()?, options: bson::cstr!("").into() }))
}

/// A word between other characters than letters and digits. Marks on Latin letters do not matter, as in the index.
fn whole_word(word: &str, fields: &[String]) -> Document {
    let letters: String = word.chars().map(with_marks).collect();
    let pattern = format!("(?<![\\p{{L}}\\p{{N}}]){letters}(?![\\p{{L}}\\p{{N}}])");
    let any = fields.iter().map(|f| doc! { f: { "$regex": &pattern, "$options": "i" } }).collect();
    join("$or", any)
}

/// A letter as the class of itself with any mark.
fn with_marks(letter: char) -> String {
    const FAMILIES: [&str; 14] = [
        "aàáâãäåāăą",
        "cçćĉċč",
        "dďđ",
        "eèéêëēĕėęě",
        "gĝğġģ",
        "iìíîïĩīĭį",
        "lĺļľ",
        "nñńņň",
        "oòóôõöōŏő",
        "rŕŗř",
        "sśŝşš",
        "tţť",
        "uùúûüũūŭůűų",
        "zźżž",
    ];
    match FAMILIES.iter().find(|family| family.contains(letter)) {
        Some(family) => format!("[{family}]"),
        None => letter.to_string(),
    }
}
