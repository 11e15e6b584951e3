//! What Complete, Abort and late requests do: where stores differ, and what no store may do.

use aws_sdk_s3::operation::complete_multipart_upload::CompleteMultipartUploadOutput;
use domain::store_profile::{ETagForm, IfNoneMatch, ObjectSizeCheck, SecondComplete};
use domain::{StoreBehaviour, Visibility};

use super::finding::Finding;
use super::fix::Fix;
use super::patient::{Opened, Patient};
use super::refusal::Refusal;

/// The part of most probes, and what AWS makes its ETag of: the MD5 of its MD5, and the count of parts.
const CONTENT: &[u8] = b"landfall doctor";
const MD5_OF_PARTS: &str = "015396a050948d2e763d8640e9c37ca1-1";
/// Rounds of two Completes at once: a store without a lock lets both through in most of them.
const RACES: usize = 4;

/// An upload with its one part.
struct Ready<'p> {
    upload: Opened<'p>,
    etags: [String; 1],
}

impl Ready<'_> {
    async fn complete(&self) -> Result<CompleteMultipartUploadOutput, Refusal> {
        self.upload.complete(&self.etags).await
    }

    async fn complete_if_none(&self) -> Result<(), Refusal> {
        let request = self.upload.completing(&self.etags).if_none_match("*");
        request.send().await.map(drop).map_err(|error| Refusal::of(&error))
    }

    async fn complete_sized(&self, size: usize) -> Result<(), Refusal> {
        let size = i64::try_from(size).expect("a few bytes");
        let request = self.upload.completing(&self.etags).mpu_object_size(size);
        request.send().await.map(drop).map_err(|error| Refusal::of(&error))
    }
}

async fn ready<'p>(patient: &'p Patient, name: &str) -> Result<Ready<'p>, Refusal> {
    let upload = patient.open(Visibility::Private, name).await?;
    let etag = upload.send(1, CONTENT).await?;
    Ok(Ready { upload, etags: [etag] })
}

/// What the store does; `None` if it cannot be seen: the rights' findings say why.
pub(super) async fn examine(patient: &Patient, findings: &mut Vec<Finding>) -> Option<StoreBehaviour> {
    match look(patient, findings).await {
        Ok(behaviour) => Some(behaviour),
        Err(refusal) => {
            let fix = Fix::advice("repair what fails above, then run this again");
            let why = "Without it Landfall assumes the least.";
            findings.push(Finding::warning("behaviour", format!("it cannot be seen: {refusal}"), why, fix));
            None
        }
    }
}

async fn look(patient: &Patient, findings: &mut Vec<Finding>) -> Result<StoreBehaviour, Refusal> {
    let (etag, second_complete) = complete_twice(patient, findings).await?;
    let if_none_match = if_none_match(patient, findings).await?;
    let object_size = object_size(patient, findings).await?;
    after_abort(patient, findings).await?;
    Ok(StoreBehaviour { if_none_match, object_size, etag, second_complete, checksums: None })
}

fn no_store_of_ours() -> Fix {
    Fix::advice("this store does not keep what S3 promises: do not use it")
}

/// Complete, HEAD, Complete again, Abort: the object stays what it was.
async fn complete_twice(patient: &Patient, findings: &mut Vec<Finding>) -> Result<(ETagForm, SecondComplete), Refusal> {
    const ETAG_WHY: &str = "It shows whether the object is the one that was completed; HEAD decides without it too.";
    const AGAIN_WHY: &str = "An answer may get lost, so Complete is sent again.";
    const ABORT_WHY: &str = "An Abort that comes late must do no harm.";
    let one = ready(patient, "twice").await?;
    let answer = one.complete().await?;
    let named = answer.e_tag().is_some_and(|etag| !etag.trim_matches('"').is_empty());
    let head = patient.client().head_object().bucket(one.upload.bucket).key(&one.upload.key).send().await;
    let head = head.map_err(|error| Refusal::of(&error))?;
    let etag = head.e_tag().unwrap_or_default().trim_matches('"').to_owned();
    let form = if etag == MD5_OF_PARTS { ETagForm::Md5OfParts } else { ETagForm::Other };
    let spelled = match form {
        ETagForm::Md5OfParts => "the ETag is made of the parts' MD5s",
        ETagForm::Other | ETagForm::Unknown => "the ETag is the store's own",
    };
    let told = if named { "" } else { ", and Complete does not name it" };
    findings.push(Finding::ok("complete.etag", format!("{spelled}{told}"), ETAG_WHY));

    let (second, seen) = match one.complete().await {
        Ok(_) => (SecondComplete::Succeeds, "succeeds".to_owned()),
        Err(refusal) if refusal.has_code("NoSuchUpload") => (SecondComplete::NoSuchUpload, refusal.to_string()),
        Err(refusal) => (SecondComplete::Fails, refusal.to_string()),
    };
    let there = patient.size(one.upload.bucket, &one.upload.key).await?.is_some();
    findings.push(if there {
        Finding::ok("complete.again", format!("a second Complete: {seen}"), AGAIN_WHY)
    } else {
        Finding::fail("complete.again", "a second Complete takes the object away", AGAIN_WHY, no_store_of_ours())
    });

    let seen = one.upload.abort().await.map_or_else(|refusal| refusal.to_string(), |()| "succeeds".to_owned());
    let there = patient.size(one.upload.bucket, &one.upload.key).await?.is_some();
    findings.push(if there {
        Finding::ok("abort.completed", format!("Abort after Complete: {seen}; the object stays"), ABORT_WHY)
    } else {
        Finding::fail("abort.completed", "Abort after Complete takes the object away", ABORT_WHY, no_store_of_ours())
    });
    Ok((form, second))
}

/// Nothing comes back after an Abort.
async fn after_abort(patient: &Patient, findings: &mut Vec<Finding>) -> Result<(), Refusal> {
    const PART_WHY: &str = "A part that lands after the Abort is hidden, paid for, and has to be looked for again.";
    const COMPLETE_WHY: &str = "What was aborted must never become an object.";
    let one = ready(patient, "gone").await?;
    one.upload.abort().await?;
    findings.push(match one.upload.send(2, CONTENT).await {
        Err(refusal) => Finding::ok("abort.part", format!("a part after Abort: {refusal}"), PART_WHY),
        Ok(_) => {
            let fix = Fix::advice(
                "keep `landfall reap` and the jobs running: they look again after an hour, a day and eight days",
            );
            Finding::warning("abort.part", "a part after Abort is taken", PART_WHY, fix)
        }
    });
    let answer = one.complete().await;
    let seen = answer.map_or_else(|refusal| refusal.to_string(), |_| "succeeds".to_owned());
    let there = patient.size(one.upload.bucket, &one.upload.key).await?.is_some();
    findings.push(if there {
        Finding::fail("abort.complete", "Complete after Abort makes an object", COMPLETE_WHY, no_store_of_ours())
    } else {
        Finding::ok("abort.complete", format!("Complete after Abort: {seen}; nothing is there"), COMPLETE_WHY)
    });
    Ok(())
}

async fn if_none_match(patient: &Patient, findings: &mut Vec<Finding>) -> Result<IfNoneMatch, Refusal> {
    const ID: &str = "complete.if_none_match";
    const WHY: &str = "Where it is honoured, Complete says it: a second lock on keys that are never reused anyway.";
    let fresh = ready(patient, "none").await?;
    let seen = if let Err(refusal) = fresh.complete_if_none().await {
        findings.push(Finding::ok(ID, format!("not known: {refusal}; Complete leaves it out"), WHY));
        return Ok(IfNoneMatch::Refused);
    } else if ready(patient, "none").await?.complete_if_none().await.is_ok() {
        IfNoneMatch::Ignored
    } else {
        race(patient).await?
    };
    let text = match seen {
        IfNoneMatch::Atomic => "honoured, also by two Completes at once",
        IfNoneMatch::Racy => "honoured, but two Completes at once both succeed",
        IfNoneMatch::Ignored | IfNoneMatch::Refused | IfNoneMatch::Unknown => "ignored; Complete leaves it out",
    };
    findings.push(Finding::ok(ID, text, WHY));
    Ok(seen)
}

async fn race(patient: &Patient) -> Result<IfNoneMatch, Refusal> {
    for round in 0..RACES {
        let name = format!("race-{round}");
        let (one, other) = (ready(patient, &name).await?, ready(patient, &name).await?);
        let both = tokio::join!(one.complete_if_none(), other.complete_if_none());
        if both.0.is_ok() && both.1.is_ok() {
            return Ok(IfNoneMatch::Racy);
        }
    }
    Ok(IfNoneMatch::Atomic)
}

async fn object_size(patient: &Patient, findings: &mut Vec<Finding>) -> Result<ObjectSizeCheck, Refusal> {
    const ID: &str = "complete.object_size";
    const WHY: &str = "Where it is checked, Complete says how large the object must become.";
    let one = ready(patient, "sized").await?;
    let wrong = one.complete_sized(CONTENT.len() + 1).await;
    let (seen, text) = match wrong {
        Ok(()) => (ObjectSizeCheck::Ignored, "ignored; Complete leaves it out".to_owned()),
        Err(refusal) => match ready(patient, "sized-well").await?.complete_sized(CONTENT.len()).await {
            Ok(()) => (ObjectSizeCheck::Checked, format!("checked: another size gives {refusal}")),
            Err(refusal) => (ObjectSizeCheck::Refused, format!("not known: {refusal}; Complete leaves it out")),
        },
    };
    findings.push(Finding::ok(ID, text, WHY));
    Ok(seen)
}
