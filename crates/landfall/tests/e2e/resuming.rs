//! `landfall upload` is stopped in mid-upload, by force, by Ctrl-C, or by the server going away; it goes on where it was.

use crate::support::api::{Api, PART};
use crate::support::clock::{SOON, until};
use crate::support::films::{self, Film};
use crate::support::playback;
use crate::support::proxy::Proxy;
use crate::support::server::{Server, Setup};
use crate::support::uploads::{Run, Upload};

/// Eight parts.
const LENGTH: u64 = 60_000_000;
/// Requests, headers and the thumbnail that come on top of the parts themselves.
const OVERHEAD: u64 = 128 << 10;

struct Scene {
    proxy: Proxy,
    server: Server,
    api: Api,
    film: Film,
    upload: Upload,
}

impl Scene {
    async fn new() -> Self {
        let proxy = Proxy::new().await;
        let config = format!("[store]\npublic_endpoint = \"{}\"", proxy.url());
        let server = Setup::default().config(&config).start().await;
        proxy.lead_to(server.store_address());
        let (api, film) = (server.api("42").await, films::mp4(LENGTH));
        let upload = Upload::new(server.home(), &server.url, api.token(), &film, Some(&films::jpeg()));
        Self { proxy, server, api, film, upload }
    }

    /// Starts it, and holds it when over half of the film is on its way.
    async fn half_way(&mut self) -> Run {
        self.proxy.shut_after(LENGTH * 6 / 10);
        let run = self.upload.start();
        self.proxy.shut().await;
        run
    }

    /// The one asset there is.
    async fn only_asset(&self) -> String {
        let listed = self.api.get("/v1/videos").await.expect(200);
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(1), "{listed:#}");
        listed["data"][0]["id"].as_str().expect("an id").to_owned()
    }

    /// Runs it again: it takes up the same asset and sends only what had not arrived.
    async fn is_taken_up(&mut self) {
        self.proxy.cut();
        self.proxy.open();
        let id = self.only_asset().await;
        let parts = self.api.arrived(&id, "video").await.len() as u64;
        assert!(parts > 0, "nothing had arrived");
        let before = self.proxy.up();
        let report = self.upload.start().reports().await;
        let asset = &report["asset"];
        let already = report["already_bytes"].as_u64().expect("bytes that had arrived before");
        assert!(already >= parts * PART, "{already} bytes had arrived before, in {parts} parts");
        let sent = self.proxy.up() - before;
        let left = LENGTH - parts * PART;
        assert!(sent <= left + OVERHEAD, "sent {sent} bytes although only {left} had not arrived");
        assert_eq!((asset["id"].as_str(), asset["status"].as_str()), (Some(&*id), Some("CREATED")), "{asset:#}");
        self.plays(&id).await;
    }

    async fn plays(&self, id: &str) {
        assert_eq!(self.only_asset().await, id);
        playback::reads_whole(&self.api.http, &self.api.url(id, "video").await, &self.film).await;
        let left = self.server.buckets().await.list().await;
        assert_eq!((left.objects.len(), left.uploads.len()), (2, 0), "{left:?}");
    }
}

#[tokio::test]
async fn after_kill_9() {
    let mut scene = Scene::new().await;
    let run = scene.half_way().await;
    run.kill().await;
    scene.is_taken_up().await;
}

#[tokio::test]
async fn after_ctrl_c() {
    let mut scene = Scene::new().await;
    let run = scene.half_way().await;
    let (code, said) = run.interrupt().await;
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("hint:") && !said.contains("error:"), "it says how to go on: {said}");
    scene.is_taken_up().await;
}

#[tokio::test]
async fn after_the_network_went_away() {
    let mut scene = Scene::new().await;
    let run = scene.half_way().await;
    scene.proxy.cut();
    scene.proxy.open();
    run.publishes().await;
    let id = scene.only_asset().await;
    scene.plays(&id).await;
}

#[tokio::test]
async fn while_the_server_is_replaced() {
    let mut scene = Scene::new().await;
    let run = scene.half_way().await;
    scene.server.kill().await;
    scene.proxy.cut();
    scene.proxy.open();
    scene.server.start().await;
    run.publishes().await;
    let id = scene.only_asset().await;
    scene.plays(&id).await;
}

#[tokio::test]
async fn after_its_upload_was_deleted_it_begins_anew() {
    let mut scene = Scene::new().await;
    let run = scene.half_way().await;
    run.kill().await;
    scene.proxy.cut();
    scene.proxy.open();
    let id = scene.only_asset().await;
    assert_eq!(scene.api.delete(&id).await.status, 204);
    let asset = scene.upload.start().publishes().await;
    let anew = asset["id"].as_str().expect("an id");
    assert_ne!(anew, id);
    let buckets = scene.server.buckets().await;
    until("the first upload is gone", SOON, async || buckets.list().await.uploads.is_empty().then_some(())).await;
    scene.plays(anew).await;
}
