//! Names of columns and fields: when two of them mean the same, and how near they are.

/// Abbreviations that data is full of, with the word that schemas write.
const SHORT: &[(&str, &str)] = &[
    ("acct", "account"),
    ("addr", "address"),
    ("amt", "amount"),
    ("avg", "average"),
    ("cat", "category"),
    ("desc", "description"),
    ("dept", "department"),
    ("dob", "birthdate"),
    ("edu", "education"),
    ("emp", "employment"),
    ("lang", "language"),
    ("lvl", "level"),
    ("mail", "email"),
    ("max", "maximum"),
    ("mean", "average"),
    ("min", "minimum"),
    ("mins", "minutes"),
    ("msg", "message"),
    ("nr", "number"),
    ("no", "number"),
    ("num", "number"),
    ("org", "organisation"),
    ("pay", "salary"),
    ("pct", "percent"),
    ("qty", "quantity"),
    ("req", "required"),
    ("ts", "timestamp"),
    ("wage", "salary"),
    ("zip", "postcode"),
];

/// Lower case, without white space, `_` and `-`: names that differ only in these are the same.
pub(crate) fn fold(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// 0 to 1: how near two names are, by their words and by their letters.
pub(crate) fn similarity(a: &str, b: &str) -> f64 {
    let (a, b) = (beginning(a), beginning(b));
    if fold(a) == fold(b) {
        return 1.0;
    }
    let (words_a, words_b) = (words(a), words(b));
    if words_a.is_empty() || words_b.is_empty() {
        return 0.0;
    }
    if words_a == words_b {
        return 0.97;
    }
    let by_words = shared(&words_a, &words_b);
    let by_letters = strsim::jaro_winkler(&words_a.concat(), &words_b.concat());
    // Letters alone say little: "start" and "state" are near, too.
    let letters = if by_letters > 0.8 { (by_letters - 0.8) * 4.5 } else { 0.0 };
    by_words.max(letters).min(0.95)
}

/// Comparing takes the product of both lengths, and a name may be as long as a file: its beginning has to do.
fn beginning(name: &str) -> &str {
    name.char_indices().nth(200).map_or(name, |(end, _)| &name[..end])
}

/// The words of a name in lower case, abbreviations written out, endings of plurals off.
fn words(name: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    let mut previous = ' ';
    for c in name.chars().chain([' ']) {
        // `startedAt` has two words as well.
        let border = !c.is_alphanumeric() || (c.is_uppercase() && previous.is_lowercase());
        if border && !word.is_empty() {
            out.push(plain(&std::mem::take(&mut word)));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        previous = c;
    }
    out
}

fn plain(word: &str) -> String {
    let whole = SHORT.iter().find(|(short, _)| *short == word).map_or(word, |(_, whole)| whole);
    match whole.strip_suffix('s') {
        Some(singular) if singular.len() > 3 && !singular.ends_with('s') => singular.to_owned(),
        _ => whole.to_owned(),
    }
}

/// Share of words that both have, a little typing error forgiven.
fn shared(a: &[String], b: &[String]) -> f64 {
    let same = |x: &String, y: &String| x == y || (x.len() > 3 && y.len() > 3 && strsim::osa_distance(x, y) <= 1);
    let found = a.iter().filter(|x| b.iter().any(|y| same(x, y))).count();
    2.0 * found as f64 / (a.len() + b.len()) as f64
}

/// The name that a person may have meant.
pub fn nearest<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let scored = names.map(|name| (strsim::jaro_winkler(&fold(beginning(wanted)), &fold(beginning(name))), name));
    scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_in_other_spellings() {
        assert_eq!(fold(" Average-Salary_ "), "averagesalary");
        assert_eq!(similarity("career id", "career_id"), 1.0);
        assert_eq!(similarity("CareerID", "career_id"), 1.0);
        assert!(similarity("Avg. Salary", "average_salary") > 0.96);
        assert!(similarity("Skills", "required_skills") > 0.6);
        assert!(similarity("startedAt", "started_at") > 0.96);
        assert!(similarity("salary", "title") < 0.3);
        assert!(similarity("state", "started_at") < 0.6);
        assert_eq!(similarity("", "x"), 0.0);
    }

    #[test]
    fn a_typing_error_finds_its_name() {
        assert_eq!(nearest("Saalry", ["Title", "Salary"].into_iter()), Some("Salary"));
        assert_eq!(nearest("xyz", ["Title", "Salary"].into_iter()), None);
    }
}
