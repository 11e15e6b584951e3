//! `POST /v1/{collection}/capabilities`: addresses that a page can upload to without a header.

use domain::{OwnerId, TimeSpan};
use http::Method;
use serde_json::{Value, json};
use server::auth::CapabilityError;
use server::clock::Clock;

use crate::house::House;

const CAPABILITIES: &str = "/v1/videos/capabilities";

#[tokio::test]
async fn create_capability_binds_owner_collection_limit_and_end() {
    let house = House::new();
    let made = house.post(CAPABILITIES, json!({"ttl": 600, "max_size": 5_000_000})).await.expect(201).body;
    let token = made["token"].as_str().unwrap();
    assert_eq!(made["endpoint"], format!("http://api.test/c/{token}"));
    assert_eq!((&made["collections"], &made["max_size"]), (&json!(["videos"]), &json!(5_000_000)));
    assert_eq!(made["expires_at"], "2026-09-21T14:23:20Z");
    let read = house.authenticator.verify_capability(token, house.clock.now()).unwrap();
    assert_eq!((read.owner, read.max_size.map(|size| size.get())), (OwnerId::parse("42").unwrap(), Some(5_000_000)));
    house.clock.advance(TimeSpan::from_mins(10));
    let ended = house.authenticator.verify_capability(token, house.clock.now());
    assert_eq!(ended, Err(CapabilityError::Ended));

    let usual = house.post("/v1/images/capabilities", Value::Null).await.expect(201).body;
    assert_eq!((&usual["collections"], usual.get("max_size")), (&json!(["images"]), None));
}

#[tokio::test]
async fn create_capability_has_limits() {
    let house = House::new();
    for (field, body) in [
        ("ttl", json!({"ttl": 59})),
        ("ttl", json!({"ttl": 604_801})),
        ("ttl", json!({"ttl": "1h"})),
        ("max_size", json!({"max_size": 0})),
        ("max_size", json!({"max_size": -1})),
        ("owner", json!({"owner": "43"})),
    ] {
        let refused = house.post(CAPABILITIES, body).await;
        assert_eq!(refused.verdict(), (422, "invalid_request", field));
    }
    assert_eq!(house.post("/v1/nothing/capabilities", Value::Null).await.status.as_u16(), 404);
    for ttl in [60, 604_800] {
        house.post(CAPABILITIES, json!({"ttl": ttl})).await.expect(201);
    }
}

#[tokio::test]
async fn a_capability_is_no_token() {
    let house = House::new();
    let made = house.post(CAPABILITIES, Value::Null).await.expect(201).body;
    for (method, path) in [(Method::GET, "/v1/videos"), (Method::POST, CAPABILITIES)] {
        let request = http::Request::builder().method(method).uri(path);
        let request = request.header("authorization", format!("Bearer {}", made["token"].as_str().unwrap()));
        let answer = house.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.verdict(), (401, "unauthorized", ""));
    }
}
