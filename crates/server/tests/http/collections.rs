//! `/v1/collections`.

use axum::body::Body;
use http::Request;

use crate::house::House;

#[tokio::test]
async fn list_collections_says_what_may_be_uploaded() {
    let house = House::new();
    let list = house.get("/v1/collections").await.expect(200).body;
    let data = list["data"].as_array().unwrap();
    assert_eq!(data.len(), house.app.settings().collections.len());
    for (body, of) in data.iter().zip(house.app.settings().collections.values()) {
        assert_eq!(body["name"], of.name.as_str());
        assert_eq!(body["roles"].as_array().unwrap().len(), of.roles.len());
        for (role, (name, rules)) in body["roles"].as_array().unwrap().iter().zip(&of.roles) {
            assert_eq!(
                (role["name"].as_str(), role["max_size"].as_u64()),
                (Some(name.as_str()), Some(rules.max_size.get()))
            );
            assert_eq!(role["content_types"].as_array().unwrap().len(), rules.media_types.len());
        }
    }
    let videos = data.iter().find(|of| of["name"] == "videos").unwrap();
    let video = videos["roles"].as_array().unwrap().iter().find(|role| role["name"] == "video").unwrap();
    assert_eq!((&video["required"], &video["visibility"]), (&true.into(), &"private".into()));
    assert!(video["content_types"].as_array().unwrap().contains(&"video/mp4".into()), "{video}");
    let anonymous = Request::get("/v1/collections").body(Body::empty()).unwrap();
    assert_eq!(house.send(anonymous).await.verdict(), (401, "unauthorized", ""));
    assert_eq!(house.get("/v1/collections?x=1").await.verdict(), (422, "invalid_request", "x"));
}
