//! Landfall beside other things of one host: `server.public_url` has a path, and whatever is handed out has it too.

use axum::body::Body;
use domain::ByteCount;
use http::header::{CONTENT_TYPE, ORIGIN};
use http::{Method, Request};
use serde_json::{Value, json};
use server::catalog::Allowance;

use crate::house::{House, Plan, film, mp4, with_json};

const PUBLIC: &str = "https://example.com/landfall";

fn house() -> House {
    let allowance = Allowance { open_uploads: 50, reserved_bytes: ByteCount::gib(100_000) };
    House::with(Plan { public_url: PUBLIC, allowance, ..Plan::default() })
}

/// Follows what was handed out, as a proxy passes it on: with the path or, where it takes it away, without.
async fn follow(house: &House, url: &str, status: u16) {
    let path = url.strip_prefix("https://example.com").unwrap_or(url);
    let below = path.strip_prefix("/landfall").unwrap_or_else(|| panic!("{url} has lost its path"));
    for path in [path, below] {
        house.send_undocumented(house.request(Method::GET, path).body(Body::empty()).unwrap()).await.expect(status);
    }
}

#[tokio::test]
async fn what_is_created_is_found_below_the_path() {
    let house = house();
    let body = json!({"title": "Film", "files": {"video": film(1000)}});
    let created = house.post("/v1/videos", body).await.expect(201);
    assert!(created.header("location").starts_with("/landfall/v1/videos/ast_"));
    follow(&house, created.header("location"), 200).await;
    let path = format!("/v1/videos/{}", created.id());
    house.send_file(&path, "video", &mp4(1000)).await;
    house.post(&format!("{path}/complete"), Value::Null).await.expect(200);
    let link = house.post(&format!("{path}/grants"), Value::Null).await.expect(201).body;
    assert!(link["url"].as_str().unwrap().starts_with(&format!("{PUBLIC}/w/")));
    follow(&house, link["url"].as_str().unwrap(), 302).await;
}

#[tokio::test]
async fn pages_find_everything_below_the_path() {
    let house = house();
    for path in ["/landfall", "/landfall/", "/landfall/docs/index.html", "/landfall/healthz"] {
        house.send_undocumented(Request::builder().uri(path).body(Body::empty()).unwrap()).await.expect(200);
    }
    house.send_undocumented(Request::builder().uri("/landfalls").body(Body::empty()).unwrap()).await.expect(404);
    assert_eq!(house.get("/config.json").await.expect(200).body, json!({"api": "."}));
    follow(&house, house.get("/docs").await.expect(303).header("location"), 200).await;
    let document = house.get("/openapi.json").await.expect(200).body;
    assert_eq!(document["servers"][0]["url"], "/landfall/");
    let script = house.get("/docs/swagger-initializer.js").await.expect(200).raw;
    assert!(String::from_utf8_lossy(&script).contains("\"../openapi.json\""));
    let page = house.get("/").await.expect(200).raw;
    assert!(!String::from_utf8_lossy(&page).contains("href=\"/"), "a page's addresses are relative");
}

#[tokio::test]
async fn logins_lead_below_the_path_and_cookies_stay_there() {
    let house = house();
    let link = house.call_as_admin(Method::POST, "/v1/admin/login-links", Value::Null).await.expect(201).body;
    let url = link["url"].as_str().unwrap();
    let code = url.strip_prefix(&format!("{PUBLIC}/#/login/")).unwrap();
    let request = Request::builder().method(Method::POST).uri("/landfall/v1/session");
    let request = request.header(ORIGIN, "https://example.com").header(CONTENT_TYPE, "application/json");
    let request = request.body(Body::from(json!({"code": code}).to_string())).unwrap();
    let begun = house.send_undocumented(request).await.expect(200);
    assert!(begun.header("set-cookie").contains("; Path=/landfall/; "), "{}", begun.header("set-cookie"));
}

#[tokio::test]
async fn uppy_is_told_the_path() {
    let house = house();
    let door = house.post("/v1/videos/capabilities", Value::Null).await.expect(201).body;
    let endpoint = door["endpoint"].as_str().unwrap();
    assert!(endpoint.starts_with(&format!("{PUBLIC}/c/")), "{endpoint}");
    let door = endpoint.strip_prefix(PUBLIC).unwrap();
    let ask = async |method: Method, path: &str, body: Value| {
        house.send(with_json(Request::builder().method(method).uri(path), &body)).await.expect(200).body
    };
    let params = ask(Method::GET, &format!("{door}/s3/params?filename=a.mp4&type=video/mp4"), Value::Null).await;
    assert!(params["url"].as_str().unwrap().starts_with(&format!("{PUBLIC}/c/")), "{params}");
    let sign = json!({"method": "POST", "key": "a.mp4"});
    let signed = ask(Method::POST, &format!("{door}/s3/sign"), sign).await;
    assert!(signed["url"].as_str().unwrap().starts_with(&format!("{PUBLIC}/c/")), "{signed}");
    let film = json!({"filename": "a.mp4", "type": "video/mp4"});
    let begun = ask(Method::POST, &format!("{door}/s3/multipart"), film).await;
    let etag = crate::uppy::put(&house, begun["uploadId"].as_str().unwrap(), 1, mp4(100)).await;
    let (key, id) = (begun["key"].as_str().unwrap(), begun["uploadId"].as_str().unwrap());
    let parts = json!({"parts": [{"PartNumber": 1, "ETag": etag}]});
    let done = ask(Method::POST, &format!("{door}/s3/multipart/{id}/complete?key={key}"), parts).await;
    let location = done["location"].as_str().unwrap();
    assert_eq!(location, format!("{PUBLIC}/v1/videos/{key}/files/video"));
    follow(&house, location, 302).await;
}
