//! A tiny executor: polls futures in one thread, in the order they were woken.
//!
//! Not a runtime: it has no timers and no sockets, and nothing runs but when it is told to. *Invariant*: the order of
//! polls follows from the order of wakings alone, and dropping a home's tasks runs nothing of them any more, which is
//! what a crash is.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use domain::Lane;
use futures::future::BoxFuture;
use server::jobs::Job;

use crate::panics;

/// Where a task lives. It ends with its home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Home {
    /// A process of Landfall, by its number.
    Process(usize),
    /// Somebody's browser.
    Client,
}

/// Who makes a call, as far as it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    /// The task of this number, which does one thing after the other. No other ever has its number.
    One(u64),
    /// A task that is at several files at once.
    Many,
}

type Ready = Arc<Mutex<VecDeque<u64>>>;

struct Flag {
    id: u64,
    ready: Ready,
    queued: AtomicBool,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, Ordering::SeqCst) {
            lock(&self.ready).push_back(self.id);
        }
    }
}

struct Task {
    home: Home,
    job: Option<Job>,
    flag: Arc<Flag>,
    /// `None` while it is polled.
    future: Option<BoxFuture<'static, ()>>,
}

#[derive(Default)]
struct Tasks {
    all: BTreeMap<u64, Task>,
    last: u64,
    polled: Option<(u64, Home, Option<Job>)>,
}

/// The executor.
#[derive(Default)]
pub(crate) struct Executor {
    tasks: Mutex<Tasks>,
    ready: Ready,
}

/// One thread uses these locks, and a panic under one of them is found by the simulation itself.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Executor {
    /// Starts a task.
    pub(crate) fn start(&self, home: Home, future: BoxFuture<'static, ()>) {
        self.launch(home, None, future);
    }

    /// Starts a task that runs a job.
    pub(crate) fn start_job(&self, home: Home, job: Job, future: BoxFuture<'static, ()>) {
        self.launch(home, Some(job), future);
    }

    fn launch(&self, home: Home, job: Option<Job>, future: BoxFuture<'static, ()>) {
        let mut tasks = lock(&self.tasks);
        tasks.last += 1;
        let id = tasks.last;
        let flag = Arc::new(Flag { id, ready: self.ready.clone(), queued: AtomicBool::new(false) });
        tasks.all.insert(id, Task { home, job, flag: flag.clone(), future: Some(future) });
        flag.wake();
    }

    /// The home of the task that is being polled.
    pub(crate) fn polled(&self) -> Option<Home> {
        lock(&self.tasks).polled.map(|(_, home, _)| home)
    }

    /// Who is being polled.
    pub(crate) fn actor(&self) -> Actor {
        match lock(&self.tasks).polled {
            None | Some((.., Some(Job::Lane(Lane::Drive)))) => Actor::Many,
            Some((task, ..)) => Actor::One(task),
        }
    }

    /// Whether the task that is being polled runs this job. What it lets others do for it does not count.
    pub(crate) fn runs(&self, job: Job) -> bool {
        lock(&self.tasks).polled.is_some_and(|(.., polled)| polled == Some(job))
    }

    /// Whether a home has tasks.
    pub(crate) fn is_busy(&self, home: Home) -> bool {
        lock(&self.tasks).all.values().any(|task| task.home == home)
    }

    /// Drops all tasks of a home where they stand.
    pub(crate) fn end(&self, home: Home) {
        let ended: Vec<Task> = {
            let mut tasks = lock(&self.tasks);
            let ids: Vec<u64> = tasks.all.iter().filter(|(_, task)| task.home == home).map(|(id, _)| *id).collect();
            ids.iter().filter_map(|id| tasks.all.remove(id)).collect()
        };
        // Outside the lock: what is dropped may look at the executor.
        drop(ended);
    }

    /// Polls what is awake until nothing is.
    ///
    /// # Errors
    /// The message of a task that panicked.
    pub(crate) fn run(&self) -> Result<(), String> {
        loop {
            let Some(id) = lock(&self.ready).pop_front() else { return Ok(()) };
            let (mut future, flag) = {
                let mut tasks = lock(&self.tasks);
                let Some(task) = tasks.all.get_mut(&id) else { continue };
                let Some(future) = task.future.take() else { continue };
                task.flag.queued.store(false, Ordering::SeqCst);
                let found = (future, task.flag.clone());
                let polled = Some((id, task.home, task.job));
                tasks.polled = polled;
                found
            };
            let waker = Waker::from(flag);
            let polled = panics::catch(AssertUnwindSafe(|| future.as_mut().poll(&mut Context::from_waker(&waker))));
            let mut tasks = lock(&self.tasks);
            tasks.polled = None;
            match polled {
                Ok(Poll::Pending) => {
                    if let Some(task) = tasks.all.get_mut(&id) {
                        task.future = Some(future);
                        continue;
                    }
                }
                Ok(Poll::Ready(())) => drop(tasks.all.remove(&id)),
                Err(message) => {
                    tasks.all.remove(&id);
                    drop(tasks);
                    // What a panicked task still holds may panic again when it is dropped.
                    drop(catch_unwind(AssertUnwindSafe(|| drop(future))));
                    return Err(message);
                }
            }
            drop(tasks);
            drop(future);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::channel::oneshot;

    use super::*;

    #[test]
    fn a_task_waits_until_it_is_woken() {
        let executor = Executor::default();
        let (tell, told) = oneshot::channel::<()>();
        let done = Arc::new(AtomicBool::new(false));
        let seen = done.clone();
        executor.start(
            Home::Client,
            Box::pin(async move {
                told.await.unwrap();
                seen.store(true, Ordering::SeqCst);
            }),
        );
        executor.run().unwrap();
        assert!(!done.load(Ordering::SeqCst) && executor.is_busy(Home::Client));
        tell.send(()).unwrap();
        executor.run().unwrap();
        assert!(done.load(Ordering::SeqCst) && !executor.is_busy(Home::Client));
    }

    #[test]
    fn a_home_ends_with_its_tasks_and_spares_the_others() {
        let executor = Executor::default();
        let (tell, told) = oneshot::channel::<()>();
        executor.start(Home::Process(0), Box::pin(async move { told.await.unwrap() }));
        executor.start(Home::Process(1), Box::pin(std::future::pending()));
        executor.run().unwrap();
        executor.end(Home::Process(0));
        assert!(tell.is_canceled());
        assert!(executor.is_busy(Home::Process(1)));
    }

    #[test]
    fn a_panic_is_a_message() {
        let executor = Executor::default();
        executor.start(Home::Client, Box::pin(async { panic!("on {}", "purpose") }));
        assert!(executor.run().unwrap_err().contains("on purpose"));
    }
}
