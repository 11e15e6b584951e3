//! `landfall show`: one asset with its files.

use clap::Args;
use domain::AssetId;

use super::connection::{Connection, InCollection};
use super::{failure, summary};
use crate::arguments::Output;
use crate::console;
use crate::exit::Failure;

/// Arguments of `show`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The asset, as `upload` and `list` print it
    #[arg(value_name = "ID")]
    id: AssetId,
    #[command(flatten)]
    collection: InCollection,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    output: Output,
}

/// Prints an asset.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let client = arguments.connection.client(&arguments.collection.collection)?;
    let asset = client.show(arguments.id).await.map_err(|error| failure::of_call(&error))?;
    if arguments.output.json {
        return console::json(&asset);
    }
    for line in summary::asset(&asset) {
        console::out(&line)?;
    }
    let times = [("created", Some(asset.created_at)), ("published", asset.published_at), ("expires", asset.expires_at)];
    for (name, at) in times {
        if let Some(at) = at {
            console::out(&format!("  {name}: {}", at.strftime("%Y-%m-%d %H:%M:%SZ")))?;
        }
    }
    Ok(())
}
