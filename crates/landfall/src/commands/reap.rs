//! `landfall reap`: what the nightly run does, now.
//!
//! Through the running server if there is one, else with catalog and store in this process.

use std::time::Duration;

use clap::Args;
use domain::{OwnerId, TimeSpan, Timestamp};
use server::app::Rehearsal;
use server::auth::{Scope, Scopes, TokenRequest};
use server::boot::{self, BootError, DataFolder, FolderError, Offline, RunFileOf};
use server::clock::{Clock as _, HostClock};
use server::config::{Config, StoreKind};
use server::jobs;
use uploader::client;
use wire::{Problem, ReapBody, ReapRequest};

use super::log_as_command;
use crate::arguments::{Installation, Output};
use crate::console;
use crate::exit::{Exit, Failure, chain};

/// The token of one call to the server.
const TOKEN_TTL: TimeSpan = TimeSpan::from_secs(60);
/// The server gives a job up after 15 min; the rest is for the way.
const CALL_LIMIT: Duration = Duration::from_mins(16);
/// Whom that token names: the server only looks at its scope.
const OPERATOR: &str = "landfall-reap";

/// Arguments of `reap`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    installation: Installation,
    /// Judge deadlines as if it were this time, such as 2026-03-01T01:00:00Z. It moves nothing else, and needs the
    /// embedded store
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    /// Only say how much would be expired
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: Output,
}

/// Reaps, and says what was done.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = arguments.installation.load()?;
    log_as_command()?;
    if arguments.now.is_some() && config.store.kind != StoreKind::Embedded {
        let refusal = "--now works with the embedded store only: it would expire what others are still sending";
        return Err(Failure::new(Exit::Usage, refusal).hint("leave --now out"));
    }
    let request = ReapRequest { now: arguments.now, dry_run: arguments.dry_run };
    let done = match Offline::start(&config, "landfall reap").await {
        Ok(offline) => reap_here(offline, &request).await?,
        Err(BootError::Folder(held @ FolderError::Held { .. })) => {
            let running = DataFolder::new(&config.server.data).find_running(RunFileOf::Server);
            let Some(api) = running.and_then(|run| run.addresses.api) else { return Err(held.into()) };
            reap_there(&config, &api, &request).await?
        }
        Err(error) => return Err(error.into()),
    };
    if arguments.output.json {
        return console::json(&done);
    }
    let ReapBody { expired, suspicious, destroyed, dry_run } = done;
    let verb = if dry_run { "would expire" } else { "expired" };
    console::out(&format!("{verb} {expired} abandoned assets, destroyed what {destroyed} files had left"))?;
    if suspicious > 0 {
        console::out(&format!("left alone: {suspicious} assets whose objects should not be there; see the log"))?;
    }
    Ok(())
}

async fn reap_here(offline: Offline, request: &ReapRequest) -> Result<ReapBody, Failure> {
    let rehearsal = if request.dry_run { Rehearsal::DryRun } else { Rehearsal::Real };
    let outcome = jobs::reap(offline.app(), request.now, rehearsal).await;
    offline.stop().await;
    let reaped = outcome.map_err(|error| Failure::new(Exit::Failed, chain(&error)))?;
    Ok(ReapBody {
        expired: reaped.expire.expired,
        suspicious: reaped.expire.suspicious,
        destroyed: reaped.destroyed,
        dry_run: request.dry_run,
    })
}

async fn reap_there(config: &Config, api: &str, request: &ReapRequest) -> Result<ReapBody, Failure> {
    let owner = OwnerId::parse(OPERATOR).map_err(|wrong| Failure::new(Exit::Failed, wrong.to_string()))?;
    let token = TokenRequest { owner, ttl: TOKEN_TTL, scopes: Scopes::from_iter([Scope::Admin]) };
    let token = boot::existing_authenticator(config)?.mint(&token, HostClock.now());
    let url = format!("{api}/v1/admin/jobs/reap");
    let unreachable = |error: reqwest::Error| {
        Failure::new(Exit::Unreachable, chain(&error))
            .hint(format!("the server that runs in this folder should answer at {api}"))
    };
    // The token is an operator's: it goes to the server of this folder and through no proxy.
    let http = client::direct(CALL_LIMIT).map_err(|error| Failure::new(Exit::Failed, chain(&error)))?;
    let answer = http.post(url).bearer_auth(token).json(request).send().await.map_err(unreachable)?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(unreachable)?;
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|error| Failure::new(Exit::Failed, chain(&error)));
    }
    let detail = serde_json::from_slice::<Problem>(&body).map_or_else(|_| status.to_string(), |problem| problem.detail);
    Err(Failure::new(Exit::Refused, format!("the server refused: {detail}")))
}
