//! `GET /v1/events`
//!
//! A stream of Server-Sent Events (the HTML standard, section 9.2). What is in the outbox carries its position as `id`,
//! and a reader that comes back with `Last-Event-ID` gets what it missed. Progress has no `id`: it is not stored.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use domain::{ByteCount, EventKind, OutboxEvent, OwnerId};
use futures::Stream;
use futures::stream::unfold;
use serde_json::{Value, json};
use tokio::time::{Interval, MissedTickBehavior, Sleep, interval, sleep};

use crate::events::{Heard, Listener, News};
use crate::http::HttpState;
use crate::http::admission::{Full, Slot};
use crate::http::bounds::{EVENT_STREAM_LIFE, EVENT_STREAM_LOOK, EVENTS_PER_PAGE};
use crate::http::input::{LastEventId, NoQuery};
use crate::http::middleware::Caller;
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

/// Quiet streams say something this often, because proxies hang up on silence, some after 30 s.
const SIGN_OF_LIFE: Duration = Duration::from_secs(25);

problems!(
    /// What can go wrong.
    EventsProblems: []
);

/// Follow what happens
///
/// Server-Sent Events of the caller's assets: `asset.created`, `asset.rejected`, `asset.expired`, `asset.deleted`, and
/// `asset.progress` while somebody looks at an upload. Each has JSON as its data: `type`, `asset_id`, and what belongs
/// to the type. The stream ends after an hour, with its token or session, or when the server stops; browsers come back by
/// themselves, and `Last-Event-ID` brings what was missed. Without it the stream begins now.
#[utoipa::path(
    get, path = "/v1/events", tag = "assets",
    params(("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event that was read")),
    responses(
        (status = 200, description = "The stream", content_type = "text/event-stream", body = String),
        EventsProblems,
    ),
)]
pub(super) async fn follow_events(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    NoQuery: NoQuery,
    LastEventId(last): LastEventId,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Denial> {
    let turn = state.admission.event_stream(&identity.owner).map_err(|full| match full {
        Full::Holder => problem::too_many_streams(),
        Full::All => problem::overloaded(),
    })?;
    // Listen first, then look: what happens in between is seen twice rather than never.
    let signals = state.app().listen(&identity.owner);
    let position = match last {
        Some(position) => position,
        None => state.app().last_event_position().await.map_err(|error| problem::port(&error))?,
    };
    // Whoever may not call any more may not listen either.
    let proved = identity.expires_at.duration_since(state.parts.clock.now());
    let life = Duration::try_from(proved).unwrap_or_default().min(EVENT_STREAM_LIFE);
    let mut looks = interval(EVENT_STREAM_LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let reader = Reader {
        ends: Box::pin(sleep(life)),
        looks,
        owner: identity.owner,
        found: VecDeque::new(),
        look: Look::Due,
        position,
        signals,
        state,
        _turn: turn,
    };
    let events = unfold(reader, |mut reader| async move { reader.next().await.map(|event| (Ok(event), reader)) });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE)))
}

/// Whether there may be something new in the outbox.
#[derive(PartialEq, Eq)]
enum Look {
    Due,
    NotDue,
}

struct Reader {
    state: HttpState,
    owner: OwnerId,
    position: u64,
    found: VecDeque<(u64, OutboxEvent)>,
    look: Look,
    signals: Listener,
    /// When to look into the outbox without being told.
    looks: Interval,
    ends: Pin<Box<Sleep>>,
    _turn: Slot<OwnerId>,
}

impl Reader {
    /// The next event; `None` ends the stream, and its reader comes back.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((position, event)) = self.found.pop_front() {
                self.position = position;
                return Some(told(position, &event));
            }
            if self.look == Look::Due {
                let page = self.state.app().list_events(&self.owner, self.position, EVENTS_PER_PAGE).await;
                let page = page.inspect_err(|error| {
                    tracing::warn!(error = error as &dyn std::error::Error, "a stream of events ends early");
                });
                self.found = page.ok()?.into();
                if !self.found.is_empty() {
                    continue;
                }
                self.look = Look::NotDue;
            }
            if let Some(event) = self.wait().await? {
                return Some(event);
            }
        }
    }

    /// Waits for a signal. `None`: the stream is over.
    async fn wait(&mut self) -> Option<Option<Event>> {
        tokio::select! {
            heard = self.signals.next() => match heard? {
                Heard::News(News::Events) | Heard::Missed => {
                    self.look = Look::Due;
                    Some(None)
                }
                Heard::News(News::Progress { asset, role, arrived, size }) => {
                    let data = json!({"type": "asset.progress", "asset_id": asset, "role": role.as_str(),
                        "arrived": arrived.get(), "size": size.map(ByteCount::get)});
                    Some(Some(Event::default().event("asset.progress").data(data.to_string())))
                }
            },
            // Another process, or a job of one, may have written the event.
            _ = self.looks.tick() => {
                self.look = Look::Due;
                Some(None)
            }
            () = &mut self.ends => None,
            () = self.state.parts.stopping.cancelled() => None,
        }
    }
}

fn told(position: u64, event: &OutboxEvent) -> Event {
    let name = event.kind.name();
    let mut data = json!({"type": name, "id": event.id, "asset_id": event.asset, "at": event.at});
    match &event.kind {
        EventKind::AssetRejected { role, reason } => {
            data["role"] = Value::from(role.as_str());
            data["reason"] = Value::from(reason.code());
            if let Some(found) = reason.found() {
                data["found"] = Value::from(found.media_type());
            }
        }
        EventKind::AssetCreated | EventKind::AssetExpired | EventKind::AssetDeleted => {}
    }
    Event::default().id(position.to_string()).event(name).data(data.to_string())
}
