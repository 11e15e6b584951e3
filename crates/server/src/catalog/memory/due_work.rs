//! What is owed to rows.

use async_trait::async_trait;
use domain::{Asset, File, Lane, Slots, TimeSpan, Timestamp};

use super::MemoryCatalog;
use crate::catalog::{Backlog, CatalogError, DueCursor, DueRow, DueWork, Postponement, Schedule, Stamped, Written};

#[async_trait]
impl DueWork for MemoryCatalog {
    async fn list_due_files(
        &self,
        lane: Lane,
        slots: Slots,
        ahead: TimeSpan,
        limit: u32,
    ) -> Result<Stamped<Vec<DueRow<File>>>, CatalogError> {
        self.read(|tables, now| tables.list_due_files(lane, slots, (now, ahead), limit))
    }

    async fn list_due_assets(
        &self,
        slots: Slots,
        as_of: Option<Timestamp>,
        after: Option<&DueCursor>,
        limit: u32,
    ) -> Result<Stamped<Vec<DueRow<Asset>>>, CatalogError> {
        self.read(|tables, now| tables.list_due_assets(slots, (as_of.unwrap_or(now), now), after, limit))
    }

    async fn postpone(&self, postponements: &[Postponement]) -> Result<(), CatalogError> {
        self.with(|tables, _| tables.postpone(postponements))
    }

    async fn measure_backlog(&self, lane: Lane) -> Result<Stamped<Backlog>, CatalogError> {
        self.read(|tables, now| tables.measure_backlog(lane, now))
    }

    async fn find_schedule(&self, name: &str) -> Result<Stamped<Option<Schedule>>, CatalogError> {
        self.read(|tables, _| tables.find_schedule(name))
    }

    async fn write_schedule(&self, next: &Schedule) -> Result<Written, CatalogError> {
        self.with(|tables, _| tables.write_schedule(next))
    }
}
