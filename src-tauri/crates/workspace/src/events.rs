//! What happened, in words with meaning. Capabilities emit events through their workspace; whoever shows data, or has to tell
//! someone, listens. Nobody listening is fine.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Something that happened in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Records of a collection, or its rows in quarantine, were added, changed or removed by a change set.
    RecordsChanged { collection: String, change_set: String },
    /// A collection got another schema, key or title.
    CollectionChanged { collection: String },
    /// A run ended in whatever state, was resumed or undone.
    RunChanged { run: String, collection: String },
    /// A collection was measured.
    Measured { collection: String },
    /// The workspace's own schema packs changed.
    SchemasChanged,
    /// Settings, mappings or saved views changed.
    SettingsChanged,
    /// What old imports retained for undo was discarded, or the file was compacted.
    UndoDataDiscarded,
    /// Backups were taken, verified or deleted, or their settings changed.
    BackupsChanged,
    /// A restore ended in whatever state, or was undone.
    RestoreChanged { restore: String },
    /// A task of the scheduler started or ended.
    TaskChanged { task: String },
}

/// Hears the events of a workspace. Called in the middle of the work: it must be quick, and never block.
pub trait Listener: Send + Sync {
    fn heard(&self, event: &Event);
}

/// The events of one workspace.
#[derive(Clone, Default)]
pub struct Bus {
    listeners: Arc<Mutex<Vec<Weak<dyn Listener>>>>,
}

impl Bus {
    /// Listens for as long as someone else holds the listener.
    pub fn listen(&self, listener: &Arc<dyn Listener>) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|known| known.strong_count() > 0);
        listeners.push(Arc::downgrade(listener));
    }

    pub fn emit(&self, event: &Event) {
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for listener in listeners.iter().filter_map(Weak::upgrade) {
            listener.heard(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Ear(Mutex<Vec<Event>>);

    impl Listener for Ear {
        fn heard(&self, event: &Event) {
            self.0.lock().unwrap().push(event.clone());
        }
    }

    #[test]
    fn who_listens_hears_everything_and_who_is_gone_nothing() {
        let (bus, ear) = (Bus::default(), Arc::new(Ear::default()));
        bus.emit(&Event::SchemasChanged);
        let listener: Arc<dyn Listener> = Arc::<Ear>::clone(&ear);
        bus.listen(&listener);
        bus.clone().emit(&Event::BackupsChanged);
        assert_eq!(*ear.0.lock().unwrap(), [Event::BackupsChanged]);
        drop((listener, ear));
        bus.emit(&Event::SettingsChanged);
        assert!(bus.listeners.lock().unwrap()[0].upgrade().is_none());
    }
}
