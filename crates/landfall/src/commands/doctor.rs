//! `landfall doctor`: the configured store, looked at from outside and inside.

use clap::{Args, ValueEnum};
use serde::Serialize;
use server::boot::{Consultation, KeepError, Kept};
use server::config::Config;
use server::doctor::{self, Finding, Fix, Report, Status};

use super::log_as_command;
use crate::arguments::{Installation, Output, as_called};
use crate::console;
use crate::exit::{Exit, Failure, chain};

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    installation: Installation,
    #[command(flatten)]
    origins: Origins,
    #[command(flatten)]
    output: Output,
    /// Print only the fixes, in this form
    #[arg(long, value_name = "FORM", conflicts_with = "json")]
    fix_format: Option<FixFormat>,
}

/// Whose pages use the store.
#[derive(Debug, Args)]
pub(crate) struct Origins {
    /// An origin whose pages use the store, such as https://app.example.com; may be repeated
    /// [default: web.origins of the configuration and the server's own, else any]
    #[arg(long = "origin", value_name = "ORIGIN", value_parser = origin)]
    origins: Vec<String>,
}

impl Origins {
    /// The origins to look for.
    pub(crate) fn or_configured(&self, config: &Config) -> Vec<String> {
        if self.origins.is_empty() { config.page_origins() } else { self.origins.clone() }
    }
}

fn origin(text: &str) -> Result<String, String> {
    server::config::parse_origin(text)
}

/// How fixes are written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum FixFormat {
    /// One command a line
    Cli,
    /// One template, to be merged into the stack's own
    Cloudformation,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Printed<'r> {
    #[serde(flatten)]
    report: &'r Report,
    worst: Status,
    /// Whether the server's next start uses what was seen.
    profile_stored: bool,
}

/// Examines, prints, keeps what was seen.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = arguments.installation.load()?;
    log_as_command()?;
    let origins = arguments.origins.or_configured(&config);
    let consultation = Consultation::start(&config, "landfall doctor", origins).await?;
    let report = doctor::examine(consultation.patient()).await;
    let kept = match report.profile(consultation.patient()) {
        Some(profile) => consultation.keep(&profile).await.map(Some),
        None => Ok(None),
    };
    consultation.stop().await;
    let kept = kept.map_err(|error| match error {
        KeepError::Open(error) => Failure::from(error),
        KeepError::Write(error) => Failure::new(Exit::DataFolder, chain(&error)),
    })?;
    print(&arguments, &report, kept)?;
    match report.findings.iter().filter(|finding| finding.status == Status::Fail).count() {
        0 => Ok(()),
        failing => {
            Err(Failure::new(Exit::Unfit, format!("the store is not fit for Landfall: {failing} findings fail"))
                .hint("`landfall bucket setup` repairs the buckets' settings; for the rest see the fixes"))
        }
    }
}

fn print(arguments: &Arguments, report: &Report, kept: Option<Kept>) -> Result<(), Failure> {
    if arguments.output.json {
        let profile_stored = matches!(kept, Some(Kept::Stored | Kept::Known));
        return console::json(&Printed { report, worst: report.worst(), profile_stored });
    }
    let fixes = report.findings.iter().filter_map(|finding| finding.fix.as_ref());
    match arguments.fix_format {
        Some(FixFormat::Cli) => {
            let mut commands: Vec<&String> = fixes.flat_map(|fix| &fix.cli).collect();
            commands.dedup();
            commands.into_iter().try_for_each(|command| console::out(command))
        }
        Some(FixFormat::Cloudformation) => console::json(&doctor::template(fixes)),
        None => {
            for finding in &report.findings {
                console::out(&described(finding))?;
            }
            console::out(&closing(kept))
        }
    }
}

/// A finding in one line, and what to do about it in some more.
fn described(finding: &Finding) -> String {
    let status = match finding.status {
        Status::Ok => "ok     ",
        Status::Warning => "warning",
        Status::Fail => "FAIL   ",
    };
    let bucket = finding.bucket.as_ref().map(|bucket| format!(" ({bucket})")).unwrap_or_default();
    let mut text = format!("{status}  {}{bucket}: {}", finding.id, finding.seen);
    if let Some(Fix { advice, cli, .. }) = &finding.fix {
        text.push_str(&format!("\n         why: {}\n         fix: {}", finding.why, as_called(advice)));
        text.extend(cli.iter().map(|command| format!("\n         $ {command}")));
    }
    text
}

fn closing(kept: Option<Kept>) -> String {
    match kept {
        Some(Kept::Stored) => as_called("The store's profile is kept; the next start of `landfall serve` uses it."),
        Some(Kept::Known) => "The embedded store's profile is known; nothing has to be kept.".to_owned(),
        Some(Kept::InUse(holder)) => {
            format!("The store's profile is not kept: {holder} has the catalog. Stop it and run this again.")
        }
        None => "The store's profile is not known yet: Landfall assumes the least.".to_owned(),
    }
}
