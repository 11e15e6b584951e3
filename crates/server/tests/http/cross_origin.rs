//! Pages of other origins: those configured may call the API and read its answers, others may not.

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::house::{Answer, House, Plan, film, with_json};

const APP: &str = "https://app.example.com";

fn house() -> House {
    House::with(Plan { origins: vec![APP.to_owned()], ..Plan::default() })
}

fn preflight(origin: &str, method: &str) -> Request<Body> {
    Request::builder()
        .method(Method::OPTIONS)
        .uri("/v1/videos")
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization,content-type,idempotency-key")
        .body(Body::empty())
        .unwrap()
}

fn list<'a>(answer: &'a Answer, header: &str) -> Vec<&'a str> {
    answer.header(header).split(',').map(str::trim).collect()
}

#[tokio::test]
async fn a_preflight_names_what_a_configured_page_may_send() {
    let house = house();
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let answer = house.send_undocumented(preflight(APP, method)).await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (200, APP));
        assert!(list(&answer, "access-control-allow-methods").contains(&method), "{answer:?}");
        let headers = list(&answer, "access-control-allow-headers");
        for name in ["authorization", "content-type", "idempotency-key", "last-event-id"] {
            assert!(headers.contains(&name), "{name} is not in {headers:?}");
        }
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
    }
}

#[tokio::test]
async fn a_configured_page_reads_answers_and_refusals() {
    let house = house();
    let body = json!({"title": "F", "files": {"video": film(1000)}});
    let create = with_json(house.request(Method::POST, "/v1/videos").header("origin", APP), &body);
    let created = house.send(create).await.expect(201);
    let refused = house.request(Method::GET, "/v1/nothing").header("origin", APP).body(Body::empty()).unwrap();
    let anonymous = Request::builder().uri("/v1/videos").header("origin", APP).body(Body::empty()).unwrap();
    for answer in [created, house.send(refused).await, house.send(anonymous).await] {
        assert_eq!(answer.header("access-control-allow-origin"), APP, "{answer:?}");
        assert!(list(&answer, "access-control-expose-headers").contains(&"location"));
        assert!(answer.headers.get_all("vary").iter().any(|vary| vary.to_str().unwrap().contains("origin")));
    }
}

#[tokio::test]
async fn other_pages_are_told_nothing() {
    for (house, origin) in [(house(), "https://evil.example.com"), (house(), "null"), (House::new(), APP)] {
        let asked = house.request(Method::GET, "/v1/videos").header("origin", origin).body(Body::empty()).unwrap();
        for answer in [house.send_undocumented(preflight(origin, "POST")).await, house.send(asked).await] {
            assert_eq!(answer.headers.get("access-control-allow-origin"), None, "{answer:?}");
        }
        assert_eq!(
            house.get("/v1/videos").await.body["data"],
            Value::Array(Vec::new()),
            "without an origin, as always"
        );
    }
}

#[tokio::test]
async fn uppy_may_send_and_read_what_it_needs() {
    let house = house();
    let door = crate::uppy::door(&house, "videos", Value::Null).await;
    for (path, asked) in [
        ("/uppy/s3/multipart".to_owned(), "content-type,uppy-auth-token,uppy-versions,authorization"),
        (format!("{door}/s3/multipart"), "content-type"),
        (format!("{door}/form/"), ""),
        (format!("{door}/s3/xml/uploads"), "content-type"),
    ] {
        let mut request = preflight(APP, "POST");
        *request.uri_mut() = path.parse().unwrap();
        request.headers_mut().insert("access-control-request-headers", asked.parse().unwrap());
        let answer = house.send_undocumented(request).await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (200, APP), "{path}");
        let allowed = list(&answer, "access-control-allow-headers");
        for name in asked.split(',').filter(|name| !name.is_empty()) {
            assert!(allowed.contains(&name), "{name} is not in {allowed:?}");
        }
    }
    for path in [format!("{door}/s3/sts"), format!("{door}/nothing"), "/c/ended/s3/params".to_owned()] {
        let refused = Request::builder().uri(&path).header("origin", APP).body(Body::empty()).unwrap();
        let refused = house.send(refused).await;
        assert_eq!(refused.header("access-control-allow-origin"), APP, "{path}");
        let exposed = list(&refused, "access-control-expose-headers");
        assert!(exposed.contains(&"etag") && exposed.contains(&"location"), "{exposed:?}");
    }
}
