//! The crash matrix: the real binary is killed, stopped or run twice at every call it makes to its catalog and store,
//! and whatever it was doing is finished without an operator.
//!
//! The points are not chosen by hand: the binary generates two for each method of each port (`server::drill`), each
//! scenario is rehearsed twice to see which points it reaches how often, and then run once for each of them. One point
//! alone: `LANDFALL_TEST_POINT=before:store.complete@1 cargo nextest run -p landfall --test crash kill`.

#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "the end-to-end suite uses the rest")]
mod support;

mod catalogs;
mod client;
mod drill;
mod matrix;
mod scenarios;
mod stores;
mod world;
