//! What happens, as server-sent events.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use steward_api::dto::AppEvent;
use tokio::sync::broadcast::error::RecvError;

use crate::Interface;

pub async fn events(State(interface): State<Interface>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut events = interface.app.listen();
    let stream = async_stream::stream! {
        loop {
            let received = tokio::select! {
                () = interface.stopping.cancelled() => break,
                received = events.recv() => received,
            };
            let event = match received {
                Ok(event) => event,
                Err(RecvError::Lagged(_)) => AppEvent::Missed,
                Err(RecvError::Closed) => break,
            };
            if let Ok(text) = serde_json::to_string(&event) {
                yield Ok(Event::default().data(text));
            }
        }
    };
    Sse::new(stream).keep_alive(KeepAlive::default())
}
