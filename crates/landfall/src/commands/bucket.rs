//! `landfall bucket`: settings of the configured store's buckets.

use clap::{Args, Subcommand};
use server::boot::Consultation;
use server::doctor::{self, Change, Mode, Outcome};

use super::doctor::Origins;
use super::log_as_command;
use crate::arguments::{Installation, Output};
use crate::console;
use crate::exit::{Exit, Failure};

/// What to do with the buckets.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set what doctor asks for: CORS, the end of forgotten uploads, who may read. What others have set stays
    Setup(SetupArguments),
}

/// Arguments of `bucket setup`.
#[derive(Debug, Args)]
pub(crate) struct SetupArguments {
    #[command(flatten)]
    installation: Installation,
    #[command(flatten)]
    origins: Origins,
    /// Only say what would be set
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: Output,
}

/// Does what is asked with the buckets.
pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    let Command::Setup(arguments) = command;
    let config = arguments.installation.load()?;
    log_as_command()?;
    let origins = arguments.origins.or_configured(&config);
    let consultation = Consultation::start(&config, "landfall bucket setup", origins).await?;
    let mode = if arguments.dry_run { Mode::DryRun } else { Mode::Apply };
    let changes = doctor::set_up(consultation.patient(), mode).await;
    consultation.stop().await;
    if arguments.output.json {
        console::json(&changes)?;
    } else {
        changes.iter().try_for_each(|change| console::out(&described(change)))?;
    }
    match changes.iter().filter(|change| change.outcome == Outcome::Refused).count() {
        0 => Ok(()),
        refused => Err(Failure::new(Exit::Unfit, format!("{refused} settings were refused"))
            .hint("`landfall doctor` says which right is missing")),
    }
}

fn described(change: &Change) -> String {
    let outcome = match change.outcome {
        Outcome::Unchanged => "unchanged",
        Outcome::Planned => "would set",
        Outcome::Done => "set      ",
        Outcome::Unknown => "unknown  ",
        Outcome::Refused => "REFUSED  ",
    };
    format!("{outcome}  {} ({}): {}", change.setting, change.bucket, change.detail)
}
