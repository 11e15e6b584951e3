//! What is logged and measured.

use super::form::{Choice, Flag, Text};
use super::visit::Visitor;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Pretty on a terminal, plain otherwise.
    Auto,
    /// One plain line an event.
    Text,
    /// One JSON object an event.
    Json,
}

/// `[telemetry]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelemetryConfig {
    /// How log lines look.
    pub log_format: LogFormat,
    /// What is logged.
    pub log: String,
    /// Whether `/metrics` is served.
    pub prometheus: bool,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self { log_format: LogFormat::Auto, log: "info".into(), prometheus: true }
    }
}

const FORMATS: &[(&str, LogFormat)] =
    &[("auto", LogFormat::Auto), ("text", LogFormat::Text), ("json", LogFormat::Json)];

impl TelemetryConfig {
    pub(super) fn keys(&mut self, visitor: &mut impl Visitor) {
        let doc = "How log lines look. \"auto\": coloured on a terminal, plain otherwise.";
        visitor.key("log_format", doc, &mut self.log_format, Choice(FORMATS));
        let doc = "What is logged: a level, or levels by module such as \"info,server::jobs=debug\".";
        visitor.key("log", doc, &mut self.log, Text(filter));
        visitor.key("prometheus", "Whether /metrics is served.", &mut self.prometheus, Flag);
    }
}

fn filter(text: &str) -> Result<(), String> {
    let parsed = tracing_subscriber::EnvFilter::builder().parse(text);
    parsed.map(|_| ()).map_err(|_| "is not a level (error, warn, info, debug, trace) or a list of module=level".into())
}
