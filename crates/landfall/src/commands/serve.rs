//! `landfall serve`: the server, until a signal ends it.

use clap::Args;
use serde_json::json;
use server::boot::{Landfall, Running};
use server::config::{Config, StoreKind};
use tokio::signal::unix::SignalKind;

use super::log_as_server;
use crate::arguments::{Installation, Listen, Output, StoreListen, program};
use crate::console;
use crate::exit::Failure;
use crate::signals::Signals;

// `WEB_FILES`, made by the build script.
include!(concat!(env!("OUT_DIR"), "/web_files.rs"));

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    installation: Installation,
    #[command(flatten)]
    listen: Listen,
    #[command(flatten)]
    store_listen: StoreListen,
    #[command(flatten)]
    output: Output,
}

/// Serves until a signal comes, then stops without losing anything.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let (listen, store_listen) = (arguments.listen.listen, arguments.store_listen.store_listen);
    let config = arguments.installation.load_with(listen, store_listen)?;
    log_as_server(&config)?;
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let mut signals = Signals::take()?;
    // Whatever was begun is finished by the next start.
    let Ok(running) = Box::pin(signals.or(Landfall::start(config.clone(), WEB_FILES))).await else { return Ok(()) };
    let running = running?;
    greet(&arguments, &config, &running)?;
    let signal = signals.next().await;
    tracing::info!(signal = signal.as_raw_value(), "stopping; once more ends at once");
    let ending = async move {
        // Whoever presses Ctrl-C sits in front of it; SIGTERM comes from what also moves the traffic.
        if signal == SignalKind::terminate() {
            running.drain().await;
        }
        running.stop().await;
    };
    signals.allow(ending).await;
    tracing::info!("stopped");
    Ok(())
}

fn greet(arguments: &Arguments, config: &Config, running: &Running) -> Result<(), Failure> {
    let addresses = running.addresses();
    if arguments.output.json {
        let (api, store) = (&addresses.api, &addresses.store);
        let mut greeting = json!({"addresses": {"api": api, "store": store}, "pid": std::process::id()});
        // A password: for whoever reads this line, and nobody else.
        if let Some(link) = running.login_link() {
            greeting["login"] = link.into();
        }
        return console::json(&greeting);
    }
    let store = match (config.store.kind, &addresses.store) {
        (StoreKind::Embedded, Some(store)) => store.clone(),
        _ => config.store.endpoint.clone().unwrap_or_else(|| format!("Amazon S3, {}", config.store.region)),
    };
    let schedule = config.expire.schedule()?;
    let (program, flags) = (program(), arguments.installation.repeated());
    let open = running.login_link().map_or_else(String::new, |link| {
        format!("  open    {link}\n          (works once, for ten minutes; `{program} login{flags}` prints another)\n")
    });
    console::out(&format!(
        "Landfall {} is ready.\n\n{open}  API     {api}   (its page: {api}/docs)\n  store   {store}\n  data    {}\n  \
         expire  {} ({})\n\nA token for the same films as in the browser, for an hour:\n\n  {program} token{flags} --owner local\n\nCtrl-C stops.",
        env!("CARGO_PKG_VERSION"),
        std::path::absolute(&config.server.data).unwrap_or_else(|_| config.server.data.clone()).display(),
        config.expire.cron,
        schedule.zone_name(),
        api = running.public_url(),
    ))
}
