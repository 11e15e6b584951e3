//! `landfall config`: what is in effect, in a form that can be edited and given back.

use clap::Args;
use server::config::{Config, Environment};

use crate::arguments::{Installation, Listen, Output, StoreListen};
use crate::console;
use crate::exit::Failure;

/// Arguments of `config`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    installation: Installation,
    #[command(flatten)]
    listen: Listen,
    #[command(flatten)]
    store_listen: StoreListen,
    /// Print the defaults instead, whatever the file and the environment say
    #[arg(long)]
    defaults: bool,
    #[command(flatten)]
    output: Output,
}

/// Prints the configuration. Secrets are never shown.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = if arguments.defaults {
        Config::with_data(Environment::of_process().data_folder())
    } else {
        arguments.installation.load_with(arguments.listen.listen, arguments.store_listen.store_listen)?
    };
    if arguments.output.json { console::json(&config.to_json()) } else { console::raw(config.to_toml().trim_end()) }
}
