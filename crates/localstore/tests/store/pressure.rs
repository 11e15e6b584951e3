//! Real scarcity: too few file descriptors for the clients there are, and disks that are full to the last block or file.
//! What was acknowledged is there after a kill, nothing open holds it, and there is always a way out.

use crate::crash::Process;
use crate::multipart::listed;
use crate::support::{BUCKET, SECRET, client, pattern, persistent_client, refusal};
use aws_sdk_s3::Client;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use std::{io::Write, path::Path, process::Command, sync::Arc};
use tempfile::TempDir;
use tokio::task::JoinSet;

/// A film that was uploaded: what its client knows.
struct Sent {
    key: String,
    upload: String,
    tag: String,
    seed: u64,
    acknowledged: bool,
}

/// Uploads in one part; `None` if it never came to a Complete.
async fn upload(client: &Client, key: String, seed: u64, size: usize) -> Option<Sent> {
    let opened = client.create_multipart_upload().bucket(BUCKET).key(&key).send().await.ok()?;
    let upload = opened.upload_id?;
    let part = client.upload_part().bucket(BUCKET).key(&key).upload_id(&upload).part_number(1);
    let tag = part.body(pattern(size, seed).into()).send().await.ok()?.e_tag?;
    let acknowledged = complete(client, &key, &upload, &tag).await;
    Some(Sent { key, upload, tag, seed, acknowledged })
}

async fn complete(client: &Client, key: &str, upload: &str, tag: &str) -> bool {
    let complete = client.complete_multipart_upload().bucket(BUCKET).key(key).upload_id(upload);
    complete.multipart_upload(listed(&[(1, tag)])).send().await.is_ok()
}

/// Whoever comes late with what an honest client still holds destroys nothing.
async fn come_late(client: &Client, sent: &Sent) {
    let (key, upload) = (&sent.key, &sent.upload);
    let part = client.upload_part().bucket(BUCKET).key(key).upload_id(upload).part_number(1);
    let late = part.body(pattern(77, 7).into()).send().await;
    assert_eq!(refusal(late), (404, "NoSuchUpload".to_owned()), "{key}: the upload is open");
    assert!(complete(client, key, upload, &sent.tag).await, "{key}: asking again");
    client
        .abort_multipart_upload()
        .bucket(BUCKET)
        .key(key)
        .upload_id(upload)
        .send()
        .await
        .expect("an Abort does nothing");
}

async fn read(client: &Client, key: &str) -> Option<Vec<u8>> {
    let got = client.get_object().bucket(BUCKET).key(key).send().await.ok()?;
    Some(got.body.collect().await.ok()?.to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_clients_and_256_descriptors() {
    const CLIENTS: u64 = 300;
    const SIZE: usize = 20_000;
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::start_after("ulimit -n 256", folder.path(), 0);
    let shared = persistent_client(&process.endpoint);
    let mut clients = JoinSet::new();
    for seed in 0..CLIENTS {
        let client = shared.clone();
        clients.spawn(async move { upload(&client, format!("film-{seed}"), seed, SIZE).await });
    }
    let sent: Vec<Sent> = clients.join_all().await.into_iter().flatten().collect();
    drop(process);
    let process = Process::start_after("ulimit -n 1024", folder.path(), 0);
    let acknowledged = sent.iter().filter(|sent| sent.acknowledged).count();
    println!("{acknowledged} of {CLIENTS} uploads were acknowledged at 256 descriptors");
    assert!(acknowledged > 30, "the store was of no use: {acknowledged} of {CLIENTS}");
    for sent in &sent {
        let found = read(&process.client, &sent.key).await;
        assert!(!sent.acknowledged || found.is_some(), "{} was acknowledged and is gone", sent.key);
        if found.is_some() {
            come_late(&process.client, sent).await;
            let bytes = read(&process.client, &sent.key).await;
            assert!(bytes == Some(pattern(SIZE, sent.seed)), "{} is not what was sent", sent.key);
        }
    }
}

/// A small disk in memory, gone at the end.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn new(options: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder.path()).status();
        assert!(
            mounted.as_ref().is_ok_and(std::process::ExitStatus::success),
            "this test fills a small disk and has to mount one: run it as root ({mounted:?})"
        );
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes what is left, as a program beside the store would.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.path().join("somebody-elses")).expect("a file");
        for size in [1 << 16, 1 << 12, 1] {
            while file.write_all(&vec![1; size]).is_ok() {}
        }
    }

    fn empty(&self) {
        std::fs::remove_file(self.path().join("somebody-elses")).expect("the file");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.path()).status();
        assert!(std::thread::panicking() || unmounted.is_ok_and(|status| status.success()), "the disk stays mounted");
    }
}

/// Uploads until the disk takes no more.
async fn upload_until_full(client: &Client) -> Vec<Sent> {
    let mut writers = JoinSet::new();
    for writer in 0..4_u64 {
        let client = client.clone();
        writers.spawn(async move {
            let mut sent = Vec::new();
            for number in 0..200 {
                let seed = writer * 1_000 + number;
                match upload(&client, format!("film-{seed}"), seed, 300_000).await {
                    Some(film) => sent.push(film),
                    None => return sent,
                }
            }
            panic!("the disk is never full");
        });
    }
    writers.join_all().await.into_iter().flatten().collect()
}

async fn a_full_disk(round: usize) -> usize {
    const RESERVE: u64 = 2 << 20;
    let disk = SmallDisk::new("size=12m");
    let root = disk.path().join("store");
    let start = || Process::start_after(":", &root, RESERVE);
    let process = start();
    let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let versioned = process.client.put_bucket_versioning().bucket("public").versioning_configuration(enabled);
    versioned.send().await.expect("versioning");
    let put = process.client.put_object().bucket("public").key("kept").body(pattern(500, 5).into());
    put.send().await.expect("a put");
    let waiting =
        process.client.create_multipart_upload().bucket(BUCKET).key("waiting").send().await.expect("an upload");
    let waiting = waiting.upload_id.expect("an id");
    let part = process.client.upload_part().bucket(BUCKET).key("waiting").upload_id(&waiting).part_number(1);
    let tag = part.body(pattern(900, 9).into()).send().await.expect("a part").e_tag.expect("a tag");

    let sent = upload_until_full(&process.client).await;
    let put = process.client.put_object().bucket(BUCKET).key("more").body(pattern(300_000, 1).into()).send().await;
    assert_eq!(refusal(put), (507, "InsufficientStorage".to_owned()), "round {round}");
    // The process is killed, and somebody else takes the rest, to the last block.
    drop(process);
    disk.fill();
    let process = start();
    assert!(complete(&process.client, "waiting", &waiting, &tag).await, "round {round}: what arrived can be completed");
    let marker = process.client.delete_object().bucket("public").key("kept").send().await;
    marker.expect("a delete that writes a marker");
    let mut last = None;
    for (at, sent) in sent.iter().filter(|sent| sent.acknowledged).enumerate() {
        assert!(
            read(&process.client, &sent.key).await == Some(pattern(300_000, sent.seed)),
            "round {round}: {}",
            sent.key
        );
        come_late(&process.client, sent).await;
        if at % 2 == 0 {
            let delete = process.client.delete_object().bucket(BUCKET).key(&sent.key).send().await;
            delete.expect("a delete on a full disk");
        } else {
            last = Some(sent);
        }
    }
    disk.empty();
    let last = last.expect("several were uploaded");
    assert!(read(&process.client, &last.key).await == Some(pattern(300_000, last.seed)), "round {round}");
    assert!(upload(&process.client, "again".to_owned(), 1, 300_000).await.is_some_and(|sent| sent.acknowledged));
    sent.iter().filter(|sent| sent.acknowledged).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_disks_are_filled_and_find_a_way_out() {
    let mut acknowledged = 0;
    for round in 0..20 {
        acknowledged += a_full_disk(round).await;
    }
    println!("{acknowledged} uploads were acknowledged on 20 full disks, none was lost");
    assert!(acknowledged >= 20 * 10, "{acknowledged} uploads are no full disk");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_without_files_left_is_full() {
    // The store's own folders are some 800 files.
    let disk = SmallDisk::new("size=64m,nr_inodes=1200");
    let process = Arc::new(Process::start_after(":", &disk.path().join("store"), 1 << 20));
    let client = client(&process.endpoint, SECRET);
    let mut refused = None;
    let mut kept = 0;
    for number in 0..600 {
        let put = client.put_object().bucket(BUCKET).key(format!("k{number}")).body(pattern(10, number).into()).send();
        match put.await {
            Ok(_) => kept += 1,
            other => {
                refused = Some(refusal(other));
                break;
            }
        }
    }
    assert_eq!(refused, Some((507, "InsufficientStorage".to_owned())), "after {kept}");
    let free = Command::new("stat").args(["-f", "-c", "%d"]).arg(disk.path()).output().expect("stat");
    let free: u64 = String::from_utf8_lossy(&free.stdout).trim().parse().expect("a number");
    assert!((10..=14).contains(&free), "{free} of 1,200 files are kept back: 1 %");
    client.delete_object().bucket(BUCKET).key("k0").send().await.expect("a delete");
    client.put_object().bucket(BUCKET).key("one").body(pattern(10, 1).into()).send().await.expect("room for one");
}
