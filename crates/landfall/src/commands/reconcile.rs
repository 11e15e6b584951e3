//! `landfall reconcile`: buckets and catalog compared in both directions, now.

use clap::Args;
use domain::{ByteCount, KeyPrefix, TimeSpan};
use server::app::{App, ReconcileError};
use server::http::reconcile_by_hand;
use wire::{FindingBody, ReconcileBody, ReconcileRequest};

use super::log_as_command;
use super::operator::{self, Call};
use crate::arguments::{Installation, Output};
use crate::console;
use crate::exit::{Exit, Failure};

/// Arguments of `reconcile`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    installation: Installation,
    /// Only what is below this prefix: an owner as keys name it, such as 42/, or one of its collections, such as
    /// 42/videos/
    #[arg(long, value_name = "PREFIX", value_parser = KeyPrefix::parse)]
    prefix: Option<KeyPrefix>,
    /// Only say what was found and what would be done
    #[arg(long)]
    dry_run: bool,
    /// Also remove what is older than the last accepted restore and has no row: what the backup may have forgotten
    #[arg(long)]
    forgotten: bool,
    #[command(flatten)]
    output: Output,
}

/// Reconciles, and explains every finding.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = arguments.installation.load()?;
    log_as_command()?;
    let request =
        ReconcileRequest { prefix: arguments.prefix, dry_run: arguments.dry_run, forgotten: arguments.forgotten };
    let call = Call { purpose: "landfall reconcile", path: "/v1/admin/jobs/reconcile", request: Some(&request) };
    let done: ReconcileBody = operator::perform(&config, call, async |app| here(app, &request).await).await?;
    if arguments.output.json {
        return console::json(&done);
    }
    console::out(&format!("{} objects, {} uploads, {} rows", done.objects, done.uploads, done.rows))?;
    for finding in &done.findings {
        console::out(&line(finding))?;
    }
    if done.left_out > 0 {
        console::out(&format!("... and {} more", done.left_out))?;
    }
    for total in &done.totals {
        let (kind, count, bytes) = (&total.kind, total.count, ByteCount(total.bytes));
        console::out(&format!("{kind}: {count}, {bytes}: {}; {}", total.why, total.action))?;
    }
    console::out(&format!("found {}, put right {}", done.found, done.done))
}

fn line(finding: &FindingBody) -> String {
    let FindingBody { kind, bucket, key, age_seconds, bytes, outcome, .. } = finding;
    let key = console::printable(key);
    let hours = TimeSpan::from_secs(*age_seconds).as_hours();
    format!("{outcome:<11} {kind:<18} {bucket:<7} {key}  {hours} h, {}", ByteCount(*bytes))
}

async fn here(app: &App, request: &ReconcileRequest) -> Result<ReconcileBody, Failure> {
    reconcile_by_hand(app, request).await.map_err(|error| match &error {
        ReconcileError::Port(port) => operator::of_port(port),
        ReconcileError::Implausible { .. } | ReconcileError::Restored => Failure::new(Exit::Failed, error.to_string()),
    })
}
