//! `landfall store`: the embedded store by itself, and the way in for other S3 clients.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;
use server::boot::{BootError, DataFolder, EmbeddedError, RunFileOf, RunningStore, StoreCredentials};
use server::config::Config;
use server::entropy::HostEntropy;

use super::log_as_server;
use crate::arguments::{Installation, Output, StoreListen};
use crate::console;
use crate::exit::{Exit, Failure};
use crate::signals::Signals;

/// How often a server that is starting is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How often at most: half a minute, ten times what a server with a large store takes to start.
const LOOKS: u32 = 600;
/// What `landfall serve` calls itself in its lock.
const SERVE: &str = "landfall serve";

/// What to do with the embedded store.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the embedded store alone, in a process of its own
    Serve(ServeArguments),
    /// Print its address, buckets and access key, for any S3 client
    Show(ShowArguments),
}

/// Arguments of `store serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    installation: Installation,
    #[command(flatten)]
    store_listen: StoreListen,
    #[command(flatten)]
    output: Output,
}

/// Arguments of `store show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    #[command(flatten)]
    installation: Installation,
    #[command(flatten)]
    output: Output,
    /// Print a [store] section for a server that uses this store from a process of its own
    #[arg(long, conflicts_with = "json")]
    toml: bool,
}

/// What an S3 client needs to know.
#[derive(Serialize)]
struct Shown {
    endpoint: String,
    region: String,
    private_bucket: String,
    public_bucket: String,
    access_key_id: String,
    secret_access_key: String,
}

/// What `store serve` says of itself at each start: nothing that must not stand in a log.
#[derive(Serialize)]
struct Ready {
    endpoint: String,
    region: String,
    private_bucket: String,
    public_bucket: String,
}

/// Does what is asked with the embedded store.
pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(arguments) => serve(arguments).await,
        Command::Show(arguments) => show(&arguments).await,
    }
}

async fn serve(arguments: ServeArguments) -> Result<(), Failure> {
    let config = arguments.installation.load_with(None, arguments.store_listen.store_listen)?;
    log_as_server(&config)?;
    let mut signals = Signals::take()?;
    let starting = config.clone();
    let started = signals.or(async move { RunningStore::start(&starting, &HostEntropy).await }).await;
    let Ok(store) = started else { return Ok(()) };
    let store = store?;
    if arguments.output.json {
        let Config { store: settings, .. } = &config;
        console::json(&Ready {
            endpoint: store.endpoint().to_string(),
            region: settings.region.clone(),
            private_bucket: settings.private_bucket.clone(),
            public_bucket: settings.public_bucket.clone(),
        })?;
    } else {
        console::out(&format!("The embedded store is ready at {}\nCtrl-C stops.", store.endpoint()))?;
    }
    signals.next().await;
    signals.allow(store.stop()).await;
    Ok(())
}

async fn show(arguments: &ShowArguments) -> Result<(), Failure> {
    let shown = shown(&arguments.installation.load()?).await?;
    if arguments.output.json {
        return console::json(&shown);
    }
    let lines = if arguments.toml { section(&shown) } else { table(&shown) };
    console::out(lines.trim_end())
}

/// Where whatever process runs the store now says that it listens. A server that is starting says so when it is ready, and
/// its port may be another than the configured one, so it is waited for.
async fn find_endpoint(folder: &DataFolder) -> Result<Option<String>, Failure> {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    for _ in 0..LOOKS {
        looks.tick().await;
        let found = [RunFileOf::Server, RunFileOf::Store].into_iter().find_map(|of| folder.find_running(of));
        if let Some(endpoint) = found.and_then(|run| run.addresses.store) {
            return Ok(Some(endpoint));
        }
        if folder.find_silent_holder().is_none_or(|holder| holder.purpose != SERVE) {
            return Ok(None);
        }
    }
    let path = folder.path().display();
    Err(Failure::new(Exit::DataFolder, format!("the server of {path} has not said where its store listens"))
        .hint("see its log: it is still starting, or does not get on"))
}

/// The address is the one of whatever process runs the store now, else the configured one.
async fn shown(config: &Config) -> Result<Shown, Failure> {
    let folder = DataFolder::new(&config.server.data);
    let running = find_endpoint(&folder).await?;
    let credentials = StoreCredentials::load(&folder).map_err(|error| BootError::from(EmbeddedError::from(error)))?;
    let endpoint = match running {
        Some(endpoint) => endpoint,
        None if config.store.listen.port() == 0 => {
            return Err(Failure::new(Exit::DataFolder, "no process runs this store, and its port is any free one")
                .hint("start it, by `landfall serve` or `landfall store serve`, then ask again"));
        }
        None => {
            console::note("no process runs this store now; this is the address it is configured for");
            server::config::local_url(config.store.listen)
        }
    };
    Ok(Shown {
        endpoint,
        region: config.store.region.clone(),
        private_bucket: config.store.private_bucket.clone(),
        public_bucket: config.store.public_bucket.clone(),
        access_key_id: credentials.access_key_id,
        secret_access_key: credentials.secret_access_key.expose().to_owned(),
    })
}

/// Names and values in columns.
fn table(shown: &Shown) -> String {
    rows(shown).map(|(name, value)| format!("{name:<18}{value}\n")).concat()
}

/// The section that makes a server use this store.
fn section(shown: &Shown) -> String {
    let rows = rows(shown).map(|(name, value)| format!("{name} = \"{value}\"\n"));
    format!("[store]\nkind = \"s3\"\n{}", rows.concat())
}

fn rows(shown: &Shown) -> [(&'static str, &str); 6] {
    [
        ("endpoint", &shown.endpoint),
        ("region", &shown.region),
        ("private_bucket", &shown.private_bucket),
        ("public_bucket", &shown.public_bucket),
        ("access_key_id", &shown.access_key_id),
        ("secret_access_key", &shown.secret_access_key),
    ]
}
