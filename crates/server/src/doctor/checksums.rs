//! Which checksums over a whole object does the store compare and keep?

use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::{self, ChecksumMode, ChecksumType};
use domain::{ChecksumAlgorithm, Visibility};

use super::finding::Finding;
use super::fix::Fix;
use super::patient::{Opened, Patient};
use super::refusal::Refusal;

const CONTENT: &[u8] = b"landfall doctor";

/// What a store does with one algorithm.
enum Seen {
    /// A wrong value is refused, and HEAD names the right one.
    Compared,
    /// Anything else, in words.
    Not(String),
}

/// The algorithms it compares and keeps.
pub(super) async fn examine(patient: &Patient, findings: &mut Vec<Finding>) -> Vec<ChecksumAlgorithm> {
    const ID: &str = "checksums";
    const WHY: &str = "A checksum that a client declares proves the whole file only where the store compares it.";
    let mut compared = Vec::new();
    let mut told = Vec::new();
    for algorithm in [ChecksumAlgorithm::Crc64Nvme, ChecksumAlgorithm::Crc32C, ChecksumAlgorithm::Crc32] {
        match look(patient, algorithm).await {
            Ok(Seen::Compared) => {
                compared.push(algorithm);
                told.push(format!("{algorithm} is compared"));
            }
            Ok(Seen::Not(text)) => told.push(format!("{algorithm}: {text}")),
            Err(refusal) => told.push(format!("{algorithm}: {refusal}")),
        }
    }
    let seen = told.join("; ");
    findings.push(if compared.is_empty() {
        let advice = "nothing to repair here: declared checksums are not among the checks of what is published; a newer \
                      release of the store may know them";
        Finding::warning(ID, seen, WHY, Fix::advice(advice))
    } else {
        Finding::ok(ID, seen, WHY)
    });
    compared
}

async fn look(patient: &Patient, algorithm: ChecksumAlgorithm) -> Result<Seen, Refusal> {
    let wrong = complete(patient, algorithm, b"another content").await?.1;
    if wrong.is_ok() {
        return Ok(Seen::Not("a wrong value passes".to_owned()));
    }
    let (upload, right) = complete(patient, algorithm, CONTENT).await?;
    right?;
    let head = patient.client().head_object().bucket(upload.bucket).key(&upload.key);
    let head = head.checksum_mode(ChecksumMode::Enabled).send().await.map_err(|error| Refusal::of(&error))?;
    let named = named(&head, algorithm) == Some(value(algorithm, CONTENT).as_str());
    Ok(if named { Seen::Compared } else { Seen::Not("HEAD does not name it".to_owned()) })
}

/// Completes an upload of [`CONTENT`] with the checksum of `declared`.
async fn complete<'p>(
    patient: &'p Patient,
    algorithm: ChecksumAlgorithm,
    declared: &[u8],
) -> Result<(Opened<'p>, Result<(), Refusal>), Refusal> {
    let kind = match algorithm {
        ChecksumAlgorithm::Crc64Nvme => types::ChecksumAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Crc32C => types::ChecksumAlgorithm::Crc32C,
        ChecksumAlgorithm::Crc32 => types::ChecksumAlgorithm::Crc32,
    };
    let upload = patient.open_with(Visibility::Private, &format!("sum-{algorithm}"), kind).await?;
    let etag = upload.send(1, CONTENT).await?;
    let request = upload.completing(&[etag]).checksum_type(ChecksumType::FullObject);
    let value = value(algorithm, declared);
    let request = match algorithm {
        ChecksumAlgorithm::Crc64Nvme => request.checksum_crc64_nvme(value),
        ChecksumAlgorithm::Crc32C => request.checksum_crc32_c(value),
        ChecksumAlgorithm::Crc32 => request.checksum_crc32(value),
    };
    let completed = request.send().await.map(drop).map_err(|error| Refusal::of(&error));
    Ok((upload, completed))
}

fn named(head: &HeadObjectOutput, algorithm: ChecksumAlgorithm) -> Option<&str> {
    match algorithm {
        ChecksumAlgorithm::Crc64Nvme => head.checksum_crc64_nvme(),
        ChecksumAlgorithm::Crc32C => head.checksum_crc32_c(),
        ChecksumAlgorithm::Crc32 => head.checksum_crc32(),
    }
}

/// The checksum as S3 writes it.
fn value(algorithm: ChecksumAlgorithm, content: &[u8]) -> String {
    use data_encoding::BASE64;
    match algorithm {
        ChecksumAlgorithm::Crc64Nvme => BASE64.encode(&crc_fast::crc64_nvme(content).to_be_bytes()),
        ChecksumAlgorithm::Crc32C => BASE64.encode(&crc_fast::crc32_iscsi(content).to_be_bytes()),
        ChecksumAlgorithm::Crc32 => BASE64.encode(&crc_fast::crc32_iso_hdlc(content).to_be_bytes()),
    }
}
