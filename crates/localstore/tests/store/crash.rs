//! A store that is killed with no warning, again and again, while it is written to: what it acknowledged is there and
//! whole afterwards, what it did not is there whole or not at all, and nothing else is left.

use crate::multipart::listed;
use crate::support::{BUCKET, MIB, SECRET, client, files_below, pattern};
use aws_sdk_s3::Client;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};
use tokio::task::JoinSet;

/// A store in a process of its own, killed when it goes out of scope.
pub(crate) struct Process {
    child: Child,
    pub(crate) client: Client,
    pub(crate) endpoint: String,
}

impl Process {
    pub(crate) fn start(folder: &Path) -> Self {
        let mut command = Command::new(Self::program());
        command.arg(folder).args(["127.0.0.1:0", "0"]);
        Self::spawn(command)
    }

    /// A process whose files the kernel lets grow no further than so many blocks of 512 bytes: a full disk, as far as
    /// writing is concerned.
    pub(crate) fn start_with_full_disk(folder: &Path, blocks: usize) -> Self {
        Self::start_after(&format!("trap '' XFSZ; ulimit -f {blocks}"), folder, 0)
    }

    /// A process that a shell first does something for, and whose store keeps so many bytes of its disk back.
    pub(crate) fn start_after(script: &str, folder: &Path, reserve: u64) -> Self {
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("{script}; exec \"$0\" \"$@\"")).arg(Self::program()).arg(folder);
        command.args(["127.0.0.1:0", &reserve.to_string()]);
        Self::spawn(command)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn program() -> PathBuf {
        let tests = std::env::current_exe().expect("a path");
        let program = tests.parent().and_then(Path::parent).expect("a target folder").join("examples/serve");
        assert!(
            program.exists(),
            "{} is missing; build it with `cargo build -p localstore --example serve`",
            program.display()
        );
        program
    }

    fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("a process");
        let mut address = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut address).expect("its address");
        let endpoint = format!("http://{}", address.trim());
        Self { child, client: client(&endpoint, SECRET), endpoint }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL: no destructor, no flush.
        self.child.kill().expect("a kill");
        self.child.wait().expect("an end");
    }
}

/// The writes of one key, by the seeds of their bytes, in order; one writer writes a key, so the order is certain.
#[derive(Default)]
struct Writes {
    tried: Vec<u64>,
    /// How many of `tried` there were when the last acknowledged one was.
    acknowledged: usize,
}

type Journal = Arc<Mutex<BTreeMap<String, Writes>>>;

fn size_of(seed: u64) -> usize {
    usize::try_from(seed % 7).expect("small") * 150_000 + 11
}

async fn write_on(client: Client, round: u64, writer: u64, journal: Journal) {
    for number in 0.. {
        let seed = round * 1_000_000 + writer * 10_000 + number;
        let key = format!("w{writer}/{}", seed % 5);
        let bytes = pattern(size_of(seed), seed);
        journal.lock().expect("no panic").entry(key.clone()).or_default().tried.push(seed);
        let done = if number % 3 == 2 {
            by_parts(&client, &key, bytes).await
        } else {
            client.put_object().bucket(BUCKET).key(&key).body(bytes.into()).send().await.is_ok().then_some(())
        };
        if done.is_none() {
            return;
        }
        let mut journal = journal.lock().expect("no panic");
        let writes = journal.get_mut(&key).expect("tried above");
        writes.acknowledged = writes.tried.len();
    }
}

async fn by_parts(client: &Client, key: &str, bytes: Vec<u8>) -> Option<()> {
    let id = client.create_multipart_upload().bucket(BUCKET).key(key).send().await.ok()?.upload_id?;
    let part = client.upload_part().bucket(BUCKET).key(key).upload_id(&id).part_number(1).body(bytes.into());
    let tag = part.send().await.ok()?.e_tag?;
    let complete = client.complete_multipart_upload().bucket(BUCKET).key(key).upload_id(&id);
    complete.multipart_upload(listed(&[(1, &tag)])).send().await.ok().map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_being_killed() {
    const WRITERS: u64 = 4;
    let folder = tempfile::tempdir().expect("a folder");
    let journal = Journal::default();
    for round in 0..6_u64 {
        let process = Process::start(folder.path());
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            writers.spawn(write_on(process.client.clone(), round, writer, Arc::clone(&journal)));
        }
        let before = tries(&journal);
        let enough = 12 + usize::try_from(round).expect("small") * 5;
        crate::races::wait_until(|| tries(&journal) >= before + enough).await;
        drop(process);
        writers.join_all().await;
        check(folder.path(), &journal, round).await;
    }
}

fn tries(journal: &Journal) -> usize {
    journal.lock().expect("no panic").values().map(|writes| writes.tried.len()).sum()
}

/// Starts the store on what the kill left and compares.
async fn check(folder: &Path, journal: &Journal, round: u64) {
    let process = Process::start(folder);
    let listed = process.client.list_objects_v2().bucket(BUCKET).send().await.expect("a list");
    let there: Vec<String> = listed.contents().iter().filter_map(|object| object.key()).map(str::to_owned).collect();
    let mut named = 0;
    let keys: Vec<String> = journal.lock().expect("no panic").keys().cloned().collect();
    for key in &keys {
        // The last acknowledged write, or a later one whose answer the kill swallowed.
        let (possible, acknowledged) = {
            let journal = journal.lock().expect("no panic");
            let writes = &journal[key];
            (writes.tried[writes.acknowledged.saturating_sub(1)..].to_vec(), writes.acknowledged > 0)
        };
        if !there.contains(key) {
            assert!(!acknowledged, "round {round}: {key} was acknowledged and is gone");
            continue;
        }
        let got = process.client.get_object().bucket(BUCKET).key(key).send().await.expect("a get");
        let bytes = got.body.collect().await.expect("a body").to_vec();
        let whole = possible.iter().any(|seed| pattern(size_of(*seed), *seed) == bytes);
        assert!(whole, "round {round}: {key} holds {} bytes that are none of {possible:?}", bytes.len());
        named += 1;
    }
    assert_eq!(named, there.len(), "round {round}: nothing but what was written");
    assert!(files_below(&folder.join("tmp")).is_empty(), "round {round}: temporary files stay");
    let uploads = process.client.list_multipart_uploads().bucket(BUCKET).send().await.expect("a list");
    let mut parts = 0;
    for upload in uploads.uploads() {
        let (key, id) = (upload.key().expect("a key"), upload.upload_id().expect("an id"));
        let listed = process.client.list_parts().bucket(BUCKET).key(key).upload_id(id).send().await.expect("parts");
        parts += listed.parts().len();
    }
    assert_eq!(files_below(&folder.join("blobs")).len(), named + parts, "round {round}: every blob has an owner");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_and_completions_survive_being_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::start(folder.path());
    let created = process.client.create_multipart_upload().bucket(BUCKET).key("m").content_type("video/mp4").send();
    let id = created.await.expect("an upload").upload_id.expect("an id");
    let mut tags = Vec::new();
    for (number, size) in [(1, 5 * MIB), (2, 77)] {
        let part = process.client.upload_part().bucket(BUCKET).key("m").upload_id(&id).part_number(number);
        let part = part.body(pattern(size, 1).into()).send().await.expect("a part");
        tags.push((number, part.e_tag.expect("a tag")));
    }
    drop(process);
    let process = Process::start(folder.path());
    let parts: Vec<(i32, &str)> = tags.iter().map(|(number, tag)| (*number, tag.as_str())).collect();
    let complete = |client: &Client| {
        let call = client.complete_multipart_upload().bucket(BUCKET).key("m").upload_id(&id);
        call.multipart_upload(listed(&parts)).send()
    };
    let done = complete(&process.client).await.expect("a completion");
    drop(process);
    let process = Process::start(folder.path());
    let again = complete(&process.client).await.expect("the same completion after the kill");
    assert_eq!(again.e_tag(), done.e_tag());
    let got = process.client.get_object().bucket(BUCKET).key("m").send().await.expect("a get");
    assert_eq!(got.content_type(), Some("video/mp4"));
    let bytes = got.body.collect().await.expect("a body").to_vec();
    assert!(bytes == [pattern(5 * MIB, 1), pattern(77, 1)].concat());
}
