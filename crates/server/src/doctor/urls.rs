//! Do presigned URLs allow what they should, and only that?

use domain::{TimeSpan, Visibility};

use super::answer::{Answer, Proof, TO_A_BAD_SIGNATURE};
use super::finding::Finding;
use super::fix::Fix;
use super::patient::{Opened, Patient};
use crate::store::SigningCredentials;

/// Bytes of the part that is sent.
const SIZE: usize = 100;

pub(super) async fn examine(patient: &Patient, findings: &mut Vec<Finding>) {
    let Ok(credentials) = patient.credentials().await else { return };
    for visibility in super::BUCKETS {
        let bucket = patient.bucket(visibility);
        let Ok(upload) = patient.open(visibility, "urls").await else { continue };
        for finding in refused(patient, &credentials, &upload).await {
            findings.push(finding.about(bucket));
        }
        findings.push(accepted(patient, &credentials, &upload).await.about(bucket));
        if let Some(finding) = same_bucket(patient, &credentials, visibility).await {
            findings.push(finding.about(bucket));
        }
    }
}

/// Sends a body.
async fn put(patient: &Patient, url: &str, size: usize) -> Answer {
    Answer::to(patient.http.put(url).body(vec![b'x'; size])).await
}

/// What must be refused.
async fn refused(patient: &Patient, credentials: &SigningCredentials, upload: &Opened<'_>) -> Vec<Finding> {
    let now = patient.clock.now();
    let good = patient.part_url(credentials, upload, SIZE, now);
    let old = patient.part_url(credentials, upload, SIZE, now - TimeSpan::from_hours(2));
    let tampered = good.expose().replace("partNumber=1&", "partNumber=2&");
    let cases = [
        (
            "url.length",
            "with a longer body",
            good.expose(),
            SIZE + 1,
            "A part of another size would be stored and paid for.",
        ),
        (
            "url.expired",
            "an hour after its end",
            old.expose(),
            SIZE,
            "URLs get into logs and histories; their end is the protection.",
        ),
        ("url.tampered", "with another part number", tampered.as_str(), SIZE, "A URL is good for its part only."),
    ];
    let mut findings = Vec::new();
    for (id, case, url, size, why) in cases {
        let answer = put(patient, url, size).await;
        findings.push(match answer.judge(TO_A_BAD_SIGNATURE) {
            Proof::Done => {
                let advice = "this store, or what stands before it, does not check signatures: do not use it";
                Finding::fail(id, format!("a part URL was taken {case}: {answer}"), why, Fix::advice(advice))
            }
            Proof::Refused => Finding::ok(id, format!("a part URL {case}: {answer}"), why),
            Proof::Unseen => answer.unseen(id, &format!("a part URL is refused {case}"), why, &patient.public),
        });
    }
    findings
}

/// What must work.
async fn accepted(patient: &Patient, credentials: &SigningCredentials, upload: &Opened<'_>) -> Finding {
    const ID: &str = "url.works";
    const WHY: &str = "This is how every byte arrives.";
    let url = patient.part_url(credentials, upload, SIZE, patient.clock.now());
    match put(patient, url.expose(), SIZE).await {
        Answer(Some(200)) => Finding::ok(ID, "a part URL takes its part", WHY),
        answer => {
            let advice = "see that [store] public_endpoint leads to the same store as endpoint and that no proxy changes \
                          its requests, that the region is right, and that this host's clock is";
            Finding::fail(ID, format!("a part URL refuses its part: {answer}"), WHY, Fix::advice(advice))
        }
    }
}

/// What was written by the server's address is read by the clients'.
async fn same_bucket(patient: &Patient, credentials: &SigningCredentials, visibility: Visibility) -> Option<Finding> {
    const ID: &str = "endpoint";
    const WHY: &str = "The server and its clients must reach the same bucket.";
    let key = patient.make(visibility, "endpoint", patient.key("endpoint").as_bytes()).await.ok()?;
    let url = patient.read_url(credentials, patient.bucket(visibility), &key);
    let seen = match patient.http.get(url.expose()).send().await {
        Ok(answer) if answer.status().is_success() => match answer.bytes().await {
            Ok(bytes) if bytes == key.as_bytes() => {
                let internal = patient.internal.as_deref().unwrap_or("Amazon");
                return Some(Finding::ok(
                    ID,
                    format!("{internal} and {} lead to the same bucket", patient.public),
                    WHY,
                ));
            }
            Ok(_) => "a read URL shows something else".to_owned(),
            Err(_) => "a read URL breaks off".to_owned(),
        },
        Ok(answer) => format!("a read URL: {}", answer.status().as_u16()),
        Err(_) => format!("{} does not answer", patient.public),
    };
    let advice = "set [store] public_endpoint to the address by which clients reach the store that endpoint names";
    Some(Finding::fail(ID, seen, WHY, Fix::advice(advice)))
}
