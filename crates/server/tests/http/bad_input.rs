//! Bad input gets a clear answer: request -> status, code, field. Nothing is written by any of it.

use axum::body::Body;
use domain::StateName;
use http::Method;
use serde_json::{Value, json};
use server::catalog::Figures as _;

use crate::house::{House, film, poster};

/// A creation with some members replaced; null removes one.
fn creation(changes: Value) -> Value {
    let mut body = json!({"title": "Film", "files": {"video": film(1000)}});
    merge(&mut body, changes);
    body
}

fn merge(into: &mut Value, changes: Value) {
    let Value::Object(changes) = changes else {
        *into = changes;
        return;
    };
    for (name, change) in changes {
        if change.is_null() {
            into.as_object_mut().unwrap().remove(&name);
        } else {
            merge(into.as_object_mut().unwrap().entry(name).or_insert(json!({})), change);
        }
    }
}

fn video(changes: Value) -> Value {
    creation(json!({"files": {"video": changes}}))
}

async fn nothing_was_written(house: &House) {
    let counts = house.catalog.count_files().await.unwrap();
    let files: u64 = counts.iter().filter(|(state, _)| *state != StateName::Closed).map(|(_, count)| count).sum();
    assert_eq!((files, house.bucket()), (0, (0, 0)));
}

#[tokio::test]
async fn creations_that_say_something_wrong() {
    let house = House::new();
    let long = "x".repeat(4096);
    let field = "files.video.size";
    let name = "files.video.file_name";
    let media = "files.video.content_type";
    let invalid = "invalid_request";
    let rows = [
        ("unknown role", creation(json!({"files": {"poster": film(1)}})), "unknown_role", "files.poster"),
        ("role that is no name", creation(json!({"files": {"../x": film(1)}})), "unknown_role", "files.../x"),
        (
            "required role missing",
            json!({"title": "F", "files": {"thumbnail": poster(9)}}),
            "missing_role",
            "files.video",
        ),
        ("no files", json!({"title": "F", "files": {}}), "missing_role", "files"),
        ("files absent", json!({"title": "F"}), invalid, "files"),
        ("size 0", video(json!({"size": 0})), invalid, field),
        ("size negative", video(json!({"size": -1})), invalid, field),
        ("size a fraction", video(json!({"size": 1.5})), invalid, field),
        ("size a text", video(json!({"size": "1000"})), invalid, field),
        ("size 2^63", video(json!({"size": 1u64 << 63})), invalid, field),
        (
            "size over u64",
            serde_json::from_str(&video(json!({"size": 7_777})).to_string().replace("7777", "99999999999999999999"))
                .unwrap(),
            invalid,
            field,
        ),
        ("size over the limit", video(json!({"size": (200u64 << 30) + 1})), invalid, field),
        ("content type wrong", video(json!({"content_type": "text/html"})), invalid, media),
        ("content type of another role", video(json!({"content_type": "image/png"})), invalid, media),
        ("content type absent", video(json!({"content_type": null})), invalid, media),
        ("file name a path", video(json!({"file_name": "a/b.mp4"})), invalid, name),
        ("file name ..", video(json!({"file_name": ".."})), invalid, name),
        ("file name with NUL", video(json!({"file_name": "a\0.mp4"})), invalid, name),
        ("file name with CR LF", video(json!({"file_name": "a\r\nX: y"})), invalid, name),
        ("file name of 4 kB", video(json!({"file_name": long})), invalid, name),
        ("file name empty", video(json!({"file_name": ""})), invalid, name),
        ("title missing", creation(json!({"title": null})), invalid, "title"),
        ("title blank", creation(json!({"title": "  "})), invalid, "title"),
        ("title too long", creation(json!({"title": long})), invalid, "title"),
        ("title a number", creation(json!({"title": 7})), invalid, "title"),
        ("description too long", creation(json!({"description": "x".repeat(5001)})), invalid, "description"),
        ("metadata too large", creation(json!({"metadata": {"a": "x".repeat(16 << 10)}})), invalid, "metadata"),
        ("metadata no object", creation(json!({"metadata": [1]})), invalid, "metadata"),
        ("fingerprint too long", creation(json!({"fingerprint": "x".repeat(257)})), invalid, "fingerprint"),
        ("unknown field", creation(json!({"titel": "F"})), invalid, "titel"),
        ("unknown field deep down", video(json!({"sice": 3})), invalid, "files.video.sice"),
        (
            "checksum algorithm",
            video(json!({"checksum": {"algorithm": "md5"}})),
            invalid,
            "files.video.checksum.algorithm",
        ),
        (
            "checksum value",
            video(json!({"checksum": {"algorithm": "crc32", "value": "AA"}})),
            invalid,
            "files.video.checksum.value",
        ),
        ("not an object", json!([1]), invalid, "body"),
    ];
    for (what, body, code, field) in rows {
        let answer = house.post("/v1/videos", body).await;
        assert_eq!(answer.verdict(), (422, code, field), "{what}: {}", answer.body);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
        assert!(answer.body["detail"].as_str().unwrap().chars().count() < 600, "{what}: {}", answer.body);
    }
    nothing_was_written(&house).await;
}

#[tokio::test]
async fn bodies_that_cannot_be_read() {
    let house = House::new();
    let deep = format!("{{\"metadata\": {{\"a\": {}", "[".repeat(100_000));
    let large = format!("{{\"title\": \"{}\"}}", "x".repeat(1 << 20));
    let twice = r#"{"title": "F", "files": {"video": {"file_name": "a", "size": 1, "content_type": "video/mp4"}, "video": {"file_name": "b", "size": 1, "content_type": "video/mp4"}}}"#;
    let json = Some("application/json");
    let rows = [
        ("malformed", json, b"{\"title\": ".to_vec(), 400, "invalid_json", ""),
        ("two documents", json, b"{} {}".to_vec(), 422, "invalid_request", "title"),
        ("trailing garbage", json, br#"{"title": "F", "files": {}} x"#.to_vec(), 400, "invalid_json", ""),
        ("empty", json, Vec::new(), 400, "invalid_json", ""),
        ("not UTF-8", json, b"{\"title\": \"\xff\"}".to_vec(), 400, "invalid_json", ""),
        ("nested without end", json, deep.into_bytes(), 400, "invalid_json", ""),
        ("too large", json, large.into_bytes(), 413, "body_too_large", ""),
        ("a form", Some("application/x-www-form-urlencoded"), b"title=F".to_vec(), 415, "unsupported_media_type", ""),
        ("no content type", None, b"{}".to_vec(), 415, "unsupported_media_type", ""),
        ("role named twice", json, twice.as_bytes().to_vec(), 422, "invalid_request", "files.video"),
        (
            "title named twice",
            json,
            br#"{"title": "F", "title": "G", "files": {}}"#.to_vec(),
            422,
            "invalid_request",
            "title",
        ),
    ];
    for (what, content_type, body, status, code, field) in rows {
        let mut request = house.request(Method::POST, "/v1/videos");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = house.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.verdict(), (status, code, field), "{what}: {}", answer.body);
    }
    nothing_was_written(&house).await;
}

#[tokio::test]
async fn everything_wrong_is_named_at_once() {
    let house = House::new();
    let body = json!({
        "title": "", "metadata": {"a": "x".repeat(17 << 10)},
        "files": {"video": {"file_name": "a/b", "size": 0, "content_type": "text/html"}},
    });
    let answer = house.post("/v1/videos", body).await.expect(422);
    let fields: Vec<_> =
        answer.body["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["title", "metadata", "files.video.file_name", "files.video.content_type", "files.video.size"]);
}

#[tokio::test]
async fn part_numbers_that_cannot_be() {
    let house = House::new();
    let path = house.create(json!({"video": film(12 << 20)})).await;
    let path = format!("{path}/files/video/part-urls");
    let digest = |text: &str| json!([{"number": 1, "checksum_sha256": text}]);
    let rows = [
        ("zero", json!([0]), "numbers[0]"),
        ("10,001", json!([1, 10_001]), "numbers[1]"),
        ("negative", json!([1, 2, -3]), "numbers[2]"),
        ("a fraction", json!([1.5]), "numbers[0]"),
        ("a text", json!(["1"]), "numbers[0]"),
        ("2^64", serde_json::from_str("[18446744073709551616]").unwrap(), "numbers[0]"),
        ("twice", json!([1, 2, 1]), "numbers[2]"),
        ("beyond the plan", json!([3, 4]), "numbers"),
        ("none", json!([]), "numbers"),
        ("too many", (1..=10_001).collect::<Vec<_>>().into(), "numbers"),
        ("no list", json!(1), "numbers"),
        ("digest too short", digest("AAAA"), "numbers[0].checksum_sha256"),
        ("digest no base64", digest("!"), "numbers[0].checksum_sha256"),
        ("digest absent", json!([{"number": 1}]), "numbers[0].checksum_sha256"),
        ("unknown member", json!([{"number": 1, "md5": ""}]), "numbers[0].md5"),
    ];
    for (what, numbers, field) in rows {
        let answer = house.post(&path, json!({"numbers": numbers})).await;
        assert_eq!(answer.verdict(), (422, "invalid_request", field), "{what}: {}", answer.body);
    }
    let answer = house.post(&path, json!({})).await;
    assert_eq!(answer.verdict(), (422, "invalid_request", "numbers"));
}

#[tokio::test]
async fn completions_that_say_something_wrong() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000)})).await;
    let parts = |parts: Value| json!({"files": {"video": {"parts": parts}}});
    let checksum = |value: Value| json!({"files": {"video": {"checksum": value}}});
    let invalid = "invalid_request";
    let rows = [
        ("unknown role", json!({"files": {"poster": {}}}), "unknown_role", "files.poster"),
        ("role without a file", json!({"files": {"preview": {}}}), "unknown_role", "files.preview"),
        ("part 0", parts(json!([{"number": 0, "etag": "x"}])), invalid, "files.video.parts[0].number"),
        (
            "part twice",
            parts(json!([{"number": 1, "etag": "x"}, {"number": 1, "etag": "x"}])),
            invalid,
            "files.video.parts[1].number",
        ),
        ("no etag", parts(json!([{"number": 1}])), invalid, "files.video.parts[0].etag"),
        ("empty etag", parts(json!([{"number": 1, "etag": ""}])), invalid, "files.video.parts[0].etag"),
        ("checksum without value", checksum(json!({"algorithm": "crc32"})), invalid, "files.video.checksum.value"),
        (
            "checksum not announced",
            checksum(json!({"algorithm": "crc32", "value": "AAAAAA=="})),
            invalid,
            "files.video.checksum",
        ),
        ("unknown field", json!({"done": true}), invalid, "done"),
        ("title blank", json!({"title": " "}), invalid, "title"),
    ];
    for (what, body, code, field) in rows {
        let answer = house.post(&format!("{path}/complete"), body).await;
        assert_eq!(answer.verdict(), (422, code, field), "{what}: {}", answer.body);
    }
    assert_eq!(house.get(&path).await.body["status"], "UPLOADING");
}

#[tokio::test]
async fn query_parameters_nobody_knows() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000)})).await;
    let rows = [
        ("/v1/videos?page=2".to_owned(), "page"),
        ("/v1/videos?limit=0".to_owned(), "limit"),
        ("/v1/videos?limit=101".to_owned(), "limit"),
        ("/v1/videos?limit=ten".to_owned(), "limit"),
        ("/v1/videos?limit=5&limit=6".to_owned(), "limit"),
        ("/v1/videos?status=GONE".to_owned(), "status"),
        ("/v1/videos?cursor=7".to_owned(), "cursor"),
        ("/v1/videos?fingerprint=".to_owned(), "fingerprint"),
        (format!("/v1/videos?q={}", "x".repeat(201)), "q"),
        (format!("{path}?verbose=1"), "verbose"),
        (format!("{path}/files/video/parts?cursor=0"), "cursor"),
        (format!("{path}/files/video/parts?limit=1001"), "limit"),
        (format!("{path}/files/video/url?disposition=steal"), "disposition"),
    ];
    for (path, field) in rows {
        let answer = house.get(&path).await;
        assert_eq!(answer.verdict(), (422, "invalid_request", field), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn paths_that_lead_nowhere() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000)})).await;
    let nobodys = "/v1/videos/ast_00000000000000000000000000";
    let rows = [
        (Method::GET, "/v1/films".to_owned(), 404, "not_found", ""),
        (Method::GET, "/v1/videos/7".to_owned(), 404, "not_found", ""),
        (Method::GET, format!("/v1/videos/{}", "A".repeat(5000)), 404, "not_found", ""),
        (Method::GET, "/v1/videos/%ff%fe".to_owned(), 404, "not_found", ""),
        (Method::GET, nobodys.to_owned(), 404, "not_found", ""),
        (Method::DELETE, nobodys.to_owned(), 404, "not_found", ""),
        (Method::GET, path.replace("videos", "images"), 404, "not_found", ""),
        (Method::GET, format!("{path}/files/Nope/url"), 404, "not_found", ""),
        (Method::GET, format!("{path}/files/preview/url"), 404, "not_found", ""),
        (Method::DELETE, format!("{path}/files/preview"), 404, "not_found", ""),
        (Method::GET, "/v2/videos".to_owned(), 404, "not_found", ""),
        (Method::GET, format!("{path}/nothing"), 404, "not_found", ""),
        (Method::GET, format!("{path}/"), 404, "not_found", ""),
        (Method::PUT, path.clone(), 405, "method_not_allowed", ""),
        (Method::GET, format!("{path}/complete"), 405, "method_not_allowed", ""),
        (Method::POST, "/healthz".to_owned(), 405, "method_not_allowed", ""),
    ];
    for (method, path, status, code, field) in rows {
        let answer = house.call(method.clone(), &path, Value::Null).await;
        assert_eq!(answer.verdict(), (status, code, field), "{method} {path}: {}", answer.body);
        assert_eq!(answer.body["instance"], path.as_str());
        assert_eq!(answer.headers.contains_key("allow"), status == 405, "{method} {path}");
    }
    let answer = house.call(Method::PUT, &format!("{path}/files/Nope"), film(1)).await;
    assert_eq!(answer.verdict(), (422, "unknown_role", "role"));
    let answer = house.call(Method::DELETE, "/v1/videos", Value::Null).await;
    let mut allowed: Vec<_> = answer.header("allow").split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
}

#[tokio::test]
async fn idempotency_keys_that_cannot_be() {
    let house = House::new();
    let body = creation(json!({})).to_string();
    for key in ["", "with space", "ключ", &"k".repeat(256)] {
        let request = house.request(Method::POST, "/v1/videos").header("content-type", "application/json");
        let request = request.header("idempotency-key", key.as_bytes()).body(Body::from(body.clone())).unwrap();
        let answer = house.send(request).await;
        assert_eq!(answer.verdict(), (422, "invalid_request", "Idempotency-Key"), "{key}");
    }
    nothing_was_written(&house).await;
}

#[tokio::test]
async fn names_with_emoji_are_not_bad_input() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000)})).await;
    assert_eq!(house.get(&path).await.body["files"]["video"]["file_name"], "휴가 🎬.mp4");
}
