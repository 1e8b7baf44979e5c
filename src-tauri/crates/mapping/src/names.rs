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

/// A name that is compared with many others: what that takes is made once.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    folded: String,
    words: Vec<String>,
    /// The words without what lies between them.
    letters: String,
    /// How often letters occur; several may share a place.
    often: [u8; PLACES],
    length: usize,
}

const PLACES: usize = 32;

impl Name {
    pub fn new(name: &str) -> Self {
        let name = beginning(name);
        let words = words(name);
        let letters = words.concat();
        let mut often = [0_u8; PLACES];
        for c in letters.chars() {
            let place = &mut often[c as usize % PLACES];
            *place = place.saturating_add(1);
        }
        Self { folded: fold(name), length: letters.chars().count(), words, letters, often }
    }

    /// Another spelling of the same name.
    pub fn is(&self, folded: &str) -> bool {
        self.folded == folded
    }

    /// 0 to 1: how near two names are, by their words and by their letters.
    pub fn similarity(&self, other: &Self) -> f64 {
        if self.folded == other.folded {
            return 1.0;
        }
        if self.words.is_empty() || other.words.is_empty() {
            return 0.0;
        }
        if self.words == other.words {
            return 0.97;
        }
        let by_words = shared(&self.words, &other.words);
        // Letters alone say little: "start" and "state" are near, too.
        let by_letters = if self.may_be_near(other) { strsim::jaro_winkler(&self.letters, &other.letters) } else { 0.0 };
        let letters = if by_letters > 0.8 { (by_letters - 0.8) * 4.5 } else { 0.0 };
        by_words.max(letters).min(0.95)
    }

    /// No two names of these letters are nearer than this allows: the measure counts those that both have, and up to four at the
    /// beginning.
    fn may_be_near(&self, other: &Self) -> bool {
        let both: u32 = self.often.iter().zip(&other.often).map(|(a, b)| u32::from(*a.min(b))).sum();
        let both = f64::from(both);
        let most = (both / self.length as f64 + both / other.length as f64 + 1.0) / 3.0;
        let begins = self.letters.chars().zip(other.letters.chars()).take(4).take_while(|(a, b)| a == b).count();
        most + begins as f64 * 0.1 * (1.0 - most) > 0.8
    }
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
    let same = |x: &String, y: &String| x == y || (x.len() > 3 && y.len() > 3 && one_slip(x, y));
    let found = a.iter().filter(|x| b.iter().any(|y| same(x, y))).count();
    2.0 * found as f64 / (a.len() + b.len()) as f64
}

/// At most one letter too many, too few, wrong, or in its neighbour's place.
fn one_slip(a: &str, b: &str) -> bool {
    let same = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum();
    let (a, b) = (&a[same..], &b[same..]);
    let mut left = [a.chars(), b.chars()];
    loop {
        let (x, y) = (left[0].clone().next_back(), left[1].clone().next_back());
        if x.is_none() || x != y {
            break;
        }
        left.iter_mut().for_each(|rest| {
            rest.next_back();
        });
    }
    let [a, b] = left.map(|rest| rest.as_str().to_owned());
    match (a.chars().count(), b.chars().count()) {
        (0 | 1, 0 | 1) => true,
        (2, 2) => a.chars().eq(b.chars().rev()),
        _ => false,
    }
}

/// The name that a person may have meant.
pub fn nearest<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let scored = names.map(|name| (strsim::jaro_winkler(&fold(beginning(wanted)), &fold(beginning(name))), name));
    scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn similarity(a: &str, b: &str) -> f64 {
        Name::new(a).similarity(&Name::new(b))
    }

    #[test]
    fn a_slip_is_reported_from_two() {
        let words =
            ["salary", "saalry", "salry", "salaray", "selery", "salay", "slaary", "aasalary", "alsary", "title", "titel", "üüber", "über"];
        for a in words {
            for b in words {
                assert_eq!(one_slip(a, b), strsim::osa_distance(a, b) <= 1, "{a} {b}");
            }
        }
    }

    #[test]
    fn what_is_passed_over_is_not_near() {
        let names =
            ["average_salary", "salary", "slaary", "title", "job title", "started_at", "state", "eattile", "a", "zz", "Größe", "éé"];
        for a in names {
            for b in names {
                let (one, other) = (Name::new(a), Name::new(b));
                assert!(one.may_be_near(&other) || strsim::jaro_winkler(&one.letters, &other.letters) <= 0.8, "{a} {b}");
            }
        }
    }

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
