//! `landfall token`: a JWT or a capability that this installation accepts.

use clap::Args;
use clap::builder::PossibleValuesParser;
use domain::{ByteCount, CollectionName, OwnerId, TimeSpan, Timestamp};
use serde_json::json;
use server::auth::{
    Authenticator, Capability, LONGEST_CAPABILITY, MAX_CAPABILITY_COLLECTIONS, SHORTEST_CAPABILITY, Scope, Scopes,
    TokenRequest,
};
use server::boot::{self, DataFolder, RunFileOf};
use server::clock::{Clock as _, HostClock};
use server::config::{Config, parse_size, parse_span, write_span};

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
    /// How long it works, such as 30m, 12h or 7d; a capability at most 7d. With a configured secret a server takes it
    /// for `auth.leeway` longer
    #[arg(long, value_name = "SPAN", default_value = "1h", value_parser = parse_ttl)]
    ttl: TimeSpan,
    /// What it allows besides acting as its owner
    #[arg(long, value_name = "SCOPE", value_parser = PossibleValuesParser::new(Scope::ALL.map(Scope::name)))]
    scope: Vec<String>,
    /// Mint a capability to upload instead: the last part of an address for pages that can send no header
    #[arg(long, requires = "collection", conflicts_with = "scope")]
    capability: bool,
    /// A collection that the capability opens; may be given again
    #[arg(long, value_name = "NAME", requires = "capability", value_parser = parse_collection)]
    collection: Vec<CollectionName>,
    /// How large a file may be, such as "2 GiB", where that is below what its role allows
    #[arg(long, value_name = "SIZE", requires = "capability", value_parser = parse_max_size)]
    max_size: Option<ByteCount>,
    #[command(flatten)]
    output: Output,
}

fn parse_owner(text: &str) -> Result<OwnerId, String> {
    OwnerId::parse(text).map_err(|wrong| wrong.to_string())
}

fn parse_collection(text: &str) -> Result<CollectionName, String> {
    CollectionName::parse(text).map_err(|wrong| wrong.to_string())
}

fn parse_max_size(text: &str) -> Result<ByteCount, String> {
    let size = parse_size(text)?;
    if size > ByteCount::ZERO { Ok(size) } else { Err("must be 1 B or more".into()) }
}

fn parse_ttl(text: &str) -> Result<TimeSpan, String> {
    let span = parse_span(text)?;
    let fits = span >= TimeSpan::from_secs(1) && span <= LONGEST_TTL;
    if fits { Ok(span) } else { Err("must be 1s to 366d".into()) }
}

/// Prints a token, or a capability.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    // It cannot be taken back.
    if arguments.capability && !(SHORTEST_CAPABILITY..=LONGEST_CAPABILITY).contains(&arguments.ttl) {
        return Err(Failure::new(Exit::Usage, "a capability works for 1m to 7d").hint("give --ttl, such as 24h"));
    }
    let config = arguments.installation.load()?;
    if arguments.ttl > config.auth.longest_token_life {
        let longest = write_span(config.auth.longest_token_life);
        return Err(Failure::new(
            Exit::Usage,
            format!("the server refuses tokens that work for longer than {longest}"),
        )
        .hint("give a shorter --ttl, or raise auth.longest_token_life in the configuration"));
    }
    let authenticator = boot::existing_authenticator(&config)?;
    let now = HostClock.now();
    let expires_at = now.checked_add(arguments.ttl).map_err(|wrong| Failure::new(Exit::Usage, wrong.to_string()))?;
    if arguments.capability {
        return print_capability(arguments, &config, &authenticator, expires_at);
    }
    let scopes: Scopes = arguments.scope.iter().filter_map(|name| Scope::find(name)).collect();
    let request = TokenRequest { owner: arguments.owner.clone(), ttl: arguments.ttl, scopes };
    let token = authenticator.mint(&request, now);
    if arguments.output.json {
        let (owner, scope) = (arguments.owner.as_str(), arguments.scope.join(" "));
        return console::json(&json!({"token": token, "owner": owner, "scope": scope, "expires_at": expires_at}));
    }
    console::out(&token)
}

/// The capability alone, or with the address it makes.
fn print_capability(
    arguments: &Arguments,
    config: &Config,
    authenticator: &Authenticator,
    expires_at: Timestamp,
) -> Result<(), Failure> {
    let mut collections = arguments.collection.clone();
    collections.sort();
    collections.dedup();
    if collections.len() > MAX_CAPABILITY_COLLECTIONS {
        let most = format!("a capability opens at most {MAX_CAPABILITY_COLLECTIONS} collections");
        return Err(Failure::new(Exit::Usage, most));
    }
    let known = config.collections.collections().map_err(boot::BootError::from)?;
    if let Some(unknown) = collections.iter().find(|name| !known.contains_key(name)) {
        let names: Vec<_> = known.keys().map(CollectionName::as_str).collect();
        return Err(Failure::new(Exit::Usage, format!("there is no collection {unknown}"))
            .hint(format!("configured are {}", names.join(", "))));
    }
    let ends_at = Timestamp::from_second(expires_at.as_second()).expect("a time without its fraction is a time");
    let (owner, max_size) = (arguments.owner.clone(), arguments.max_size);
    let token =
        authenticator.mint_capability(&Capability { owner, collections: collections.clone(), max_size, ends_at });
    if !arguments.output.json {
        return console::out(&token);
    }
    let running = || DataFolder::new(&config.server.data).find_running(RunFileOf::Server)?.addresses.api;
    let address = config.server.public_url.clone().or_else(running);
    let address = address.unwrap_or_else(|| server::config::local_url(config.server.listen));
    console::json(&json!({
        "endpoint": format!("{}/c/{token}", address.trim_end_matches('/')),
        "token": token,
        "owner": arguments.owner.as_str(),
        "collections": collections,
        "max_size": max_size.map(ByteCount::get),
        "expires_at": ends_at,
    }))
}
