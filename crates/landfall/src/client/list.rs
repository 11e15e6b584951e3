//! `landfall list`: the owner's assets, newest first.

use clap::Args;
use clap::builder::PossibleValuesParser;
use domain::CollectionName;
use uploader::client::ListQuery;
use wire::{AssetBody, AssetPage};

use super::connection::{Connection, VIDEOS};
use super::failure;
use crate::arguments::Output;
use crate::console::{self, printable};
use crate::exit::Failure;

/// The server's largest page.
const PAGE: u16 = 100;

/// Arguments of `list`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    /// The collection
    #[arg(long, value_name = "NAME", default_value = VIDEOS, value_parser = CollectionName::parse)]
    collection: CollectionName,
    /// Only assets of this status
    #[arg(long, value_name = "STATUS", ignore_case = true)]
    #[arg(value_parser = PossibleValuesParser::new(["UPLOADING", "CREATED"]))]
    status: Option<String>,
    /// Only assets with this text in their title, their description or a file's name
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
    let client = arguments.connection.client(&arguments.collection)?;
    let status = arguments.status.map(|status| status.to_ascii_uppercase());
    let mut query = ListQuery { status, q: arguments.q, ..ListQuery::default() };
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
    if found.data.is_empty() {
        // Beside the list, which is for programs too.
        console::note("nothing found");
    }
    for line in found.data.iter().flat_map(lines) {
        console::out(&line)?;
    }
    Ok(())
}

/// An asset in a line, and in another one why a file of it was refused: until it has another one it will not go on.
fn lines(asset: &AssetBody) -> Vec<String> {
    let created_at = asset.created_at.strftime("%Y-%m-%d %H:%M:%SZ");
    let refused = asset.files.iter().filter_map(|(role, file)| Some((role, file.rejected.as_ref()?)));
    let refused: Vec<_> = refused.filter(|_| asset.status == "UPLOADING").collect();
    let status = if refused.is_empty() { asset.status.as_str() } else { "REJECTED" };
    let mut lines = vec![format!("{}  {status:<9}  {created_at}  {}", asset.id, printable(&asset.title))];
    for (role, why) in refused {
        lines.push(format!("  {role}: {} ({})", printable(&why.detail), why.code));
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::lines;

    fn listed(status: &str, rejected: &serde_json::Value) -> Vec<String> {
        let asset = json!({
            "id": "ast_1", "collection": "videos", "owner": "ann", "status": status, "title": "Sea", "description": "",
            "metadata": {}, "created_at": "2026-11-30T12:00:00Z",
            "files": {"video": {"file_name": "sea.mp4", "content_type": "video/mp4", "size": 9, "visibility": "private",
                "verified": [], "rejected": rejected}},
        });
        lines(&serde_json::from_value(asset).expect("an asset"))
    }

    #[test]
    fn a_refused_file_is_a_state_of_its_own_with_its_reason() {
        let why = json!({"code": "content_mismatch", "detail": "The first bytes are not of the announced type."});
        assert_eq!(
            listed("UPLOADING", &why),
            [
                "ast_1  REJECTED   2026-11-30 12:00:00Z  Sea",
                "  video: The first bytes are not of the announced type. (content_mismatch)",
            ]
        );
        assert_eq!(listed("UPLOADING", &json!(null)), ["ast_1  UPLOADING  2026-11-30 12:00:00Z  Sea"]);
    }
}
