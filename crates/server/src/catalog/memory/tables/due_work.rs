//! Due work: rows by their time, bookkeeping, members, schedules.

use domain::{Asset, File, FileId, Lane, Slot, Slots, TimeSpan, Timestamp};

use super::{AssetRow, Tables};
use crate::catalog::{BACKLOG_COUNTED, Backlog, CatalogError, DueCursor, DueRow, Postponement, Schedule, Written};

impl Tables {
    /// The row as it is, unless somebody made it unreadable.
    fn readable<T>(&self, id: &str, row: T) -> Result<T, CatalogError> {
        if self.unreadable.contains(id) {
            return Err(CatalogError::Unreadable { what: id.to_owned(), source: "it was made unreadable".into() });
        }
        Ok(row)
    }

    pub(in crate::catalog::memory) fn list_due_files(
        &self,
        lane: Lane,
        slots: Slots,
        (now, ahead): (Timestamp, TimeSpan),
        limit: u32,
    ) -> Vec<DueRow<File>> {
        let is_due = |at: &Timestamp| {
            let misdated = lane.longest_wait().is_some_and(|wait| *at > now + wait);
            *at <= now + ahead || misdated
        };
        let due =
            self.files.values().filter(|file| file.lane() == Some(lane) && slots.contains(Slot::of(file.shard())));
        let mut due: Vec<(Timestamp, &File)> =
            due.filter_map(|file| file.due_at.filter(is_due).map(|at| (at, file))).collect();
        due.sort_by_key(|(at, file)| (*at, file.id));
        let row = |(due_at, file): (Timestamp, &File)| DueRow {
            id: file.id.to_string(),
            fence: file.fence,
            attempts: self.attempts.get(&file.id).copied().unwrap_or_default(),
            due_at,
            row: self.readable(&file.id.to_string(), file.clone()),
        };
        due.into_iter().take(limit as usize).map(row).collect()
    }

    pub(in crate::catalog::memory) fn list_due_assets(
        &self,
        slots: Slots,
        (as_of, now): (Timestamp, Timestamp),
        after: Option<&DueCursor>,
        limit: u32,
    ) -> Vec<DueRow<Asset>> {
        let mine = self.assets.values().filter(|row| slots.contains(Slot::of(row.shard)));
        let mut due: Vec<(Timestamp, String, &AssetRow)> = mine
            .filter_map(|row| {
                let due = |at: &Timestamp| *at <= as_of || (row.attempts > 0 && *at <= now);
                row.due_at.filter(due).map(|at| (at, row.asset.id.to_string(), row))
            })
            .filter(|(at, id, _)| after.is_none_or(|after| (*at, id) > (after.due_at, &after.id)))
            .collect();
        due.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let row = |(due_at, id, row): (Timestamp, String, &AssetRow)| DueRow {
            fence: row.asset.revision,
            attempts: row.attempts,
            due_at,
            row: self.readable(&id, self.placed(row)),
            id,
        };
        due.into_iter().take(limit as usize).map(row).collect()
    }

    pub(in crate::catalog::memory) fn postpone(&mut self, postponements: &[Postponement]) {
        for Postponement { lane, id, fence, due_at, attempts } in postponements {
            if *lane == Lane::Expire {
                let row = self.assets.values_mut().find(|row| row.asset.id.to_string() == *id);
                if let Some(row) = row.filter(|row| row.asset.revision == *fence) {
                    (row.due_at, row.attempts) = (*due_at, *attempts);
                }
                continue;
            }
            let file = id.parse::<FileId>().ok().and_then(|id| self.files.get_mut(&id));
            if let Some(file) = file.filter(|file| file.fence == *fence) {
                let off = File { due_at: *due_at, ..file.clone() };
                assert!(off.keeps_its_due_time(), "what owes something keeps a time (I9)");
                self.attempts.insert(file.id, *attempts);
                *file = off;
            }
        }
    }

    pub(in crate::catalog::memory) fn lose_due_time(&mut self, id: FileId) {
        let file = self.files.get_mut(&id).expect("the file has a row");
        file.due_at = None;
        if let Some(row) = self.assets.get_mut(&file.asset) {
            row.due_at = None;
        }
    }

    pub(in crate::catalog::memory) fn measure_backlog(&self, lane: Lane, now: Timestamp) -> Backlog {
        let times: Vec<Timestamp> = match lane {
            Lane::Expire => self.assets.values().filter_map(|row| row.due_at).collect(),
            Lane::Drive | Lane::Destroy | Lane::Recheck | Lane::Deliver => {
                self.files.values().filter(|file| file.lane() == Some(lane)).filter_map(|file| file.due_at).collect()
            }
        };
        let due = times.iter().filter(|at| **at <= now).take(BACKLOG_COUNTED as usize).count() as u64;
        Backlog { due, oldest: times.into_iter().min() }
    }

    pub(in crate::catalog::memory) fn renew_member(
        &mut self,
        member: &str,
        now: Timestamp,
        lapses_at: Timestamp,
    ) -> Vec<String> {
        // One that lapses later than any can said so before the clock was set back.
        self.members.retain(|_, said| now < *said && *said <= lapses_at);
        self.members.insert(member.to_owned(), lapses_at);
        self.members.keys().cloned().collect()
    }

    pub(in crate::catalog::memory) fn remove_member(&mut self, member: &str) {
        self.members.remove(member);
    }

    pub(in crate::catalog::memory) fn find_schedule(&self, name: &str) -> Option<Schedule> {
        self.schedules.get(name).cloned()
    }

    pub(in crate::catalog::memory) fn write_schedule(&mut self, next: &Schedule) -> Written {
        let before = self.schedules.get(&next.name).map(|row| row.revision.next());
        if before.unwrap_or_default() != next.revision {
            return Written::Stale;
        }
        self.schedules.insert(next.name.clone(), next.clone());
        Written::Done
    }
}
