//! `cargo xtask model`: searches every profile and every ablation, and prints what was found.
//!
//! `--page` prints the page of `docs/reference` instead, which holds no seconds; the name of a profile or an ablation
//! searches that alone. Exit code 1 when an invariant broke or an ablation was not caught.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports")]
#![expect(clippy::disallowed_methods, reason = "the one home of the clock in this crate: the report says seconds")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use model::page::Results;
use model::{Ablation, Counterexample, Found, Invariant, Invariants, Profile};

/// Searches at once: each of the larger ones takes half a gigabyte.
const THREADS: usize = 2;

/// Something to search.
#[derive(Clone, Copy)]
enum Task {
    Profile(Profile),
    Ablation(Ablation, Invariant),
}

impl Task {
    fn all() -> Vec<Self> {
        let ablations = Ablation::ALL
            .into_iter()
            .flat_map(|ablation| ablation.breaks().iter().map(move |breaks| Self::Ablation(ablation, *breaks)));
        Profile::ALL.into_iter().map(Self::Profile).chain(ablations).collect()
    }

    fn name(self) -> String {
        match self {
            Self::Profile(profile) => profile.name.to_owned(),
            Self::Ablation(ablation, invariant) => format!("{} against {invariant}", ablation.name()),
        }
    }

    fn is_named(self, name: &str) -> bool {
        match self {
            Self::Profile(profile) => profile.name == name,
            Self::Ablation(ablation, _) => ablation.name() == name,
        }
    }

    fn run(self) -> Found {
        match self {
            Self::Profile(profile) => model::search(&profile, None, Invariants::all()),
            Self::Ablation(ablation, invariant) => model::catch(ablation, invariant),
        }
    }
}

/// What is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Report,
    Page,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (form, tasks) = match &arguments[..] {
        [] => (Form::Report, Task::all()),
        [flag] if flag == "--page" => (Form::Page, Task::all()),
        [name] => (Form::Report, Task::all().into_iter().filter(|task| task.is_named(name)).collect()),
        _ => (Form::Report, Vec::new()),
    };
    if tasks.is_empty() {
        let names: Vec<_> = Profile::ALL.iter().map(|profile| profile.name).collect();
        let guards: Vec<_> = Ablation::ALL.iter().map(|ablation| ablation.name()).collect();
        eprintln!("usage: model [--page | NAME]\nprofiles: {}\nablations: {}", names.join(" "), guards.join(" "));
        return ExitCode::from(2);
    }
    let total = Instant::now();
    let results = search(&tasks, form);
    match form {
        Form::Page => print!("{}", results.page()),
        Form::Report => println!("{} searches in {:.1} s", tasks.len(), total.elapsed().as_secs_f64()),
    }
    if results.are_as_they_must() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs the tasks on [`THREADS`] threads; the results stand in the tasks' order whichever was ready first.
fn search(tasks: &[Task], form: Form) -> Results {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = tasks.get(place) else { return done };
            let watch = Instant::now();
            let found = task.run();
            if form == Form::Report {
                print!("{}", report(*task, &found, watch.elapsed().as_secs_f64()));
            }
            done.push((place, found));
        }
    };
    let mut done: Vec<(usize, Found)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a search panicked, see above")).collect()
    });
    done.sort_unstable_by_key(|(place, _)| *place);
    let mut results = Results::default();
    for (place, found) in done {
        match tasks[place] {
            Task::Profile(profile) => results.profiles.push((profile, found)),
            Task::Ablation(ablation, invariant) => results.ablations.push((ablation, invariant, found)),
        }
    }
    results
}

fn report(task: Task, found: &Found, seconds: f64) -> String {
    let Found { states, transitions, depth, counterexample, .. } = found;
    let verdict = match (task, counterexample) {
        (Task::Profile(_), None) => "holds".to_owned(),
        (Task::Profile(_), Some(breach)) => format!("BREAKS {}", breach.invariant),
        (Task::Ablation(..), Some(Counterexample { invariant, steps })) => {
            format!("caught: {invariant} breaks in {} steps", steps.len())
        }
        (Task::Ablation(..), None) => "NOT CAUGHT".to_owned(),
    };
    let name = task.name();
    let mut text = format!(
        "{name:<36} {states:>9} states {transitions:>10} transitions, depth {depth:>3}, {seconds:>5.1} s: {verdict}\n"
    );
    if let Some(Counterexample { steps, .. }) = counterexample {
        for (index, step) in steps.iter().enumerate() {
            text.push_str(&format!("  {:>3}. {step}\n", index + 1));
        }
    }
    text
}
