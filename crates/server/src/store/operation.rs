//! The calls of the port by name: for metrics, logs and planned failures.

/// A call of [`super::Store`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// [`super::Store::open_upload`]
    OpenUpload,
    /// [`super::Store::list_parts_page`]
    ListParts,
    /// [`super::Store::complete`]
    Complete,
    /// [`super::Store::head`]
    Head,
    /// [`super::Store::read_first`]
    ReadFirst,
    /// [`super::Store::abort`]
    Abort,
    /// [`super::Store::delete`]
    Delete,
    /// [`super::Store::list_uploads`]
    ListUploads,
    /// [`super::Store::signing_credentials`]
    SigningCredentials,
    /// [`super::Store::probe`]
    Probe,
}

impl Operation {
    /// The label in metrics and the word in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenUpload => "open_upload",
            Self::ListParts => "list_parts",
            Self::Complete => "complete",
            Self::Head => "head",
            Self::ReadFirst => "read_first",
            Self::Abort => "abort",
            Self::Delete => "delete",
            Self::ListUploads => "list_uploads",
            Self::SigningCredentials => "signing_credentials",
            Self::Probe => "probe",
        }
    }
}
