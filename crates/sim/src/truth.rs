//! The invariants, held against what catalog and matter really hold, after every step.
//!
//! The judge has no part in the play: it reads both behind everybody's back, and a log of what was issued and released
//! where an invariant speaks of the past. *Invariant*: what it reads is never what the code under test was told.

mod clocks;
mod drills;
mod grants;
mod sizes;

use std::collections::{BTreeMap, BTreeSet};

use domain::limits::RECHECK_AFTER;
use domain::{
    Asset, AssetId, AssetStatus, ByteCount, EventKind, Fence, File, FileId, FileState, ObjectKey, Reason, RoleName,
    StateName, Timestamp, UploadId, Visibility,
};
use futures::FutureExt as _;
use server::catalog::memory::MemoryCatalog;
use server::catalog::{InstallationRecord as _, Outbox as _};

use self::clocks::Looks;
use crate::executor::Actor;
use crate::matter::Matter;

/// A law that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Which: `I1` to `I9`, `L1`, or a transition of the protocol such as `T7`; `contract` for an assertion of a port.
    pub law: String,
    /// What was seen.
    pub what: String,
}

impl Breach {
    pub(crate) fn new(law: &str, what: impl Into<String>) -> Self {
        Self { law: law.to_owned(), what: what.into() }
    }

    /// An assertion of the code or of a port failed; many name the invariant they keep.
    pub(crate) fn of_panic(message: String) -> Self {
        let named = ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9"];
        let law = named.iter().find(|law| message.contains(&format!("({law})"))).unwrap_or(&"contract");
        Self::new(law, message)
    }
}

/// What the judge remembers of a file.
struct Known {
    key: ObjectKey,
    state: StateName,
    fence: Fence,
    /// The latest end of a URL that was handed out.
    released: Option<Timestamp>,
    /// Since when its looks run: it was CLOSED then, or something was found on it.
    closed_at: Option<Timestamp>,
    /// When its fence was raised in RESERVED.
    disowned_at: Option<Timestamp>,
    purged: bool,
}

impl Known {
    fn new(file: &File) -> Self {
        Self {
            key: file.key.clone(),
            state: file.state.name(),
            fence: file.fence,
            released: None,
            closed_at: None,
            disowned_at: None,
            purged: false,
        }
    }
}

/// What the judge remembers of an asset.
#[derive(Default)]
struct Seen {
    created: bool,
    created_events: u32,
    /// Of one of its files nobody declared the size.
    is_undeclared: bool,
    /// One of its files is marked `auto`.
    is_left_alone: bool,
}

/// How assets fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Assets {
    /// How many there were.
    pub reserved: u64,
    /// How many of them were CREATED at some time.
    pub created: u64,
    /// Of those, how many with a file whose size nobody declared.
    pub undeclared: u64,
    /// Of those, how many with a file that nobody has to complete (`auto`).
    pub left_alone: u64,
}

/// The judge.
#[derive(Default)]
pub(crate) struct Truth {
    files: BTreeMap<FileId, Known>,
    by_key: BTreeMap<ObjectKey, FileId>,
    assets: BTreeMap<AssetId, Seen>,
    last_event: u64,
    /// Objects that an operator removed by hand: what was recorded of them is not there, and that is known.
    lost_by_hand: BTreeSet<ObjectKey>,
    /// Aborted uploads under which a part landed when its file had had all of its looks. No listing shows it: that is for
    /// the bucket's lifecycle rule.
    beyond_looks: BTreeSet<String>,
    /// Whether catalog and buckets do not belong together.
    mixed_up: bool,
    /// Keys under which something lay when the catalog was rewound, and whose row is gone or has not committed it.
    estranged: BTreeSet<ObjectKey>,
    /// When the catalog became another one, if it did.
    rewound: Option<Timestamp>,
    /// What owners said that their files of undeclared size hold.
    claims: BTreeMap<(AssetId, RoleName), BTreeSet<ByteCount>>,
    /// Whether the operator has let go of what a restored catalog does not know.
    consented: bool,
    /// The asset of which a row cannot be read: nobody can finish it.
    spoilt: Option<AssetId>,
    /// Looks at the clocks.
    looks: Looks,
    breach: Option<Breach>,
}

fn row(catalog: &MemoryCatalog, id: FileId) -> Option<File> {
    catalog.row(id)
}

fn now(catalog: &MemoryCatalog) -> Timestamp {
    catalog.now().now_or_never().expect("memory answers at once").expect("memory is there")
}

fn asset(catalog: &MemoryCatalog, id: AssetId) -> Option<Asset> {
    catalog.asset(id)
}

impl Truth {
    /// The first breach that was found.
    pub(crate) fn breach(&self) -> Option<&Breach> {
        self.breach.as_ref()
    }

    pub(crate) fn report(&mut self, law: &str, what: impl Into<String>) {
        if self.breach.is_none() {
            self.breach = Some(Breach::new(law, what));
        }
    }

    pub(crate) fn file_of(&self, key: &ObjectKey) -> Option<FileId> {
        self.by_key.get(key).copied()
    }

    /// A file became known to the catalog; again, where the first answer was lost and the same write was repeated.
    pub(crate) fn announced(&mut self, file: &File) {
        let known = Known::new(file);
        match self.by_key.insert(file.key.clone(), file.id) {
            None => {}
            Some(before) if before == file.id => return,
            Some(_) => self.report("I3", format!("the key {} was used before", file.key.path())),
        }
        self.files.insert(file.id, known);
        let seen = self.assets.entry(file.asset).or_default();
        seen.is_undeclared |= file.plan.size().is_none();
        seen.is_left_alone |= file.auto;
    }

    /// T12: a key that lost its row has one again. It is the same key: it was found in the bucket, not made anew.
    pub(crate) fn adopted(&mut self, file: &File) {
        self.by_key.remove(&file.key);
        self.estranged.remove(&file.key);
        self.announced(file);
    }

    /// An operator removed an object by hand.
    pub(crate) fn lost(&mut self, key: &ObjectKey) {
        self.lost_by_hand.insert(key.clone());
    }

    /// I6: a DELETE is about to be sent.
    pub(crate) fn deletes(&mut self, catalog: &MemoryCatalog, actor: Actor, key: &ObjectKey) {
        self.refuses_while_mixed_up("DELETE", key);
        self.refuses_by_clocks(actor, "a DELETE");
        let state = self.state(catalog, key);
        if !matches!(state, Row::Is(StateName::Deleting | StateName::Closed) | Row::Purged) {
            self.report("I6", format!("DELETE of {} whose row is {state:?}", key.path()));
        }
    }

    /// I6: an Abort is about to be sent. T6 is allowed its own from COMMITTING on, and its row may move meanwhile;
    /// T12 is allowed one that a live row does not know, if it is old enough: no write that would make the row know it is
    /// on its way for so long. Here some are, and may cross the Abort; then the file has to be sent again.
    pub(crate) fn aborts(
        &mut self,
        catalog: &MemoryCatalog,
        matter: &Matter,
        (actor, strays): (Actor, bool),
        (key, upload): (&ObjectKey, &UploadId),
    ) {
        self.refuses_while_mixed_up("Abort", key);
        let state = self.state(catalog, key);
        let stored = self.file_of(key).and_then(|id| row(catalog, id)).and_then(|file| file.upload_id);
        let own = stored.as_ref() == Some(upload);
        let age = matter.opened_at(upload).map(|opened| now(catalog).duration_since(opened));
        let allowed = match state {
            Row::Is(StateName::Deleting | StateName::Closed) | Row::Purged => true,
            Row::Is(StateName::Committing | StateName::Verified | StateName::Created) if own => true,
            // Without an id in its row, any upload may be its own that was open when the fence was raised last, and no other.
            Row::Is(StateName::Reserved) => strays && self.is_disowned(key, matter.opened_at(upload)),
            Row::Is(StateName::Uploading) if own => false,
            // An id that a row knows never changes.
            Row::Is(_) if strays && !own => true,
            Row::Is(_) => age.is_some_and(|age| self.may_look_old(age)),
            Row::Never | Row::Forgotten => false,
        };
        if !(own && self.is_of_commit(actor, key)) {
            self.refuses_by_clocks(actor, "an Abort");
        }
        if !allowed {
            let whose = if own { "its own" } else { "another" };
            let age = age.unwrap_or_default();
            self.report("I6", format!("Abort on {} whose row is {state:?}, {whose} upload, {age:#} old", key.path()));
        }
    }

    /// Somebody writes a row that cannot be read: one in a run, the last that is on its way to its end. Gives which.
    pub(crate) fn spoils(&mut self, catalog: &MemoryCatalog) -> Option<FileId> {
        if self.spoilt.is_some() {
            return None;
        }
        let live = self.files.iter().rev().filter(|(_, known)| !known.purged);
        let mut ending = live.filter_map(|(id, _)| row(catalog, *id)).filter(|file| file.state.reason().is_some());
        let file = ending.next()?;
        self.spoilt = Some(file.asset);
        Some(file.id)
    }

    fn is_spoilt(&self, key: &ObjectKey) -> bool {
        self.spoilt == Some(key.file_key().asset())
    }

    /// A RESERVED file's fence was raised: whoever opened an upload before that loses.
    pub(crate) fn disowned(&mut self, file: FileId, now: Timestamp) {
        if let Some(known) = self.files.get_mut(&file) {
            known.disowned_at = Some(now);
        }
    }

    fn is_disowned(&self, key: &ObjectKey, opened: Option<Timestamp>) -> bool {
        let known = self.file_of(key).and_then(|id| self.files.get(&id));
        known.and_then(|known| known.disowned_at).is_some_and(|at| opened.is_none_or(|opened| opened <= at))
    }

    /// The files whose keys begin so. Nothing begins with nothing: that is the whole bucket.
    pub(crate) fn files_below(&self, visibility: Visibility, prefix: &str) -> Vec<FileId> {
        let below = |key: &ObjectKey| key.visibility() == visibility && key.path().starts_with(prefix);
        let live = self.by_key.iter().filter(|(key, id)| below(key) && !self.files[id].purged);
        live.map(|(_, id)| *id).filter(|_| !prefix.is_empty()).collect()
    }

    /// A part landed, wherever it lies now.
    pub(crate) fn part_landed(&mut self, catalog: &MemoryCatalog, key: &ObjectKey, upload: &UploadId) {
        let now = now(catalog);
        // All looks are counted from the closing.
        let [.., last_look] = RECHECK_AFTER;
        let is_over = |known: &Known| known.closed_at.is_some_and(|closed| now.duration_since(closed) >= last_look);
        let over = self.files.values().any(|known| known.key == *key && is_over(known));
        if over || (self.rewound.is_some() && !self.knows(catalog, key, upload)) {
            self.beyond_looks.insert(upload.0.clone());
        }
    }

    fn state(&self, catalog: &MemoryCatalog, key: &ObjectKey) -> Row {
        let Some(id) = self.file_of(key) else { return Row::Never };
        match row(catalog, id) {
            Some(file) => Row::Is(file.state.name()),
            None if self.estranged.contains(key) => Row::Forgotten,
            None if self.files[&id].purged => Row::Purged,
            None => Row::Never,
        }
    }

    /// Holds everything that can be seen at any moment against catalog and matter.
    pub(crate) fn check(&mut self, catalog: &MemoryCatalog, matter: &Matter) {
        let now = now(catalog);
        let live: Vec<FileId> = self.files.iter().filter(|(_, known)| !known.purged).map(|(id, _)| *id).collect();
        for id in live {
            match row(catalog, id) {
                Some(file) => {
                    if file.state.name() != StateName::Created && catalog.owed_at(id).is_none() {
                        self.report("I9", format!("{} is {} and has no time", file.key.path(), file.state.name()));
                    }
                    self.check_row(&file, matter, now);
                }
                None => self.check_purged(id),
            }
        }
        self.check_objects(catalog, matter);
        self.check_events(catalog);
        self.check_assets(catalog);
    }

    fn check_purged(&mut self, id: FileId) {
        let known = self.files.get_mut(&id).expect("it is live");
        known.purged = true;
        if known.state != StateName::Closed {
            let what = format!("the row of {} vanished in {}", known.key.path(), known.state);
            self.report("I4", what);
        }
    }

    fn check_row(&mut self, file: &File, matter: &Matter, now: Timestamp) {
        let known = self.files.get_mut(&file.id).expect("it is live");
        let (before, fence, released) = (known.state, known.fence, known.released);
        let after = file.state.name();
        if matches!(file.state, FileState::Closed { clean_rechecks: 0, .. }) && (before, fence) != (after, file.fence) {
            known.closed_at = Some(now);
        }
        known.state = after;
        known.fence = file.fence;
        if after >= StateName::Committing {
            // Its row owns it from now on, whatever the catalog had forgotten.
            self.estranged.remove(&file.key);
        }
        if after < before || file.fence < fence {
            self.report("I4", format!("{} went from {before} back to {after}", file.key.path()));
        }
        if let Some(end) = released {
            self.check_bound(file, end);
        }
        if let Some(object) = file.state.object()
            && !self.lost_by_hand.contains(&file.key)
        {
            let there = matter.head(&file.key);
            let right = there.is_some_and(|head| {
                head.size == object.size && head.etag == object.etag && head.checksum == object.checksum
            });
            if !right {
                self.report("I1", format!("{} is {after} and HEAD shows {there:?}", file.key.path()));
            }
        }
        self.check_size(file);
        if before != after {
            self.check_end(before, file, matter);
        }
        if file.state.lost_since().is_some() && matter.head(&file.key).is_some() {
            self.report("T12", format!("{} is marked as lost and its object is there", file.key.path()));
        }
    }

    /// T6 and T7: why a file may end, seen from where it was.
    fn check_end(&mut self, before: StateName, file: &File, matter: &Matter) {
        let FileState::Deleting { reason } = &file.state else { return };
        if *reason == Reason::Abandoned && matches!(before, StateName::Committing | StateName::Created) {
            self.report("T7", format!("{} was abandoned in {before}", file.key.path()));
        }
        let vanished = matches!(reason, Reason::UploadVanished | Reason::RefusedByStore | Reason::PartsChanged);
        let right = matter.head(&file.key).is_some_and(|head| file.plan.size() == Some(head.size));
        if vanished && right {
            self.report("T6", format!("{} was judged {} while its object was there", file.key.path(), reason.code()));
        }
    }

    fn check_objects(&mut self, catalog: &MemoryCatalog, matter: &Matter) {
        for key in matter.objects() {
            let state = self.state(catalog, key);
            let owned = matches!(
                state,
                Row::Is(StateName::Committing | StateName::Verified | StateName::Created | StateName::Deleting)
            );
            if !owned && !self.estranged.contains(key) {
                return self.report("I2", format!("an object at {} whose row is {state:?}", key.path()));
            }
        }
    }

    fn check_events(&mut self, catalog: &MemoryCatalog) {
        let events = catalog.list_events(self.last_event, 1000).now_or_never().expect("memory answers at once");
        for (position, event) in events.expect("memory is there") {
            self.last_event = position;
            if event.kind == EventKind::AssetCreated {
                self.assets.entry(event.asset).or_default().created_events += 1;
            }
        }
    }

    fn check_assets(&mut self, catalog: &MemoryCatalog) {
        let mut broken = None;
        for (id, seen) in &mut self.assets {
            if let Some(asset) = asset(catalog, *id)
                && asset.status == AssetStatus::Created
            {
                let half = asset.places.values().any(|place| place.pending.is_some());
                if !seen.created && half {
                    broken = Some(format!("{id} became CREATED without all its announced roles"));
                }
                let shown = asset.places.values().filter_map(|place| place.published.as_ref());
                if shown.into_iter().any(|file| file.state.name() != StateName::Created) {
                    broken = Some(format!("{id} is CREATED and shows a file that is not"));
                }
                seen.created = true;
            }
            if seen.created_events != u32::from(seen.created) {
                let (count, created) = (seen.created_events, seen.created);
                broken = Some(format!("{id} has {count} asset.created events, and was CREATED: {created}"));
            }
        }
        if let Some(what) = broken {
            self.report("I7", what);
        }
    }

    /// How assets fared so far.
    pub(crate) fn assets(&self) -> Assets {
        let created = || self.assets.values().filter(|seen| seen.created);
        Assets {
            reserved: self.assets.len() as u64,
            created: created().count() as u64,
            undeclared: created().filter(|seen| seen.is_undeclared).count() as u64,
            left_alone: created().filter(|seen| seen.is_left_alone).count() as u64,
        }
    }

    /// Whether every file has come to its end: CREATED in an asset that shows it, or purged.
    pub(crate) fn unsettled(&self, catalog: &MemoryCatalog) -> Vec<String> {
        let live = self.files.iter().filter(|(_, known)| !known.purged).filter_map(|(id, _)| row(catalog, *id));
        let unsettled = live.filter(|file| file.state.name() != StateName::Created && self.spoilt != Some(file.asset));
        unsettled.map(|file| format!("{} is {}", file.key.path(), file.state.name())).collect()
    }

    /// I8, when nothing moves any more: what is hidden in the store, empty uploads included. An upload that still waits for
    /// its end is [`Self::unsettled`].
    pub(crate) fn hidden(&self, catalog: &MemoryCatalog, matter: &Matter) -> Vec<String> {
        let waits = |key| matches!(self.state(catalog, key), Row::Is(StateName::Uploading | StateName::Committing));
        let open = matter.uploads().map(|(_, key)| key).filter(|key| !waits(key));
        let late = matter.hidden().filter(|(id, _)| !self.beyond_looks.contains(*id)).map(|(_, key)| key);
        open.chain(late)
            .filter(|key| !self.is_spoilt(key))
            .map(|key| format!("hidden parts on {} whose row is {:?}", key.path(), self.state(catalog, key)))
            .collect()
    }

    /// T12, when nothing moves any more: published files without an object that nobody has marked.
    pub(crate) fn unmarked(&self, catalog: &MemoryCatalog, matter: &Matter) -> Vec<String> {
        let live = self.files.iter().filter(|(_, known)| !known.purged).filter_map(|(id, _)| row(catalog, *id));
        let gone = live.filter(|file| matter.head(&file.key).is_none() && file.state.lost_since().is_none());
        let created = gone.filter(|file| file.state.name() == StateName::Created);
        created.map(|file| format!("the object of {} is gone and nobody has marked it", file.key.path())).collect()
    }
}

/// What the catalog has for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    /// A row in this state.
    Is(StateName),
    /// It had one.
    Purged,
    /// It never had one.
    Never,
    /// A restored catalog does not know it.
    Forgotten,
}
