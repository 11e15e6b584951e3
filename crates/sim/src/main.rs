//! The simulator's command line; `cargo xtask sim` builds and starts it.
//!
//! No logic: it reads arguments, runs seeds, prints what they showed. Exit code 0: no law was broken, or the ablation
//! was found; 1: otherwise; 2: the arguments make no sense.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use sim::{Ablation, Campaign, Patience, Plan, Trace, kept_seeds, line_of, run};

const USAGE: &str = "\
sim [--seeds N] [--minutes M] [--first N]   run N seeds, or as many as M minutes allow;
                                            those of seeds.txt first
sim --seed S                                run one seed and print every step
sim --ablate NAME [--seeds N]               run with a planted bug until it is found
sim --ablations                             list the planted bugs
sim --page                                  write the page about them, for docs/reference";

/// The time there is.
struct Deadline {
    since: Instant,
    length: Option<Duration>,
}

impl Patience for Deadline {
    fn is_over(&self) -> bool {
        self.length.is_some_and(|length| self.since.elapsed() >= length)
    }
}

/// What was asked for.
#[derive(Default)]
struct Arguments {
    seeds: Option<u64>,
    minutes: Option<u64>,
    first: Option<u64>,
    seed: Option<u64>,
    ablation: Option<Ablation>,
}

fn main() -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "a simulator measures itself; nothing simulated reads this")]
    let since = Instant::now();
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words == ["--ablations"] {
        Ablation::ALL.iter().for_each(|ablation| say(&format!("{}: {}", ablation.name(), ablation.removes())));
        return ExitCode::SUCCESS;
    }
    if words == ["--page"] {
        say(sim::page().trim_end());
        return ExitCode::SUCCESS;
    }
    match parse(&words) {
        Err(problem) => {
            say(&format!("error: {problem}\n\n{USAGE}"));
            ExitCode::from(2)
        }
        Ok(arguments) => match arguments.seed {
            Some(seed) => show(seed, arguments.ablation),
            None => campaign(&arguments, since),
        },
    }
}

fn parse(words: &[String]) -> Result<Arguments, String> {
    let mut arguments = Arguments::default();
    for pair in words.chunks(2) {
        let [flag, value] = pair else { return Err(format!("{} needs a value", pair[0])) };
        let number = || value.parse::<u64>().map_err(|_| format!("{flag} needs a whole number, not {value}"));
        match flag.as_str() {
            "--seeds" => arguments.seeds = Some(number()?),
            "--minutes" => arguments.minutes = Some(number()?),
            "--first" => arguments.first = Some(number()?),
            "--seed" => arguments.seed = Some(number()?),
            "--ablate" => {
                let found = Ablation::from_name(value);
                arguments.ablation = Some(found.ok_or(format!("there is no ablation {value}: see sim --ablations"))?);
            }
            other => return Err(format!("there is no {other}")),
        }
    }
    Ok(arguments)
}

/// One seed, step by step.
fn show(seed: u64, ablation: Option<Ablation>) -> ExitCode {
    let outcome = run(Plan { seed, ablation, trace: Trace::Kept });
    outcome.trace.iter().for_each(|line| say(line));
    match outcome.breach {
        None => {
            say(&format!("seed {seed} kept every law: {:?}", outcome.tally));
            ExitCode::SUCCESS
        }
        Some(breach) => {
            say(&format!("seed {seed} broke {}: {}", breach.law, breach.what));
            ExitCode::FAILURE
        }
    }
}

fn campaign(arguments: &Arguments, since: Instant) -> ExitCode {
    if arguments.ablation.is_none() && !keeps_laws() {
        return ExitCode::FAILURE;
    }
    let length = arguments.minutes.map(|minutes| Duration::from_secs(minutes.saturating_mul(60)));
    let seeds = arguments.seeds.unwrap_or(if length.is_some() { u64::MAX } else { 1_000 });
    let first = arguments.first.unwrap_or(0);
    let findings = Campaign { first, seeds, ablation: arguments.ablation }.run(&Deadline { since, length });
    say(findings.report().trim_end());
    say(&format!("seconds {:.1}", since.elapsed().as_secs_f64()));
    for failure in &findings.failures {
        say(&repeat(failure.seed, arguments.ablation));
        if arguments.ablation.is_none() {
            say(&format!("when it is mended, add to crates/sim/seeds.txt: {}", line_of(failure)));
        }
    }
    if findings.failures.is_empty() == arguments.ablation.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs the seeds that once broke a law.
fn keeps_laws() -> bool {
    let kept = kept_seeds();
    for kept in &kept {
        if let Some(breach) = run(Plan { seed: kept.seed, ablation: None, trace: Trace::Dropped }).breach {
            say(&format!("the kept seed {} broke {}: {}", kept.seed, breach.law, breach.what));
            say(&format!("it is kept for: {}", kept.showed));
            say(&repeat(kept.seed, None));
            return false;
        }
    }
    say(&format!("kept seeds {}", kept.len()));
    true
}

/// The command that runs a seed again.
fn repeat(seed: u64, ablation: Option<Ablation>) -> String {
    let ablate = ablation.map_or_else(String::new, |ablation| format!(" --ablate {}", ablation.name()));
    format!("again: cargo xtask sim --seed {seed}{ablate}")
}

fn say(line: &str) {
    // Whoever closed the pipe has read enough.
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}
