//! A call at a port, as the scheduler sees it, and what can go wrong with it.

use domain::{FileId, StateName};

/// What a call does to the file it is about: the columns of the coverage table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// CreateMultipartUpload.
    OpenUpload,
    /// A client's PUT of a part.
    PutPart,
    /// The server's PUT of a part, for a client that can only send a form.
    SendPart,
    /// ListParts.
    ListParts,
    /// CompleteMultipartUpload.
    Complete,
    /// HEAD.
    Head,
    /// GET of the first bytes.
    ReadFirst,
    /// AbortMultipartUpload.
    Abort,
    /// DELETE.
    Delete,
    /// ListMultipartUploads.
    ListUploads,
    /// RESERVED to UPLOADING.
    Opened,
    /// A grant that moves the bound of URLs.
    Granted,
    /// UPLOADING to COMMITTING.
    Frozen,
    /// COMMITTING with another list of parts, or with the time since which its upload is gone.
    Relisted,
    /// COMMITTING to VERIFIED.
    Verified,
    /// COMMITTING to DELETING, or UPLOADING whose upload has vanished.
    Rejected,
    /// VERIFIED to CREATED, with all its companions.
    Published,
    /// A CREATED file is marked as lost, or found again.
    Sought,
    /// A VERIFIED file is due again, because a companion was withdrawn.
    Woken,
    /// To DELETING because somebody wants it, or nobody finished it.
    Ended,
    /// DELETING to CLOSED.
    Destroyed,
    /// CLOSED, looked at again.
    Rechecked,
    /// The row of a CLOSED file goes.
    Purged,
}

impl Step {
    pub(crate) const ALL: [Self; 23] = [
        Self::OpenUpload,
        Self::PutPart,
        Self::SendPart,
        Self::ListParts,
        Self::Complete,
        Self::Head,
        Self::ReadFirst,
        Self::Abort,
        Self::Delete,
        Self::ListUploads,
        Self::Opened,
        Self::Granted,
        Self::Frozen,
        Self::Relisted,
        Self::Verified,
        Self::Rejected,
        Self::Published,
        Self::Sought,
        Self::Woken,
        Self::Ended,
        Self::Destroyed,
        Self::Rechecked,
        Self::Purged,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::OpenUpload => "open_upload",
            Self::PutPart => "put_part",
            Self::SendPart => "send_part",
            Self::ListParts => "list_parts",
            Self::Complete => "complete",
            Self::Head => "head",
            Self::ReadFirst => "read_first",
            Self::Abort => "abort",
            Self::Delete => "delete",
            Self::ListUploads => "list_uploads",
            Self::Opened => "Opened",
            Self::Granted => "Granted",
            Self::Frozen => "Frozen",
            Self::Relisted => "Relisted",
            Self::Verified => "Verified",
            Self::Rejected => "Rejected",
            Self::Published => "Published",
            Self::Sought => "Sought",
            Self::Woken => "Woken",
            Self::Ended => "Ended",
            Self::Destroyed => "Destroyed",
            Self::Rechecked => "Rechecked",
            Self::Purged => "Purged",
        }
    }

    /// What kind of call this is.
    pub(crate) const fn class(self) -> Class {
        match self {
            Self::ListParts | Self::Head | Self::ReadFirst | Self::ListUploads => Class::Read,
            Self::Complete => Class::Complete,
            Self::OpenUpload | Self::PutPart | Self::SendPart | Self::Abort | Self::Delete => Class::Write,
            Self::Opened
            | Self::Granted
            | Self::Frozen
            | Self::Relisted
            | Self::Verified
            | Self::Rejected
            | Self::Published
            | Self::Sought
            | Self::Woken
            | Self::Ended
            | Self::Destroyed
            | Self::Rechecked
            | Self::Purged => Class::Write,
        }
    }

    /// Whether a request takes this step itself, so that its client can hang up at it. Commits, publications and
    /// clean-ups outlive their requests; jobs have no client.
    pub(crate) const fn is_of_a_request(self) -> bool {
        match self {
            Self::OpenUpload
            | Self::PutPart
            | Self::SendPart
            | Self::ListParts
            | Self::Opened
            | Self::Granted
            | Self::Frozen
            | Self::Rejected
            | Self::Woken
            | Self::Ended => true,
            Self::Complete
            | Self::Head
            | Self::ReadFirst
            | Self::Abort
            | Self::Delete
            | Self::ListUploads
            | Self::Relisted
            | Self::Verified
            | Self::Published
            | Self::Sought
            | Self::Destroyed
            | Self::Rechecked
            | Self::Purged => false,
        }
    }

    /// Whether a row in this state can meet this call, if everybody keeps the protocol. A late writer may find any
    /// later state, because others were faster.
    pub(crate) fn can_meet(self, state: StateName) -> bool {
        use StateName as S;
        let from = |first: StateName| state >= first;
        match self {
            Self::OpenUpload | Self::Opened => true,
            Self::PutPart | Self::SendPart | Self::Granted | Self::Frozen => from(S::Uploading),
            // Expiry and a vanished upload look before they judge; reconcile measures and aborts a second upload on any
            // row.
            // What a request left open beside a row is looked for in any state.
            Self::Head | Self::ListParts | Self::Abort | Self::ListUploads => true,
            Self::Complete | Self::ReadFirst | Self::Relisted | Self::Verified => from(S::Committing),
            Self::Rejected => from(S::Uploading),
            Self::Published | Self::Woken => from(S::Verified),
            Self::Sought => from(S::Created),
            Self::Ended => true,
            Self::Delete | Self::Destroyed => from(S::Deleting),
            Self::Rechecked | Self::Purged => from(S::Closed),
        }
    }
}

/// Calls about markers and clocks.
pub(crate) const GUARD: [&str; 5] =
    ["load_installation", "find_marker", "store_time", "replace_installation", "write_marker"];

/// What faults a call can meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Changes nothing.
    Read,
    /// Changes something, so it may also land late.
    Write,
    /// Complete has answers of its own that may be wrong.
    Complete,
}

/// What goes wrong with one call: the third dimension of the coverage table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// 403, 409, 412, 500, 503, no connection: it did not happen.
    Refused,
    /// It happened, and the answer was lost.
    AnswerLost,
    /// No answer, and it happens later: a zombie.
    Late,
    /// Complete happened, and the answer says something else.
    WrongAnswer,
    /// Complete did not happen, or not yet: 200 with an Error body, or a part or upload refused for no reason.
    ErrorAnswer,
    /// The process died at this call.
    Crash,
    /// The caller hung up at this call.
    HungUp,
    /// The process stood still at this call while the world went on.
    Frozen,
}

impl Fault {
    pub(crate) const ALL: [Self; 9] = [
        Self::None,
        Self::Refused,
        Self::AnswerLost,
        Self::Late,
        Self::WrongAnswer,
        Self::ErrorAnswer,
        Self::Crash,
        Self::HungUp,
        Self::Frozen,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Refused => "refused",
            Self::AnswerLost => "answer-lost",
            Self::Late => "late",
            Self::WrongAnswer => "wrong-answer",
            Self::ErrorAnswer => "error-answer",
            Self::Crash => "crash",
            Self::HungUp => "hung-up",
            Self::Frozen => "frozen",
        }
    }

    /// Whether this can strike a call of this class.
    pub(crate) const fn strikes(self, class: Class) -> bool {
        match self {
            Self::None | Self::Refused | Self::Crash | Self::HungUp | Self::Frozen | Self::AnswerLost => true,
            Self::Late => matches!(class, Class::Write | Class::Complete),
            Self::WrongAnswer | Self::ErrorAnswer => matches!(class, Class::Complete),
        }
    }
}

/// A call that waits for the scheduler.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Its name in a trace.
    pub(crate) name: &'static str,
    pub(crate) class: Class,
    /// What it does to which files.
    pub(crate) about: Vec<(FileId, Step)>,
}

impl Call {
    /// A read that is about no file in particular.
    pub(crate) fn reading(name: &'static str) -> Self {
        Self { name, class: Class::Read, about: Vec::new() }
    }

    /// Whether it asks if catalog and buckets belong together (PROTOCOL, rule 9), and not about an upload.
    pub(crate) fn is_of_the_guard(&self) -> bool {
        GUARD.contains(&self.name)
    }

    /// A write that moves no file.
    pub(crate) fn writing(name: &'static str) -> Self {
        Self { name, class: Class::Write, about: Vec::new() }
    }

    /// A call of the store about one file, if anybody knows the key.
    pub(crate) fn store(step: Step, file: Option<FileId>) -> Self {
        let about = file.map(|file| (file, step)).into_iter().collect();
        Self { name: step.name(), class: step.class(), about }
    }
}
