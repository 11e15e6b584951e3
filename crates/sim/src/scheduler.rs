//! The scheduler: from one seed, who goes next, how far the clock moves, and what goes wrong.
//!
//! *Invariant*: it decides by chance alone and never by what would hurt, so that what it finds can also happen. Each
//! seed has a weather of its own: some faults do not occur at all in it, so that the others are not drowned.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::{CompleteAnswer, Reason, TimeSpan};

use crate::call::{Call, Class, Fault};
use crate::chance::Chance;
use crate::executor::{Home, lock};
use crate::truth::Breach;
use crate::world::{Verdict, Waiting, Weather, World};

/// How often what goes wrong in one seed.
#[derive(Debug, Clone)]
pub(crate) struct Climate {
    /// Calls in a thousand that meet a fault.
    pub(crate) faults: u32,
    /// Faults of calls that occur at all.
    pub(crate) kinds: Vec<Fault>,
    /// Steps in a thousand at which one of the late requests lands, while there are any.
    pub(crate) landings: u32,
    /// Steps in a thousand at which something else happens: a crash, a freeze, an operator, a leap of the clock.
    pub(crate) disturbances: u32,
    pub(crate) disturbing: Vec<Disturbance>,
}

/// Something that happens to more than one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disturbance {
    /// A process dies and comes back later.
    Crash,
    /// A process stands still for longer than any server is waited for.
    Freeze,
    /// One call is held up just before its effect, while everything else goes on.
    Stall,
    /// One call is held up for days, as by a computer that sleeps, while everything else goes on.
    Doze,
    /// The clock leaps by minutes to days: nobody did anything for a while.
    Leap,
    /// A lifecycle rule aborts an upload.
    Lifecycle,
    /// An operator removes an object by hand.
    ByHand,
    /// Somebody opens a second upload on a key.
    ForeignUpload,
    /// A newer version writes a row that the lanes cannot read. Nobody mends it.
    Spoil,
}

const DISTURBANCES: [Disturbance; 13] = [
    Disturbance::Crash,
    Disturbance::Crash,
    Disturbance::Freeze,
    Disturbance::Stall,
    Disturbance::Stall,
    Disturbance::Stall,
    Disturbance::Doze,
    Disturbance::Leap,
    Disturbance::Leap,
    Disturbance::Lifecycle,
    Disturbance::ByHand,
    Disturbance::ForeignUpload,
    Disturbance::Spoil,
];

const KINDS: [Fault; 5] = [Fault::Refused, Fault::AnswerLost, Fault::Late, Fault::WrongAnswer, Fault::ErrorAnswer];

impl Climate {
    pub(crate) fn of(chance: &mut Chance) -> Self {
        let kinds = KINDS.into_iter().filter(|_| chance.odds(750)).collect();
        let faults = chance.pick(&[15, 40, 80, 150]);
        let landings = chance.pick(&[10, 80, 200]);
        let disturbances = chance.pick(&[4, 12, 30]);
        let disturbing = DISTURBANCES.into_iter().filter(|_| chance.odds(700)).collect();
        Self { faults, kinds, landings, disturbances, disturbing }
    }

    /// What one call meets.
    fn strike(&self, chance: &mut Chance, call: &Call) -> Verdict {
        // What Complete says is what the protocol must not believe, so it lies more often than others fail.
        let faults = if call.class == Class::Complete { self.faults * 4 } else { self.faults };
        if !chance.odds(faults) {
            return Verdict::Go;
        }
        let possible: Vec<Fault> = self.kinds.iter().copied().filter(|fault| fault.strikes(call.class)).collect();
        if possible.is_empty() {
            return Verdict::Go;
        }
        match chance.pick(&possible) {
            Fault::Refused => Verdict::Refused,
            Fault::AnswerLost => Verdict::AnswerLost,
            Fault::Late => Verdict::Late,
            Fault::WrongAnswer => Verdict::WrongAnswer(chance.pick(&[
                CompleteAnswer::NoSuchUpload,
                CompleteAnswer::InvalidPart,
                CompleteAnswer::Refused(Reason::RefusedByStore),
            ])),
            Fault::ErrorAnswer => Verdict::ErrorAnswer(chance.pick(&[
                CompleteAnswer::Unknown,
                CompleteAnswer::InvalidPart,
                CompleteAnswer::Refused(Reason::RefusedByStore),
            ])),
            Fault::None | Fault::Crash | Fault::HungUp | Fault::Frozen => Verdict::Go,
        }
    }
}

/// What came of a step.
pub(crate) enum Stepped {
    /// Something happened.
    On,
    /// A process has to be started again.
    Crashed(usize),
    /// Nothing is left that could happen.
    Idle,
}

/// What happens next.
enum Move {
    Release(Waiting, Verdict),
    Zombie(&'static str, crate::world::Zombie),
    Timer(futures::channel::oneshot::Sender<()>),
    Disturb(Disturbance),
    /// Time went by.
    Wait,
    Idle,
}

impl World {
    /// Lets one thing happen, runs what follows from it, and holds the outcome against the invariants.
    ///
    /// # Errors
    /// The breach.
    pub(crate) fn step(self: &Arc<Self>, climate: &Climate, servers: usize) -> Result<Stepped, Breach> {
        let stepped = match self.choose(climate) {
            Move::Idle => Stepped::Idle,
            Move::Wait => Stepped::On,
            Move::Release(waiting, verdict) => {
                self.cover(&waiting.call, verdict.fault());
                self.note(|| describe(&waiting, verdict));
                // The caller may be gone by now; then nothing happens.
                let _gone = waiting.release.send(verdict);
                Stepped::On
            }
            Move::Zombie(name, zombie) => {
                self.note(|| format!("{name} lands late"));
                let landed = crate::panics::catch(std::panic::AssertUnwindSafe(|| zombie(self)));
                landed.map_err(Breach::of_panic)?;
                Stepped::On
            }
            Move::Timer(timer) => {
                let _gone = timer.send(());
                Stepped::On
            }
            Move::Disturb(disturbance) => self.disturb(disturbance, servers),
        };
        self.settle()?;
        Ok(stepped)
    }

    /// Runs what is awake, and judges.
    ///
    /// # Errors
    /// The breach.
    pub(crate) fn settle(&self) -> Result<(), Breach> {
        self.executor.run().map_err(Breach::of_panic)?;
        let mut truth = lock(&self.truth);
        if self.touched.swap(false, Ordering::Relaxed) {
            let aside = lock(&self.aside);
            truth.check(&self.catalog, aside.as_ref().unwrap_or(&lock(&self.matter)));
        }
        truth.breach().map_or(Ok(()), |breach| Err(breach.clone()))
    }

    fn choose(&self, climate: &Climate) -> Move {
        let now = self.now();
        let desk = &mut *lock(&self.desk);
        desk.timers.retain(|_, timer| !timer.is_canceled());
        desk.frozen.retain(|_, until| *until > now);
        let (frozen, calls) = (&desk.frozen, desk.tally.port_calls);
        let is_free = |waiting: &Waiting| {
            let stands_still = matches!(waiting.home, Home::Process(id) if frozen.contains_key(&id));
            !stands_still && waiting.stalled_until <= calls
        };
        let free: Vec<usize> = (0..desk.waiting.len()).filter(|at| is_free(&desk.waiting[*at])).collect();
        if desk.weather == Weather::Calm {
            return calm(self, desk, &free);
        }
        if !climate.disturbing.is_empty() && desk.chance.odds(climate.disturbances) {
            desk.tally.faults += 1;
            return Move::Disturb(desk.chance.pick(&climate.disturbing));
        }
        if !desk.zombies.is_empty() && desk.chance.odds(climate.landings) {
            return land(desk);
        }
        let timer_first = !desk.timers.is_empty() && desk.chance.odds(40);
        if free.is_empty() || timer_first {
            return if let Some(((at, _), timer)) = desk.timers.pop_first() {
                self.clock.set(at.max(now));
                Move::Timer(timer)
            } else if let Some(until) = desk.frozen.values().min().copied() {
                self.clock.set(until.max(now));
                Move::Wait
            } else if !desk.zombies.is_empty() {
                land(desk)
            } else if !desk.waiting.is_empty() {
                desk.waiting.iter_mut().for_each(|waiting| waiting.stalled_until = 0);
                Move::Wait
            } else {
                Move::Idle
            };
        }
        let waiting = desk.waiting.remove(desk.chance.pick(&free));
        let verdict = climate.strike(&mut desk.chance, &waiting.call);
        if waiting.call.is_of_the_guard() {
            desk.tally.guard_calls += 1;
        } else {
            desk.tally.port_calls += 1;
        }
        self.clock.advance(TimeSpan::from_millis(i64::try_from(desk.chance.between(1, 120)).expect("it is small")));
        release(desk, waiting, verdict)
    }

    fn disturb(self: &Arc<Self>, disturbance: Disturbance, processes: usize) -> Stepped {
        self.touch();
        match disturbance {
            Disturbance::Crash => {
                let victim = self.draw(|chance| chance.below(processes));
                self.note(|| format!("process {victim} dies"));
                self.crash(victim);
                return Stepped::Crashed(victim);
            }
            Disturbance::Freeze => {
                let (victim, seconds) = self.draw(|chance| (chance.below(processes), chance.between(70, 4000)));
                self.note(|| format!("process {victim} stands still for {seconds} s"));
                self.freeze(victim, TimeSpan::from_secs(i64::try_from(seconds).expect("it is small")));
            }
            Disturbance::Stall => self.stall(),
            Disturbance::Doze => {
                self.stall();
                let hours = self.draw(|chance| chance.between(25, 80));
                self.note(|| format!("{hours} h go by"));
                self.clock.advance(TimeSpan::from_hours(i64::try_from(hours).expect("it is small")));
            }
            Disturbance::Leap => {
                let leaps = [15, 70, 6 * 60, 26 * 60, 3 * 24 * 60, 7 * 24 * 60];
                let minutes = self.draw(|chance| chance.pick(&leaps));
                self.note(|| format!("{minutes} min go by"));
                self.clock.advance(TimeSpan::from_mins(minutes));
            }
            Disturbance::Lifecycle => {
                let open: Vec<_> =
                    self.right(|matter| matter.uploads().map(|(id, key)| (id.to_owned(), key.clone())).collect());
                if let Some((id, key)) = pick(self, open) {
                    self.note(|| format!("a lifecycle rule aborts {id}"));
                    self.right(|matter| matter.abort(&key, &domain::UploadId(id)));
                }
            }
            Disturbance::ByHand => {
                let objects: Vec<_> = self.right(|matter| matter.objects().cloned().collect());
                if let Some(key) = pick(self, objects) {
                    self.note(|| format!("somebody removes {} by hand", key.path()));
                    lock(&self.truth).lost(&key);
                    self.right(|matter| matter.delete(&key));
                }
            }
            Disturbance::Spoil => {
                let row = lock(&self.truth).spoils(&self.catalog);
                if let Some(file) = row {
                    self.note(|| format!("{file} cannot be read any more"));
                    self.catalog.spoil(&file.to_string());
                }
            }
            Disturbance::ForeignUpload => {
                let open: Vec<_> = self.right(|matter| matter.uploads().map(|(_, key)| key.clone()).collect());
                if let Some(key) = pick(self, open) {
                    self.note(|| format!("somebody opens an upload on {}", key.path()));
                    let now = self.moment();
                    self.right(|matter| matter.open(&key, None, now));
                }
            }
        }
        Stepped::On
    }

    /// Everything that is still on its way lands.
    ///
    /// # Errors
    /// An assertion that failed at it.
    pub(crate) fn land_all(self: &Arc<Self>) -> Result<(), Breach> {
        let zombies = std::mem::take(&mut lock(&self.desk).zombies);
        for (name, zombie) in zombies {
            self.note(|| format!("{name} lands late"));
            lock(&self.desk).tally.zombies += 1;
            let landed = crate::panics::catch(std::panic::AssertUnwindSafe(|| zombie(self)));
            landed.map_err(Breach::of_panic)?;
        }
        Ok(())
    }

    /// Drops everything a process was doing.
    pub(crate) fn crash(&self, process: usize) {
        let home = Home::Process(process);
        {
            let mut desk = lock(&self.desk);
            desk.ending = Some(Fault::Crash);
            desk.frozen.remove(&process);
            desk.tally.crashes += 1;
        }
        self.executor.end(home);
        lock(&self.desk).ending = None;
    }

    /// Holds up one call, rather a write than a read: those are what others may overtake. What was read and is old by then
    /// is worth a try, too.
    fn stall(&self) {
        let stalled = {
            let desk = &mut *lock(&self.desk);
            let writes: Vec<usize> = (0..desk.waiting.len())
                .filter(|at| !desk.waiting[*at].call.about.is_empty() && desk.waiting[*at].call.class != Class::Read)
                .collect();
            let all: Vec<usize> = (0..desk.waiting.len()).collect();
            let from = if writes.is_empty() || desk.chance.odds(250) { &all } else { &writes };
            (!from.is_empty()).then(|| {
                let at = desk.chance.pick(from);
                desk.waiting[at].stalled_until = desk.tally.port_calls + desk.chance.between(20, 250);
                desk.waiting[at].call.clone()
            })
        };
        if let Some(call) = stalled {
            self.note(|| format!("{} is held up", call.name));
            self.cover(&call, Fault::Frozen);
        }
    }

    fn freeze(&self, process: usize, length: TimeSpan) {
        let until = self.now() + length;
        let met: Vec<Call> = {
            let mut desk = lock(&self.desk);
            desk.frozen.insert(process, until);
            let there = desk.waiting.iter().filter(|waiting| waiting.home == Home::Process(process));
            there.map(|waiting| waiting.call.clone()).collect()
        };
        met.iter().for_each(|call| self.cover(call, Fault::Frozen));
    }
}

fn pick<T: Clone>(world: &World, of: Vec<T>) -> Option<T> {
    (!of.is_empty()).then(|| of[world.draw(|chance| chance.below(of.len()))].clone())
}

/// When nothing goes wrong any more: first come, first served, and the clock moves when nobody is left to serve.
fn calm(world: &World, desk: &mut crate::world::Desk, free: &[usize]) -> Move {
    if !desk.zombies.is_empty() && desk.chance.odds(100) {
        return land(desk);
    }
    if let Some(first) = free.first() {
        let waiting = desk.waiting.remove(*first);
        desk.tally.calm_calls += 1;
        world.clock.advance(TimeSpan::from_millis(5));
        return release(desk, waiting, Verdict::Go);
    }
    match desk.timers.pop_first() {
        Some(((at, _), timer)) => {
            world.clock.set(at.max(world.now()));
            Move::Timer(timer)
        }
        None if desk.zombies.is_empty() => Move::Idle,
        None => land(desk),
    }
}

fn land(desk: &mut crate::world::Desk) -> Move {
    let at = desk.chance.below(desk.zombies.len());
    let (name, zombie) = desk.zombies.swap_remove(at);
    desk.tally.zombies += 1;
    Move::Zombie(name, zombie)
}

fn release(desk: &mut crate::world::Desk, mut waiting: Waiting, verdict: Verdict) -> Move {
    if verdict != Verdict::Go {
        desk.tally.faults += 1;
    }
    // What was answered with an error may still come to pass: a proxy answered, or another copy of the request.
    let lands = match verdict {
        Verdict::Late => desk.chance.odds(850),
        Verdict::ErrorAnswer(_) => desk.chance.odds(300),
        _ => false,
    };
    if lands && let Some(late) = waiting.late.take() {
        desk.zombies.push((waiting.call.name, late));
    }
    Move::Release(waiting, verdict)
}

fn describe(waiting: &Waiting, verdict: Verdict) -> String {
    let who = match waiting.home {
        Home::Process(id) => format!("process {id}"),
        Home::Client => "client".to_owned(),
    };
    let about: Vec<String> = waiting.call.about.iter().map(|(file, _)| file.to_string()).collect();
    format!("{who}: {} {}: {}", waiting.call.name, about.join(" "), verdict.fault().name())
}
