//! Which backups may go. Pure: what is listed, the rules, and the time.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Datelike as _, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::listing::ListedBackup;

/// How long increments are kept where no rule speaks of days.
const USUAL_DAYS: u32 = 7;

/// What is kept. A backup that any rule keeps stays; without rules everything stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Retention {
    /// The newest so many.
    pub last: Option<u32>,
    /// The newest of each of so many days, weeks, months, years that have one.
    pub daily: Option<u32>,
    pub weekly: Option<u32>,
    pub monthly: Option<u32>,
    pub yearly: Option<u32>,
    /// Everything younger than so many days.
    pub days: Option<u32>,
}

impl Default for Retention {
    /// A rolling week.
    fn default() -> Self {
        Self { last: None, daily: None, weekly: None, monthly: None, yearly: None, days: Some(7) }
    }
}

impl Retention {
    /// Nothing is ever removed.
    pub fn keeps_all(&self) -> bool {
        let Self { last, daily, weekly, monthly, yearly, days } = self;
        [last, daily, weekly, monthly, yearly, days].iter().all(|rule| rule.is_none())
    }
}

/// What becomes of one backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub id: String,
    /// Why it stays; `None` where it goes.
    pub kept: Option<&'static str>,
}

/// Validates the backups of one workspace at one place, newest first.
///
/// Always kept: the newest, the newest that is verified, and what a kept one builds on. Increments stay as many days as whole
/// backups do (a week where no rule speaks of days), and what leads to the oldest of them stays with it.
pub fn decide(backups: &[ListedBackup], rules: &Retention, now: DateTime<Utc>) -> Vec<Decision> {
    let (increments, whole): (Vec<&ListedBackup>, Vec<&ListedBackup>) = backups.iter().partition(|b| b.is_increment());
    let mut kept: HashMap<&str, &'static str> = HashMap::new();
    for (backup, why) in whole.iter().zip(reasons(&whole, rules, now)) {
        kept.extend(why.map(|why| (backup.manifest.id.as_str(), why)));
    }
    let days = Duration::days(i64::from(rules.days.unwrap_or(USUAL_DAYS)));
    for one in &increments {
        if rules.keeps_all() || time(&one.manifest.made_at).is_none_or(|made| now - made < days) {
            kept.insert(&one.manifest.id, "an increment, young enough");
        }
    }
    keep_what_leads_to(&increments, &whole, &mut kept);
    let decision = |b: &ListedBackup| Decision { id: b.manifest.id.clone(), kept: kept.get(b.manifest.id.as_str()).copied() };
    backups.iter().map(decision).collect()
}

/// A kept increment is worth nothing without a whole backup from before it and all increments between: those stay, as far
/// as to the newest such backup.
fn keep_what_leads_to<'a>(increments: &[&'a ListedBackup], whole: &[&'a ListedBackup], kept: &mut HashMap<&'a str, &'static str>) {
    let oldest = increments.iter().filter(|b| kept.contains_key(b.manifest.id.as_str())).filter_map(|b| b.manifest.increment.as_ref());
    let Some(oldest) = oldest.map(|i| i.from.mark).min() else { return };
    let mark = |b: &ListedBackup| b.manifest.point_in_time.as_ref().map(|m| m.mark).filter(|mark| *mark <= oldest);
    let good = whole.iter().filter(|b| crate::timeline::is_good(b));
    let Some((base, from)) = good.filter_map(|b| mark(b).map(|mark| (b, mark))).max_by_key(|(_, mark)| *mark) else { return };
    kept.entry(&base.manifest.id).or_insert("an increment builds on it");
    for one in increments {
        if one.manifest.increment.as_ref().is_some_and(|i| i.until.mark > from && i.from.mark <= oldest) {
            kept.entry(&one.manifest.id).or_insert("a newer increment builds on it");
        }
    }
}

/// A backup with fewer than this share of the records of an older one is suspicious: what it is of may have been lost.
const FAR_FEWER: u64 = 2;

/// What a person should know before relying on the newest backup: it holds far fewer records than the one before it.
pub fn suspicion(backups: &[ListedBackup]) -> Option<String> {
    let mut whole = backups.iter().filter(|b| !b.is_increment());
    let (newest, before) = (whole.next()?.manifest.records(), whole.next()?.manifest.records());
    (newest.saturating_mul(FAR_FEWER) < before).then(|| {
        format!("The newest backup has {newest} records, the one before it {before}. Check that nothing was lost; larger backups are kept.")
    })
}

/// Why whole backups stay.
fn reasons(backups: &[&ListedBackup], rules: &Retention, now: DateTime<Utc>) -> Vec<Option<&'static str>> {
    let mut reasons: Vec<Option<&'static str>> = vec![None; backups.len()];
    let mut keep = |at: usize, why: &'static str| {
        if let Some(reason) = reasons.get_mut(at) {
            reason.get_or_insert(why);
        }
    };
    if rules.keeps_all() {
        (0..backups.len()).for_each(|at| keep(at, "nothing is removed"));
    }
    for at in 0..backups.len().min(rules.last.unwrap_or(0) as usize) {
        keep(at, "one of the last");
    }
    let times: Vec<Option<DateTime<Utc>>> = backups.iter().map(|b| time(&b.manifest.made_at)).collect();
    for (at, made) in times.iter().enumerate() {
        match (made, rules.days) {
            (Some(made), Some(days)) if now - *made < Duration::days(i64::from(days)) => keep(at, "young enough"),
            // Without a time nobody can say that it is old.
            (None, _) => keep(at, "its time cannot be read"),
            _ => {}
        }
    }
    type Period = fn(DateTime<Utc>) -> (i32, u32);
    let periods: [(Option<u32>, &'static str, Period); 4] = [
        (rules.daily, "the last of its day", |t| (t.year(), t.ordinal())),
        (rules.weekly, "the last of its week", |t| (t.iso_week().year(), t.iso_week().week())),
        (rules.monthly, "the last of its month", |t| (t.year(), t.month())),
        (rules.yearly, "the last of its year", |t| (t.year(), 0)),
    ];
    for (count, why, period) in periods {
        let mut seen = HashSet::new();
        for (at, made) in times.iter().enumerate() {
            let Some(made) = made else { continue };
            if seen.len() < count.unwrap_or(0) as usize && seen.insert(period(*made)) {
                keep(at, why);
            }
        }
    }
    if !backups.is_empty() {
        keep(0, "the newest");
    }
    if let Some(verified) = backups.iter().position(|b| b.is_verified()) {
        keep(verified, "the last that is verified");
    }
    // What has far more records than everything after it may be the last that has them.
    let mut fullest: u64 = 0;
    for (at, backup) in backups.iter().enumerate() {
        let records = backup.manifest.records();
        if at > 0 && records > fullest.saturating_mul(FAR_FEWER).max(1) {
            keep(at, "it has far more records than any later one");
        }
        fullest = fullest.max(records);
    }
    // A parent is older than what builds on it.
    for at in 0..backups.len() {
        let parent = backups[at].manifest.parent.as_deref().filter(|_| reasons[at].is_some());
        if let Some(parent) = parent.and_then(|id| backups.iter().position(|b| b.manifest.id == id)) {
            reasons[parent].get_or_insert("a newer one builds on it");
        }
    }
    reasons
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|t| t.to_utc())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::encryption::Compression;
    use crate::manifest::{ArchiveFile, FORMAT, Manifest, Source, Verification};

    fn at(hours_ago: i64, verified: bool) -> ListedBackup {
        let made = now() - Duration::hours(hours_ago);
        let manifest = Manifest {
            format: FORMAT,
            id: format!("b{hours_ago}"),
            made_at: made.to_rfc3339(),
            finished_at: made.to_rfc3339(),
            tool: "Steward".into(),
            source: Source { workspace: "w".into(), name: "w".into(), address: "w".into(), server: "w".into() },
            fuzzy: None,
            notes: Vec::new(),
            position: None,
            point_in_time: None,
            parent: None,
            increment: None,
            history: None,
            gap: None,
            file: ArchiveFile { name: "a".into(), bytes: 1, sha256: "s".into(), compression: Compression::Zstd, encryption: None },
            database: "w".into(),
            collections: Vec::new(),
            reason: "on request".into(),
            made_by: "me".into(),
        };
        let verification = verified.then(|| Verification {
            at: made.to_rfc3339(),
            restored: true,
            problems: Vec::new(),
            seconds: 1.0,
            sha256: "s".into(),
        });
        ListedBackup { verification, ..ListedBackup::new(manifest, "here".into()) }
    }

    fn now() -> DateTime<Utc> {
        "2026-06-15T12:00:00Z".parse().unwrap()
    }

    fn kept(backups: &[ListedBackup], rules: &Retention) -> Vec<String> {
        decide(backups, rules, now()).into_iter().filter(|v| v.kept.is_some()).map(|v| v.id).collect()
    }

    const NONE: Retention = Retention { last: None, daily: None, weekly: None, monthly: None, yearly: None, days: None };

    #[test]
    fn a_rolling_week_by_default() {
        let backups = [at(1, false), at(24, false), at(24 * 8, false), at(24 * 30, false)];
        assert_eq!(kept(&backups, &Retention::default()), ["b1", "b24"]);
        assert_eq!(kept(&backups, &NONE).len(), 4, "no rule, nothing goes");
    }

    #[test]
    fn generations() {
        let backups: Vec<ListedBackup> = (0..24 * 400).step_by(12).map(|h| at(h, false)).collect();
        let rules = Retention { daily: Some(7), weekly: Some(4), monthly: Some(12), yearly: Some(2), ..NONE };
        let left = kept(&backups, &rules);
        assert!((18..=24).contains(&left.len()), "{left:?}");
        assert!(left.contains(&"b0".to_owned()));
    }

    #[test]
    fn the_last_verified_one_stays_however_old() {
        let backups = [at(1, false), at(2, false), at(24 * 100, true), at(24 * 200, true)];
        assert_eq!(kept(&backups, &Retention { last: Some(1), ..NONE }), ["b1", "b2400"]);
    }

    #[test]
    fn what_a_kept_one_builds_on_stays() {
        let mut backups = [at(1, false), at(24 * 20, false), at(24 * 40, false)];
        backups[0].manifest.parent = Some("b480".into());
        backups[1].manifest.parent = Some("b960".into());
        assert_eq!(kept(&backups, &Retention { last: Some(1), ..NONE }).len(), 3);
    }

    #[test]
    fn a_fuller_backup_does_not_go_because_of_an_emptier_one() {
        let with = |hours_ago: i64, records: u64| {
            let mut one = at(hours_ago, false);
            one.manifest.collections = vec![crate::manifest::BackedUpCollection {
                name: "careers".into(),
                kind: "collection".into(),
                records,
                bytes: 0,
                content: crate::content::Content::default().hash(),
                settings: None,
                invalid: None,
                options: serde_json::Value::Null,
                indexes: Vec::new(),
            }];
            one
        };
        let backups = [with(1, 0), with(24 * 20, 361), with(24 * 30, 350), with(24 * 40, 900)];
        assert_eq!(kept(&backups, &Retention { last: Some(1), ..NONE }), ["b1", "b480", "b960"]);
        assert!(suspicion(&backups).is_some_and(|sentence| sentence.contains("has 0 records, the one before it 361")));
        assert_eq!(suspicion(&backups[1..]), None);
    }

    fn increment(hours_ago: i64, parent: &ListedBackup, from: i64) -> ListedBackup {
        use steward_store::{Position, ResumeToken};
        let point = |mark: i64| Position { token: ResumeToken(String::new()), mark, at: mark };
        let mut one = at(hours_ago, false);
        one.manifest.id = format!("i{hours_ago}");
        one.manifest.parent = Some(parent.manifest.id.clone());
        one.manifest.increment = Some(crate::manifest::Increment {
            from: point(from),
            until: point(-hours_ago),
            changes: 1,
            put_in_place: Vec::new(),
            settings: Vec::new(),
        });
        one
    }

    #[test]
    fn increments_stay_with_what_leads_to_them() {
        let whole = |hours_ago: i64| {
            let mut one = at(hours_ago, false);
            one.manifest.point_in_time =
                Some(crate::manifest::PointInTime { mark: -hours_ago, at: -hours_ago, beside: Vec::new(), apart: Vec::new() });
            one
        };
        let (old, middle, new) = (whole(24 * 30), whole(24 * 9), whole(2));
        let first = increment(24 * 20, &old, -24 * 30);
        let second = increment(24 * 8, &first, -24 * 20);
        let third = increment(24 * 6, &second, -24 * 8);
        let fourth = increment(1, &third, -24 * 6);
        let all = [fourth, new, third, second, middle, first, old];
        // The third is the oldest that is young enough; the way to it begins at the backup nine days ago.
        assert_eq!(kept(&all, &Retention::default()), ["i1", "b2", "i144", "i192", "b216"]);
        assert_eq!(kept(&all, &Retention { last: Some(1), ..NONE }), ["i1", "b2", "i144", "i192", "b216"]);
        assert_eq!(kept(&all, &NONE).len(), 7);
    }

    proptest! {
        #[test]
        fn never_the_newest_and_never_the_last_verified(
            ages in prop::collection::btree_set(0_i64..20_000, 1..40),
            verified in prop::collection::vec(any::<bool>(), 40),
            last in prop::option::of(0_u32..5), daily in prop::option::of(0_u32..5), days in prop::option::of(0_u32..50),
        ) {
            let backups: Vec<ListedBackup> = ages.iter().zip(verified).map(|(h, p)| at(*h, p)).collect();
            let left = kept(&backups, &Retention { last, daily, days, ..NONE });
            prop_assert!(left.contains(&backups[0].manifest.id));
            if let Some(newest) = backups.iter().find(|b| b.is_verified()) {
                prop_assert!(left.contains(&newest.manifest.id));
            }
        }
    }
}
