//! The drills of an operator: a restored catalog, an empty one, another's, a wrong prefix. Nothing in the store changes
//! until the operator says so, and afterwards everything works.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::buckets::Content;
use crate::support::films;
use crate::support::process::Said;
use crate::support::server::Server;

/// SQLite's file and what stands beside it while it is open.
const CATALOG: [&str; 3] = ["catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"];

/// Copies a catalog over whatever is there.
fn copy_catalog(from: &Path, to: &Path) {
    for name in CATALOG {
        let _ = fs::remove_file(to.join(name));
        if from.join(name).exists() {
            fs::copy(from.join(name), to.join(name)).expect("a copy");
        }
    }
}

fn drop_catalog(data: &Path) {
    for name in CATALOG {
        let _ = fs::remove_file(data.join(name));
    }
}

async fn publish(api: &Api) -> String {
    let (film, picture) = (films::mp4(100_000), films::png());
    let asset = api.send_all(&[("video", &film), ("thumbnail", &picture)]).await;
    api.complete(&asset.id).await.expect(200);
    asset.id
}

async fn content(server: &Server) -> Content {
    server.buckets().await.list().await
}

/// The server says what is wrong, refuses whatever could destroy or begin something, and changes nothing.
async fn nothing_is_touched(server: &Server, before: &Content, hint: &str) {
    let api = server.api("42").await;
    let ready = api.get("/readyz").await.problem(503, "store_unavailable");
    assert_eq!(ready["errors"][0]["field"], "bucket", "{ready:#}");
    assert!(ready["detail"].as_str().is_some_and(|detail| detail.contains(hint)), "{ready:#}");
    for words in [&["reap"][..], &["reconcile"], &["reconcile", "--dry-run"], &["accept-restore", "--json"]] {
        if words[0] == "accept-restore" && hint == "accept-restore`" {
            continue;
        }
        let said = server.command(words).await;
        assert_eq!(said.code, Some(7), "{words:?}: {said:?}");
    }
    let audit = server.command(&["audit", "--json"]).await;
    assert_eq!(audit.code, Some(1), "{audit:?}");
    let seen: Value = serde_json::from_str(&audit.out).expect("a document");
    assert_eq!(seen["breaches"][0]["invariant"], "rule 9", "{seen:#}");
    let body =
        json!({"title": "Film", "files": {"video": {"file_name": "f.mp4", "size": 1000, "content_type": "video/mp4"}}});
    api.post("/v1/videos", &body).await.problem(503, "store_unavailable");
    assert_eq!(&content(server).await, before);
}

/// Ready, publishing, deleting; and the audit finds nothing of rule 9.
async fn life_goes_on(server: &Server) {
    let api = server.api("42").await;
    api.get("/readyz").await.expect(200);
    let id = publish(&api).await;
    api.delete(&id).await.expect(204);
    server.command(&["reap"]).await.well();
    let left = content(server).await;
    assert!(!left.objects.iter().any(|key| key.contains(&id)), "{left:?}");
    let audit = server.command(&["audit", "--json"]).await;
    assert!(!audit.out.contains("rule 9"), "{audit:?}");
}

fn accepted(said: Said) {
    let done = said.json();
    assert!(done["accepted"].is_string(), "{done:#}");
}

#[tokio::test]
async fn a_catalog_from_before_forgets_nothing_in_the_store() {
    let mut server = Server::new().await;
    let api = server.api("42").await;
    let (kept, deleted) = (publish(&api).await, publish(&api).await);
    let backup = server.home().join("backup");
    fs::create_dir(&backup).expect("a folder");
    assert_eq!(server.terminate().await.code(), Some(0));
    copy_catalog(&server.data(), &backup);
    // What the backup does not know: a film more, a film less, an upload under way.
    server.start().await;
    let api = server.api("42").await;
    let forgotten = publish(&api).await;
    api.delete(&deleted).await.expect(204);
    server.command(&["reap"]).await.well();
    api.create(&[("video", &films::mp4(100_000))]).await;
    assert_eq!(server.terminate().await.code(), Some(0));

    copy_catalog(&backup, &server.data());
    server.begin().await;
    let before = content(&server).await;
    assert_eq!((before.objects.len(), before.uploads.len()), (4, 1), "{before:?}");
    nothing_is_touched(&server, &before, "accept-restore`").await;
    // The same without a server.
    assert_eq!(server.terminate().await.code(), Some(0));
    let said = server.command(&["reap"]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("hint:") && said.err.contains("accept-restore"), "{said:?}");
    server.begin().await;
    assert_eq!(content(&server).await, before);

    accepted(server.command(&["accept-restore", "--json"]).await);
    life_goes_on(&server).await;
    assert_eq!(content(&server).await, before);
    let again = server.command(&["accept-restore", "--json"]).await.json();
    assert_eq!(again.get("accepted"), None);
    // What the backup forgot stays; what it remembers and is gone is lost.
    let found = server.command(&["reconcile", "--json"]).await.json();
    let kinds: Vec<_> = found["totals"].as_array().expect("totals").iter().map(|total| &total["kind"]).collect();
    assert_eq!(kinds, ["forgotten_object", "forgotten_upload", "lost_object"], "{found:#}");
    assert_eq!(content(&server).await, before);
    assert!(before.objects.iter().any(|key| key.contains(&forgotten)));
    let api = server.api("42").await;
    api.get(&format!("/v1/videos/{deleted}/files/video/url")).await.problem(410, "file_lost");
    api.get(&format!("/v1/videos/{kept}/files/video/url")).await.expect(200);
    let metrics = reqwest::get(format!("{}/metrics", server.url)).await.expect("metrics").text().await.expect("text");
    let lost = "landfall_reconcile_findings{kind=\"lost_object\"} 2";
    assert!(metrics.contains(lost), "{metrics}");
}

#[tokio::test]
async fn an_empty_catalog_destroys_nothing_and_takes_its_bucket_on_a_second_word() {
    let mut server = Server::new().await;
    publish(&server.api("42").await).await;
    server.api("42").await.create(&[("video", &films::mp4(100_000))]).await;
    assert_eq!(server.terminate().await.code(), Some(0));
    drop_catalog(&server.data());
    server.begin().await;
    let before = content(&server).await;
    assert_eq!((before.objects.len(), before.uploads.len()), (2, 1), "{before:?}");
    nothing_is_touched(&server, &before, "--take-bucket").await;
    // Without a server, and then with one.
    assert_eq!(server.terminate().await.code(), Some(0));
    let refused = server.command(&["accept-restore"]).await;
    assert_eq!(refused.code, Some(7), "{refused:?}");
    accepted(server.command(&["accept-restore", "--take-bucket", "--json"]).await);
    server.start().await;
    life_goes_on(&server).await;
    server.command(&["reconcile"]).await.well();
    assert_eq!(content(&server).await, before);
}

#[tokio::test]
async fn another_installations_bucket_is_never_taken_by_a_catalog_with_files() {
    let (mut server, mut other) = (Server::new().await, Server::new().await);
    for server in [&server, &other] {
        publish(&server.api("42").await).await;
    }
    for server in [&mut server, &mut other] {
        assert_eq!(server.terminate().await.code(), Some(0));
    }
    let own = server.home().join("own");
    fs::create_dir(&own).expect("a folder");
    copy_catalog(&server.data(), &own);
    copy_catalog(&other.data(), &server.data());
    server.begin().await;
    let before = content(&server).await;
    nothing_is_touched(&server, &before, "only an empty catalog").await;
    let refused = server.command(&["accept-restore", "--take-bucket"]).await;
    assert_eq!(refused.code, Some(7), "{refused:?}");
    assert!(refused.err.contains("only a catalog without files takes over"), "{refused:?}");
    assert_eq!(content(&server).await, before);
    assert_eq!(server.terminate().await.code(), Some(0));
    copy_catalog(&own, &server.data());
    server.start().await;
    life_goes_on(&server).await;
}

#[tokio::test]
async fn a_wrong_prefix_is_noticed_and_put_right_by_the_setting_alone() {
    let mut server = Server::new().await;
    publish(&server.api("42").await).await;
    assert_eq!(server.terminate().await.code(), Some(0));
    let settings = server.home().join("landfall.toml");
    let right = fs::read_to_string(&settings).expect("a configuration");
    fs::write(&settings, format!("{right}\n[store]\nprefix = \"elsewhere/\"\n")).expect("a configuration");
    server.begin().await;
    let before = content(&server).await;
    assert_eq!(before.objects.len(), 2, "{before:?}");
    nothing_is_touched_elsewhere(&server, &before).await;
    assert_eq!(server.terminate().await.code(), Some(0));
    fs::write(&settings, right).expect("a configuration");
    server.start().await;
    life_goes_on(&server).await;
    server.command(&["audit"]).await.well();
}

/// Commands read no configuration here, so only the server itself is asked.
async fn nothing_is_touched_elsewhere(server: &Server, before: &Content) {
    let api = server.api("42").await;
    let ready = api.get("/readyz").await.problem(503, "store_unavailable");
    assert!(ready["detail"].as_str().is_some_and(|detail| detail.contains("prefix")), "{ready:#}");
    for words in [&["reap"][..], &["reconcile"], &["accept-restore"]] {
        let said = server.command(words).await;
        assert_eq!(said.code, Some(7), "{words:?}: {said:?}");
    }
    assert_eq!(&content(server).await, before);
}
