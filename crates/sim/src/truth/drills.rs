//! What the judge holds while catalog and buckets do not belong together, and what it forgives afterwards.
//!
//! *Invariant*: it forgives only what was there, or was not, at the moment of the mix-up.

use std::collections::BTreeSet;

use domain::{File, FileState, ObjectKey, Reason, StateName, UploadId};
use server::catalog::memory::MemoryCatalog;

use super::{Row, Seen, Truth, now, row};
use crate::call::Step;
use crate::executor::Actor;
use crate::matter::Matter;

impl Truth {
    /// Catalog or buckets are others from now on. What the judge remembers of rows is read again; `matter` are the buckets
    /// that belong to the catalog.
    pub(crate) fn mixed_up(&mut self, catalog: &MemoryCatalog, matter: &Matter) {
        self.mixed_up = true;
        let mut there: BTreeSet<ObjectKey> = matter.objects().cloned().collect();
        let objects = there.clone();
        there.extend(matter.uploads().map(|(_, key)| key.clone()));
        let now = now(catalog);
        self.rewound = Some(now);
        for (id, known) in &mut self.files {
            let Some(file) = row(catalog, *id) else {
                if !known.purged && there.contains(&known.key) {
                    self.estranged.insert(known.key.clone());
                }
                known.purged = true;
                continue;
            };
            known.state = file.state.name();
            known.fence = file.fence;
            known.released = None;
            known.closed_at = matches!(file.state, FileState::Closed { .. }).then_some(now);
            known.purged = false;
            let head = matter.head(&file.key);
            if file.state.object().is_some_and(|object| head.is_none_or(|head| head.etag != object.etag)) {
                self.lost_by_hand.insert(file.key.clone());
            }
            if file.state.name() < StateName::Committing && objects.contains(&file.key) {
                self.estranged.insert(file.key.clone());
            }
            self.by_key.insert(file.key, *id);
        }
        // A key whose row is there again is not forgotten, whoever owned it later.
        let forgotten = |key: &ObjectKey| {
            let row = self.by_key.get(key).and_then(|id| row(catalog, *id));
            row.is_none_or(|file| file.state.name() < StateName::Committing)
        };
        let kept: BTreeSet<ObjectKey> = self.estranged.iter().filter(|key| forgotten(key)).cloned().collect();
        self.estranged = kept;
        self.last_event = 0;
        for seen in self.assets.values_mut() {
            *seen = Seen { created: false, created_events: 0, ..*seen };
        }
        self.check_events(catalog);
        self.assets.values_mut().for_each(|seen| seen.created = seen.created_events > 0);
        let unknown = matter.hidden().filter(|(id, key)| !self.knows(catalog, key, &UploadId((*id).to_owned())));
        let unknown: Vec<String> = unknown.map(|(id, _)| id.to_owned()).collect();
        self.beyond_looks.extend(unknown);
    }

    /// Whether a row remembers an upload. What lies under an aborted one that none remembers, nothing shows.
    pub(super) fn knows(&self, catalog: &MemoryCatalog, key: &ObjectKey, upload: &UploadId) -> bool {
        let file = self.file_of(key).and_then(|id| row(catalog, id));
        file.is_some_and(|file| file.upload_id.as_ref() == Some(upload))
    }

    /// The operator has said that they belong together after all, or has put it right.
    pub(crate) fn accepted(&mut self) {
        self.mixed_up = false;
    }

    /// Whether they do not belong together now.
    pub(crate) fn is_mixed_up(&self) -> bool {
        self.mixed_up
    }

    /// The operator lets go of what the catalog does not know.
    pub(crate) fn consent(&mut self) {
        self.consented = true;
    }

    /// Whether the catalog has a row that the judge knows.
    pub(crate) fn has_rows(&self) -> bool {
        self.files.values().any(|known| !known.purged)
    }

    /// Rule 9: a call of the store is about to be made that changes buckets.
    pub(crate) fn refuses_while_mixed_up(&mut self, call: &str, key: &ObjectKey) {
        if self.mixed_up {
            self.report("R9", format!("{call} of {} in buckets that are not this catalog's", key.path()));
        }
    }

    /// Rules 9 and 6: a row is about to be written. Owners may still delete; nobody else ends anything.
    pub(crate) fn refuses_step(&mut self, actor: Actor, next: &File, step: Step) {
        let ends = match step {
            Step::Destroyed | Step::Rechecked | Step::Purged | Step::Sought | Step::Rejected => true,
            Step::Ended => matches!(next.state.reason(), Some(Reason::Abandoned | Reason::Orphan)),
            _ => false,
        };
        let by_age = step == Step::Ended && next.state.reason() == Some(Reason::Abandoned);
        if by_age || matches!(step, Step::Destroyed | Step::Purged) {
            self.refuses_by_clocks(actor, step.name());
        }
        if self.mixed_up && ends {
            let what = format!("{} of {} while its bucket is another's", step.name(), next.key.path());
            self.report("R9", what);
        }
    }

    /// Rules 9 and 6: reconcile is about to give a row to what has none.
    pub(crate) fn adopts(&mut self, matter: &Matter, actor: Actor, key: &ObjectKey) {
        self.refuses_by_clocks(actor, "an orphan is adopted");
        let old = |upload: &UploadId| matter.opened_at(upload) < self.rewound;
        let lies_there = || matter.head(key).is_some() || matter.uploads_on(key).iter().any(old);
        if self.mixed_up || (self.estranged.contains(key) && !self.consented && lies_there()) {
            self.report("R9", format!("{} counts as an orphan and may be what the catalog forgot", key.path()));
        }
    }

    /// Objects without a CREATED file, when nothing moves any more.
    pub(crate) fn astray(&self, catalog: &MemoryCatalog, matter: &Matter) -> Vec<String> {
        let state = |key: &ObjectKey| self.state(catalog, key);
        let strays = matter.objects().filter(|key| !self.is_spoilt(key));
        let astray = strays.filter(|key| !matches!(state(key), Row::Is(StateName::Created)));
        astray.map(|key| format!("an object at {} whose row is {:?}", key.path(), state(key))).collect()
    }
}
