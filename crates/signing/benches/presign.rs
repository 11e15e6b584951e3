//! Nanoseconds per presigned UploadPart URL on one thread, beside the peers, in one run.
//!
//! Each contender signs the 10,000 parts of one object over and over. The contenders take turns in
//! short rounds and the median round counts, so that a busy machine slows all of them alike.
//! Criterion runs one contender after another and would compare different minutes; hence this.
//!
//! Fails when a ratio that the project promises is not met.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench is read on the terminal")]

mod contenders;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use contenders::{Contender, contenders};

const ROUNDS: usize = 41;
/// Long against the clock's resolution, short against the machine's moods.
const ROUND_TARGET: Duration = Duration::from_millis(15);
/// (peer, times faster than it that the project promises).
const PROMISES: [(&str, f64); 2] = [("rusty-s3", 12.0), ("aws-sdk-s3", 60.0)];

/// The bench's only door to the clock.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn clock() -> Instant {
    Instant::now()
}

fn main() -> ExitCode {
    // `cargo test --benches` starts this too, unoptimised and without the flag.
    if !std::env::args().any(|argument| argument == "--bench") {
        eprintln!("presign: a bench, run it with `cargo bench -p signing --bench presign`");
        return ExitCode::SUCCESS;
    }
    let mut field = contenders();
    let medians = measure(&mut field);
    print_table(&field, &medians);
    let mut kept = true;
    for (peer, promised) in PROMISES {
        kept &= print_promise(&field, &medians, peer, promised);
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The median nanoseconds per URL of each contender.
fn measure(field: &mut [Contender]) -> Vec<f64> {
    let counts: Vec<usize> = field.iter_mut().map(calibrate).collect();
    let mut rounds = vec![Vec::with_capacity(ROUNDS); field.len()];
    for _ in 0..ROUNDS {
        for (at, contender) in field.iter_mut().enumerate() {
            let took = time(contender, counts[at]);
            rounds[at].push(took.as_nanos() as f64 / counts[at] as f64);
        }
    }
    rounds.into_iter().map(median).collect()
}

/// How many URLs take about [`ROUND_TARGET`], found while warming up.
fn calibrate(contender: &mut Contender) -> usize {
    let mut count = 1;
    loop {
        let took = time(contender, count);
        if took * 2 >= ROUND_TARGET {
            let scale = ROUND_TARGET.as_secs_f64() / took.as_secs_f64();
            return ((count as f64 * scale) as usize).max(1);
        }
        count *= 2;
    }
}

fn time(contender: &mut Contender, count: usize) -> Duration {
    let start = clock();
    (contender.sign)(count);
    clock() - start
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn print_table(field: &[Contender], medians: &[f64]) {
    println!("presigning UploadPart, one thread, median of {ROUNDS} interleaved rounds\n");
    println!("{:<58} {:>10} {:>8}", "", "ns per URL", "x ours");
    for (contender, nanos) in field.iter().zip(medians) {
        println!("{:<58} {nanos:>10.0} {:>8.2}", contender.name, nanos / medians[0]);
    }
    println!();
}

fn print_promise(field: &[Contender], medians: &[f64], peer: &str, promised: f64) -> bool {
    let found = field.iter().position(|contender| contender.name.starts_with(peer));
    let at = found.expect("every promise names a contender");
    let ratio = medians[at] / medians[0];
    let kept = ratio >= promised;
    let verdict = if kept { "kept" } else { "NOT KEPT" };
    println!("{ratio:.1} x faster than {peer}, promised {promised:.0} x: {verdict}");
    kept
}
