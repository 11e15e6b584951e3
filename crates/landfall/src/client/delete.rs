//! `landfall delete`: cancels an upload or deletes a published asset.

use std::io::{self, BufRead as _, IsTerminal as _};

use clap::Args;
use serde_json::json;
use wire::AssetBody;

use super::asset::{Found, Which};
use super::{failure, notice};
use crate::arguments::Output;
use crate::console::{self, printable};
use crate::exit::{Exit, Failure};

/// Arguments of `delete`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    output: Output,
}

/// Deletes an asset, after asking.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    if !arguments.yes && !io::stdin().is_terminal() {
        return Err(
            Failure::new(Exit::Usage, "there is no terminal to ask on").hint("say --yes to delete without asking")
        );
    }
    let id = arguments.which.id;
    let Found { client, answer } = arguments.which.find().await?;
    // What is gone already is told by the deletion itself, which may be repeated.
    if !arguments.yes {
        confirm(&answer.map_err(|error| failure::of_call(&error))?)?;
    }
    client.delete(id).await.map_err(|error| failure::of_call(&error))?;
    if arguments.output.json {
        return console::json(&json!({"id": id, "deleted": true}));
    }
    console::out(&format!("deleted {id}"))
}

/// Shows what would be deleted and waits for a yes.
fn confirm(asset: &AssetBody) -> Result<(), Failure> {
    notice::ask(&format!("delete {} ({}, \"{}\")? [y/N] ", asset.id, asset.status, printable(&asset.title)));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        Ok(())
    } else {
        Err(Failure::new(Exit::Failed, "nothing was deleted"))
    }
}
