//! Which (state, step, fault) cells were reached.
//!
//! A cell is reached when a call that takes this step meets a row in this state and this fault strikes it. *Invariant*:
//! cells that the protocol can reach are fixed by [`Step::can_meet`] and [`Fault::strikes`], not by what happened.

use domain::StateName;

use crate::call::{Fault, Step};

const STATES: usize = StateName::ALL.len();
const STEPS: usize = Step::ALL.len();
const FAULTS: usize = Fault::ALL.len();

/// How often each cell was reached.
#[derive(Debug, Clone)]
pub struct Coverage {
    cells: Vec<u64>,
}

impl Default for Coverage {
    fn default() -> Self {
        Self { cells: vec![0; STATES * STEPS * FAULTS] }
    }
}

/// A cell.
type Cell = (StateName, Step, Fault);

fn at((state, step, fault): Cell) -> usize {
    (state as usize * STEPS + step as usize) * FAULTS + fault as usize
}

fn cells() -> impl Iterator<Item = Cell> {
    let steps = |state| Step::ALL.into_iter().map(move |step| (state, step));
    let faults = |(state, step)| Fault::ALL.into_iter().map(move |fault| (state, step, fault));
    StateName::ALL.into_iter().flat_map(steps).flat_map(faults)
}

fn is_possible((state, step, fault): &Cell) -> bool {
    let strikes = match fault {
        // A PUT comes from no process that could die.
        Fault::Crash => *step != Step::PutPart,
        // A request lists parts, and looks for an object if it finds the upload vanished; others may be faster.
        Fault::HungUp if matches!(step, Step::ListParts | Step::Head) => *state >= StateName::Uploading,
        Fault::HungUp => step.is_of_a_request(),
        other => other.strikes(step.class()),
    };
    step.can_meet(*state) && strikes
}

impl Coverage {
    pub(crate) fn reach(&mut self, state: Option<StateName>, step: Step, fault: Fault) {
        // Rows that are gone have no state.
        if let Some(state) = state {
            self.cells[at((state, step, fault))] += 1;
        }
    }

    /// Adds what another run reached.
    pub fn add(&mut self, other: &Self) {
        for (cell, more) in self.cells.iter_mut().zip(&other.cells) {
            *cell += more;
        }
    }

    /// Cells that were reached, of those that can be.
    pub fn reached(&self) -> (usize, usize) {
        let possible: Vec<Cell> = cells().filter(is_possible).collect();
        let reached = possible.iter().filter(|cell| self.cells[at(**cell)] > 0).count();
        (reached, possible.len())
    }

    /// The names of the cells that can be reached and were not: `STATE step fault fault ...`.
    pub fn missing(&self) -> Vec<String> {
        self.rows(|cell, count| is_possible(cell) && count == 0)
    }

    /// The names of cells that were reached though the table says they cannot be.
    pub fn surprising(&self) -> Vec<String> {
        self.rows(|cell, count| !is_possible(cell) && count > 0)
    }

    fn rows(&self, wanted: impl Fn(&Cell, u64) -> bool) -> Vec<String> {
        let mut rows: Vec<(StateName, Step, Vec<&str>)> = Vec::new();
        for cell in cells().filter(|cell| wanted(cell, self.cells[at(*cell)])) {
            let (state, step, fault) = cell;
            match rows.last_mut() {
                Some((last_state, last_step, faults)) if (*last_state, *last_step) == (state, step) => {
                    faults.push(fault.name());
                }
                _ => rows.push((state, step, vec![fault.name()])),
            }
        }
        rows.into_iter().map(|(state, step, faults)| format!("{state} {}: {}", step.name(), faults.join(" "))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_its_own_place() {
        let mut places: Vec<usize> = cells().map(at).collect();
        places.sort_unstable();
        assert!(places.into_iter().eq(0..STATES * STEPS * FAULTS));
    }

    #[test]
    fn what_is_reached_is_not_missing() {
        let mut coverage = Coverage::default();
        let (none, all) = coverage.reached();
        assert_eq!(none, 0);
        coverage.reach(Some(StateName::Reserved), Step::OpenUpload, Fault::Late);
        coverage.reach(None, Step::Abort, Fault::None);
        assert_eq!(coverage.reached(), (1, all));
        assert!(!coverage.missing().iter().any(|row| row.starts_with("RESERVED open_upload") && row.contains("late")));
        assert!(coverage.surprising().is_empty());
    }
}
