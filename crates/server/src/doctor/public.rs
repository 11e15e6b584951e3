//! What can anybody do, without a signature?

use domain::Visibility;

use super::answer::{Answer, Proof, TO_ANYBODY};
use super::finding::Finding;
use super::fix::Fix;
use super::patient::Patient;
use super::refusal::Refusal;
use super::setup::read_policy;

const CONTENT: &[u8] = b"what anybody may or may not read";

pub(super) async fn examine(patient: &Patient, findings: &mut Vec<Finding>) {
    for visibility in super::BUCKETS {
        let bucket = patient.bucket(visibility);
        if let Some(finding) = read(patient, visibility).await {
            findings.push(finding.about(bucket));
        }
        findings.push(list(patient, visibility).await.about(bucket));
        findings.push(write(patient, visibility).await.about(bucket));
    }
}

/// Whether the store can let everybody read a bucket.
async fn knows_policies(patient: &Patient, bucket: &str) -> bool {
    let answer = patient.client().get_bucket_policy().bucket(bucket).send().await;
    !answer.is_err_and(|error| Refusal::of(&error).is_unknown_call())
}

/// `None` if there is nothing to read: the rights' findings say why.
async fn read(patient: &Patient, visibility: Visibility) -> Option<Finding> {
    const ID: &str = "public.read";
    let bucket = patient.bucket(visibility);
    let key = patient.make(visibility, "public", CONTENT).await.ok()?;
    let url = patient.plain_url(visibility, &key);
    let (answer, same) = match patient.http.get(&url).send().await {
        Ok(answer) => {
            let status = answer.status().as_u16();
            (Answer(Some(status)), answer.bytes().await.is_ok_and(|bytes| bytes == CONTENT))
        }
        Err(_) => (Answer(None), false),
    };
    let proof = answer.judge(TO_ANYBODY);
    Some(match visibility {
        Visibility::Private => {
            const WHY: &str = "Private files are read by signed URLs only.";
            match proof {
                Proof::Done => {
                    let fix = patient.fixes.block_public_access(bucket);
                    Finding::fail(ID, format!("anybody can read the private bucket: {answer}"), WHY, fix)
                }
                Proof::Refused => Finding::ok(ID, format!("without a signature: {answer}"), WHY),
                Proof::Unseen => {
                    let address = patient.plain_url(visibility, "");
                    answer.unseen(ID, "anybody can read the private bucket", WHY, &address)
                }
            }
        }
        Visibility::Public => {
            const WHY: &str = "Public files have plain URLs.";
            let open = proof == Proof::Done;
            if open && same {
                Finding::ok(ID, "anybody can read an object", WHY)
            } else if open {
                let advice = "the address of public files leads to another bucket: correct [store] public_endpoint";
                Finding::fail(ID, "an object's plain URL shows something else", WHY, Fix::advice(advice))
            } else {
                let fix = if knows_policies(patient, bucket).await {
                    patient.fixes.public_read(bucket, &read_policy(None, bucket, patient.prefix()))
                } else {
                    Fix::advice("this store has no bucket policies: give every role visibility = \"private\"")
                };
                Finding::fail(ID, format!("an object's plain URL: {answer}"), WHY, fix)
            }
        }
    })
}

async fn list(patient: &Patient, visibility: Visibility) -> Finding {
    const ID: &str = "public.list";
    const WHY: &str = "Keys are secret: who can list them knows every file, and every owner.";
    let address = patient.plain_url(visibility, "");
    let answer = Answer::to(patient.http.get(format!("{address}?list-type=2&max-keys=1"))).await;
    match answer.judge(TO_ANYBODY) {
        Proof::Done => {
            let bucket = patient.bucket(visibility);
            let fix = match visibility {
                Visibility::Private => patient.fixes.block_public_access(bucket),
                Visibility::Public => patient.fixes.public_read(bucket, &read_policy(None, bucket, patient.prefix())),
            };
            Finding::fail(ID, "anybody can list the bucket", WHY, fix)
        }
        Proof::Refused => Finding::ok(ID, format!("without a signature: {answer}"), WHY),
        Proof::Unseen => answer.unseen(ID, "anybody can list the bucket", WHY, &address),
    }
}

async fn write(patient: &Patient, visibility: Visibility) -> Finding {
    const ID: &str = "public.write";
    const WHY: &str = "Only the server makes objects, out of parts that it listed.";
    let url = patient.plain_url(visibility, &patient.key("written"));
    let answer = Answer::to(patient.http.put(&url).body("by anybody")).await;
    match answer.judge(TO_ANYBODY) {
        Proof::Done => {
            let fix = patient.fixes.block_public_access(patient.bucket(visibility));
            Finding::fail(ID, "anybody can write into the bucket", WHY, fix)
        }
        Proof::Refused => Finding::ok(ID, format!("without a signature: {answer}"), WHY),
        Proof::Unseen => {
            let address = patient.plain_url(visibility, "");
            answer.unseen(ID, "anybody can write into the bucket", WHY, &address)
        }
    }
}
