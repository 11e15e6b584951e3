//! The process that keeps a store: starts it, tells its variables, and stops it when its standard input ends.
//!
//! Why a process: the one who needs the store may be interrupted or killed at any moment, and then cannot clean up. The
//! operating system closes its end of the pipe in every case. *Invariant*: nothing but the end of the pipe is waited for,
//! so the store never outlives the one who needs it.

use std::io::{Read as _, stdin};

use anyhow::{Context as _, Result};

use super::ceph::Ceph;
use super::garage::Garage;
use super::{Engine, Variable};
use crate::console;
use crate::host::Stopwatch;

/// How this program is told to be a keeper. Not for people: they type `cargo xtask store`.
pub(crate) const VERB: &str = "keep-store";
/// The line after the last variable.
pub(super) const READY: &str = "ready";

/// Starts the store, tells, waits for the end of standard input, stops the store.
///
/// # Errors
/// When the store does not start, or has ended by itself before it was told to.
pub(crate) fn keep(name: &str) -> Result<u8> {
    match Engine::parse(name)? {
        Engine::Ceph => keep_one(name, Ceph::start, Ceph::variables, Ceph::check),
        Engine::Garage => keep_one(name, Garage::start, Garage::variables, Garage::check),
    }
}

fn keep_one<S>(
    name: &str,
    start: impl FnOnce() -> Result<S>,
    variables: impl FnOnce(&S) -> Vec<Variable>,
    check: impl FnOnce(&mut S) -> Result<()>,
) -> Result<u8> {
    let watch = Stopwatch::start();
    let mut store = start().with_context(|| format!("{name} does not start"))?;
    console::note(&format!("== {name} runs after {:.1} s", watch.seconds()));
    for (name, value) in variables(&store) {
        console::out(&format!("{name}={value}"));
    }
    console::out(READY);
    // What comes is dropped; only the end counts. An error is an end too.
    let mut dropped = [0; 64];
    while matches!(stdin().read(&mut dropped), Ok(1..)) {}
    check(&mut store)?;
    Ok(0)
}
