//! `landfall delete`: cancels an upload or deletes a published asset.

use std::io::{self, BufRead as _, IsTerminal as _};

use clap::Args;
use domain::AssetId;
use serde_json::json;
use uploader::client::Client;

use super::connection::{Connection, InCollection};
use super::summary::printable;
use super::{failure, notice};
use crate::arguments::Output;
use crate::console;
use crate::exit::{Exit, Failure};

/// Arguments of `delete`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The asset, as `upload` and `list` print it
    #[arg(value_name = "ID")]
    id: AssetId,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    collection: InCollection,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    output: Output,
}

/// Deletes an asset, after asking.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let client = arguments.connection.client(&arguments.collection.collection)?;
    if !arguments.yes {
        confirm(&client, arguments.id).await?;
    }
    client.delete(arguments.id).await.map_err(|error| failure::of_call(&error))?;
    if arguments.output.json {
        return console::json(&json!({"id": arguments.id, "deleted": true}));
    }
    console::out(&format!("deleted {}", arguments.id))
}

/// Shows what would be deleted and waits for a yes.
async fn confirm(client: &Client, id: AssetId) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Err(
            Failure::new(Exit::Usage, "there is no terminal to ask on").hint("say --yes to delete without asking")
        );
    }
    let asset = client.show(id).await.map_err(|error| failure::of_call(&error))?;
    notice::ask(&format!("delete {} ({}, {:?})? [y/N] ", asset.id, asset.status, printable(&asset.title)));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        Ok(())
    } else {
        Err(Failure::new(Exit::Failed, "nothing was deleted"))
    }
}
