//! Bad requests get a clear answer: status, code, field; and nothing is made, kept or left by them.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::api::{Answer, Api, announcement, creation};
use crate::support::clock::{SOON, until};
use crate::support::films;
use crate::support::server::{Server, Setup};

/// A good body, with some of it replaced. A path such as `files.video.size`; `null` removes.
fn body(changes: &[(&str, Value)]) -> Value {
    let mut body = creation(&[("video", &films::mp4(films::TINY))]);
    for (path, value) in changes {
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        let place = parent.split('.').filter(|step| !step.is_empty()).fold(&mut body, |place, step| &mut place[step]);
        let object = place.as_object_mut().expect("an object");
        match value {
            Value::Null => drop(object.remove(name)),
            value => drop(object.insert(name.to_owned(), value.clone())),
        }
    }
    body
}

async fn raw(api: &Api, content_type: &str, text: impl Into<reqwest::Body>) -> Answer {
    api.send(api.request(Method::POST, "/v1/videos").header("content-type", content_type).body(text)).await
}

/// Nothing was made by what was refused.
async fn nothing_is_there(server: &Server, api: &Api) {
    let listed = api.get("/v1/videos").await.expect(200);
    assert_eq!(listed["data"], json!([]), "{listed:#}");
    let content = server.buckets().await.list().await;
    assert!(content.is_empty(), "{content:?}");
}

#[tokio::test]
async fn creations_name_the_field_that_is_wrong() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let picture = announcement(&films::png());
    let over_50_gib = (50_u64 << 30) + 1;
    for (path, value, code, field) in [
        ("files.poster", picture.clone(), "unknown_role", "files.poster"),
        ("files", json!({"thumbnail": picture}), "missing_role", "files.video"),
        ("files", json!({}), "missing_role", "files"),
        ("files", Value::Null, "invalid_request", "files"),
        ("files.video.size", json!(0), "invalid_request", "files.video.size"),
        ("files.video.size", json!(-1), "invalid_request", "files.video.size"),
        ("files.video.size", json!(1_u64 << 63), "invalid_request", "files.video.size"),
        ("files.video.size", json!(over_50_gib), "invalid_request", "files.video.size"),
        ("files.video.size", json!(1.5), "invalid_request", "files.video.size"),
        ("files.video.size", json!("7001"), "invalid_request", "files.video.size"),
        ("files.video.content_type", json!("text/html"), "invalid_request", "files.video.content_type"),
        ("files.video.content_type", json!("image/png"), "invalid_request", "files.video.content_type"),
        ("files.video.content_type", json!(""), "invalid_request", "files.video.content_type"),
        ("files.video.content_type", Value::Null, "invalid_request", "files.video.content_type"),
        ("files.video.file_name", json!("a/b.mp4"), "invalid_request", "files.video.file_name"),
        ("files.video.file_name", json!("..\\b.mp4"), "invalid_request", "files.video.file_name"),
        ("files.video.file_name", json!(".."), "invalid_request", "files.video.file_name"),
        ("files.video.file_name", json!("a\u{0}.mp4"), "invalid_request", "files.video.file_name"),
        ("files.video.file_name", json!("a\r\nSet-Cookie: a=b"), "invalid_request", "files.video.file_name"),
        ("files.video.file_name", json!("x".repeat(4096)), "invalid_request", "files.video.file_name"),
        ("files.video.file_name", json!(""), "invalid_request", "files.video.file_name"),
        ("files.video.colour", json!("red"), "invalid_request", "files.video.colour"),
        ("title", Value::Null, "invalid_request", "title"),
        ("title", json!(""), "invalid_request", "title"),
        ("title", json!("x".repeat(201)), "invalid_request", "title"),
        ("metadata", json!({"x": "y".repeat(16 << 10)}), "invalid_request", "metadata"),
        ("metadata", json!([1]), "invalid_request", "metadata"),
        ("colour", json!("red"), "invalid_request", "colour"),
    ] {
        let problem = api.post("/v1/videos", &body(&[(path, value.clone())])).await.problem(422, code);
        let message = problem["detail"].as_str().unwrap_or_default();
        assert_eq!(problem["field"], field, "{path} = {value}: {problem:#}");
        assert!(!message.is_empty() && problem["request_id"].is_string(), "{problem:#}");
    }
    nothing_is_there(&server, &api).await;
}

#[tokio::test]
async fn everything_wrong_is_named_at_once() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let bad = body(&[("title", json!("")), ("files.video.size", json!(0)), ("files.video.file_name", json!("a/b"))]);
    let problem = api.post("/v1/videos", &bad).await.problem(422, "invalid_request");
    let fields: Vec<_> = problem["errors"].as_array().expect("errors").iter().map(|error| &error["field"]).collect();
    for field in ["title", "files.video.size", "files.video.file_name"] {
        assert!(fields.contains(&&json!(field)), "{problem:#}");
    }
    nothing_is_there(&server, &api).await;
}

#[tokio::test]
async fn bodies_that_are_no_json_or_too_large_are_refused() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let good = body(&[]).to_string();
    let twice = good
        .replace("\"video\":", "\"video\":{\"file_name\":\"a\",\"size\":1,\"content_type\":\"video/mp4\"},\"video\":");
    let problem = raw(&api, "application/json", twice).await.problem(422, "invalid_request");
    assert_eq!(problem["field"], "files.video", "{problem:#}");
    for text in ["{", "", "nul", "{\"title\": }", &format!("{good} {{}}")] {
        raw(&api, "application/json", text.to_owned()).await.problem(400, "invalid_json");
    }
    raw(&api, "application/json", vec![0xff, 0xfe]).await.problem(400, "invalid_json");
    raw(&api, "application/json", "[]").await.problem(422, "invalid_request");
    raw(&api, "text/plain", good.clone()).await.problem(415, "unsupported_media_type");
    let huge = format!("{{\"title\": \"{}\"}}", "x".repeat(1 << 20));
    raw(&api, "application/json", huge).await.problem(413, "body_too_large");
    nothing_is_there(&server, &api).await;
}

/// Clients that write everything before they read hear of a refusal too, instead of a broken connection.
#[tokio::test]
async fn refusals_reach_clients_that_are_still_sending() {
    let server = Server::new().await;
    let good = server.token("42").await;
    let address = server.url.trim_start_matches("http://");
    let body = vec![b' '; 8 << 20];
    for (token, status) in [(good.as_str(), "413"), ("x", "401")].repeat(10) {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let head = format!(
            "POST /v1/videos HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("the head is taken");
        stream.write_all(&body).await.expect("the body is taken");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}

#[tokio::test]
async fn names_of_any_language_are_kept_as_they_are() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let name = "제주 🎬 \"sunrise\"; a=b.mp4";
    let changes = [("files.video.file_name", json!(name)), ("title", json!("해돋이 🌅"))];
    let created = api.post("/v1/videos", &body(&changes)).await.expect(201);
    let id = created["id"].as_str().expect("an id");
    let shown = api.show(id).await.expect(200);
    assert_eq!((&shown["files"]["video"]["file_name"], &shown["title"]), (&json!(name), &json!("해돋이 🌅")));
    let film = films::mp4(films::TINY);
    api.send_part(&created["files"]["video"]["upload"]["parts"][0], &film).await;
    api.complete(id).await.expect(200);
    let url = api.get(&format!("/v1/videos/{id}/files/video/url?disposition=attachment")).await.expect(200);
    let answer = api.http.get(url["url"].as_str().expect("a URL")).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let disposition = String::from_utf8_lossy(answer.headers()["content-disposition"].as_bytes()).into_owned();
    assert!(disposition.contains("filename*=UTF-8''"), "{disposition}");
    let keys = server.buckets().await.list().await.objects;
    assert!(keys.iter().all(|key| key.is_ascii()), "{keys:?}");
}

/// What belongs to somebody else is not there, whatever is asked of it.
#[tokio::test]
async fn foreign_and_unknown_ids_are_not_found() {
    let server = Server::new().await;
    let (mine, theirs) = (server.api("42").await, server.api("43").await);
    let film = films::mp4(films::TINY);
    let asset = mine.send_all(&[("video", &film)]).await;
    let unknown = format!("ast_{}", "0".repeat(26));
    for id in [asset.id.as_str(), &unknown, "ast_short", "1", "%00", "..%2f.."] {
        theirs.show(id).await.problem(404, "not_found");
        theirs.complete(id).await.problem(404, "not_found");
        theirs.delete(id).await.problem(404, "not_found");
        theirs.part_urls(id, "video", &json!([1])).await.problem(404, "not_found");
        theirs.get(&format!("/v1/videos/{id}/files/video/url")).await.problem(404, "not_found");
        theirs.get(&format!("/v1/videos/{id}/files/video/parts")).await.problem(404, "not_found");
        theirs.put(&format!("/v1/videos/{id}/files/video"), &announcement(&film)).await.problem(404, "not_found");
    }
    assert_eq!(theirs.get("/v1/videos").await.expect(200)["data"], json!([]));
    theirs.get("/v1/films").await.problem(404, "not_found");
    let patch = mine.request(Method::PATCH, "/v1/videos").json(&json!({}));
    mine.send(patch).await.problem(405, "method_not_allowed");
    assert_eq!(mine.complete(&asset.id).await.expect(200)["status"], "CREATED");
}

#[tokio::test]
async fn part_numbers_that_cannot_be_are_refused() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let asset = api.create(&[("video", &films::mp4(films::THREE_PARTS))]).await;
    for (numbers, field) in [
        (json!([0]), "numbers[0]"),
        (json!([1, 10_001]), "numbers[1]"),
        (json!([-1]), "numbers[0]"),
        (json!([1, 1]), "numbers[1]"),
        (json!([4]), "numbers"),
        (json!([]), "numbers"),
        (json!("1"), "numbers"),
        (json!((1..=10_001).collect::<Vec<_>>()), "numbers"),
    ] {
        let problem = api.part_urls(&asset.id, "video", &numbers).await.problem(422, "invalid_request");
        let named = problem["field"].as_str().unwrap_or_default();
        assert!(named.starts_with(field.trim_end_matches(']').trim_end_matches(char::is_numeric)), "{problem:#}");
    }
    api.part_urls(&asset.id, "thumbnail", &json!([1])).await.problem(409, "upload_closed");
    api.part_urls(&asset.id, "video", &json!([3, 1])).await.expect(200);
}

#[tokio::test]
async fn part_urls_end_with_the_upload() {
    let server = Setup::default().config("[uploads]\nurl_ttl = \"1s\"\nidle = \"1s\"\nmax_age = \"2s\"").start().await;
    let api = server.api("42").await;
    let film = films::mp4(films::TINY);
    let asset = api.create(&[("video", &film)]).await;
    let expired = async || {
        let answer = api.part_urls(&asset.id, "video", &json!([1])).await;
        (answer.status == 410).then(|| answer.problem(410, "upload_expired"))
    };
    until("no URLs are given out any more", SOON, expired).await;
    let refused = async || {
        let answer = api.try_part(&asset.parts("video")[0], &film).await.expect("an answer");
        (answer.status() == 403).then_some(())
    };
    until("the first URL has expired", SOON, refused).await;
    api.complete(&asset.id).await.problem(409, "upload_incomplete");
    assert_eq!(server.command(&["reap"]).await.code, Some(0));
    api.show(&asset.id).await.problem(410, "gone");
    assert!(server.buckets().await.list().await.is_empty());
}

#[tokio::test]
async fn one_idempotency_key_makes_one_asset() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let create =
        |api: &Api, body: &Value| api.request(Method::POST, "/v1/videos").header("idempotency-key", "k1").json(body);
    let first = api.send(create(&api, &body(&[]))).await.expect(201);
    let again = api.send(create(&api, &body(&[]))).await.expect(201);
    assert_eq!(first["id"], again["id"]);
    let url = &again["files"]["video"]["upload"]["parts"][0];
    api.send_part(url, &films::mp4(films::TINY)).await;
    let other = body(&[("title", json!("Another"))]);
    api.send(create(&api, &other)).await.problem(422, "idempotency_key_reused");
    let stranger = server.api("43").await;
    let theirs = stranger.send(create(&stranger, &other)).await.expect(201);
    assert_ne!(first["id"], theirs["id"], "a key is its owner's");

    let parallel = (0..8).map(|_| {
        let request = api.request(Method::POST, "/v1/videos").header("idempotency-key", "at-once").json(&body(&[]));
        api.send(request)
    });
    let mut ids = Vec::new();
    for answer in futures::future::join_all(parallel).await {
        match answer.status.as_u16() {
            201 => ids.push(answer.expect(201)["id"].clone()),
            _ => drop(answer.problem(409, "idempotency_key_in_progress")),
        }
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(api.get("/v1/videos").await.expect(200)["data"].as_array().map(Vec::len), Some(2));
}
