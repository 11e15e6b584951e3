//! A disk that takes no more, and memory that does not grow with what is sent.

use crate::crash::Process;
use crate::support::{BUCKET, MIB, files_below, for_seconds, pattern, refusal};
use tokio::task::JoinSet;

#[tokio::test]
async fn a_full_disk_is_said_and_leaves_no_half_object() {
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::start_with_full_disk(folder.path(), 2 * MIB / 512);
    let put =
        |key: &str, size| process.client.put_object().bucket(BUCKET).key(key).body(pattern(size, 1).into()).send();
    put("small", MIB).await.expect("what fits");
    assert_eq!(refusal(put("small", 3 * MIB).await), (507, "InsufficientStorage".into()));
    assert_eq!(refusal(put("other", 3 * MIB).await), (507, "InsufficientStorage".into()));
    let upload = process.client.create_multipart_upload().bucket(BUCKET).key("m").send().await.expect("an upload");
    let id = upload.upload_id.expect("an id");
    let part = process.client.upload_part().bucket(BUCKET).key("m").upload_id(&id).part_number(1);
    let part = part.body(pattern(3 * MIB, 1).into()).send().await;
    assert_eq!(refusal(part), (507, "InsufficientStorage".into()));
    let got = process.client.get_object().bucket(BUCKET).key("small").send().await.expect("the old object");
    assert!(got.body.collect().await.expect("a body").to_vec() == pattern(MIB, 1));
    assert_eq!(refusal(process.client.head_object().bucket(BUCKET).key("other").send().await).0, 404);
    assert!(files_below(&folder.path().join("tmp")).is_empty());
    assert_eq!(files_below(&folder.path().join("blobs")).len(), 1);
    put("later", MIB).await.expect("what fits, again");
}

/// The most memory a process ever had, in KiB.
pub(crate) fn peak_kib(process: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_does_not_grow_with_what_is_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::start(folder.path());
    assert!(process.endpoint.starts_with("http://127.0.0.1:"));
    let http = reqwest::Client::new();
    let mut senders = JoinSet::new();
    for number in 0..12 {
        let put = process.client.put_object().bucket(BUCKET).key(format!("m{number}")).presigned(for_seconds(600));
        let (url, http) = (put.await.expect("a URL").uri().to_owned(), http.clone());
        senders.spawn(async move {
            let chunk = pattern(MIB, number);
            let chunks = (0..24).map(move |_| Ok::<_, std::io::Error>(chunk.clone()));
            let body = reqwest::Body::wrap_stream(futures::stream::iter(chunks));
            let sent = http.put(url).header("content-length", 24 * MIB).body(body).send().await;
            assert_eq!(sent.expect("an answer").status(), 200);
        });
    }
    senders.join_all().await;
    // 288 MiB went through, 12 streams at once, each with two batches of a quarter MiB and its connection's buffer.
    let peak = peak_kib(&process);
    assert!(peak < 64 * 1024, "the store took {peak} KiB");
}
