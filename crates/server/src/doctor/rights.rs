//! May the server do, on each bucket, everything the protocol does?

use domain::Visibility;

use super::finding::Finding;
use super::patient::Patient;
use super::refusal::Refusal;

/// A call that the protocol makes.
struct Call {
    id: &'static str,
    /// What AWS calls the permission for it.
    action: &'static str,
    why: &'static str,
}

const OPEN: Call =
    Call { id: "rights.open_upload", action: "s3:PutObject", why: "Every upload begins with CreateMultipartUpload." };
const SEND: Call =
    Call { id: "rights.upload_part", action: "s3:PutObject", why: "Part URLs carry the rights of the server." };
const LIST_PARTS: Call = Call {
    id: "rights.list_parts",
    action: "s3:ListMultipartUploadParts",
    why: "What arrived is asked of the store, not of the client.",
};
const LIST_UPLOADS: Call = Call {
    id: "rights.list_uploads",
    action: "s3:ListBucketMultipartUploads",
    why: "Hidden parts that nobody remembers are found by listing.",
};
const COMPLETE: Call =
    Call { id: "rights.complete", action: "s3:PutObject", why: "The server makes the object out of its parts." };
const HEAD: Call = Call { id: "rights.head", action: "s3:GetObject", why: "HEAD decides what happened." };
const READ: Call = Call {
    id: "rights.read",
    action: "s3:GetObject",
    why: "The first bytes are compared with the declared type, and read URLs carry the rights of the server.",
};
const LIST_OBJECTS: Call =
    Call { id: "rights.list_objects", action: "s3:ListBucket", why: "Reconcile compares the bucket with the catalog." };
const LIST_VERSIONS: Call = Call {
    id: "rights.list_versions",
    action: "s3:ListBucketVersions",
    why: "In a bucket that keeps versions, a deleted object goes only with all of them.",
};
const DELETE: Call =
    Call { id: "rights.delete", action: "s3:DeleteObject", why: "What is deleted or rejected has to go." };
const DELETE_VERSIONS: Call = Call {
    id: "rights.delete_versions",
    action: "s3:DeleteObjectVersion",
    why: "In a bucket that keeps versions, what is deleted is only hidden until they go too.",
};
const ABORT: Call = Call {
    id: "rights.abort",
    action: "s3:AbortMultipartUpload",
    why: "Abandoned parts cost money until they are aborted.",
};

pub(super) async fn examine(patient: &Patient, findings: &mut Vec<Finding>) {
    for visibility in super::BUCKETS {
        // A refused call ends its row: what follows would only be refused because of it.
        let _refused_earlier = commit_row(patient, visibility, findings).await;
        let _refused_earlier = abort_row(patient, visibility, findings).await;
    }
}

/// Notes what came of a call. `None` if it was refused.
fn note<T>(
    patient: &Patient,
    visibility: Visibility,
    findings: &mut Vec<Finding>,
    call: &Call,
    outcome: Result<T, Refusal>,
) -> Option<T> {
    let bucket = patient.bucket(visibility);
    let (finding, value) = match outcome {
        Ok(value) => (Finding::ok(call.id, "allowed", call.why), Some(value)),
        Err(refusal) => {
            let mut fix = patient.fixes.permission(bucket, call.action, patient.prefix());
            if call.id == SEND.id {
                fix.advice
                    .push_str("; some stores also refuse parts while their public access block has BlockPublicAcls");
            }
            (Finding::fail(call.id, refusal.to_string(), call.why, fix), None)
        }
    };
    findings.push(finding.about(bucket));
    value
}

async fn commit_row(patient: &Patient, visibility: Visibility, findings: &mut Vec<Finding>) -> Option<()> {
    let (client, bucket) = (patient.client(), patient.bucket(visibility));
    let upload = note(patient, visibility, findings, &OPEN, patient.open(visibility, "rights").await)?;
    let etag = note(patient, visibility, findings, &SEND, upload.send(1, b"a part").await)?;
    let listed = client.list_parts().bucket(bucket).key(&upload.key).upload_id(&upload.id).send().await;
    note(patient, visibility, findings, &LIST_PARTS, listed.map_err(|error| Refusal::of(&error)));
    let listed = client.list_multipart_uploads().bucket(bucket).prefix(&upload.key).send().await;
    note(patient, visibility, findings, &LIST_UPLOADS, listed.map_err(|error| Refusal::of(&error)));
    note(patient, visibility, findings, &COMPLETE, upload.complete(&[etag]).await)?;
    let head = client.head_object().bucket(bucket).key(&upload.key).send().await;
    note(patient, visibility, findings, &HEAD, head.map_err(|error| Refusal::of(&error)));
    let read = client.get_object().bucket(bucket).key(&upload.key).range("bytes=0-3").send().await;
    note(patient, visibility, findings, &READ, read.map_err(|error| Refusal::of(&error)));
    let listed = client.list_objects_v2().bucket(bucket).prefix(&upload.key).send().await;
    note(patient, visibility, findings, &LIST_OBJECTS, listed.map_err(|error| Refusal::of(&error)));
    let listed = client.list_object_versions().bucket(bucket).prefix(&upload.key).send().await;
    match listed.map_err(|error| Refusal::of(&error)) {
        // A store without versions has none to list.
        Err(refusal) if refusal.is_unknown_call() => {}
        listed => drop(note(patient, visibility, findings, &LIST_VERSIONS, listed)),
    }
    let deleted = client.delete_object().bucket(bucket).key(&upload.key).send().await;
    note(patient, visibility, findings, &DELETE, deleted.map_err(|error| Refusal::of(&error)))?;
    match delete_versions(patient, bucket, &upload.key).await {
        Ok(0) => {}
        judged => drop(note(patient, visibility, findings, &DELETE_VERSIONS, judged)),
    }
    Some(())
}

/// Where versions are kept, a deleted object is only hidden. Says how many of them went.
async fn delete_versions(patient: &Patient, bucket: &str, key: &str) -> Result<usize, Refusal> {
    let client = patient.client();
    // Whether they can be listed is judged by itself.
    let Ok(listed) = client.list_object_versions().bucket(bucket).prefix(key).send().await else { return Ok(0) };
    let hidden = listed.versions().iter().map(|version| version.version_id());
    let ids: Vec<_> = hidden.chain(listed.delete_markers().iter().map(|marker| marker.version_id())).collect();
    for id in &ids {
        let request = client.delete_object().bucket(bucket).key(key).set_version_id(id.map(str::to_owned));
        request.send().await.map_err(|error| Refusal::of(&error))?;
    }
    Ok(ids.len())
}

async fn abort_row(patient: &Patient, visibility: Visibility, findings: &mut Vec<Finding>) -> Option<()> {
    let upload = patient.open(visibility, "aborted").await.ok()?;
    note(patient, visibility, findings, &ABORT, upload.abort().await)
}
