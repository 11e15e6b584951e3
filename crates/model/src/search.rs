//! The search: breadth first over every step of every world that can be reached, so that the first counterexample is a
//! shortest one.
//!
//! States are kept once, in the order they were found, with the place of their parent. *Invariant*: same profile, same
//! ablation, same answer; nothing here reads a clock or draws a number.

use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

use crate::coverage::Coverage;
use crate::invariant::{Invariant, Invariants, in_state};
use crate::steps::{Nature, Setting, Successor, Telling};
use crate::world::World;

/// More states than this are too many for a test run: about 4 GB.
const MOST_STATES: usize = 20_000_000;

/// How one invariant was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counterexample {
    /// Which.
    pub invariant: Invariant,
    /// The steps that lead there, in words.
    pub steps: Vec<String>,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Different states.
    pub states: usize,
    /// Steps from them.
    pub transitions: usize,
    /// The longest of the shortest ways to a state.
    pub depth: usize,
    /// What it has come by.
    pub coverage: Coverage,
    /// A shortest way to a breach, if there is one among those watched.
    pub counterexample: Option<Counterexample>,
}

/// The states that have been reached.
pub(crate) struct Reached {
    states: Vec<World>,
    parents: Vec<u32>,
    table: Vec<Entry>,
    hash: BuildHasherDefault<Mixer>,
}

/// Where a state is, and half of its hash: a state is compared only if that half is the same.
#[derive(Clone, Copy)]
struct Entry {
    print: u32,
    place: u32,
}

const EMPTY: Entry = Entry { print: 0, place: u32::MAX };

impl Entry {
    const fn is_empty(self) -> bool {
        self.place == EMPTY.place
    }
}

impl Reached {
    fn new() -> Self {
        let table = vec![EMPTY; 1 << 16];
        Self { states: Vec::new(), parents: Vec::new(), table, hash: BuildHasherDefault::default() }
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.states.len()
    }

    /// One of them.
    pub(crate) fn state(&self, place: usize) -> &World {
        &self.states[place]
    }

    /// Where a state is.
    pub(crate) fn find(&self, state: &World) -> Option<usize> {
        let (slot, _) = self.slot(state);
        let entry = self.table[slot];
        (!entry.is_empty()).then_some(entry.place as usize)
    }

    /// Where in the table a state is or would be, and its print.
    fn slot(&self, state: &World) -> (usize, u32) {
        let mask = self.table.len() - 1;
        let hash = self.hash.hash_one(state);
        let print = hash as u32;
        let mut slot = (hash >> 32) as usize & mask;
        loop {
            let entry = self.table[slot];
            if entry.is_empty() || (entry.print == print && self.states[entry.place as usize] == *state) {
                return (slot, print);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Adds a state unless it is known.
    fn add(&mut self, state: World, parent: usize) {
        let (slot, print) = self.slot(&state);
        if !self.table[slot].is_empty() {
            return;
        }
        assert!(self.states.len() < MOST_STATES, "the profile is too large to be searched in a test run");
        self.table[slot] = Entry { print, place: small(self.states.len()) };
        self.states.push(state);
        self.parents.push(small(parent));
        if self.states.len() * 2 > self.table.len() {
            self.grow();
        }
    }

    fn grow(&mut self) {
        self.table = vec![EMPTY; self.table.len() * 4];
        for place in 0..self.states.len() {
            let (slot, print) = self.slot(&self.states[place]);
            self.table[slot] = Entry { print, place: small(place) };
        }
    }

    /// The way to a state from the beginning, the state itself included.
    pub(crate) fn way_to(&self, place: usize) -> Vec<World> {
        let mut way = vec![self.states[place]];
        let mut at = place;
        while self.parents[at] as usize != at {
            at = self.parents[at] as usize;
            way.push(self.states[at]);
        }
        way.reverse();
        way
    }
}

fn small(place: usize) -> u32 {
    u32::try_from(place).expect("fewer states than u32 counts")
}

/// Hashes the small integers that a state is made of (multiply and rotate, as compilers do for their own tables).
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_isize(&mut self, value: isize) {
        self.write_u64(value.cast_unsigned() as u64);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn finish(&self) -> u64 {
        (self.0 ^ (self.0 >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

/// Searches a setting to its end, or to the first breach of what is watched.
pub fn search(setting: &Setting<'_>, watched: Invariants) -> Found {
    let mut reached = Reached::new();
    reached.add(setting.profile.beginning().canonical(), 0);
    let mut found = Found::default();
    let mut layer_ends = 1;
    let mut successors: Vec<Successor> = Vec::new();
    let mut at = 0;
    while at < reached.len() {
        if at == layer_ends {
            found.depth += 1;
            layer_ends = reached.len();
        }
        let world = *reached.state(at);
        found.coverage = found.coverage.or(Coverage::of(&world));
        setting.successors(&world, Telling::Silent, &mut successors);
        found.transitions += successors.len();
        for successor in &successors {
            let next = successor.world.canonical();
            let broken = successor.broken.or(in_state(&next)).and(watched);
            if let Some(invariant) = broken.first() {
                let mut way = reached.way_to(at);
                way.push(next);
                let steps = tell(setting, &way);
                return Found {
                    states: reached.len(),
                    counterexample: Some(Counterexample { invariant, steps }),
                    ..found
                };
            }
            reached.add(next, at);
        }
        at += 1;
    }
    let watches_liveness = watched.and(Invariants::only(Invariant::L1)) != Invariants::NONE;
    let stuck = if watches_liveness { crate::liveness::find_stuck(setting, &reached) } else { None };
    let counterexample = stuck.map(|steps| Counterexample { invariant: Invariant::L1, steps });
    Found { states: reached.len(), counterexample, ..found }
}

/// Tells a way in words. Actors that are alike were put in a fixed order in every state; here each keeps its name.
pub(crate) fn tell(setting: &Setting<'_>, way: &[World]) -> Vec<String> {
    let mut successors = Vec::new();
    let mut world = setting.profile.beginning();
    let mut told = Vec::new();
    for next in &way[1..] {
        setting.successors(&world, Telling::Words, &mut successors);
        let step = successors.iter().find(|step| step.world.canonical() == *next);
        let step = step.expect("a way is made of steps");
        let mark = if step.nature == Nature::Fault { " (fault)" } else { "" };
        told.push(format!("{}{mark}", step.says));
        world = step.world;
    }
    told
}
