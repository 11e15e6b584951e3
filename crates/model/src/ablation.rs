//! Guards of the protocol that the search can leave out, one at a time. Each must then be missed.
//!
//! An ablation is a change of the model's steps, never of `domain`.

use crate::invariant::Invariant;
use crate::profile::Profile;

/// A guard left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ablation {
    /// T9 never aborts and never looks for uploads.
    NoAbort,
    /// T7 and T8 destroy first and write the row afterwards.
    DestroyBeforeWrite,
    /// T6' writes CREATED whatever the rows have become.
    CreatedWithoutCas,
    /// T6' holds its write against the files' fences, not against the asset's revision.
    PublishWithoutRevision,
    /// T6 writes VERIFIED whatever the row has become.
    VerifiedWithoutCas,
    /// T6 judges right after its Abort, without another HEAD.
    NoHeadAfterAbort,
    /// T5 takes a 200 for the object, without HEAD.
    CompleteTrusted,
    /// T5 takes NoSuchUpload for the end, without HEAD and without patience.
    VanishedTrusted,
    /// T7 ends what is being committed.
    ExpireCommitting,
    /// T3 hands the client a URL that puts an object.
    ClientPut,
    /// T9 aborts the stored upload only and asks for no listing.
    StoredUploadOnly,
    /// T9 deletes first, aborts afterwards, and closes without a look.
    DeleteThenAbortUnseen,
    /// T11 is missing: closed files are purged unseen.
    NoRecheck,
    /// drive-commits is missing.
    NoDriveCommits,
    /// destroy is missing.
    NoDestroy,
    /// T4 writes COMMITTING without the time at which somebody else takes it up.
    LostDueTime,
}

impl Ablation {
    /// All of them, in the order of the report.
    pub const ALL: [Self; 16] = [
        Self::NoAbort,
        Self::DestroyBeforeWrite,
        Self::CreatedWithoutCas,
        Self::PublishWithoutRevision,
        Self::VerifiedWithoutCas,
        Self::NoHeadAfterAbort,
        Self::CompleteTrusted,
        Self::VanishedTrusted,
        Self::ExpireCommitting,
        Self::ClientPut,
        Self::StoredUploadOnly,
        Self::DeleteThenAbortUnseen,
        Self::NoRecheck,
        Self::NoDriveCommits,
        Self::NoDestroy,
        Self::LostDueTime,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoAbort => "no-abort",
            Self::DestroyBeforeWrite => "destroy-before-write",
            Self::CreatedWithoutCas => "created-without-cas",
            Self::PublishWithoutRevision => "publish-without-revision",
            Self::VerifiedWithoutCas => "verified-without-cas",
            Self::NoHeadAfterAbort => "no-head-after-abort",
            Self::CompleteTrusted => "complete-trusted",
            Self::VanishedTrusted => "vanished-trusted",
            Self::ExpireCommitting => "expire-committing",
            Self::ClientPut => "client-put",
            Self::StoredUploadOnly => "stored-upload-only",
            Self::DeleteThenAbortUnseen => "delete-then-abort-unseen",
            Self::NoRecheck => "no-recheck",
            Self::NoDriveCommits => "no-drive-commits",
            Self::NoDestroy => "no-destroy",
            Self::LostDueTime => "lost-due-time",
        }
    }

    /// What is left out, for a reader.
    pub const fn says(self) -> &'static str {
        match self {
            Self::NoAbort => "destroy never aborts and never looks for uploads",
            Self::DestroyBeforeWrite => "expire and delete destroy first and write the row afterwards",
            Self::CreatedWithoutCas => "publish writes CREATED without a compare-and-set",
            Self::PublishWithoutRevision => "publish does not compare the asset's revision",
            Self::VerifiedWithoutCas => "VERIFIED is written without a compare-and-set",
            Self::NoHeadAfterAbort => "no HEAD between the one Abort of a commit and its verdict",
            Self::CompleteTrusted => "a 200 of Complete is taken for the object, without HEAD",
            Self::VanishedTrusted => "NoSuchUpload is taken for the end, without HEAD and without patience",
            Self::ExpireCommitting => "expire ends what is being committed",
            Self::ClientPut => "the client holds a URL that puts an object",
            Self::StoredUploadOnly => "destroy aborts the stored upload only and asks for no listing",
            Self::DeleteThenAbortUnseen => "destroy deletes before it aborts, and closes without a look",
            Self::NoRecheck => "closed files are purged without another look",
            Self::NoDriveCommits => "no drive-commits: what a crash left COMMITTING or VERIFIED stays",
            Self::NoDestroy => "no destroy job: what a crash left DELETING stays",
            Self::LostDueTime => "complete writes COMMITTING without the time at which somebody takes it up",
        }
    }

    /// The profile that shows it.
    ///
    /// # Panics
    /// Never: each names a profile there is.
    pub fn shown_in(self) -> &'static Profile {
        let name = match self {
            Self::NoAbort
            | Self::DestroyBeforeWrite
            | Self::CreatedWithoutCas
            | Self::VerifiedWithoutCas
            | Self::CompleteTrusted
            | Self::VanishedTrusted
            | Self::ExpireCommitting
            | Self::DeleteThenAbortUnseen => "racing",
            Self::NoHeadAfterAbort | Self::ClientPut => "changing",
            Self::PublishWithoutRevision => "late-role",
            Self::StoredUploadOnly => "opening",
            Self::NoRecheck | Self::NoDriveCommits | Self::NoDestroy | Self::LostDueTime => "vanishing",
        };
        Profile::find(name).expect("a profile of the list")
    }

    /// An ablation by its name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ablation| ablation.name() == name)
    }

    /// What must break: the invariant that the shortest counterexample shows, and others that break as well when only
    /// they are watched.
    pub const fn breaks(self) -> &'static [Invariant] {
        use Invariant as I;
        match self {
            Self::NoAbort | Self::DeleteThenAbortUnseen => &[I::I2],
            Self::DestroyBeforeWrite => &[I::I6, I::I1],
            Self::CreatedWithoutCas => &[I::I4, I::I1, I::I7],
            Self::PublishWithoutRevision => &[I::I7],
            Self::VerifiedWithoutCas => &[I::I4],
            Self::NoHeadAfterAbort | Self::VanishedTrusted | Self::ExpireCommitting => &[I::HeadDecides],
            Self::CompleteTrusted => &[I::I1],
            Self::ClientPut => &[I::I2, I::I1],
            Self::LostDueTime => &[I::I9, I::L1],
            Self::StoredUploadOnly | Self::NoRecheck | Self::NoDriveCommits | Self::NoDestroy => &[I::L1],
        }
    }
}
