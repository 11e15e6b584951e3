//! `landfall reap`: what the nightly run does, now.

use clap::Args;
use domain::Timestamp;
use server::app::{App, ExpireError, Rehearsal};
use server::config::StoreKind;
use server::jobs::{self, JobError};
use wire::{ReapBody, ReapRequest};

use super::log_as_command;
use super::operator::{self, Call};
use crate::arguments::{Installation, Output};
use crate::console;
use crate::exit::{Exit, Failure, chain};

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
    let call = Call { purpose: "landfall reap", path: "/v1/admin/jobs/reap", request: Some(&request) };
    let done: ReapBody = operator::perform(&config, call, async |app| reap_here(app, &request).await).await?;
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

async fn reap_here(app: &App, request: &ReapRequest) -> Result<ReapBody, Failure> {
    let rehearsal = if request.dry_run { Rehearsal::DryRun } else { Rehearsal::Real };
    let reaped = jobs::reap(app, request.now, rehearsal).await.map_err(|error| match &error {
        JobError::Port(port) | JobError::Expire(ExpireError::Port(port)) => operator::of_port(port),
        JobError::Reconcile(_) | JobError::Expire(ExpireError::Implausible { .. } | ExpireError::Unsettled { .. }) => {
            Failure::new(Exit::Failed, chain(&error))
        }
    })?;
    Ok(ReapBody {
        expired: reaped.expire.expired,
        suspicious: reaped.expire.suspicious,
        destroyed: reaped.destroyed,
        dry_run: request.dry_run,
    })
}
