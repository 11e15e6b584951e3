//! The same for what is not about one key: starting, buckets, settings, sweeps.

use super::acts::{Act, PLAIN, VERSIONED, version};
use super::faults::{ONCE, Plan, Wrong, chosen};
use super::{config, faulty, folder, restart, start, stop};
use crate::multipart::listed;
use crate::support::{Store, pattern};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use jiff::{SignedDuration, Timestamp};
use localstore::{Config, LocalStore, Reserve};
use std::sync::Arc;

/// What a start finds: objects, versions, an open upload, a completion that stands only in its object's record, and
/// leftovers.
struct Estate {
    open: String,
    tag: String,
    unrecorded: String,
}

async fn fill(store: &Store, plan: &Plan) -> Estate {
    version(store).await;
    store.put("plain", pattern(900, 1)).await;
    for seed in [3, 4] {
        let put = store.client.put_object().bucket(VERSIONED).key("v").body(pattern(700, seed).into());
        put.send().await.expect("a put");
    }
    let open = store.create_upload("open").await;
    let tag = store.upload_part("open", &open, 1, pattern(1_100, 5)).await;
    // The call that writes the completion, behind the five of the object's record.
    let subject = Act::Complete.prepare(store, "counted".to_owned()).await;
    plan.count();
    Act::Complete.perform(store, &subject).await.expect("a completion");
    let created: Vec<usize> =
        plan.disarm().iter().enumerate().filter(|(_, c)| c.name == "create").map(|(at, _)| at).collect();
    let subject = Act::Complete.prepare(store, "unrecorded".to_owned()).await;
    plan.arm(*created.last().expect("it writes"), Wrong::Dead);
    assert_eq!(Act::Complete.perform(store, &subject).await, Ok(()), "its object is there, whatever else fails");
    plan.disarm();
    let root = store.folder.path();
    std::fs::write(root.join("tmp/half"), "half a body").expect("a file");
    std::fs::write(root.join("blobs/ab").join("ab".to_owned() + &"0".repeat(30)), "nobody's").expect("a file");
    Estate { open, tag, unrecorded: subject.upload().to_owned() }
}

async fn look(store: &Store, estate: &Estate, case: &str) {
    assert!(store.bytes("plain").await == pattern(900, 1), "{case}");
    assert!(store.bytes("unrecorded").await == pattern(1_300, 2), "{case}");
    let versions = store.client.list_object_versions().bucket(VERSIONED).send().await.expect("versions");
    assert_eq!(versions.versions().len(), 2, "{case}");
    let list = store.client.list_multipart_uploads().bucket(PLAIN).send().await.expect("uploads");
    let ids: Vec<_> = list.uploads().iter().filter_map(|upload| upload.upload_id()).collect();
    assert_eq!(ids, [estate.open.as_str()], "{case}: only what is open is open");
    let parts =
        store.client.list_parts().bucket(PLAIN).key("open").upload_id(&estate.open).send().await.expect("parts");
    assert_eq!(parts.parts()[0].e_tag(), Some(estate.tag.as_str()), "{case}");
    let late = store.client.upload_part().bucket(PLAIN).key("unrecorded").upload_id(&estate.unrecorded).part_number(1);
    late.body(pattern(9, 9).into()).send().await.expect_err("it was completed");
}

async fn starting(faults: &[Wrong]) {
    let plan = Arc::new(Plan::default());
    let store = start(&plan).await;
    let estate = fill(&store, &plan).await;
    let mut stopped = stop(store).await;
    plan.count();
    LocalStore::start(faulty(&stopped.0, &plan)).await.expect("it starts").stop().await;
    let calls = plan.disarm();
    let mut cases = 0;
    for number in chosen(&calls) {
        for wrong in faults {
            let case = format!("start, call {number} ({}), {wrong:?}", calls[number].name);
            plan.arm(number, *wrong);
            if let Ok(started) = LocalStore::start(faulty(&stopped.0, &plan)).await {
                started.stop().await;
            }
            plan.disarm();
            if *wrong == Wrong::Dead {
                plan.lose_power();
            }
            let store = stopped.start(&plan).await;
            look(&store, &estate, &case).await;
            stopped = stop(store).await;
            cases += 1;
        }
    }
    println!("{cases} cases of call x fault while starting");
    assert!(cases >= 30 * faults.len(), "{cases} are too few");
    assert!(crate::support::files_below(&stopped.0.path().join("tmp")).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starts_out_of_something() {
    starting(&[ONCE[0], ONCE[1]]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starts_on_a_broken_disk() {
    starting(&[ONCE[2], ONCE[4]]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starts_that_die() {
    starting(&[Wrong::Late, Wrong::Dead]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buckets() {
    let plan = Arc::new(Plan::default());
    let mut store = start(&plan).await;
    let make = async |store: &Store, name: &str| store.client.create_bucket().bucket(name).send().await.is_ok();
    let remove = async |store: &Store, name: &str| store.client.delete_bucket().bucket(name).send().await.is_ok();
    let is_there = async |store: &Store, name: &str| store.client.head_bucket().bucket(name).send().await.is_ok();
    plan.count();
    assert!(make(&store, "counted").await);
    let making = plan.disarm();
    plan.count();
    assert!(remove(&store, "counted").await);
    let removing = plan.disarm();
    let faults = || ONCE.into_iter().chain([Wrong::Dead]);
    let made = chosen(&making).into_iter().flat_map(|number| faults().map(move |wrong| (true, number, wrong)));
    let removed = chosen(&removing).into_iter().flat_map(|number| faults().map(move |wrong| (false, number, wrong)));
    let cases: Vec<_> = made.chain(removed).collect();
    for (at, (makes, number, wrong)) in cases.iter().enumerate() {
        let (name, case) = (format!("case-{at}"), format!("makes: {makes}, call {number}, {wrong:?}"));
        if !makes {
            assert!(make(&store, &name).await);
        }
        plan.arm(*number, *wrong);
        let acknowledged = if *makes { make(&store, &name).await } else { remove(&store, &name).await };
        plan.disarm();
        if acknowledged {
            assert_eq!(is_there(&store, &name).await, *makes, "{case}");
        }
        if *wrong == Wrong::Dead {
            store = restart(store, &plan).await;
            assert!(!acknowledged || is_there(&store, &name).await == *makes, "{case}, restarted");
        }
        // Whoever asks again gets what it wants, or hears that it is so already.
        let _ = if *makes { make(&store, &name).await } else { remove(&store, &name).await };
        assert_eq!(is_there(&store, &name).await, *makes, "{case}, asked again");
    }
    store = restart(store, &plan).await;
    for (at, (makes, number, wrong)) in cases.iter().enumerate() {
        assert_eq!(is_there(&store, &format!("case-{at}")).await, *makes, "call {number}, {wrong:?}, restarted");
    }
    println!("{} cases of call x fault on buckets", cases.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings() {
    let plan = Arc::new(Plan::default());
    let mut store = start(&plan).await;
    let set = async |store: &Store, status: &BucketVersioningStatus| {
        let wanted = VersioningConfiguration::builder().status(status.clone()).build();
        store.client.put_bucket_versioning().bucket(PLAIN).versioning_configuration(wanted).send().await.is_ok()
    };
    let find = async |store: &Store| {
        let found = store.client.get_bucket_versioning().bucket(PLAIN).send().await.expect("settings");
        found.status
    };
    let (enabled, suspended) = (BucketVersioningStatus::Enabled, BucketVersioningStatus::Suspended);
    plan.count();
    assert!(set(&store, &enabled).await);
    let calls = plan.disarm();
    let mut cases = 0;
    for number in 0..calls.len() {
        for wrong in ONCE.into_iter().chain([Wrong::Dead, Wrong::Dead]) {
            cases += 1;
            let case = format!("settings, call {number}, {wrong:?}");
            assert!(set(&store, &enabled).await, "{case}");
            plan.arm(number, wrong);
            let acknowledged = set(&store, &suspended).await;
            plan.disarm();
            if wrong == Wrong::Dead && cases % 2 == 0 {
                store = restart(store, &plan).await;
            }
            // A change of the bucket finds out what the disk took.
            store.put("k", "bytes").await;
            let found = find(&store).await;
            assert!(found == Some(suspended.clone()) || !acknowledged && found == Some(enabled.clone()), "{case}");
            store = restart(store, &plan).await;
            assert_eq!(find(&store).await, found, "{case}, restarted");
            assert!(set(&store, &suspended).await, "{case}");
            assert_eq!(find(&store).await, Some(suspended.clone()), "{case}");
        }
    }
    println!("{cases} cases of call x fault on settings");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sweeps() {
    let plan = Arc::new(Plan::default());
    let mut store = start(&plan).await;
    let later = Timestamp::now() + SignedDuration::from_hours(30);
    let complete = async |store: &Store, key: &str| {
        let id = store.create_upload(key).await;
        let tag = store.upload_part(key, &id, 1, pattern(800, 7)).await;
        let complete = store.client.complete_multipart_upload().bucket(PLAIN).key(key).upload_id(&id);
        complete.multipart_upload(listed(&[(1, &tag)])).send().await.expect("a completion");
    };
    complete(&store, "counted").await;
    plan.count();
    store.server.sweep(later).await;
    let calls = plan.disarm().len();
    let mut cases = 0;
    for number in 0..calls {
        for wrong in ONCE.into_iter().chain([Wrong::Dead]) {
            cases += 1;
            let (key, case) = (format!("case-{cases}"), format!("sweep, call {number}, {wrong:?}"));
            complete(&store, &key).await;
            plan.arm(number, wrong);
            store.server.sweep(later).await;
            plan.disarm();
            if wrong == Wrong::Dead {
                store = restart(store, &plan).await;
            }
            assert!(store.bytes(&key).await == pattern(800, 7), "{case}");
            store.server.sweep(later).await;
            let open = store.client.list_multipart_uploads().bucket(PLAIN).send().await.expect("a list");
            assert!(open.uploads().is_empty(), "{case}: a completed upload is open again");
        }
    }
    println!("{cases} cases of call x fault on sweeps");
    store = restart(store, &plan).await;
    assert!(store.files("buckets/private/uploads").is_empty(), "everything was forgotten");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_finds_no_space_gets_what_is_kept_back() {
    let plan = Arc::new(Plan::default());
    let folder = folder();
    let reserve = Reserve { bytes: 4 << 20, inodes_percent: 0 };
    let config = Config { disk_faults: Some(Arc::clone(&plan) as _), reserve, ..config(folder.path()) };
    let store = Store::start_as(folder, config).await;
    version(&store).await;
    let kept = store.folder.path().join("reserve");
    assert_eq!(std::fs::metadata(&kept).expect("a file").len(), 1 << 20);
    let subject = Act::DeleteVersioned.prepare(&store, "k".to_owned()).await;
    plan.count();
    Act::DeleteVersioned.perform(&store, &subject).await.expect("a delete");
    let calls = plan.disarm();
    let create = calls.iter().position(|call| call.name == "create").expect("a marker is written");
    let subject = Act::DeleteVersioned.prepare(&store, "full".to_owned()).await;
    plan.arm(create, Wrong::Refused(rustix::io::Errno::NOSPC));
    assert_eq!(Act::DeleteVersioned.perform(&store, &subject).await, Ok(()));
    plan.disarm();
    assert!(!kept.exists(), "it was given up");
    let store = restart(store, &plan).await;
    assert!(Act::DeleteVersioned.perform(&store, &subject).await.is_ok());
}
