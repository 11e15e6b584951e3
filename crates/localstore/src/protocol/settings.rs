//! A bucket's settings: CORS, lifecycle, versioning.

use super::{Answer, Protocol, on_disk};
use crate::cors::{self, CorsRule};
use crate::disk::manifest::{BucketRecord, Versioning};
use crate::lifecycle;
use s3s::dto::{
    AbortIncompleteMultipartUpload, BucketVersioningStatus, CORSRule, DeleteBucketCorsInput, DeleteBucketCorsOutput,
    DeleteBucketLifecycleInput, DeleteBucketLifecycleOutput, ExpirationStatus, GetBucketCorsInput, GetBucketCorsOutput,
    GetBucketLifecycleConfigurationInput, GetBucketLifecycleConfigurationOutput, GetBucketVersioningInput,
    GetBucketVersioningOutput, LifecycleRule, LifecycleRuleFilter, MFADelete, PutBucketCorsInput, PutBucketCorsOutput,
    PutBucketLifecycleConfigurationInput, PutBucketLifecycleConfigurationOutput, PutBucketVersioningInput,
    PutBucketVersioningOutput, VersioningConfiguration,
};
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};

/// Rules one bucket may have, of either kind: S3's limits are 100 and 1000.
const MAX_CORS_RULES: usize = 100;
const MAX_LIFECYCLE_RULES: usize = 1_000;

async fn change(
    store: &Protocol,
    bucket: &str,
    change: impl FnOnce(&mut BucketRecord) + Send + 'static,
) -> S3Result<()> {
    let bucket = store.bucket(bucket)?;
    on_disk(move || bucket.change(change)).await
}

pub(super) fn cors(store: &Protocol, input: &GetBucketCorsInput) -> Answer<GetBucketCorsOutput> {
    let record = store.bucket(&input.bucket)?.record();
    if record.cors.is_empty() {
        return Err(S3Error::with_message(
            S3ErrorCode::NoSuchCORSConfiguration,
            "The CORS configuration does not exist",
        ));
    }
    let rules = record.cors.iter().map(|rule| CORSRule {
        allowed_headers: (!rule.allowed_headers.is_empty()).then(|| rule.allowed_headers.clone()),
        allowed_methods: rule.allowed_methods.clone(),
        allowed_origins: rule.allowed_origins.clone(),
        expose_headers: (!rule.expose_headers.is_empty()).then(|| rule.expose_headers.clone()),
        id: rule.id.clone(),
        max_age_seconds: rule.max_age_seconds.and_then(|seconds| i32::try_from(seconds).ok()),
    });
    Ok(S3Response::new(GetBucketCorsOutput { cors_rules: Some(rules.collect()) }))
}

pub(super) async fn put_cors(store: &Protocol, input: PutBucketCorsInput) -> Answer<PutBucketCorsOutput> {
    let rules = input.cors_configuration.cors_rules;
    if rules.iter().any(|rule| rule.max_age_seconds.is_some_and(i32::is_negative)) {
        return Err(S3Error::with_message(S3ErrorCode::MalformedXML, "MaxAgeSeconds is not negative."));
    }
    let rules: Vec<CorsRule> = rules
        .into_iter()
        .map(|rule| CorsRule {
            id: rule.id,
            allowed_origins: rule.allowed_origins,
            allowed_methods: rule.allowed_methods,
            allowed_headers: rule.allowed_headers.unwrap_or_default(),
            expose_headers: rule.expose_headers.unwrap_or_default(),
            max_age_seconds: rule.max_age_seconds.and_then(|seconds| u32::try_from(seconds).ok()),
        })
        .collect();
    if rules.is_empty() || rules.len() > MAX_CORS_RULES {
        return Err(S3Error::with_message(S3ErrorCode::MalformedXML, "A CORS configuration has 1 to 100 rules."));
    }
    if let Some(objection) = rules.iter().find_map(cors::objection) {
        return Err(S3Error::with_message(S3ErrorCode::InvalidRequest, objection));
    }
    change(store, &input.bucket, |record| record.cors = rules).await?;
    Ok(S3Response::new(PutBucketCorsOutput::default()))
}

pub(super) async fn delete_cors(store: &Protocol, input: DeleteBucketCorsInput) -> Answer<DeleteBucketCorsOutput> {
    change(store, &input.bucket, |record| record.cors.clear()).await?;
    Ok(S3Response::new(DeleteBucketCorsOutput::default()))
}

pub(super) fn lifecycle(
    store: &Protocol,
    input: &GetBucketLifecycleConfigurationInput,
) -> Answer<GetBucketLifecycleConfigurationOutput> {
    let record = store.bucket(&input.bucket)?.record();
    if record.lifecycle.is_empty() {
        return Err(S3Error::with_message(
            S3ErrorCode::NoSuchLifecycleConfiguration,
            "The lifecycle configuration does not exist",
        ));
    }
    Ok(S3Response::new(GetBucketLifecycleConfigurationOutput {
        rules: Some(record.lifecycle.iter().map(wire_rule).collect()),
        ..GetBucketLifecycleConfigurationOutput::default()
    }))
}

fn wire_rule(rule: &lifecycle::LifecycleRule) -> LifecycleRule {
    let status = if rule.enabled { ExpirationStatus::ENABLED } else { ExpirationStatus::DISABLED };
    LifecycleRule {
        abort_incomplete_multipart_upload: Some(AbortIncompleteMultipartUpload {
            days_after_initiation: i32::try_from(rule.abort_after_days).ok(),
        }),
        expiration: None,
        filter: rule
            .filtered
            .then(|| LifecycleRuleFilter { prefix: Some(rule.prefix.clone()), ..LifecycleRuleFilter::default() }),
        id: rule.id.clone(),
        noncurrent_version_expiration: None,
        noncurrent_version_transitions: None,
        prefix: (!rule.filtered).then(|| rule.prefix.clone()),
        status: ExpirationStatus::from_static(status),
        transitions: None,
    }
}

pub(super) async fn put_lifecycle(
    store: &Protocol,
    input: PutBucketLifecycleConfigurationInput,
) -> Answer<PutBucketLifecycleConfigurationOutput> {
    let rules = input.lifecycle_configuration.map(|configuration| configuration.rules).unwrap_or_default();
    if rules.is_empty() || rules.len() > MAX_LIFECYCLE_RULES {
        return Err(S3Error::with_message(S3ErrorCode::MalformedXML, "A lifecycle configuration has 1 to 1000 rules."));
    }
    let rules = rules.into_iter().map(our_rule).collect::<S3Result<Vec<_>>>()?;
    change(store, &input.bucket, |record| record.lifecycle = rules).await?;
    Ok(S3Response::new(PutBucketLifecycleConfigurationOutput::default()))
}

fn our_rule(rule: LifecycleRule) -> S3Result<lifecycle::LifecycleRule> {
    let filter = rule.filter.as_ref();
    let narrow = filter.is_some_and(|f| {
        f.and.is_some() || f.tag.is_some() || f.object_size_greater_than.is_some() || f.object_size_less_than.is_some()
    });
    let other = rule.expiration.is_some()
        || rule.noncurrent_version_expiration.is_some()
        || rule.noncurrent_version_transitions.as_ref().is_some_and(|list| !list.is_empty())
        || rule.transitions.as_ref().is_some_and(|list| !list.is_empty());
    if narrow || other {
        return Err(S3Error::with_message(
            S3ErrorCode::NotImplemented,
            "This store carries out AbortIncompleteMultipartUpload, by prefix, and no other lifecycle action or filter.",
        ));
    }
    let days = rule.abort_incomplete_multipart_upload.and_then(|abort| abort.days_after_initiation);
    let days = days.and_then(|days| u32::try_from(days).ok()).filter(|days| *days > 0).ok_or_else(|| {
        S3Error::with_message(
            S3ErrorCode::InvalidArgument,
            "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer",
        )
    })?;
    let enabled = match rule.status.as_str() {
        ExpirationStatus::ENABLED => true,
        ExpirationStatus::DISABLED => false,
        _ => return Err(S3Error::with_message(S3ErrorCode::MalformedXML, "A rule's Status is Enabled or Disabled.")),
    };
    Ok(lifecycle::LifecycleRule {
        id: rule.id,
        enabled,
        filtered: filter.is_some(),
        prefix: filter.and_then(|f| f.prefix.clone()).or(rule.prefix).unwrap_or_default(),
        abort_after_days: days,
    })
}

pub(super) async fn delete_lifecycle(
    store: &Protocol,
    input: DeleteBucketLifecycleInput,
) -> Answer<DeleteBucketLifecycleOutput> {
    change(store, &input.bucket, |record| record.lifecycle.clear()).await?;
    Ok(S3Response::new(DeleteBucketLifecycleOutput::default()))
}

pub(super) fn versioning(store: &Protocol, input: &GetBucketVersioningInput) -> Answer<GetBucketVersioningOutput> {
    let status = match store.bucket(&input.bucket)?.record().versioning {
        Versioning::Never => None,
        Versioning::Enabled => Some(BucketVersioningStatus::from_static(BucketVersioningStatus::ENABLED)),
        Versioning::Suspended => Some(BucketVersioningStatus::from_static(BucketVersioningStatus::SUSPENDED)),
    };
    Ok(S3Response::new(GetBucketVersioningOutput { status, ..GetBucketVersioningOutput::default() }))
}

pub(super) async fn put_versioning(
    store: &Protocol,
    input: PutBucketVersioningInput,
) -> Answer<PutBucketVersioningOutput> {
    let VersioningConfiguration { status, mfa_delete } = input.versioning_configuration;
    if mfa_delete.is_some_and(|wish| wish.as_str() != MFADelete::DISABLED) {
        return Err(S3Error::with_message(S3ErrorCode::NotImplemented, "This store does not implement MFA delete."));
    }
    let next = match status.as_ref().map(BucketVersioningStatus::as_str) {
        Some(BucketVersioningStatus::ENABLED) => Versioning::Enabled,
        Some(BucketVersioningStatus::SUSPENDED) => Versioning::Suspended,
        Some(_) | None => {
            return Err(S3Error::with_message(
                S3ErrorCode::IllegalVersioningConfigurationException,
                "The Versioning element must be specified as Enabled or Suspended",
            ));
        }
    };
    change(store, &input.bucket, move |record| record.versioning = next).await?;
    Ok(S3Response::new(PutBucketVersioningOutput::default()))
}
