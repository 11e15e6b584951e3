//! `landfall migrate`: the catalog's schema, brought up to date while nothing runs.

use clap::Args;
use serde_json::json;
use server::boot::{BootError, DataFolder};
use server::catalog::sqlite;

use super::log_as_command;
use crate::arguments::{Installation, Output};
use crate::console;
use crate::exit::Failure;

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    installation: Installation,
    #[command(flatten)]
    output: Output,
}

/// Runs the migrations that are missing, and says which they were.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = arguments.installation.load()?;
    log_as_command()?;
    let folder = DataFolder::new(&config.server.data);
    folder.make()?;
    let _lock = folder.lock("landfall migrate")?;
    let file = config.sqlite_file();
    let applied = sqlite::migrate(&file).await.map_err(BootError::from)?;
    if arguments.output.json {
        let applied: Vec<_> = applied.iter().map(|done| json!({"version": done.version, "name": done.name})).collect();
        return console::json(&json!({"catalog": file, "applied": applied}));
    }
    for done in &applied {
        console::out(&format!("applied {} {}", done.version, done.name))?;
    }
    console::out(&format!("{} is up to date", file.display()))
}
