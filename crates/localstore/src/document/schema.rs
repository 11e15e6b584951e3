//! What S3's documents consist of: the elements of each, and what stands in them.
//!
//! *Rule:* an element that stands in no table makes its document malformed. s3s skips what it does not know, and a setting
//! that is accepted and forgotten is worse than one that is refused.

/// What stands in an element.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content {
    /// These elements, and nothing else but white space.
    Elements(&'static [Element]),
    /// Text in which every blank counts: keys, prefixes, tags, names.
    Text,
    /// Text around which blanks do not count.
    Word,
    /// A whole number.
    Number,
    /// A truth value.
    Flag,
    /// What the store does not do: the document is refused with 501.
    NotDone,
    /// Anything: a document that no operation here reads.
    Unknown,
}

/// An element and what stands in it.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) content: Content,
}

const fn of(name: &'static str, content: &'static [Element]) -> Element {
    Element { name, content: Content::Elements(content) }
}

const fn text(name: &'static str) -> Element {
    Element { name, content: Content::Text }
}

const fn word(name: &'static str) -> Element {
    Element { name, content: Content::Word }
}

const fn number(name: &'static str) -> Element {
    Element { name, content: Content::Number }
}

const fn flag(name: &'static str) -> Element {
    Element { name, content: Content::Flag }
}

const fn not_done(name: &'static str) -> Element {
    Element { name, content: Content::NotDone }
}

const TAG: Element = of("Tag", &[text("Key"), text("Value")]);
const OWNER: Element = of("Owner", &[word("ID"), text("DisplayName")]);
const GRANTEE: Element = of("Grantee", &[word("ID"), text("DisplayName"), word("EmailAddress"), word("URI")]);
const GREATER: Element = number("ObjectSizeGreaterThan");
const LESS: Element = number("ObjectSizeLessThan");

const PART: &[Element] = &[
    number("PartNumber"),
    word("ETag"),
    word("ChecksumCRC32"),
    word("ChecksumCRC32C"),
    word("ChecksumCRC64NVME"),
    word("ChecksumSHA1"),
    word("ChecksumSHA256"),
];
const DOOMED: &[Element] = &[text("Key"), word("VersionId"), word("ETag"), word("LastModifiedTime"), number("Size")];
const CORS_RULE: &[Element] = &[
    text("ID"),
    word("AllowedOrigin"),
    word("AllowedMethod"),
    word("AllowedHeader"),
    word("ExposeHeader"),
    number("MaxAgeSeconds"),
];
const LIFECYCLE_RULE: &[Element] = &[
    text("ID"),
    text("Prefix"),
    word("Status"),
    of("Filter", &[text("Prefix"), TAG, GREATER, LESS, of("And", &[text("Prefix"), TAG, GREATER, LESS])]),
    of("AbortIncompleteMultipartUpload", &[number("DaysAfterInitiation")]),
    of("Expiration", &[word("Date"), number("Days"), flag("ExpiredObjectDeleteMarker")]),
    of("Transition", &[word("Date"), number("Days"), word("StorageClass")]),
    of("NoncurrentVersionExpiration", &[number("NoncurrentDays"), number("NewerNoncurrentVersions")]),
    of(
        "NoncurrentVersionTransition",
        &[number("NoncurrentDays"), number("NewerNoncurrentVersions"), word("StorageClass")],
    ),
];

/// Documents by their root, as Amazon's reference of the API has them.
const DOCUMENTS: &[Element] = &[
    of("CompleteMultipartUpload", &[of("Part", PART)]),
    of("Delete", &[flag("Quiet"), of("Object", DOOMED)]),
    of("Tagging", &[of("TagSet", &[TAG])]),
    of("CORSConfiguration", &[of("CORSRule", CORS_RULE)]),
    of("LifecycleConfiguration", &[of("Rule", LIFECYCLE_RULE)]),
    of("VersioningConfiguration", &[word("Status"), word("MfaDelete")]),
    of("AccessControlPolicy", &[OWNER, of("AccessControlList", &[of("Grant", &[GRANTEE, word("Permission")])])]),
    of("OwnershipControls", &[of("Rule", &[word("ObjectOwnership")])]),
    of(
        "PublicAccessBlockConfiguration",
        &[flag("BlockPublicAcls"), flag("IgnorePublicAcls"), flag("BlockPublicPolicy"), flag("RestrictPublicBuckets")],
    ),
    // Directory buckets, and tags of buckets.
    of(
        "CreateBucketConfiguration",
        &[word("LocationConstraint"), not_done("Location"), not_done("Bucket"), not_done("Tags")],
    ),
];

/// What stands in the document of this root.
pub(super) fn document(root: &str) -> Content {
    let found = DOCUMENTS.iter().find(|document| document.name == root);
    found.map_or(Content::Unknown, |document| document.content)
}

impl Content {
    /// What stands in an element of this name here; `None` where there can be none.
    pub(super) fn of(self, name: &str) -> Option<Self> {
        match self {
            Self::Elements(elements) => Some(elements.iter().find(|element| element.name == name)?.content),
            Self::Unknown => Some(Self::Unknown),
            Self::Text | Self::Word | Self::Number | Self::Flag | Self::NotDone => None,
        }
    }
}
