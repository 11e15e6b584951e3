//! Every call to the file system fails once, in every way, in every operation: then nothing that was acknowledged is
//! lost, nothing else is half there, and nothing open holds what is published.
//!
//! Each case is looked at in the running store, after a restart, after the process died at that call, and after the
//! machine lost power there: whatever was not synced is then as it was before.

mod acts;
mod faults;
mod starts;

use crate::support::{Store, config};
use acts::{Act, PLAIN, Subject, VERSIONED};
use faults::{ONCE, Plan, Wrong};
use localstore::Config;
use std::sync::Arc;
use tempfile::TempDir;

/// A folder in memory where there is one: what fails here is injected, and a real disk would only make it slow.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder")
}

fn faulty(folder: &TempDir, plan: &Arc<Plan>) -> Config {
    Config { disk_faults: Some(Arc::clone(plan) as _), ..config(folder.path()) }
}

async fn start(plan: &Arc<Plan>) -> Store {
    Stopped(folder()).start(plan).await
}

async fn restart(store: Store, plan: &Arc<Plan>) -> Store {
    stop(store).await.start(plan).await
}

/// A store that does not run.
struct Stopped(TempDir);

async fn stop(store: Store) -> Stopped {
    store.server.stop().await;
    Stopped(store.folder)
}

impl Stopped {
    async fn start(self, plan: &Arc<Plan>) -> Store {
        let config = faulty(&self.0, plan);
        Store::start_as(self.0, config).await
    }
}

/// One act under every fault.
struct Bench {
    act: Act,
    plan: Arc<Plan>,
    store: Option<Store>,
    cases: usize,
}

impl Bench {
    async fn new(act: Act) -> Self {
        let plan = Arc::new(Plan::default());
        let store = start(&plan).await;
        acts::version(&store).await;
        Self { act, plan, store: Some(store), cases: 0 }
    }

    fn store(&self) -> &Store {
        self.store.as_ref().expect("it runs")
    }

    /// A subject of its own, the act done to it while the disk fails, and whether that was acknowledged.
    async fn strike(&mut self, number: usize, wrong: Wrong) -> (Subject, bool, String) {
        self.cases += 1;
        let case = format!("{:?}, call {number}, {wrong:?}", self.act);
        let subject = self.act.prepare(self.store(), format!("case-{}/film", self.cases)).await;
        self.plan.arm(number, wrong);
        let done = self.act.perform(self.store(), &subject).await;
        if let Err((status, _)) = &done {
            assert!([500, 503, 507].contains(status), "{case}: {done:?}");
        }
        (subject, done.is_ok(), case)
    }

    async fn restart(&mut self) {
        let store = self.store.take().expect("it runs");
        self.store = Some(restart(store, &self.plan).await);
    }

    async fn run(mut self) -> usize {
        let subject = self.act.prepare(self.store(), "count".to_owned()).await;
        self.plan.count();
        self.act.perform(self.store(), &subject).await.expect("without a fault it succeeds");
        let calls = self.plan.disarm();
        self.act.check(self.store(), &subject, true, "no fault").await;
        let mut later = Vec::new();
        for (number, call) in calls.iter().enumerate() {
            for wrong in ONCE {
                if wrong == Wrong::Short && call.name != "write" {
                    continue;
                }
                let (subject, acknowledged, case) = self.strike(number, wrong).await;
                self.plan.disarm();
                self.act.check(self.store(), &subject, acknowledged, &format!("{case} ({})", call.name)).await;
                let struck = self.strike(number, wrong).await;
                self.plan.disarm();
                later.push(struck);
            }
            let (subject, acknowledged, case) = self.strike(number, Wrong::Dead).await;
            self.plan.disarm();
            self.act.check(self.store(), &subject, acknowledged, &format!("{case} ({}), then well", call.name)).await;
        }
        self.restart().await;
        for (subject, acknowledged, case) in later {
            self.act.check(self.store(), &subject, acknowledged, &format!("{case}, restarted")).await;
        }
        for number in 0..calls.len() {
            for loses_power in [false, true] {
                let (subject, acknowledged, case) = self.strike(number, Wrong::Dead).await;
                let store = self.store.take().expect("it runs");
                let stopped = stop(store).await;
                self.plan.disarm();
                if loses_power {
                    self.plan.lose_power();
                }
                self.store = Some(stopped.start(&self.plan).await);
                let case = format!("{case}, then gone, power lost: {loses_power}");
                self.act.check(self.store(), &subject, acknowledged, &case).await;
            }
        }
        self.clean().await;
        self.cases
    }

    /// When everything is deleted, nothing is left: no byte was forgotten on the way.
    async fn clean(&mut self) {
        let client = self.store().client.clone();
        for bucket in [PLAIN, VERSIONED] {
            let uploads = client.list_multipart_uploads().bucket(bucket).send().await.expect("a list");
            for upload in uploads.uploads() {
                let abort = client.abort_multipart_upload().bucket(bucket);
                let abort = abort.set_key(upload.key.clone()).set_upload_id(upload.upload_id.clone());
                abort.send().await.expect("an abort");
            }
            let list = client.list_object_versions().bucket(bucket).send().await.expect("a list");
            assert_ne!(list.is_truncated(), Some(true), "one page is enough");
            let versions = list.versions().iter().map(|found| (found.key.clone(), found.version_id.clone()));
            let markers = list.delete_markers().iter().map(|found| (found.key.clone(), found.version_id.clone()));
            for (key, version) in versions.chain(markers) {
                let delete = client.delete_object().bucket(bucket).set_key(key).set_version_id(version);
                delete.send().await.expect("a delete");
            }
        }
        self.restart().await;
        for left in ["blobs", "tmp", "buckets/private/keys", "buckets/versioned/keys"] {
            assert_eq!(self.store().files(left), Vec::<std::path::PathBuf>::new(), "{:?}", self.act);
        }
    }
}

async fn matrix(acts: &[Act]) {
    let mut cases = 0;
    for act in acts {
        cases += Bench::new(*act).await.run().await;
    }
    println!("{cases} cases of operation x call x fault");
    // A delete makes five calls, a completion twenty.
    assert!(cases >= acts.len() * 80, "{cases} cases are too few for {} operations", acts.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn puts() {
    matrix(&[Act::Put, Act::Overwrite, Act::OverwriteVersioned]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies() {
    matrix(&[Act::Copy, Act::CopyOver, Act::CopyPart]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts() {
    matrix(&[Act::CreateUpload, Act::Part, Act::ReplacePart]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completions() {
    matrix(&[Act::Complete, Act::CompleteOver, Act::CompleteVersioned]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ends_of_what_uploads_made() {
    matrix(&[Act::OverwriteCompleted, Act::DeleteCompleted, Act::Abort]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deletes_and_tags() {
    matrix(&[Act::Delete, Act::DeleteVersioned, Act::DeleteVersion, Act::Tag]).await;
}

#[test]
fn no_operation_is_left_out() {
    assert_eq!(Act::ALL.len(), 3 + 3 + 3 + 3 + 3 + 4);
}
