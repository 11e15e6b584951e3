//! `landfall show`: one asset with its files.

use clap::Args;

use super::asset::Which;
use super::summary;
use crate::arguments::Output;
use crate::console;
use crate::exit::Failure;

/// Arguments of `show`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    output: Output,
}

/// Prints an asset.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let (_, asset) = arguments.which.load().await?;
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
