//! Who is calling, how often, and what of it gets into the log.

use axum::body::Body;
use domain::{OwnerId, OwnerNaming, TimeSpan};
use http::{Method, Request};
use serde_json::{Value, json};
use server::auth::{Authenticator, Scopes, TokenRequest, TokenRules};

use crate::house::{Answer, House, Plan, film};

async fn ask(house: &House, authorization: Option<&str>) -> Answer {
    let mut request = Request::builder().uri("/v1/videos");
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    house.send(request.body(Body::empty()).unwrap()).await
}

fn owner() -> OwnerId {
    OwnerId::parse("42").unwrap()
}

#[tokio::test]
async fn every_bad_token_is_told_why() {
    let house = House::new();
    let good = house.token("42", Scopes::none());
    let other = Authenticator::hs256(b"another secret of 32 bytes, okay", TokenRules::default()).unwrap();
    let now = server::clock::Clock::now(&*house.clock);
    let foreign =
        other.mint(&TokenRequest { owner: owner(), ttl: TimeSpan::from_hours(1), scopes: Scopes::none() }, now);
    let none = format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap());
    let rows = [
        (None, "send a token", "Bearer"),
        (Some("Basic YTpi".to_owned()), "must be `Bearer", "Bearer error=\"invalid_request\""),
        (Some("Bearer".to_owned()), "must be `Bearer", "Bearer error=\"invalid_request\""),
        (Some("Bearer abc".to_owned()), "not a well-formed", "Bearer error=\"invalid_token\""),
        (Some(format!("Bearer {foreign}")), "signature", "Bearer error=\"invalid_token\""),
        (Some(format!("Bearer {none}")), "HS256", "Bearer error=\"invalid_token\""),
    ];
    for (header, detail, challenge) in rows {
        let answer = ask(&house, header.as_deref()).await;
        assert_eq!(answer.verdict(), (401, "unauthorized", ""), "{header:?}");
        assert!(answer.body["detail"].as_str().unwrap().contains(detail), "{header:?}: {}", answer.body);
        assert_eq!(answer.header("www-authenticate"), challenge, "{header:?}");
        assert_eq!(answer.header("ratelimit"), "", "nobody's limit");
    }
    house.clock.advance(TimeSpan::from_mins(59));
    ask(&house, Some(&format!("Bearer {good}"))).await.expect(200);
    house.clock.advance(TimeSpan::from_mins(2));
    let expired = ask(&house, Some(&format!("Bearer {good}"))).await.expect(401);
    assert!(expired.body["detail"].as_str().unwrap().contains("expired"));
}

#[tokio::test]
async fn a_token_comes_before_anything_else() {
    let house = House::new();
    for (method, path) in
        [(Method::POST, "/v1/videos"), (Method::GET, "/v1/films"), (Method::POST, "/v1/admin/jobs/reap")]
    {
        let request = Request::builder().method(method).uri(path).body(Body::from("{")).unwrap();
        assert_eq!(house.send(request).await.verdict(), (401, "unauthorized", ""), "{path}");
    }
}

#[tokio::test]
async fn an_owner_in_haste_is_slowed_and_told_how_long() {
    let house = House::with(Plan { burst: 3, ..Plan::default() });
    for left in ["2", "1", "0"] {
        let answer = house.get("/v1/videos").await.expect(200);
        assert_eq!(answer.header("ratelimit-policy"), "\"owner\";q=3;w=3");
        assert!(answer.header("ratelimit").starts_with(&format!("\"owner\";r={left};t=")), "{:?}", answer.headers);
    }
    let refused = house.get("/v1/videos").await;
    assert_eq!(refused.verdict(), (429, "rate_limited", ""));
    assert_eq!((refused.header("retry-after"), &refused.body["retryable"]), ("1", &json!(true)));
    assert_eq!(refused.header("ratelimit"), "\"owner\";r=0;t=3");
    house.call_as("43", Method::GET, "/v1/videos", Value::Null).await.expect(200);
    house.clock.advance(TimeSpan::from_secs(1));
    house.get("/v1/videos").await.expect(200);
    house.get("/v1/videos").await.expect(429);
}

#[tokio::test]
async fn request_ids_are_taken_over_when_they_are_sane() {
    let house = House::new();
    for (given, taken) in
        [("abc-DEF_9", true), ("with space", false), ("", false), (&"x".repeat(65), false), ("a\"b", false)]
    {
        let request = house.request(Method::GET, "/v1/films").header("x-request-id", given);
        let answer = house.send(request.body(Body::empty()).unwrap()).await.expect(404);
        assert_eq!(answer.header("x-request-id") == given, taken, "{given}");
        assert_eq!(answer.body["request_id"], answer.header("x-request-id"));
    }
    let first = house.get("/healthz").await;
    let second = house.get("/healthz").await;
    assert!(first.header("x-request-id").starts_with("req_"));
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}

/// Everything that is logged while `work` runs, as text.
async fn logged(work: impl Future<Output = ()>) -> String {
    use std::io::Write;
    use std::sync::{Arc, Mutex};
    use tracing::instrument::WithSubscriber;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);
    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    work.with_subscriber(subscriber).await;
    String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
}

#[tokio::test]
async fn the_log_names_route_and_owner_and_no_secret() {
    let house = House::with(Plan { naming: OwnerNaming::Hashed, ..Plan::default() });
    let token = house.token("ann@example.com", Scopes::none());
    let log = logged(async {
        let path = house.created_film(1000).await;
        let url = house.get(&format!("{path}/files/video/url?disposition=attachment")).await.expect(200);
        assert!(url.raw.windows(15).any(|found| found == b"X-Amz-Signature"));
        house
            .call_as(
                "ann@example.com",
                Method::POST,
                "/v1/videos",
                json!({"title": "Secret title", "files": {"video": film(9)}}),
            )
            .await
            .expect(201);
        house.get("/v1/videos?q=secret-search").await.expect(200);
    })
    .await;
    for wanted in [
        "operation=\"create_asset\"",
        "route=\"/v1/{collection}/{id}/files/{role}/url\"",
        "method=\"GET\"",
        "status=201",
        "request_id=\"req_",
        "owner=\"~",
        "seconds=",
    ] {
        assert!(log.contains(wanted), "{wanted} is not in\n{log}");
    }
    for secret in
        ["X-Amz-Signature", "Bearer", &token, "eyJ", "secret-search", "disposition", "ann@example.com", "Secret title"]
    {
        assert!(!log.contains(secret), "{secret} is in\n{log}");
    }
}
