//! `landfall login`: a link that lets a browser in, from the server that runs in this folder.

use clap::Args;
use clap::builder::PossibleValuesParser;
use domain::OwnerId;
use server::auth::Scope;
use wire::{LoginLinkBody, LoginLinkRequest};

use super::log_as_command;
use super::operator::{self, Call};
use crate::arguments::{Installation, Output};
use crate::console;
use crate::exit::Failure;

/// Arguments of `login`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    installation: Installation,
    /// Whom the session stands for; without it the owner `local`, who is an administrator
    #[arg(long, value_name = "ID", value_parser = parse_owner)]
    owner: Option<OwnerId>,
    /// What the session allows besides acting as its owner
    #[arg(long, value_name = "SCOPE", requires = "owner")]
    #[arg(value_parser = PossibleValuesParser::new(Scope::ALL.map(Scope::name)))]
    scope: Vec<String>,
    #[command(flatten)]
    output: Output,
}

fn parse_owner(text: &str) -> Result<OwnerId, String> {
    OwnerId::parse(text).map_err(|wrong| wrong.to_string())
}

/// Prints a link.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = arguments.installation.load()?;
    log_as_command()?;
    let owner = arguments.owner.map(|owner| owner.as_str().to_owned());
    let request = LoginLinkRequest { owner, scopes: arguments.scope };
    let call = Call { purpose: "landfall login", path: "/v1/admin/login-links", request: Some(&request) };
    let link: LoginLinkBody = operator::ask(&config, &call).await?;
    if arguments.output.json { console::json(&link) } else { console::out(&link.url) }
}
