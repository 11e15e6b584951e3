//! `cargo xtask`: the one entry point for developers and CI.
//!
//! Each verb is one module. This file only reads the verb and hands over. It keeps one rule: a verb
//! stands in the list below only when it works.

mod bench;
mod check;
mod console;
mod fuzz;
mod generate;
mod host;
mod model;
mod needs;
mod process;
mod run;
mod simulate;
mod steps;
mod stores;
mod suites;
mod test;
mod tidy;
mod web;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
cargo xtask <verb>

  run [--release] [ARGUMENTS]  build Landfall and start `landfall serve ARGUMENTS` in the foreground
  test                         install what the tests need, check, build, run every test
  test --store NAME            start this store (ceph, garage) and run the tests over it
  store NAME                   start this store, print the variables tests read, stay until Ctrl-C
  sim [ARGUMENTS]              run the simulation: --seeds N, --minutes M, --seed S, --ablate NAME
  check                        formatting, clippy with warnings as errors, tidy
  tidy                         the rules of this repository that the compiler does not know
  gen [--check]                write docs/reference from the built binary; --check only compares
  model [NAME]                 search the protocol exhaustively, with and without its guards
  fuzz [TARGET] [--seconds N] [--seed S]  mutate inputs of every reader, or of one
  bench presign                measure the presigner beside its peers
  bench jobs [ASSETS...]       measure what it costs to end, destroy and look again at so many abandoned uploads
  help                         print this list";

fn main() -> ExitCode {
    match dispatch(&host::arguments()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            console::note(&format!("error: {error:#}"));
            ExitCode::from(1)
        }
    }
}

/// Runs one verb. The number is the exit code: 0 for success, otherwise what failed reported.
fn dispatch(arguments: &[String]) -> Result<u8> {
    let Some((verb, rest)) = arguments.split_first() else {
        console::note(USAGE);
        return Ok(2);
    };
    match (verb.as_str(), rest) {
        ("run", rest) => run::run(rest),
        ("test", []) => test::run_all(),
        ("test", [flag, name]) if flag == "--store" => test::run_over(stores::Engine::parse(name)?),
        ("store", [name]) => stores::stay(name),
        (stores::keeper::VERB, [name]) => stores::keeper::keep(name),
        ("sim", rest) => simulate::run(rest),
        ("check", []) => check::run(),
        ("tidy", []) => tidy::run(),
        ("gen", []) => generate::write(),
        ("gen", [flag]) if flag == "--check" => generate::check(),
        ("fuzz", rest) => fuzz::run(rest),
        ("model", rest) => model::run(rest),
        ("bench", [name, rest @ ..]) => bench::run(name, rest),
        ("help" | "--help" | "-h", _) => {
            console::out(USAGE);
            Ok(0)
        }
        _ => bail!("no such verb: {}\n\n{USAGE}", arguments.join(" ")),
    }
}
