//! `cargo xtask fuzz [TARGET] [--seconds N] [--seed S]`: fuzzes for as long as asked. An input that breaks a target is made
//! short, printed and kept in its corpus; the exit code is then 1.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports")]
#![expect(clippy::disallowed_methods, reason = "the one home of the clock in this crate: how long to go on")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use fuzz::{TARGETS, Target};

/// What was asked for.
struct Wish {
    targets: Vec<&'static Target>,
    each: Duration,
    seed: u64,
}

fn read(arguments: &[String]) -> Option<Wish> {
    let mut wish = Wish { targets: TARGETS.iter().collect(), each: Duration::from_secs(60), seed: 1 };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--seconds" => wish.each = Duration::from_secs(rest.next()?.parse().ok()?),
            "--seed" => wish.seed = rest.next()?.parse().ok()?,
            name => wish.targets = vec![TARGETS.iter().find(|target| target.name == name)?],
        }
    }
    Some(wish)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(wish) = read(&arguments) else {
        eprintln!("usage: fuzz [TARGET] [--seconds N] [--seed S]\ntargets:");
        TARGETS.iter().for_each(|target| eprintln!("  {:<8} {}", target.name, target.law));
        return ExitCode::from(2);
    };
    let mut code = ExitCode::SUCCESS;
    for target in wish.targets {
        let begun = Instant::now();
        // The clock is asked now and then only: most inputs take microseconds.
        let go_on = |inputs: u64| !inputs.is_multiple_of(64) || begun.elapsed() < wish.each;
        let report = match fuzz::run(target, wish.seed, go_on) {
            Ok(report) => report,
            Err(error) => {
                eprintln!("error: the corpus of {} cannot be read: {error}", target.name);
                return ExitCode::FAILURE;
            }
        };
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "{:<8} seed {}: {} inputs in {seconds:.1} s, {} kinds of outcome",
            target.name, wish.seed, report.inputs, report.kinds
        );
        if let Some(crash) = report.crash {
            println!("BROKEN: {}\n  by {:?}", crash.message, String::from_utf8_lossy(&crash.input));
            match target.keep(&crash.input) {
                Ok(path) => println!("  kept as {}", path.display()),
                Err(error) => eprintln!("  and cannot be kept: {error}"),
            }
            code = ExitCode::FAILURE;
        }
    }
    code
}
