//! Which points in time can be restored, from what lies at the destination. Pure.
//!
//! Increments that follow each other without a gap are a chain. A whole backup covers the time from its point in time to the end of the chain
//! that runs through it; without one it covers its own point in time only. What is between is a gap, with its reason.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use steward_store::Position;
use steward_workspace::{Error, Result};

use crate::listing::ListedBackup;
use crate::manifest::{Increment, PointInTime};

/// PointsInTime that can be restored, both ends included, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub from: i64,
    pub until: i64,
}

/// PointsInTime that cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub from: i64,
    pub until: i64,
    /// A sentence.
    pub why: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Oldest first.
    pub ranges: Vec<Range>,
    pub gaps: Vec<Gap>,
}

/// A whole backup and the increments that lead from it to a point in time, oldest first.
#[derive(Debug, Clone)]
pub struct Route {
    pub base: ListedBackup,
    pub increments: Vec<ListedBackup>,
}

/// RFC 3339, UTC, to the millisecond.
pub fn display(at: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(at).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Neither damaged nor found wanting by a verification.
pub(crate) fn is_good(one: &ListedBackup) -> bool {
    one.damage.is_none() && one.verification.as_ref().is_none_or(|p| p.passed() || p.sha256 != one.manifest.file.sha256)
}

/// The same backup at several places counts once, at the best of them; all know the farthest time covered.
fn once(listed: &[ListedBackup]) -> Vec<ListedBackup> {
    let mut out: Vec<ListedBackup> = Vec::new();
    for one in listed {
        match out.iter_mut().find(|o| o.manifest.id == one.manifest.id) {
            None => out.push(one.clone()),
            Some(known) => {
                let covered_until = [&known.covered_until, &one.covered_until].into_iter().flatten().max_by_key(|r| r.mark).cloned();
                if !is_good(known) && is_good(one) {
                    *known = one.clone();
                }
                known.covered_until = covered_until;
            }
        }
    }
    out
}

/// Increments without a gap between them.
struct Chain {
    parts: Vec<(Increment, ListedBackup)>,
    /// What it builds on is not there, as a sentence.
    missing: Option<String>,
}

impl Chain {
    fn first(&self) -> Option<&Increment> {
        self.parts.first().map(|(increment, _)| increment)
    }

    fn end_sequence(&self) -> i64 {
        self.parts.last().map_or(i64::MIN, |(increment, _)| increment.until.mark)
    }

    /// Up to when nothing is missing.
    fn end(&self) -> i64 {
        self.parts
            .last()
            .map_or(i64::MIN, |(increment, listed)| increment.until.at.max(listed.covered_until.as_ref().map_or(i64::MIN, |r| r.at)))
    }

    fn runs_through(&self, point_in_time: &PointInTime) -> bool {
        self.first().is_some_and(|first| first.from.mark <= point_in_time.mark) && point_in_time.mark <= self.end_sequence()
    }

    /// How far it leads from a backup: not beyond the place where something comes in that the backup does not hold.
    fn end_from(&self, point_in_time: &PointInTime) -> i64 {
        let foreign = self.parts.iter().flat_map(|(increment, _)| &increment.put_in_place);
        let foreign = foreign.filter(|(name, at)| point_in_time.beside.contains(name) && *at >= point_in_time.at).map(|(_, at)| at - 1);
        foreign.min().map_or(self.end(), |at| at.min(self.end()))
    }
}

struct Parts {
    bases: Vec<(PointInTime, ListedBackup)>,
    chains: Vec<Chain>,
}

impl Parts {
    fn of(listed: &[ListedBackup]) -> Self {
        let all = once(listed);
        let known: HashMap<&str, &ListedBackup> = all.iter().map(|s| (s.manifest.id.as_str(), s)).collect();
        let bases = all.iter().filter(|s| is_good(s));
        let mut bases: Vec<(PointInTime, ListedBackup)> =
            bases.filter_map(|s| Some((s.manifest.point_in_time.clone()?, s.clone()))).collect();
        bases.sort_by_key(|(point_in_time, _)| point_in_time.mark);
        let mut increments: Vec<(Increment, ListedBackup)> =
            all.iter().filter(|s| is_good(s)).filter_map(|s| Some((s.manifest.increment.clone()?, s.clone()))).collect();
        increments.sort_by_key(|(increment, _)| (increment.from.mark, increment.until.mark));
        let mut chains: Vec<Chain> = Vec::new();
        for (increment, listed) in increments {
            let parent = listed.manifest.parent.clone().unwrap_or_default();
            let follows = |(before, one): &(Increment, ListedBackup)| one.manifest.id == parent && before.until == increment.from;
            let onto = chains.iter().position(|line| line.parts.iter().any(follows));
            match onto {
                Some(at) => {
                    let place = chains[at].parts.iter().position(follows).unwrap_or(0) + 1;
                    if place == chains[at].parts.len() {
                        chains[at].parts.push((increment, listed));
                    } else {
                        // Two programs went on from the same place: both lines hold.
                        let mut parts = chains[at].parts[..place].to_vec();
                        parts.push((increment, listed));
                        let missing = chains[at].missing.clone();
                        chains.push(Chain { parts, missing });
                    }
                }
                None => {
                    let missing = what_is_missing(known.get(parent.as_str()).copied(), &parent, &increment.from);
                    chains.push(Chain { parts: vec![(increment, listed)], missing });
                }
            }
        }
        Self { bases, chains }
    }

    /// Until when a backup covers changes, and the chain that leads there.
    fn covered_until(&self, point_in_time: &PointInTime, base: &ListedBackup) -> (i64, Option<&Chain>) {
        let own = base.covered_until.as_ref().map_or(point_in_time.at, |r| r.at.max(point_in_time.at));
        let chains = self.chains.iter().filter(|line| line.runs_through(point_in_time));
        match chains.max_by_key(|line| line.end_from(point_in_time)) {
            Some(line) => (line.end_from(point_in_time).max(own), Some(line)),
            None => (own, None),
        }
    }
}

/// Why an increment does not follow what it names as its parent; `None` where it does.
fn what_is_missing(parent: Option<&ListedBackup>, id: &str, from: &Position) -> Option<String> {
    match parent {
        None => Some(format!("{id}, on which the next increment builds, is not there.")),
        Some(parent) => match (&parent.damage, &parent.verification) {
            (Some(damage), _) => Some(format!("{id} is damaged: {damage}")),
            (None, Some(verification)) if !is_good(parent) => {
                Some(format!("{id} did not pass its verification: {}", verification.problems.first().map_or("", String::as_str)))
            }
            _ if parent.manifest.end().as_ref() != Some(from) => Some(format!("The increment after {id} does not begin where {id} ends.")),
            _ => None,
        },
    }
}

/// What can be restored with these backups of one workspace.
pub fn timeline(listed: &[ListedBackup]) -> Timeline {
    let parts = Parts::of(listed);
    let mut spans: Vec<Range> = parts
        .bases
        .iter()
        .map(|(point_in_time, base)| Range { from: point_in_time.at, until: parts.covered_until(point_in_time, base).0 })
        .collect();
    spans.sort_by_key(|span| span.from);
    let mut ranges: Vec<Range> = Vec::new();
    for span in spans {
        match ranges.last_mut() {
            Some(last) if span.from <= last.until => last.until = last.until.max(span.until),
            _ => ranges.push(span),
        }
    }
    let mut gaps: Vec<Gap> =
        ranges.windows(2).map(|two| Gap { from: two[0].until, until: two[1].from, why: why(&parts, two[0].until, two[1].from) }).collect();
    // Increments that no backup leads to.
    let last = ranges.last().map_or(i64::MIN, |r| r.until);
    let lost = parts.chains.iter().filter(|line| line.end() > last).max_by_key(|line| line.end());
    if let Some(line) = lost {
        let from = if last == i64::MIN { line.first().map_or(last, |first| first.from.at) } else { last };
        gaps.push(Gap { from, until: line.end(), why: why(&parts, from, line.end()) });
    }
    Timeline { ranges, gaps }
}

fn why(parts: &Parts, from: i64, until: i64) -> String {
    let within = |at: i64| from <= at && at <= until;
    let missing = parts.chains.iter().find(|line| line.missing.is_some() && line.first().is_some_and(|first| within(first.from.at)));
    if let Some(sentence) = missing.and_then(|line| line.missing.clone()) {
        return sentence;
    }
    let foreign = parts.chains.iter().flat_map(|line| &line.parts).flat_map(|(increment, _)| &increment.put_in_place);
    if foreign.into_iter().any(|(_, at)| within(*at)) {
        return "A collection that had been archived before the last backup was swapped in.".into();
    }
    let noted = parts.bases.iter().rev().find(|(point_in_time, base)| within(point_in_time.at) && base.manifest.gap.is_some());
    noted.and_then(|(_, base)| base.manifest.gap.clone()).unwrap_or_else(|| "No increments were taken.".into())
}

/// The ways to a point in time, that from the newest backup first.
///
/// Errors: `NotFound`, with the gap that the point in time is in or the points in time that can be restored.
pub fn routes(listed: &[ListedBackup], at: i64) -> Result<Vec<Route>> {
    let parts = Parts::of(listed);
    let mut found = Vec::new();
    for (point_in_time, base) in parts.bases.iter().rev().filter(|(point_in_time, _)| point_in_time.at <= at) {
        let (end, line) = parts.covered_until(point_in_time, base);
        if at > end {
            continue;
        }
        let parts = line.map_or(&[][..], |line| line.parts.as_slice());
        let needed = parts.iter().filter(|(increment, _)| increment.until.mark > point_in_time.mark && increment.from.at <= at);
        found.push(Route { base: base.clone(), increments: needed.map(|(_, listed)| listed.clone()).collect() });
    }
    if found.is_empty() { Err(Error::NotFound(unreachable(&timeline(listed), at))) } else { Ok(found) }
}

fn unreachable(timeline: &Timeline, at: i64) -> String {
    let point_in_time = display(at);
    if let Some(gap) = timeline.gaps.iter().find(|gap| gap.from < at && at < gap.until) {
        return format!("{point_in_time} is in the gap between {} and {}: {}", display(gap.from), display(gap.until), gap.why);
    }
    match (timeline.ranges.first(), timeline.ranges.last()) {
        (Some(first), _) if at < first.from => {
            format!("{point_in_time} is too early: the earliest point in time that can be restored is {}.", display(first.from))
        }
        (_, Some(last)) => {
            format!("{point_in_time} is too late: the latest point in time that can be restored is {}.", display(last.until))
        }
        _ => format!("{point_in_time} cannot be restored: there is no backup that increments build on."),
    }
}

/// What the next increment may build on, the best first: the end of the newest line, then the newest whole backup.
pub fn heads(listed: &[ListedBackup]) -> Vec<ListedBackup> {
    let parts = Parts::of(listed);
    let base = parts.bases.last();
    // A line that no backup runs through leads nowhere.
    let live = parts.chains.iter().filter(|line| parts.bases.iter().any(|(point_in_time, _)| line.runs_through(point_in_time)));
    let line = live.max_by_key(|line| line.end_sequence()).and_then(|line| line.parts.last());
    let mut out: Vec<ListedBackup> = Vec::new();
    out.extend(line.map(|(_, listed)| listed.clone()));
    out.extend(base.map(|(_, listed)| listed.clone()));
    out
}

/// The newest whole backup does not hold something that was put in its place since: another one is needed to go on from.
pub fn needs_base(listed: &[ListedBackup]) -> Option<String> {
    let parts = Parts::of(listed);
    let (point_in_time, base) = parts.bases.last()?;
    let (_, line) = parts.covered_until(point_in_time, base);
    let line = line?;
    (line.end_from(point_in_time) < line.end())
        .then(|| "A collection that had been archived before the last backup was swapped in.".to_owned())
}

#[cfg(test)]
mod tests {
    use steward_store::ResumeToken;

    use super::*;
    use crate::encryption::Compression;
    use crate::manifest::{ArchiveFile, FORMAT, Manifest, Source, Verification};

    fn at(mark: i64) -> Position {
        Position { token: ResumeToken(mark.to_string()), mark, at: mark * 10 }
    }

    fn base(id: &str, mark: i64) -> ListedBackup {
        let manifest = Manifest {
            format: FORMAT,
            id: id.into(),
            made_at: display(mark * 10),
            finished_at: display(mark * 10),
            tool: "Steward".into(),
            source: Source { workspace: "w".into(), name: "w".into(), address: "w".into(), server: "w".into() },
            fuzzy: None,
            notes: Vec::new(),
            position: Some(mark.to_string()),
            point_in_time: Some(PointInTime { mark, at: mark * 10, beside: Vec::new(), apart: Vec::new() }),
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
        ListedBackup::new(manifest, "here".into())
    }

    fn increment(id: &str, parent: &str, from: i64, until: i64) -> ListedBackup {
        let mut one = base(id, until);
        one.manifest.point_in_time = None;
        one.manifest.parent = Some(parent.into());
        one.manifest.increment =
            Some(Increment { from: at(from), until: at(until), changes: 1, put_in_place: Vec::new(), settings: Vec::new() });
        one
    }

    fn ranges(listed: &[ListedBackup]) -> Vec<(i64, i64)> {
        timeline(listed).ranges.iter().map(|r| (r.from, r.until)).collect()
    }

    fn way(listed: &[ListedBackup], at: i64) -> Vec<String> {
        let route = routes(listed, at).unwrap().remove(0);
        std::iter::once(&route.base).chain(&route.increments).map(|s| s.manifest.id.clone()).collect()
    }

    #[test]
    fn a_line_runs_through_backups() {
        let all = [base("a", 10), increment("1", "a", 10, 20), base("b", 15), increment("2", "1", 20, 30), increment("3", "2", 30, 40)];
        assert_eq!(ranges(&all), [(100, 400)]);
        assert_eq!(way(&all, 100), ["a", "1"]);
        assert_eq!(way(&all, 149), ["a", "1"]);
        assert_eq!(way(&all, 250), ["b", "1", "2"]);
        assert_eq!(routes(&all, 250).unwrap().len(), 2, "the older backup leads there too");
        assert!(routes(&all, 99).unwrap_err().to_string().contains("too early"));
        assert!(routes(&all, 401).unwrap_err().to_string().contains("too late"));
        assert_eq!(heads(&all)[0].manifest.id, "3");
    }

    #[test]
    fn a_gap_is_named_and_not_skipped() {
        let whole = [base("a", 10), increment("1", "a", 10, 20), increment("2", "1", 20, 30), increment("3", "2", 30, 40), base("b", 50)];
        let mut without = whole.to_vec();
        without.remove(2);
        assert_eq!(ranges(&without), [(100, 200), (500, 500)]);
        let said = routes(&without, 250).unwrap_err().to_string();
        assert!(said.contains("between") && said.contains("2, on which the next increment builds, is not there"), "{said}");
        assert_eq!(way(&without, 200), ["a", "1"]);
        let mut damaged = whole.to_vec();
        damaged[2].damage = Some("a.zst is missing.".into());
        assert!(timeline(&damaged).gaps[0].why.contains("2 is damaged: a.zst is missing."));
        let verification = |bad: bool| Verification {
            at: display(0),
            restored: false,
            problems: bad.then(|| "x".to_owned()).into_iter().collect(),
            seconds: 1.0,
            sha256: "s".into(),
        };
        damaged[2] = ListedBackup { verification: Some(verification(true)), ..whole[2].clone() };
        assert!(timeline(&damaged).gaps[0].why.contains("did not pass its verification"));
        damaged[2] = ListedBackup { verification: Some(verification(false)), ..whole[2].clone() };
        assert_eq!(ranges(&damaged), [(100, 400), (500, 500)]);
        // The copy at another place is whole.
        let mut copied = whole.to_vec();
        copied.insert(0, ListedBackup { damage: Some("gone".into()), ..whole[2].clone() });
        assert_eq!(ranges(&copied), [(100, 400), (500, 500)]);
        assert_eq!(timeline(&copied).gaps[0].why, "No increments were taken.");
        // Nothing is left that it began with.
        let orphans = [whole[2].clone(), whole[3].clone()];
        assert_eq!((ranges(&orphans), timeline(&orphans).gaps.len(), heads(&orphans).len()), (vec![], 1, 0));
    }

    #[test]
    fn quiet_times_reach_farther() {
        let mut all = [base("a", 10), increment("1", "a", 10, 20)];
        all[1].covered_until = Some(at(90));
        assert_eq!((ranges(&all), way(&all, 900)), (vec![(100, 900)], vec!["a".to_owned(), "1".to_owned()]));
        let mut alone = [base("a", 10)];
        alone[0].covered_until = Some(at(12));
        assert_eq!(ranges(&alone), [(100, 120)]);
    }

    #[test]
    fn what_the_backup_does_not_hold_ends_its_reach() {
        let mut all = [base("a", 10), base("b", 15), increment("1", "a", 10, 30)];
        all[1].manifest.point_in_time.as_mut().unwrap().beside.push("steward.replaced.x".into());
        all[2].manifest.increment.as_mut().unwrap().put_in_place.push(("steward.replaced.x".into(), 200));
        assert_eq!(way(&all, 199), ["b", "1"]);
        assert_eq!(way(&all, 200), ["a", "1"], "the older one knows what was archived since");
        assert!(needs_base(&all).is_some());
        assert!(needs_base(&[base("a", 10), increment("1", "a", 10, 30)]).is_none());
    }
}
