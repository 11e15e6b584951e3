//! Did a run that was killed leave something behind?

use domain::TimeSpan;

use super::finding::Finding;
use super::fix::Fix;
use super::patient::Patient;
use super::refusal::Refusal;
use crate::store::PROBE_FOLDER;

/// What another run has left for longer than this is nobody's any more: one takes seconds.
const LEFT_BEHIND: TimeSpan = TimeSpan::from_hours(1);

pub(super) async fn examine(patient: &Patient, findings: &mut Vec<Finding>) {
    for visibility in super::BUCKETS {
        let bucket = patient.bucket(visibility);
        // Whether the bucket can be listed is judged by itself.
        if let Ok(Some(finding)) = look(patient, bucket).await {
            findings.push(finding.about(bucket));
        }
    }
}

/// `None`: nothing is left.
async fn look(patient: &Patient, bucket: &str) -> Result<Option<Finding>, Refusal> {
    let folder = patient.layout.full_text(PROBE_FOLDER);
    let before = (patient.clock.now() - LEFT_BEHIND).as_second();
    let old = |time: Option<&aws_smithy_types::DateTime>| time.is_some_and(|time| time.secs() < before);
    let made = patient.made_under(bucket, &folder).await?;
    let uploads = made.uploads.iter().filter(|upload| old(upload.initiated())).count();
    let objects = made.objects.iter().filter(|object| old(object.last_modified())).count();
    if uploads + objects == 0 {
        return Ok(None);
    }
    let seen = format!("an earlier run left {objects} objects and {uploads} unfinished uploads under {folder}");
    let fix = Fix {
        cli: vec![patient.fixes.remove_under(bucket, &folder)],
        ..Fix::advice(format!(
            "remove what lies under {folder} in {bucket}: no file of Landfall's does; the bucket's lifecycle rule ends \
             the unfinished uploads"
        ))
    };
    Ok(Some(Finding::warning("leftovers", seen, "A run removes only what it made itself.", fix)))
}
