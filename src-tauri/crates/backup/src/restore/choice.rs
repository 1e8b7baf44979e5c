//! What a restore is asked for, and which collections of the backup that is.

use steward_domain::RestoreMode;
use steward_store::names;
use steward_workspace::{Error, Result};

use crate::read::{Backup, Listed};

/// What to restore.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Name in the backup and name in the workspace; all under their own names where empty.
    pub collections: Vec<(String, String)>,
    /// History, quarantine, saved mappings and settings too.
    pub own: bool,
    pub mode: RestoreMode,
    /// What cannot be restored may be left out; otherwise nothing is restored where something cannot.
    pub leave_out: bool,
}

/// One collection that is restored.
#[derive(Debug, Clone)]
pub struct Chosen {
    pub listed: Listed,
    pub into: String,
    /// What does not come back as it was: parts of sentences that begin with its name.
    pub notes: Vec<String>,
    /// Of these, what does not come back at all.
    pub lost: Vec<String>,
    /// Nothing in it can be restored; the notes say why.
    pub left_out: bool,
}

impl Chosen {
    /// What comes back is what servers of today can hold.
    pub(super) fn new(listed: &Listed, into: &str) -> Self {
        let (definition, notes) = listed.definition.of_today();
        let lost = listed.definition.gone_today();
        let listed = Listed { definition, ..listed.clone() };
        Self { listed, into: into.to_owned(), notes, lost, left_out: false }
    }

    pub(super) fn leave_out(&mut self, note: String) {
        self.left_out = true;
        self.lost = vec![note.clone()];
        self.notes = vec![note];
    }

    /// Part of it does not come back.
    pub(super) fn lose(&mut self, note: String) {
        self.lost.push(note.clone());
        self.notes.push(note);
    }

    /// What does not come back, as sentences.
    pub fn losses(&self) -> impl Iterator<Item = String> {
        self.lost.iter().map(|lost| format!("{} {lost}.", self.listed.name))
    }
}

/// What a choice comes to, people's collections first.
///
/// Errors: a name that the backup does not hold, one that no collection can have, two that go into one.
pub fn choose(backup: &Backup, choice: &Choice) -> Result<Vec<Chosen>> {
    if let Some(manifest) = backup.manifest.as_ref().filter(|m| m.increment.is_some()) {
        return Err(Error::BadRequest(format!("{} contains changes only. Restore to a point in time that it covers.", manifest.id)));
    }
    let mut chosen: Vec<Chosen> = Vec::new();
    if choice.collections.is_empty() {
        let all = backup.contents.iter().filter(|c| !c.is_own());
        chosen.extend(all.map(|c| Chosen::new(c, &c.name)));
    }
    for (name, into) in &choice.collections {
        let Some(listed) = backup.listed(name) else {
            return Err(Error::NotFound(format!("This backup has no collection '{name}'.")));
        };
        chosen.push(Chosen::new(listed, into));
    }
    for (at, one) in chosen.iter().enumerate() {
        // A name that someone chose is refused; what the backup holds under its own is left out later, with a word.
        if one.into != one.listed.name {
            names::check(&one.into)?;
        }
        if names::is_own(&one.into) {
            return Err(Error::BadRequest(format!("'{}' belongs to Steward itself; choose another name.", one.into)));
        }
        if chosen[..at].iter().any(|other| other.into == one.into) {
            return Err(Error::BadRequest(format!("Two collections cannot both go into '{}'.", one.into)));
        }
    }
    if choice.own {
        let own = backup.contents.iter().filter(|c| names::is_backed_up(&c.name));
        chosen.extend(own.map(|c| Chosen::new(c, &c.name)));
    }
    if chosen.is_empty() {
        return Err(Error::BadRequest("This backup has no collection that could be restored.".into()));
    }
    Ok(chosen)
}
