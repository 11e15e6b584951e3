//! Tells an observer what the session's state means to a person, each thing once.

use std::sync::Arc;
use std::time::Duration;

use domain::{TimeSpan, Timestamp};
use tokio::time::{Interval, MissedTickBehavior};

use crate::clock::SteadyClock;
use crate::progress::{Gauge, News, Observer, Progress};
use crate::session::{Action, Session};

/// How often progress is told: often enough for a bar to look alive.
const TELL_EVERY: Duration = Duration::from_millis(200);

/// When sending began, and with how much already there.
#[derive(Clone, Copy)]
struct Begun {
    at: Timestamp,
    already_bytes: u64,
}

pub(super) struct Teller<'a> {
    observer: &'a dyn Observer,
    gauge: Arc<Gauge>,
    ticks: Interval,
    clock: SteadyClock,
    begun: Option<Begun>,
    failures: u32,
    repairs: u8,
    is_completing: bool,
    is_verifying: bool,
}

impl<'a> Teller<'a> {
    pub(super) fn new(observer: &'a dyn Observer, gauge: &Arc<Gauge>, clock: SteadyClock) -> Self {
        let mut ticks = tokio::time::interval(TELL_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            observer,
            gauge: Arc::clone(gauge),
            ticks,
            clock,
            begun: None,
            failures: 0,
            repairs: 0,
            is_completing: false,
            is_verifying: false,
        }
    }

    /// Bytes that had arrived before this run.
    pub(super) fn already_bytes(&self) -> u64 {
        self.begun.map_or(0, |begun| begun.already_bytes)
    }

    pub(super) fn tell_action(&mut self, action: &Action) {
        match action {
            Action::Complete(_) if !self.is_completing => {
                self.is_completing = true;
                self.observer.note(&News::Completing);
            }
            Action::Poll if !self.is_verifying => {
                self.is_verifying = true;
                self.observer.note(&News::Verifying);
            }
            Action::Create
            | Action::Show
            | Action::ListParts(_)
            | Action::SignParts(..)
            | Action::SendPart(_)
            | Action::Complete(_)
            | Action::Poll
            | Action::Wait(_)
            | Action::Finish(_) => {}
        }
    }

    /// After every event: what has changed.
    pub(super) fn tell_state(&mut self, session: &Session) {
        self.tell_begin(session);
        let failures = session.trouble().map_or(0, |trouble| trouble.failures);
        if failures != self.failures {
            self.failures = failures;
            let now = self.clock.now();
            self.observer.note(&session.trouble().map_or(News::Recovered, |trouble| News::Waiting {
                detail: trouble.detail.clone(),
                failures,
                lasting: now.duration_since(trouble.since),
                retry_in: trouble.retry_at.duration_since(now).max(TimeSpan::ZERO),
                gives_up_in: trouble.ends_at.duration_since(now).max(TimeSpan::ZERO),
            }));
        }
        let (repairs, parts) = session.repairs();
        if repairs != self.repairs && parts > 0 {
            self.repairs = repairs;
            self.is_completing = false;
            self.observer.note(&News::Repairing { parts });
        }
    }

    fn tell_begin(&mut self, session: &Session) {
        let Some(id) = session.asset_id() else { return };
        if self.begun.is_none() && session.is_listed() {
            let (asset_id, already_bytes) = (id.to_string(), session.arrived_bytes());
            self.begun = Some(Begun { at: self.clock.now(), already_bytes });
            self.observer.note(&News::Begun { asset_id, total_bytes: session.total_bytes(), already_bytes });
        }
    }

    /// Tells progress when it is time to.
    pub(super) async fn moved(&mut self, session: &Session) {
        self.ticks.tick().await;
        if let Some(begun) = self.begun {
            self.observer.note(&News::Moved(Progress {
                total_bytes: session.total_bytes(),
                arrived_bytes: session.arrived_bytes(),
                moving_bytes: self.gauge.moving_bytes(),
                elapsed: self.clock.now().duration_since(begun.at),
            }));
        }
    }
}
