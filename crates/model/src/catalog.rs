//! What the catalog does with a write: all of it or nothing, by the fences and revisions that the writer read.
//!
//! The catalog of the model never loses an acknowledged commit. *Invariant*: these are the only places where rows
//! change, so what can be seen in a write alone (I4, I7, rule 7) is seen here.

use crate::invariant::{Invariant, Invariants};
use crate::laws::Altered;
use crate::run::{HeldAsset, Intent};
use crate::world::{FILES, FileRow, RowState, Spot, Status, World};

/// On whose behalf a row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behalf {
    /// The owner wants it so: an upload may end whatever became of it.
    Owner,
    /// The protocol goes its way.
    Protocol,
}

/// What a write over a whole asset is held against. Anything but `Everything` is an ablation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldAgainst {
    /// The asset's revision and the fence of every file that changes.
    Everything,
    /// The fences alone.
    Fences,
    /// Nothing.
    Nothing,
}

impl World {
    /// Writes one row, and tells everybody who holds a copy. Gives what is broken by it.
    pub fn write_row(&mut self, file: usize, next: FileRow, behalf: Behalf) -> Invariants {
        let row = self.asset.rows[file];
        let mut broken = Invariants::NONE;
        if next.rank() < row.rank() {
            broken = broken.with(Invariant::I4);
        }
        let lies_right = self.shelves[file].object.is_some_and(|content| content.is_right());
        let judged = matches!(row.state, RowState::Committing { .. }) && next.state == RowState::Deleting;
        if judged && lies_right && behalf == Behalf::Protocol {
            broken = broken.with(Invariant::HeadDecides);
        }
        self.asset.rows[file] = next;
        for run in &mut self.runs {
            run.outdate_file(file);
        }
        broken
    }

    /// Writes a change of the whole asset, if what it is held against has not moved. `None`: it has, and nothing
    /// changed.
    pub fn apply(
        &mut self,
        held: &HeldAsset,
        altered: &Altered,
        intent: Intent,
        against: HeldAgainst,
    ) -> Option<Invariants> {
        let fences = (0..FILES).all(|file| altered.rows[file].is_none() || held.fresh[file]);
        let holds = match against {
            HeldAgainst::Everything => held.fresh_revision && fences,
            HeldAgainst::Fences => fences,
            HeldAgainst::Nothing => true,
        };
        if !holds {
            return None;
        }
        let behalf = match intent {
            Intent::Publish | Intent::Expire => Behalf::Protocol,
            Intent::Delete | Intent::Announce | Intent::Withdraw => Behalf::Owner,
        };
        let was = self.asset.status;
        let mut broken = Invariants::NONE;
        for file in 0..FILES {
            if let Some(next) = altered.rows[file] {
                broken = broken.or(self.write_row(file, next, behalf));
            }
            let was_seen = held.asset.rows[file].state != RowState::Absent;
            if was_seen || altered.rows[file].is_some() {
                self.asset.spots[file] = altered.spots[file];
            }
        }
        self.asset.status = altered.status;
        self.created_events += altered.created_events;
        let is_pending = self.asset.spots.contains(&Spot::Pending);
        if was == Status::Uploading && altered.status == Status::Created && is_pending {
            // Something was announced and is not there.
            broken = broken.with(Invariant::I7);
        }
        self.outdate_revision();
        Some(broken)
    }

    /// Removes a closed file's row, and the pointer at it.
    pub fn purge(&mut self, file: usize) {
        self.write_row(file, FileRow::new(RowState::Purged), Behalf::Protocol);
        if self.asset.spots[file] != Spot::Unplaced {
            self.asset.spots[file] = Spot::Unplaced;
            self.outdate_revision();
        }
    }

    fn outdate_revision(&mut self) {
        for run in &mut self.runs {
            run.outdate_revision();
        }
    }
}
