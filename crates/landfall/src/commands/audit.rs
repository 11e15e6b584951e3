//! `landfall audit`: the invariants, held against everything that is in the buckets and in the catalog.

use clap::Args;
use server::app::App;
use server::http::audit_body;
use wire::AuditBody;

use super::log_as_command;
use super::operator::{self, Call};
use crate::arguments::{Installation, Output};
use crate::console;
use crate::exit::{Exit, Failure};

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    installation: Installation,
    #[command(flatten)]
    output: Output,
}

/// Audits; a breach is a failure.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = arguments.installation.load()?;
    log_as_command()?;
    let call = Call::<()> { purpose: "landfall audit", path: "/v1/admin/jobs/audit", request: None };
    let seen: AuditBody = operator::perform(&config, call, async |app| here(app).await).await?;
    if arguments.output.json {
        console::json(&seen)?;
    } else {
        let AuditBody { objects, uploads, rows, unknown, under_way, .. } = &seen;
        console::out(&format!("{objects} objects, {uploads} uploads, {rows} rows"))?;
        console::out(&format!("{unknown} of somebody else, {under_way} on their way out"))?;
        for breach in &seen.breaches {
            let key: String = breach.key.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
            console::out(&format!("{:<6} {:<7} {key}  {}", breach.invariant, breach.bucket, breach.what))?;
        }
    }
    match seen.breach_count {
        0 => Ok(()),
        count => Err(Failure::new(Exit::Failed, format!("the invariants are broken in {count} places"))
            .hint("see what `landfall reconcile --dry-run` says about them")),
    }
}

async fn here(app: &App) -> Result<AuditBody, Failure> {
    app.audit().await.map(audit_body).map_err(|error| operator::of_port(&error))
}
