//! The protocol as its users meet it: the real use cases and jobs over the strictest backends.
//!
//! Each test tells one story and then looks at all three witnesses: what the owner is told, what the catalog holds,
//! what the bucket holds.

#[path = "../ground/mod.rs"]
mod ground;

mod arriving;
mod audit;
mod crowd;
mod ending;
mod faults;
mod guard;
mod house;
mod looking;
mod prefixes;
mod races;
mod reconcile;
mod rejection;
mod restored;
mod unanswered;
mod undeclared;
mod upload;
mod working;
