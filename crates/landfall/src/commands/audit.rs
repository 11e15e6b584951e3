//! `landfall audit`: the invariants, held against everything that is in the buckets and in the catalog.

use clap::Args;
use domain::{KeyPrefix, TimeSpan};
use server::app::{App, AuditTerms, LONGEST_GRACE};
use server::config::parse_span;
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
    /// Only what is below this prefix: an owner as keys name it, such as 42/, or one of its collections, such as
    /// 42/videos/
    #[arg(long, value_name = "PREFIX", value_parser = KeyPrefix::parse)]
    prefix: Option<KeyPrefix>,
    /// From this age on, hidden parts that no upload owns any more are a breach, such as 24h; 0s: at any age
    #[arg(long, value_name = "SPAN", default_value = "48h", value_parser = parse_grace)]
    grace: TimeSpan,
    #[command(flatten)]
    output: Output,
}

fn parse_grace(text: &str) -> Result<TimeSpan, String> {
    let span = parse_span(text)?;
    let fits = span <= LONGEST_GRACE && span.subsec_nanos() == 0;
    if fits { Ok(span) } else { Err("must be 0s to 366d, in whole seconds".into()) }
}

/// Audits; a breach is a failure.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = arguments.installation.load()?;
    log_as_command()?;
    let terms = AuditTerms { below: arguments.prefix, grace: arguments.grace };
    // No character of a prefix needs an escape in a query.
    let below = terms.below.as_ref().map(|prefix| format!("&prefix={prefix}")).unwrap_or_default();
    let path = format!("/v1/admin/jobs/audit?grace_seconds={}{below}", terms.grace.as_secs());
    let call = Call::<()> { purpose: "landfall audit", path: &path, request: None };
    let seen: AuditBody = operator::perform(&config, call, async |app| here(app, &terms).await).await?;
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

async fn here(app: &App, terms: &AuditTerms) -> Result<AuditBody, Failure> {
    app.audit(terms).await.map(audit_body).map_err(|error| operator::of_port(&error))
}
