//! `landfall accept-restore`: an operator's word that a restored catalog and the buckets belong together.

use clap::Args;
use server::app::{AcceptError, App, Consent};
use server::http::accept_restore_body;
use wire::{AcceptRestoreBody, AcceptRestoreRequest};

use super::log_as_command;
use super::operator::{self, Call};
use crate::arguments::{Installation, Output};
use crate::console;
use crate::exit::{Exit, Failure};

/// Arguments of `accept-restore`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    installation: Installation,
    /// Also take over buckets that have no marker of this installation. Those of another installation only while the
    /// catalog has no files
    #[arg(long)]
    take_bucket: bool,
    #[command(flatten)]
    output: Output,
}

/// Accepts, and says what was accepted.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = arguments.installation.load()?;
    log_as_command()?;
    let request = AcceptRestoreRequest { take_bucket: arguments.take_bucket };
    let call = Call { purpose: "landfall accept-restore", path: "/v1/admin/accept-restore", request: Some(&request) };
    let done: AcceptRestoreBody =
        operator::perform(&config, call, async |app| accept_here(app, &request).await).await?;
    if arguments.output.json {
        return console::json(&done);
    }
    match &done.accepted {
        None => console::out("nothing to accept: catalog and buckets belong together"),
        Some(accepted) => {
            console::out(&format!("accepted: {accepted}"))?;
            console::out(&format!(
                "catalog and buckets are installation {} at epoch {}",
                done.installation, done.epoch
            ))?;
            console::out("look at what the catalog does not know with `landfall reconcile --dry-run`")
        }
    }
}

async fn accept_here(app: &App, request: &AcceptRestoreRequest) -> Result<AcceptRestoreBody, Failure> {
    let consent = if request.take_bucket { Consent::TakeBucket } else { Consent::Restored };
    match app.accept_restore(consent).await {
        Ok(accepted) => Ok(accept_restore_body(&accepted)),
        Err(AcceptError::Port(error)) => Err(operator::of_port(&error)),
        Err(error @ AcceptError::Raced) => Err(Failure::new(Exit::Failed, error.to_string()).hint("try again")),
        Err(error @ (AcceptError::NeedsConsent(mismatch) | AcceptError::WrongBucket(mismatch))) => {
            Err(Failure::new(Exit::Refused, error.to_string()).hint(mismatch.hint()))
        }
    }
}
