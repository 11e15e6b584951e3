//! `/uppy` and `/c/{token}`: what Uppy's `@uppy/aws-s3` 5.1 and 6.x send and expect, over whole uploads.

use axum::body::Body;
use domain::{ByteCount, FileId, PartNumber, TimeSpan};
use http::{Method, Request};
use serde_json::{Value, json};
use server::auth::Scopes;
use server::catalog::Allowance;
use server::http::RelayForms;

use crate::house::{Answer, House, Plan, mp4, png, with_json};

/// A house whose owners may reserve what files of unknown size may become.
pub(crate) fn house() -> House {
    House::with(roomy())
}

fn roomy() -> Plan {
    let allowance = Allowance { open_uploads: 50, reserved_bytes: ByteCount::gib(100_000) };
    Plan { allowance, ..Plan::default() }
}

/// A capability for owner 42, as the path that opens with it.
pub(crate) async fn door(house: &House, collection: &str, body: Value) -> String {
    let made = house.post(&format!("/v1/{collection}/capabilities"), body).await.expect(201).body;
    format!("/c/{}", made["token"].as_str().unwrap())
}

/// A request as a page sends it: without any header of its own.
pub(crate) async fn bare(house: &House, method: Method, path: &str, body: Value) -> Answer {
    house.send(with_json(Request::builder().method(method).uri(path), &body)).await
}

/// Puts a part into the store, as a client does with its URL.
pub(crate) async fn put(house: &House, upload_id: &str, number: u64, bytes: Vec<u8>) -> String {
    let id: FileId = upload_id.parse().unwrap();
    let file = house.catalog.row(id).unwrap();
    let number = PartNumber::new(number).unwrap();
    house.store.put_part(&file.key, file.upload(), number, bytes.into()).unwrap().as_str().to_owned()
}

fn text<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.body[name].as_str().unwrap_or_else(|| panic!("{name} is not in {}", answer.body))
}

fn film(name: &str) -> Value {
    json!({"filename": name, "type": "video/mp4", "metadata": {"name": name, "type": "video/mp4", "title": "여름 휴가"}})
}

/// Begins an upload and gives its key and upload id.
async fn begin(house: &House, door: &str, body: Value) -> (String, String) {
    let begun = bare(house, Method::POST, &format!("{door}/s3/multipart"), body).await.expect(200);
    (text(&begun, "key").to_owned(), text(&begun, "uploadId").to_owned())
}

#[tokio::test]
async fn uppy_uploads_in_parts_by_a_capability() {
    let house = house();
    let door = door(&house, "videos", Value::Null).await;
    let (key, id) = begin(&house, &door, film("휴가 🎬.mp4")).await;
    assert!(key.starts_with("ast_") && id.starts_with("fil_"), "{key} {id}");
    let upload = format!("{door}/s3/multipart/{id}");

    let signed = bare(&house, Method::GET, &format!("{upload}/1?key={key}"), Value::Null).await.expect(200);
    assert!(text(&signed, "url").contains("partNumber=1&") && signed.body["expires"] == 3600, "{}", signed.body);
    assert!(!text(&signed, "url").contains("content-length"), "nobody knows how long a part is");
    let batch = format!("{upload}/batch?key={key}&partNumbers=2,3,1");
    let batch = bare(&house, Method::GET, &batch, Value::Null).await.expect(200);
    let numbers: Vec<_> = batch.body["presignedUrls"].as_object().unwrap().keys().collect();
    assert_eq!(numbers, ["1", "2", "3"]);

    let content = mp4((5 << 20) + 77);
    let first = put(&house, &id, 1, content[..5 << 20].to_vec()).await;
    let listed = bare(&house, Method::GET, &format!("{upload}?key={key}"), Value::Null).await.expect(200);
    assert_eq!(listed.body, json!([{"PartNumber": 1, "ETag": format!("\"{first}\""), "Size": 5 << 20}]));
    let second = put(&house, &id, 2, content[5 << 20..].to_vec()).await;

    // One ETag with quotes, one without: both generations mix them.
    let parts =
        json!({"parts": [{"PartNumber": 1, "ETag": format!("\"{first}\"")}, {"PartNumber": 2, "ETag": second}]});
    let done = bare(&house, Method::POST, &format!("{upload}/complete?key={key}"), parts.clone()).await.expect(200);
    assert_eq!(
        done.body,
        json!({
            "location": format!("http://api.test/v1/videos/{key}/files/video"),
            "key": key, "bucket": "videos", "asset_id": key, "status": "CREATED",
        })
    );
    let again = bare(&house, Method::POST, &format!("{upload}/complete?key={key}"), parts).await.expect(200);
    assert_eq!(again.body, done.body);

    let asset = house.get(&format!("/v1/videos/{key}")).await.expect(200).body;
    assert_eq!((&asset["title"], &asset["metadata"]), (&json!("여름 휴가"), &json!({})));
    assert_eq!(asset["files"]["video"]["file_name"], "휴가 🎬.mp4");
    assert_eq!(asset["files"]["video"]["size"], content.len());
    assert_eq!(house.bucket(), (1, 0));
}

#[tokio::test]
async fn uppy_lists_all_pages_of_parts() {
    let house = house();
    let door = door(&house, "videos", Value::Null).await;
    let (key, id) = begin(&house, &door, film("a.mp4")).await;
    for number in 1..=1001 {
        put(&house, &id, number, vec![1]).await;
    }
    let listed = bare(&house, Method::GET, &format!("{door}/s3/multipart/{id}?key={key}"), Value::Null).await;
    let listed = listed.expect(200);
    assert_eq!((listed.body.as_array().unwrap().len(), &listed.body[1000]["PartNumber"]), (1001, &json!(1001)));
}

#[tokio::test]
async fn uppy_sends_a_whole_file_by_header_straight_to_the_store() {
    let house = house();
    let query = "filename=%ED%9C%B4%EA%B0%80.png&type=undefined&metadata%5Bcaption%5D=c";
    let token = house.token("42", Scopes::none());
    // Companion's own header, and the usual one.
    for (name, value) in [("uppy-auth-token", token.clone()), ("authorization", format!("Bearer {token}"))] {
        let request = Request::builder().uri(format!("/uppy/s3/params?{query}")).header(name, value);
        let answer = house.send(request.body(Body::empty()).unwrap()).await.expect(200);
        assert_eq!((text(&answer, "method"), &answer.body["headers"]), ("PUT", &json!({})));
        let key = answer.body["fields"]["key"].as_str().unwrap();
        assert!(text(&answer, "url").contains("/public/") && text(&answer, "url").contains("partNumber=1&"));
        let asset = house.get(&format!("/v1/images/{key}")).await.expect(200).body;
        assert_eq!((&asset["status"], &asset["metadata"]), (&json!("UPLOADING"), &json!({"caption": "c"})));
        assert_eq!(asset["files"]["image"]["content_type"], "image/png");
    }
    let anonymous = bare(&house, Method::GET, &format!("/uppy/s3/params?{query}"), Value::Null).await;
    assert_eq!(anonymous.verdict(), (401, "unauthorized", ""));
}

fn form(fields: &[(&str, &str)], file: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--bb\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    body.extend(b"--bb\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n");
    body.extend(file);
    body.extend(b"\r\n--bb--\r\n");
    body
}

/// Asks for parameters and sends the form they ask for.
async fn send_form(house: &House, door: &str, query: &str, file: &[u8]) -> (String, Answer) {
    let params = bare(house, Method::GET, &format!("{door}/s3/params?{query}"), Value::Null).await.expect(200);
    assert_eq!(text(&params, "method"), "POST");
    // The address of the form ends soon: Uppy 6 makes the file's address of it, and pages show that.
    let url = text(&params, "url");
    assert!(url.starts_with("http://api.test/c/cap_") && url.ends_with("/form/") && !url.contains(door), "{url}");
    let door = url.strip_prefix("http://api.test").and_then(|url| url.strip_suffix("/form/")).unwrap();
    let fields = params.body["fields"].as_object().unwrap();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    let answer = post_form(house, door, form(&fields, file)).await;
    (params.body["fields"]["key"].as_str().unwrap().to_owned(), answer)
}

async fn post_form(house: &House, door: &str, body: Vec<u8>) -> Answer {
    let request = Request::builder().method(Method::POST).uri(format!("{door}/form/"));
    house.send(request.header("content-type", "multipart/form-data; boundary=bb").body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn uppy_sends_a_small_file_as_a_form() {
    let house = house();
    let door = door(&house, "images", Value::Null).await;
    let (key, sent) = send_form(&house, &door, "filename=a.png&type=image/png", &png(5 << 20)).await;
    let sent = sent.expect(201);
    assert_eq!((text(&sent, "status"), text(&sent, "asset_id")), ("CREATED", key.as_str()));
    assert!(sent.header("etag").starts_with('"') && sent.header("location").starts_with("http://store.test/public/"));
    let asset = house.get(&format!("/v1/images/{key}")).await.expect(200).body;
    assert_eq!(asset["files"]["image"]["size"], 5 << 20);
    let metrics = house.get("/metrics").await.expect(200);
    let metrics = String::from_utf8(metrics.raw.to_vec()).unwrap();
    assert!(metrics.contains("landfall_relayed_bytes"), "{metrics}");
    assert!(!metrics.contains("cap_"), "a capability is no label");

    let (_, refused) = send_form(&house, &door, "filename=a.png&type=image/png", b"no picture at all").await;
    assert_eq!((refused.status.as_u16(), text(&refused, "code")), (422, "upload_rejected"));
}

#[tokio::test]
async fn uppy_form_has_limits() {
    let house = house();
    let door = door(&house, "images", Value::Null).await;
    let (_, large) = send_form(&house, &door, "filename=a.png&type=image/png", &png((5 << 20) + 1)).await;
    assert_eq!(large.verdict(), (413, "body_too_large", ""));
    let (_, larger) = send_form(&house, &door, "filename=a.png&type=image/png", &png(6 << 20)).await;
    assert!(larger.verdict() == (413, "body_too_large", "") && text(&larger, "message").contains("shouldUseMultipart"));
    let (_, empty) = send_form(&house, &door, "filename=a.png&type=image/png", b"").await;
    assert_eq!(empty.verdict(), (422, "invalid_request", "file"));
    let unknown = post_form(&house, &door, form(&[("x-landfall-upload", "fil_0")], b"x")).await;
    assert_eq!(unknown.verdict(), (404, "not_found", ""));
    assert_eq!(
        post_form(&house, &door, form(&[], b"x")).await.verdict(),
        (422, "invalid_request", "x-landfall-upload")
    );
    assert_eq!(post_form(&house, &door, b"nothing".to_vec()).await.verdict(), (422, "invalid_request", "body"));
    assert_eq!(house.bucket().0, 0);
}

#[tokio::test]
async fn uppy_forms_can_be_switched_off() {
    let plan = Plan { relay_forms: RelayForms::Refused, ..roomy() };
    let house = House::with(plan);
    let door = door(&house, "images", Value::Null).await;
    let path = format!("{door}/s3/params?filename=a.png&type=image/png");
    assert_eq!(bare(&house, Method::GET, &path, Value::Null).await.verdict(), (400, "unsupported", ""));
    assert_eq!(post_form(&house, &door, form(&[], b"x")).await.verdict(), (400, "unsupported", ""));
    assert_eq!(house.bucket(), (0, 0));
}

#[tokio::test]
async fn uppy_abort_answers_an_object_and_spares_what_is_published() {
    let house = house();
    let door = door(&house, "videos", Value::Null).await;
    let (key, id) = begin(&house, &door, film("a.mp4")).await;
    let upload = format!("{door}/s3/multipart/{id}?key={key}");
    for _ in 0..2 {
        let gone = bare(&house, Method::DELETE, &upload, Value::Null).await.expect(200);
        assert_eq!(gone.body, json!({}));
    }
    assert_eq!(house.get(&format!("/v1/videos/{key}")).await.verdict(), (410, "gone", ""));
    house.app.drain().await;
    assert_eq!(house.bucket(), (0, 0));

    let (key, id) = begin(&house, &door, film("b.mp4")).await;
    let etag = put(&house, &id, 1, mp4(500)).await;
    let parts = json!({"parts": [{"PartNumber": 1, "ETag": etag}]});
    bare(&house, Method::POST, &format!("{door}/s3/multipart/{id}/complete"), parts).await.expect(200);
    let kept = bare(&house, Method::DELETE, &format!("{door}/s3/multipart/{id}?key={key}"), Value::Null).await;
    assert_eq!(kept.expect(200).body, json!({}));
    assert_eq!(house.get(&format!("/v1/videos/{key}")).await.expect(200).body["status"], "CREATED");
}

#[tokio::test]
async fn uppy_adds_files_to_an_uploading_asset() {
    let house = house();
    let path = house.create(json!({"video": crate::house::film(1000)})).await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    let door = door(&house, "videos", Value::Null).await;
    let poster = json!({"filename": "p.png", "type": "image/png", "metadata": {"asset_id": id, "role": "thumbnail"}});
    let (key, upload) = begin(&house, &door, poster.clone()).await;
    assert_eq!(key, id);
    // Cancelled and begun again: the role is free.
    bare(&house, Method::DELETE, &format!("{door}/s3/multipart/{upload}"), Value::Null).await.expect(200);
    let (_, upload) = begin(&house, &door, poster.clone()).await;
    let etag = put(&house, &upload, 1, png(100)).await;
    let parts = json!({"parts": [{"PartNumber": 1, "ETag": etag}]});
    let done = bare(&house, Method::POST, &format!("{door}/s3/multipart/{upload}/complete"), parts).await.expect(200);
    assert_eq!(text(&done, "status"), "UPLOADING", "the video is missing yet");

    house.send_file(&path, "video", &mp4(1000)).await;
    let done = house.post(&format!("{path}/complete"), Value::Null).await.expect(200).body;
    assert_eq!((&done["status"], &done["files"]["thumbnail"]["size"]), (&json!("CREATED"), &json!(100)));
    let late = bare(&house, Method::POST, &format!("{door}/s3/multipart"), poster).await;
    assert_eq!(late.verdict(), (409, "upload_closed", ""));
}

#[tokio::test]
async fn uppy_holds_the_limit_of_a_capability() {
    let house = house();
    let door = door(&house, "videos", json!({"max_size": 6 << 20})).await;
    let (key, id) = begin(&house, &door, film("a.mp4")).await;
    let upload = format!("{door}/s3/multipart/{id}");
    // 6 MiB need no third part.
    let beyond = bare(&house, Method::GET, &format!("{upload}/3?key={key}"), Value::Null).await;
    assert_eq!(beyond.status.as_u16(), 422);
    let content = mp4(7 << 20);
    let first = put(&house, &id, 1, content[..5 << 20].to_vec()).await;
    let second = put(&house, &id, 2, content[5 << 20..].to_vec()).await;
    let parts = json!({"parts": [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second}]});
    let refused = bare(&house, Method::POST, &format!("{upload}/complete?key={key}"), parts).await;
    assert_eq!((refused.status.as_u16(), text(&refused, "reason")), (422, "too_large"));
    house.app.drain().await;
    assert_eq!(house.bucket(), (0, 0), "nothing is left of it");
}

#[tokio::test]
async fn uppy_capabilities_open_nothing_else() {
    let house = house();
    let videos = door(&house, "videos", json!({"ttl": 600})).await;
    let images = door(&house, "images", Value::Null).await;
    let (_, id) = begin(&house, &videos, film("a.mp4")).await;

    let elsewhere = json!({"filename": "a.png", "type": "image/png", "metadata": {"collection": "images"}});
    let closed = bare(&house, Method::POST, &format!("{videos}/s3/multipart"), elsewhere).await;
    assert_eq!(closed.verdict(), (403, "forbidden", ""));
    for path in ["", "/1", "/batch?partNumbers=1"] {
        let path = format!("{images}/s3/multipart/{id}{path}");
        assert_eq!(bare(&house, Method::GET, &path, Value::Null).await.verdict(), (404, "not_found", ""), "{path}");
    }
    // Another owner's capability for the same collection.
    let other = house.call_as("7", Method::POST, "/v1/videos/capabilities", Value::Null).await.expect(201);
    let other = format!("/c/{}", text(&other, "token"));
    for method in [Method::GET, Method::DELETE] {
        let path = format!("{other}/s3/multipart/{id}");
        assert_eq!(bare(&house, method, &path, Value::Null).await.verdict(), (404, "not_found", ""));
    }
    let tampered = videos.replace("/c/cap_", "/c/cap_A");
    house.clock.advance(TimeSpan::from_mins(10));
    for door in [tampered.as_str(), videos.as_str(), "/c/nothing"] {
        let answer = bare(&house, Method::GET, &format!("{door}/s3/multipart/{id}"), Value::Null).await;
        assert_eq!(answer.verdict(), (401, "unauthorized", ""));
        assert_eq!(answer.body["instance"], format!("/c/{{token}}/s3/multipart/{id}"), "the token is not repeated");
        let answer = String::from_utf8(answer.raw.to_vec()).unwrap();
        assert!(!answer.contains(door.strip_prefix("/c/").unwrap()), "{answer}");
    }
}

#[tokio::test]
async fn uppy_errors_say_message_and_request_id() {
    let house = house();
    let door = door(&house, "videos", Value::Null).await;
    let (key, id) = begin(&house, &door, film("a.mp4")).await;
    let upload = format!("{door}/s3/multipart/{id}");
    for (method, path, body, status) in [
        (Method::GET, format!("{door}/s3/sts"), Value::Null, 400),
        (Method::GET, format!("{door}/s3/params"), Value::Null, 422),
        (Method::GET, format!("{door}/s3/params?filename=a.exe&type=undefined"), Value::Null, 422),
        (Method::POST, format!("{door}/s3/multipart"), json!({}), 422),
        (
            Method::POST,
            format!("{door}/s3/multipart"),
            json!({"filename": "a.mp4", "metadata": {"collection": "x"}}),
            404,
        ),
        (Method::POST, format!("{door}/s3/multipart"), json!({"filename": "a.mp4", "metadata": {"role": "x"}}), 422),
        (Method::POST, format!("{door}/s3/multipart"), json!({"filename": "a.png"}), 422),
        (
            Method::POST,
            format!("{door}/s3/multipart"),
            json!({"filename": "a.mp4", "metadata": {"asset_id": "x"}}),
            404,
        ),
        (Method::GET, format!("{upload}/0?key={key}"), Value::Null, 422),
        (Method::GET, format!("{upload}/x?key={key}"), Value::Null, 422),
        (Method::GET, format!("{upload}/batch?key={key}"), Value::Null, 422),
        (Method::GET, format!("{upload}/1?key=ast_00000000000000000000000000"), Value::Null, 404),
        (Method::GET, format!("{door}/s3/multipart/fil_0?key={key}"), Value::Null, 404),
        (Method::POST, format!("{upload}/complete"), json!({"parts": []}), 409),
        (Method::POST, format!("{upload}/complete"), json!({"parts": [{"PartNumber": 1, "ETag": "a"}]}), 409),
        (Method::POST, format!("{upload}/complete"), json!({"parts": [{"PartNumber": 10001, "ETag": "a"}]}), 422),
        (Method::POST, format!("{upload}/complete"), json!({}), 422),
        (Method::POST, format!("{door}/s3/sign"), json!({"method": "PATCH", "key": "a.mp4"}), 400),
        (Method::POST, format!("{door}/s3/sign"), json!({"method": "DELETE", "key": "a.mp4"}), 400),
        (Method::POST, format!("{door}/s3/sign"), json!({"method": "PUT"}), 422),
        (Method::GET, format!("{door}/s3/nothing"), Value::Null, 404),
    ] {
        let answer = bare(&house, method.clone(), &path, body.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path} {body}: {}", answer.body);
        assert!(!text(&answer, "message").is_empty());
        assert_eq!(text(&answer, "requestId"), answer.header("x-request-id"));
        let shown = text(&answer, "instance");
        assert!(shown.starts_with("/c/{token}/"), "{shown}");
    }
    assert_eq!(house.get(&format!("/v1/videos/{key}")).await.expect(200).body["status"], "UPLOADING");
    let elsewhere = house.get("/v1/nothing").await;
    assert_eq!(elsewhere.body.get("requestId"), None, "only where Uppy reads it");
}

#[tokio::test]
async fn uppy_takes_the_session_of_a_known_page() {
    let house = House::with(Plan { origins: vec!["https://app.example.com".to_owned()], ..roomy() });
    let token = json!({"token": house.token("42", Scopes::none())});
    let signed_in = bare(&house, Method::POST, "/v1/session", token).await.expect(200);
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
    let begin = |headers: &[(&str, &str)]| {
        let mut request = Request::builder().method(Method::POST).uri("/uppy/s3/multipart").header("cookie", &cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        with_json(request, &film("a.mp4"))
    };
    house.send(begin(&[("origin", "https://app.example.com")])).await.expect(200);
    let foreign = house.send(begin(&[("origin", "https://evil.example.com")])).await;
    assert_eq!(foreign.verdict(), (403, "origin_not_allowed", ""));
    assert_eq!(text(&foreign, "requestId"), foreign.header("x-request-id"));
    // A token counts more than a cookie, under Uppy's name for it too.
    let other = house.token("7", Scopes::none());
    let by_token = house.send(begin(&[("uppy-auth-token", &other)])).await.expect(200);
    assert_eq!(house.row(&format!("/{}", text(&by_token, "key"))).await.owner.as_str(), "7");
}

#[tokio::test]
async fn uppy_gives_up_a_required_file_and_the_rest_waits_for_another() {
    let house = house();
    let door = door(&house, "videos", Value::Null).await;
    let (key, id) = begin(&house, &door, film("a.mp4")).await;
    let path = format!("/v1/videos/{key}");
    house.call(Method::PUT, &format!("{path}/files/thumbnail"), crate::house::poster(100)).await.expect(200);
    bare(&house, Method::DELETE, &format!("{door}/s3/multipart/{id}?key={key}"), Value::Null).await.expect(200);
    let asset = house.get(&path).await.expect(200).body;
    assert_eq!(
        (&asset["status"], &asset["files"]["video"]["rejected"]["code"]),
        (&json!("UPLOADING"), &json!("withdrawn"))
    );
    house.send_file(&path, "thumbnail", &png(100)).await;
    assert_eq!(house.post(&format!("{path}/complete"), Value::Null).await.status.as_u16(), 422, "not without a film");

    let again = json!({"filename": "b.mp4", "type": "video/mp4", "metadata": {"asset_id": key, "role": "video"}});
    let (_, id) = begin(&house, &door, again).await;
    let etag = put(&house, &id, 1, mp4(500)).await;
    let parts = json!({"parts": [{"PartNumber": 1, "ETag": etag}]});
    let waiting = bare(&house, Method::POST, &format!("{door}/s3/multipart/{id}/complete"), parts).await.expect(200);
    assert_eq!(text(&waiting, "status"), "UPLOADING", "the thumbnail was not said to be done");
    let done = house.post(&format!("{path}/complete"), Value::Null).await.expect(200).body;
    assert_eq!((&done["status"], &done["files"]["video"]["size"]), (&json!("CREATED"), &json!(500)));
}

#[tokio::test]
async fn uppy_may_send_a_form_again() {
    let house = house();
    let door = door(&house, "images", Value::Null).await;
    let params = format!("{door}/s3/params?filename=a.png&type=image/png");
    let params = bare(&house, Method::GET, &params, Value::Null).await.expect(200);
    let fields = params.body["fields"].as_object().unwrap();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    for _ in 0..2 {
        let sent = post_form(&house, &door, form(&fields, &png(1000))).await.expect(201);
        assert_eq!(text(&sent, "status"), "CREATED");
        assert!(!sent.header("etag").is_empty());
    }
    assert_eq!(house.bucket(), (1, 0));
}

/// A page asks for an upload as a whole with whatever its browser sends along.
async fn params(house: &House, door: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().uri(format!("{door}/s3/params?filename=a.png&type=image%2Fpng"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    house.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_get_creates_nothing_by_cookie_and_a_foreign_page_nothing_at_all() {
    const APP: &str = "https://app.example.com";
    const OTHER: &str = "http://127.0.0.1:9999";
    let house = House::with(Plan { origins: vec![APP.to_owned()], ..roomy() });
    let token = house.token("42", Scopes::none());
    let signed_in = bare(&house, Method::POST, "/v1/session", json!({"token": token})).await.expect(200);
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let door = door(&house, "images", Value::Null).await;
    let local = ("host", "127.0.0.1:8080");
    let (session, token) = (("cookie", cookie.as_str()), ("authorization", bearer.as_str()));
    let (app, other) = (("origin", APP), ("origin", OTHER));
    type Header<'a> = (&'a str, &'a str);
    let rows: [(&str, &[Header<'_>], u16, &str); 9] = [
        ("/uppy", &[session], 403, "forbidden"),
        ("/uppy", &[session, app], 403, "forbidden"),
        ("/uppy", &[session, local, ("origin", "http://127.0.0.1:8080")], 403, "forbidden"),
        ("/uppy", &[session, local, other], 403, "origin_not_allowed"),
        ("/uppy", &[token, other], 403, "origin_not_allowed"),
        ("/uppy", &[token, ("origin", "null")], 403, "origin_not_allowed"),
        (&door, &[other], 403, "origin_not_allowed"),
        (&door, &[("origin", "null")], 403, "origin_not_allowed"),
        (&door, &[app, other], 403, "origin_not_allowed"),
    ];
    for (door, headers, status, code) in rows {
        let refused = params(&house, door, headers).await;
        assert_eq!(refused.verdict(), (status, code, ""), "{door} {headers:?}");
        assert!(!refused.body["message"].as_str().unwrap().is_empty(), "Uppy shows it");
    }
    // What needs no preflight either: a POST of a text.
    let create = Request::builder().method(Method::POST).uri(format!("{door}/s3/multipart")).header("origin", OTHER);
    let create = create.header("content-type", "text/plain").body(Body::from(film("a.mp4").to_string())).unwrap();
    assert_eq!(house.send(create).await.verdict(), (403, "origin_not_allowed", ""));
    assert_eq!(house.bucket(), (0, 0), "what was refused opened nothing");
    assert_eq!(house.get("/v1/images").await.expect(200).body["data"], json!([]));
    for (door, headers) in [("/uppy", &[token, app][..]), ("/uppy", &[token]), (&door, &[app]), (&door, &[])] {
        params(&house, door, headers).await.expect(200);
    }
    assert_eq!(house.bucket(), (0, 4));
}

#[tokio::test]
async fn uppy_is_told_that_a_file_is_empty() {
    let house = house();
    let door = door(&house, "videos", Value::Null).await;
    let (key, id) = begin(&house, &door, film("nothing.mp4")).await;
    let etag = put(&house, &id, 1, Vec::new()).await;
    let complete = format!("{door}/s3/multipart/{id}/complete?key={key}");
    let parts = json!({"parts": [{"PartNumber": 1, "ETag": etag}]});
    let refused = bare(&house, Method::POST, &complete, parts.clone()).await;
    assert_eq!((refused.verdict(), &refused.body["reason"]), ((422, "upload_rejected", ""), &json!("empty")));
    assert!(text(&refused, "message").starts_with("The file is empty."), "{}", refused.body);
    let again = bare(&house, Method::POST, &complete, parts).await;
    assert_eq!(again.status.as_u16(), 422, "it is final, also for who asks again: {}", again.body);
    house.app.drain().await;
    assert_eq!(house.bucket(), (0, 0), "nothing of it is kept");
}
