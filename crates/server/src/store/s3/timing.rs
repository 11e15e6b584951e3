//! How long each call may take and how often it is sent.
//!
//! *Invariant*: every call ends by itself, and what is not idempotent is sent once.

use std::time::Duration;

use aws_sdk_s3::config::{Builder, StalledStreamProtectionConfig};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

/// To open a connection, TLS included: three lost SYNs (1 + 2 s) and a round trip around the world.
const CONNECT: Duration = Duration::from_secs(5);
/// One attempt of an ordinary call: S3 answers in tens of milliseconds, a page of 1000 parts in a second; ten times
/// that is no answer any more.
const ATTEMPT: Duration = Duration::from_secs(10);
/// An ordinary call with its retries: [`ATTEMPTS`] attempts, and as much again as one of them for the pauses between.
const CALL: Duration = Duration::from_secs(40);
/// Attempts of an idempotent call: AWS's own default; a store that refuses three is down, and the caller backs off.
const ATTEMPTS: u32 = 3;
/// Complete: "may take several minutes" by S3's documentation for 10,000 parts; three times the longest we know of.
/// Those who cannot wait so long stop waiting, they do not stop the call.
const COMPLETE: Duration = Duration::from_secs(15 * 60);

const _: () = assert!(CALL.as_secs() >= ATTEMPT.as_secs() * (ATTEMPTS as u64 + 1));
const _: () = assert!(CONNECT.as_secs() < ATTEMPT.as_secs());

/// What every call has unless it says otherwise.
pub(super) fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS)
}

/// See [`retries`].
pub(super) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .read_timeout(ATTEMPT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(CALL)
        .build()
}

/// For CreateMultipartUpload: a second one would leave a hidden upload on the key.
pub(super) fn once() -> Builder {
    Builder::new().retry_config(RetryConfig::disabled())
}

/// For CompleteMultipartUpload: once, because HEAD has to look before it is sent again; and without the watch over slow
/// answers, because S3 keeps the connection alive by a blank now and then.
pub(super) fn once_and_long() -> Builder {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .read_timeout(COMPLETE)
        .operation_attempt_timeout(COMPLETE)
        .operation_timeout(COMPLETE)
        .build();
    once().timeout_config(timeouts).stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}
