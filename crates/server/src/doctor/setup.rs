//! Sets at the buckets what doctor asks for: CORS, the end of forgotten uploads, who may read.
//!
//! *Invariant*: what others have set stays: our rules have names of their own, and only those are replaced. A change
//! after which the store would no longer take parts is taken back.

use aws_sdk_s3::types::{BucketLifecycleConfiguration, CorsConfiguration, PublicAccessBlockConfiguration};
use domain::Visibility;
use serde::Serialize;
use serde_json::{Value, json};

use super::patient::Patient;
use super::refusal::Refusal;
use super::{cors, settings};

/// Names our statement in a bucket's policy.
const STATEMENT: &str = "LandfallPublicRead";

/// Whether anything is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Only say what would be done.
    DryRun,
    /// Do it.
    Apply,
}

/// What came of one setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was as it should be.
    Unchanged,
    /// It would be done.
    Planned,
    /// It is done.
    Done,
    /// The store has no such setting.
    Unknown,
    /// The store refused.
    Refused,
}

/// One setting of one bucket.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// The bucket.
    pub bucket: String,
    /// Which setting: `cors`, `lifecycle`, `public_access_block`, `policy`.
    pub setting: &'static str,
    /// What came of it.
    pub outcome: Outcome,
    /// In words.
    pub detail: String,
}

/// The bucket's policy with the statement that everybody may read objects under our prefix.
pub(super) fn read_policy(current: Option<&str>, bucket: &str, prefix: &str) -> Value {
    let ours = json!({
        "Sid": STATEMENT,
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{bucket}/{prefix}*"),
    });
    let mut policy = current.and_then(|text| serde_json::from_str::<Value>(text).ok()).filter(Value::is_object);
    let whole = policy.get_or_insert_with(|| json!({ "Version": "2012-10-17" }));
    let others = match whole["Statement"].take() {
        Value::Array(statements) => statements,
        Value::Null => Vec::new(),
        one => vec![one],
    };
    let others = others.into_iter().filter(|statement| statement["Sid"] != STATEMENT);
    whole["Statement"] = Value::Array(others.chain([ours]).collect());
    whole.take()
}

/// Sets, or says what it would set, at both buckets.
pub async fn set_up(patient: &Patient, mode: Mode) -> Vec<Change> {
    let mut changes = Vec::new();
    for visibility in super::BUCKETS {
        let bucket = patient.bucket(visibility);
        changes.push(change(bucket, "cors", set_cors(patient, bucket, mode).await));
        changes.push(change(bucket, "lifecycle", set_lifecycle(patient, bucket, mode).await));
        match visibility {
            Visibility::Private => {
                changes.push(change(bucket, "public_access_block", close(patient, bucket, mode).await));
            }
            Visibility::Public => changes.push(change(bucket, "policy", open(patient, bucket, mode).await)),
        }
    }
    // What it looked with; also a dry run looks.
    patient.sweep(&mut Vec::new()).await;
    changes
}

type Done = Result<(Outcome, String), Refusal>;

fn change(bucket: &str, setting: &'static str, done: Done) -> Change {
    let (outcome, detail) = match done {
        Ok(done) => done,
        Err(refusal) if refusal.is_unknown_call() => (Outcome::Unknown, "the store has no such setting".to_owned()),
        Err(refusal) => (Outcome::Refused, refusal.to_string()),
    };
    Change { bucket: bucket.to_owned(), setting, outcome, detail }
}

/// How it is said.
fn outcome(mode: Mode) -> Outcome {
    match mode {
        Mode::DryRun => Outcome::Planned,
        Mode::Apply => Outcome::Done,
    }
}

async fn set_cors(patient: &Patient, bucket: &str, mode: Mode) -> Done {
    let ours = cors::wanted(&patient.terms.origins);
    let detail = format!("pages of {} send parts and read objects", ours.allowed_origins().join(", "));
    let current = cors::current(patient, bucket).await?;
    // Stores give methods and headers back in an order of their own.
    let same = |rule: &aws_sdk_s3::types::CorsRule| sorted(&cors::spelled(rule)) == sorted(&cors::spelled(&ours));
    if current.iter().any(same) {
        return Ok((Outcome::Unchanged, detail));
    }
    if mode == Mode::Apply {
        let rules = CorsConfiguration::builder().set_cors_rules(Some(cors::merged(current, ours))).build();
        let request = patient.client().put_bucket_cors().bucket(bucket);
        let rules = rules.expect("there is one rule at least");
        request.cors_configuration(rules).send().await.map_err(|error| Refusal::of(&error))?;
    }
    Ok((outcome(mode), detail))
}

/// The same value with every list in order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(values) => {
            let mut texts: Vec<String> = values.iter().map(|value| value.to_string().to_lowercase()).collect();
            texts.sort();
            json!(texts)
        }
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), sorted(value))).collect())
        }
        other => other.clone(),
    }
}

async fn set_lifecycle(patient: &Patient, bucket: &str, mode: Mode) -> Done {
    let ours = settings::wanted(patient);
    let current = settings::current(patient, bucket).await?;
    if let Some(rule) = settings::too_early(patient, &current) {
        let name = rule.id().unwrap_or("without a name");
        let detail = format!("rule {name} aborts uploads too early; it is not ours: change it, then run this again");
        return Ok((Outcome::Refused, detail));
    }
    let days = super::spared_days(patient.terms.max_age);
    let detail = format!("forgotten uploads are aborted after {days} days");
    if current.iter().any(|rule| settings::is_enough(patient, rule)) {
        return Ok((Outcome::Unchanged, detail));
    }
    if mode == Mode::Apply {
        let rules = settings::merged(current, ours);
        let rules = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build();
        let request = patient.client().put_bucket_lifecycle_configuration().bucket(bucket);
        let rules = rules.expect("there is one rule at least");
        request.lifecycle_configuration(rules).send().await.map_err(|error| Refusal::of(&error))?;
    }
    Ok((outcome(mode), detail))
}

/// Public access that is blocked in all four ways, or in all but one.
fn block(block_acls: BlockAcls) -> PublicAccessBlockConfiguration {
    PublicAccessBlockConfiguration::builder()
        .block_public_acls(block_acls == BlockAcls::Yes)
        .ignore_public_acls(true)
        .block_public_policy(true)
        .restrict_public_buckets(true)
        .build()
}

/// Ceph 16 refuses every part while ACLs are blocked. They are ignored then, which closes the bucket as well.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BlockAcls {
    Yes,
    No,
}

async fn close(patient: &Patient, bucket: &str, mode: Mode) -> Done {
    let detail = "nobody reads the bucket without a signature".to_owned();
    let current = settings::access_block(patient, bucket).await?;
    if [BlockAcls::Yes, BlockAcls::No].into_iter().any(|acls| current.as_ref() == Some(&block(acls))) {
        return Ok((Outcome::Unchanged, detail));
    }
    if mode == Mode::DryRun {
        return Ok((Outcome::Planned, detail));
    }
    put_block(patient, bucket, block(BlockAcls::Yes)).await?;
    if takes_parts(patient).await {
        return Ok((Outcome::Done, detail));
    }
    put_block(patient, bucket, block(BlockAcls::No)).await?;
    Ok((Outcome::Done, format!("{detail}; ACLs are ignored, not refused: this store would refuse every part")))
}

async fn put_block(patient: &Patient, bucket: &str, block: PublicAccessBlockConfiguration) -> Result<(), Refusal> {
    let request = patient.client().put_public_access_block().bucket(bucket);
    let answer = request.public_access_block_configuration(block).send().await;
    answer.map(drop).map_err(|error| Refusal::of(&error))
}

async fn takes_parts(patient: &Patient) -> bool {
    match patient.open(Visibility::Private, "setup").await {
        Ok(upload) => upload.send(1, b"a part").await.is_ok(),
        Err(_) => false,
    }
}

async fn open(patient: &Patient, bucket: &str, mode: Mode) -> Done {
    let detail = "everybody reads objects, and nothing else".to_owned();
    if reads_publicly(patient).await {
        return Ok((Outcome::Unchanged, detail));
    }
    let current = match patient.client().get_bucket_policy().bucket(bucket).send().await {
        Ok(answer) => answer.policy,
        Err(error) => match Refusal::of(&error) {
            refusal if refusal.has_code("NoSuchBucketPolicy") => None,
            refusal => return Err(refusal),
        },
    };
    if mode == Mode::DryRun {
        return Ok((Outcome::Planned, detail));
    }
    // A new bucket of AWS blocks every public policy; ACLs stay blocked.
    let blocked = settings::access_block(patient, bucket).await.ok().flatten();
    if blocked
        .is_some_and(|block| block.block_public_policy == Some(true) || block.restrict_public_buckets == Some(true))
    {
        let open = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(false)
            .restrict_public_buckets(false);
        put_block(patient, bucket, open.build()).await?;
    }
    let policy = read_policy(current.as_deref(), bucket, patient.prefix()).to_string();
    let request = patient.client().put_bucket_policy().bucket(bucket).policy(policy);
    request.send().await.map_err(|error| Refusal::of(&error))?;
    Ok((Outcome::Done, detail))
}

/// Whether anybody can read an object of the public bucket already.
async fn reads_publicly(patient: &Patient) -> bool {
    let Ok(key) = patient.make(Visibility::Public, "setup", b"for everybody").await else { return false };
    let url = patient.plain_url(Visibility::Public, &key);
    patient.http.get(url).send().await.is_ok_and(|answer| answer.status().is_success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_keeps_the_statements_of_others() {
        let theirs = r#"{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"Theirs"},{"Sid":"LandfallPublicRead","Resource":"old"}]}"#;
        let policy = read_policy(Some(theirs), "shop", "a/");
        assert_eq!(policy["Id"], "x");
        let statements = policy["Statement"].as_array().unwrap();
        assert_eq!(statements.len(), 2);
        assert_eq!(statements[0]["Sid"], "Theirs");
        assert_eq!(statements[1]["Resource"], "arn:aws:s3:::shop/a/*");
        let one = read_policy(Some(r#"{"Statement":{"Sid":"Theirs"}}"#), "shop", "");
        assert_eq!(one["Statement"].as_array().unwrap().len(), 2);
        assert_eq!(read_policy(None, "shop", "")["Statement"][0]["Action"], "s3:GetObject");
    }

    #[test]
    fn lists_are_compared_in_any_order() {
        let (one, other) = (json!({ "a": ["GET", "PUT"] }), json!({ "a": ["put", "get"] }));
        assert_eq!(sorted(&one), sorted(&other));
    }
}
