//! `landfall token`: a JWT that this installation accepts.

use clap::Args;
use clap::builder::PossibleValuesParser;
use domain::{OwnerId, TimeSpan};
use serde_json::json;
use server::auth::{Scope, Scopes, TokenRequest};
use server::boot;
use server::clock::{Clock as _, HostClock};
use server::config::parse_span;

use crate::arguments::{Installation, Output};
use crate::console;
use crate::exit::{Exit, Failure};

/// Longest life of a minted token: whoever wants one for longer wants another kind of credential.
const LONGEST_TTL: TimeSpan = TimeSpan::from_hours(24 * 366);

/// Arguments of `token`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    installation: Installation,
    /// Whom the token stands for: any text of 1 to 256 bytes, such as a member's number
    #[arg(long, value_name = "ID", value_parser = parse_owner)]
    owner: OwnerId,
    /// How long it works, such as 30m, 12h or 7d
    #[arg(long, value_name = "SPAN", default_value = "1h", value_parser = parse_ttl)]
    ttl: TimeSpan,
    /// What it allows besides acting as its owner
    #[arg(long, value_name = "SCOPE", value_parser = PossibleValuesParser::new(Scope::ALL.map(Scope::name)))]
    scope: Vec<String>,
    #[command(flatten)]
    output: Output,
}

fn parse_owner(text: &str) -> Result<OwnerId, String> {
    OwnerId::parse(text).map_err(|wrong| wrong.to_string())
}

fn parse_ttl(text: &str) -> Result<TimeSpan, String> {
    let span = parse_span(text)?;
    let fits = span >= TimeSpan::from_secs(1) && span <= LONGEST_TTL;
    if fits { Ok(span) } else { Err("must be 1s to 366d".into()) }
}

/// Prints a token.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = arguments.installation.load()?;
    let authenticator = boot::existing_authenticator(&config)?;
    let scopes: Scopes = arguments.scope.iter().filter_map(|name| Scope::find(name)).collect();
    let request = TokenRequest { owner: arguments.owner.clone(), ttl: arguments.ttl, scopes };
    let now = HostClock.now();
    let expires_at = now.checked_add(arguments.ttl).map_err(|wrong| Failure::new(Exit::Usage, wrong.to_string()))?;
    let token = authenticator.mint(&request, now);
    if arguments.output.json {
        let (owner, scope) = (arguments.owner.as_str(), arguments.scope.join(" "));
        return console::json(&json!({"token": token, "owner": owner, "scope": scope, "expires_at": expires_at}));
    }
    console::out(&token)
}
