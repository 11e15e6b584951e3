//! `size` left out: the answers while nobody knows it, what `complete` asks for, and what is refused.

use domain::ByteCount;
use http::Method;
use serde_json::{Value, json};
use server::catalog::Allowance;

use crate::house::{House, Plan, film, mp4};

const MIB: u64 = 1 << 20;

/// A clip whose size is not declared.
fn clip() -> Value {
    json!({"file_name": "클립.mp4", "content_type": "video/mp4"})
}

/// A house whose owners may reserve a film of any size.
fn generous() -> House {
    let allowance = Allowance { open_uploads: 5, reserved_bytes: ByteCount::gib(1000) };
    House::with(Plan { allowance, ..Plan::default() })
}

async fn create(house: &House) -> String {
    let answer = house.post("/v1/clips", json!({"title": "F", "files": {"clip": clip()}})).await.expect(201);
    format!("/v1/clips/{}", answer.id())
}

/// The parts as the store answered them.
async fn sent(house: &House, path: &str) -> Vec<Value> {
    let listed = house.get(&format!("{path}/files/clip/parts")).await.expect(200).body;
    let part = |part: &Value| json!({"number": part["number"], "etag": part["etag"]});
    listed["data"].as_array().unwrap().iter().map(part).collect()
}

#[tokio::test]
async fn a_size_that_nobody_knows_is_not_shown() {
    let house = House::new();
    let answer = house.post("/v1/clips", json!({"title": "F", "files": {"clip": clip()}})).await.expect(201);
    let file = &answer.body["files"]["clip"];
    assert_eq!(file.get("size"), None);
    let upload = &file["upload"];
    assert_eq!(
        (&upload["part_size"], &upload["part_count"], &upload["size_limit"]),
        (&json!(5 * MIB), &json!(3), &json!(12 * MIB))
    );
    assert_eq!(upload["parts"].as_array().unwrap().len(), 3);
    assert_eq!(upload["parts"][0].get("size"), None);
    assert!(!upload["parts"][0]["url"].as_str().unwrap().contains("content-length"));

    let path = format!("/v1/clips/{}", answer.id());
    house.send_file(&path, "clip", &mp4(6 * MIB)).await;
    let parts = sent(&house, &path).await;
    let body = json!({"files": {"clip": {"parts": parts}}});
    let done = house.post(&format!("{path}/complete"), body).await.expect(200).body;
    assert_eq!((&done["status"], &done["files"]["clip"]["size"]), (&json!("CREATED"), &json!(6 * MIB)));
    assert_eq!(done["files"]["clip"].get("upload"), None);
}

#[tokio::test]
async fn complete_asks_for_the_list() {
    let house = House::new();
    let path = create(&house).await;
    house.send_file(&path, "clip", &mp4(6 * MIB)).await;
    let complete = format!("{path}/complete");
    let unclaimed = house.post(&complete, Value::Null).await;
    assert_eq!(unclaimed.verdict(), (422, "invalid_request", "files.clip.parts"));
    let mut parts = sent(&house, &path).await;
    parts.truncate(1);
    let short = house.post(&complete, json!({"files": {"clip": {"parts": parts}}})).await;
    assert_eq!(short.verdict(), (409, "upload_incomplete", ""));
    assert_eq!(short.body["wrong"][0]["number"], 2);
    assert_eq!(house.get(&path).await.expect(200).body["status"], "UPLOADING");
}

#[tokio::test]
async fn a_small_part_in_the_middle_is_named() {
    let house = House::new();
    let path = create(&house).await;
    // Part 1 of 1 MiB, part 2 of 1 byte.
    let asset = house.row(&path).await;
    let file = asset.pending().next().unwrap();
    for (number, length) in [(1, MIB), (2, 1)] {
        let number = domain::PartNumber::new(number).unwrap();
        assert!(house.store.put_part(&file.key, file.upload(), number, mp4(length).into()).is_some());
    }
    let parts = sent(&house, &path).await;
    let answer = house.post(&format!("{path}/complete"), json!({"files": {"clip": {"parts": parts}}})).await;
    assert_eq!(answer.verdict(), (409, "upload_incomplete", ""));
    let wrong = json!([{"role": "clip", "number": 1, "expected": "at least 5242880", "got": "1048576"}]);
    assert_eq!(answer.body["wrong"], wrong);
}

#[tokio::test]
async fn too_much_is_rejected_when_more_urls_are_asked_for() {
    let house = House::new();
    let path = create(&house).await;
    house.send_file(&path, "clip", &mp4(13 * MIB)).await;
    let urls = format!("{path}/files/clip/part-urls");
    for _ in 0..17 {
        house.post(&urls, json!({"numbers": [2]})).await.expect(200);
    }
    let answer = house.post(&urls, json!({"numbers": [3]})).await;
    assert_eq!(answer.verdict(), (422, "upload_rejected", ""));
    assert_eq!((&answer.body["role"], &answer.body["reason"]), (&json!("clip"), &json!("too_large")));
    let shown = house.get(&path).await.expect(200).body;
    assert_eq!(shown["files"]["clip"]["rejected"]["code"], "too_large");
}

#[tokio::test]
async fn part_urls_come_twenty_at_a_time() {
    let house = generous();
    let path = house.create(json!({"video": {"file_name": "a.mp4", "content_type": "video/mp4"}})).await;
    let urls = format!("{path}/files/video/part-urls");
    let numbers = |count: u64| json!({"numbers": (1..=count).collect::<Vec<_>>()});
    assert_eq!(house.post(&urls, numbers(21)).await.verdict(), (422, "invalid_request", "numbers"));
    house.post(&urls, numbers(20)).await.expect(200);
    let beyond = house.post(&urls, json!({"numbers": [10_001]})).await;
    assert_eq!(beyond.verdict().0, 422);
}

#[tokio::test]
async fn a_later_file_may_have_any_size_too() {
    let house = generous();
    let path = house.create(json!({"video": film(1000)})).await;
    let poster = json!({"file_name": "a.png", "content_type": "image/png"});
    let announce = format!("{path}/files/thumbnail");
    let answer = house.call(Method::PUT, &announce, poster.clone()).await.expect(200).body;
    assert_eq!(answer["files"]["thumbnail"].get("size"), None);
    let key = house.row(&path).await.places.values().next().unwrap().pending.clone().unwrap().key;
    house.call(Method::PUT, &announce, poster).await.expect(200);
    let again = house.row(&path).await.places.values().next().unwrap().pending.clone().unwrap().key;
    assert_eq!(again, key, "a PUT that is sent again announces nothing new");
    let declared = json!({"file_name": "a.png", "size": 9, "content_type": "image/png"});
    assert_eq!(house.call(Method::PUT, &announce, declared).await.verdict(), (409, "role_occupied", ""));
}
