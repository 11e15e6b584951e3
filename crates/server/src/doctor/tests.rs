//! Doctor over real stores: well ones, and ones where a single thing is wrong.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketVersioningStatus, ExpirationStatus,
    LifecycleRule, LifecycleRuleFilter, VersioningConfiguration,
};
use axum::http::StatusCode;
use domain::store_profile::{ETagForm, IfNoneMatch, ObjectSizeCheck, SecondComplete};
use domain::{StoreBehaviour, TimeSpan, Visibility};
use localstore::{Fault, FaultRule, Occurrence};
use tokio::task::JoinSet;

use super::{Forgotten, Mode, Outcome, Patient, Report, Status, Terms, cors, examine, set_up, settings, setup};
use crate::clock::{Clock, HostClock, ManualClock};
use crate::entropy::HostEntropy;
use crate::store::s3::conformance::{Ceph, Embedded, Engine};
use crate::store::s3::{CredentialSource, S3Settings};
use crate::store::signer::SignerSettings;

const ORIGIN: &str = "https://app.example.com";

fn signer(settings: &S3Settings) -> SignerSettings {
    SignerSettings {
        endpoint: settings.endpoint.clone().expect("a server under test has an address"),
        addressing: settings.addressing,
        region: settings.region.clone(),
        private_bucket: settings.private_bucket.clone(),
        public_bucket: settings.public_bucket.clone(),
        prefix: settings.prefix.clone(),
        public_base_url: None,
    }
}

async fn met(settings: S3Settings, signer: SignerSettings, clock: Arc<dyn Clock>) -> Patient {
    let terms = Terms {
        origins: vec![ORIGIN.to_owned()],
        max_age: TimeSpan::from_hours(7 * 24),
        forgotten: Forgotten::AlsoTheBucket,
    };
    Patient::meet(settings, signer, terms, clock, &HostEntropy).await.expect("good settings")
}

async fn patient(engine: &impl Engine) -> Patient {
    let settings = engine.settings();
    let signer = signer(&settings);
    met(settings, signer, Arc::new(HostClock)).await
}

/// Ids and words of what is not well.
fn troubles(report: &Report) -> Vec<(&'static str, Status)> {
    let bad = report.findings.iter().filter(|finding| finding.status != Status::Ok);
    bad.map(|finding| (finding.id, finding.status)).collect()
}

async fn nothing_is_left(patient: &Patient) {
    for visibility in super::BUCKETS {
        let bucket = patient.bucket(visibility);
        let objects = patient.client().list_objects_v2().bucket(bucket).send().await.expect("a listing");
        assert!(objects.contents().is_empty(), "{:?}", objects.contents());
        let uploads = patient.client().list_multipart_uploads().bucket(bucket).send().await.expect("a listing");
        assert!(uploads.uploads().is_empty(), "{:?}", uploads.uploads());
    }
}

/// A bucket without settings, made well by `set_up`, which does nothing the second time. `kept` are the warnings that no
/// setting can end.
async fn becomes_well<E: Engine>(engine: E, kept: &[(&'static str, Status)]) -> Report {
    let patient = patient(&engine).await;
    let before = examine(&patient).await;
    // Garage answers preflights without being told to, and hides the ETag.
    let unset = [("cors.preflight", Status::Fail), ("cors.etag", Status::Warning)];
    assert!(unset.iter().any(|trouble| troubles(&before).contains(trouble)), "{:#?}", before.findings);
    assert!(before.findings.iter().filter(|finding| finding.status != Status::Ok).all(|finding| finding.fix.is_some()));
    let planned = set_up(&patient, Mode::DryRun).await;
    assert!(planned.iter().all(|change| change.outcome != Outcome::Done), "{planned:#?}");
    assert_eq!(troubles(&examine(&patient).await), troubles(&before), "a dry run changes nothing");

    let done = set_up(&patient, Mode::Apply).await;
    assert!(done.iter().all(|change| change.outcome != Outcome::Refused), "{done:#?}");
    let after = examine(&patient).await;
    assert_eq!(troubles(&after), kept, "{:#?}", after.findings);
    let again = set_up(&patient, Mode::Apply).await;
    assert!(again.iter().all(|change| matches!(change.outcome, Outcome::Unchanged | Outcome::Unknown)), "{again:#?}");
    nothing_is_left(&patient).await;
    engine.stop().await;
    after
}

#[tokio::test]
async fn the_embedded_store_becomes_well_and_is_known() {
    let report = becomes_well(Embedded::start().await, &[]).await;
    assert_eq!(report.behaviour, Some(crate::boot::embedded_behaviour()));
    // The store's own clients prove the same as a stranger's.
    assert!(report.findings.iter().any(|finding| finding.id == "rights.list_versions"));
}

/// The linter, from the environment that the test command makes.
#[expect(clippy::disallowed_methods, reason = "the test command says through this variable where its tools are")]
fn linter() -> PathBuf {
    let folder = std::env::var_os("TEST_PYTHON").map(PathBuf::from);
    let program = folder.map(|folder| folder.join("bin/cfn-lint")).filter(|program| program.exists());
    program.expect("cfn-lint is missing; hint: run `cargo xtask test` once, which installs it")
}

#[tokio::test]
async fn a_template_of_all_fixes_passes_the_linter() {
    let engine = Embedded::start().await;
    let patient = patient(&engine).await;
    let [private, public] = [Visibility::Private, Visibility::Public].map(|visibility| patient.bucket(visibility));
    let fixes = &patient.fixes;
    let mut all = vec![
        fixes.public_read(public, &setup::read_policy(None, public, patient.prefix())),
        fixes.block_public_access(private),
        fixes.permission(private, "s3:ListBucket", patient.prefix()),
        fixes.permission(public, "s3:AbortMultipartUpload", patient.prefix()),
    ];
    for bucket in [private, public] {
        let lifecycle = settings::spelled(&settings::wanted(&patient));
        all.extend([fixes.create_bucket(bucket), cors::fix(&patient, bucket).await]);
        all.push(fixes.lifecycle(bucket, &lifecycle));
    }
    let template = super::template(&all).to_string();
    let broken = template.replace("AWS::S3::BucketPolicy", "AWS::S3::Bucket");
    let folder = tempfile::tempdir().expect("a folder");
    let mut judged = [template, broken].into_iter().enumerate().map(|(number, text)| {
        let path = folder.path().join(format!("{number}.json"));
        std::fs::write(&path, text).expect("it is written");
        let said = Command::new(linter()).arg(&path).output().expect("it starts");
        (said.status.success(), String::from_utf8_lossy(&said.stdout).into_owned())
    });
    let (good, broken) = (judged.next().expect("two"), judged.next().expect("two"));
    assert!(good.0, "{}", good.1);
    assert!(!broken.0, "the linter sees what is wrong");
    engine.stop().await;
}

/// A store that knows neither conditions nor checksums.
fn plain(second_complete: SecondComplete) -> StoreBehaviour {
    StoreBehaviour {
        if_none_match: IfNoneMatch::Ignored,
        object_size: ObjectSizeCheck::Ignored,
        etag: ETagForm::Md5OfParts,
        second_complete,
        checksums: Some(vec![]),
    }
}

mod on_ceph {
    use super::*;

    #[tokio::test]
    async fn ceph_becomes_well_and_is_known() {
        let engine = Ceph::start().await;
        let patient = patient(&engine).await;
        let closed = patient.client().delete_bucket_policy().bucket(patient.bucket(Visibility::Public)).send().await;
        closed.expect("the policy goes");
        assert!(troubles(&examine(&patient).await).contains(&("public.read", Status::Fail)));
        let report = becomes_well(engine, &[("checksums", Status::Warning)]).await;
        assert_eq!(report.behaviour, Some(plain(SecondComplete::Succeeds)));
    }

    /// Blocked ACLs make Ceph 16 refuse every part.
    #[tokio::test]
    async fn a_block_that_refuses_parts_is_found() {
        let engine = Ceph::start().await;
        let patient = patient(&engine).await;
        let block = aws_sdk_s3::types::PublicAccessBlockConfiguration::builder().block_public_acls(true).build();
        let request = patient.client().put_public_access_block().bucket(patient.bucket(Visibility::Private));
        request.public_access_block_configuration(block).send().await.expect("it is set");
        let found = troubles(&examine(&patient).await);
        assert!(found.contains(&("rights.upload_part", Status::Fail)), "{found:?}");
        set_up(&patient, Mode::Apply).await;
        let found = troubles(&examine(&patient).await);
        assert!(!found.contains(&("rights.upload_part", Status::Fail)), "{found:?}");
        engine.stop().await;
    }
}

mod on_garage {
    use super::*;
    use crate::store::s3::conformance::Garage;

    #[tokio::test]
    async fn garage_is_fit_for_private_files_and_is_known() {
        let kept = [("public.read", Status::Fail), ("checksums", Status::Warning)];
        let report = becomes_well(Garage::start().await, &kept).await;
        let public = report.findings.iter().find(|finding| finding.id == "public.read" && finding.fix.is_some());
        assert!(public.expect("it is found").fix.as_ref().is_some_and(|fix| fix.cli.is_empty()), "there is no policy");
        assert_eq!(report.behaviour, Some(plain(SecondComplete::NoSuchUpload)));
    }
}

/// A well embedded store.
async fn well() -> (Embedded, Patient) {
    let engine = Embedded::start().await;
    let patient = patient(&engine).await;
    set_up(&patient, Mode::Apply).await;
    (engine, patient)
}

/// One thing is wrong, and this is found, and everything else that does not depend on it is as before.
async fn finds(engine: Embedded, patient: &Patient, expected: &[(&'static str, Status)]) {
    let report = examine(patient).await;
    assert_eq!(troubles(&report), expected, "{:#?}", report.findings);
    engine.stop().await;
}

fn fault(engine: &Embedded, operation: &str, fault: Fault) {
    engine.server.faults().add(FaultRule::on(operation, Occurrence::Always, fault));
}

#[tokio::test]
async fn calls_that_fail_are_named() {
    use Status::{Fail, Warning};
    let cases = [
        ("ListParts", &[("rights.list_parts", Fail), ("rights.list_parts", Fail)][..]),
        (
            "AbortMultipartUpload",
            &[
                ("rights.abort", Fail),
                ("rights.abort", Fail),
                ("behaviour", Warning),
                ("cleanup", Warning),
                ("cleanup", Warning),
            ][..],
        ),
        ("GetBucketLifecycleConfiguration", &[("lifecycle.uploads", Warning), ("lifecycle.uploads", Warning)][..]),
        ("HeadBucket", &[("bucket", Fail), ("bucket", Fail)][..]),
    ];
    // A 500 is asked about three times, with pauses; all at once the cases take as long as one.
    let found = cases.into_iter().map(async |(operation, expected)| {
        let (engine, patient) = well().await;
        fault(&engine, operation, Fault::InternalError);
        finds(engine, &patient, expected).await;
    });
    futures::future::join_all(found).await;
}

#[tokio::test]
async fn cors_that_is_missing_is_found() {
    let (engine, patient) = well().await;
    patient.client().delete_bucket_cors().bucket("private").send().await.expect("it goes");
    finds(engine, &patient, &[("cors.preflight", Status::Fail)]).await;
}

#[tokio::test]
async fn an_etag_that_pages_do_not_see_is_found() {
    let (engine, patient) = well().await;
    fault(&engine, "UploadPart", Fault::HiddenETag);
    let report = examine(&patient).await;
    assert!(troubles(&report).contains(&("cors.etag", Status::Warning)), "{:#?}", report.findings);
    engine.stop().await;
}

async fn set_lifecycle(patient: &Patient, days: i32) {
    let abort = AbortIncompleteMultipartUpload::builder().days_after_initiation(days).build();
    let rule = LifecycleRule::builder().id("theirs").status(ExpirationStatus::Enabled);
    let rule = rule.filter(LifecycleRuleFilter::builder().prefix("").build()).abort_incomplete_multipart_upload(abort);
    let rules = BucketLifecycleConfiguration::builder().rules(rule.build().expect("a status")).build();
    let request = patient.client().put_bucket_lifecycle_configuration().bucket("private");
    request.lifecycle_configuration(rules.expect("a rule")).send().await.expect("it is set");
}

#[tokio::test]
async fn a_bucket_that_aborts_too_early_is_found_and_not_overruled() {
    for (days, expected) in [(8, &[("lifecycle.uploads", Status::Fail)][..]), (9, &[][..])] {
        let (engine, patient) = well().await;
        set_lifecycle(&patient, days).await;
        let changes = set_up(&patient, Mode::Apply).await;
        let refused = changes.iter().any(|change| change.setting == "lifecycle" && change.outcome == Outcome::Refused);
        assert_eq!(refused, days < 9, "{changes:#?}");
        finds(engine, &patient, expected).await;
    }
}

#[tokio::test]
async fn versions_are_told_and_cleaned_up() {
    let (engine, patient) = well().await;
    let versioning = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let request = patient.client().put_bucket_versioning().bucket("private").versioning_configuration(versioning);
    request.send().await.expect("it is set");
    let report = examine(&patient).await;
    assert_eq!(troubles(&report), [], "{:#?}", report.findings);
    assert!(report.findings.iter().any(|finding| finding.id == "versions" && finding.seen.contains("keeps versions")));
    let left = patient.client().list_object_versions().bucket("private").send().await.expect("a listing");
    let markers = left.delete_markers().iter().filter(|marker| marker.is_latest() != Some(true)).count();
    assert_eq!((left.versions().len(), markers), (0, 0), "{left:?}");
    engine.stop().await;
}

#[tokio::test]
async fn clocks_that_differ_are_found() {
    for (minutes, expected) in [(0, None), (2, Some(Status::Warning)), (6, Some(Status::Fail))] {
        let engine = Embedded::start().await;
        let settings = engine.settings();
        let signer = signer(&settings);
        let clock = ManualClock::new(HostClock.now() + TimeSpan::from_mins(minutes));
        let patient = met(settings, signer, Arc::new(clock)).await;
        let found = troubles(&examine(&patient).await);
        let clock = found.iter().find(|(id, _)| *id == "clock").map(|(_, status)| *status);
        assert_eq!(clock, expected, "{minutes} min");
        engine.stop().await;
    }
}

#[tokio::test]
async fn a_wrong_secret_and_a_missing_bucket_end_the_examination() {
    let engine = Embedded::start().await;
    let mut wrong = engine.settings();
    let CredentialSource::Static { secret_access_key, .. } = &mut wrong.credentials else { panic!("lasting keys") };
    secret_access_key.push('x');
    let with_wrong = met(wrong.clone(), signer(&wrong), Arc::new(HostClock)).await;
    let report = examine(&with_wrong).await;
    assert_eq!(troubles(&report), [("bucket", Status::Fail), ("bucket", Status::Fail)]);
    assert_eq!((report.findings.len(), report.behaviour), (2, None));

    let patient = patient(&engine).await;
    patient.client().delete_bucket().bucket("public").send().await.expect("an empty bucket goes");
    let report = examine(&patient).await;
    assert_eq!(troubles(&report), [("bucket", Status::Fail)]);
    let fix = report.findings[1].fix.as_ref().expect("a fix");
    assert!(fix.cli[0].contains("create-bucket --bucket public --endpoint-url http://127.0.0.1:"), "{fix:?}");
    engine.stop().await;
}

/// Clients that are sent to another store than the server uses.
#[tokio::test]
async fn two_addresses_of_two_stores_are_found() {
    let (engine, elsewhere) = (Embedded::start().await, Embedded::start().await);
    let settings = engine.settings();
    let signer = SignerSettings { endpoint: elsewhere.settings().endpoint.expect("an address"), ..signer(&settings) };
    let patient = met(settings, signer, Arc::new(HostClock)).await;
    let found = troubles(&examine(&patient).await);
    for id in ["url.works", "endpoint", "public.read"] {
        assert!(found.contains(&(id, Status::Fail)), "{id}: {found:?}");
    }
    engine.stop().await;
    elsewhere.stop().await;
}

/// Everybody can read and list what is private: the two names are swapped.
#[tokio::test]
async fn a_private_bucket_that_is_public_is_found() {
    let engine = Embedded::start().await;
    let mut settings = engine.settings();
    std::mem::swap(&mut settings.private_bucket, &mut settings.public_bucket);
    let signer = signer(&settings);
    let patient = met(settings, signer, Arc::new(HostClock)).await;
    let report = examine(&patient).await;
    let found: Vec<_> = report.findings.iter().filter(|finding| finding.id == "public.read").collect();
    assert_eq!(found.iter().map(|finding| finding.status).collect::<Vec<_>>(), [Status::Fail, Status::Fail]);
    let fix = found[0].fix.as_ref().expect("a fix");
    assert!(fix.cli[0].contains("put-public-access-block --bucket public"), "{fix:?}");
    engine.stop().await;
}

/// Something else than the store answers its clients: what nobody refused is not taken for closed.
#[tokio::test]
async fn only_a_refusal_counts_as_closed() {
    use Status::{Fail, Ok, Warning};
    let engine = Embedded::start().await;
    // What anybody asks for, and what comes by a URL that does not hold.
    let cases = [
        (None, Warning, Warning),
        (Some(503), Warning, Warning),
        (Some(404), Warning, Warning),
        (Some(307), Warning, Warning),
        (Some(400), Warning, Ok),
        (Some(401), Ok, Warning),
        (Some(403), Ok, Ok),
        (Some(200), Fail, Fail),
    ];
    for (status, anybody, bad_url) in cases {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let mut front = JoinSet::new();
        if let Some(status) = status {
            let status = StatusCode::from_u16(status).expect("a status");
            // It reads what it is sent, so that the sender gets to the answer.
            let router = axum::Router::new().fallback(async move |_sent: bytes::Bytes| status);
            front.spawn(axum::serve(listener, router).into_future());
        } else {
            // Nobody listens there any more.
            drop(listener);
        }
        let settings = engine.settings();
        let signer = SignerSettings { endpoint, ..signer(&settings) };
        let patient = met(settings, signer, Arc::new(HostClock)).await;
        let mut findings = Vec::new();
        super::public::examine(&patient, &mut findings).await;
        super::urls::examine(&patient, &mut findings).await;
        let private = Some(patient.bucket(Visibility::Private));
        // Whether it is as it should be: an open private object, and everything else in both buckets.
        let expected = [
            ("public.read", 1, anybody),
            ("public.list", 2, anybody),
            ("public.write", 2, anybody),
            ("url.length", 2, bad_url),
            ("url.expired", 2, bad_url),
            ("url.tampered", 2, bad_url),
        ];
        for (id, buckets, expected) in expected {
            let judged =
                |finding: &&super::Finding| finding.id == id && (buckets == 2 || finding.bucket.as_deref() == private);
            let found: Vec<Status> = findings.iter().filter(judged).map(|finding| finding.status).collect();
            assert_eq!(found, vec![expected; buckets], "{id} with {status:?}: {findings:#?}");
        }
        let unseen = findings.iter().filter(|finding| finding.status == Warning);
        assert!(unseen.clone().all(|finding| finding.seen.starts_with("it cannot be seen whether ")), "{findings:#?}");
        assert!(unseen.filter_map(|finding| finding.fix.as_ref()).all(|fix| fix.cli.is_empty()), "no setting ends it");
        front.shutdown().await;
    }
    engine.stop().await;
}

#[tokio::test]
async fn what_a_killed_run_left_is_told_after_an_hour_and_stays() {
    let engine = Embedded::start().await;
    let killed = patient(&engine).await;
    killed.open(Visibility::Private, "left").await.expect("an upload opens");
    killed.make(Visibility::Public, "left", b"left").await.expect("an object is made");
    let settings = engine.settings();
    for (hours, told) in [(0, vec![]), (2, vec!["private", "public"])] {
        let clock = ManualClock::new(HostClock.now() + TimeSpan::from_hours(hours));
        let patient = met(settings.clone(), signer(&settings), Arc::new(clock)).await;
        let report = examine(&patient).await;
        let left = report.findings.iter().filter(|finding| finding.id == "leftovers");
        let left: Vec<_> = left.map(|finding| (finding.bucket.as_deref().expect("a bucket"), &finding.fix)).collect();
        assert_eq!(left.iter().map(|(bucket, _)| *bucket).collect::<Vec<_>>(), told, "{hours} h");
        for (bucket, fix) in left {
            let command = &fix.as_ref().expect("a fix").cli[0];
            let expected =
                format!("aws s3 rm --recursive s3://{bucket}/media/test/.landfall-doctor/ --endpoint-url http");
            assert!(command.starts_with(&expected), "{command}");
        }
        let uploads = patient.client().list_multipart_uploads().bucket("private").send().await.expect("a listing");
        let objects = patient.client().list_objects_v2().bucket("public").send().await.expect("a listing");
        assert_eq!((uploads.uploads().len(), objects.contents().len()), (1, 1), "{hours} h");
    }
    engine.stop().await;
}

/// A year later, whatever its neighbours' keys look like: of owners called as we are, of other installations, of
/// earlier versions' probes.
#[tokio::test]
async fn a_run_removes_nothing_that_it_did_not_make() {
    let engine = Embedded::start().await;
    let settings = engine.settings();
    let theirs = [
        "doctor/videos/ast_01jf8z0000e1a3c5e7g9i1k3m5/video-00000000000000000000000000.mp4",
        "doctor/0123456789abcdef/rights",
        "landfall/marker.json",
        "landfall/videos/ast_01jf8z0000e1a3c5e7g9i1k3m5/video-00000000000000000000000000.mp4",
        ".landfall-doctor/0123456789abcdef/rights",
        ".landfall-doctor-of-another/film.mp4",
        "media/test/.landfall-doctor/0123456789abcdef/rights",
        "media/test/.landfall-doctor-of-another/film.mp4",
        "media/test/doctor/0123456789abcdef/rights",
    ];
    let clock = Arc::new(ManualClock::new(HostClock.now() + TimeSpan::from_hours(365 * 24)));
    let patient = met(settings.clone(), signer(&settings), clock).await;
    let client = patient.client();
    for key in theirs {
        for bucket in ["private", "public"] {
            client.put_object().bucket(bucket).key(key).body(vec![1].into()).send().await.expect("it is taken");
            client.create_multipart_upload().bucket(bucket).key(key).send().await.expect("it opens");
        }
    }
    let (report, changes) = (examine(&patient).await, set_up(&patient, Mode::Apply).await);
    assert!(report.behaviour.is_some(), "{:#?}", report.findings);
    assert!(changes.iter().all(|change| change.outcome != Outcome::Refused), "{changes:#?}");
    let mut sorted = theirs;
    sorted.sort_unstable();
    for bucket in ["private", "public"] {
        let objects = client.list_objects_v2().bucket(bucket).send().await.expect("a listing");
        let uploads = client.list_multipart_uploads().bucket(bucket).send().await.expect("a listing");
        let objects: Vec<_> = objects.contents().iter().filter_map(|object| object.key()).collect();
        let uploads: Vec<_> = uploads.uploads().iter().filter_map(|upload| upload.key()).collect();
        assert_eq!((objects, uploads), (sorted.to_vec(), sorted.to_vec()), "{bucket}");
    }
    engine.stop().await;
}

#[test]
fn unfinished_uploads_are_spared_for_as_long_as_ours_may_take() {
    for (hours, days) in [(1, 9), (7 * 24, 9), (7 * 24 + 1, 10), (30 * 24, 32)] {
        assert_eq!(super::spared_days(TimeSpan::from_hours(hours)), days, "{hours} h");
    }
}
