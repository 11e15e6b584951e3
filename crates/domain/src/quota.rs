//! What an owner has, as numbers: open uploads, reserved bytes, stored bytes.
//!
//! The catalog keeps one [`Usage`] for each owner and moves it by the [`Delta`] of every write, in the transaction of
//! that write. *Invariant*: the usage kept equals the sum of [`Usage::of_status`] over an owner's assets and of
//! [`Usage::of_file`] over their files, at every moment.

use std::ops::{Add, AddAssign};

use crate::asset::{Asset, AssetStatus};
use crate::file::{File, FileState};
use crate::size::ByteCount;

/// What somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Assets in UPLOADING, and files on their way to an asset that is CREATED already.
    pub open_uploads: u64,
    /// Bytes of files on their way: their sizes, and the limits of those whose size is not known.
    pub reserved_bytes: ByteCount,
    /// Bytes of CREATED files.
    pub stored_bytes: ByteCount,
}

/// How a write moves a usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delta {
    /// Of open uploads.
    pub open_uploads: i64,
    /// Of reserved bytes.
    pub reserved_bytes: i64,
    /// Of stored bytes.
    pub stored_bytes: i64,
}

/// What moves a usage from `before` to `after`.
///
/// # Panics
/// If bytes are 2^63 or more: objects end at 48.8 TiB.
pub fn delta(before: Usage, after: Usage) -> Delta {
    let moved = |before: u64, after: u64| {
        let signed = |number| i64::try_from(number).expect("usages stay below 2^63");
        signed(after) - signed(before)
    };
    Delta {
        open_uploads: moved(before.open_uploads, after.open_uploads),
        reserved_bytes: moved(before.reserved_bytes.get(), after.reserved_bytes.get()),
        stored_bytes: moved(before.stored_bytes.get(), after.stored_bytes.get()),
    }
}

impl Usage {
    /// Of an asset's status alone.
    pub fn of_status(status: AssetStatus) -> Self {
        let open_uploads = match status {
            AssetStatus::Uploading => 1,
            AssetStatus::Created | AssetStatus::Gone(_) => 0,
        };
        Self { open_uploads, ..Self::default() }
    }

    /// Of one file.
    pub fn of_file(file: &File) -> Self {
        let bytes = file.plan.reserved();
        match file.state {
            FileState::Reserved | FileState::Uploading | FileState::Committing { .. } | FileState::Verified { .. } => {
                Self { open_uploads: u64::from(file.addition), reserved_bytes: bytes, ..Self::default() }
            }
            FileState::Created { .. } => Self { stored_bytes: bytes, ..Self::default() },
            FileState::Deleting { .. } | FileState::Closed { .. } => Self::default(),
        }
    }

    /// Of an asset with the files that its roles point at. The others have ended.
    pub fn of_asset(asset: &Asset) -> Self {
        asset.files().map(Self::of_file).fold(Self::of_status(asset.status), Self::add)
    }

    /// The usage after a write. `None` if it would be negative: then it was not kept.
    #[must_use]
    pub fn after(self, delta: Delta) -> Option<Self> {
        Some(Self {
            open_uploads: self.open_uploads.checked_add_signed(delta.open_uploads)?,
            reserved_bytes: ByteCount(self.reserved_bytes.get().checked_add_signed(delta.reserved_bytes)?),
            stored_bytes: ByteCount(self.stored_bytes.get().checked_add_signed(delta.stored_bytes)?),
        })
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            open_uploads: self.open_uploads + other.open_uploads,
            reserved_bytes: ByteCount(self.reserved_bytes.get() + other.reserved_bytes.get()),
            stored_bytes: ByteCount(self.stored_bytes.get() + other.stored_bytes.get()),
        }
    }
}

impl Delta {
    /// Nothing moves.
    pub const NONE: Self = Self { open_uploads: 0, reserved_bytes: 0, stored_bytes: 0 };

    /// Of one file's step.
    pub fn of_step(before: &File, after: &File) -> Self {
        delta(Usage::of_file(before), Usage::of_file(after))
    }

    /// Of something new.
    pub fn of_new(usage: Usage) -> Self {
        delta(Usage::default(), usage)
    }
}

impl AddAssign for Delta {
    fn add_assign(&mut self, other: Self) {
        self.open_uploads += other.open_uploads;
        self.reserved_bytes += other.reserved_bytes;
        self.stored_bytes += other.stored_bytes;
    }
}
