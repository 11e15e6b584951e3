//! What is set at the buckets: lifecycle, versions, public access.

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketVersioningStatus, ExpirationStatus, LifecycleRule, LifecycleRuleFilter,
    PublicAccessBlockConfiguration,
};
use domain::Visibility;
use serde_json::{Value, json};

use super::finding::Finding;
use super::fix::Fix;
use super::patient::{Forgotten, Patient};
use super::refusal::Refusal;
use super::spared_days;

/// Names our rule among others.
pub(super) const RULE_ID: &str = "landfall-forgotten-uploads";

/// The rule that ends what Landfall itself has forgotten.
pub(super) fn wanted(patient: &Patient) -> LifecycleRule {
    let days = spared_days(patient.terms.max_age);
    let abort = AbortIncompleteMultipartUpload::builder().days_after_initiation(days).build();
    let filter = LifecycleRuleFilter::builder().prefix(patient.prefix()).build();
    let rule = LifecycleRule::builder().id(RULE_ID).status(ExpirationStatus::Enabled).filter(filter);
    rule.abort_incomplete_multipart_upload(abort).build().expect("a status is set")
}

/// The rules a bucket has.
pub(super) async fn current(patient: &Patient, bucket: &str) -> Result<Vec<LifecycleRule>, Refusal> {
    match patient.client().get_bucket_lifecycle_configuration().bucket(bucket).send().await {
        Ok(answer) => Ok(answer.rules.unwrap_or_default()),
        Err(error) => match Refusal::of(&error) {
            refusal if refusal.has_code("NoSuchLifecycleConfiguration") => Ok(Vec::new()),
            refusal => Err(refusal),
        },
    }
}

/// Whether a rule of ours is as it should be.
pub(super) fn is_enough(patient: &Patient, rule: &LifecycleRule) -> bool {
    is_active(rule)
        && covers(rule, patient.prefix(), Coverage::All)
        && days(rule).is_some_and(|days| days >= spared_days(patient.terms.max_age))
}

/// The bucket's rules with ours among them: those of others stay as they are.
pub(super) fn merged(current: Vec<LifecycleRule>, ours: LifecycleRule) -> Vec<LifecycleRule> {
    let others = current.into_iter().filter(|rule| rule.id() != ours.id());
    others.chain([ours.clone()]).collect()
}

/// What is set about public access; `None` where nothing was ever set.
pub(super) async fn access_block(
    patient: &Patient,
    bucket: &str,
) -> Result<Option<PublicAccessBlockConfiguration>, Refusal> {
    match patient.client().get_public_access_block().bucket(bucket).send().await {
        Ok(answer) => Ok(answer.public_access_block_configuration),
        Err(error) => match Refusal::of(&error) {
            refusal if refusal.has_code("NoSuchPublicAccessBlockConfiguration") => Ok(None),
            refusal => {
                let body = error.raw_response().and_then(|response| response.body().bytes());
                let read = body.and_then(|body| misnamed_block(&String::from_utf8_lossy(body)));
                read.map(Some).ok_or(refusal)
            }
        },
    }
}

/// What Ceph 16 answers: the right elements in one of a name that the SDK does not take.
fn misnamed_block(body: &str) -> Option<PublicAccessBlockConfiguration> {
    let (_, inner) = body.split_once("<BlockPublicAccessBlockConfiguration>")?;
    let set = |name: &str| inner.contains(&format!("<{name}>true</{name}>"));
    let block = PublicAccessBlockConfiguration::builder()
        .block_public_acls(set("BlockPublicAcls"))
        .ignore_public_acls(set("IgnorePublicAcls"))
        .block_public_policy(set("BlockPublicPolicy"))
        .restrict_public_buckets(set("RestrictPublicBuckets"));
    Some(block.build())
}

#[derive(Clone, Copy)]
enum Coverage {
    /// Everything under the prefix.
    All,
    /// Anything under it.
    Some,
}

fn is_active(rule: &LifecycleRule) -> bool {
    *rule.status() == ExpirationStatus::Enabled
}

fn days(rule: &LifecycleRule) -> Option<i32> {
    rule.abort_incomplete_multipart_upload()?.days_after_initiation()
}

fn covers(rule: &LifecycleRule, prefix: &str, coverage: Coverage) -> bool {
    let filter = rule.filter();
    // Tags and sizes: uploads have neither, objects may.
    let narrow = filter.is_some_and(|filter| {
        filter.and().is_some()
            || filter.tag().is_some()
            || filter.object_size_greater_than().is_some()
            || filter.object_size_less_than().is_some()
    });
    #[expect(deprecated, reason = "stores still answer with it")]
    let old = rule.prefix();
    let of_rule = filter
        .and_then(|filter| filter.prefix().or_else(|| filter.and().and_then(|both| both.prefix())))
        .or(old)
        .unwrap_or_default();
    match coverage {
        Coverage::All => !narrow && prefix.starts_with(of_rule),
        Coverage::Some => prefix.starts_with(of_rule) || of_rule.starts_with(prefix),
    }
}

pub(super) async fn examine(patient: &Patient, findings: &mut Vec<Finding>) {
    for visibility in super::BUCKETS {
        let bucket = patient.bucket(visibility);
        for finding in lifecycle(patient, bucket).await {
            findings.push(finding.about(bucket));
        }
        findings.push(versions(patient, bucket).await.about(bucket));
    }
    let bucket = patient.bucket(Visibility::Private);
    if let Some(finding) = private_access(patient, bucket).await {
        findings.push(finding.about(bucket));
    }
}

async fn lifecycle(patient: &Patient, bucket: &str) -> Vec<Finding> {
    const ID: &str = "lifecycle.uploads";
    const WHY: &str = "A backstop for uploads that nobody remembers; one that is too early ends uploads under us.";
    const OBJECTS: &str = "lifecycle.objects";
    const OBJECTS_WHY: &str = "A published file that the bucket deletes by itself is lost.";
    let rules = match current(patient, bucket).await {
        Ok(rules) => rules,
        Err(refusal) => {
            let fix = patient.fixes.permission(bucket, "s3:GetLifecycleConfiguration", patient.prefix());
            return vec![Finding::warning(ID, format!("the rules cannot be read: {refusal}"), WHY, fix)];
        }
    };
    let least = spared_days(patient.terms.max_age);
    let active: Vec<&LifecycleRule> = rules.iter().filter(|rule| is_active(rule)).collect();
    let ends =
        active.iter().filter(|rule| covers(rule, patient.prefix(), Coverage::Some)).filter_map(|rule| days(rule)).min();
    let everywhere = active.iter().any(|rule| covers(rule, patient.prefix(), Coverage::All) && days(rule).is_some());
    let fix = || {
        let fix = patient.fixes.lifecycle(bucket, &spelled(&wanted(patient)));
        match others(&rules).next() {
            None => fix,
            // The command replaces all rules, and would have to spell those of others too.
            Some(_) => Fix { cli: Vec::new(), ..fix },
        }
    };
    let mut findings = vec![match ends {
        Some(days) if days < least => {
            let seen = format!("unfinished uploads are aborted after {days} days; ours may take up to {least}");
            Finding::fail(ID, seen, WHY, fix())
        }
        Some(days) if everywhere => Finding::ok(ID, format!("unfinished uploads are aborted after {days} days"), WHY),
        None if patient.terms.forgotten == Forgotten::Reconcile => {
            Finding::ok(ID, "no rule is needed: nobody else has the embedded store's key, and reconcile ends them", WHY)
        }
        Some(_) | None => Finding::warning(ID, "no rule aborts forgotten uploads", WHY, fix()),
    }];
    let deleting =
        active.iter().find(|rule| rule.expiration().is_some() && covers(rule, patient.prefix(), Coverage::Some));
    if let Some(rule) = deleting {
        let advice = format!(
            "take the expiration out of rule {:?}, or give Landfall a prefix of its own",
            rule.id().unwrap_or_default()
        );
        findings.push(Finding::fail(OBJECTS, "a rule deletes objects by their age", OBJECTS_WHY, Fix::advice(advice)));
    } else {
        findings.push(Finding::ok(OBJECTS, "no rule deletes objects", OBJECTS_WHY));
    }
    findings
}

/// A rule of ours as `aws s3api` spells it.
pub(super) fn spelled(rule: &LifecycleRule) -> Value {
    let prefix = rule.filter().and_then(|filter| filter.prefix()).unwrap_or_default();
    json!({
        "ID": rule.id(),
        "Status": rule.status().as_str(),
        "Filter": { "Prefix": prefix },
        "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": days(rule) },
    })
}

/// Rules that are not ours.
fn others(rules: &[LifecycleRule]) -> impl Iterator<Item = &LifecycleRule> {
    rules.iter().filter(|rule| rule.id() != Some(RULE_ID))
}

/// The rule of somebody else that aborts uploads before they may end.
pub(super) fn too_early<'r>(patient: &Patient, rules: &'r [LifecycleRule]) -> Option<&'r LifecycleRule> {
    others(rules).find(|rule| {
        is_active(rule)
            && covers(rule, patient.prefix(), Coverage::Some)
            && days(rule).is_some_and(|days| days < spared_days(patient.terms.max_age))
    })
}

async fn versions(patient: &Patient, bucket: &str) -> Finding {
    const ID: &str = "versions";
    const WHY: &str = "A bucket that keeps versions keeps what was deleted until all its versions go, and costs more.";
    match patient.client().get_bucket_versioning().bucket(bucket).send().await {
        Ok(answer) => match answer.status() {
            Some(BucketVersioningStatus::Enabled) => {
                Finding::ok(ID, "the bucket keeps versions; Landfall deletes all versions of what it deletes", WHY)
            }
            Some(_) => Finding::ok(ID, "the bucket has kept versions; Landfall deletes those too", WHY),
            None => Finding::ok(ID, "the bucket never kept versions", WHY),
        },
        Err(error) => match Refusal::of(&error) {
            refusal if refusal.is_unknown_call() => Finding::ok(ID, "the store knows no versions", WHY),
            refusal => {
                let fix = patient.fixes.permission(bucket, "s3:GetBucketVersioning", patient.prefix());
                Finding::warning(ID, format!("it cannot be read: {refusal}"), WHY, fix)
            }
        },
    }
}

/// `None` where the store has no such setting: then what anybody can do (`public.*`) says it all.
async fn private_access(patient: &Patient, bucket: &str) -> Option<Finding> {
    const ID: &str = "public.block";
    const WHY: &str = "It keeps the private bucket closed also against a policy that somebody adds by mistake.";
    match access_block(patient, bucket).await {
        Ok(block) => {
            let set =
                |flag: fn(&PublicAccessBlockConfiguration) -> Option<bool>| block.as_ref().and_then(flag) == Some(true);
            let closed = set(|block| block.ignore_public_acls)
                && set(|block| block.block_public_policy)
                && set(|block| block.restrict_public_buckets);
            Some(if closed {
                Finding::ok(ID, "public access is blocked", WHY)
            } else {
                Finding::warning(ID, "public access is not blocked", WHY, patient.fixes.block_public_access(bucket))
            })
        }
        Err(refusal) if refusal.is_unknown_call() => None,
        Err(refusal) => {
            let fix = patient.fixes.permission(bucket, "s3:GetBucketPublicAccessBlock", patient.prefix());
            Some(Finding::warning(ID, format!("it cannot be read: {refusal}"), WHY, fix))
        }
    }
}
