//! Suggesting a mapping from a profile and a pack: by names, types and values, with a reason for each match.

use serde::{Deserialize, Serialize};
use steward_schema::Pack;
use ts_rs::TS;

use crate::document::{Mapping, Missing, Rule};
use crate::matching::{Candidate, Match, validate};
use crate::names::Name;
use crate::profile::{ColumnProfile, Profile};
use crate::proposal::{Around, propose};
use crate::shape::{Place, places};
use crate::steps::{RangeStep, Step};
use crate::target::{Taken, Target};

/// A mapping to begin with, and what a person should know about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Suggestion {
    /// Columns without a match are kept as they are.
    pub mapping: Mapping,
    /// In the order of the columns.
    pub matches: Vec<FieldMatch>,
    /// Columns that fit no field.
    pub unmatched_columns: Vec<String>,
    /// Required fields that no column fits.
    pub missing_fields: Vec<String>,
    /// What the values do not tell, as sentences.
    pub questions: Vec<String>,
}

/// A column and the field that it probably is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FieldMatch {
    pub column: String,
    pub to: String,
    /// 0 to 1.
    pub confidence: f64,
    /// One sentence.
    pub reason: String,
}

/// The best field for each column of a profile, with the steps that its values need.
pub fn suggest(profile: &Profile, target: &Pack) -> Suggestion {
    let places = places(target);
    let (chosen, mut taken) = assign(profile, &places, target);
    let mut out = Suggestion {
        mapping: Mapping { missing: missing_tokens(profile), ..Mapping::default() },
        matches: Vec::new(),
        unmatched_columns: Vec::new(),
        missing_fields: Vec::new(),
        questions: Vec::new(),
    };
    for (column, chosen) in profile.columns.iter().zip(chosen) {
        let Some((place, found)) = chosen else {
            out.unmatched_columns.push(column.name.clone());
            continue;
        };
        let is_taken = |path: &[String]| taken.check(path).is_err();
        let around = Around { pack: target, places: &places, table: profile.table, taken: &is_taken };
        let proposal = propose(column, place, &around);
        take_further(&proposal.steps, &mut taken);
        let to = Target::new(place.path.clone()).text();
        out.questions.extend(proposal.questions);
        out.matches.push(FieldMatch { column: column.name.clone(), to: to.clone(), confidence: found.confidence, reason: found.reason });
        out.mapping.rules.push(Rule { steps: proposal.steps, ..Rule::rename(column.name.clone(), to) });
    }
    let lacks = |place: &&Place<'_>| place.required && taken.check(&place.path).is_ok();
    out.missing_fields = places.iter().filter(lacks).map(|place| place.path.join(".")).collect();
    out
}

type Chosen<'p> = Option<(&'p Place<'p>, Match)>;

/// The surest pair first; each column and each field once.
fn assign<'p>(profile: &Profile, places: &'p [Place<'p>], target: &Pack) -> (Vec<Chosen<'p>>, Taken) {
    let mut pairs: Vec<(usize, &Place<'_>, Match)> = Vec::new();
    let candidates: Vec<Candidate<'_>> = places.iter().map(|place| Candidate::new(place, target)).collect();
    for (i, column) in profile.columns.iter().enumerate() {
        let called = Name::new(&column.name);
        pairs.extend(candidates.iter().filter_map(|one| validate(column, &called, one).map(|m| (i, one.place, m))));
    }
    // The column with exactly the name of a field gets it, before those that are written otherwise. Sorting is stable: of equals the
    // first column gets the first field.
    let is_named = |(i, place, _): &(usize, &Place<'_>, Match)| place.path.len() == 1 && profile.columns[*i].name == place.path[0];
    pairs.sort_by(|a, b| is_named(b).cmp(&is_named(a)).then(b.2.confidence.total_cmp(&a.2.confidence)));
    let mut chosen: Vec<Chosen<'p>> = profile.columns.iter().map(|_| None).collect();
    let mut taken = Taken::default();
    for (i, place, found) in pairs {
        if chosen[i].is_none() && taken.take(&place.path).is_ok() {
            chosen[i] = Some((place, found));
        }
    }
    (chosen, taken)
}

/// Further targets of ranges are taken, too.
fn take_further(steps: &[Step], taken: &mut Taken) {
    for step in steps {
        if let Step::Number(number) = step
            && let Some(RangeStep { min, max, mean, currency, .. }) = &number.range
        {
            for text in [min, max, mean, currency].into_iter().flatten() {
                if let Ok(target) = Target::parse(text) {
                    // They were free when they were proposed.
                    let _ = taken.take(&target.path);
                }
            }
        }
    }
}

/// Tokens that occur, as they are written.
fn missing_tokens(profile: &Profile) -> Missing {
    let mut tokens: Vec<String> = profile.columns.iter().flat_map(tokens_of).collect();
    tokens.sort();
    tokens.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
    Missing { tokens, ..Missing::default() }
}

fn tokens_of(column: &ColumnProfile) -> impl Iterator<Item = String> {
    column.tokens.iter().map(|token| token.value.trim().to_owned())
}
