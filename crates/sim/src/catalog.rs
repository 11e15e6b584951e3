//! The catalog as the code under test meets it: the strictest backend behind the scheduler.
//!
//! *Invariant*: a write happens once, now or late, or not at all; late writes are the same compare-and-set, so that a
//! connection that dies in mid-commit is what it is in a real database.

use std::sync::Arc;

use async_trait::async_trait;
use domain::change::Change;
use domain::quota::Usage;
use domain::reconcile::{KeyedFile, Orphan};
use domain::{
    Asset, AssetId, Fence, File, FileId, FileState, Installation, InstallationId, Lane, OutboxEvent, OwnerId, Shard,
    Slots, StateName, StoreProfile, TimeSpan, Timestamp, Visibility,
};
use futures::FutureExt as _;
use server::catalog::memory::MemoryCatalog;
use server::catalog::{
    Allowance, Announced, AssetList, AssetPatch, AssetQuery, Backlog, Catalog, CatalogError, DueCursor, DueRow,
    DueWork, Figures, IdempotencyClaim, InstallationRecord, Members, Outbox, OwnerUsage, Postponement, Purpose,
    Reservation, Reserved, Rows, Schedule, Stamped, StatusName, Survey, Written,
};
use server::jobs::{Job, Scheduled};

use crate::ablation::{self, Ablation};
use crate::call::{Call, Class, Step};
use crate::executor::lock;
use crate::world::{Verdict, World, Zombie};

/// Writes that touch nothing which the judge looks at.
const BESIDE_FILES: [&str; 7] = [
    "forget_requests",
    "load_installation",
    "replace_installation",
    "postpone",
    "renew_member",
    "remove_member",
    "write_schedule",
];

/// The simulated catalog.
pub(crate) struct SimCatalog {
    world: Arc<World>,
    /// The process that it answers.
    process: usize,
}

#[derive(Debug, thiserror::Error)]
#[error("the simulated catalog met {0}")]
struct Silent(&'static str);

/// A read that was not answered.
fn silent(verdict: Verdict) -> CatalogError {
    CatalogError::Unavailable(Box::new(Silent(verdict.fault().name())))
}

/// A write that was not answered: only of a refused one it is known that nothing happened.
fn unanswered(verdict: Verdict) -> CatalogError {
    let silent = Box::new(Silent(verdict.fault().name()));
    if verdict == Verdict::Refused { CatalogError::Unavailable(silent) } else { CatalogError::Unknown(silent) }
}

/// Memory answers at once.
fn at_once<T>(answer: impl Future<Output = Result<T, CatalogError>>) -> Result<T, CatalogError> {
    answer.now_or_never().expect("memory answers at once")
}

/// What writing a file in this state is called. A grant is told from an opening by the bound it moves.
fn step_of(world: &World, next: &File) -> Step {
    match &next.state {
        FileState::Reserved | FileState::Uploading if next.url_not_after.is_none() => Step::Opened,
        FileState::Reserved | FileState::Uploading => Step::Granted,
        FileState::Committing { relists: 0, gone_since: None, .. } => Step::Frozen,
        FileState::Committing { .. } => Step::Relisted,
        FileState::Verified { .. } if world.state_of(next.id) == Some(StateName::Verified) => Step::Woken,
        FileState::Verified { .. } => Step::Verified,
        // A publication that is repeated, because its answer was lost, is not ahead of the row that it wrote.
        FileState::Created { .. } if world.row(next.id).is_some_and(|row| is_created_before(&row, next)) => {
            Step::Sought
        }
        FileState::Created { .. } => Step::Published,
        FileState::Deleting { reason } if reason.is_rejection() => Step::Rejected,
        FileState::Deleting { .. } => Step::Ended,
        FileState::Closed { clean_rechecks: 0, .. } if world.state_of(next.id) < Some(StateName::Closed) => {
            Step::Destroyed
        }
        FileState::Closed { .. } => Step::Rechecked,
    }
}

fn is_created_before(row: &File, next: &File) -> bool {
    row.state.name() == StateName::Created && row.fence < next.fence
}

impl SimCatalog {
    pub(crate) fn new(world: Arc<World>, process: usize) -> Self {
        Self { world, process }
    }

    async fn read<T: Send>(
        &self,
        name: &'static str,
        read: impl AsyncFnOnce(&MemoryCatalog) -> Result<T, CatalogError>,
    ) -> Result<T, CatalogError> {
        match self.world.enter(Call::reading(name), None).await {
            Verdict::Go => at_once(read(&self.world.catalog)),
            verdict => Err(silent(verdict)),
        }
    }

    async fn write<T: Send>(
        &self,
        call: Call,
        effect: impl FnOnce(&World) -> Result<T, CatalogError> + Clone + Send + 'static,
    ) -> Result<T, CatalogError> {
        let moves_files = !BESIDE_FILES.contains(&call.name);
        let effect = move |world: &World| {
            if moves_files {
                world.touch();
            }
            effect(world)
        };
        let zombie: Zombie = {
            let effect = effect.clone();
            Box::new(move |world| drop(effect(world)))
        };
        match self.world.enter(call, Some(zombie)).await {
            Verdict::Go => effect(&self.world),
            verdict @ Verdict::AnswerLost => {
                effect(&self.world)?;
                Err(unanswered(verdict))
            }
            verdict => Err(unanswered(verdict)),
        }
    }
}

fn reserve(world: &World, reservation: &Reservation) -> Result<Reserved, CatalogError> {
    let reserved = at_once(world.catalog.reserve(reservation))?;
    if reserved == Reserved::Fresh {
        reservation.asset.pending().for_each(|file| lock(&world.truth).announced(file));
    }
    Ok(reserved)
}

fn announce(world: &World, change: &Change, allowance: Allowance) -> Result<Announced, CatalogError> {
    let announced = at_once(world.catalog.announce(change, allowance))?;
    if let (Announced::Done, Some(file)) = (announced, &change.announced) {
        lock(&world.truth).announced(file);
    }
    Ok(announced)
}

#[async_trait]
impl Rows for SimCatalog {
    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, CatalogError> {
        let reservation = reservation.clone();
        self.write(Call::writing("reserve"), move |world| reserve(world, &reservation)).await
    }

    async fn settle(&self, owner: &OwnerId, claim: &IdempotencyClaim) -> Result<(), CatalogError> {
        let (owner, claim) = (owner.clone(), claim.clone());
        self.write(Call::writing("settle"), move |world| at_once(world.catalog.settle(&owner, &claim))).await
    }

    async fn find_asset(
        &self,
        shard: Shard,
        id: AssetId,
        purpose: Purpose,
    ) -> Result<Stamped<Option<Asset>>, CatalogError> {
        let found = self.read("find_asset", async |catalog| catalog.find_asset(shard, id, purpose).await).await?;
        let shown = found.value.map(|asset| ablation::shown_for_publication(&self.world, asset));
        Ok(Stamped { now: found.now, value: shown })
    }

    async fn list_assets(&self, query: &AssetQuery) -> Result<Stamped<AssetList>, CatalogError> {
        self.read("list_assets", async |catalog| catalog.list_assets(query).await).await
    }

    async fn patch_asset(
        &self,
        shard: Shard,
        id: AssetId,
        from: Fence,
        patch: &AssetPatch,
    ) -> Result<Written, CatalogError> {
        let patch = patch.clone();
        let effect = move |world: &World| at_once(world.catalog.patch_asset(shard, id, from, &patch));
        self.write(Call::writing("patch_asset"), effect).await
    }

    async fn find_file(&self, shard: Shard, id: FileId) -> Result<Stamped<Option<File>>, CatalogError> {
        self.read("find_file", async |catalog| catalog.find_file(shard, id).await).await
    }

    async fn advance(&self, before: &File, next: &File, events: &[OutboxEvent]) -> Result<Written, CatalogError> {
        let step = step_of(&self.world, next);
        if step == Step::Granted && self.world.is_ablated(Ablation::SignBeforeDurableBound) {
            return Ok(Written::Done);
        }
        lock(&self.world.truth).refuses_step(self.world.executor.actor(), next, step);
        let (before, events) = (before.clone(), events.to_vec());
        let next = ablation::before_advance(&self.world, next, step);
        let call = Call { name: step.name(), class: Class::Write, about: vec![(next.id, step)] };
        self.write(call, move |world| {
            let written = at_once(world.catalog.advance(&before, &next, &events))?;
            if written == Written::Done && next.state == FileState::Reserved {
                lock(&world.truth).disowned(next.id, world.now());
            }
            ablation::after_advance(world, &next, &events, written)
        })
        .await
    }

    async fn apply(&self, change: &Change) -> Result<Written, CatalogError> {
        let change = ablation::before_apply(&self.world, change);
        for (_, file) in &change.files {
            let (actor, step) = (self.world.executor.actor(), step_of(&self.world, file));
            lock(&self.world.truth).refuses_step(actor, file, step);
        }
        let about = change.files.iter().map(|(_, file)| (file.id, step_of(&self.world, file)));
        let call = Call { name: "apply", class: Class::Write, about: about.collect() };
        self.write(call, move |world| {
            let written = at_once(world.catalog.apply(&change))?;
            ablation::after_apply(world, &change, written)
        })
        .await
    }

    async fn announce(&self, change: &Change, allowance: Allowance) -> Result<Announced, CatalogError> {
        let change = change.clone();
        self.write(Call::writing("announce"), move |world| announce(world, &change, allowance)).await
    }

    async fn list_keys(
        &self,
        visibility: Visibility,
        from: &str,
        upto: Option<&str>,
        limit: u32,
    ) -> Result<Stamped<Vec<KeyedFile>>, CatalogError> {
        let read = async |catalog: &MemoryCatalog| catalog.list_keys(visibility, from, upto, limit).await;
        self.read("list_keys", read).await
    }

    async fn adopt_orphan(&self, orphan: &Orphan) -> Result<Written, CatalogError> {
        let actor = self.world.executor.actor();
        lock(&self.world.truth).adopts(&lock(&self.world.matter), actor, &orphan.file.key);
        if self.world.is_ablated(Ablation::DeleteFromScan) {
            return Ok(Written::Done);
        }
        let orphan = orphan.clone();
        self.write(Call::writing("adopt_orphan"), move |world| {
            let written = at_once(world.catalog.adopt_orphan(&orphan))?;
            if written == Written::Done {
                lock(&world.truth).adopted(&orphan.file);
            }
            Ok(written)
        })
        .await
    }

    async fn purge(&self, shard: Shard, file: FileId, from: Fence) -> Result<Written, CatalogError> {
        if let Some(row) = self.world.row(file) {
            lock(&self.world.truth).refuses_step(self.world.executor.actor(), &row, Step::Purged);
        }
        let call = Call { name: "purge", class: Class::Write, about: vec![(file, Step::Purged)] };
        self.write(call, move |world| at_once(world.catalog.purge(shard, file, from))).await
    }

    async fn forget_requests(&self) -> Result<u64, CatalogError> {
        self.write(Call::writing("forget_requests"), move |world| at_once(world.catalog.forget_requests())).await
    }
}

#[async_trait]
impl DueWork for SimCatalog {
    async fn list_due_files(
        &self,
        lane: Lane,
        slots: Slots,
        ahead: TimeSpan,
        limit: u32,
    ) -> Result<Stamped<Vec<DueRow<File>>>, CatalogError> {
        let read = async |catalog: &MemoryCatalog| catalog.list_due_files(lane, slots, ahead, limit).await;
        let Stamped { now, value } = self.read("list_due_files", read).await?;
        Ok(Stamped { now, value: ablation::seen_page(&self.world, value)? })
    }

    async fn list_due_assets(
        &self,
        slots: Slots,
        as_of: Option<Timestamp>,
        after: Option<&DueCursor>,
        limit: u32,
    ) -> Result<Stamped<Vec<DueRow<Asset>>>, CatalogError> {
        let read = async |catalog: &MemoryCatalog| catalog.list_due_assets(slots, as_of, after, limit).await;
        let mut found = self.read("list_due_assets", read).await?;
        if self.world.is_ablated(Ablation::ExpireCommitting) {
            let assets = found.value.iter_mut().filter_map(|row| row.row.as_mut().ok());
            assets.for_each(ablation::mask_committing);
        }
        Ok(found)
    }

    async fn postpone(&self, postponements: &[Postponement]) -> Result<(), CatalogError> {
        let postponements = postponements.to_vec();
        let effect = move |world: &World| at_once(world.catalog.postpone(&postponements));
        self.write(Call::writing("postpone"), effect).await
    }

    async fn measure_backlog(&self, lane: Lane) -> Result<Stamped<Backlog>, CatalogError> {
        self.read("measure_backlog", async |catalog| catalog.measure_backlog(lane).await).await
    }

    async fn find_schedule(&self, name: &str) -> Result<Stamped<Option<Schedule>>, CatalogError> {
        let mut found = self.read("find_schedule", async |catalog| catalog.find_schedule(name).await).await?;
        found.value.iter_mut().for_each(|schedule| ablation::seen_schedule(&self.world, schedule));
        if name == Scheduled::Reconcile.name() && found.value.as_ref().is_some_and(|row| row.due_at <= found.now) {
            lock(&self.world.desk).reconciling = Some(found.now);
        }
        Ok(found)
    }

    async fn write_schedule(&self, next: &Schedule) -> Result<Written, CatalogError> {
        let next = next.clone();
        if next.name == Scheduled::Reconcile.name() && self.world.executor.runs(Job::Scheduled(Scheduled::Reconcile)) {
            // Written when it is made, when it is done, and when it has failed.
            let mut desk = lock(&self.world.desk);
            let began = desk.reconciling.take();
            desk.reconciled = began.filter(|_| next.attempts == 0).or(desk.reconciled);
        }
        let effect = move |world: &World| at_once(world.catalog.write_schedule(&next));
        self.write(Call::writing("write_schedule"), effect).await
    }
}

#[async_trait]
impl Outbox for SimCatalog {
    async fn list_events(&self, after: u64, limit: u32) -> Result<Vec<(u64, OutboxEvent)>, CatalogError> {
        self.read("list_events", async |catalog| catalog.list_events(after, limit).await).await
    }

    async fn list_owner_events(
        &self,
        owner: &OwnerId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<(u64, OutboxEvent)>, CatalogError> {
        self.read("list_owner_events", async |catalog| catalog.list_owner_events(owner, after, limit).await).await
    }

    async fn list_asset_events(
        &self,
        shard: Shard,
        asset: AssetId,
        limit: u32,
    ) -> Result<Vec<(u64, OutboxEvent)>, CatalogError> {
        self.read("list_asset_events", async |catalog| catalog.list_asset_events(shard, asset, limit).await).await
    }

    async fn last_event_position(&self) -> Result<u64, CatalogError> {
        self.read("last_event_position", async |catalog| catalog.last_event_position().await).await
    }
}

#[async_trait]
impl Members for SimCatalog {
    async fn renew_member(&self, member: &str, life: TimeSpan) -> Result<Vec<String>, CatalogError> {
        let member = member.to_owned();
        let effect = move |world: &World| at_once(world.catalog.renew_member(&member, life));
        self.write(Call::writing("renew_member"), effect).await
    }

    async fn remove_member(&self, member: &str) -> Result<(), CatalogError> {
        let member = member.to_owned();
        let effect = move |world: &World| at_once(world.catalog.remove_member(&member));
        self.write(Call::writing("remove_member"), effect).await
    }
}

#[async_trait]
impl InstallationRecord for SimCatalog {
    async fn now(&self) -> Result<Timestamp, CatalogError> {
        let now = self.read("now", async |catalog| catalog.now().await).await?;
        lock(&self.world.truth).told_time(self.process, self.world.executor.actor(), now);
        Ok(now)
    }

    async fn load_installation(&self, fresh: InstallationId) -> Result<Stamped<Installation>, CatalogError> {
        let effect = move |world: &World| at_once(world.catalog.load_installation(fresh));
        let mut found = if self.world.looks("load_installation") {
            self.write(Call::writing("load_installation"), effect).await?
        } else {
            effect(&self.world)?
        };
        found.value = ablation::seen_installation(&self.world, found.value);
        Ok(found)
    }

    async fn replace_installation(&self, from: &Installation, next: &Installation) -> Result<Written, CatalogError> {
        let (from, next) = (*from, *next);
        if self.world.is_ablated(Ablation::MarkerBeforeCatalog) && from.marked_at.is_some() {
            let both = [Visibility::Private, Visibility::Public].map(|bucket| (bucket, next.marker()));
            lock(&self.world.matter).markers.extend(both);
        }
        let effect = move |world: &World| {
            let written = at_once(world.catalog.replace_installation(&from, &next))?;
            if written == Written::Done && next.accepted_at != from.accepted_at && next.accepted_at.is_some() {
                lock(&world.truth).accepted();
            }
            Ok(written)
        };
        self.write(Call::writing("replace_installation"), effect).await
    }

    async fn load_profile(&self) -> Result<Option<StoreProfile>, CatalogError> {
        self.read("load_profile", async |catalog| catalog.load_profile().await).await
    }

    async fn store_profile(&self, profile: &StoreProfile) -> Result<(), CatalogError> {
        let profile = profile.clone();
        let effect = move |world: &World| at_once(world.catalog.store_profile(&profile));
        self.write(Call::writing("store_profile"), effect).await
    }
}

#[async_trait]
impl Figures for SimCatalog {
    async fn survey_assets(&self, survey: &Survey) -> Result<Stamped<AssetList>, CatalogError> {
        self.read("survey_assets", async |catalog| catalog.survey_assets(survey).await).await
    }

    async fn find_asset_anywhere(&self, id: AssetId) -> Result<Stamped<Option<Asset>>, CatalogError> {
        self.read("find_asset_anywhere", async |catalog| catalog.find_asset_anywhere(id).await).await
    }

    async fn load_usage(&self, owner: &OwnerId) -> Result<Usage, CatalogError> {
        self.read("load_usage", async |catalog| catalog.load_usage(owner).await).await
    }

    async fn recount_usage(&self, after: Option<&OwnerId>, limit: u32) -> Result<Vec<OwnerUsage>, CatalogError> {
        self.read("recount_usage", async |catalog| catalog.recount_usage(after, limit).await).await
    }

    async fn count_files(&self) -> Result<Vec<(StateName, u64)>, CatalogError> {
        self.read("count_files", async |catalog| catalog.count_files().await).await
    }

    async fn count_assets(&self) -> Result<Vec<(StatusName, u64)>, CatalogError> {
        self.read("count_assets", async |catalog| catalog.count_assets().await).await
    }
}

#[async_trait]
impl Catalog for SimCatalog {
    async fn close(&self) {
        // The database outlives the processes that use it.
    }
}
