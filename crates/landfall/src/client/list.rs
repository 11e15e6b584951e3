//! `landfall list`: the owner's assets, newest first.

use clap::Args;
use clap::builder::PossibleValuesParser;
use uploader::client::ListQuery;
use wire::AssetPage;

use super::connection::{Connection, InCollection};
use super::failure;
use super::summary::printable;
use crate::arguments::Output;
use crate::console;
use crate::exit::Failure;

/// The server's largest page.
const PAGE: u16 = 100;

/// Arguments of `list`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    collection: InCollection,
    /// Only assets of this status
    #[arg(long, value_name = "STATUS", ignore_case = true)]
    #[arg(value_parser = PossibleValuesParser::new(["UPLOADING", "CREATED"]))]
    status: Option<String>,
    /// Only assets with this text in their title
    #[arg(long, value_name = "TEXT")]
    q: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    limit: u16,
    #[command(flatten)]
    output: Output,
}

/// Prints assets, one a line.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let client = arguments.connection.client(&arguments.collection.collection)?;
    let status = arguments.status.map(|status| status.to_ascii_uppercase());
    let mut query = ListQuery { status, q: arguments.q, limit: None, cursor: None };
    let mut found = AssetPage { data: Vec::new(), next_cursor: None };
    loop {
        let wanted = usize::from(arguments.limit) - found.data.len();
        query.limit = Some(u16::try_from(wanted).map_or(PAGE, |wanted| wanted.min(PAGE)));
        let page = client.list(&query).await.map_err(|error| failure::of_call(&error))?;
        let is_empty = page.data.is_empty();
        found.data.extend(page.data);
        found.next_cursor = page.next_cursor;
        if is_empty || found.next_cursor.is_none() || found.data.len() >= usize::from(arguments.limit) {
            break;
        }
        query.cursor.clone_from(&found.next_cursor);
    }
    if arguments.output.json {
        return console::json(&found);
    }
    for asset in &found.data {
        let created_at = asset.created_at.strftime("%Y-%m-%d %H:%M:%SZ");
        console::out(&format!("{}  {:<9}  {created_at}  {}", asset.id, asset.status, printable(&asset.title)))?;
    }
    Ok(())
}
