//! Bounds of the upload protocol, each with its unit and its reason.

use jiff::SignedDuration;

/// How long a part URL works.
pub const DEFAULT_URL_LIFE: SignedDuration = SignedDuration::from_hours(1);
/// How long after the last grant an upload counts as abandoned.
pub const DEFAULT_IDLE: SignedDuration = SignedDuration::from_hours(48);
/// How long an upload may take in all.
pub const DEFAULT_MAX_AGE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The longest URL life that SigV4 allows (604,800 s).
pub const LONGEST_URL_LIFE: SignedDuration = SignedDuration::from_secs(604_800);
/// A URL signed with temporary credentials ends this long before they do: time for a request to start.
pub const CREDENTIAL_MARGIN: SignedDuration = SignedDuration::from_secs(60);
/// How long a vanished upload with no object is looked at before it is judged (PROTOCOL, T6).
pub const GONE_PATIENCE: SignedDuration = SignedDuration::from_mins(10);
/// How often parts may be listed again after the store refused one.
pub const MAX_RELISTS: u8 = 5;
/// When a closed file is looked at again, counted from its closing. A PUT has no maximum duration, so looking again is
/// the only safe margin; the last look lies past the seven days a presigned URL can live.
pub const RECHECK_AFTER: [SignedDuration; 3] =
    [SignedDuration::from_hours(1), SignedDuration::from_hours(24), SignedDuration::from_hours(8 * 24)];
/// After so many part URLs of a file whose size nobody declared its parts are listed and weighed. What those URLs bring
/// between two looks is bounded by the store's own limit of a part only, 5 GiB each.
pub const GRANTS_PER_WEIGHING: u16 = 20;
/// When somebody looks for the part of an upload that nobody completes, counted from the grant: a small file on a good
/// line is there after the first.
pub const LOOK_AFTER: [SignedDuration; 4] = [
    SignedDuration::from_secs(2),
    SignedDuration::from_secs(5),
    SignedDuration::from_secs(15),
    SignedDuration::from_secs(60),
];
/// After those, looks come ever more rarely, but never more rarely than this: it is how long a finished upload of a slow
/// line waits at the most.
pub const LOOK_AT_LEAST_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// Whoever writes a step performs it. Only if that has not ended after so long, as after a crash, somebody else does.
pub const STEP_GRACE: SignedDuration = SignedDuration::from_secs(30);
/// How long after its announcement or its opening a file is looked at for uploads on its key that its row does not know:
/// a request that died between CreateMultipartUpload and its row is over by then.
pub const STRAY_LOOK_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// How long one waits after the first failure at a row; see [`crate::due::backoff`].
pub const BACKOFF_FIRST: SignedDuration = SignedDuration::from_secs(2);
/// How long one waits at the most, however often it has failed: it bounds how late anything is done (L1).
pub const BACKOFF_MOST: SignedDuration = SignedDuration::from_mins(10);
/// A row that cannot be read or whose duty panics will not be better in a minute: it takes a newer program.
pub const UNREADABLE_DELAY: SignedDuration = SignedDuration::from_hours(1);
/// How often the epoch rises (PROTOCOL, rule 9): a catalog restored from a backup older than this is noticed.
pub const EPOCH_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// An epoch that is older than this when it is looked at means that no server ran, or that the clock was set: six rises
/// were missed.
pub const LEAP: SignedDuration = SignedDuration::from_hours(1);
/// After a leap nothing is expired for this long, so that somebody can set the clock right, and clients whose uploads
/// wait for the server can ask for part URLs again.
pub const LEAP_SETTLES: SignedDuration = SignedDuration::from_hours(1);
/// After a leap that is longer than this even a small site's first run has to be plausible: it is as long as an upload may
/// be idle, so that every upload that was under way looks abandoned.
pub const LEAP_DOUBTED: SignedDuration = DEFAULT_IDLE;
/// How old something in the store must be before it can be an orphan (PROTOCOL, T12): longer than any request between
/// the store and the row it belongs to, a stopped process included.
pub const ORPHAN_AGE: SignedDuration = SignedDuration::from_hours(24);
/// A clock that differs from another by more than this is shown (PROTOCOL, rule 6).
pub const SKEW_SHOWN: SignedDuration = SignedDuration::from_secs(60);
/// A clock that differs from another by more than this ends nothing and destroys nothing.
pub const SKEW_STOPS: SignedDuration = SignedDuration::from_mins(5);

const _: () = assert!(LEAP.as_secs() >= 6 * EPOCH_EVERY.as_secs());
const _: () = assert!(SKEW_SHOWN.as_secs() < SKEW_STOPS.as_secs());
const _: () = assert!(DEFAULT_URL_LIFE.as_secs() <= LONGEST_URL_LIFE.as_secs());
const _: () = assert!(DEFAULT_URL_LIFE.as_secs() <= DEFAULT_IDLE.as_secs());
const _: () = assert!(DEFAULT_IDLE.as_secs() <= DEFAULT_MAX_AGE.as_secs());
const _: () = assert!(LOOK_AFTER[3].as_secs() < LOOK_AT_LEAST_EVERY.as_secs());
const _: () = assert!(BACKOFF_FIRST.as_secs() < BACKOFF_MOST.as_secs());
const _: () = assert!(STEP_GRACE.as_secs() < STRAY_LOOK_AFTER.as_secs());
const _: () = assert!(RECHECK_AFTER[2].as_secs() > LONGEST_URL_LIFE.as_secs());

/// How long uploads and their URLs live. From configuration; `parse` keeps the relations that the protocol needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadRules {
    idle: SignedDuration,
    max_age: SignedDuration,
    url_life: SignedDuration,
}

/// Why three spans cannot be the rules of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRules {
    /// SigV4's own bounds.
    #[error("url_ttl must be 1 s to 604800 s")]
    UrlLife,
    /// An upload would be abandoned while its URLs work.
    #[error("idle must not be shorter than url_ttl")]
    Idle,
    /// It could never be idle.
    #[error("max_age must not be shorter than idle")]
    MaxAge,
}

impl UploadRules {
    /// Takes three spans that fit together: 1 s <= url life <= idle <= max age, and url life <= 7 d.
    pub fn new(idle: SignedDuration, max_age: SignedDuration, url_life: SignedDuration) -> Result<Self, InvalidRules> {
        if url_life < SignedDuration::from_secs(1) || url_life > LONGEST_URL_LIFE {
            return Err(InvalidRules::UrlLife);
        }
        if idle < url_life {
            return Err(InvalidRules::Idle);
        }
        if max_age < idle {
            return Err(InvalidRules::MaxAge);
        }
        Ok(Self { idle, max_age, url_life })
    }

    /// How long after the last grant an upload counts as abandoned, at least.
    pub const fn idle(&self) -> SignedDuration {
        self.idle
    }

    /// How long an upload may take in all.
    pub const fn max_age(&self) -> SignedDuration {
        self.max_age
    }

    /// How long a part URL works.
    pub const fn url_life(&self) -> SignedDuration {
        self.url_life
    }
}

impl Default for UploadRules {
    fn default() -> Self {
        Self { idle: DEFAULT_IDLE, max_age: DEFAULT_MAX_AGE, url_life: DEFAULT_URL_LIFE }
    }
}
