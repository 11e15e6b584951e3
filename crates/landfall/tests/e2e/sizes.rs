//! The main job: films of four sizes go up with their thumbnails, by plain HTTP and by `landfall upload`, and play.
//!
//! Before its bytes are there no film is CREATED, whoever says so; afterwards it is, for its owner and its viewers.

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::clock::{SOON, until};
use crate::support::films::{self, FIVE_MIB, FIVE_MIB_AND_ONE, Film, LARGE, TINY};
use crate::support::playback;
use crate::support::proxy::Proxy;
use crate::support::server::{Server, Setup};
use crate::support::uploads::Upload;

/// Nothing has arrived, so it is not CREATED and cannot be read, whatever its owner says.
async fn is_refused(api: &Api, id: &str, missing: &Value) {
    let problem = api.complete(id).await.problem(409, "upload_incomplete");
    assert_eq!(problem["missing"], *missing, "{problem:#}");
    assert_eq!(problem["wrong"], json!([]));
    assert_eq!(api.show(id).await.expect(200)["status"], "UPLOADING");
    api.get(&format!("/v1/videos/{id}/files/video/url")).await.problem(409, "not_created");
}

/// It is CREATED, the film plays for whoever has the signed URL, and the thumbnail for everybody.
async fn is_there(server: &Server, api: &Api, id: &str, film: &Film, thumbnail: &Film) {
    let asset = api.show(id).await.expect(200);
    assert_eq!(asset["status"], "CREATED", "{asset:#}");
    for check in ["size", "content_type", "magic_bytes"] {
        let checked = asset["files"]["video"]["verified"].as_array().expect("checks");
        assert!(checked.contains(&json!(check)), "{checked:?}");
    }
    let url = api.url(id, "video").await;
    playback::reads_by_range(&api.http, &url, film).await;
    playback::reads_whole(&api.http, &url, film).await;
    playback::plays(server.home(), &url).await;
    playback::is_private(&api.http, &url).await;
    let picture = asset["files"]["thumbnail"]["url"].as_str().expect("a public URL");
    assert_eq!(picture, api.url(id, "thumbnail").await);
    playback::is_public(&api.http, picture, thumbnail).await;
    assert!(asset["files"]["video"].get("url").is_none(), "a private file has no plain URL");
    let left = server.buckets().await.list().await;
    assert_eq!((left.objects.len(), left.uploads.len()), (2, 0), "{left:?}");
    api.complete(id).await.expect(200);
}

async fn by_http(length: u64) {
    let (film, thumbnail) = (films::mp4(length), films::png());
    let server = Server::new().await;
    let api = server.api("42").await;
    let files = [("video", &film), ("thumbnail", &thumbnail)];
    let asset = api.create(&files).await;
    let numbers: Vec<_> = (1..=length.div_ceil(8 << 20)).collect();
    let picture = json!({"role": "thumbnail", "numbers": [1]});
    is_refused(&api, &asset.id, &json!([picture, {"role": "video", "numbers": numbers}])).await;
    api.send_parts(&asset, &files[..1]).await;
    is_refused(&api, &asset.id, &json!([picture])).await;
    api.send_parts(&asset, &files[1..]).await;
    let completed = api.complete(&asset.id).await.expect(200);
    assert_eq!(completed["status"], "CREATED");
    is_there(&server, &api, &asset.id, &film, &thumbnail).await;
}

async fn by_command_line(length: u64) {
    let (film, thumbnail) = (films::mp4(length), films::jpeg());
    let proxy = Proxy::new().await;
    let server = Setup::default().config(&format!("[store]\npublic_endpoint = \"{}\"", proxy.url())).start().await;
    proxy.lead_to(server.store_address());
    proxy.shut_after(1_000);
    let api = server.api("42").await;
    let run = Upload::new(server.home(), &server.url, api.token(), &film, Some(&thumbnail)).start();
    proxy.shut().await;
    let unfinished =
        async || api.get("/v1/videos?status=UPLOADING").await.body["data"][0]["id"].as_str().map(str::to_owned);
    let id = until("the upload is listed", SOON, unfinished).await;
    api.complete(&id).await.problem(409, "upload_incomplete");
    assert_eq!(api.show(&id).await.expect(200)["status"], "UPLOADING");
    proxy.open();
    run.publishes().await;
    let checks = api.show(&id).await.expect(200)["files"]["video"]["verified"].clone();
    assert!(checks.as_array().expect("checks").contains(&json!("checksum")), "{checks}");
    is_there(&server, &api, &id, &film, &thumbnail).await;
}

#[tokio::test]
async fn a_few_kb_by_http() {
    by_http(TINY).await;
}

#[tokio::test]
async fn exactly_5_mib_by_http() {
    by_http(FIVE_MIB).await;
}

#[tokio::test]
async fn a_byte_over_5_mib_by_http() {
    by_http(FIVE_MIB_AND_ONE).await;
}

#[tokio::test]
async fn large_500_mb_by_http() {
    by_http(LARGE).await;
}

#[tokio::test]
async fn a_few_kb_by_command_line() {
    by_command_line(TINY).await;
}

#[tokio::test]
async fn exactly_5_mib_by_command_line() {
    by_command_line(FIVE_MIB).await;
}

#[tokio::test]
async fn a_byte_over_5_mib_by_command_line() {
    by_command_line(FIVE_MIB_AND_ONE).await;
}

#[tokio::test]
async fn large_500_mb_by_command_line() {
    by_command_line(LARGE).await;
}
