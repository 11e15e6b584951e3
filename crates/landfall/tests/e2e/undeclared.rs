//! Films whose size nobody declares: a recorder that sends parts as they come and says at the end which it sent.

use serde_json::{Value, json};

use crate::support::api::{Api, read_at};
use crate::support::films::{self, Film, THREE_PARTS};
use crate::support::playback;
use crate::support::server::Server;

/// Parts as a recorder cuts them: no two alike.
const CUTS: [u64; 3] = [6 << 20, 5 << 20, THREE_PARTS - (11 << 20)];

fn announcement(film: &Film) -> Value {
    json!({ "file_name": film.name(), "content_type": film.content_type })
}

/// Sends one part of these bytes, and gives what the client remembers of it.
async fn send(api: &Api, part: &Value, bytes: Vec<u8>) -> Value {
    assert_eq!(part.get("size"), None);
    let sent = api.http.put(part["url"].as_str().expect("a URL")).body(bytes).send().await.expect("an answer");
    assert!(sent.status().is_success(), "{}", sent.status());
    let etag = sent.headers()["etag"].to_str().expect("a text").to_owned();
    json!({ "number": part["number"], "etag": etag })
}

async fn left(server: &Server) -> (usize, usize) {
    let left = server.buckets().await.list().await;
    (left.objects.len(), left.uploads.len())
}

#[tokio::test]
async fn a_film_of_unknown_size_is_published_as_it_came() {
    let film = films::mp4(THREE_PARTS);
    let server = Server::new().await;
    let api = server.api("42").await;
    let body = json!({ "title": "A film", "files": { "video": announcement(&film) } });
    let created = api.post("/v1/videos", &body).await.expect(201);
    let (id, video) = (created["id"].as_str().expect("an id"), &created["files"]["video"]);
    assert_eq!((video.get("size"), &video["upload"]["size_limit"]), (None, &json!(50_u64 << 30)));
    let urls = video["upload"]["parts"].as_array().expect("URLs");
    assert_eq!((urls.len(), &video["upload"]["part_count"]), (20, &json!(10_000)));

    let (mut parts, mut offset) = (Vec::new(), 0);
    for (cut, url) in CUTS.into_iter().zip(urls) {
        parts.push(send(&api, url, read_at(&film.path, offset, cut)).await);
        offset += cut;
    }
    let complete = format!("/v1/videos/{id}/complete");
    let unclaimed = api.complete(id).await.problem(422, "invalid_request");
    assert_eq!(unclaimed["field"], "files.video.parts");
    let short = json!({ "files": { "video": { "parts": parts[..2] } } });
    api.post(&complete, &short).await.problem(409, "upload_incomplete");
    let whole = json!({ "files": { "video": { "parts": parts } } });
    let asset = api.post(&complete, &whole).await.expect(200);
    assert_eq!((&asset["status"], &asset["files"]["video"]["size"]), (&json!("CREATED"), &json!(film.size)));
    let url = api.url(id, "video").await;
    playback::reads_whole(&api.http, &url, &film).await;
    playback::plays(server.home(), &url).await;
    assert_eq!(left(&server).await, (1, 0));
}

#[tokio::test]
async fn more_than_the_role_takes_is_found_before_it_is_committed() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let body = json!({ "title": "Me", "files": { "image": { "file_name": "me.png", "content_type": "image/png" } } });
    let created = api.post("/v1/images", &body).await.expect(201);
    let (id, upload) = (created["id"].as_str().expect("an id"), &created["files"]["image"]["upload"]);
    assert_eq!((&upload["size_limit"], &upload["part_count"]), (&json!(10 << 20), &json!(2)));
    // The store takes it: no length is signed. The server does not, and asks nobody before it takes it away.
    send(&api, &upload["parts"][0], vec![7; 11 << 20]).await;
    crate::support::clock::until("its parts are gone", crate::support::clock::SOON, async || {
        (left(&server).await == (0, 0)).then_some(())
    })
    .await;
    let shown = api.get(&format!("/v1/images/{id}")).await.expect(200);
    assert_eq!(shown["files"]["image"]["rejected"]["code"], "too_large");
}
