//! Uploads that nobody finishes are gone after `reap`, as after the nightly run: from catalog, bucket and the hidden
//! list of multipart uploads. What is published stays.

use std::time::Duration;

use serde_json::json;

use crate::support::api::Api;
use crate::support::buckets::Buckets;
use crate::support::clock::until;
use crate::support::films::{self, Film};
use crate::support::playback;
use crate::support::server::{Server, Setup};

/// The nightly job looks at the clock every 30 s, and its schedule has whole minutes.
const A_NIGHT: Duration = Duration::from_secs(150);

/// One published asset, one given up after its first part, one whose client never said that it was done, and one of
/// which nothing was sent.
struct Scene {
    film: Film,
    published: String,
    given_up: Vec<String>,
}

impl Scene {
    async fn set(api: &Api) -> Self {
        let (film, picture) = (films::mp4(films::THREE_PARTS), films::png());
        let published = api.send_all(&[("video", &film), ("thumbnail", &picture)]).await;
        api.complete(&published.id).await.expect(200);
        let abandoned = api.create(&[("video", &film), ("thumbnail", &picture)]).await;
        api.send_part(&abandoned.parts("video")[0], &film).await;
        let unannounced = api.send_all(&[("video", &film), ("thumbnail", &picture)]).await;
        let untouched = api.create(&[("video", &film)]).await;
        Self { film, published: published.id, given_up: vec![abandoned.id, unannounced.id, untouched.id] }
    }

    /// Nothing has ended yet.
    async fn is_whole(&self, api: &Api, buckets: &Buckets) {
        for id in &self.given_up {
            assert_eq!(api.show(id).await.expect(200)["status"], "UPLOADING");
        }
        let content = buckets.list().await;
        assert_eq!((content.objects.len(), content.uploads.len()), (2, 5), "{content:?}");
    }

    /// Only what is published is left, and it plays.
    async fn is_clean(&self, server: &Server, api: &Api) {
        for id in &self.given_up {
            let problem = api.show(id).await.problem(410, "gone");
            assert_eq!(problem["reason"], "abandoned");
            api.complete(id).await.problem(410, "gone");
            api.part_urls(id, "video", &json!([1])).await.problem(410, "gone");
        }
        let listed = api.get("/v1/videos").await.expect(200);
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(1), "{listed:#}");
        let content = server.buckets().await.list().await;
        assert!(content.objects.iter().all(|key| key.contains(&self.published)), "{content:?}");
        assert_eq!((content.objects.len(), content.uploads.len()), (2, 0), "{content:?}");
        let url = api.url(&self.published, "video").await;
        playback::reads_by_range(&api.http, &url, &self.film).await;
    }
}

#[tokio::test]
async fn reap_through_the_running_server() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let scene = Scene::set(&api).await;
    server.reap_in_hours(47).await.well();
    scene.is_whole(&api, &server.buckets().await).await;
    server.reap_in_hours(50).await.well();
    scene.is_clean(&server, &api).await;
    server.reap_in_hours(50).await.well();
    scene.is_clean(&server, &api).await;
}

#[tokio::test]
async fn reap_while_no_server_runs() {
    let mut server = Server::new().await;
    let api = server.api("42").await;
    let scene = Scene::set(&api).await;
    assert_eq!(server.terminate().await.code(), Some(0));
    server.reap_in_hours(47).await.well();
    server.start().await;
    scene.is_whole(&api, &server.buckets().await).await;
    assert_eq!(server.terminate().await.code(), Some(0));
    server.reap_in_hours(50).await.well();
    server.start().await;
    scene.is_clean(&server, &api).await;
}

#[tokio::test]
async fn the_nightly_run() {
    // Deadlines short enough to wait for, and long enough for the scene to be set on a busy machine.
    let nightly =
        "[uploads]\nurl_ttl = \"15s\"\nidle = \"15s\"\n[expire]\ncron = \"* * * * *\"\ntime_zone = \"Asia/Seoul\"";
    let server = Setup::default().config(nightly).start().await;
    let api = server.api("42").await;
    let scene = Scene::set(&api).await;
    for id in &scene.given_up {
        until("the nightly run ends it", A_NIGHT, async || (api.show(id).await.status == 410).then_some(())).await;
    }
    let buckets = server.buckets().await;
    until("the store is clean", A_NIGHT, async || buckets.list().await.uploads.is_empty().then_some(())).await;
    scene.is_clean(&server, &api).await;
}
