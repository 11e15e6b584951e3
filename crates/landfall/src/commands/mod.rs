//! The commands of the server's side, one a file: its arguments and what it does with them.

pub(crate) mod accept_restore;
pub(crate) mod audit;
pub(crate) mod bucket;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod login;
pub(crate) mod migrate;
pub(crate) mod openapi;
mod operator;
pub(crate) mod reap;
pub(crate) mod reconcile;
pub(crate) mod serve;
pub(crate) mod status;
pub(crate) mod store;
pub(crate) mod token;

use server::config::{Config, LogFormat, TelemetryConfig};

use crate::exit::{Exit, Failure, chain};

/// Starts logging as a server does.
fn log_as_server(config: &Config) -> Result<(), Failure> {
    start_logging(&config.telemetry)
}

/// Starts logging for a command that runs and ends: only what needs somebody's attention.
fn log_as_command() -> Result<(), Failure> {
    start_logging(&TelemetryConfig { log: "warn".into(), log_format: LogFormat::Auto, prometheus: false })
}

fn start_logging(telemetry: &TelemetryConfig) -> Result<(), Failure> {
    server::telemetry::start_logging(telemetry).map_err(|error| Failure::new(Exit::Configuration, chain(&error)))
}
