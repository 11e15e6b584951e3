//! Where log lines go and how they look.
//!
//! *Rule*: no line holds a token or a presigned URL. Ours redact them by type; libraries that write whole requests at
//! their finer levels are held at `info`, whatever the filter says. s3s is not heard at all: it reports every mistake of a
//! client as an error, with the whole request; the store reports for it.

use std::io::IsTerminal as _;

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{LogFormat, TelemetryConfig};

/// Crates that write signatures, headers or bodies at `debug` and `trace`.
const TALKATIVE: [&str; 7] = ["aws_", "h2", "http", "hyper", "jsonwebtoken", "reqwest", "rustls"];
/// The crate that takes a refused request for a failure of the server.
const MISTAKEN: &str = "s3s";

/// Why logging cannot start.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter cannot be read.
    #[error("telemetry.log is no filter")]
    Filter(#[source] tracing_subscriber::filter::ParseError),
    /// This process logs already.
    #[error("logging was started before")]
    Started(#[source] TryInitError),
}

/// Starts logging to standard error, for the whole process.
///
/// # Errors
/// See [`LogError`].
pub fn start(config: &TelemetryConfig) -> Result<(), LogError> {
    let filter = EnvFilter::builder().parse(&config.log).map_err(LogError::Filter)?;
    let format = shape(config.log_format, std::io::stderr().is_terminal());
    let layer = format.with_filter(filter_fn(harmless));
    tracing_subscriber::registry().with(filter).with(layer).try_init().map_err(LogError::Started)
}

type Format<S> = Box<dyn Layer<S> + Send + Sync>;

fn shape<S>(format: LogFormat, is_terminal: bool) -> Format<S>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let layer = fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
        LogFormat::Auto if is_terminal => layer.compact().with_ansi(true).boxed(),
        LogFormat::Auto | LogFormat::Text => layer.with_ansi(false).boxed(),
    }
}

/// Whether an event comes from code that keeps secrets to itself at that level.
fn harmless(event: &Metadata<'_>) -> bool {
    let target = event.target();
    crate_of(target) != MISTAKEN && (*event.level() <= LevelFilter::INFO || !is_talkative(target))
}

fn crate_of(target: &str) -> &str {
    target.split("::").next().unwrap_or_default()
}

fn is_talkative(target: &str) -> bool {
    let root = crate_of(target);
    TALKATIVE.iter().any(|name| match name.strip_suffix('_') {
        Some(family) => root == family || root.starts_with(name),
        None => root == *name || root.strip_prefix(name).is_some_and(|rest| rest.starts_with('_')),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_of_a_client_is_no_error_of_the_server() {
        let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let writer = Heard(std::sync::Arc::clone(&heard));
        let layer = fmt::layer().with_writer(writer).with_ansi(false).with_filter(filter_fn(harmless));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::error!(target: "s3s::ops", "op returns error");
            tracing::error!(target: "localstore::answer", "a request failed");
        });
        let text = String::from_utf8(heard.lock().expect("no panic").clone()).expect("text");
        assert!(text.contains("a request failed") && !text.contains("op returns error"), "{text}");
    }

    /// What was written to the log.
    #[derive(Clone)]
    struct Heard(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

    impl std::io::Write for Heard {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no panic").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'a> fmt::MakeWriter<'a> for Heard {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn libraries_that_write_requests_are_known_by_their_crate() {
        for target in ["aws_sigv4::http_request", "aws_sdk_s3", "hyper_util::client", "h2::codec", "http"] {
            assert!(is_talkative(target), "{target}");
        }
        for target in ["server::http::create", "landfall", "httpx", "sqlx::query", "localstore"] {
            assert!(!is_talkative(target), "{target}");
        }
    }
}
