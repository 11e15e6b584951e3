//! What is sent is not what was announced, or not all of it, or at the wrong time: nothing good is lost by it.

use reqwest::Method;
use serde_json::json;

use crate::support::api::{Api, Asset, announcement, read_at};
use crate::support::clock::{SOON, until};
use crate::support::films::{self, Film};
use crate::support::playback;
use crate::support::server::Server;

/// A page that says it is a picture costs the picture, not the film beside it.
#[tokio::test]
async fn a_rejected_thumbnail_leaves_the_film_alone() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let (film, page, picture) = (films::mp4(films::THREE_PARTS), films::html_as_png(server.home()), films::png());
    let asset = api.send_all(&[("video", &film), ("thumbnail", &page)]).await;
    let problem = api.complete(&asset.id).await.problem(422, "upload_rejected");
    assert_eq!((&problem["role"], &problem["reason"]), (&json!("thumbnail"), &json!("content_mismatch")));
    let shown = api.show(&asset.id).await.expect(200);
    assert_eq!(
        (&shown["status"], &shown["files"]["thumbnail"]["rejected"]["code"]),
        (&json!("UPLOADING"), &json!("content_mismatch"))
    );
    assert!(shown["files"]["video"].get("rejected").is_none(), "{shown:#}");
    let buckets = server.buckets().await;
    let pages = async || buckets.list().await.objects.iter().any(|key| key.contains("/thumbnail-"));
    until("the page is removed", SOON, async || (!pages().await).then_some(())).await;
    api.complete(&asset.id).await.problem(422, "upload_rejected");

    let path = format!("/v1/videos/{}/files/thumbnail", asset.id);
    let announced = api.put(&path, &announcement(&picture)).await.expect(200);
    let part = &announced["files"]["thumbnail"]["upload"]["parts"][0];
    api.complete(&asset.id).await.problem(409, "upload_incomplete");
    api.send_part(part, &picture).await;
    let completed = api.complete(&asset.id).await.expect(200);
    assert_eq!(completed["status"], "CREATED");
    playback::reads_whole(&api.http, &api.url(&asset.id, "video").await, &film).await;
    playback::is_public(&api.http, &api.url(&asset.id, "thumbnail").await, &picture).await;
    let content = server.buckets().await.list().await;
    assert_eq!((content.objects.len(), content.uploads.len()), (2, 0), "{content:?}");
}

#[tokio::test]
async fn a_missing_part_is_named_and_can_follow() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let film = films::mp4(films::THREE_PARTS);
    let asset = api.create(&[("video", &film)]).await;
    let parts = asset.parts("video");
    api.send_part(&parts[0], &film).await;
    api.send_part(&parts[2], &film).await;
    let problem = api.complete(&asset.id).await.problem(409, "upload_incomplete");
    assert_eq!(problem["missing"], json!([{"role": "video", "numbers": [2]}]));
    api.send_part(&parts[1], &film).await;
    api.complete(&asset.id).await.expect(200);
    playback::reads_whole(&api.http, &api.url(&asset.id, "video").await, &film).await;
}

/// The store takes only a part of the length that was signed.
#[tokio::test]
async fn a_part_of_another_size_is_refused_by_the_store() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let film = films::mp4(films::THREE_PARTS);
    let asset = api.create(&[("video", &film)]).await;
    let part = &asset.parts("video")[2];
    let size = part["size"].as_u64().expect("a size");
    for wrong in [0, 1, size - 1, size + 1] {
        let bytes = vec![b'x'; usize::try_from(wrong).expect("small")];
        let answer = api.http.put(part["url"].as_str().expect("a URL")).body(bytes).send().await.expect("an answer");
        assert_eq!(answer.status(), 403, "{wrong} bytes instead of {size}");
    }
    assert!(api.arrived(&asset.id, "video").await.is_empty());
}

/// Somebody with the store's own key sends a part of another length: `complete` finds it, and it can be repaired.
#[tokio::test]
async fn a_part_of_another_size_in_the_store_is_named() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let film = films::mp4(films::THREE_PARTS);
    let asset = api.send_all(&[("video", &film)]).await;
    server.buckets().await.overwrite_part(&asset.id, 3, vec![b'x'; 17]).await;
    let problem = api.complete(&asset.id).await.problem(409, "upload_incomplete");
    let size = film.size - 2 * (8 << 20);
    let wrong = json!([{"role": "video", "number": 3, "expected": size.to_string(), "got": "17"}]);
    assert_eq!(problem["wrong"], wrong, "{problem:#}");
    assert_eq!(api.show(&asset.id).await.expect(200)["status"], "UPLOADING");
    api.send_part(&asset.parts("video")[2], &film).await;
    api.complete(&asset.id).await.expect(200);
    playback::reads_whole(&api.http, &api.url(&asset.id, "video").await, &film).await;
}

#[tokio::test]
async fn a_wrong_checksum_costs_the_file() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let film = films::mp4(films::TINY);
    let mut body = crate::support::api::creation(&[("video", &film)]);
    body["files"]["video"]["checksum"] = json!({"algorithm": "crc32", "value": "AAAAAA=="});
    let asset = Asset::of(api.post("/v1/videos", &body).await.expect(201));
    api.send_part(&asset.parts("video")[0], &film).await;
    let problem = api.complete(&asset.id).await.problem(422, "upload_rejected");
    let reason = problem["reason"].as_str().expect("a reason");
    assert!(["checksum_mismatch", "refused_by_store"].contains(&reason), "{problem:#}");
    let buckets = server.buckets().await;
    until("nothing is left of it", SOON, async || buckets.list().await.is_empty().then_some(())).await;
}

#[tokio::test]
async fn what_a_client_claims_about_its_parts_must_be_true() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let film = films::mp4(films::TINY);
    let asset = api.send_all(&[("video", &film)]).await;
    let path = format!("/v1/videos/{}/complete", asset.id);
    let claim = |etag: &str| json!({"files": {"video": {"parts": [{"number": 1, "etag": etag}]}}});
    let problem =
        api.post(&path, &claim("\"0123456789abcdef0123456789abcdef\"")).await.problem(409, "upload_incomplete");
    assert_eq!(problem["wrong"][0]["number"], 1, "{problem:#}");
    let listed = api.get(&format!("/v1/videos/{}/files/video/parts", asset.id)).await.expect(200);
    let etag = listed["data"][0]["etag"].as_str().expect("an ETag");
    assert_eq!(api.post(&path, &claim(etag)).await.expect(200)["status"], "CREATED");
}

#[tokio::test]
async fn completing_twice_at_once_publishes_once() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let film = films::mp4(films::THREE_PARTS);
    let asset = api.send_all(&[("video", &film), ("thumbnail", &films::png())]).await;
    let answers = futures::future::join_all((0..6).map(|_| api.complete(&asset.id))).await;
    for answer in answers {
        assert!([200, 202].contains(&answer.status.as_u16()), "{answer:?}");
    }
    until("it is published", SOON, async || (api.status(&asset.id).await? == "CREATED").then_some(())).await;
    playback::reads_whole(&api.http, &api.url(&asset.id, "video").await, &film).await;
    let content = server.buckets().await.list().await;
    assert_eq!((content.objects.len(), content.uploads.len()), (2, 0), "{content:?}");
}

#[tokio::test]
async fn completing_after_deletion_is_gone() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let film = films::mp4(films::TINY);
    let asset = api.send_all(&[("video", &film)]).await;
    for _ in 0..2 {
        assert_eq!(api.delete(&asset.id).await.status, 204);
        let problem = api.complete(&asset.id).await.problem(410, "gone");
        assert_eq!(problem["reason"], "deleted");
    }
    let buckets = server.buckets().await;
    until("nothing is left", SOON, async || buckets.list().await.is_empty().then_some(())).await;
    let late = api.try_part(&asset.parts("video")[0], &film).await.expect("an answer");
    assert_eq!(late.status(), 404, "a late part finds no upload");
    assert!(buckets.list().await.is_empty());
}

/// Whoever wins, in the end nothing is left, and nobody hears of an asset that is not there.
#[tokio::test]
async fn deleting_while_completing_leaves_nothing() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let (film, picture) = (films::mp4(films::THREE_PARTS), films::png());
    for _ in 0..5 {
        let asset = api.send_all(&[("video", &film), ("thumbnail", &picture)]).await;
        let (completed, deleted) = tokio::join!(api.complete(&asset.id), api.delete(&asset.id));
        assert_eq!(deleted.status, 204);
        match completed.status.as_u16() {
            200 | 202 => {}
            _ => drop(completed.problem(410, "gone")),
        }
        api.show(&asset.id).await.problem(410, "gone");
    }
    let buckets = server.buckets().await;
    until("nothing is left", SOON, async || buckets.list().await.is_empty().then_some(())).await;
}

/// A new film takes the place of the old one only when it has been looked at.
#[tokio::test]
async fn a_replacement_is_verified_before_it_is_shown() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let (old, new) = (films::mp4(films::TINY), films::mp4(films::FIVE_MIB));
    let asset = api.send_all(&[("video", &old)]).await;
    api.complete(&asset.id).await.expect(200);
    let page = Film { content_type: "video/mp4", ..films::html_as_png(server.home()) };
    replace(&api, &asset, &page).await;
    api.complete(&asset.id).await.problem(422, "upload_rejected");
    playback::reads_whole(&api.http, &api.url(&asset.id, "video").await, &old).await;
    replace(&api, &asset, &new).await;
    playback::reads_whole(&api.http, &api.url(&asset.id, "video").await, &old).await;
    api.complete(&asset.id).await.expect(200);
    playback::reads_whole(&api.http, &api.url(&asset.id, "video").await, &new).await;
    let buckets = server.buckets().await;
    let one = async || (buckets.list().await.objects.len() == 1).then_some(());
    until("the old film is removed", SOON, one).await;
}

async fn replace(api: &Api, asset: &Asset, film: &Film) {
    let path = format!("/v1/videos/{}/files/video", asset.id);
    let announced = api.put(&path, &announcement(film)).await.expect(200);
    let upload = &announced["files"]["video"]["replacement"]["upload"];
    for part in upload["parts"].as_array().expect("part URLs") {
        api.send_part(part, film).await;
    }
}

/// No request to the store but the one that was signed: a part URL neither reads, lists, deletes nor creates anything.
#[tokio::test]
async fn a_part_url_opens_nothing_else() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let film = films::mp4(films::THREE_PARTS);
    let asset = api.create(&[("video", &film)]).await;
    let url = asset.parts("video")[0]["url"].as_str().expect("a URL");
    for method in [Method::GET, Method::HEAD, Method::DELETE, Method::POST] {
        let answer = api.http.request(method.clone(), url).send().await.expect("an answer");
        assert_eq!(answer.status(), 403, "{method}");
    }
    let bytes = || read_at(&film.path, 0, 8 << 20);
    for other in [url.replace("partNumber=1", "partNumber=2"), url.replace("/video-", "/video_")] {
        assert_eq!(api.http.put(&other).body(bytes()).send().await.expect("an answer").status(), 403, "{other}");
    }
    let object = url.split_once('?').expect("a query").0;
    assert_eq!(api.http.put(object).body(bytes()).send().await.expect("an answer").status(), 403);
    let content = server.buckets().await.list().await;
    assert_eq!((content.objects.len(), content.uploads.len()), (0, 1), "{content:?}");
}
