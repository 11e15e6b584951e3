//! What must hold: the invariants of the protocol, as far as one asset and its keys show them.
//!
//! Some can be seen in a state ([`in_state`]), the others only while a step is taken; whoever takes it says so.

use std::fmt;

use crate::world::{RowState, Spot, Status, World};

/// One invariant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// What is CREATED lies in the store as recorded.
    I1,
    /// A visible object has a row that is COMMITTING, VERIFIED, CREATED or DELETING.
    I2,
    /// A state's rank never falls.
    I4,
    /// Destruction only under a row that has durably ended.
    I6,
    /// One `created` event for each asset that ever was CREATED; CREATED with all its announced roles or not at all.
    I7,
    /// What somebody must move has a time at which somebody does.
    I9,
    /// Rule 7: HEAD decides. No commit is ended over its right object, unless by its owner.
    HeadDecides,
    /// Once faults stop, every file reaches CREATED or CLOSED, and what is CLOSED has nothing left in the store.
    L1,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::I1, Self::I2, Self::I4, Self::I6, Self::I7, Self::I9, Self::HeadDecides, Self::L1];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::I1 => "I1",
            Self::I2 => "I2",
            Self::I4 => "I4",
            Self::I6 => "I6",
            Self::I7 => "I7",
            Self::I9 => "I9",
            Self::HeadDecides => "rule 7",
            Self::L1 => "L1",
        })
    }
}

/// A set of invariants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Invariants(u8);

impl Invariants {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// All of them.
    pub fn all() -> Self {
        Invariant::ALL.into_iter().fold(Self::NONE, Self::with)
    }

    /// Just this one.
    pub fn only(invariant: Invariant) -> Self {
        Self::NONE.with(invariant)
    }

    /// With one more.
    #[must_use]
    pub const fn with(self, invariant: Invariant) -> Self {
        Self(self.0 | invariant.bit())
    }

    /// Of these, those that are also in the other set.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Both sets.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The first of them.
    pub fn first(self) -> Option<Invariant> {
        Invariant::ALL.into_iter().find(|invariant| self.0 & invariant.bit() != 0)
    }
}

/// What a state breaks, whatever led to it.
pub fn in_state(world: &World) -> Invariants {
    let mut broken = Invariants::NONE;
    for (row, shelf) in world.asset.rows.iter().zip(&world.shelves) {
        if let RowState::Created(recorded) = row.state
            && shelf.object != Some(recorded)
        {
            broken = broken.with(Invariant::I1);
        }
        if row.undue {
            broken = broken.with(Invariant::I9);
        }
        let entitled = matches!(
            row.state,
            RowState::Committing { .. } | RowState::Verified(_) | RowState::Created(_) | RowState::Deleting
        );
        if shelf.object.is_some() && !entitled {
            broken = broken.with(Invariant::I2);
        }
    }
    if world.created_events > 1 || (world.asset.status == Status::Created && world.created_events == 0) {
        broken = broken.with(Invariant::I7);
    }
    let shown = |file: usize| world.asset.status == Status::Created && world.asset.spots[file] == Spot::Published;
    let is_created = |file: usize| matches!(world.asset.rows[file].state, RowState::Created(_));
    if (0..world.asset.rows.len()).any(|file| shown(file) && !is_created(file)) {
        broken = broken.with(Invariant::I7);
    }
    broken
}
