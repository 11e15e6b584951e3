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

use super::super::{notice, summary};
use crate::arguments::Output;
use crate::console;
use crate::exit::Failure;

/// Without a terminal, one line for so many tellings: every five seconds.
const TELLINGS_PER_LINE: u32 = 25;
/// Programs are told once a second.
const TELLINGS_PER_JSON: u32 = 5;
/// A hiccup shorter than this is nobody's business.
const TROUBLE_TOLD_AFTER: TimeSpan = TimeSpan::from_secs(1);
/// How often lasting trouble is told.
const TROUBLE_TOLD_EVERY: TimeSpan = TimeSpan::from_secs(10);
/// Name, bar, bytes, speed, time left.
const TEMPLATE: &str = "{prefix} [{wide_bar}] {bytes}/{total_bytes} {bytes_per_sec}, {eta} left {msg}";

/// Watches one upload.
pub(super) struct Display {
    name: String,
    view: View,
    tellings: AtomicU32,
    /// How long the trouble had lasted when it was last told to a person.
    told_trouble: Mutex<Option<TimeSpan>>,
}

enum View {
    Bar(ProgressBar),
    /// With what the last line told.
    Lines(Mutex<Progress>),
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
            View::Lines(Mutex::default())
        };
        Self { name: name.to_owned(), view, tellings: AtomicU32::new(0), told_trouble: Mutex::default() }
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
            notice::line(&format!("`landfall url {}` prints a URL to play it", summary::arguments(asset)));
        }
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
        console::out(&fields.to_string())
    }

    fn say(&self, text: &str) {
        match &self.view {
            View::Bar(bar) => bar.suspend(|| notice::line(text)),
            View::Lines(_) => notice::line(&format!("{}: {text}", self.name)),
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
        match &self.view {
            View::Bar(bar) => bar.set_position(bytes),
            View::Lines(last) if telling.is_multiple_of(TELLINGS_PER_LINE) && telling > 0 => {
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                notice::line(&format!("{}: {}", self.name, progress_line(*last, progress)));
                *last = progress;
            }
            View::Json if telling.is_multiple_of(TELLINGS_PER_JSON) => {
                let Progress { total_bytes, arrived_bytes, moving_bytes, elapsed } = progress;
                let fields = json!({"total_bytes": total_bytes, "arrived_bytes": arrived_bytes,
                    "moving_bytes": moving_bytes, "elapsed_seconds": elapsed.as_secs_f64()});
                // A reader that went away does not stop an upload.
                let _ = self.event("progress", fields);
            }
            View::Lines(_) | View::Json => {}
        }
    }
}

impl Observer for Display {
    fn note(&self, news: &News) {
        if let News::Moved(progress) = news {
            return self.moved(*progress);
        }
        if let (View::Bar(bar), News::Begun { total_bytes, already_bytes, .. }) = (&self.view, news) {
            bar.set_length(*total_bytes);
            bar.set_position(*already_bytes);
            bar.reset_eta();
        }
        if let View::Bar(bar) = &self.view {
            bar.set_message(badge(news));
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
    let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(0).with_style(style.progress_chars("=> ")).with_prefix(name.to_owned());
    bar.set_position(0);
    bar
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
        News::Waiting { detail, lasting, retry_in, .. } => {
            let (lasting, retry_in) = (clock_time(lasting.as_secs()), clock_time(retry_in.as_secs()));
            Some(format!("waiting for {lasting}: {detail}; the next try comes in {retry_in}"))
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
        News::Waiting { detail, failures, lasting, retry_in } => {
            let (lasting, retry_in) = (lasting.as_secs_f64(), retry_in.as_secs_f64());
            let fields = json!({"detail": detail, "failures": failures, "lasting_seconds": lasting,
                "retry_in_seconds": retry_in});
            ("waiting", fields)
        }
        News::Recovered => ("recovered", json!({})),
        News::Completing => ("completing", json!({})),
        News::Repairing { parts } => ("repairing", json!({"parts": parts})),
        News::Verifying => ("verifying", json!({})),
    }
}

/// Percent, bytes, speed since the last line, time left.
fn progress_line(last: Progress, now: Progress) -> String {
    let bytes = |progress: Progress| (progress.arrived_bytes + progress.moving_bytes).min(progress.total_bytes);
    let seconds = (now.elapsed - last.elapsed).as_secs_f64();
    let speed = if seconds > 0.0 { bytes(now).saturating_sub(bytes(last)) as f64 / seconds } else { 0.0 };
    let percent = bytes(now).saturating_mul(100) / now.total_bytes.max(1);
    let mut line = format!("{percent}%, {} of {}", ByteCount(bytes(now)), ByteCount(now.total_bytes));
    if speed >= 1.0 {
        let left = (now.total_bytes - bytes(now)) as f64 / speed;
        line.push_str(&format!(", {}/s, {} left", ByteCount(speed as u64), clock_time(left as i64)));
    }
    line
}

/// Seconds as people say them.
fn clock_time(seconds: i64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min {seconds} s"),
        _ => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(arrived: u64, moving: u64, seconds: i64) -> Progress {
        let elapsed = TimeSpan::from_secs(seconds);
        Progress { total_bytes: 100 << 20, arrived_bytes: arrived << 20, moving_bytes: moving << 20, elapsed }
    }

    #[test]
    fn a_line_tells_speed_and_time_left() {
        let line = progress_line(progress(5, 5, 5), progress(20, 10, 10));
        assert_eq!(line, "30%, 30 MiB of 100 MiB, 4 MiB/s, 17 s left");
        assert_eq!(progress_line(progress(20, 0, 5), progress(20, 0, 10)), "20%, 20 MiB of 100 MiB");
        assert_eq!(progress_line(Progress::default(), Progress::default()), "0%, 0 B of 0 B");
        assert_eq!([59, 61, 3_661].map(clock_time), ["59 s", "1 min 1 s", "1 h 1 min"]);
    }

    #[test]
    fn the_bar_can_be_drawn() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }

    #[test]
    fn resuming_says_how_much_was_there() {
        let begun = |already_bytes| News::Begun { asset_id: "ast_1".to_owned(), total_bytes: 4 << 20, already_bytes };
        assert_eq!(sentence(&begun(1 << 20)).unwrap(), "resuming ast_1: 1 MiB of 4 MiB have arrived before");
        assert_eq!(sentence(&begun(0)).unwrap(), "uploading ast_1, 4 MiB");
    }
}
