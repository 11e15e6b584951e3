//! The real binary as a process: what it prints, how it ends, what it leaves behind.
//!
//! Not the API (that is tested in `server`) and not uploads. *Rule*: a test waits for what the process says, never for
//! a time; every process it starts is ended, also when the test fails.

mod commands;
mod doctoring;
mod login;
mod process;
mod reaping;
mod serving;
mod stores;
