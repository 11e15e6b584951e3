//! The real binary over Ceph: set up and examined by its own commands, then used as any store is.
//!
//! Runs under `cargo xtask test --store ceph`, which starts Ceph. Without it these tests fail.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::buckets::Buckets;
use crate::support::clock::{A_LEASE, SOON, until};
use crate::support::films::{self, Film};
use crate::support::playback;
use crate::support::process::{landfall, run};
use crate::support::server::{Server, Setup, folder};

/// What `cargo xtask test --store ceph` says.
#[expect(clippy::disallowed_methods, reason = "where Ceph listens is known to the one who started it")]
fn variable(name: &str) -> String {
    std::env::var(format!("TEST_CEPH_{name}"))
        .unwrap_or_else(|_| panic!("this test needs Ceph; run: cargo xtask test --store ceph"))
}

/// Two buckets in Ceph, and a server that uses them.
struct World {
    buckets: Buckets,
    server: Server,
    api: Api,
    film: Film,
    picture: Film,
}

impl World {
    /// Makes two buckets and lets our own commands set them up.
    async fn new() -> Self {
        let home = folder();
        // The folder's name is different in every test.
        let name = home.path().file_name().and_then(|name| name.to_str()).expect("a name");
        let unique: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        let shown = json!({
            "endpoint": variable("ENDPOINT"),
            "region": variable("REGION"),
            "private_bucket": format!("private-{unique}-{}", std::process::id()),
            "public_bucket": format!("public-{unique}-{}", std::process::id()),
            "access_key_id": variable("ACCESS_KEY_ID"),
            "secret_access_key": variable("SECRET_ACCESS_KEY"),
        });
        let buckets = Buckets::of(&shown);
        buckets.make().await;
        let rows = shown.as_object().expect("an object").iter().map(|(name, value)| format!("{name} = {value}\n"));
        let config = format!("[store]\nkind = \"s3\"\n{}", rows.collect::<String>());

        let file = home.path().join("landfall.toml");
        std::fs::write(&file, &config).expect("a configuration");
        let data = home.path().join("data");
        let command = async |words: &[&str]| {
            let mut command = landfall(home.path());
            command.args(words).arg("--config").arg(&file).arg("--data").arg(&data);
            run(&mut command).await
        };
        command(&["bucket", "setup"]).await.well();
        let report = command(&["doctor", "--json"]).await.json();
        let bad = report["findings"].as_array().expect("findings").iter().filter(|finding| finding["status"] != "ok");
        let bad: Vec<&Value> = bad.map(|finding| &finding["id"]).collect();
        assert_eq!(bad, ["checksums"], "{report:#}");

        let server = Setup::default().config(&config).start().await;
        let api = server.api("42").await;
        Self { buckets, server, api, film: films::mp4(films::THREE_PARTS), picture: films::png() }
    }

    fn files(&self) -> [(&'static str, &Film); 2] {
        [("video", &self.film), ("thumbnail", &self.picture)]
    }

    async fn is_empty(&self) {
        until("the store is empty", A_LEASE, async || self.buckets.list().await.is_empty().then_some(())).await;
    }
}

#[tokio::test]
async fn a_film_arrives_is_seen_and_goes() {
    let world = World::new().await;
    let asset = world.api.send_all(&world.files()).await;
    world.api.complete(&asset.id).await.expect(200);
    // A second time, as after a lost answer.
    world.api.complete(&asset.id).await.expect(200);
    let url = world.api.url(&asset.id, "video").await;
    playback::reads_whole(&world.api.http, &url, &world.film).await;
    playback::reads_by_range(&world.api.http, &url, &world.film).await;
    let picture = world.api.url(&asset.id, "thumbnail").await;
    let answer = world.api.http.get(&picture).send().await.expect("an answer");
    assert!(!picture.contains('?') && answer.bytes().await.expect("the bytes") == world.picture.bytes());
    assert_eq!(world.api.delete(&asset.id).await.status, 204);
    world.is_empty().await;
}

/// URLs that were handed out stay with their client; what they can still do must do no harm.
#[tokio::test]
async fn reused_and_late_urls_change_nothing() {
    let world = World::new().await;
    let asset = world.api.send_all(&world.files()).await;
    // A part sent again replaces itself.
    world.api.send_part(&asset.parts("video")[0], &world.film).await;
    world.api.complete(&asset.id).await.expect(200);
    let url = world.api.url(&asset.id, "video").await;
    let late = world.api.try_part(&asset.parts("video")[0], &world.film).await.expect("an answer");
    assert_eq!(late.status(), StatusCode::NOT_FOUND, "after Complete");
    playback::reads_whole(&world.api.http, &url, &world.film).await;
    assert_eq!(world.api.delete(&asset.id).await.status, 204);
    world.is_empty().await;

    let cancelled = world.api.create(&world.files()).await;
    world.api.send_part(&cancelled.parts("video")[0], &world.film).await;
    assert_eq!(world.api.delete(&cancelled.id).await.status, 204);
    world.is_empty().await;
    let late = world.api.try_part(&cancelled.parts("video")[1], &world.film).await.expect("an answer");
    assert_eq!(late.status(), StatusCode::NOT_FOUND, "after Abort");
    world.is_empty().await;
}

/// What is missing or wrong is named, and nothing is published.
#[tokio::test]
async fn a_missing_part_and_a_wrong_file_are_refused() {
    let world = World::new().await;
    let asset = world.api.create(&world.files()).await;
    world.api.send_part(&asset.parts("video")[1], &world.film).await;
    world.api.complete(&asset.id).await.problem(409, "upload_incomplete");
    world.api.send_parts(&asset, &world.files()).await;
    world.api.complete(&asset.id).await.expect(200);

    let page = films::html_as_png(world.server.home());
    let wrong = world.api.send_all(&[("video", &world.film), ("thumbnail", &page)]).await;
    let problem = world.api.complete(&wrong.id).await.problem(422, "upload_rejected");
    assert_eq!(problem["reason"], "content_mismatch", "{problem:#}");
    for id in [&asset.id, &wrong.id] {
        assert_eq!(world.api.delete(id).await.status, 204);
    }
    world.is_empty().await;
}

/// An operator, or another program, takes the object away.
#[tokio::test]
async fn an_object_deleted_by_hand_is_missed_and_its_asset_can_go() {
    let world = World::new().await;
    let asset = world.api.send_all(&world.files()).await;
    world.api.complete(&asset.id).await.expect(200);
    world.buckets.remove_objects(&asset.id).await;
    let url = world.api.url(&asset.id, "video").await;
    let answer = world.api.http.get(&url).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(world.api.show(&asset.id).await.expect(200)["status"], "CREATED", "a reader deletes nothing");
    let reconcile = async || world.server.command(&["reconcile", "--json"]).await.json();
    let report = reconcile().await;
    let lost: Vec<_> = report["findings"].as_array().expect("findings").iter().collect();
    assert!(!lost.is_empty() && lost.iter().all(|found| found["kind"] == "lost_object"), "{report:#}");
    let place = format!("/v1/videos/{}/files/video/url", asset.id);
    world.api.get(&place).await.problem(410, "file_lost");
    let again = reconcile().await;
    assert_eq!(again["done"], 0, "it is marked once: {again:#}");
    assert_eq!(world.api.show(&asset.id).await.expect(200)["status"], "CREATED", "reconcile deletes no asset");
    assert_eq!(world.api.delete(&asset.id).await.status, 204);
    world.is_empty().await;
}

/// The upload is aborted from outside, while its client is still sending.
#[tokio::test]
async fn an_upload_aborted_by_hand_is_refused_and_can_go() {
    let world = World::new().await;
    let asset = world.api.send_all(&world.files()).await;
    world.buckets.abort_uploads(&asset.id).await;
    let answer = world.api.complete(&asset.id).await;
    assert!(answer.status.is_client_error(), "{answer:?}");
    assert_eq!(world.api.delete(&asset.id).await.status, 204);
    world.is_empty().await;
}

/// `kill -9` between two calls, and the upload goes on.
#[tokio::test]
async fn a_crash_loses_nothing() {
    let mut world = World::new().await;
    let asset = world.api.create(&world.files()).await;
    world.api.send_part(&asset.parts("video")[0], &world.film).await;
    world.server.crash().await;
    assert_eq!(world.api.arrived(&asset.id, "video").await, [1]);
    world.api.send_parts(&asset, &world.files()).await;
    world.api.complete(&asset.id).await.expect(200);
    world.server.crash().await;
    let created = async || (world.api.status(&asset.id).await? == "CREATED").then_some(());
    until("it is published", SOON, created).await;
    playback::reads_whole(&world.api.http, &world.api.url(&asset.id, "video").await, &world.film).await;
    assert_eq!(world.api.delete(&asset.id).await.status, 204);
    world.is_empty().await;
}
