//! `landfall url`: where a published file can be read.

use clap::Args;
use domain::{AssetId, RoleName};
use uploader::client::{Client, Disposition};

use super::connection::{Connection, InCollection};
use super::failure;
use crate::arguments::Output;
use crate::console;
use crate::exit::{Exit, Failure};

/// The roles that an asset is about, in this order, where nothing else is said.
const MAIN_ROLES: [&str; 2] = ["video", "image"];

/// Arguments of `url`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The asset, as `upload` and `list` print it
    #[arg(value_name = "ID")]
    id: AssetId,
    /// Which of its files [default: its video or image]
    #[arg(long, value_name = "ROLE", value_parser = RoleName::parse)]
    role: Option<RoleName>,
    /// A URL that makes a browser save the file instead of playing it
    #[arg(long)]
    download: bool,
    #[command(flatten)]
    collection: InCollection,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    output: Output,
}

/// Prints a URL. That of a private file is a password until it expires.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let client = arguments.connection.client(&arguments.collection.collection)?;
    let role = match arguments.role {
        Some(role) => role,
        None => main_role(&client, arguments.id).await?,
    };
    let disposition = if arguments.download { Disposition::Attachment } else { Disposition::Inline };
    let url = client.file_url(arguments.id, &role, disposition).await.map_err(|error| failure::of_call(&error))?;
    if arguments.output.json { console::json(&url) } else { console::out(&url.url) }
}

/// The file an asset is about.
async fn main_role(client: &Client, id: AssetId) -> Result<RoleName, Failure> {
    let asset = client.show(id).await.map_err(|error| failure::of_call(&error))?;
    let roles: Vec<&str> = asset.files.keys().map(String::as_str).collect();
    let main = MAIN_ROLES.into_iter().find(|role| roles.contains(role));
    let only = || if let [role] = roles.as_slice() { Some(*role) } else { None };
    main.or_else(only).and_then(|role| RoleName::parse(role).ok()).ok_or_else(|| {
        Failure::new(Exit::Usage, "the asset has several files")
            .hint(format!("name one by --role: {}", roles.join(", ")))
    })
}
