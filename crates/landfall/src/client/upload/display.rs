//! What a person or a program sees of an upload: a bar on a terminal, a line every few seconds otherwise, JSON lines
//! for programs.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use domain::{ByteCount, TimeSpan};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use uploader::driver::Published;
use uploader::progress::{News, Observer, Progress};
use wire::AssetBody;

use super::super::pace::{Pace, clock_time};
use super::super::summary;
use crate::arguments::Output;
use crate::console::{self, printable};
use crate::exit::Failure;

/// Without a terminal, one line for so many tellings: every five seconds.
const TELLINGS_PER_LINE: u32 = 25;
/// Programs are told once a second.
const TELLINGS_PER_JSON: u32 = 5;
/// A hiccup shorter than this is nobody's business.
const TROUBLE_TOLD_AFTER: TimeSpan = TimeSpan::from_secs(1);
/// How often lasting trouble is told.
const TROUBLE_TOLD_EVERY: TimeSpan = TimeSpan::from_secs(10);
/// Until it is known how much there is: name, and what is waited for.
const BEFORE: &str = "{prefix} {msg}";
/// Name, bar, percent, bytes, speed, time left.
const TEMPLATE: &str = "{prefix} [{wide_bar}] {msg}";

/// Watches one upload.
pub(super) struct Display {
    name: String,
    view: View,
    tellings: AtomicU32,
    pace: Pace,
    /// Said beside the numbers; empty while it goes well.
    badge: Mutex<&'static str>,
    /// How long the trouble had lasted when it was last told to a person.
    told_trouble: Mutex<Option<TimeSpan>>,
}

enum View {
    Bar(ProgressBar),
    Lines,
    Json,
}

impl Display {
    /// What fits the place that is written to.
    pub(super) fn choose(output: Output, name: &str) -> Self {
        let view = if output.json {
            View::Json
        } else if std::io::stderr().is_terminal() {
            View::Bar(bar(name))
        } else {
            View::Lines
        };
        Self {
            name: name.to_owned(),
            view,
            tellings: AtomicU32::new(0),
            pace: Pace::default(),
            badge: Mutex::default(),
            told_trouble: Mutex::default(),
        }
    }

    /// Takes the bar away, so that what follows has the line to itself.
    pub(super) fn clear(&self) {
        if let View::Bar(bar) = &self.view {
            bar.finish_and_clear();
        }
    }

    /// Prints the result.
    pub(super) fn published(&self, published: &Published) -> Result<(), Failure> {
        let asset = &published.asset;
        if matches!(self.view, View::Json) {
            return self.event("published", json!({"already_bytes": published.already_bytes, "asset": asset}));
        }
        for line in summary::asset(asset) {
            console::out(&line)?;
        }
        if asset.files.values().any(|file| file.url.is_none()) {
            console::note(&format!("`landfall url {}` prints a URL to play it", asset.id));
        }
        Ok(())
    }

    /// Says that the same file was published before.
    pub(super) fn already_there(&self, asset: &AssetBody) -> Result<(), Failure> {
        if matches!(self.view, View::Json) {
            return self.event("already_there", json!({"asset": asset}));
        }
        for line in summary::asset(asset) {
            console::out(&line)?;
        }
        console::note(&format!("{} is there already; --again uploads it as another asset", printable(&self.name)));
        Ok(())
    }

    /// Tells programs what people read on standard error.
    pub(super) fn failed(&self, failure: &Failure) -> Result<(), Failure> {
        if !matches!(self.view, View::Json) {
            return Ok(());
        }
        let Failure { exit, message, hint } = failure;
        self.event("failed", json!({"message": message, "hint": hint, "exit_code": *exit as u8}))
    }

    /// One JSON line. Never more than one thing on a line, never a line within a thing.
    fn event(&self, event: &str, mut fields: Value) -> Result<(), Failure> {
        fields["event"] = event.into();
        fields["file"] = self.name.as_str().into();
        console::raw(&fields.to_string())
    }

    fn say(&self, text: &str) {
        match &self.view {
            View::Bar(bar) => bar.suspend(|| console::note(text)),
            View::Lines => console::note(&format!("{}: {text}", printable(&self.name))),
            View::Json => {}
        }
    }

    /// Trouble is told when it has lasted a moment, and again from time to time; its end only if it was told.
    fn is_worth_telling(&self, news: &News) -> bool {
        let mut told = self.told_trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match news {
            News::Waiting { lasting, .. } => {
                let is_due = told.map_or(*lasting >= TROUBLE_TOLD_AFTER, |told| *lasting - told >= TROUBLE_TOLD_EVERY);
                if is_due {
                    *told = Some(*lasting);
                }
                is_due
            }
            News::Recovered => told.take().is_some(),
            News::Resuming { .. }
            | News::JournalSetAside { .. }
            | News::StartingAfresh
            | News::Begun { .. }
            | News::Moved(_)
            | News::Completing
            | News::Repairing { .. }
            | News::Verifying => true,
        }
    }

    fn moved(&self, progress: Progress) {
        let telling = self.tellings.fetch_add(1, Ordering::Relaxed);
        let bytes = (progress.arrived_bytes + progress.moving_bytes).min(progress.total_bytes);
        let line = self.pace.line(progress.elapsed, bytes, progress.total_bytes);
        match &self.view {
            View::Bar(bar) => {
                bar.set_position(bytes);
                let badge = *self.badge.lock().unwrap_or_else(PoisonError::into_inner);
                let separator = if badge.is_empty() { "" } else { ", " };
                bar.set_message(format!("{line}{separator}{badge}"));
            }
            View::Lines if telling.is_multiple_of(TELLINGS_PER_LINE) && telling > 0 => {
                console::note(&format!("{}: {line}", printable(&self.name)));
            }
            View::Json if telling.is_multiple_of(TELLINGS_PER_JSON) => {
                let Progress { total_bytes, arrived_bytes, moving_bytes, elapsed } = progress;
                let fields = json!({"total_bytes": total_bytes, "arrived_bytes": arrived_bytes,
                    "moving_bytes": moving_bytes, "elapsed_seconds": elapsed.as_secs_f64()});
                // A reader that went away does not stop an upload.
                let _ = self.event("progress", fields);
            }
            View::Lines | View::Json => {}
        }
    }
}

impl Observer for Display {
    fn note(&self, news: &News) {
        if let News::Moved(progress) = news {
            return self.moved(*progress);
        }
        *self.badge.lock().unwrap_or_else(PoisonError::into_inner) = badge(news);
        if let View::Bar(bar) = &self.view {
            match news {
                News::Begun { total_bytes, already_bytes, .. } => {
                    bar.set_style(style(TEMPLATE));
                    bar.set_length(*total_bytes);
                    bar.set_position(*already_bytes);
                    bar.set_message(String::new());
                }
                _ if bar.length().is_none() => bar.set_message(badge(news)),
                _ => {}
            }
        }
        if matches!(self.view, View::Json) {
            let (event, fields) = event_of(news);
            let _ = self.event(event, fields);
        } else if let Some(text) = sentence(news).filter(|_| self.is_worth_telling(news)) {
            self.say(&text);
        }
    }
}

fn bar(name: &str) -> ProgressBar {
    let bar = ProgressBar::no_length().with_style(style(BEFORE)).with_prefix(printable(name).into_owned());
    bar.set_message("asking the server");
    bar
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("=> ")
}

/// What the bar says beside the numbers.
fn badge(news: &News) -> &'static str {
    match news {
        News::Waiting { .. } => "waiting",
        News::Completing | News::Verifying => "verifying",
        News::Resuming { .. }
        | News::JournalSetAside { .. }
        | News::StartingAfresh
        | News::Begun { .. }
        | News::Moved(_)
        | News::Recovered
        | News::Repairing { .. } => "",
    }
}

/// What is worth a line of its own.
fn sentence(news: &News) -> Option<String> {
    match news {
        News::Begun { asset_id, total_bytes, already_bytes } if *already_bytes > 0 => {
            let (already, total) = (ByteCount(*already_bytes), ByteCount(*total_bytes));
            Some(format!("resuming {asset_id}: {already} of {total} have arrived before"))
        }
        News::Begun { asset_id, total_bytes, .. } => Some(format!("uploading {asset_id}, {}", ByteCount(*total_bytes))),
        News::JournalSetAside { path } => Some(format!(
            "warning: what was remembered of this upload cannot be read; set aside as {}, starting anew",
            path.display()
        )),
        News::StartingAfresh => Some("the unfinished upload is gone from the server; starting afresh".to_owned()),
        News::Waiting { detail, lasting, retry_in, gives_up_in, .. } => {
            let [lasting, retry_in, gives_up_in] =
                [lasting, retry_in, gives_up_in].map(|span| clock_time(span.as_secs()));
            Some(format!(
                "waiting for {lasting}: {detail}; the next try comes in {retry_in}, the last in {gives_up_in}"
            ))
        }
        News::Recovered => Some("it works again".to_owned()),
        News::Repairing { parts } => Some(format!("{parts} parts were missing or wrong; sending them again")),
        News::Verifying => Some("everything has arrived; the server is still verifying".to_owned()),
        News::Resuming { .. } | News::Moved(_) | News::Completing => None,
    }
}

/// The same for programs.
fn event_of(news: &News) -> (&'static str, Value) {
    match news {
        News::Resuming { asset_id } => ("resuming", json!({"asset_id": asset_id})),
        News::JournalSetAside { path } => ("journal_set_aside", json!({"path": path.to_string_lossy()})),
        News::StartingAfresh => ("starting_afresh", json!({})),
        News::Begun { asset_id, total_bytes, already_bytes } => {
            ("begun", json!({"asset_id": asset_id, "total_bytes": total_bytes, "already_bytes": already_bytes}))
        }
        News::Moved(progress) => ("progress", json!({"arrived_bytes": progress.arrived_bytes})),
        News::Waiting { detail, failures, lasting, retry_in, gives_up_in } => {
            let [lasting, retry_in, gives_up_in] = [lasting, retry_in, gives_up_in].map(|span| span.as_secs_f64());
            let fields = json!({"detail": detail, "failures": failures, "lasting_seconds": lasting,
                "retry_in_seconds": retry_in, "gives_up_in_seconds": gives_up_in});
            ("waiting", fields)
        }
        News::Recovered => ("recovered", json!({})),
        News::Completing => ("completing", json!({})),
        News::Repairing { parts } => ("repairing", json!({"parts": parts})),
        News::Verifying => ("verifying", json!({})),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_can_be_drawn() {
        assert!([BEFORE, TEMPLATE].into_iter().all(|template| ProgressStyle::with_template(template).is_ok()));
    }

    #[test]
    fn resuming_says_how_much_was_there() {
        let begun = |already_bytes| News::Begun { asset_id: "ast_1".to_owned(), total_bytes: 4 << 20, already_bytes };
        assert_eq!(sentence(&begun(1 << 20)).unwrap(), "resuming ast_1: 1 MiB of 4 MiB have arrived before");
        assert_eq!(sentence(&begun(0)).unwrap(), "uploading ast_1, 4 MiB");
    }
}
