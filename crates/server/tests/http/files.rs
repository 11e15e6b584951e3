//! `/v1/{collection}/{id}/files/{role}`: announcing, withdrawing, reading.

use http::Method;
use serde_json::{Value, json};
use server::catalog::Allowance;

use crate::house::{House, Plan, film, mp4, png, poster};

#[tokio::test]
async fn announce_file_adds_an_optional_role() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000)})).await;
    let answer = house.call(Method::PUT, &format!("{path}/files/thumbnail"), poster(100)).await.expect(200);
    assert_eq!(answer.body["files"]["thumbnail"]["upload"]["parts"][0]["size"], 100);
    assert_eq!(answer.body["files"]["video"]["upload"].get("parts"), None, "only the announced role's URLs");
    let again = house.call(Method::PUT, &format!("{path}/files/thumbnail"), poster(100)).await.expect(200);
    assert_eq!(again.body["id"], answer.body["id"], "the same file again is the same announcement");
    let occupied = house.call(Method::PUT, &format!("{path}/files/thumbnail"), poster(200)).await;
    assert_eq!(occupied.verdict(), (409, "role_occupied", ""));
    for (body, field) in [
        (json!({"file_name": "a.png", "size": 0, "content_type": "image/png"}), "size"),
        (json!({"file_name": "a.png", "size": 1, "content_type": "video/mp4"}), "content_type"),
        (json!({"size": 1, "content_type": "image/png"}), "file_name"),
    ] {
        let answer = house.call(Method::PUT, &format!("{path}/files/thumbnail"), body).await;
        assert_eq!(answer.verdict(), (422, "invalid_request", field));
    }
}

#[tokio::test]
async fn announce_file_stops_at_the_allowance() {
    let few = Allowance { open_uploads: 9, reserved_bytes: domain::ByteCount(5_000) };
    let house = House::with(Plan { allowance: few, ..Plan::default() });
    let path = house.create(json!({"video": film(4_000)})).await;
    let announce = async |size| house.call(Method::PUT, &format!("{path}/files/thumbnail"), poster(size)).await;
    let answer = announce(1_001).await;
    assert_eq!(answer.verdict(), (429, "too_many_reserved_bytes", ""));
    assert_eq!(answer.header("retry-after"), "60");
    assert_eq!(house.get(&path).await.body["files"].get("thumbnail"), None);
    announce(1_000).await.expect(200);
}

#[tokio::test]
async fn announce_file_replaces_a_published_one_when_it_is_verified() {
    let house = House::new();
    let path = house.created_film(1000).await;
    let answer = house.call(Method::PUT, &format!("{path}/files/video"), film(2000)).await.expect(200);
    let video = &answer.body["files"]["video"];
    assert_eq!((&video["size"], &video["replacement"]["size"]), (&json!(1000), &json!(2000)));
    assert_eq!(video["replacement"]["upload"]["parts"].as_array().unwrap().len(), 1);
    assert_eq!(video.get("upload"), None);
    house.send_file(&path, "video", &mp4(2000)).await;
    let done = house.post(&format!("{path}/complete"), Value::Null).await.expect(200).body;
    assert_eq!((&done["files"]["video"]["size"], done["files"]["video"].get("replacement")), (&json!(2000), None));
}

#[tokio::test]
async fn withdraw_file_gives_up_an_optional_role_only() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000), "thumbnail": poster(100)})).await;
    let answer = house.call(Method::DELETE, &format!("{path}/files/video"), Value::Null).await;
    assert_eq!(answer.verdict(), (422, "invalid_request", "role"));
    house.call(Method::DELETE, &format!("{path}/files/thumbnail"), Value::Null).await.expect(204);
    let files = house.get(&path).await.body["files"].clone();
    assert_eq!(files.as_object().unwrap().keys().collect::<Vec<_>>(), ["video"]);
    house.app.drain().await;
    assert_eq!(house.bucket(), (0, 1));
}

#[tokio::test]
async fn file_url_is_signed_for_private_and_plain_for_public_files() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000), "thumbnail": poster(100)})).await;
    let early = house.get(&format!("{path}/files/video/url")).await;
    assert_eq!(early.verdict(), (409, "not_created", ""));
    house.send_file(&path, "video", &mp4(1000)).await;
    house.send_file(&path, "thumbnail", &png(100)).await;
    house.post(&format!("{path}/complete"), Value::Null).await.expect(200);

    let private = house.get(&format!("{path}/files/video/url")).await.expect(200).body;
    let url = private["url"].as_str().unwrap();
    assert!(url.starts_with("http://store.test/private/42/videos/") && url.contains("X-Amz-Signature="), "{url}");
    assert!(private["expires_at"].as_str().unwrap() > "2026-09-21T15:13:20Z");
    let public = house.get(&format!("{path}/files/thumbnail/url")).await.expect(200).body;
    assert!(!public["url"].as_str().unwrap().contains('?'), "{public}");
    assert_eq!(public.get("expires_at"), None);
    let download = house.get(&format!("{path}/files/video/url?disposition=attachment")).await.expect(200).body;
    assert!(download["url"].as_str().unwrap().contains("response-content-disposition=attachment"), "{download}");
}

#[tokio::test]
async fn redirect_to_file_leads_where_file_url_says() {
    let house = House::new();
    let path = house.created_film(1000).await;
    let url = house.get(&format!("{path}/files/video/url")).await.body["url"].clone();
    let answer = house.get(&format!("{path}/files/video")).await.expect(302);
    assert_eq!(answer.header("location"), url);
    assert_eq!((answer.header("cache-control"), answer.header("referrer-policy")), ("no-store", "no-referrer"));
}

#[tokio::test]
async fn redirect_to_file_signs_for_the_method_that_asks() {
    let house = House::new();
    let path = house.created_film(1000).await;
    let url = house.get(&format!("{path}/files/video/url")).await.body["url"].clone();
    let looked = house.call(Method::HEAD, &format!("{path}/files/video"), Value::Null).await.expect(302);
    let (place, signature) = looked.header("location").split_once("&X-Amz-Signature=").unwrap();
    let (same_place, for_get) = url.as_str().unwrap().split_once("&X-Amz-Signature=").unwrap();
    assert_eq!(place, same_place);
    assert_ne!(signature, for_get, "a URL that is signed for GET answers no HEAD");
    let told = house.call(Method::HEAD, &format!("{path}/files/video/url"), Value::Null).await.expect(200);
    assert_eq!(told.raw.len(), 0);
}
