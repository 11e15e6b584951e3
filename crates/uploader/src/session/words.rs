//! What a session says and hears: its rules, its actions, the events that answer them, and how it ends.

use std::collections::BTreeMap;
use std::num::{NonZeroU16, NonZeroUsize};

use domain::{PartNumber, RoleName, TimeSpan, Timestamp};
use wire::{AssetBody, PartBody, PartUrlBody};

use super::retry::Backoff;
use crate::client::ApiError;

/// How an upload behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Parts in flight at once, over all files.
    pub parallel: NonZeroUsize,
    /// Part URLs asked for at once. Few enough that none grows old unused on a slow line.
    pub batch: NonZeroU16,
    /// How long nothing may work before the upload gives up. A lost network is outlasted for so long.
    pub patience: TimeSpan,
    /// How long the same may last where no server has answered at all: an address that nobody listens on. `None`: no
    /// less than `patience`.
    pub first_contact: Option<TimeSpan>,
    /// How often the store may refuse one part (an expired URL, a 4xx) before the upload gives up.
    pub max_refusals: u8,
    /// How often `complete` may find parts missing or wrong before the upload gives up.
    pub max_repairs: u8,
    /// Waits between tries.
    pub backoff: Backoff,
    /// A URL is not used when it has less life left than this: a request takes time to start.
    pub url_margin: TimeSpan,
    /// Waits between questions whether the commit is done.
    pub poll: Backoff,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            parallel: NonZeroUsize::new(4).unwrap_or(NonZeroUsize::MIN),
            batch: NonZeroU16::new(64).unwrap_or(NonZeroU16::MIN),
            patience: TimeSpan::from_hours(1),
            first_contact: None,
            max_refusals: 6,
            max_repairs: 5,
            backoff: Backoff { first: TimeSpan::from_millis(500), cap: TimeSpan::from_secs(30) },
            url_margin: TimeSpan::from_secs(60),
            poll: Backoff { first: TimeSpan::from_secs(1), cap: TimeSpan::from_secs(5) },
        }
    }
}

/// How an upload begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Ask for a new asset. The same Idempotency-Key again gives the same one.
    Create,
    /// The asset is known from an earlier run: ask what has become of it.
    Resume,
}

/// A part to send.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its file's role.
    pub role: RoleName,
    /// Its number.
    pub number: PartNumber,
    /// Where it begins in the local file.
    pub offset: u64,
    /// Its exact length in bytes.
    pub length: u64,
    /// Where to PUT it: a password.
    pub url: String,
    /// Headers to send with it, as given.
    pub headers: BTreeMap<String, String>,
}

/// A presigned URL is a password, so it is not printed.
impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { role, number, offset, length, .. } = self;
        f.debug_struct("Ticket")
            .field("role", role)
            .field("number", number)
            .field("offset", offset)
            .field("length", length)
            .finish_non_exhaustive()
    }
}

/// What to do now. Every action but `Wait` and `Finish` is answered by exactly one event, in any order.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Create the asset. Answered by [`Event::Opened`].
    Create,
    /// Ask for the asset, to take it up again. Answered by [`Event::Opened`].
    Show,
    /// List the parts of a role. Answered by [`Event::Listed`].
    ListParts(RoleName),
    /// Sign these parts of a role. Answered by [`Event::Signed`].
    SignParts(RoleName, Vec<PartNumber>),
    /// Send a part. Answered by [`Event::PartEnded`].
    SendPart(Ticket),
    /// Ask the server to commit, with these checksums. Answered by [`Event::Completed`].
    Complete(BTreeMap<RoleName, String>),
    /// Ask whether the commit is done. Answered by [`Event::Polled`].
    Poll,
    /// Nothing to do before this time, or before the next event if there is no time.
    Wait(Option<Timestamp>),
    /// It is over. Every later question gets the same answer.
    Finish(Box<Outcome>),
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The answer to `Create` or `Show`.
    Opened(Result<Box<AssetBody>, ApiError>),
    /// All parts of a role that have arrived.
    Listed(RoleName, Result<Vec<PartBody>, ApiError>),
    /// URLs for parts of a role.
    Signed(RoleName, Result<Vec<PartUrlBody>, ApiError>),
    /// A part was sent, or not.
    PartEnded(RoleName, PartNumber, Result<(), PartFailure>),
    /// A file has been read to its end; the value of its checksum. Comes by itself, once for each role.
    Summed(RoleName, String),
    /// The answer to `Complete`.
    Completed(Result<Box<AssetBody>, ApiError>),
    /// The answer to `Poll`.
    Polled(Result<Box<AssetBody>, ApiError>),
}

/// Why a part did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartFailure {
    /// Nobody answered, or the store is overloaded: it may work later with the same URL.
    #[error("{detail}")]
    Weather {
        /// What happened.
        detail: String,
        /// How long the store asks to wait.
        retry_after: Option<TimeSpan>,
    },
    /// The store refused: the URL has expired, or something else is wrong with it. Another URL may help.
    #[error("{detail}")]
    Refused {
        /// What the store said.
        detail: String,
    },
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Published.
    Published(Box<AssetBody>),
    /// A file failed verification and was removed; final for that file.
    Rejected {
        /// Its role, if the server named it.
        role: Option<String>,
        /// The stable reason.
        reason: String,
        /// For people.
        detail: String,
    },
    /// The asset is not there any more: deleted or expired.
    Gone(ApiError),
    /// The asset that was to be resumed is not there for this token: most likely it is another owner's.
    Unknown(ApiError),
    /// The server refused for good.
    Refused(ApiError),
    /// The store refused one part again and again.
    PartRefused {
        /// Its file's role.
        role: RoleName,
        /// Its number.
        number: PartNumber,
        /// What it said last.
        detail: String,
    },
    /// Parts were missing or wrong again and again at `complete`.
    BeyondRepair {
        /// What the server said last.
        detail: String,
    },
    /// Nothing has worked for longer than the patience.
    OutOfPatience {
        /// What happened last.
        detail: String,
    },
    /// Everything has arrived, but the commit has taken longer than the patience. It may still succeed.
    StillCommitting,
    /// The server's words contradict the local files.
    Contradiction {
        /// What does not fit.
        detail: String,
    },
}
