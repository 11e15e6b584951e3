//! `/v1/{collection}` and `/v1/{collection}/{id}`: the life of an asset as its owner sees it.

use axum::body::Body;
use domain::{CompleteAnswer, TimeSpan};
use http::Method;
use serde_json::{Value, json};
use server::catalog::Allowance;
use server::store::memory::Failure;
use server::store::operation::Operation;

use crate::house::{House, Plan, film, mp4, png, poster, with_json};

#[tokio::test]
async fn create_asset_answers_all_that_is_needed_to_upload() {
    let house = House::new();
    let body = json!({
        "title": "Sunrise", "description": "one\ntwo", "metadata": {"course": 7}, "fingerprint": "fp-1",
        "files": {"video": film((10 << 20) + 1), "thumbnail": poster(100)},
    });
    let answer = house.post("/v1/videos", body).await.expect(201);
    assert_eq!(answer.header("location"), format!("/v1/videos/{}", answer.id()));
    let asset = &answer.body;
    for (field, value) in [
        ("collection", json!("videos")),
        ("owner", json!("42")),
        ("status", json!("UPLOADING")),
        ("title", json!("Sunrise")),
        ("description", json!("one\ntwo")),
        ("metadata", json!({"course": 7})),
        ("fingerprint", json!("fp-1")),
        ("created_at", json!("2026-09-21T14:13:20Z")),
        ("expires_at", json!("2026-09-23T15:13:20Z")),
    ] {
        assert_eq!(asset[field], value, "{field}");
    }
    assert_eq!(asset.get("published_at"), None);
    let video = &asset["files"]["video"];
    assert_eq!(video["visibility"], "private");
    assert_eq!(video["verified"], json!([]));
    assert_eq!(video["upload"]["part_size"], 5 << 20);
    assert_eq!(video["upload"]["part_count"], 3);
    let parts = video["upload"]["parts"].as_array().unwrap();
    assert_eq!(parts.iter().map(|part| part["size"].as_u64().unwrap()).collect::<Vec<_>>(), [5 << 20, 5 << 20, 1]);
    for part in parts {
        assert!(part["url"].as_str().unwrap().starts_with("http://store.test/private/42/videos/ast_"));
        assert_eq!(part["headers"], json!({}));
        assert_eq!(part["expires_at"], "2026-09-21T15:13:20Z");
    }
    assert_eq!(house.bucket(), (0, 2));
}

#[tokio::test]
async fn create_asset_signs_the_first_hundred_parts() {
    let house = House::new();
    let answer = house.post("/v1/videos", json!({"title": "F", "files": {"video": film(600 << 20)}})).await.expect(201);
    let upload = &answer.body["files"]["video"]["upload"];
    assert_eq!((upload["part_count"].as_u64(), upload["parts"].as_array().unwrap().len()), (Some(120), 100));
}

fn keyed(house: &House, key: &str, body: &Value) -> http::Request<Body> {
    with_json(house.request(Method::POST, "/v1/videos").header("idempotency-key", key), body)
}

#[tokio::test]
async fn create_asset_with_one_key_is_one_asset() {
    let house = House::new();
    let body = json!({"title": "F", "files": {"video": film(1000)}});
    let first = house.send(keyed(&house, "key-1", &body)).await.expect(201);
    house.clock.advance(TimeSpan::from_mins(5));
    let second = house.send(keyed(&house, "key-1", &body)).await.expect(201);
    assert_eq!(first.id(), second.id());
    assert_eq!(first.header("location"), second.header("location"));
    let url = |answer: &crate::house::Answer| answer.body["files"]["video"]["upload"]["parts"][0]["url"].clone();
    assert_ne!(url(&first), url(&second), "URLs are signed anew");

    let other = json!({"title": "G", "files": {"video": film(1000)}});
    let reused = house.send(keyed(&house, "key-1", &other)).await;
    assert_eq!(reused.verdict(), (422, "idempotency_key_reused", "Idempotency-Key"));
    assert_eq!(house.get("/v1/videos").await.body["data"].as_array().unwrap().len(), 1);

    house.call(Method::DELETE, &format!("/v1/videos/{}", first.id()), Value::Null).await.expect(204);
    let gone = house.send(keyed(&house, "key-1", &body)).await;
    assert_eq!((gone.verdict(), &gone.body["reason"]), ((410, "gone", ""), &json!("deleted")));
}

#[tokio::test]
async fn a_key_is_bound_to_what_a_body_means() {
    let house = House::new();
    let send = async |text: &'static str| {
        let request = house.request(Method::POST, "/v1/videos").header("idempotency-key", "key-1");
        let request = request.header("content-type", "application/json");
        house.send(request.body(Body::from(text)).unwrap()).await
    };
    let first = send(
        r#"{"title":"F","metadata":{"a":1,"b":[2]},"files":{"video":{"file_name":"a.mp4","size":1000,"content_type":"video/mp4"}}}"#,
    );
    let first = first.await.expect(201).id();
    let again = send(
        r#"{ "files": {"video": {"content_type": "video/mp4", "size": 1000.0, "file_name": "a.mp4"}},
             "description": null, "metadata": {"b": [2], "a": 1}, "title": "\u0046" }"#,
    );
    assert_eq!(again.await.expect(201).id(), first, "the same request, written otherwise");
    for same in [
        r#"{"title":"F","description":"","metadata":{"a":1.0,"b":[2e0]},"files":{"video":{"file_name":"a.mp4","size":1000,"content_type":"VIDEO/MP4; codecs=\"avc1\""}}}"#,
        r#"{"title":"F","metadata":{"a":1,"b":[2]},"files":{"video":{"file_name":"a.mp4","size":1e3,"content_type":"video/x-m4v"}}}"#,
    ] {
        assert_eq!(send(same).await.expect(201).id(), first, "{same}");
    }
    let other = send(
        r#"{"title":"F","metadata":{"a":1,"b":[3]},"files":{"video":{"file_name":"a.mp4","size":1000,"content_type":"video/mp4"}}}"#,
    );
    assert_eq!(other.await.verdict(), (422, "idempotency_key_reused", "Idempotency-Key"));
}

#[tokio::test]
async fn a_name_taken_apart_is_the_same_name() {
    let house = House::new();
    let body = |title: &str, name: &str| {
        json!({"title": title, "description": title,
            "files": {"video": {"file_name": name, "size": 1000, "content_type": "video/mp4"}}})
    };
    let first = house.send(keyed(&house, "key-1", &body("휴가", "é.mp4"))).await.expect(201).id();
    let apart = body("\u{1112}\u{1172}\u{1100}\u{1161}", "e\u{301}.mp4");
    assert_eq!(house.send(keyed(&house, "key-1", &apart)).await.expect(201).id(), first);
    let other = house.send(keyed(&house, "key-1", &body("휴가", "e.mp4"))).await;
    assert_eq!(other.verdict(), (422, "idempotency_key_reused", "Idempotency-Key"));
}

#[tokio::test]
async fn numbers_of_metadata_come_back_as_the_same_numbers() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000)})).await;
    let sent = r#"{"metadata": {"a": 1.10, "b": 18446744073709551615, "c": -9223372036854775808, "d": 1e2, "e": 0.1,
        "f": 123456789012345678901234567890}}"#;
    let request = house.request(Method::PATCH, &path).header("content-type", "application/json");
    house.send(request.body(Body::from(sent)).unwrap()).await.expect(200);
    let raw = house.get(&path).await.expect(200).raw;
    let raw = String::from_utf8(raw.to_vec()).unwrap();
    // As the document says: the value, not the digits; beyond 64 bits the nearest double.
    let kept = r#""metadata":{"a":1.1,"b":18446744073709551615,"c":-9223372036854775808,"d":100.0,"e":0.1,"f":1.2345678901234568e"#;
    assert!(raw.contains(kept), "{raw}");
}

#[tokio::test]
async fn create_asset_stops_at_the_allowance() {
    let few = Allowance { open_uploads: 1, reserved_bytes: domain::ByteCount(5_000) };
    let house = House::with(Plan { allowance: few, ..Plan::default() });
    let body = |size| json!({"title": "F", "files": {"video": film(size)}});
    let answer = house.post("/v1/videos", body(5_001)).await;
    assert_eq!(answer.verdict(), (429, "too_many_reserved_bytes", ""));
    house.post("/v1/videos", body(1_000)).await.expect(201);
    let answer = house.post("/v1/videos", body(1_000)).await;
    assert_eq!(answer.verdict(), (429, "too_many_open_uploads", ""));
    assert_eq!(answer.header("retry-after"), "60");
    assert_eq!(answer.body["retryable"], true);
}

#[tokio::test]
async fn find_asset_is_only_for_its_owner() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000)})).await;
    let own = house.get(&path).await.expect(200);
    assert_eq!(own.body["files"]["video"]["upload"], json!({"part_size": 5 << 20, "part_count": 1}), "no URLs");
    for (method, path, body) in [
        (Method::GET, path.clone(), Value::Null),
        (Method::PATCH, path.clone(), json!({"title": "Mine"})),
        (Method::DELETE, path.clone(), Value::Null),
        (Method::POST, format!("{path}/complete"), Value::Null),
        (Method::PUT, format!("{path}/files/thumbnail"), poster(9)),
        (Method::DELETE, format!("{path}/files/video"), Value::Null),
        (Method::POST, format!("{path}/files/video/part-urls"), json!({"numbers": [1]})),
        (Method::GET, format!("{path}/files/video/parts"), Value::Null),
        (Method::GET, format!("{path}/files/video/url"), Value::Null),
        (Method::GET, format!("{path}/files/video"), Value::Null),
    ] {
        let foreign = house.call_as("43", method.clone(), &path, body).await;
        assert_eq!(foreign.verdict(), (404, "not_found", ""), "{method} {path}");
    }
    assert_eq!(house.get(&path).await.body, own.body);
}

#[tokio::test]
async fn complete_asset_publishes_all_files_together() {
    let house = House::new();
    let path = house.create(json!({"video": film(6 << 20), "thumbnail": poster(100)})).await;
    let complete = format!("{path}/complete");

    let nothing = house.post(&complete, Value::Null).await;
    assert_eq!(nothing.verdict(), (409, "upload_incomplete", ""));
    assert_eq!(
        nothing.body["missing"],
        json!([{"role": "thumbnail", "numbers": [1]}, {"role": "video", "numbers": [1, 2]}])
    );

    house.send_file(&path, "thumbnail", &png(100)).await;
    house.send_file(&path, "video", &mp4(6 << 20)[..5 << 20]).await;
    let part = house.post(&complete, Value::Null).await;
    assert_eq!(part.body["missing"], json!([{"role": "video", "numbers": [2]}]));
    assert_eq!((house.get(&path).await.body["status"].clone(), house.bucket()), (json!("UPLOADING"), (0, 2)));

    house.send_file(&path, "video", &mp4(6 << 20)).await;
    let done = house.post(&complete, json!({"title": "Renamed"})).await.expect(200);
    assert_eq!((&done.body["status"], &done.body["title"]), (&json!("CREATED"), &json!("Renamed")));
    assert_eq!(done.body["published_at"], "2026-09-21T14:13:20Z");
    assert_eq!(done.body.get("expires_at"), None);
    let (video, thumbnail) = (&done.body["files"]["video"], &done.body["files"]["thumbnail"]);
    assert_eq!(video["verified"], json!(["size", "content_type", "magic_bytes"]));
    assert_eq!((video.get("url"), video.get("upload")), (None, None));
    assert!(thumbnail["url"].as_str().unwrap().starts_with("http://store.test/public/42/videos/"), "{thumbnail}");
    assert_eq!(house.bucket(), (2, 0));

    let again = house.post(&complete, Value::Null).await.expect(200);
    assert_eq!(again.body["id"], done.body["id"]);
}

#[tokio::test]
async fn complete_asset_answers_before_a_slow_store_has_finished() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000)})).await;
    house.send_file(&path, "video", &mp4(1000)).await;
    house.store.fail_next(Operation::Complete, Failure::Answer(CompleteAnswer::NoSuchUpload));
    let answer = house.post(&format!("{path}/complete"), Value::Null).await.expect(202);
    assert_eq!((&answer.body["status"], &answer.body["files"]["video"]["verified"]), (&json!("UPLOADING"), &json!([])));
    assert_eq!(answer.body["files"]["video"]["upload"]["part_count"], 1);
    house.post(&format!("{path}/complete"), Value::Null).await.expect(200);
}

#[tokio::test]
async fn complete_asset_names_wrong_parts() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000)})).await;
    house.send_file(&path, "video", &mp4(999)).await;
    let answer = house.post(&format!("{path}/complete"), Value::Null).await.expect(409);
    assert_eq!(answer.body["missing"], json!([]));
    assert_eq!(answer.body["wrong"], json!([{"role": "video", "number": 1, "expected": "1000", "got": "999"}]));

    house.send_file(&path, "video", &mp4(1000)).await;
    let claim = json!({"files": {"video": {"parts": [{"number": 1, "etag": "\"claimed\""}]}}});
    let answer = house.post(&format!("{path}/complete"), claim).await.expect(409);
    assert_eq!(
        (answer.body["wrong"][0]["expected"].as_str(), &answer.body["retryable"]),
        (Some("claimed"), &json!(false))
    );
    assert_eq!(house.bucket(), (0, 1));
}

#[tokio::test]
async fn complete_asset_takes_bodies_beyond_the_usual_limit() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000)})).await;
    let parts: Vec<_> = (1..=10_000).map(|number| json!({"number": number, "etag": "e".repeat(120)})).collect();
    let body = json!({"files": {"video": {"parts": parts}}});
    assert!(body.to_string().len() > 1 << 20);
    house.post(&format!("{path}/complete"), body).await.expect(409);
    let body = json!({"title": "x".repeat(4 << 20)});
    let answer = house.post(&format!("{path}/complete"), body).await;
    assert_eq!(answer.verdict(), (413, "body_too_large", ""));
}

#[tokio::test]
async fn complete_asset_rejects_what_only_says_it_is_a_video() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000), "thumbnail": poster(100)})).await;
    house.send_file(&path, "video", &mp4(1000)).await;
    let html = [b"<!doctype html>".as_slice(), &[b' '; 85]].concat();
    house.send_file(&path, "thumbnail", &html).await;
    let answer = house.post(&format!("{path}/complete"), Value::Null).await;
    assert_eq!(answer.verdict(), (422, "upload_rejected", ""));
    assert_eq!((&answer.body["role"], &answer.body["reason"]), (&json!("thumbnail"), &json!("content_mismatch")));

    let asset = house.get(&path).await.expect(200).body;
    assert_eq!(asset["status"], "UPLOADING");
    assert_eq!(asset["files"]["thumbnail"]["rejected"]["code"], "content_mismatch");

    let again = house.call(Method::PUT, &format!("{path}/files/thumbnail"), poster(50)).await.expect(200);
    assert_eq!(again.body["files"]["thumbnail"]["upload"]["parts"].as_array().unwrap().len(), 1);
    house.send_file(&path, "thumbnail", &png(50)).await;
    house.post(&format!("{path}/complete"), Value::Null).await.expect(200);
}

#[tokio::test]
async fn patch_asset_changes_what_it_names() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000)})).await;
    let answer =
        house.call(Method::PATCH, &path, json!({"title": "New", "metadata": {"a": [1, null]}})).await.expect(200);
    assert_eq!((&answer.body["title"], &answer.body["metadata"]), (&json!("New"), &json!({"a": [1, null]})));
    let same = house.call(Method::PATCH, &path, json!({})).await.expect(200);
    assert_eq!(same.body, answer.body);
    let wrong = house.call(Method::PATCH, &path, json!({"title": "", "description": "\0"})).await.expect(422);
    assert_eq!(wrong.body["errors"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn delete_asset_can_be_repeated() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000)})).await;
    for _ in 0..2 {
        let answer = house.call(Method::DELETE, &path, Value::Null).await.expect(204);
        assert!(answer.raw.is_empty());
    }
    let gone = house.get(&path).await;
    assert_eq!((gone.verdict(), &gone.body["reason"]), ((410, "gone", ""), &json!("deleted")));
    let complete = house.post(&format!("{path}/complete"), Value::Null).await;
    assert_eq!(complete.verdict(), (410, "gone", ""));
    house.app.drain().await;
    assert_eq!(house.bucket(), (0, 0));
}

#[tokio::test]
async fn list_assets_pages_from_the_newest() {
    let house = House::new();
    let mut created = Vec::new();
    for n in 0..4 {
        house.clock.advance(TimeSpan::from_secs(1));
        let body =
            json!({"title": format!("Film {n}"), "fingerprint": format!("fp-{n}"), "files": {"video": film(1000)}});
        created.push(house.post("/v1/videos", body).await.expect(201).id());
    }
    created.reverse();
    let ids = |body: &Value| -> Vec<String> {
        body["data"].as_array().unwrap().iter().map(|asset| asset["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = house.get("/v1/videos?limit=2").await.expect(200).body;
    assert_eq!((ids(&first), &first["next_cursor"]), (created[..2].to_vec(), &json!(created[1])));
    let second = house.get(&format!("/v1/videos?limit=2&cursor={}", created[1])).await.expect(200).body;
    assert_eq!((ids(&second), second.get("next_cursor")), (created[2..].to_vec(), None));

    let one = house.get("/v1/videos?fingerprint=fp-3").await.expect(200).body;
    assert_eq!(ids(&one), created[..1]);
    assert_eq!(ids(&house.get("/v1/videos?q=film%202").await.body), created[1..2]);
    assert_eq!(ids(&house.get("/v1/videos?status=CREATED").await.body).len(), 0);
    assert_eq!(ids(&house.get("/v1/videos?status=UPLOADING").await.body), created);
    assert_eq!(ids(&house.call_as("43", Method::GET, "/v1/videos", Value::Null).await.body).len(), 0);
    assert_eq!(ids(&house.get("/v1/images").await.body).len(), 0);
}

#[tokio::test]
async fn list_assets_finds_whatever_the_case_and_however_composed() {
    let house = House::new();
    // A name as macOS writes it, its syllables taken apart: 휴가.
    let apart = "\u{1112}\u{1172}\u{1100}\u{1161}";
    let mut file = film(1000);
    file["file_name"] = json!(format!("{apart}.mp4"));
    let body = json!({"title": "Ärzte", "description": "in МОСКВА", "files": {"video": file}});
    let created = house.post("/v1/videos", body).await.expect(201);
    assert_eq!(created.body["files"]["video"]["file_name"], "휴가.mp4", "kept composed");
    let mut other = film(1000);
    other["file_name"] = json!("other.mp4");
    house.create(json!({"video": other})).await;
    let patched =
        house.call(Method::PATCH, &format!("/v1/videos/{}", created.id()), json!({"title": "A\u{308}rzte"})).await;
    assert_eq!(patched.expect(200).body["title"], "Ärzte", "kept composed");
    // ÄRZTE, москва, 휴가 apart and composed, as a browser writes them into an address.
    for text in [
        "%C3%84RZTE",
        "%D0%BC%D0%BE%D1%81%D0%BA%D0%B2%D0%B0",
        "%E1%84%92%E1%85%B2%E1%84%80%E1%85%A1",
        "%ED%9C%B4%EA%B0%80.MP4",
    ] {
        let own = house.get(&format!("/v1/videos?q={text}")).await;
        let everybodys = house.call_as_admin(Method::GET, &format!("/v1/admin/assets?q={text}"), Value::Null).await;
        for found in [own, everybodys] {
            let found = found.expect(200).body;
            let ids: Vec<_> = found["data"].as_array().unwrap().iter().map(|asset| asset["id"].clone()).collect();
            assert_eq!(ids, [json!(created.id())], "{text}");
            assert_eq!(found.get("next_cursor"), None);
        }
    }
}
