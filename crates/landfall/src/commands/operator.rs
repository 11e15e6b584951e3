//! What an operator asks for: through the running server if there is one, else with catalog and store in this process.
//!
//! *Rule*: both ways run the same use case and give the same answer.

use std::time::Duration;

use domain::{OwnerId, TimeSpan};
use serde::Serialize;
use serde::de::DeserializeOwned;
use server::app::{App, PortError};
use server::auth::{Scope, Scopes, TokenRequest};
use server::boot::{self, BootError, DataFolder, FolderError, Offline, RunFileOf};
use server::clock::{Clock as _, HostClock};
use server::config::Config;
use uploader::client;
use wire::Problem;

use crate::exit::{Exit, Failure, chain};

/// The token of one call to the server.
const TOKEN_TTL: TimeSpan = TimeSpan::from_secs(60);
/// The server gives a job up after 15 min; the rest is for the way.
const CALL_LIMIT: Duration = Duration::from_mins(16);
/// Whom that token names: the server only looks at its scope.
const OPERATOR: &str = "landfall-operator";

/// What is asked for.
pub(super) struct Call<'a, Q> {
    /// Names this process to whoever meets its lock.
    pub(super) purpose: &'a str,
    /// Where the server takes it.
    pub(super) path: &'a str,
    /// What the server is sent; `None` for what only reads.
    pub(super) request: Option<&'a Q>,
}

/// Performs a call: `here` if no server runs.
pub(super) async fn perform<Q: Serialize, A: DeserializeOwned>(
    config: &Config,
    call: Call<'_, Q>,
    here: impl AsyncFnOnce(&App) -> Result<A, Failure>,
) -> Result<A, Failure> {
    match Offline::start(config, call.purpose).await {
        Ok(offline) => {
            let outcome = here(offline.app()).await;
            offline.stop().await;
            outcome
        }
        Err(BootError::Folder(held @ FolderError::Held { .. })) => {
            let running = DataFolder::new(&config.server.data).find_running(RunFileOf::Server);
            let Some(api) = running.and_then(|run| run.addresses.api) else { return Err(held.into()) };
            there(config, &api, &call).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks the server that runs in this folder, which alone has the answer.
pub(super) async fn ask<Q: Serialize, A: DeserializeOwned>(config: &Config, call: &Call<'_, Q>) -> Result<A, Failure> {
    let running = DataFolder::new(&config.server.data).find_running(RunFileOf::Server);
    let Some(api) = running.and_then(|run| run.addresses.api) else {
        let data = config.server.data.display();
        return Err(Failure::new(Exit::Unreachable, format!("no server runs in the data folder {data}"))
            .hint("start one with `landfall serve`, or name its folder with --data"));
    };
    there(config, &api, call).await
}

async fn there<Q: Serialize, A: DeserializeOwned>(
    config: &Config,
    api: &str,
    call: &Call<'_, Q>,
) -> Result<A, Failure> {
    let owner = OwnerId::parse(OPERATOR).map_err(|wrong| Failure::new(Exit::Failed, wrong.to_string()))?;
    let token = TokenRequest { owner, ttl: TOKEN_TTL, scopes: Scopes::from_iter([Scope::Admin]) };
    let token = boot::existing_authenticator(config)?.mint(&token, HostClock.now());
    let url = format!("{api}{}", call.path);
    let unreachable = |error: reqwest::Error| {
        Failure::new(Exit::Unreachable, chain(&error))
            .hint(format!("the server that runs in this folder should answer at {api}"))
    };
    // The token is an operator's: it goes to the server of this folder and through no proxy.
    let http = client::direct(CALL_LIMIT).map_err(|error| Failure::new(Exit::Failed, chain(&error)))?;
    let request = match call.request {
        Some(body) => http.post(url).json(body),
        None => http.get(url),
    };
    let answer = request.bearer_auth(token).send().await.map_err(unreachable)?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(unreachable)?;
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|error| Failure::new(Exit::Failed, chain(&error)));
    }
    let detail = serde_json::from_slice::<Problem>(&body).map_or_else(|_| status.to_string(), |problem| problem.detail);
    Err(Failure::new(Exit::Refused, format!("the server refused: {detail}")))
}

/// A port that failed in this process.
pub(super) fn of_port(error: &PortError) -> Failure {
    let failure = Failure::new(Exit::Failed, chain(error));
    match error {
        PortError::Bucket(mismatch) => failure.hint(mismatch.hint()),
        PortError::Skew(_) => failure.hint("set the clocks right"),
        PortError::Catalog(_) | PortError::Store(_) | PortError::Presign(_) | PortError::Contended => failure,
    }
}
