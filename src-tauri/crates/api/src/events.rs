//! From what happened in a workspace to whose answers are old.

use std::sync::Arc;

use steward_workspace::Event;
use steward_workspace::events::Listener;
use tokio::sync::broadcast::Sender;

use crate::records::signposts::Signposts;

use crate::dto::{AppEvent, Topic};

/// Passes the events of a workspace on to the window, as topics.
pub(crate) struct ToTopics {
    pub events: Sender<AppEvent>,
    pub signposts: Arc<Signposts>,
}

impl Listener for ToTopics {
    fn heard(&self, event: &Event) {
        let (topics, collection) = topics(event);
        self.emit(topics, collection);
    }
}

impl ToTopics {
    pub fn emit(&self, topics: &[Topic], collection: Option<&str>) {
        if topics.contains(&Topic::Records) {
            self.signposts.forget(collection);
        }
        for topic in topics {
            // Nobody listening is fine.
            let _ = self.events.send(AppEvent::Changed { topic: topic.clone(), collection: collection.map(str::to_owned) });
        }
    }
}

/// What may look different after an event, and in which collection only.
fn topics(event: &Event) -> (&'static [Topic], Option<&str>) {
    use Topic::{Backups, Changes, Collections, Quality, Quarantine, Records, Runs, Schemas, Settings, Tasks};
    match event {
        Event::RecordsChanged { collection, .. } => (&[Records, Changes, Collections, Quality, Quarantine], Some(collection)),
        Event::CollectionChanged { collection } => (&[Collections, Records, Quality], Some(collection)),
        Event::RunChanged { collection, .. } => (&[Runs, Records, Changes, Collections, Quality, Quarantine], Some(collection)),
        Event::Measured { collection } => (&[Quality], Some(collection)),
        Event::SchemasChanged => (&[Schemas], None),
        Event::SettingsChanged => (&[Settings], None),
        Event::UndoDataDiscarded => (&[Settings, Runs], None),
        Event::BackupsChanged => (&[Backups, Settings], None),
        Event::RestoreChanged { .. } => (&[Collections, Records, Changes, Quality, Quarantine, Runs, Settings, Backups], None),
        Event::TaskChanged { .. } => (&[Tasks], None),
    }
}
