//! `landfall rename`: another title, and another description if one is given.

use clap::Args;
use domain::Title;
use wire::PatchRequest;

use super::asset::Which;
use super::{failure, summary};
use crate::arguments::Output;
use crate::console;
use crate::exit::Failure;

/// Arguments of `rename`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// The new title
    #[arg(value_name = "TITLE", value_parser = parse_title)]
    title: Title,
    /// A new description
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    #[command(flatten)]
    output: Output,
}

fn parse_title(text: &str) -> Result<Title, String> {
    Title::parse(text).map_err(|wrong| wrong.to_string())
}

/// Changes an asset and prints it.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let (client, _) = arguments.which.load().await?;
    let (title, description) = (Some(arguments.title.to_string()), arguments.description);
    let change = PatchRequest { title, description, ..PatchRequest::default() };
    let asset = client.patch(arguments.which.id, &change).await.map_err(|error| failure::of_call(&error))?;
    if arguments.output.json {
        return console::json(&asset);
    }
    console::out(&summary::headline(&asset))
}
