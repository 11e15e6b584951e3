//! `/v1/admin/assets`: what an operator sees of everybody's assets.

use domain::TimeSpan;
use http::Method;
use serde_json::{Value, json};
use server::clock::Clock as _;

use crate::house::{House, film, mp4};

const ASSETS: &str = "/v1/admin/assets";

async fn list(house: &House, query: &str) -> Vec<String> {
    let page = house.call_as_admin(Method::GET, &format!("{ASSETS}{query}"), Value::Null).await.expect(200).body;
    page["data"].as_array().unwrap().iter().map(|asset| asset["id"].as_str().unwrap().to_owned()).collect()
}

fn id(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn survey_assets_shows_everybody_in_any_state() {
    let house = House::new();
    let gone = house.created_film(1000).await;
    house.clock.advance(TimeSpan::from_mins(1));
    let created = house.created_film(1000).await;
    house.clock.advance(TimeSpan::from_mins(1));
    house.call(Method::DELETE, &gone, Value::Null).await.expect(204);
    let deleted_at = house.clock.now();
    let body = json!({"title": "Theirs", "files": {"video": film(7)}});
    let theirs = house.call_as("43", Method::POST, "/v1/videos", body).await.expect(201).id();

    assert_eq!(list(&house, "").await, [theirs.clone(), id(&created), id(&gone)]);
    assert_eq!(list(&house, "?owner=43").await, [theirs.as_str()]);
    assert_eq!(list(&house, "?q=thei").await, [theirs.as_str()]);
    for (state, found) in [("UPLOADING", &theirs), ("CREATED", &id(&created)), ("GONE", &id(&gone))] {
        assert_eq!(list(&house, &format!("?state={state}")).await, [found.as_str()], "{state}");
    }
    let page = house.call_as_admin(Method::GET, &format!("{ASSETS}?limit=2"), Value::Null).await.expect(200).body;
    let cursor = page["next_cursor"].as_str().unwrap();
    let last = house.call_as_admin(Method::GET, &format!("{ASSETS}?limit=2&cursor={cursor}"), Value::Null).await;
    let last = last.expect(200).body;
    assert_eq!((last["data"].as_array().unwrap().len(), last.get("next_cursor")), (1, None));
    let row = &last["data"][0];
    assert_eq!((&row["state"], &row["reason"], &row["owner"]), (&json!("GONE"), &json!("deleted"), &json!("42")));
    assert_eq!(row["state_since"], json!(deleted_at));
    assert_eq!(page["data"][0]["files"], json!([{"role": "video", "state": "UPLOADING", "size": 7, "lost": false}]));
}

#[tokio::test]
async fn survey_assets_says_what_is_wrong() {
    let house = House::new();
    assert_eq!(house.get(ASSETS).await.verdict(), (403, "forbidden", ""));
    for (query, field) in [
        ("state=DONE", "state"),
        ("owner=", "owner"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("cursor=x", "cursor"),
        ("title=x", "title"),
    ] {
        let answer = house.call_as_admin(Method::GET, &format!("{ASSETS}?{query}"), Value::Null).await;
        assert_eq!(answer.verdict(), (422, "invalid_request", field), "{query}");
    }
}

#[tokio::test]
async fn find_any_asset_tells_what_happened() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000)})).await;
    let reserved = house.clock.now();
    house.clock.advance(TimeSpan::from_mins(1));
    house.send_file(&path, "video", &mp4(1000)).await;
    house.post(&format!("{path}/complete"), Value::Null).await.expect(200);
    let created = house.clock.now();
    let one = format!("{ASSETS}/{}", id(&path));
    let told = house.call_as_admin(Method::GET, &one, Value::Null).await.expect(200).body;
    assert_eq!((&told["state"], &told["state_since"]), (&json!("CREATED"), &json!(created)));
    let expected = json!([
        {"at": reserved, "event": "asset.reserved"},
        {"at": reserved, "event": "file.reserved", "detail": "video"},
        {"at": created, "event": "asset.created"},
    ]);
    assert_eq!(told["history"], expected);
    house.clock.advance(TimeSpan::from_mins(1));
    house.call(Method::DELETE, &path, Value::Null).await.expect(204);
    let told = house.call_as_admin(Method::GET, &one, Value::Null).await.expect(200).body;
    assert_eq!(told["state"], "GONE");
    let deleted = json!({"at": house.clock.now(), "event": "asset.deleted"});
    assert_eq!(told["history"].as_array().unwrap().last(), Some(&deleted));

    assert_eq!(house.get(&one).await.verdict(), (403, "forbidden", ""));
    for wrong in ["ast_0", "ast_06j2m0vq4k7dr9e5h1c8t3b6n0"] {
        let answer = house.call_as_admin(Method::GET, &format!("{ASSETS}/{wrong}"), Value::Null).await;
        assert_eq!(answer.verdict(), (404, "not_found", ""), "{wrong}");
    }
}

#[tokio::test]
async fn find_any_asset_names_a_rejected_file() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000)})).await;
    house.send_file(&path, "video", &[b'<'; 1000]).await;
    house.post(&format!("{path}/complete"), Value::Null).await.expect(422);
    let one = format!("{ASSETS}/{}", id(&path));
    let told = house.call_as_admin(Method::GET, &one, Value::Null).await.expect(200).body;
    let rejected = &told["history"][2];
    assert_eq!(rejected["event"], "asset.rejected");
    assert!(rejected["detail"].as_str().unwrap().starts_with("video: "), "{rejected}");
    assert_eq!(told["files"][0]["reason"].as_str(), rejected["detail"].as_str().unwrap().strip_prefix("video: "));
}
