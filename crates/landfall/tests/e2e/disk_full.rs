//! The embedded store's disk is full: parts are refused with a clear answer, no half object appears, and when there is
//! room again the upload goes on.
//!
//! The disk is a small one in memory, mounted where only the server sees it. Where mounting is not permitted, a limit
//! on the length of files takes its place: the write fails just the same.

use std::path::Path;

use serde_json::json;
use tokio::process::Command;

use crate::support::clock::{SOON, until};
use crate::support::films;
use crate::support::playback;
use crate::support::process::run;
use crate::support::server::{Server, Setup, folder};

/// Room for one film of three parts and for what a server writes besides, not for two films.
const DISK: &str = "mount -t tmpfs -o size=36m tmpfs data/store";

/// How to get a private mount, if it can be had: as root, or as root of a user namespace.
pub(super) async fn mounting() -> Option<&'static [&'static str]> {
    const WAYS: [&[&str]; 2] = [&["unshare", "--mount"], &["unshare", "--user", "--map-root-user", "--mount"]];
    let home = folder();
    for way in WAYS {
        let mut trial = Command::new(way[0]);
        trial.args(&way[1..]).args(["mount", "-t", "tmpfs", "tmpfs"]).arg(home.path());
        if run(&mut trial).await.code == Some(0) {
            return Some(way);
        }
    }
    None
}

/// A server whose store is full after one film, and what makes room again.
async fn small() -> (Server, Room) {
    // The default reserve is larger than the disk.
    let setup = || Setup::default().config("[store]\nreserve = \"1 MiB\"");
    match mounting().await {
        Some(way) => {
            let line = format!("mkdir -p data/store && {DISK}");
            (setup().through(way).before(&line).start().await, Room::ByDeleting)
        }
        None => {
            // The signal that tells of the limit must be ignored for the write to fail instead.
            let server = setup().before("trap '' XFSZ").start().await;
            (server, Room::ByLimit)
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    ByDeleting,
    ByLimit,
}

fn limit_files(server: &Server, bytes: Option<u64>) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let pid = Pid::from_raw(i32::try_from(server.process().pid()).expect("a process id"));
    prlimit(pid, Resource::Fsize, Rlimit { current: bytes, maximum: None }).expect("a limit");
}

fn is_known(path: &Path) -> bool {
    path.exists()
}

#[tokio::test]
async fn parts_are_refused_and_the_upload_goes_on_later() {
    let (server, room) = small().await;
    let api = server.api("42").await;
    let film = films::mp4(films::THREE_PARTS);
    let first = api.send_all(&[("video", &film)]).await;
    api.complete(&first.id).await.expect(200);
    let second = api.create(&[("video", &film)]).await;
    if room == Room::ByLimit {
        limit_files(&server, Some(1 << 20));
    }
    let mut refused = 0;
    for part in second.parts("video") {
        let answer = api.try_part(part, &film).await.expect("an answer");
        match answer.status().as_u16() {
            200 => {}
            507 | 503 => refused += 1,
            other => panic!("{other}: {}", answer.text().await.unwrap_or_default()),
        }
    }
    assert!(refused > 0, "there was room for two films");
    let problem = api.complete(&second.id).await.problem(409, "upload_incomplete");
    let missing = problem["missing"][0]["numbers"].as_array().map(Vec::len);
    assert_eq!(missing, Some(refused), "half a part is no part: {problem:#}");
    let buckets = server.buckets().await;
    let content = buckets.list().await;
    assert!(content.objects.iter().all(|key| key.contains(&first.id)), "{content:?}");
    playback::reads_whole(&api.http, &api.url(&first.id, "video").await, &film).await;
    assert!(is_known(&server.data().join("run.json")), "it is still there");

    match room {
        Room::ByDeleting => {
            assert_eq!(api.delete(&first.id).await.status, 204);
            until("there is room", SOON, async || buckets.list().await.objects.is_empty().then_some(())).await;
        }
        Room::ByLimit => limit_files(&server, None),
    }
    let numbers = problem["missing"][0]["numbers"].clone();
    let granted = api.part_urls(&second.id, "video", &numbers).await.expect(200);
    for part in granted["parts"].as_array().expect("part URLs") {
        api.send_part(part, &film).await;
    }
    assert_eq!(api.complete(&second.id).await.expect(200)["status"], json!("CREATED"));
    playback::reads_whole(&api.http, &api.url(&second.id, "video").await, &film).await;
}
