//! Clocks that are wrong, and clocks that are set while the server runs.

use std::path::Path;

use crate::support::clock::{SOON, until};
use crate::support::films;
use crate::support::playback;
use crate::support::server::{Server, Setup};

/// A month ahead at start, as after an empty battery: to a small site everything looks abandoned.
#[tokio::test]
async fn a_clock_that_is_a_month_ahead_at_start_ends_no_upload() {
    let mut server = Server::new().await;
    let (api, film) = (server.api("42").await, films::mp4(films::THREE_PARTS));
    server.command(&["bucket", "setup"]).await.well();
    let running = api.create(&[("video", &film)]).await;
    api.send_part(&running.parts("video")[0], &film).await;
    // It waits for an hour; what is later than that is a leap of its own.
    for hours in [0, 2] {
        assert_eq!(server.terminate().await.code(), Some(0));
        server.live_later(30 * 24 + hours);
        server.start().await;
        until("the expire job has been at it", SOON, async || {
            server.process().said().contains("job waits").then_some(())
        })
        .await;
        assert_eq!(server.api("42").await.show(&running.id).await.expect(200)["status"], "UPLOADING");
    }
    // Somebody notices.
    assert_eq!(server.terminate().await.code(), Some(0));
    server.live_later(0);
    server.start().await;
    let numbers: Vec<u64> = running.parts("video").iter().filter_map(|part| part["number"].as_u64()).collect();
    let granted = api.part_urls(&running.id, "video", &serde_json::json!(numbers)).await.expect(200);
    for part in &granted["parts"].as_array().expect("parts")[1..] {
        api.send_part(part, &film).await;
    }
    api.complete(&running.id).await.expect(200);
    let url = api.url(&running.id, "video").await;
    playback::reads_whole(&api.http, &url, &film).await;
}

/// How far the process's wall clock is from the host's, by a file that libfaketime reads at every look.
fn set(file: &Path, hours: i32) {
    let next = file.with_extension("next");
    std::fs::write(&next, format!("{hours:+}h\n")).expect("it is written");
    std::fs::rename(next, file).expect("it takes its place");
}

/// Six hours ahead, and right again: everybody goes on uploading, and nobody is limited for longer than the rate says.
#[tokio::test]
async fn a_clock_that_is_set_back_stops_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let ahead = folder.path().join("ahead");
    set(&ahead, 0);
    let mut server = Setup::default()
        .config("[limits]\nrate_per_minute = 120\nburst = 20")
        .variable("LD_PRELOAD", "/usr/$LIB/faketime/libfaketimeMT.so.1")
        .variable("FAKETIME_TIMESTAMP_FILE", ahead.to_str().expect("a path"))
        .variable("FAKETIME_NO_CACHE", "1")
        .variable("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .start()
        .await;
    let (api, film) = (server.api("42").await, films::mp4(films::TINY));
    let upload = async |api: &crate::support::api::Api| {
        let asset = api.send_all(&[("video", &film)]).await;
        api.complete(&asset.id).await.expect(200);
    };
    upload(&api).await;
    set(&ahead, 6);
    // A token that is good on both days.
    let lasting = async |owner: &str| {
        let token = server.command(&["token", "--owner", owner, "--ttl", "12h"]).await.well();
        crate::support::api::Api::new(&server.url, token.trim())
    };
    let (busy, other) = (lasting("busy").await, lasting("43").await);
    let mut status = 200;
    for _ in 0..500 {
        if status == 200 {
            status = busy.get("/v1/videos").await.status.as_u16();
        }
    }
    assert_eq!(status, 429, "the burst is used up");
    set(&ahead, 0);
    upload(&other).await;
    until("the limit is over", SOON, async || (busy.get("/v1/videos").await.status.as_u16() == 200).then_some(()))
        .await;
    let ready = api.get("/readyz").await.expect(200);
    assert_eq!(ready, serde_json::json!({"status": "ready"}));
    assert_eq!(server.terminate().await.code(), Some(0));
}
