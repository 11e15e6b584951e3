//! `.../part-urls` and `.../parts`: sending a file and finding out what has arrived.

use domain::TimeSpan;
use http::Method;
use serde_json::{Value, json};

use crate::house::{House, film, mp4};

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn grant_parts_signs_in_the_order_asked_for() {
    let house = House::new();
    let path = house.create(json!({"video": film(12 << 20)})).await;
    let digest = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let wanted = json!({"numbers": [3, {"number": 1, "checksum_sha256": digest}]});
    let answer = house.post(&format!("{path}/files/video/part-urls"), wanted).await.expect(200);
    let parts = answer.body["parts"].as_array().unwrap();
    assert_eq!((&parts[0]["number"], &parts[0]["size"]), (&json!(3), &json!(2 << 20)));
    assert_eq!((&parts[1]["number"], &parts[1]["headers"]), (&json!(1), &json!({"x-amz-checksum-sha256": digest})));
    assert!(parts[0]["url"].as_str().unwrap().contains("partNumber=3"));
}

#[tokio::test]
async fn grant_parts_takes_ten_thousand_numbers() {
    let house = House::new();
    let path = house.create(json!({"video": film(50_000 << 20)})).await;
    let numbers: Vec<_> = (1..=10_000).collect();
    let answer = house.post(&format!("{path}/files/video/part-urls"), json!({"numbers": numbers})).await.expect(200);
    assert_eq!(answer.body["parts"].as_array().unwrap().len(), 10_000);
}

#[tokio::test]
async fn grant_parts_ends_with_the_upload() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000)})).await;
    let urls = format!("{path}/files/video/part-urls");
    let none = house.post(&format!("{path}/files/preview/part-urls"), json!({"numbers": [1]})).await;
    assert_eq!(none.verdict(), (409, "upload_closed", ""));

    house.clock.advance(TimeSpan::from_hours(49));
    let late = house.post(&urls, json!({"numbers": [1]})).await;
    assert_eq!(late.verdict(), (410, "upload_expired", ""));

    let path = house.created_film(1000).await;
    let closed = house.post(&format!("{path}/files/video/part-urls"), json!({"numbers": [1]})).await;
    assert_eq!(closed.verdict(), (409, "upload_closed", ""));
    house.call(Method::DELETE, &path, Value::Null).await.expect(204);
    let gone = house.post(&format!("{path}/files/video/part-urls"), json!({"numbers": [1]})).await;
    assert_eq!(gone.verdict(), (410, "gone", ""));
}

#[tokio::test]
async fn list_parts_pages_through_what_has_arrived() {
    let house = House::new();
    let path = house.create(json!({"video": film(12 << 20)})).await;
    let parts = format!("{path}/files/video/parts");
    assert_eq!(house.get(&parts).await.expect(200).body, json!({"data": []}));
    house.send_file(&path, "video", &mp4(12 * MIB)).await;
    let first = house.get(&format!("{parts}?limit=2")).await.expect(200).body;
    let numbers: Vec<_> = first["data"].as_array().unwrap().iter().map(|part| part["number"].clone()).collect();
    assert_eq!((numbers, &first["next_cursor"]), (vec![json!(1), json!(2)], &json!("2")));
    assert_eq!(first["data"][0]["size"], 5 << 20);
    assert!(!first["data"][0]["etag"].as_str().unwrap().contains('"'));
    let rest = house.get(&format!("{parts}?limit=2&cursor=2")).await.expect(200).body;
    assert_eq!((rest["data"].as_array().unwrap().len(), rest.get("next_cursor")), (1, None));

    house.post(&format!("{path}/complete"), Value::Null).await.expect(200);
    let closed = house.get(&parts).await;
    assert_eq!(closed.verdict(), (409, "upload_closed", ""));
}
