//! Every limit of the HTTP layer, with its unit and its reason.
//!
//! Limits per owner (rate, open uploads, reserved bytes) are policy and live elsewhere: [`crate::limits`] and the
//! catalog's allowance. These here protect the process.

use std::time::Duration;

use domain::ByteCount;

use crate::app::{DEFAULT_COMPLETE_PATIENCE, RELAY_LIMIT};

/// Streams of events open at once. Each costs a few KiB and, when something happens, a query.
pub const EVENT_STREAMS: usize = 1024;
/// Events read at a time for a stream.
pub const EVENTS_PER_PAGE: u32 = 100;
/// A stream looks into the outbox this often without being told: another process may have written there.
pub const EVENT_STREAM_LOOK: Duration = Duration::from_secs(5);
/// A stream ends after this time: its token may have expired meanwhile.
pub const EVENT_STREAM_LIFE: Duration = Duration::from_secs(3600);
/// Largest request body unless configured otherwise: a creation with 16 KiB of metadata, or 10,000 part numbers with a digest each (700 KiB).
pub const BODY_LIMIT: ByteCount = ByteCount::mib(1);
/// Largest body of `complete` unless configured otherwise; it may name 10,000 parts of each of 8 roles: about 45 bytes a part.
pub const COMPLETE_BODY_LIMIT: ByteCount = ByteCount::mib(4);
/// Longest time one request may take. `complete` waits 25 s for the store inside and lists parts before; load
/// balancers hang up at 60 s by default, so a later answer would reach nobody.
pub const REQUEST_TIME: Duration = Duration::from_secs(55);
/// Longest time an administrator's job may take: it walks through everything that is due.
pub const JOB_TIME: Duration = Duration::from_secs(15 * 60);
/// API requests handled at once. Each holds at most a body and a page of rows; 1024 of the largest bodies would be
/// 4 GiB, 1024 of the usual ones a few MiB, and a catalog is saturated long before.
pub const REQUESTS_IN_FLIGHT: usize = 1024;
/// Longest time a readiness probe waits for the catalog or the store. Load balancers give up at 2 s to 5 s.
pub const PROBE_TIME: Duration = Duration::from_millis(1500);
/// A verdict of readiness is reused this long, in seconds, so that many probers cost no more than one.
pub const PROBE_KEPT_SECONDS: f64 = 1.0;
/// Longest time a client may take to send the head of a request, or to stay silent between two requests.
pub const HEAD_TIME: Duration = Duration::from_secs(30);
/// How long accepting pauses after a failure, so that a server out of file descriptors does not spin.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long shutdown waits for requests under way. Orchestrators kill after 30 s by default, and commits and the store
/// still have to stop after this; a `complete` that is cut off goes on in the next start and can be repeated.
pub const GRACE_TIME: Duration = Duration::from_secs(15);
/// Forms with files that are read into memory at once; others wait. 32 of them have 160 MiB.
pub const RELAYS: usize = 32;
/// What a form may hold beside its file: a handful of short fields and their boundaries.
pub const FORM_FIELDS_LIMIT: ByteCount = ByteCount::kib(64);
/// Longest time a form may take: 5 MiB at 150 kbit/s, what a telephone in a train has.
pub const FORM_TIME: Duration = Duration::from_secs(5 * 60);
/// What is read on of a refused body, at most: several times the largest body that is taken.
pub const HEARD_OUT_BYTES: ByteCount = ByteCount::mib(16);
/// How long that may take.
pub const HEARD_OUT_TIME: Duration = Duration::from_secs(5);
/// Longest incoming `x-request-id` that is taken over, in characters.
pub const REQUEST_ID_CHARS: usize = 64;
/// Longest Idempotency-Key, in characters.
pub const IDEMPOTENCY_KEY_CHARS: usize = 255;
/// Assets on a page, at most; the catalog's bound.
pub const ASSETS_PER_PAGE: u32 = 100;
/// Assets on a page when nobody says how many.
pub const DEFAULT_ASSETS_PER_PAGE: u32 = 20;
/// Assets that a page of everybody's is chosen from, at most. Walking over them takes SQLite milliseconds.
pub const ASSETS_LOOKED_AT: u32 = 10_000;
/// Longest search text, in characters: a title has no more.
pub const SEARCH_CHARS: usize = domain::text::MAX_TITLE_CHARS;
/// Longest `detail` made from what a client sent, in characters: enough to see what is meant.
pub const ECHO_CHARS: usize = 300;

const _: () = assert!(REQUEST_TIME.as_secs() > DEFAULT_COMPLETE_PATIENCE.as_secs() as u64 + 20);
const _: () = assert!(RELAY_LIMIT.get() * 8 / FORM_TIME.as_secs() < 150_000);
const _: () = assert!(BODY_LIMIT.get() <= COMPLETE_BODY_LIMIT.get());
