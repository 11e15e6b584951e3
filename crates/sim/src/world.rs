//! The world under the code: clock, catalog, matter, tasks, and who waits for whom.
//!
//! Every port call enters here first and waits until the scheduler ([`crate::scheduler`]) lets it go, with a verdict
//! about what goes wrong. *Invariant*: between two verdicts nothing of the code under test touches catalog or matter,
//! so each step of the simulation is one effect at most for each process.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use domain::{Asset, AssetId, CompleteAnswer, File, FileId, StateName, TimeSpan, Timestamp};
use futures::channel::oneshot;
use server::catalog::memory::MemoryCatalog;
use server::clock::{Clock as _, ManualClock};

use crate::ablation::{Ablated, Ablation};
use crate::call::{Call, Class, Fault};
use crate::chance::Chance;
use crate::clocks::Clocks;
use crate::coverage::Coverage;
use crate::credentials::Issuer;
use crate::drill::{Drill, Stage};
use crate::executor::{Executor, Home, lock};
use crate::matter::Matter;
use crate::profile::StoreBehaviour;
use crate::truth::Truth;

/// When every simulation begins.
pub(crate) const BEGIN: Timestamp = Timestamp::constant(1_790_000_000, 0);

/// How often a process waits for an answer about markers or clocks.
const LOOK_EVERY: TimeSpan = TimeSpan::from_mins(15);

/// What the scheduler decided about one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It happens and is answered.
    Go,
    /// It does not happen; no answer that means anything.
    Refused,
    /// It happens; the answer is lost.
    AnswerLost,
    /// It happens later or never; no answer.
    Late,
    /// Complete only: it happens, and answers so.
    WrongAnswer(CompleteAnswer),
    /// Complete only: it does not happen, or not yet, and answers so.
    ErrorAnswer(CompleteAnswer),
}

impl Verdict {
    pub(crate) const fn fault(self) -> Fault {
        match self {
            Self::Go => Fault::None,
            Self::Refused => Fault::Refused,
            Self::AnswerLost => Fault::AnswerLost,
            Self::Late => Fault::Late,
            Self::WrongAnswer(_) => Fault::WrongAnswer,
            Self::ErrorAnswer(_) => Fault::ErrorAnswer,
        }
    }
}

/// A request that lands when nobody waits for it any more.
pub(crate) type Zombie = Box<dyn FnOnce(&Arc<World>) + Send>;

/// A call at the gate.
pub(crate) struct Waiting {
    pub(crate) id: u64,
    pub(crate) home: Home,
    pub(crate) call: Call,
    pub(crate) release: oneshot::Sender<Verdict>,
    pub(crate) late: Option<Zombie>,
    /// It waits until so many port calls were made: a stall just before the effect.
    pub(crate) stalled_until: u64,
}

/// Whether anything goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    /// Clients are at work and everything fails now and then.
    Storm,
    /// Nothing fails any more and nobody asks for anything; the jobs finish what is left.
    Calm,
}

/// What happened so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Calls at a port about uploads, while things went wrong.
    pub port_calls: u64,
    /// Calls at a port about markers and clocks, while things went wrong.
    pub guard_calls: u64,
    /// Calls at a port afterwards.
    pub calm_calls: u64,
    /// Everything that went wrong.
    pub faults: u64,
    /// Processes that died.
    pub crashes: u64,
    /// Requests that landed after their caller had given up.
    pub zombies: u64,
}

/// Everything the scheduler knows.
pub(crate) struct Desk {
    pub(crate) chance: Chance,
    pub(crate) weather: Weather,
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) zombies: Vec<(&'static str, Zombie)>,
    pub(crate) timers: BTreeMap<(Timestamp, u64), oneshot::Sender<()>>,
    pub(crate) frozen: BTreeMap<usize, Timestamp>,
    pub(crate) tally: Tally,
    pub(crate) trace: Option<Vec<String>>,
    /// Set while a home is being ended: what its dropped calls met.
    pub(crate) ending: Option<Fault>,
    /// The drill that came, and how far it is.
    pub(crate) drill: Option<Drill>,
    pub(crate) stage: Stage,
    /// The clock that was wrong.
    pub(crate) jolt: Option<&'static str>,
    /// When each process last waited for an answer about markers or clocks.
    looked: BTreeMap<(Home, &'static str), Timestamp>,
    /// When the last comparison of buckets and catalog began that came to its end.
    pub(crate) reconciled: Option<Timestamp>,
    /// When the comparison that is under way began.
    pub(crate) reconciling: Option<Timestamp>,
    last: u64,
}

/// The world.
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) catalog: Arc<MemoryCatalog>,
    /// What the code under test meets as its buckets.
    pub(crate) matter: Mutex<Matter>,
    /// The right buckets, while others stand in their place.
    pub(crate) aside: Mutex<Option<Matter>>,
    pub(crate) profile: StoreBehaviour,
    pub(crate) issuer: Mutex<Issuer>,
    pub(crate) clocks: Mutex<Clocks>,
    pub(crate) executor: Executor,
    pub(crate) truth: Mutex<Truth>,
    pub(crate) coverage: Mutex<Coverage>,
    pub(crate) desk: Mutex<Desk>,
    /// Whether anything has changed since the judge looked.
    pub(crate) touched: AtomicBool,
    pub(crate) ablation: Option<Ablation>,
    pub(crate) ablated: Mutex<Ablated>,
}

impl World {
    pub(crate) fn new(seed: u64, profile: StoreBehaviour, ablation: Option<Ablation>) -> Arc<Self> {
        let clock = Arc::new(ManualClock::new(BEGIN));
        let mut chance = Chance::new(seed);
        let issuer = Mutex::new(Issuer::of(&mut chance));
        let clocks = Clocks::of(&mut chance);
        let mut truth = Truth::default();
        truth.stamps_differ(clocks.of_store());
        Arc::new(Self {
            catalog: Arc::new(MemoryCatalog::new(clock.clone())),
            clock,
            matter: Mutex::new(Matter::new(profile)),
            aside: Mutex::default(),
            profile,
            issuer,
            clocks: Mutex::new(clocks),
            executor: Executor::default(),
            truth: Mutex::new(truth),
            coverage: Mutex::new(Coverage::default()),
            desk: Mutex::new(Desk {
                chance,
                weather: Weather::Storm,
                waiting: Vec::new(),
                zombies: Vec::new(),
                timers: BTreeMap::new(),
                frozen: BTreeMap::new(),
                tally: Tally::default(),
                trace: None,
                ending: None,
                drill: None,
                stage: Stage::Planned,
                jolt: None,
                looked: BTreeMap::new(),
                reconciled: None,
                reconciling: None,
                last: 0,
            }),
            touched: AtomicBool::new(true),
            ablation,
            ablated: Mutex::default(),
        })
    }

    /// The buckets that belong to the catalog: those that part URLs lead to.
    pub(crate) fn right<T>(&self, of: impl FnOnce(&mut Matter) -> T) -> T {
        match &mut *lock(&self.aside) {
            Some(right) => of(right),
            None => of(&mut lock(&self.matter)),
        }
    }

    /// Puts other buckets in the place of ours.
    pub(crate) fn swap_buckets(&self, others: Matter) {
        *lock(&self.aside) = Some(std::mem::replace(&mut *lock(&self.matter), others));
    }

    /// Undoes [`Self::swap_buckets`] and gives the others.
    ///
    /// # Panics
    /// If ours stand in their place.
    pub(crate) fn put_buckets_back(&self) -> Matter {
        let right = lock(&self.aside).take().expect("others stand in their place");
        std::mem::replace(&mut *lock(&self.matter), right)
    }

    /// Catalog or matter may have changed.
    pub(crate) fn touch(&self) {
        self.touched.store(true, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets chance decide something.
    pub(crate) fn draw<T>(&self, of: impl FnOnce(&mut Chance) -> T) -> T {
        of(&mut lock(&self.desk).chance)
    }

    pub(crate) fn weather(&self) -> Weather {
        lock(&self.desk).weather
    }

    pub(crate) fn is_ablated(&self, by: Ablation) -> bool {
        self.ablation == Some(by)
    }

    /// Writes a line into the trace, if somebody reads it.
    pub(crate) fn note(&self, line: impl FnOnce() -> String) {
        let now = self.now();
        if let Some(trace) = &mut lock(&self.desk).trace {
            let after = now.duration_since(BEGIN);
            trace.push(format!("{after:#} {}", line()));
        }
    }

    /// A file's row, read behind everybody's back.
    pub(crate) fn row(&self, file: FileId) -> Option<File> {
        self.catalog.row(file)
    }

    /// An asset's row, likewise.
    pub(crate) fn asset(&self, asset: AssetId) -> Option<Asset> {
        self.catalog.asset(asset)
    }

    /// The state of a file's row; `None` if it has none.
    pub(crate) fn state_of(&self, file: FileId) -> Option<StateName> {
        self.row(file).map(|file| file.state.name())
    }

    /// Whether a question about markers or clocks waits for the scheduler, or is answered at once. Everything asks them,
    /// and time moves faster here than anywhere else: with faults on each they would keep the storm away from uploads.
    pub(crate) fn looks(&self, name: &'static str) -> bool {
        let home = self.executor.polled().unwrap_or(Home::Client);
        let now = self.now();
        let mut desk = lock(&self.desk);
        let last = desk.looked.get(&(home, name)).copied();
        let is_due = last.is_none_or(|last| now.duration_since(last) >= LOOK_EVERY);
        if is_due {
            desk.looked.insert((home, name), now);
        }
        is_due
    }

    /// Waits for the scheduler. `late` is what lands if the request outlives its caller.
    pub(crate) async fn enter(self: &Arc<Self>, call: Call, late: Option<Zombie>) -> Verdict {
        let home = self.executor.polled().unwrap_or(Home::Client);
        let (release, verdict) = oneshot::channel();
        let id = {
            let mut desk = lock(&self.desk);
            desk.last += 1;
            let id = desk.last;
            desk.waiting.push(Waiting { id, home, call, release, late, stalled_until: 0 });
            id
        };
        let place = Place { world: self, id };
        let verdict = verdict.await.expect("the scheduler answers everybody who waits");
        drop(place);
        verdict
    }

    /// Is over when the clock has moved by a length of time.
    pub(crate) async fn pause(&self, length: TimeSpan) {
        let (fire, fired) = oneshot::channel();
        {
            let mut desk = lock(&self.desk);
            desk.last += 1;
            let at = (self.now() + length, desk.last);
            desk.timers.insert(at, fire);
        }
        // A timer that goes away never fires.
        if fired.await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Records which cells a call has reached.
    pub(crate) fn cover(&self, call: &Call, fault: Fault) {
        // Rows that a backup brought back meet calls that the protocol has not for them.
        if lock(&self.desk).drill.is_some() {
            return;
        }
        for (file, step) in &call.about {
            let state = self.state_of(*file);
            lock(&self.coverage).reach(state, *step, fault);
        }
    }

    /// A call whose caller is gone: its request may have been sent.
    fn abandon(self: &Arc<Self>, id: u64) {
        let abandoned = {
            let mut desk = lock(&self.desk);
            let at = desk.waiting.iter().position(|waiting| waiting.id == id);
            at.map(|at| desk.waiting.remove(at))
        };
        let Some(Waiting { call, late, .. }) = abandoned else { return };
        let fault = lock(&self.desk).ending.unwrap_or(Fault::HungUp);
        self.cover(&call, fault);
        self.note(|| format!("{} abandoned: {}", call.name, fault.name()));
        let mut desk = lock(&self.desk);
        if desk.weather == Weather::Storm
            && let Some(late) = late
            && call.class != Class::Read
            && desk.chance.odds(500)
        {
            desk.zombies.push((call.name, late));
        }
    }

    /// Takes everything apart: tasks hold the world and the world holds tasks.
    pub(crate) fn dismantle(self: &Arc<Self>, processes: usize) {
        self.executor.end(Home::Client);
        for process in 0..processes {
            self.executor.end(Home::Process(process));
        }
        let (zombies, timers, waiting) = {
            let mut desk = lock(&self.desk);
            (std::mem::take(&mut desk.zombies), std::mem::take(&mut desk.timers), std::mem::take(&mut desk.waiting))
        };
        drop((zombies, timers, waiting));
    }
}

/// A place in the queue, given up when the caller goes away.
struct Place<'a> {
    world: &'a Arc<World>,
    id: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.world.abandon(self.id);
    }
}
