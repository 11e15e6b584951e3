//! Who owns what and who may read it, as a bucket with BucketOwnerEnforced tells it.
//!
//! There are no ACLs to change: everything belongs to the one owner. Which buckets the public may read is the server's
//! configuration, so the calls that would change it agree with what holds already, and are refused otherwise.

use super::{Answer, Protocol, on_disk, translate};
use s3s::dto::{
    AccessControlPolicy, GetBucketAclInput, GetBucketAclOutput, GetBucketOwnershipControlsInput,
    GetBucketOwnershipControlsOutput, GetBucketPolicyInput, GetBucketPolicyOutput, GetBucketPolicyStatusInput,
    GetBucketPolicyStatusOutput, GetObjectAclInput, GetObjectAclOutput, GetPublicAccessBlockInput,
    GetPublicAccessBlockOutput, Grant, Grantee, ObjectOwnership, OwnershipControls, OwnershipControlsRule, Permission,
    PolicyStatus, PublicAccessBlockConfiguration, PutBucketAclInput, PutBucketAclOutput,
    PutBucketOwnershipControlsInput, PutBucketOwnershipControlsOutput, PutObjectAclInput, PutObjectAclOutput,
    PutPublicAccessBlockInput, PutPublicAccessBlockOutput, Type,
};
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};

fn grants() -> Vec<Grant> {
    let owner = translate::owner();
    let grantee = Grantee {
        display_name: owner.display_name,
        email_address: None,
        id: owner.id,
        type_: Type::from_static(Type::CANONICAL_USER),
        uri: None,
    };
    vec![Grant { grantee: Some(grantee), permission: Some(Permission::from_static(Permission::FULL_CONTROL)) }]
}

/// An ACL that says what holds anyway: canned, which was checked with the headers, or as a document.
fn check_policy(is_canned: bool, policy: Option<&AccessControlPolicy>) -> S3Result<()> {
    let policy = match (is_canned, policy) {
        (true, None) => return Ok(()),
        (true, Some(_)) => {
            return Err(S3Error::with_message(S3ErrorCode::UnexpectedContent, "This request does not support content"));
        }
        (false, None) => {
            return Err(S3Error::with_message(
                S3ErrorCode::MissingSecurityHeader,
                "Your request was missing a required header",
            ));
        }
        (false, Some(policy)) => policy,
    };
    let owner = translate::owner().id;
    let is_ours = |grant: &Grant| {
        grant.permission.as_ref().is_some_and(|permission| permission.as_str() == Permission::FULL_CONTROL)
            && grant.grantee.as_ref().is_some_and(|grantee| grantee.id == owner)
    };
    match policy.grants.as_deref() {
        Some([only]) if is_ours(only) => Ok(()),
        _ => Err(S3Error::with_message(S3ErrorCode::AccessControlListNotSupported, "The bucket does not allow ACLs")),
    }
}

pub(super) fn bucket_acl(store: &Protocol, input: &GetBucketAclInput) -> Answer<GetBucketAclOutput> {
    store.bucket(&input.bucket)?;
    Ok(S3Response::new(GetBucketAclOutput { grants: Some(grants()), owner: Some(translate::owner()) }))
}

pub(super) fn put_bucket_acl(store: &Protocol, input: &PutBucketAclInput) -> Answer<PutBucketAclOutput> {
    store.bucket(&input.bucket)?;
    check_policy(input.acl.is_some(), input.access_control_policy.as_ref())?;
    Ok(S3Response::new(PutBucketAclOutput::default()))
}

pub(super) async fn object_acl(store: &Protocol, input: GetObjectAclInput) -> Answer<GetObjectAclOutput> {
    find(store, &input.bucket, input.key, input.version_id.as_deref()).await?;
    let owner = Some(translate::owner());
    Ok(S3Response::new(GetObjectAclOutput { grants: Some(grants()), owner, ..GetObjectAclOutput::default() }))
}

pub(super) async fn put_object_acl(store: &Protocol, input: PutObjectAclInput) -> Answer<PutObjectAclOutput> {
    check_policy(input.acl.is_some(), input.access_control_policy.as_ref())?;
    find(store, &input.bucket, input.key, input.version_id.as_deref()).await?;
    Ok(S3Response::new(PutObjectAclOutput::default()))
}

async fn find(store: &Protocol, bucket: &str, key: String, version: Option<&str>) -> S3Result<()> {
    let bucket = store.bucket(bucket)?;
    let version = translate::version(version)?;
    on_disk(move || bucket.open(&key, version).map(drop)).await
}

pub(super) fn ownership(
    store: &Protocol,
    input: &GetBucketOwnershipControlsInput,
) -> Answer<GetBucketOwnershipControlsOutput> {
    store.bucket(&input.bucket)?;
    let object_ownership = ObjectOwnership::from_static(ObjectOwnership::BUCKET_OWNER_ENFORCED);
    let ownership_controls = Some(OwnershipControls { rules: vec![OwnershipControlsRule { object_ownership }] });
    Ok(S3Response::new(GetBucketOwnershipControlsOutput { ownership_controls }))
}

pub(super) fn put_ownership(
    store: &Protocol,
    input: &PutBucketOwnershipControlsInput,
) -> Answer<PutBucketOwnershipControlsOutput> {
    store.bucket(&input.bucket)?;
    match input.ownership_controls.rules.as_slice() {
        [only] if only.object_ownership.as_str() == ObjectOwnership::BUCKET_OWNER_ENFORCED => {
            Ok(S3Response::new(PutBucketOwnershipControlsOutput::default()))
        }
        [_] => Err(not_implemented("object ownership other than BucketOwnerEnforced")),
        _ => Err(S3ErrorCode::MalformedXML.into()),
    }
}

/// What holds: nobody can grant anything, and the public reads only what the configuration lets it.
fn access_block(store: &Protocol, bucket: &str) -> PublicAccessBlockConfiguration {
    let is_closed = !store.public_buckets.contains(bucket);
    PublicAccessBlockConfiguration {
        block_public_acls: Some(true),
        block_public_policy: Some(is_closed),
        ignore_public_acls: Some(true),
        restrict_public_buckets: Some(is_closed),
    }
}

pub(super) fn public_access_block(
    store: &Protocol,
    input: &GetPublicAccessBlockInput,
) -> Answer<GetPublicAccessBlockOutput> {
    store.bucket(&input.bucket)?;
    let public_access_block_configuration = Some(access_block(store, &input.bucket));
    Ok(S3Response::new(GetPublicAccessBlockOutput { public_access_block_configuration }))
}

pub(super) fn put_public_access_block(
    store: &Protocol,
    input: &PutPublicAccessBlockInput,
) -> Answer<PutPublicAccessBlockOutput> {
    store.bucket(&input.bucket)?;
    let (held, wanted) = (access_block(store, &input.bucket), &input.public_access_block_configuration);
    let settings = |c: &PublicAccessBlockConfiguration| {
        let all = [c.block_public_acls, c.block_public_policy, c.ignore_public_acls, c.restrict_public_buckets];
        all.map(|setting| setting.unwrap_or(false))
    };
    if settings(&held) != settings(wanted) {
        return Err(not_implemented("a public access block other than the one that holds"));
    }
    Ok(S3Response::new(PutPublicAccessBlockOutput::default()))
}

pub(super) fn policy(store: &Protocol, input: &GetBucketPolicyInput) -> Answer<GetBucketPolicyOutput> {
    store.bucket(&input.bucket)?;
    if !store.public_buckets.contains(&input.bucket) {
        return Err(S3Error::with_message(S3ErrorCode::NoSuchBucketPolicy, "The bucket policy does not exist"));
    }
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "PublicRead", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::{}/*", input.bucket),
        }],
    });
    Ok(S3Response::new(GetBucketPolicyOutput { policy: Some(policy.to_string()) }))
}

pub(super) fn policy_status(
    store: &Protocol,
    input: &GetBucketPolicyStatusInput,
) -> Answer<GetBucketPolicyStatusOutput> {
    store.bucket(&input.bucket)?;
    let is_public = Some(store.public_buckets.contains(&input.bucket));
    Ok(S3Response::new(GetBucketPolicyStatusOutput { policy_status: Some(PolicyStatus { is_public }) }))
}

fn not_implemented(what: &str) -> S3Error {
    S3Error::with_message(
        S3ErrorCode::NotImplemented,
        format!("This store does not implement {what}; the server's configuration names the public buckets."),
    )
}
