//! `/v1/events`: the stream of what happens.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::house::{House, film};

/// Longer than any test waits for what has happened already.
const PATIENCE: Duration = Duration::from_secs(20);

/// A stream that somebody reads.
struct Stream {
    body: Body,
    text: String,
}

/// One event as it stood on the wire.
#[derive(Debug)]
struct Told {
    id: Option<String>,
    name: String,
    data: Value,
}

async fn follow(house: &House, last: Option<&str>) -> Response {
    let mut request = house.request(Method::GET, "/v1/events").header("host", "x");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    house.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

impl Stream {
    async fn of(house: &House, last: Option<&str>) -> Self {
        let response = follow(house, last).await;
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-cache");
        Self { body: response.into_body(), text: String::new() }
    }

    /// The next event; `None` when the stream has ended.
    async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                if let (Some(name), Some(data)) = (field("event: "), field("data: ")) {
                    return Some(Told { id: field("id: "), name, data: serde_json::from_str(&data).unwrap() });
                }
                continue;
            }
            let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await.expect("the stream says something")?;
            self.text.push_str(std::str::from_utf8(frame.unwrap().data_ref().unwrap()).unwrap());
        }
    }
}

#[tokio::test]
async fn follow_events_tells_what_happens_to_ones_own() {
    let house = House::new();
    house.created_film(100).await;
    let mut stream = Stream::of(&house, None).await;
    let foreign =
        house.call_as("7", Method::POST, "/v1/videos", json!({"title": "T", "files": {"video": film(9)}})).await;
    house.call_as("7", Method::DELETE, &format!("/v1/videos/{}", foreign.id()), Value::Null).await.expect(204);
    let path = house.created_film(1000).await;
    let id = path.rsplit('/').next().unwrap();

    let created = stream.next().await.unwrap();
    assert_eq!(
        (created.name.as_str(), &created.data["asset_id"]),
        ("asset.created", &json!(id)),
        "no past, no foreign"
    );
    assert!(created.data["id"].as_str().unwrap().starts_with("evt_"));
    house.call(Method::DELETE, &path, Value::Null).await.expect(204);
    assert_eq!(stream.next().await.unwrap().name, "asset.deleted");
}

#[tokio::test]
async fn follow_events_goes_on_after_the_last_one_read() {
    let house = House::new();
    let mut stream = Stream::of(&house, Some("0")).await;
    for _ in 0..3 {
        house.created_film(100).await;
    }
    let first = stream.next().await.unwrap();
    drop(stream);
    let mut again = Stream::of(&house, first.id.as_deref()).await;
    let (second, third) = (again.next().await.unwrap(), again.next().await.unwrap());
    let mut assets = [&first, &second, &third].map(|told| told.data["asset_id"].to_string());
    assets.sort_unstable();
    assert!(assets[0] != assets[1] && assets[1] != assets[2], "each once");
}

#[tokio::test]
async fn follow_events_tells_rejections_and_progress() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000)})).await;
    let mut stream = Stream::of(&house, None).await;
    house.send_file(&path, "video", &vec![b'x'; 1000]).await;
    house.get(&format!("{path}/files/video/parts")).await.expect(200);
    let progress = stream.next().await.unwrap();
    assert_eq!((progress.name.as_str(), progress.id), ("asset.progress", None));
    assert_eq!((&progress.data["arrived"], &progress.data["size"]), (&json!(1000), &json!(1000)));
    house.post(&format!("{path}/complete"), Value::Null).await.expect(422);
    let rejected = stream.next().await.unwrap();
    assert_eq!(rejected.name, "asset.rejected");
    assert_eq!((&rejected.data["role"], &rejected.data["reason"]), (&json!("video"), &json!("content_mismatch")));
}

#[tokio::test]
async fn follow_events_ends_when_the_server_stops() {
    let house = House::new();
    let mut stream = Stream::of(&house, None).await;
    house.stopping.cancel();
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn follow_events_refuses_what_is_no_position() {
    let house = House::new();
    for last in ["x", "-1", "18446744073709551615", "1.5"] {
        let request = house.request(Method::GET, "/v1/events").header("last-event-id", last);
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.verdict(), (422, "invalid_request", "Last-Event-ID"), "{last}");
    }
    let anonymous = http::Request::builder().uri("/v1/events").body(Body::empty()).unwrap();
    assert_eq!(house.send(anonymous).await.verdict(), (401, "unauthorized", ""));
}

/// Another process over the same catalog: what happens there is in the outbox and rings no bell here.
async fn delete_elsewhere(house: &House, path: &str) {
    let asset = house.row(path).await;
    let allowance = server::catalog::Allowance { open_uploads: 50, reserved_bytes: domain::ByteCount::gib(100) };
    let naming = domain::OwnerNaming::PlainWhereSafe;
    let other =
        crate::ground::app_over(house.catalog.clone(), house.store.clone(), house.clock.clone(), allowance, naming);
    let of = other.collection("videos").unwrap().clone();
    other.delete_asset(&asset.owner, &of, asset.id).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn follow_events_sees_what_other_processes_commit_whatever_happens_to_others_here() {
    let house = House::new();
    let path = house.created_film(100).await;
    let mut stream = Stream::of(&house, None).await;
    // Somebody else's upload, looked at every second: each look tells of its progress.
    let created = house.call_as("7", Method::POST, "/v1/videos", json!({"title": "F", "files": {"video": film(9)}}));
    let parts = format!("/v1/videos/{}/files/video/parts", created.await.expect(201).id());
    let chatter = async {
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        loop {
            ticks.tick().await;
            house.call_as("7", Method::GET, &parts, Value::Null).await.expect(200);
        }
    };
    delete_elsewhere(&house, &path).await;
    let told =
        async { tokio::time::timeout(Duration::from_secs(6), stream.next()).await.expect("within 5 s").unwrap() };
    tokio::select! {
        told = told => assert_eq!(told.name, "asset.deleted"),
        () = chatter => {}
    }
}

#[tokio::test(start_paused = true)]
async fn follow_events_ends_with_its_token() {
    let house = House::new();
    let owner = domain::OwnerId::parse("42").unwrap();
    let request = server::auth::TokenRequest {
        owner,
        ttl: domain::TimeSpan::from_mins(10),
        scopes: server::auth::Scopes::none(),
    };
    let token = house.authenticator.mint(&request, server::clock::Clock::now(&*house.clock));
    let request = http::Request::builder().uri("/v1/events").header("authorization", format!("Bearer {token}"));
    let request = request.header("host", "x").body(Body::empty()).unwrap();
    let mut body = house.router.clone().oneshot(request).await.unwrap().into_body();
    let mut ended = std::pin::pin!(async { while body.frame().await.is_some() {} });
    assert!(tokio::time::timeout(Duration::from_secs(599), &mut ended).await.is_err(), "not before");
    tokio::time::timeout(Duration::from_secs(2), &mut ended).await.expect("not after");
}

#[tokio::test(start_paused = true)]
async fn follow_events_gives_a_sign_of_life_every_25_seconds() {
    let house = House::new();
    let mut body = follow(&house, None).await.into_body();
    for _ in 0..3 {
        let early = tokio::time::timeout(Duration::from_millis(24_900), body.frame()).await;
        assert!(early.is_err(), "{early:?}");
        let sign = tokio::time::timeout(Duration::from_millis(200), body.frame()).await.expect("now").unwrap().unwrap();
        assert!(sign.data_ref().unwrap().starts_with(b":"), "a comment: {sign:?}");
    }
}
