//! What stores do differently, each as a small row of facts.
//!
//! Not a list of vendors' bugs: only what the protocol could come to depend on by mistake. The sources are the vendors'
//! documents and the runs against real engines that PROTOCOL's "Store facts" came from.

/// What a second Complete of an upload says after the first succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecondComplete {
    /// Success again.
    Succeeds,
    /// The upload is not known any more.
    NoSuchUpload,
}

/// What an ETag says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ETags {
    /// The content: the same bytes have the same ETag.
    OfContent,
    /// Nothing: the same bytes sent twice have two, as with server-side encryption.
    OfNothing,
}

/// What becomes of a part that was on its way when its upload was aborted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LateParts {
    /// It is dropped.
    Vanish,
    /// It stays, hidden under the aborted upload id, until that id is aborted again.
    Stay,
}

/// One kind of store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoreBehaviour {
    /// Whose behaviour this is.
    pub(crate) name: &'static str,
    pub(crate) second_complete: SecondComplete,
    pub(crate) etags: ETags,
    pub(crate) late_parts: LateParts,
    /// Whether Complete names the object's ETag.
    pub(crate) names_etag: bool,
    /// Whether full-object checksums are kept.
    pub(crate) keeps_checksums: bool,
    /// Whether all parts but the last must be of one size.
    pub(crate) equal_parts: bool,
    /// Parts on one page of ListParts.
    pub(crate) page: usize,
}

const AWS: StoreBehaviour = StoreBehaviour {
    name: "aws",
    second_complete: SecondComplete::Succeeds,
    etags: ETags::OfContent,
    late_parts: LateParts::Stay,
    names_etag: true,
    keeps_checksums: true,
    equal_parts: false,
    page: 1000,
};

/// Every store that is simulated.
pub(crate) const PROFILES: [StoreBehaviour; 6] = [
    AWS,
    StoreBehaviour { name: "aws-kms", etags: ETags::OfNothing, ..AWS },
    StoreBehaviour { name: "ceph", names_etag: false, keeps_checksums: false, page: 2, ..AWS },
    StoreBehaviour {
        name: "garage",
        second_complete: SecondComplete::NoSuchUpload,
        late_parts: LateParts::Vanish,
        keeps_checksums: false,
        ..AWS
    },
    StoreBehaviour {
        name: "minio",
        second_complete: SecondComplete::NoSuchUpload,
        late_parts: LateParts::Vanish,
        page: 3,
        ..AWS
    },
    StoreBehaviour {
        name: "r2",
        second_complete: SecondComplete::NoSuchUpload,
        etags: ETags::OfNothing,
        keeps_checksums: false,
        equal_parts: true,
        ..AWS
    },
];
