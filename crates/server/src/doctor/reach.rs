//! Do the buckets answer, with the right codes, by a clock like ours?

use domain::TimeSpan;
use jiff::fmt::rfc2822;

use super::finding::Finding;
use super::fix::Fix;
use super::patient::Patient;
use super::refusal::Refusal;

/// From here on readiness shows it (PROTOCOL, rule 6),
const SHOWN_SKEW: TimeSpan = TimeSpan::from_secs(60);
/// and from here on nothing is expired or destroyed any more.
const STOPPING_SKEW: TimeSpan = TimeSpan::from_mins(5);

/// Whether both buckets answer, so that looking further makes sense.
pub(super) async fn examine(patient: &Patient, findings: &mut Vec<Finding>) -> bool {
    if patient.credentials().await.is_err() {
        let advice = "set [store] access_key_id and secret_access_key, or give this machine a role";
        let why = "Every call and every URL is signed with them.";
        findings.push(Finding::fail("credentials", "there are no credentials", why, Fix::advice(advice)));
        return false;
    }
    let mut all = true;
    for visibility in super::BUCKETS {
        let bucket = patient.bucket(visibility);
        let finding = reach(patient, bucket).await;
        all &= finding.status == super::Status::Ok;
        findings.push(finding.about(bucket));
    }
    if all {
        for visibility in super::BUCKETS {
            let bucket = patient.bucket(visibility);
            findings.push(missing_key(patient, bucket).await.about(bucket));
        }
        findings.push(clock(patient).await);
    }
    all
}

async fn reach(patient: &Patient, bucket: &str) -> Finding {
    const ID: &str = "bucket";
    const WHY: &str = "Nothing works without its buckets.";
    let refusal = match patient.client().head_bucket().bucket(bucket).send().await {
        Ok(_) => return Finding::ok(ID, "the bucket answers", WHY),
        Err(error) => Refusal::of(&error),
    };
    let seen = format!("HEAD of the bucket: {refusal}");
    let fix = match refusal.status {
        Some(404) => patient.fixes.create_bucket(bucket),
        Some(403) => patient.fixes.permission(bucket, "s3:ListBucket", patient.prefix()),
        Some(301 | 307 | 400) => Fix::advice("the bucket is elsewhere: correct [store] region or endpoint"),
        Some(_) | None => {
            let endpoint = patient.internal.as_deref().unwrap_or("Amazon's endpoint");
            Fix::advice(format!("see that {endpoint} can be reached from here, and that [store] endpoint is right"))
        }
    };
    Finding::fail(ID, seen, WHY, fix)
}

async fn missing_key(patient: &Patient, bucket: &str) -> Finding {
    const ID: &str = "missing_key";
    const WHY: &str =
        "HEAD decides what happened, and only 404 means \"not there\": with 403 nothing is ever finished.";
    let head = patient.client().head_object().bucket(bucket).key(patient.key("missing")).send().await;
    match head.map_err(|error| Refusal::of(&error)) {
        Err(refusal) if refusal.is_missing() => Finding::ok(ID, "HEAD of a missing key: 404", WHY),
        Err(refusal) => {
            let fix = patient.fixes.permission(bucket, "s3:ListBucket", patient.prefix());
            Finding::fail(ID, format!("HEAD of a missing key: {refusal}"), WHY, fix)
        }
        Ok(_) => {
            let advice = "something before the store answers in its place: name the store itself in [store] endpoint";
            Finding::fail(ID, "HEAD of a missing key: 200", WHY, Fix::advice(advice))
        }
    }
}

async fn clock(patient: &Patient) -> Finding {
    const ID: &str = "clock";
    const WHY: &str = "URLs are signed and deadlines judged by this host's clock; a store refuses what is 15 min off.";
    let fix = || Fix::advice("set this host's clock by NTP, and the store's");
    let Ok(answer) = patient.http.get(&patient.public).send().await else {
        return Finding::warning(ID, format!("{} does not answer", patient.public), WHY, fix());
    };
    let date = answer.headers().get("date").and_then(|date| date.to_str().ok());
    let Some(theirs) = date.and_then(|date| rfc2822::parse(date).ok()) else {
        return Finding::warning(ID, "the store's answers have no Date", WHY, fix());
    };
    let skew = patient.clock.now().duration_since(theirs.timestamp()).abs();
    // A Date is cut to the second.
    let seen = format!("this host and the store differ by {} s", skew.as_secs());
    match skew {
        skew if skew >= STOPPING_SKEW => Finding::fail(ID, seen, WHY, fix()),
        skew if skew >= SHOWN_SKEW => Finding::warning(ID, seen, WHY, fix()),
        _ => Finding::ok(ID, seen, WHY),
    }
}
