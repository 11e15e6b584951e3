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
    let mut request = house.request(Method::GET, "/v1/events");
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
