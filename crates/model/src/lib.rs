//! Exhaustive search over the upload protocol, with `domain`'s own decisions as its steps.
//!
//! The world is one asset of one or two files, a catalog, an adversarial store, requests, jobs, an owner and a client.
//! Every interleaving of their steps is tried, with crashes, lost answers and late requests anywhere, and the
//! invariants of the protocol are held against every state. What the server decides by `domain::lifecycle::decide`
//! and `domain::change`, the model decides by calling the same functions ([`laws`]); what `server::app` does between two
//! calls of a port is one step of a program counter ([`run`], [`steps`]).
//!
//! What it is not: it does not run `server`'s code (the simulation does), it knows no SQL and no S3, and it is no proof
//! beyond the sizes its [`profile`]s name. *Invariant*: same input, same answer; no clock, no randomness.

pub mod ablation;
pub mod catalog;
pub mod coverage;
pub mod invariant;
pub mod laws;
mod liveness;
pub mod page;
pub mod profile;
pub mod run;
pub mod sample;
pub mod search;
pub mod steps;
pub mod store;
pub mod world;

pub use ablation::Ablation;
pub use invariant::{Invariant, Invariants};
pub use profile::Profile;
pub use search::{Counterexample, Found};

/// Searches a profile, with a guard left out or with all of them, until one of the watched invariants breaks.
pub fn search(profile: &Profile, ablation: Option<Ablation>, watched: Invariants) -> Found {
    let laws = laws::Laws::new(sample::Sample::new(profile.roles));
    search::search(&steps::Setting { laws: &laws, profile, ablation }, watched)
}

/// Searches for what an ablation breaks: the first of its invariants must be the first of all that breaks, the others
/// must break when they alone are watched.
pub fn catch(ablation: Ablation, invariant: Invariant) -> Found {
    let is_first = ablation.breaks().first() == Some(&invariant);
    let watched = if is_first { Invariants::all() } else { Invariants::only(invariant) };
    search(ablation.shown_in(), Some(ablation), watched)
}
