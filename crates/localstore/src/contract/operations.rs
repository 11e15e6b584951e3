//! The table of operations. What stands in no row is answered as [`Treatment::NotImplemented`] is.

use super::Effect::{Read, Write};
use super::Treatment::{Done, NeverSet};
use super::{Effect, Operation, Treatment};

const fn done(name: &'static str, effect: Effect, note: &'static str) -> Operation {
    Operation { name, effect, treatment: Done, note }
}

const fn never_set(name: &'static str, code: &'static str) -> Operation {
    Operation { name, effect: Read, treatment: NeverSet { code, status: 404 }, note: "" }
}

const fn refused(name: &'static str, effect: Effect, note: &'static str) -> Operation {
    Operation { name, effect, treatment: Treatment::NotImplemented, note }
}

const AS_ENFORCED: &str = "buckets have BucketOwnerEnforced";

pub(super) static OPERATIONS: &[Operation] = &[
    // Buckets.
    done("ListBuckets", Read, ""),
    done("CreateBucket", Write, "in the store's region only"),
    done("HeadBucket", Read, ""),
    done("DeleteBucket", Write, "of a bucket without objects and versions; open uploads are aborted"),
    done("GetBucketLocation", Read, ""),
    done("GetBucketVersioning", Read, ""),
    done("PutBucketVersioning", Write, "MFA delete is refused with 501"),
    done("GetBucketCors", Read, ""),
    done("PutBucketCors", Write, ""),
    done("DeleteBucketCors", Write, ""),
    done("GetBucketLifecycleConfiguration", Read, ""),
    done(
        "PutBucketLifecycleConfiguration",
        Write,
        "AbortIncompleteMultipartUpload by prefix; other actions are refused with 501",
    ),
    done("DeleteBucketLifecycle", Write, ""),
    done("GetBucketAcl", Read, "the owner's FULL_CONTROL"),
    done("PutBucketAcl", Write, AS_ENFORCED),
    done("GetBucketOwnershipControls", Read, "BucketOwnerEnforced"),
    done("PutBucketOwnershipControls", Write, "BucketOwnerEnforced; others are refused with 501"),
    done("GetPublicAccessBlock", Read, "what holds for the bucket"),
    done("PutPublicAccessBlock", Write, "what holds already; anything else is refused with 501"),
    done("GetBucketPolicy", Read, "of a public bucket: that anybody may read its objects"),
    done("GetBucketPolicyStatus", Read, ""),
    never_set("GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError"),
    never_set("GetBucketReplication", "ReplicationConfigurationNotFoundError"),
    never_set("GetBucketTagging", "NoSuchTagSet"),
    never_set("GetBucketWebsite", "NoSuchWebsiteConfiguration"),
    never_set("GetObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"),
    // Objects.
    done("PutObject", Write, "up to 5 GiB"),
    done("PostObject", Write, "an HTML form; fields count as the headers of their names, `acl` as `x-amz-acl`"),
    done("GetObject", Read, ""),
    done("HeadObject", Read, ""),
    done("GetObjectAttributes", Read, ""),
    done("DeleteObject", Write, ""),
    done("DeleteObjects", Write, ""),
    done("CopyObject", Write, "up to 5 GiB"),
    done("ListObjects", Read, ""),
    done("ListObjectsV2", Read, ""),
    done("ListObjectVersions", Read, ""),
    done("GetObjectTagging", Read, ""),
    done("PutObjectTagging", Write, ""),
    done("DeleteObjectTagging", Write, ""),
    done("GetObjectAcl", Read, "the owner's FULL_CONTROL"),
    done("PutObjectAcl", Write, AS_ENFORCED),
    never_set("GetObjectLegalHold", "NoSuchObjectLockConfiguration"),
    never_set("GetObjectRetention", "NoSuchObjectLockConfiguration"),
    // Uploads in parts.
    done("CreateMultipartUpload", Write, ""),
    done("UploadPart", Write, ""),
    done("UploadPartCopy", Write, ""),
    done("ListParts", Read, ""),
    done("ListMultipartUploads", Read, ""),
    done("CompleteMultipartUpload", Write, "repeated within a day, it gives the same answer"),
    done("AbortMultipartUpload", Write, ""),
    // What a reader may look for.
    refused("PutBucketPolicy", Write, "public buckets are named in the server's configuration"),
    refused("DeleteBucketPolicy", Write, "as above"),
    refused("DeletePublicAccessBlock", Write, "as above"),
    refused("DeleteBucketOwnershipControls", Write, ""),
    refused("PutBucketEncryption", Write, "encrypt the disk"),
    refused("PutBucketTagging", Write, ""),
    refused("PutBucketReplication", Write, ""),
    refused("PutBucketWebsite", Write, ""),
    refused("PutBucketNotificationConfiguration", Write, ""),
    refused("GetBucketNotificationConfiguration", Read, ""),
    refused("PutBucketLogging", Write, ""),
    refused("GetBucketLogging", Read, ""),
    refused("PutObjectLockConfiguration", Write, ""),
    refused("PutObjectRetention", Write, ""),
    refused("PutObjectLegalHold", Write, ""),
    refused("RestoreObject", Write, ""),
    refused("SelectObjectContent", Read, ""),
    refused("GetObjectTorrent", Read, ""),
];
