//! The table of inputs: headers and query parameters.

use super::Known::{Accounts, Values};
use super::Meaning::{Among, Filled, Harmless, Never, Number, Obeyed, OneOf};
use super::Place::{Header, Query};
use super::Refused::{Bad, Denied, MethodNotAllowed, NotImplemented};
use super::{Input, Meaning, On, Place};

/// The operations that give an object its bytes.
const MAKE: &[&str] = &["PutObject", "PostObject", "CopyObject", "CreateMultipartUpload"];
const COPY: &[&str] = &["CopyObject", "UploadPartCopy"];
const CONDITIONAL: &[&str] = &["PutObject", "CopyObject", "CompleteMultipartUpload", "DeleteObject"];

/// The account that owns every bucket, as `x-amz-expected-bucket-owner` names accounts.
pub(super) const ACCOUNT: &str = "000000000001";

/// Every canned ACL of AWS's.
const CANNED: &[&str] = &[
    "private",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
    "log-delivery-write",
];
const ACL: Meaning = Among {
    values: &["private", "bucket-owner-full-control"],
    known: Values(CANNED),
    not_done: Bad("AccessControlListNotSupported"),
    otherwise: Bad("InvalidArgument"),
};
/// AWS ignores the two that only objects can have.
const ACL_OF_A_NEW_BUCKET: Meaning = Among {
    values: &["private", "bucket-owner-read", "bucket-owner-full-control"],
    known: Values(CANNED),
    not_done: Bad("InvalidBucketAclWithObjectOwnership"),
    otherwise: Bad("InvalidArgument"),
};
const OWNER: Meaning =
    Among { values: &[ACCOUNT], known: Accounts, not_done: Denied, otherwise: Bad("InvalidBucketOwnerAWSAccountID") };
const STORAGE_CLASS: Meaning = Among {
    values: &["STANDARD"],
    known: Values(&[
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "GLACIER_IR",
        "DEEP_ARCHIVE",
        "EXPRESS_ONEZONE",
        "OUTPOSTS",
        "SNOW",
        "FSX_OPENZFS",
        "FSX_ONTAP",
    ]),
    not_done: NotImplemented,
    otherwise: Bad("InvalidStorageClass"),
};
/// What a copy does with the source's metadata or tags.
const DIRECTIVE: Meaning = OneOf { values: &["COPY", "REPLACE"], otherwise: Bad("InvalidArgument") };
/// A truth value that must be false.
const NO: Meaning = Among {
    values: &["false", "False", "FALSE"],
    known: Values(&["true", "True", "TRUE"]),
    not_done: NotImplemented,
    otherwise: Bad("InvalidArgument"),
};
const PART_NUMBER: Meaning = Number { first: 1, last: 10_000, otherwise: Bad("InvalidArgument") };

const fn row(place: Place, name: &'static str, on: On, meaning: Meaning, note: &'static str) -> Input {
    Input { place, name, on, meaning, note }
}

/// The first row that fits decides.
pub(super) static INPUTS: &[Input] = &[
    // About the request as such.
    row(Header, "x-amz-content-sha256", On::Every, Obeyed, "the body is held against it"),
    row(Header, "x-amz-date", On::Every, Obeyed, "`Date` counts where it is missing"),
    row(Header, "x-amz-security-token", On::Every, Never(Bad("InvalidToken")), "there are no temporary credentials"),
    row(Header, "x-amz-decoded-content-length", On::Every, Obeyed, ""),
    row(Header, "x-amz-trailer", On::Every, Obeyed, "one of the checksums below; otherwise 400 InvalidRequest"),
    row(Header, "x-amz-user-agent", On::Every, Harmless, "a name"),
    row(Header, "x-amz-te", On::Every, Harmless, "an offer that need not be taken"),
    row(Header, "x-amz-request-payer", On::Every, Harmless, "nobody pays"),
    row(Header, "x-amz-expected-bucket-owner", On::Every, OWNER, "an account has 12 digits"),
    row(Header, "x-amz-source-expected-bucket-owner", On::Every, OWNER, "an account has 12 digits"),
    row(Header, "x-amz-mfa", On::Writes, Harmless, "no bucket has MFA delete"),
    row(Header, "x-amz-bypass-governance-retention", On::Writes, Harmless, "no object is locked"),
    // Access control.
    row(Header, "x-amz-acl", On::Named(&["CreateBucket"]), ACL_OF_A_NEW_BUCKET, "buckets have BucketOwnerEnforced"),
    row(Header, "x-amz-acl", On::Writes, ACL, "buckets have BucketOwnerEnforced"),
    row(
        Header,
        "x-amz-grant-*",
        On::Named(&["CreateBucket"]),
        Never(Bad("InvalidBucketAclWithObjectOwnership")),
        "buckets have BucketOwnerEnforced",
    ),
    row(
        Header,
        "x-amz-grant-*",
        On::Writes,
        Never(Bad("AccessControlListNotSupported")),
        "buckets have BucketOwnerEnforced",
    ),
    row(
        Header,
        "x-amz-object-ownership",
        On::Named(&["CreateBucket"]),
        Among {
            values: &["BucketOwnerEnforced"],
            known: Values(&["BucketOwnerPreferred", "ObjectWriter"]),
            not_done: NotImplemented,
            otherwise: Bad("InvalidArgument"),
        },
        "",
    ),
    row(Header, "x-amz-bucket-object-lock-enabled", On::Named(&["CreateBucket"]), NO, ""),
    // What an object is.
    row(Header, "x-amz-meta-*", On::Named(MAKE), Obeyed, "2 KB at most"),
    row(
        Header,
        "x-amz-tagging",
        On::Named(&["PutObject", "CopyObject", "CreateMultipartUpload"]),
        Obeyed,
        "10 tags at most, of letters, digits, blanks and `+-=._:/@`; otherwise 400 InvalidTag or InvalidArgument",
    ),
    row(
        Header,
        "x-amz-website-redirect-location",
        On::Named(MAKE),
        Obeyed,
        "kept and given back; 400 InvalidRedirectLocation unless it begins with `/`, `http://` or `https://`",
    ),
    row(Header, "x-amz-storage-class", On::Named(MAKE), STORAGE_CLASS, ""),
    row(Header, "x-amz-server-side-encryption*", On::Every, Never(NotImplemented), "SSE-S3, SSE-KMS and SSE-C"),
    row(Header, "x-amz-copy-source-server-side-encryption*", On::Every, Never(NotImplemented), "SSE-C"),
    row(Header, "x-amz-object-lock-*", On::Writes, Never(NotImplemented), ""),
    row(Header, "x-amz-write-offset-bytes", On::Writes, Never(NotImplemented), "objects are not appended to"),
    row(Header, "content-range", On::Writes, Never(NotImplemented), "objects are not written in pieces"),
    // Checksums.
    row(
        Header,
        "x-amz-checksum-algorithm",
        On::Named(&["PostObject", "CopyObject", "CreateMultipartUpload"]),
        Obeyed,
        "",
    ),
    row(Header, "x-amz-checksum-type", On::Named(&["CreateMultipartUpload", "CompleteMultipartUpload"]), Obeyed, ""),
    row(Header, "x-amz-checksum-mode", On::Reads, Obeyed, "on GetObject and HeadObject"),
    row(Header, "x-amz-checksum-crc32", On::Writes, Obeyed, "of bodies and documents"),
    row(Header, "x-amz-checksum-crc32c", On::Writes, Obeyed, "of bodies and documents"),
    row(Header, "x-amz-checksum-crc64nvme", On::Writes, Obeyed, "of bodies and documents"),
    row(Header, "x-amz-checksum-sha1", On::Writes, Obeyed, "of bodies and documents"),
    row(Header, "x-amz-checksum-sha256", On::Writes, Obeyed, "of bodies and documents"),
    row(
        Header,
        "x-amz-sdk-checksum-algorithm",
        On::Writes,
        Obeyed,
        "400 InvalidRequest without the value, or with another algorithm's",
    ),
    row(Header, "x-amz-mp-object-size", On::Named(&["CompleteMultipartUpload"]), Obeyed, ""),
    row(Header, "content-md5", On::Writes, Obeyed, "of bodies and documents"),
    // Copies.
    row(Header, "x-amz-copy-source*", On::Named(COPY), Obeyed, "named as /bucket/key; range and conditions too"),
    row(Header, "x-amz-metadata-directive", On::Named(&["CopyObject"]), DIRECTIVE, "COPY or REPLACE"),
    row(Header, "x-amz-tagging-directive", On::Named(&["CopyObject"]), DIRECTIVE, "COPY or REPLACE"),
    // Conditions.
    row(
        Header,
        "if-match",
        On::Named(CONDITIONAL),
        Filled(Bad("InvalidArgument")),
        "judged and carried out as one step",
    ),
    row(
        Header,
        "if-none-match",
        On::Named(&["PutObject", "CopyObject", "CompleteMultipartUpload"]),
        OneOf { values: &["*"], otherwise: NotImplemented },
        "judged and carried out as one step",
    ),
    row(
        Header,
        "if-*",
        On::Named(&["GetObject", "HeadObject"]),
        Obeyed,
        "lists of ETags; HTTP's three forms of a date",
    ),
    row(Header, "if-match", On::Writes, Never(NotImplemented), ""),
    row(Header, "if-none-match", On::Writes, Never(NotImplemented), ""),
    row(Header, "if-modified-since", On::Writes, Never(NotImplemented), ""),
    row(Header, "if-unmodified-since", On::Writes, Never(NotImplemented), ""),
    row(
        Header,
        "range",
        On::Named(&["GetObject", "HeadObject"]),
        Obeyed,
        "one range; what cannot be read, or names several, is ignored",
    ),
    // Attributes and lists.
    row(Header, "x-amz-object-attributes", On::Reads, Obeyed, ""),
    row(Header, "x-amz-max-parts", On::Reads, Obeyed, ""),
    row(Header, "x-amz-part-number-marker", On::Reads, Obeyed, ""),
    row(Header, "x-amz-optional-object-attributes", On::Reads, Harmless, "no object is archived"),
    row(
        Header,
        "x-amz-transition-default-minimum-object-size",
        On::Named(&["PutBucketLifecycleConfiguration"]),
        Harmless,
        "nothing is moved to another class",
    ),
    // Parameters that turn one operation into another that is not there.
    row(
        Query,
        "versionId",
        On::Named(&[
            "PutObject",
            "CopyObject",
            "UploadPart",
            "UploadPartCopy",
            "CreateMultipartUpload",
            "CompleteMultipartUpload",
            "AbortMultipartUpload",
        ]),
        Never(Bad("InvalidArgument")),
        "this operation takes no version",
    ),
    row(
        Query,
        "partNumber",
        On::Named(&["PutObject", "CopyObject"]),
        Never(Bad("InvalidArgument")),
        "a part needs an uploadId as well",
    ),
    row(
        Query,
        "uploadId",
        On::Named(&["PutObject", "CopyObject"]),
        Never(Bad("InvalidArgument")),
        "a part needs a partNumber as well",
    ),
    row(Query, "append", On::Named(&["PutObject"]), Never(NotImplemented), "objects are not appended to"),
    row(Query, "renameObject", On::Named(&["PutObject"]), Never(NotImplemented), ""),
    row(Query, "encryption", On::Named(&["PutObject"]), Never(NotImplemented), ""),
    row(Query, "acl", On::Named(&["DeleteObject", "DeleteBucket"]), Never(MethodNotAllowed), ""),
    row(Query, "retention", On::Named(&["DeleteObject"]), Never(MethodNotAllowed), ""),
    row(Query, "legal-hold", On::Named(&["DeleteObject"]), Never(MethodNotAllowed), ""),
    row(Query, "attributes", On::Named(&["DeleteObject", "PutObject"]), Never(MethodNotAllowed), ""),
    row(Query, "uploads", On::Named(&["DeleteObject", "PutObject", "DeleteBucket"]), Never(MethodNotAllowed), ""),
    row(Query, "versions", On::Named(&["DeleteBucket"]), Never(MethodNotAllowed), ""),
    row(Query, "versioning", On::Named(&["DeleteBucket"]), Never(MethodNotAllowed), ""),
    row(Query, "location", On::Named(&["CreateBucket", "DeleteBucket"]), Never(MethodNotAllowed), ""),
    row(Query, "policyStatus", On::Named(&["CreateBucket", "DeleteBucket"]), Never(MethodNotAllowed), ""),
    // Parameters that are obeyed.
    row(Query, "versionId", On::Every, Obeyed, ""),
    row(Query, "partNumber", On::Named(&["GetObject", "HeadObject"]), PART_NUMBER, "206, like a range"),
    row(Query, "partNumber", On::Named(&["UploadPart", "UploadPartCopy"]), PART_NUMBER, ""),
    row(Query, "response-*", On::Named(&["GetObject", "HeadObject"]), Obeyed, "signed requests only"),
    row(Query, "encoding-type", On::Reads, Obeyed, "`url`"),
];

/// What AWS's operations are told apart by: parameters that ask for another operation than the one without them.
pub(super) static SUBRESOURCES: &[&str] = &[
    "abac",
    "accelerate",
    "acl",
    "analytics",
    "annotation",
    "annotations",
    "append",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metadata",
    "metadataAnnotationTable",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "metadataTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "partNumber",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "session",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versioning",
    "versions",
    "website",
];

/// The parameters by which an operation is the one that it is.
pub(super) fn own(operation: &str) -> &'static [&'static str] {
    match operation {
        "GetBucketLocation" => &["location"],
        "GetBucketVersioning" | "PutBucketVersioning" => &["versioning"],
        "GetBucketCors" | "PutBucketCors" | "DeleteBucketCors" => &["cors"],
        "GetBucketLifecycleConfiguration" | "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => {
            &["lifecycle"]
        }
        "GetBucketAcl" | "PutBucketAcl" | "GetObjectAcl" | "PutObjectAcl" => &["acl"],
        "GetBucketOwnershipControls" | "PutBucketOwnershipControls" => &["ownershipControls"],
        "GetPublicAccessBlock" | "PutPublicAccessBlock" => &["publicAccessBlock"],
        "GetBucketPolicy" => &["policy"],
        "GetBucketPolicyStatus" => &["policyStatus"],
        "GetBucketEncryption" => &["encryption"],
        "GetBucketReplication" => &["replication"],
        "GetBucketTagging" | "GetObjectTagging" | "PutObjectTagging" | "DeleteObjectTagging" => &["tagging"],
        "GetBucketWebsite" => &["website"],
        "GetObjectLockConfiguration" => &["object-lock"],
        "GetObjectLegalHold" => &["legal-hold"],
        "GetObjectRetention" => &["retention"],
        "GetObjectAttributes" => &["attributes"],
        "DeleteObjects" => &["delete"],
        "ListObjectVersions" => &["versions"],
        "ListMultipartUploads" | "CreateMultipartUpload" => &["uploads"],
        "ListParts" | "CompleteMultipartUpload" | "AbortMultipartUpload" => &["uploadId"],
        "UploadPart" | "UploadPartCopy" => &["partNumber", "uploadId"],
        _ => &[],
    }
}
