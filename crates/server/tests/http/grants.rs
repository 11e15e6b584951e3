//! `/v1/{collection}/{id}/grants` and `/w/{token}/{role}`: people who are not the owner watch.

use axum::body::Body;
use domain::TimeSpan;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::house::{Answer, House, film, mp4, png, poster};

/// Opens a link as somebody without a token does.
async fn open(house: &House, url: &str) -> Answer {
    let path = url.strip_prefix("http://api.test").expect("links begin with the public URL");
    house.send(Request::builder().uri(path).body(Body::empty()).unwrap()).await
}

async fn grant(house: &House, path: &str, body: Value) -> Answer {
    house.post(&format!("{path}/grants"), body).await
}

#[tokio::test]
async fn create_grant_lets_anybody_watch_until_it_ends() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000), "thumbnail": poster(100)})).await;
    assert_eq!(grant(&house, &path, Value::Null).await.verdict(), (409, "not_created", ""));
    house.send_file(&path, "video", &mp4(1000)).await;
    house.send_file(&path, "thumbnail", &png(100)).await;
    house.post(&format!("{path}/complete"), Value::Null).await.expect(200);

    let given = grant(&house, &path, json!({"ttl": 600})).await.expect(201).body;
    let (token, url) = (given["token"].as_str().unwrap(), given["url"].as_str().unwrap());
    assert_eq!(url, format!("http://api.test/w/{token}/video"));
    let shown = open(&house, url).await.expect(302);
    assert!(shown.header("location").contains("X-Amz-Signature="), "a private file's URL is signed");
    assert_eq!(shown.header("cache-control"), "no-store");
    let saved = open(&house, &format!("{url}?disposition=attachment")).await.expect(302);
    assert!(saved.header("location").contains("attachment"));
    let plain = open(&house, &url.replace("/video", "/thumbnail")).await.expect(302);
    assert!(!plain.header("location").contains('?'), "a public file's URL is plain");

    house.clock.advance(TimeSpan::from_mins(10));
    assert_eq!(open(&house, url).await.verdict(), (410, "gone", ""));
}

#[tokio::test]
async fn follow_grant_ends_with_its_asset() {
    let house = House::new();
    let path = house.created_film(1000).await;
    let url = grant(&house, &path, Value::Null).await.expect(201).body["url"].as_str().unwrap().to_owned();
    open(&house, &url).await.expect(302);
    house.call(Method::DELETE, &path, Value::Null).await.expect(204);
    let gone = open(&house, &url).await;
    assert_eq!((gone.verdict(), &gone.body["reason"]), ((410, "gone", ""), &json!("deleted")));
}

#[tokio::test]
async fn follow_grant_tells_nobody_anything_else() {
    let house = House::new();
    let path = house.created_film(1000).await;
    let url = grant(&house, &path, Value::Null).await.expect(201).body["url"].as_str().unwrap().to_owned();
    let wrong = [
        (url.replace(".17", ".18"), "/w/{token}/video"),
        (format!("{}x/video", url.strip_suffix("/video").unwrap()), "/w/{token}/video"),
        ("http://api.test/w/nothing/video".to_owned(), "/w/{token}/video"),
        (url.replace("/video", "/preview"), "/w/{token}/preview"),
        (url.replace("/video", "/No%20role"), "/w/{token}/No role"),
    ];
    for (url, instance) in wrong {
        let answer = open(&house, &url).await;
        assert_eq!(answer.status.as_u16(), 404, "{url}: {}", answer.body);
        assert_eq!(answer.body["instance"], instance, "the token is not repeated");
    }
    assert_eq!(open(&house, &format!("{url}?a=b")).await.status.as_u16(), 422);
}

#[tokio::test]
async fn create_grant_is_for_the_owner_and_has_limits() {
    let house = House::new();
    let path = house.created_film(1000).await;
    let grants = format!("{path}/grants");
    assert_eq!(house.call_as("7", Method::POST, &grants, Value::Null).await.verdict(), (404, "not_found", ""));
    for ttl in [json!(0), json!(59), json!(2_592_001), json!(u64::MAX)] {
        assert_eq!(grant(&house, &path, json!({"ttl": ttl})).await.verdict(), (422, "invalid_request", "ttl"));
    }
    for body in [json!({"ttl": -1}), json!({"ttl": "1h"}), json!({"life": 60})] {
        assert_eq!(grant(&house, &path, body).await.status.as_u16(), 422);
    }
    for ttl in [60, 2_592_000] {
        grant(&house, &path, json!({"ttl": ttl})).await.expect(201);
    }
    house.call(Method::DELETE, &path, Value::Null).await.expect(204);
    assert_eq!(grant(&house, &path, Value::Null).await.verdict(), (410, "gone", ""));
}

#[tokio::test]
async fn show_grant_tells_what_a_link_leads_to() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000), "thumbnail": poster(100)})).await;
    house.send_file(&path, "video", &mp4(1000)).await;
    house.send_file(&path, "thumbnail", &png(100)).await;
    house.post(&format!("{path}/complete"), Value::Null).await.expect(200);
    let given = grant(&house, &path, json!({"ttl": 600})).await.expect(201).body;
    let url = format!("http://api.test/w/{}", given["token"].as_str().unwrap());
    let mut shown = open(&house, &url).await.expect(200);
    for role in ["video", "thumbnail"] {
        let owners = house.get(&format!("{path}/files/{role}/url")).await.expect(200).body;
        let followed = open(&house, &format!("{url}/{role}")).await.expect(302);
        assert_eq!(shown.body["files"][role], owners, "the link says what the owner is told");
        assert_eq!(followed.header("location"), owners["url"].as_str().unwrap());
        assert_eq!(owners.get("expires_at").is_some(), role == "video", "only what is signed ends");
    }
    let files = shown.body.as_object_mut().unwrap().remove("files").unwrap();
    assert_eq!(files.as_object().unwrap().len(), 2);
    let expected = json!({"title": "Film", "description": "", "collection": "videos",
        "roles": ["thumbnail", "video"], "expires_at": given["expires_at"]});
    assert_eq!((&shown.body, shown.header("cache-control")), (&expected, "no-store"));
    assert_eq!(open(&house, &format!("{url}x")).await.verdict(), (404, "not_found", ""));
    assert_eq!(open(&house, &format!("{url}x")).await.body["instance"], "/w/{token}", "a token is not repeated");
    house.clock.advance(TimeSpan::from_mins(10));
    assert_eq!(open(&house, &url).await.verdict(), (410, "gone", ""));
    let fresh = grant(&house, &path, Value::Null).await.expect(201).body;
    house.call(Method::DELETE, &path, Value::Null).await.expect(204);
    let url = format!("http://api.test/w/{}", fresh["token"].as_str().unwrap());
    let gone = open(&house, &url).await;
    assert_eq!((gone.verdict(), &gone.body["reason"]), ((410, "gone", ""), &json!("deleted")));
}

#[tokio::test]
async fn a_mistyped_link_is_repeated_nowhere() {
    let house = House::new();
    let path = house.created_film(1000).await;
    let given = grant(&house, &path, Value::Null).await.expect(201).body;
    let token = given["token"].as_str().unwrap();
    let escaped = token.replace('_', "%5F");
    let rows = [
        (Method::GET, format!("/w/{token}/video/x"), 404),
        (Method::GET, format!("/w/{token}/video/"), 404),
        (Method::GET, format!("/w/{token}/"), 404),
        (Method::GET, format!("/W/{token}"), 404),
        (Method::GET, format!("//w/{token}"), 404),
        (Method::GET, format!("/%77/{escaped}"), 404),
        (Method::GET, format!("/x/{escaped}"), 404),
        (Method::POST, format!("/w/{token}"), 405),
        (Method::GET, format!("/w/{token}?x={token}"), 422),
        (Method::GET, format!("/v1/videos/{token}"), 401),
    ];
    for (method, path, status) in rows {
        for origin in [None, Some("http://api.test")] {
            let mut request = Request::builder().method(method.clone()).uri(&path);
            if let Some(origin) = origin {
                request = request.header("origin", origin).header("access-control-request-headers", token);
            }
            let answer = house.send_undocumented(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status.as_u16(), status, "{method} {path}");
            let said = format!("{:?}\n{}", answer.headers, String::from_utf8_lossy(&answer.raw));
            for secret in [token, &escaped] {
                let (repeated, query) = (said.contains(secret), path.contains('?'));
                assert!(!repeated, "{method} {path} (query: {query}) is answered by\n{said}");
            }
        }
    }
}
