//! Due work as statements: pages in the order of their index, bookkeeping, schedules.

use async_trait::async_trait;
use domain::{Asset, Fence, File, Lane, Slots, TimeSpan, Timestamp};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{QueryBuilder, Row as _};

use super::assets::{self, join_placed, select_placed};
use super::rows::{self, Cells, asset_columns, file_columns, micros, signed};
use super::{SqliteCatalog, commit, failure, give_up};
use crate::catalog::{
    BACKLOG_COUNTED, Backlog, CatalogError, DueCursor, DueRow, DueWork, Postponement, Schedule, ScheduledRun, Stamped,
    Verdict, Written,
};

pub(super) const POSTPONE_FILE: &str = "UPDATE files SET due_at = ?, lane = CASE WHEN ? IS NULL THEN NULL ELSE lane END, attempts = ? \
     WHERE id = ? AND fence = ?";
pub(super) const POSTPONE_ASSET: &str = "UPDATE assets SET due_at = ?, attempts = ? WHERE id = ? AND revision = ?";

pub(super) const FIND_SCHEDULE: &str =
    "SELECT name, revision, due_at, attempts, as_of, verdict FROM schedules WHERE name = ?";
const INSERT_SCHEDULE: &str =
    "INSERT INTO schedules (name, revision, due_at, attempts, as_of, verdict) VALUES (?, ?, ?, ?, ?, ?)";
pub(super) const REPLACE_SCHEDULE: &str = "UPDATE schedules SET revision = ?, due_at = ?, attempts = ?, as_of = ?, verdict = ? WHERE name = ? AND revision = ?";

/// One slot's rows come in order from the index; the slots are merged, so that no more is read than the page has.
fn push_slots(query: &mut QueryBuilder<Sqlite>, slots: Slots, mut one: impl FnMut(&mut QueryBuilder<Sqlite>, u8)) {
    for (at, slot) in slots.iter().enumerate() {
        if at > 0 {
            query.push(" UNION ALL ");
        }
        one(query, slot.index());
    }
}

pub(super) fn files_statement(
    lane: Lane,
    slots: Slots,
    (now, ahead): (Timestamp, TimeSpan),
    limit: u32,
) -> QueryBuilder<Sqlite> {
    let until = now + ahead;
    let select = concat!("SELECT f.attempts, ", file_columns!("f"), " FROM (");
    let mut query = QueryBuilder::new(select);
    push_slots(&mut query, slots, |query, slot| {
        query.push("SELECT id, due_at FROM files WHERE lane = ").push_bind(lane.as_str());
        query.push(format!(" AND slot = {slot} AND due_at <= ")).push_bind(micros(until));
        if let Some(wait) = lane.longest_wait() {
            query.push(" UNION ALL SELECT id, due_at FROM files WHERE lane = ").push_bind(lane.as_str());
            query.push(format!(" AND slot = {slot} AND due_at > ")).push_bind(micros(until.max(now + wait)));
        }
    });
    query.push(" ORDER BY due_at, id LIMIT ").push_bind(limit);
    query.push(") due CROSS JOIN files f ON f.id = due.id ORDER BY due.due_at, due.id");
    query
}

pub(super) fn assets_statement(
    slots: Slots,
    (as_of, now): (Timestamp, Timestamp),
    after: Option<&DueCursor>,
    limit: u32,
) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(select_placed!("(", ", a.due_at, a.attempts"));
    let push_after = |query: &mut QueryBuilder<Sqlite>| {
        if let Some(after) = after {
            query.push(" AND (due_at, id) > (").push_bind(micros(after.due_at));
            query.push(", ").push_bind(after.id.clone()).push(")");
        }
    };
    push_slots(&mut query, slots, |query, slot| {
        query
            .push(format!("SELECT id, due_at FROM assets WHERE slot = {slot} AND due_at <= "))
            .push_bind(micros(as_of));
        push_after(query);
        if as_of < now {
            query.push(format!(" UNION ALL SELECT id, due_at FROM assets WHERE slot = {slot} AND attempts > 0"));
            query.push(" AND due_at > ").push_bind(micros(as_of)).push(" AND due_at <= ").push_bind(micros(now));
            push_after(query);
        }
    });
    query.push(" ORDER BY due_at, id LIMIT ").push_bind(limit);
    query.push(concat!(") due CROSS JOIN assets a ON a.id = due.id", join_placed!(), " ORDER BY due.due_at, due.id"));
    query
}

async fn list_files(
    catalog: &SqliteCatalog,
    lane: Lane,
    slots: Slots,
    ahead: TimeSpan,
    limit: u32,
) -> Result<Stamped<Vec<DueRow<File>>>, CatalogError> {
    let (mut connection, now) = catalog.reading().await?;
    if slots == Slots::default() {
        return Ok(Stamped { now, value: Vec::new() });
    }
    let mut query = files_statement(lane, slots, (now, ahead), limit);
    let rows = query.build().fetch_all(&mut *connection).await.map_err(failure::classify)?;
    Ok(Stamped { now, value: rows.iter().map(due_file).collect::<Result<_, _>>()? })
}

/// What must be known to put a row off is read by itself; the rest may be unreadable.
fn due_file(row: &SqliteRow) -> Result<DueRow<File>, CatalogError> {
    let attempts = attempts(&mut Cells::new(row, "files", 0))?;
    let (id, fence): (String, i64) =
        (row.try_get("id").map_err(failure::classify)?, row.try_get("fence").map_err(failure::classify)?);
    let due_at: i64 = row.try_get("due_at").map_err(failure::classify)?;
    Ok(DueRow { id, fence: Fence(fence.cast_unsigned()), attempts, due_at: time(due_at), row: rows::file(row, 1) })
}

fn attempts(cells: &mut Cells<'_>) -> Result<u32, CatalogError> {
    Ok(u32::try_from(cells.unsigned()?).unwrap_or(u32::MAX))
}

/// Times that no clock ever said are as old as can be: then the row is due, and says itself what is wrong with it.
fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}

async fn list_assets(
    catalog: &SqliteCatalog,
    slots: Slots,
    as_of: Option<Timestamp>,
    after: Option<&DueCursor>,
    limit: u32,
) -> Result<Stamped<Vec<DueRow<Asset>>>, CatalogError> {
    let (mut connection, now) = catalog.reading().await?;
    if slots == Slots::default() {
        return Ok(Stamped { now, value: Vec::new() });
    }
    let mut query = assets_statement(slots, (as_of.unwrap_or(now), now), after, limit);
    let rows = query.build().fetch_all(&mut *connection).await.map_err(failure::classify)?;
    let mut found = Vec::new();
    let mut rest = &rows[..];
    while let Some(first) = rest.first() {
        let id: String = first.try_get(0).map_err(failure::classify)?;
        let same = rest.iter().take_while(|row| row.try_get::<&str, _>(0).is_ok_and(|other| other == id)).count();
        let (rows, others) = rest.split_at(same);
        rest = others;
        found.push(due_asset(id, rows)?);
    }
    Ok(Stamped { now, value: found })
}

fn due_asset(id: String, rows: &[SqliteRow]) -> Result<DueRow<Asset>, CatalogError> {
    let first = &rows[0];
    let behind = assets::PLACED_COLUMNS;
    let fence: i64 = first.try_get("revision").map_err(failure::classify)?;
    let (due_at, attempts): (i64, i64) =
        (first.try_get(behind).map_err(failure::classify)?, first.try_get(behind + 1).map_err(failure::classify)?);
    let row = assets::collect(rows).and_then(|assets| {
        let one = assets.into_iter().next();
        one.ok_or_else(|| CatalogError::Unreadable { what: format!("assets {id}"), source: "no row".into() })
    });
    let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
    Ok(DueRow { id, fence: Fence(fence.cast_unsigned()), attempts, due_at: time(due_at), row })
}

async fn postpone(catalog: &SqliteCatalog, postponements: &[Postponement]) -> Result<(), CatalogError> {
    if postponements.is_empty() {
        return Ok(());
    }
    let mut transaction = catalog.begin().await?;
    for Postponement { lane, id, fence, due_at, attempts } in postponements {
        let due_at = due_at.map(micros);
        let query = match lane {
            Lane::Expire => sqlx::query(POSTPONE_ASSET).bind(due_at),
            Lane::Drive | Lane::Destroy | Lane::Recheck | Lane::Deliver => {
                sqlx::query(POSTPONE_FILE).bind(due_at).bind(due_at)
            }
        };
        let query = query.bind(i64::from(*attempts)).bind(id.clone()).bind(signed(fence.0));
        query.execute(&mut *transaction).await.map_err(failure::classify)?;
    }
    commit(transaction).await
}

pub(super) fn backlog_statement(lane: Lane, now: Timestamp) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT (SELECT COUNT(*) FROM (");
    let rows = |query: &mut QueryBuilder<Sqlite>, columns: &str, slot: u8| match lane {
        Lane::Expire => drop(query.push(format!("SELECT {columns} FROM assets WHERE slot = {slot} AND due_at "))),
        Lane::Drive | Lane::Destroy | Lane::Recheck | Lane::Deliver => {
            query.push(format!("SELECT {columns} FROM files WHERE lane = ")).push_bind(lane.as_str());
            query.push(format!(" AND slot = {slot} AND due_at "));
        }
    };
    push_slots(&mut query, Slots::ALL, |query, slot| {
        rows(query, "due_at", slot);
        query.push("<= ").push_bind(micros(now));
    });
    query.push(" LIMIT ").push_bind(BACKLOG_COUNTED);
    query.push(")), (SELECT MIN(first) FROM (");
    push_slots(&mut query, Slots::ALL, |query, slot| {
        rows(query, "MIN(due_at) AS first", slot);
        query.push("IS NOT NULL");
    });
    query.push("))");
    query
}

async fn measure(catalog: &SqliteCatalog, lane: Lane) -> Result<Stamped<Backlog>, CatalogError> {
    let (mut connection, now) = catalog.reading().await?;
    let mut query = backlog_statement(lane, now);
    let row = query.build().fetch_one(&mut *connection).await.map_err(failure::classify)?;
    let mut cells = Cells::new(&row, "files", 0);
    let due = cells.unsigned()?;
    let oldest: Option<i64> = cells.take()?;
    Ok(Stamped { now, value: Backlog { due, oldest: oldest.map(time) } })
}

async fn find_schedule(catalog: &SqliteCatalog, name: &str) -> Result<Stamped<Option<Schedule>>, CatalogError> {
    let (mut connection, now) = catalog.reading().await?;
    let query = sqlx::query(FIND_SCHEDULE).bind(name.to_owned());
    let row = query.fetch_optional(&mut *connection).await.map_err(failure::classify)?;
    Ok(Stamped { now, value: row.as_ref().map(schedule).transpose()? })
}

fn schedule(row: &SqliteRow) -> Result<Schedule, CatalogError> {
    let mut cells = Cells::new(row, "schedules", 0);
    Ok(Schedule {
        name: cells.id()?,
        revision: Fence(cells.unsigned()?),
        due_at: cells.time()?,
        attempts: attempts(&mut cells)?,
        run: run(&mut cells)?,
    })
}

fn run(cells: &mut Cells<'_>) -> Result<Option<ScheduledRun>, CatalogError> {
    let as_of = cells.optional_time()?;
    let verdict = cells.parse_optional(|name| {
        let known = [Verdict::Go, Verdict::Refused].into_iter().find(|known| known.as_str() == name);
        known.ok_or_else(|| format!("{name:?} is not known"))
    })?;
    Ok(as_of.zip(verdict).map(|(as_of, verdict)| ScheduledRun { as_of, verdict }))
}

async fn write_schedule(catalog: &SqliteCatalog, next: &Schedule) -> Result<Written, CatalogError> {
    let Schedule { name, revision, due_at, attempts, run } = next;
    let (as_of, verdict) = (run.map(|run| micros(run.as_of)), run.map(|run| run.verdict.as_str()));
    let mut transaction = catalog.begin().await?;
    let changed = if let Some(from) = revision.0.checked_sub(1) {
        let query = sqlx::query(REPLACE_SCHEDULE).bind(signed(revision.0)).bind(micros(*due_at));
        let query = query.bind(i64::from(*attempts)).bind(as_of).bind(verdict).bind(name.clone()).bind(signed(from));
        query.execute(&mut *transaction).await.map_err(failure::classify)?.rows_affected()
    } else {
        let find = sqlx::query(FIND_SCHEDULE).bind(name.clone());
        if find.fetch_optional(&mut *transaction).await.map_err(failure::classify)?.is_some() {
            return give_up(transaction).await;
        }
        let query = sqlx::query(INSERT_SCHEDULE).bind(name.clone()).bind(signed(revision.0)).bind(micros(*due_at));
        let query = query.bind(i64::from(*attempts)).bind(as_of).bind(verdict);
        query.execute(&mut *transaction).await.map_err(failure::classify)?.rows_affected()
    };
    if changed == 0 {
        return give_up(transaction).await;
    }
    commit(transaction).await?;
    Ok(Written::Done)
}

#[async_trait]
impl DueWork for SqliteCatalog {
    async fn list_due_files(
        &self,
        lane: Lane,
        slots: Slots,
        ahead: TimeSpan,
        limit: u32,
    ) -> Result<Stamped<Vec<DueRow<File>>>, CatalogError> {
        list_files(self, lane, slots, ahead, limit).await
    }

    async fn list_due_assets(
        &self,
        slots: Slots,
        as_of: Option<Timestamp>,
        after: Option<&DueCursor>,
        limit: u32,
    ) -> Result<Stamped<Vec<DueRow<Asset>>>, CatalogError> {
        list_assets(self, slots, as_of, after, limit).await
    }

    async fn postpone(&self, postponements: &[Postponement]) -> Result<(), CatalogError> {
        postpone(self, postponements).await
    }

    async fn measure_backlog(&self, lane: Lane) -> Result<Stamped<Backlog>, CatalogError> {
        measure(self, lane).await
    }

    async fn find_schedule(&self, name: &str) -> Result<Stamped<Option<Schedule>>, CatalogError> {
        find_schedule(self, name).await
    }

    async fn write_schedule(&self, next: &Schedule) -> Result<Written, CatalogError> {
        write_schedule(self, next).await
    }
}
