//! Every step that can be taken from a world: by whoever is at work, by the network, by the client, by the adversary.
//!
//! A step is one call of a port, as `server::app` makes it. *Invariant*: what is decided on the way is decided by
//! [`Laws`], which asks `domain`.

mod alter;
mod commit;
mod destroy;
mod environment;
mod freeze;
mod open;
mod recheck;

use crate::ablation::Ablation;
use crate::invariant::{Invariant, Invariants};
use crate::laws::Laws;
use crate::profile::Profile;
use crate::run::Run;
use crate::world::{FINISHERS, OWNER, RUNNERS, SLOTS, World, Zombie};

/// Why a step is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// It happens if nothing goes wrong: an answer, a write, a request that lands at last.
    Fair,
    /// Somebody chooses to: a client, an owner, a request or job that begins, a store that has a choice.
    Choice,
    /// Something goes wrong: a crash, a lost answer, a request that lands later, a foreign Abort.
    Fault,
}

/// A world one step later.
#[derive(Debug, Clone)]
pub struct Successor {
    /// That world.
    pub world: World,
    /// Why.
    pub nature: Nature,
    /// What was broken by taking the step.
    pub broken: Invariants,
    /// What happened, for a reader. Empty unless it was asked for.
    pub says: String,
}

/// Whether steps are told in words, which costs time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// In words.
    Words,
    /// Not at all.
    Silent,
}

/// What the steps of a world depend on besides the world.
pub struct Setting<'a> {
    /// `domain`.
    pub laws: &'a Laws,
    /// Who and what there is.
    pub profile: &'a Profile,
    /// The guard that is left out.
    pub ablation: Option<Ablation>,
}

impl Setting<'_> {
    fn lacks(&self, ablation: Ablation) -> bool {
        self.ablation == Some(ablation)
    }

    /// Every successor of a world.
    pub fn successors(&self, world: &World, telling: Telling, out: &mut Vec<Successor>) {
        out.clear();
        environment::steps(&mut Turn { setting: self, world, slot: OWNER, telling, out });
        for slot in 0..SLOTS {
            let mut turn = Turn { setting: self, world, slot, telling, out };
            match world.runs[slot] {
                Run::Idle => turn.begin(),
                _ => turn.go_on(),
            }
        }
    }

    /// The next steps of whoever is in a slot.
    pub fn steps_of(&self, world: &World, slot: usize, telling: Telling, out: &mut Vec<Successor>) {
        out.clear();
        Turn { setting: self, world, slot, telling, out }.go_on();
    }

    /// What the network brings next.
    pub fn landings(&self, world: &World, telling: Telling, out: &mut Vec<Successor>) {
        out.clear();
        environment::land(&mut Turn { setting: self, world, slot: OWNER, telling, out });
    }
}

/// One actor's turn in one world.
struct Turn<'a> {
    setting: &'a Setting<'a>,
    world: &'a World,
    slot: usize,
    telling: Telling,
    out: &'a mut Vec<Successor>,
}

impl Turn<'_> {
    /// Adds a successor.
    fn add(&mut self, nature: Nature, world: World, broken: Invariants, says: impl FnOnce(&Self) -> String) {
        let says = match self.telling {
            Telling::Words => says(self),
            Telling::Silent => String::new(),
        };
        self.out.push(Successor { world, nature, broken, says });
    }

    /// Adds a successor in which the actor is somewhere else and nothing else changed.
    fn moved(&mut self, nature: Nature, run: Run, says: impl FnOnce(&Self) -> String) {
        let world = self.world_with(run);
        self.add(nature, world, Invariants::NONE, says);
    }

    /// Adds a successor in which a row, whoever wrote it, is broken by nothing.
    fn acted(&mut self, nature: Nature, world: World, says: impl FnOnce(&Self) -> String) {
        self.add(nature, world, Invariants::NONE, says);
    }

    /// This world with the actor somewhere else.
    fn world_with(&self, run: Run) -> World {
        let mut world = *self.world;
        world.runs[self.slot] = run;
        world
    }

    /// The request goes out and nobody hears of it again; the actor is where `run` says.
    fn lose(&mut self, zombie: Zombie, run: Run) {
        if let Some(world) = self.world_with(run).with_zombie(zombie, self.setting.profile.zombies) {
            self.acted(Nature::Fault, world, |turn| {
                format!("{}: {} goes out, gets no answer, and will land later", turn.who(), told(zombie))
            });
        }
    }

    /// I6: destruction is issued on this key. Only a row that has ended entitles to that.
    fn destruction(&self, file: u8) -> Invariants {
        if self.world.asset.rows[usize::from(file)].has_ended() {
            Invariants::NONE
        } else {
            Invariants::only(Invariant::I6)
        }
    }

    /// Whoever's turn it is, for a reader.
    fn who(&self) -> &'static str {
        match self.slot {
            OWNER => "owner",
            slot if slot == FINISHERS[0] => "finisher A",
            slot if slot == FINISHERS[1] => "finisher B",
            slot if slot == RUNNERS[0] => "job runner A",
            _ => "job runner B",
        }
    }

    fn begin(&mut self) {
        let profile = self.setting.profile;
        let slot = self.slot;
        let has = |slots: [usize; 2], many: usize| slots[..many].contains(&slot);
        if slot == OWNER && profile.owner {
            open::begin(self);
            alter::begin_owner(self);
        }
        if has(FINISHERS, profile.finishers) {
            open::begin(self);
            freeze::begin(self);
            commit::begin(self);
            alter::begin_publish(self);
        }
        if has(RUNNERS, profile.runners) {
            destroy::begin(self);
            recheck::begin(self);
            alter::begin_expire(self);
        }
    }

    fn go_on(&mut self) {
        match self.world.runs[self.slot] {
            Run::Idle => return,
            Run::Open(open) => open::go_on(self, open),
            Run::Grant(file, held) => open::grant(self, file, held),
            Run::Freeze(freeze) => freeze::go_on(self, freeze),
            Run::Commit(commit) => commit::go_on(self, commit),
            Run::Alter(alter) => alter::go_on(self, alter),
            Run::Destroy(destroy) => destroy::go_on(self, destroy),
            Run::Recheck(recheck) => recheck::go_on(self, recheck),
        }
        self.moved(Nature::Fault, Run::Idle, |turn| format!("{} crashes", turn.who()));
    }
}

/// The start of each kind of run, for whoever wants it begun: the search, and the continuation without faults.
pub mod start {
    pub use super::alter::start as alter;
    pub use super::commit::start as commit;
    pub use super::destroy::start as destroy;
    pub use super::recheck::start as recheck;
}

/// A file, for a reader.
fn named(file: u8) -> &'static str {
    if file == 0 { "file 1" } else { "file 2" }
}

/// A request, for a reader.
fn told(zombie: Zombie) -> String {
    match zombie {
        Zombie::Create(file) => format!("CreateMultipartUpload for {}", named(file)),
        Zombie::Complete(file, ..) => format!("Complete for {}", named(file)),
        Zombie::Abort(file, slot) => format!("Abort of upload {} for {}", slot.index() + 1, named(file)),
        Zombie::Delete(file) => format!("DELETE for {}", named(file)),
    }
}
