//! A stopwatch around every call of the store.
//!
//! Not a policy: answers pass through untouched. *Invariant*: each call is counted exactly once, one that its caller
//! dropped included.

use super::around::{AroundStore, Call, Outcome};
use super::operation::Operation;
use crate::clock::Stopwatch;
use crate::telemetry::figures::{self, Family, Fared};

/// Histogram of the seconds a call took, retries included; labels [`OPERATION_LABEL`] and [`OUTCOME_LABEL`].
pub const REQUEST_DURATION: &str = crate::telemetry::names::STORE_REQUEST_DURATION;
/// Holds an [`Operation::name`].
pub const OPERATION_LABEL: &str = "operation";
/// Holds `ok`, `absent`, `refused`, `unknown`, `unavailable` or `dropped`.
pub const OUTCOME_LABEL: &str = "outcome";

/// The label of an outcome; without one nobody waited for the answer.
const fn label(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Ok) => "ok",
        Some(Outcome::Absent) => "absent",
        Some(Outcome::Refused) => "refused",
        Some(Outcome::Unknown) => "unknown",
        Some(Outcome::Unavailable) => "unavailable",
        None => "dropped",
    }
}

/// A refusal is an answer; not to know what happened is none.
const fn fared(outcome: Option<Outcome>) -> Fared {
    match outcome {
        Some(Outcome::Ok | Outcome::Absent | Outcome::Refused) | None => Fared::Well,
        Some(Outcome::Unknown | Outcome::Unavailable) => Fared::Badly,
    }
}

/// A call under way; recorded when it goes.
struct Running {
    operation: Operation,
    since: Stopwatch,
    outcome: Option<Outcome>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let labels = [(OPERATION_LABEL, self.operation.name()), (OUTCOME_LABEL, label(self.outcome))];
        let seconds = self.since.elapsed_seconds();
        metrics::histogram!(REQUEST_DURATION, &labels).record(seconds);
        figures::answered(Family::Store, self.operation.name(), seconds, fared(self.outcome));
    }
}

/// Makes the calls of a store appear in the metrics by name and outcome.
#[derive(Debug, Clone, Copy)]
pub struct Metered;

impl AroundStore for Metered {
    async fn around<T: Send>(&self, call: Call<T>, answer: impl Future<Output = T> + Send) -> T {
        let mut running = Running { operation: call.operation, since: Stopwatch::start(), outcome: None };
        let answer = answer.await;
        running.outcome = Some(call.outcome(&answer));
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::CompleteAnswer;
    use futures::FutureExt as _;
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::super::around::Around;
    use super::super::conformance::{bytes, number, private_key};
    use super::super::memory::{Failure, MemoryStore};
    use super::super::{Store as _, StoreError};
    use super::*;

    /// The counts of calls by operation and outcome, as Prometheus would read them.
    fn counts(rendered: &str) -> Vec<String> {
        let prefix = "landfall_store_request_duration_count";
        let mut lines: Vec<String> =
            rendered.lines().filter_map(|l| l.strip_prefix(prefix)).map(str::to_owned).collect();
        lines.sort();
        lines
    }

    #[tokio::test]
    async fn every_call_is_counted_once_by_operation_and_outcome() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _guard = metrics::set_default_local_recorder(&recorder);
        let memory = Arc::new(MemoryStore::default());
        let store = Around::new(memory.clone(), Metered);
        let key = private_key();

        let upload = store.open_upload(&key, None).await.expect("an upload opens");
        memory.put_part(&key, &upload, number(1), bytes(1, 10)).expect("a part arrives");
        assert_eq!(store.head(&key).await.expect("HEAD answers"), None);
        let parts = super::super::list_parts(&store, &key, &upload).await.expect("parts").expect("the upload");
        memory.fail_next(Operation::Complete, Failure::Answer(CompleteAnswer::InvalidPart));
        store.complete(&key, &upload, &parts, None).await;
        memory.fail_next(Operation::Complete, Failure::Before);
        store.complete(&key, &upload, &parts, None).await;
        store.complete(&key, &upload, &parts, None).await;
        memory.fail_next(Operation::Head, Failure::Before);
        store.head(&key).await.expect_err("planned");

        let expected = [
            r#"{operation="complete",outcome="ok"} 1"#,
            r#"{operation="complete",outcome="refused"} 1"#,
            r#"{operation="complete",outcome="unknown"} 1"#,
            r#"{operation="head",outcome="absent"} 1"#,
            r#"{operation="head",outcome="unavailable"} 1"#,
            r#"{operation="list_parts",outcome="ok"} 1"#,
            r#"{operation="open_upload",outcome="ok"} 1"#,
        ];
        assert_eq!(counts(&recorder.handle().render()), expected);
    }

    #[test]
    fn a_call_nobody_waits_for_is_counted_too() {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            let call = Call::done(Operation::Delete);
            let mut call = Box::pin(Metered.around(call, std::future::pending::<Result<(), StoreError>>()));
            assert!(call.as_mut().now_or_never().is_none());
            drop(call);
        });
        assert_eq!(counts(&recorder.handle().render()), [r#"{operation="delete",outcome="dropped"} 1"#]);
    }
}
