//! `landfall url`: where a published file can be read.

use clap::Args;
use domain::RoleName;
use uploader::client::Disposition;

use super::asset::{Which, role_of};
use super::failure;
use crate::arguments::Output;
use crate::console;
use crate::exit::Failure;

/// Arguments of `url`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Which of its files [default: its video or image]
    #[arg(long, value_name = "ROLE", value_parser = RoleName::parse)]
    role: Option<RoleName>,
    /// A URL that makes a browser save the file instead of playing it
    #[arg(long)]
    download: bool,
    #[command(flatten)]
    output: Output,
}

/// Prints a URL. That of a private file is a password until it expires.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let (client, asset) = arguments.which.load().await?;
    let role = role_of(&asset, arguments.role.as_ref())?;
    let disposition = if arguments.download { Disposition::Attachment } else { Disposition::Inline };
    let url = client.file_url(arguments.which.id, &role, disposition).await;
    let url = url.map_err(|error| failure::of_call(&error))?;
    if arguments.output.json { console::json(&url) } else { console::out(&url.url) }
}
