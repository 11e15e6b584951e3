//! Every limit of the HTTP layer, with its unit and its reason.
//!
//! Limits per owner (rate, open uploads, reserved bytes) are policy and live elsewhere: [`crate::limits`] and the
//! catalog's allowance. These here protect the process.

use std::time::Duration;

use domain::limits::EPOCH_EVERY;
use domain::{ByteCount, TimeSpan};

use crate::app::{DEFAULT_COMPLETE_PATIENCE, RELAY_LIMIT};

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
/// Largest body of a request that signs in: a token and what stands around it.
pub const SESSION_BODY_LIMIT: ByteCount = ByteCount::kib(16);
/// What of a body counts as one request more: an owner may send them as fast as small ones, byte by byte.
pub const BODY_BYTES_PER_REQUEST: ByteCount = ByteCount::kib(64);
/// Part URLs that count as one request more; signing them takes a tenth of a millisecond.
pub const PART_URLS_PER_REQUEST: usize = 100;
/// What a search counts as, in requests, besides itself: it reads every row of its owner.
pub const SEARCH_COST: u32 = 9;
/// Longest time one request may take. `complete` waits 25 s for the store inside and lists parts before; load
/// balancers hang up at 60 s by default, so a later answer would reach nobody.
pub const REQUEST_TIME: Duration = Duration::from_secs(55);
/// Longest time an administrator's job may take: it walks through everything that is due.
pub const JOB_TIME: Duration = Duration::from_secs(15 * 60);
/// Longest time a readiness probe waits for the catalog or the store. Load balancers give up at 2 s to 5 s.
pub const PROBE_TIME: Duration = Duration::from_millis(1500);
/// How long the store may fail before a server that saw it work says that it is not ready.
pub const STORE_HICCUP: TimeSpan = TimeSpan::from_secs(30);
/// A verdict of readiness is reused this long, in seconds, so that many probers cost no more than one.
pub const PROBE_KEPT_SECONDS: f64 = 1.0;
/// Seconds for which a look at the host's files counts that found all well: it costs a write through to the disk.
pub const HOST_WELL_SECONDS: f64 = 5.0;
/// The jobs run on no server if the epoch has not risen for so long: three of its periods.
pub const JOBS_STAND_STILL: TimeSpan = TimeSpan::from_mins(30);
const _: () = assert!(JOBS_STAND_STILL.as_secs() == 3 * EPOCH_EVERY.as_secs());
/// What a form may hold beside its file: a handful of short fields and their boundaries.
pub const FORM_FIELDS_LIMIT: ByteCount = ByteCount::kib(64);
/// Longest time a form may take: 5 MiB at 150 kbit/s, what a telephone in a train has.
pub const FORM_TIME: Duration = Duration::from_secs(5 * 60);
/// Longest incoming `x-request-id` that is taken over, in characters.
pub const REQUEST_ID_CHARS: usize = 64;
/// Longest Idempotency-Key, in characters.
pub const IDEMPOTENCY_KEY_CHARS: usize = 255;
/// Assets on a page, at most; the catalog's bound.
pub const ASSETS_PER_PAGE: u32 = 100;
/// Assets on a page when nobody says how many.
pub const DEFAULT_ASSETS_PER_PAGE: u32 = 20;
/// Assets that a search or a page of everybody's is chosen from, at most. Walking over them takes SQLite some ten
/// milliseconds.
pub const ASSETS_LOOKED_AT: u32 = 10_000;
/// Longest search text, in characters: a title has no more.
pub const SEARCH_CHARS: usize = domain::text::MAX_TITLE_CHARS;
/// Longest `detail` made from what a client sent, in characters: enough to see what is meant.
pub const ECHO_CHARS: usize = 300;

const _: () = assert!(REQUEST_TIME.as_secs() > DEFAULT_COMPLETE_PATIENCE.as_secs() as u64 + 20);
const _: () = assert!(RELAY_LIMIT.get() * 8 / FORM_TIME.as_secs() < 150_000);
const _: () = assert!(BODY_LIMIT.get() <= COMPLETE_BODY_LIMIT.get());
const _: () = assert!(SESSION_BODY_LIMIT.get() > crate::auth::MAX_TOKEN_BYTES as u64);
