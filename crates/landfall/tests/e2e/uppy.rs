//! Uppy's two generations, replayed request by request against the real server and its store.
//!
//! What is sent is what `@uppy/aws-s3` 5.1 and 6.3 send: the same routes, headers, bodies and order.

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::support::clock::{SOON, until};
use crate::support::films::{self, Film};
use crate::support::playback;
use crate::support::server::{Server, Setup};

const MIB: usize = 1 << 20;
/// What both generations cut files into, unless told otherwise.
const PART: usize = 5 * MIB;

/// Uppy in a page: where it was told to go, and the headers it was told to send.
struct Uppy {
    http: Client,
    endpoint: String,
    token: Option<String>,
}

impl Uppy {
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = self.http.request(method, format!("{}/{path}", self.endpoint));
        request = request.header("accept", "application/json");
        if let Some(token) = &self.token {
            request = request.header("uppy-auth-token", token).header("uppy-versions", "@uppy/companion-client=5.1.1");
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let body: Value = answer.json().await.expect("every answer is JSON");
        assert!(!status.is_success() || body.get("error").is_none(), "Uppy takes this for a failure: {body}");
        (status, body)
    }

    async fn well(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.call(method, path, body).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer:#}");
        answer
    }

    /// Begins an upload in parts; gives its key and id.
    async fn begin(&self, film: &Film, metadata: Value) -> (String, String) {
        let body = json!({"filename": "휴가 🎬.mp4", "type": film.content_type, "metadata": metadata});
        let begun = self.well(Method::POST, "s3/multipart", Some(body)).await;
        (text(&begun, "key"), text(&begun, "uploadId"))
    }

    async fn part_url(&self, key: &str, id: &str, number: usize) -> String {
        text(&self.well(Method::GET, &format!("s3/multipart/{id}/{number}?key={key}"), None).await, "url")
    }

    async fn parts(&self, key: &str, id: &str) -> Vec<Value> {
        let listed = self.well(Method::GET, &format!("s3/multipart/{id}?key={key}"), None).await;
        listed.as_array().expect("a bare array").clone()
    }

    async fn complete(&self, key: &str, id: &str, parts: &[Value]) -> (StatusCode, Value) {
        let path = format!("s3/multipart/{id}/complete?key={key}");
        self.call(Method::POST, &path, Some(json!({"parts": parts}))).await
    }

    /// Sends a part and gives what Uppy keeps of it.
    async fn send(&self, url: &str, number: usize, bytes: Vec<u8>) -> Value {
        let sent = self.http.put(url).body(bytes).send().await.expect("an answer").error_for_status().expect("200");
        let etag = sent.headers()["etag"].to_str().expect("an ETag").to_owned();
        json!({"PartNumber": number, "ETag": etag})
    }
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body:#}")).to_owned()
}

/// A server that logs all it can.
async fn talkative(config: &str) -> Server {
    Setup::default().config("[telemetry]\nlog = \"debug\"").config(config).start().await
}

/// By headers, as 5.1 does.
async fn uppy_5(server: &Server) -> Uppy {
    let token = server.token("42").await;
    Uppy { http: Client::new(), endpoint: format!("{}/uppy", server.url), token: Some(token) }
}

/// By the path, as 6.x does, with a capability that the binary minted.
async fn uppy_6(server: &Server, collection: &str) -> Uppy {
    let words = ["token", "--capability", "--owner", "42", "--collection", collection, "--json"];
    let minted = server.command(&words).await.json();
    Uppy { http: Client::new(), endpoint: text(&minted, "endpoint"), token: None }
}

/// No door leaves its credential in the log.
fn told_nobody(server: &Server) {
    let log = server.process().said();
    assert!(log.contains("uppy_"), "the log names the operations: {log}");
    for secret in ["cap_", "X-Amz-Signature", "eyJ"] {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
}

async fn plays(server: &Server, id: &str, film: &Film) {
    let api = server.api("42").await;
    let asset = api.show(id).await.expect(200);
    assert_eq!((&asset["status"], &asset["files"]["video"]["file_name"]), (&json!("CREATED"), &json!("휴가 🎬.mp4")));
    let url = api.url(id, "video").await;
    playback::reads_whole(&api.http, &url, film).await;
    playback::plays(server.home(), &url).await;
}

#[tokio::test]
async fn uppy_5_resumes_and_signs_an_expired_part_again() {
    let film = films::mp4(12_000_000);
    let content = film.bytes();
    let server = talkative("[uploads]\nurl_ttl = \"2s\"").await;
    let uppy = uppy_5(&server).await;
    let (key, id) = uppy.begin(&film, json!({"name": "휴가 🎬.mp4", "title": "여름 휴가"})).await;
    let chunks: Vec<_> = content.chunks(PART).map(<[u8]>::to_vec).collect();
    let expiring = uppy.part_url(&key, &id, 2).await;
    let first = uppy.part_url(&key, &id, 1).await;
    uppy.send(&first, 1, chunks[0].clone()).await;

    // What Uppy looks for before it asks for another URL.
    let said = until("the URL expires", SOON, async || {
        let answer = uppy.http.put(&expiring).body(chunks[1].clone()).send().await.expect("an answer");
        (answer.status() == StatusCode::FORBIDDEN).then_some(answer.text().await.expect("a text"))
    });
    assert!(said.await.contains("<Message>Request has expired</Message>"));

    // The page was closed: what has arrived is asked for, and the rest is sent.
    let arrived = uppy.parts(&key, &id).await;
    assert!(arrived.iter().any(|part| part["PartNumber"] == 1 && part["Size"] == PART), "{arrived:?}");
    let mut parts = vec![json!({"PartNumber": 1, "ETag": arrived[0]["ETag"]})];
    for (chunk, number) in chunks.iter().zip(1..).skip(1) {
        let url = uppy.part_url(&key, &id, number).await;
        parts.push(uppy.send(&url, number, chunk.clone()).await);
    }
    let (status, done) = uppy.complete(&key, &id, &parts).await;
    assert_eq!((status, &done["status"], &done["asset_id"]), (StatusCode::OK, &json!("CREATED"), &json!(key)));
    // Uppy gives up what it heard no answer about; it stays.
    let nothing = uppy.well(Method::DELETE, &format!("s3/multipart/{id}?key={key}"), None).await;
    assert_eq!(nothing, json!({}));
    plays(&server, &key, &film).await;
    told_nobody(&server);
}

#[tokio::test]
async fn uppy_5_sends_a_whole_film_and_never_calls_back() {
    let film = films::mp4(12_000_000);
    let server = talkative("").await;
    let uppy = uppy_5(&server).await;
    let query =
        "s3/params?filename=%ED%9C%B4%EA%B0%80+%F0%9F%8E%AC.mp4&type=video%2Fmp4&metadata%5Bcollection%5D=videos";
    let params = uppy.well(Method::GET, query, None).await;
    assert_eq!(params["method"], "PUT");
    uppy.send(&text(&params, "url"), 1, film.bytes()).await;
    let key = text(&params["fields"], "key");
    let api = server.api("42").await;
    until("the upload is published", SOON, async || {
        (api.show(&key).await.expect(200)["status"] == "CREATED").then_some(())
    })
    .await;
    plays(&server, &key, &film).await;
}

#[tokio::test]
async fn uppy_6_uploads_by_its_companion_endpoint() {
    let film = films::mp4(12_000_000);
    let server = talkative("").await;
    let uppy = uppy_6(&server, "videos").await;
    let (key, id) = uppy.begin(&film, json!({"name": "휴가 🎬.mp4", "relativePath": null})).await;
    let mut parts = Vec::new();
    for (chunk, number) in film.bytes().chunks(PART).zip(1..) {
        let url = uppy.part_url(&key, &id, number).await;
        let mut part = uppy.send(&url, number, chunk.to_vec()).await;
        // 6.x keeps ETags without their quotes.
        part["ETag"] = json!(text(&part, "ETag").trim_matches('"'));
        parts.push(part);
    }
    let (status, incomplete) = uppy.complete(&key, &id, &parts[..2]).await;
    assert_eq!((status, &incomplete["code"]), (StatusCode::CONFLICT, &json!("upload_incomplete")));
    assert!(incomplete["message"].is_string() && incomplete["requestId"].is_string(), "{incomplete:#}");
    let (status, done) = uppy.complete(&key, &id, &parts).await;
    assert_eq!((status, &done["status"]), (StatusCode::OK, &json!("CREATED")), "{done:#}");
    plays(&server, &key, &film).await;

    let (key, id) = uppy.begin(&film, json!({})).await;
    uppy.well(Method::DELETE, &format!("s3/multipart/{id}?key={key}"), None).await;
    let (status, _) = uppy.call(Method::GET, &format!("s3/multipart/{id}/1?key={key}"), None).await;
    assert_eq!(status, StatusCode::GONE);
    assert_eq!(uppy.call(Method::GET, "s3/sts", None).await.0, StatusCode::BAD_REQUEST);
    told_nobody(&server);
}

#[tokio::test]
async fn uppy_6_sends_a_picture_as_a_form() {
    let picture = films::png();
    let server = talkative("").await;
    let uppy = uppy_6(&server, "images").await;
    let params = uppy.well(Method::GET, "s3/params?filename=%EB%82%98.png&type=image%2Fpng", None).await;
    assert_eq!(params["method"], "POST");
    let mut form = Vec::new();
    for (name, value) in params["fields"].as_object().expect("fields") {
        let value = value.as_str().expect("a text");
        form.extend(format!("--bb\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    form.extend(b"--bb\r\nContent-Disposition: form-data; name=\"file\"; filename=\"blob\"\r\n");
    form.extend(b"Content-Type: image/png\r\n\r\n");
    form.extend(picture.bytes());
    form.extend(b"\r\n--bb--\r\n");
    let request = uppy.http.post(text(&params, "url")).header("content-type", "multipart/form-data; boundary=bb");
    let answer = request.body(form).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert!(answer.headers().contains_key("etag"), "5.1 waits for ever without one");
    let location = answer.headers()["location"].to_str().expect("a URL").to_owned();
    let body: Value = answer.json().await.expect("JSON");
    assert_eq!((&body["status"], &body["location"]), (&json!("CREATED"), &json!(location)));
    playback::is_public(&uppy.http, &location, &picture).await;
    let metrics = uppy.http.get(format!("{}/metrics", server.url)).send().await.expect("an answer").text().await;
    let relayed = format!("landfall_relayed_bytes_total {}", picture.size);
    let metrics = metrics.expect("a text");
    assert!(metrics.lines().any(|line| line == relayed), "{relayed} in\n{metrics}");
    told_nobody(&server);
}

/// Asks where to send one request to S3.
async fn sign(uppy: &Uppy, request: Value) -> Value {
    uppy.well(Method::POST, "s3/sign", Some(request)).await
}

fn between(text: &str, element: &str) -> String {
    let (_, rest) = text.split_once(&format!("<{element}>")).unwrap_or_else(|| panic!("no {element} in {text}"));
    rest.split_once(&format!("</{element}>")).expect("its end").0.to_owned()
}

#[tokio::test]
async fn uppy_6_speaks_s3_by_sign_request() {
    let film = films::mp4(12_000_000);
    let server = talkative("").await;
    for uppy in [uppy_6(&server, "videos").await, uppy_5(&server).await] {
        let key = "123e4567-e89b-42d3-a456-426614174000-휴가 🎬.mp4";
        let begin = sign(&uppy, json!({"method": "POST", "key": key})).await;
        let request = uppy.http.post(text(&begin, "url")).header("content-type", "video/mp4");
        let begun = request.send().await.expect("an answer").error_for_status().expect("200").text().await;
        let id = between(&begun.expect("XML"), "UploadId");
        let mut claim = "<CompleteMultipartUpload>".to_owned();
        for (chunk, number) in film.bytes().chunks(PART).zip(1..) {
            let body = json!({"method": "PUT", "key": key, "uploadId": id, "partNumber": number});
            let signed = sign(&uppy, body).await;
            let part = uppy.send(&text(&signed, "url"), number, chunk.to_vec()).await;
            let etag = text(&part, "ETag");
            let etag = etag.trim_matches('"');
            claim += &format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
        }
        let done = sign(&uppy, json!({"method": "POST", "key": key, "uploadId": id})).await;
        let request = uppy.http.post(text(&done, "url")).header("content-type", "application/xml");
        let answer = request.body(claim + "</CompleteMultipartUpload>").send().await.expect("an answer");
        assert_eq!(answer.headers()["content-type"], "application/xml");
        let made = answer.text().await.expect("XML");
        plays(&server, &between(&made, "Key"), &film).await;
    }
    told_nobody(&server);
}
