//! `landfall serve`: the server, until a signal ends it.

use clap::Args;
use serde_json::json;
use server::boot::{Landfall, Running};
use server::config::{Config, StoreKind};

use super::log_as_server;
use crate::arguments::{Installation, Listen, Output, StoreListen, quoted};
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
    let mut signals = Signals::take()?;
    let running = tokio::select! {
        running = Landfall::start(config.clone(), WEB_FILES) => running?,
        // Whatever was begun is finished by the next start.
        _ = signals.next() => return Ok(()),
    };
    greet(&arguments, &config, &running)?;
    let signal = signals.next().await;
    tracing::info!(signal = signal.as_raw_value(), "stopping; once more ends at once");
    signals.allow(running.stop()).await;
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
         expire  {} ({})\n\nA token to try it with:\n\n  {program} token{flags} --owner 42\n\nCtrl-C stops.",
        env!("CARGO_PKG_VERSION"),
        std::path::absolute(&config.server.data).unwrap_or_else(|_| config.server.data.clone()).display(),
        config.expire.cron,
        schedule.zone_name(),
        api = running.public_url(),
    ))
}

/// How this program was called, so that the next line can be typed as it stands.
fn program() -> String {
    quoted(&std::env::args_os().next().map_or_else(|| "landfall".into(), |name| name.to_string_lossy().into_owned()))
}
