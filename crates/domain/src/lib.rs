//! Words, laws and arithmetic of Landfall.
//!
//! This crate is pure: it knows no socket, no file, no SQL and no clock. Whoever calls it says what time it is and
//! hands in the random bits. *Invariant*: everything that decides whether an upload lives or dies is in here, so that
//! the server, the model checker and the simulator run the very same decision.

pub mod asset;
pub mod change;
pub mod checksum;
pub mod collection;
pub mod delivery;
pub mod due;
pub mod event;
pub mod file;
pub mod file_plan;
pub mod format;
pub mod id;
pub mod inspection;
pub mod key;
pub mod lifecycle;
pub mod limits;
pub mod looks;
pub mod marker;
pub mod media;
pub mod owner;
pub mod part_plan;
pub mod parts;
pub mod prefix;
pub mod quota;
pub mod rate;
pub mod reason;
pub mod reconcile;
pub mod shard;
pub mod size;
pub mod store_profile;
pub mod text;
pub mod verification;

pub use asset::{Asset, AssetStatus, Place};
pub use change::Change;
pub use checksum::{ChecksumAlgorithm, ChecksumValue, DeclaredChecksum};
pub use collection::{Collection, CollectionName, Necessity, RoleName, RoleRules, Visibility};
pub use due::{Lane, Slot, Slots};
pub use event::{EventKind, OutboxEvent};
pub use file::{Fence, File, FileState, StateName, UploadId};
pub use file_plan::{FilePlan, OpenPlan, PartLength, Sizing};
pub use format::Format;
pub use id::{AssetId, EventId, FileId, InstallationId};
pub use key::{FileKey, ObjectKey};
pub use lifecycle::{
    CompleteAnswer, Decision, Effect, Event, Evidence, GrantTerms, Presence, Refusal, Remains, decide,
};
pub use limits::UploadRules;
pub use looks::Looks;
pub use marker::{Epoch, Installation, Leap, Marker, Trust};
pub use media::MediaType;
pub use owner::{OwnerId, OwnerNaming};
pub use part_plan::{PartNumber, PartPlan};
pub use parts::{ClaimedParts, ETag, Incomplete, Part, PartListing};
pub use prefix::{InvalidPrefix, KeyPrefix};
pub use reason::Reason;
pub use shard::Shard;
pub use size::ByteCount;
pub use store_profile::{StoreBehaviour, StoreProfile};
pub use text::{Description, FileName, Fingerprint, Metadata, SearchText, Title};
pub use verification::{Check, ObjectHead, VerifiedObject};

/// A length of time.
pub use jiff::SignedDuration as TimeSpan;
/// A point in time, always UTC, kept to the microsecond because that is what both catalogs store.
pub use jiff::Timestamp;
