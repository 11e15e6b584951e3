//! `landfall share`: links by which people without an account watch.

use clap::{Args, Subcommand};
use domain::TimeSpan;
use server::config::{parse_span, write_span};

use super::asset::Which;
use super::failure;
use crate::arguments::Output;
use crate::console;
use crate::exit::Failure;

/// The API's shortest and longest link.
const SHORTEST: TimeSpan = TimeSpan::from_mins(1);
const LONGEST: TimeSpan = TimeSpan::from_hours(30 * 24);

/// What to do with links.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a link that anybody who has it can watch by, until it ends or the asset is deleted
    Create(Create),
}

/// Arguments of `share create`.
#[derive(Debug, Args)]
pub(crate) struct Create {
    #[command(flatten)]
    which: Which,
    /// How long it works, such as 30m, 12h or 7d; 1m to 30d
    #[arg(long, value_name = "SPAN", default_value = "24h", value_parser = parse_ttl)]
    ttl: TimeSpan,
    #[command(flatten)]
    output: Output,
}

fn parse_ttl(text: &str) -> Result<TimeSpan, String> {
    let fits = |span: &TimeSpan| (SHORTEST..=LONGEST).contains(span);
    let outside = || format!("must be {} to {}", write_span(SHORTEST), write_span(LONGEST));
    parse_span(text).and_then(|span| Some(span).filter(fits).ok_or_else(outside))
}

/// Runs one of the commands.
pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    let Command::Create(arguments) = command;
    let (client, asset) = arguments.which.load().await?;
    let seconds = u64::try_from(arguments.ttl.as_secs()).ok();
    let grant = client.grant(arguments.which.id, seconds).await.map_err(|error| failure::of_call(&error))?;
    if arguments.output.json {
        return console::json(&grant);
    }
    console::out(&grant.url)?;
    let (title, ends) = (console::printable(&asset.title), grant.expires_at.strftime("%Y-%m-%d %H:%M:%SZ"));
    console::note(&format!("whoever has this link can watch \"{title}\" until {ends}"));
    Ok(())
}
