//! `/readyz` of a server whose files were taken from under it, and what it does meanwhile.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;

use serde_json::{Value, json};

use super::disk_full::mounting;
use crate::support::api::{Api, creation};
use crate::support::clock::{SOON, until};
use crate::support::films;
use crate::support::playback;
use crate::support::server::{Server, Setup};

/// Waits until readiness names a part with these words, and as little else as is asked for.
async fn fails(api: &Api, part: &str, words: &str) {
    let mut last = Value::Null;
    until("readiness names the part", SOON, async || {
        let answer = api.get("/readyz").await;
        last = answer.body;
        let named = last["errors"].as_array().into_iter().flatten().any(|error| {
            error["field"] == part && error["detail"].as_str().is_some_and(|detail| detail.contains(words))
        });
        (answer.status == 503 && named).then_some(())
    })
    .await;
}

async fn is_ready(api: &Api) {
    until("it is ready again", SOON, async || {
        let answer = api.get("/readyz").await;
        (answer.status == 200 && answer.body == json!({"status": "ready"})).then_some(())
    })
    .await;
}

/// What is acknowledged is in the file that the next start opens; where that is gone, nothing is acknowledged.
#[tokio::test]
async fn a_catalog_file_that_is_renamed_acknowledges_nothing() {
    let mut server = Server::new().await;
    let (api, film) = (server.api("42").await, films::mp4(films::TINY));
    let before = api.send_all(&[("video", &film)]).await;
    api.complete(&before.id).await.expect(200);
    let catalog = server.data().join("catalog.sqlite");
    let aside = server.home().join("aside.sqlite");
    fs::rename(&catalog, &aside).expect("it moves");
    for _ in 0..5 {
        let answer = api.post("/v1/videos", &creation(&[("video", &film)])).await;
        assert_eq!(answer.status, 503, "{:#}", answer.body);
        assert_eq!(api.show(&before.id).await.status, 503);
    }
    fails(&api, "catalog", "was moved or removed").await;
    fs::rename(&aside, &catalog).expect("it moves back");
    is_ready(&api).await;
    let after = api.send_all(&[("video", &film)]).await;
    api.complete(&after.id).await.expect(200);
    server.crash().await;
    for id in [&before.id, &after.id] {
        playback::reads_whole(&api.http, &api.url(id, "video").await, &film).await;
    }
}

#[tokio::test]
async fn a_catalog_that_is_none_any_more_is_named() {
    let server = Server::new().await;
    let api = server.api("42").await;
    is_ready(&api).await;
    let file = File::options().read(true).write(true).open(server.data().join("catalog.sqlite")).expect("the catalog");
    let mut header = [0; 16];
    file.read_exact_at(&mut header, 0).expect("a header");
    file.write_all_at(&[0; 16], 0).expect("it is overwritten");
    fails(&api, "catalog", "is damaged").await;
    file.write_all_at(&header, 0).expect("it is put back");
    is_ready(&api).await;
}

#[tokio::test]
async fn a_data_folder_that_is_moved_is_named() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let aside = server.home().join("aside");
    fs::rename(server.data(), &aside).expect("it moves");
    fails(&api, "data_folder", "was moved or removed").await;
    fails(&api, "store_folder", "was moved or removed").await;
    fs::rename(&aside, server.data()).expect("it moves back");
    is_ready(&api).await;
}

/// A disk that somebody else has filled to the last byte.
#[tokio::test]
async fn a_full_disk_is_named() {
    let Some(way) = mounting().await else { panic!("this test has to mount a disk in memory: run it as root") };
    let line = "mkdir -p data/store && mount -t tmpfs -o size=100m tmpfs data/store";
    let server = Setup::default().through(way).before(line).start().await;
    let api = server.api("42").await;
    is_ready(&api).await;
    // Where the server sees it.
    let filler = format!("/proc/{}/root{}/store/filler", server.process().pid(), server.data().display());
    let mut file = File::create(&filler).expect("a file");
    while file.write_all(&[1; 64 << 10]).is_ok() {}
    drop(file);
    fails(&api, "store_folder", "has no room left but its reserve").await;
    fs::remove_file(&filler).expect("it goes");
    is_ready(&api).await;
}
