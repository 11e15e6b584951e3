//! `landfall audit`: the invariants, held against everything that is in the buckets and in the catalog.

use clap::Args;
use domain::{ByteCount, KeyPrefix, TimeSpan};
use serde::Serialize;
use server::app::{App, AuditTerms, LONGEST_GRACE, Pace, ScrubCursor, ScrubTerms};
use server::config::{Config, parse_size, parse_span};
use server::http::{audit_body, scrub_body};
use wire::{AuditBody, ScrubBody};

use super::log_as_command;
use super::operator::{self, Call};
use crate::arguments::{Installation, Output};
use crate::console;
use crate::exit::{Exit, Failure};

/// Read between two words about progress.
const PAGE: ByteCount = ByteCount::mib(64);

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
    /// Also read every published object and compare its bytes with what was recorded
    #[arg(long)]
    deep: bool,
    /// With --deep: read at most so much a second
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = parse_size, requires = "deep")]
    rate: ByteCount,
    /// With --deep: go on where an earlier run was ended, as it said
    #[arg(long, value_name = "PLACE", value_parser = ScrubCursor::parse, requires = "deep")]
    after: Option<ScrubCursor>,
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
    let mut printed = Printed { audit: seen, deep: None };
    if arguments.deep {
        let place = arguments.after.map(|after| after.to_string());
        let deep = read_all(&config, terms.below.as_ref(), arguments.rate, place).await?;
        printed.audit.breach_count += deep.damaged.len() as u64;
        printed.audit.breaches.extend(deep.damaged.iter().cloned());
        printed.deep = Some(deep);
    }
    if let Some(deep) = printed.deep.as_ref().filter(|_| !arguments.output.json) {
        let ScrubBody { files, bytes, unproven, .. } = deep;
        console::out(&format!(
            "{files} objects read, {bytes} bytes; of {unproven} nothing was recorded to compare with"
        ))?;
    }
    let Printed { audit: seen, .. } = &printed;
    if arguments.output.json {
        console::json(&printed)?;
    } else {
        let AuditBody { objects, uploads, rows, unknown, under_way, .. } = seen;
        console::out(&format!("{objects} objects, {uploads} uploads, {rows} rows"))?;
        console::out(&format!("{unknown} of somebody else, {under_way} on their way out"))?;
        for breach in &seen.breaches {
            let key = console::printable(&breach.key);
            console::out(&format!("{:<6} {:<7} {key}  {}", breach.invariant, breach.bucket, breach.what))?;
        }
    }
    match seen.breach_count {
        0 => Ok(()),
        count => Err(Failure::new(Exit::Failed, format!("the invariants are broken in {count} places"))
            .hint("see what `landfall reconcile --dry-run` says about them")),
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Printed {
    #[serde(flatten)]
    audit: AuditBody,
    /// What was read, with `--deep`.
    #[serde(skip_serializing_if = "Option::is_none")]
    deep: Option<ScrubBody>,
}

/// Reads every object, page by page, and says after each how far it came.
async fn read_all(
    config: &Config,
    below: Option<&KeyPrefix>,
    rate: ByteCount,
    mut place: Option<String>,
) -> Result<ScrubBody, Failure> {
    let mut sum = ScrubBody { files: 0, bytes: 0, unproven: 0, damaged: Vec::new(), next: None };
    loop {
        let of = |name: &str, value: Option<&str>| {
            value.map(|value| format!("&{name}={}", percent_encoded(value))).unwrap_or_default()
        };
        let (prefix, after) = (of("prefix", below.map(KeyPrefix::as_str)), of("after", place.as_deref()));
        let per_second = rate.get();
        let path = format!("/v1/admin/jobs/scrub?bytes_per_second={per_second}{prefix}{after}");
        let call = Call::<()> { purpose: "landfall audit", path: &path, request: None };
        let after = place.as_deref().and_then(|place| ScrubCursor::parse(place).ok());
        let terms = ScrubTerms { below: below.cloned(), after, most: PAGE, pace: Pace::per_second(rate) };
        let page: ScrubBody = operator::perform(config, call, async |app| scrubbed_here(app, &terms).await).await?;
        sum.files += page.files;
        sum.bytes += page.bytes;
        sum.unproven += page.unproven;
        sum.damaged.extend(page.damaged);
        let Some(next) = page.next else { return Ok(sum) };
        let (files, mib) = (sum.files, sum.bytes >> 20);
        console::note(&format!("{files} objects read, {mib} MiB; to go on from here: --deep --after {next}"));
        place = Some(next);
    }
}

/// A key has nothing that a query would read otherwise but perhaps `~`, which is safe, and `:`, which is too.
fn percent_encoded(text: &str) -> String {
    text.replace('%', "%25").replace('&', "%26").replace('+', "%2B").replace('#', "%23").replace(' ', "%20")
}

async fn scrubbed_here(app: &App, terms: &ScrubTerms) -> Result<ScrubBody, Failure> {
    app.scrub(terms).await.map(scrub_body).map_err(|error| operator::of_port(&error))
}

async fn here(app: &App, terms: &AuditTerms) -> Result<AuditBody, Failure> {
    app.audit(terms).await.map(audit_body).map_err(|error| operator::of_port(&error))
}
