//! What one owner, one capability or one peer may hold, and that the others still find room.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::body::Body;
use bytes::Bytes;
use domain::ByteCount;
use http::{Method, Request};
use serde_json::{Value, json};
use server::auth::Scopes;
use server::catalog::Allowance;
use server::http::RequestLimits;
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::house::{Answer, House, Plan, film};

/// A body that never ends.
fn unfinished() -> Body {
    Body::from_stream(futures::stream::pending::<Result<Bytes, Infallible>>())
}

/// As if the request had come by a connection from there.
fn from(peer: &str, mut request: Request<Body>) -> Request<Body> {
    let address: SocketAddr = peer.parse().unwrap();
    request.extensions_mut().insert(address);
    request
}

/// Requests that hang, and the statuses of those that do not: at least `refused` of them.
async fn hang(house: &House, requests: Vec<Request<Body>>, refused: usize) -> (JoinSet<u16>, Vec<u16>) {
    let mut hanging = JoinSet::new();
    for mut request in requests {
        request.headers_mut().insert("host", "x".parse().unwrap());
        let router = house.router.clone();
        hanging.spawn(async move { router.oneshot(request).await.unwrap().status().as_u16() });
    }
    let mut statuses = Vec::new();
    let waiting = async {
        while statuses.len() < refused {
            statuses.push(hanging.join_next().await.expect("as many as that").unwrap());
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), waiting)
        .await
        .expect("what has no room is refused at once");
    (hanging, statuses)
}

fn small() -> RequestLimits {
    RequestLimits {
        at_once: 12,
        per_owner: 4,
        per_capability: 4,
        per_peer: 2,
        event_streams: 5,
        event_streams_per_owner: 2,
        forms: 6,
        forms_per_capability: 2,
    }
}

fn house() -> House {
    // What is begun at a door reserves what its role allows.
    let allowance = Allowance { open_uploads: 50, reserved_bytes: ByteCount::gib(100_000) };
    House::with(Plan { requests: small(), allowance, ..Plan::default() })
}

fn create(house: &House, owner: &str) -> Request<Body> {
    let token = house.token(owner, Scopes::none());
    let request = Request::builder().method(Method::POST).uri("/v1/videos");
    let request = request.header("authorization", format!("Bearer {token}")).header("content-type", "application/json");
    request.body(unfinished()).unwrap()
}

async fn creates(house: &House, owner: &str) -> Answer {
    let body = json!({"title": "F", "files": {"video": film(1000)}});
    house.call_as(owner, Method::POST, "/v1/videos", body).await
}

#[tokio::test]
async fn an_owner_with_unfinished_bodies_keeps_nobody_out() {
    let house = house();
    let bodies = (0..9).map(|_| create(&house, "42")).collect();
    // Three of four requests may wait for the store.
    let (mut hanging, refused) = hang(&house, bodies, 6).await;
    assert_eq!((hanging.len(), refused), (3, vec![429; 6]));
    creates(&house, "43").await.expect(201);
    let refused = creates(&house, "42").await;
    assert_eq!((refused.verdict(), refused.header("retry-after")), ((429, "rate_limited", ""), "1"));
    house.get("/v1/videos").await.expect(200);
    hanging.shutdown().await;
    creates(&house, "42").await.expect(201);
}

#[tokio::test]
async fn a_store_that_hangs_leaves_room_for_what_needs_only_the_catalog() {
    let house = house();
    let bodies = ["a", "b", "c", "d"].iter().flat_map(|owner| (0..3).map(|_| create(&house, owner))).collect();
    let (hanging, refused) = hang(&house, bodies, 3).await;
    assert_eq!((hanging.len(), refused), (9, vec![503; 3]), "three quarters of twelve");
    assert_eq!(creates(&house, "e").await.verdict(), (503, "unavailable", ""));
    for path in ["/v1/videos", "/v1/collections", "/v1/session"] {
        house.call_as("e", Method::GET, path, Value::Null).await.expect(200);
    }
}

/// A capability of an owner, as the path that opens with it.
async fn door(house: &House, owner: &str) -> String {
    // Another time, another capability.
    house.clock.advance(domain::TimeSpan::from_secs(1));
    let made = house.call_as(owner, Method::POST, "/v1/images/capabilities", Value::Null).await.expect(201).body;
    format!("/c/{}", made["token"].as_str().unwrap())
}

fn form(door: &str) -> Request<Body> {
    let request = Request::builder().method(Method::POST).uri(format!("{door}/form/"));
    request.header("content-type", "multipart/form-data; boundary=x").body(unfinished()).unwrap()
}

/// A form that is answered: it is wrong.
fn wrong_form(door: &str) -> Request<Body> {
    let mut request = form(door);
    *request.body_mut() = Body::from("--x--\r\n");
    request
}

#[tokio::test]
async fn unfinished_forms_stop_nobody_elses() {
    let house = house();
    let (mine, second, other) = (door(&house, "42").await, door(&house, "42").await, door(&house, "7").await);
    // From many peers, so that none of them is at its own limit.
    let peer = |n: usize| format!("203.0.113.{n}:1");
    let forms = (0..6).map(|n| from(&peer(n), form(&mine))).collect();
    let (hanging, refused) = hang(&house, forms, 4).await;
    assert_eq!((hanging.len(), refused), (2, vec![429; 4]));
    let more = from(&peer(9), wrong_form(&second));
    assert_eq!(house.send(more).await.status.as_u16(), 429, "another capability of the same owner");
    let answered = house.send(from(&peer(9), wrong_form(&other))).await;
    assert_eq!(answered.status.as_u16(), 422, "{}", answered.body);
    house.get("/v1/videos").await.expect(200);
    creates(&house, "42").await.expect(201);
}

#[tokio::test]
async fn a_peer_with_a_capability_leaves_room_for_others_with_it() {
    let house = house();
    let door = door(&house, "42").await;
    let begin = |peer: &str, body: Body| {
        let request = Request::builder().method(Method::POST).uri(format!("{door}/s3/multipart"));
        from(peer, request.body(body).unwrap())
    };
    let bodies = (0..5).map(|_| begin("203.0.113.1:1", unfinished())).collect();
    let (hanging, refused) = hang(&house, bodies, 4).await;
    assert_eq!((hanging.len(), refused), (1, vec![429; 4]), "of two, one may wait for the store");
    let picture = json!({"filename": "a.png", "type": "image/png"}).to_string();
    house.send(begin("203.0.113.2:1", Body::from(picture))).await.expect(200);
}

fn sign_in(peer: &str, body: Body) -> Request<Body> {
    let request = Request::builder().method(Method::POST).uri("/v1/session");
    from(peer, request.header("content-type", "application/json").body(body).unwrap())
}

#[tokio::test]
async fn strangers_have_little_and_leave_the_rest() {
    let house = house();
    let bodies = (0..5).map(|_| sign_in("203.0.113.1:1", unfinished())).collect();
    let (mut hanging, refused) = hang(&house, bodies, 3).await;
    assert_eq!((hanging.len(), refused), (2, vec![429; 3]));
    let token = json!({"token": house.token("42", Scopes::none())}).to_string();
    house.send(sign_in("203.0.113.2:1", Body::from(token.clone()))).await.expect(200);
    let link = Request::builder().uri("/w/nothing").body(Body::empty()).unwrap();
    assert_eq!(house.send(from("203.0.113.1:9", link)).await.status.as_u16(), 429, "the same peer");
    creates(&house, "42").await.expect(201);
    hanging.shutdown().await;
    let long = json!({"token": "x".repeat(17 << 10)}).to_string();
    assert_eq!(house.send(sign_in("203.0.113.1:1", Body::from(long))).await.verdict(), (413, "body_too_large", ""));
    house.send(sign_in("203.0.113.1:1", Body::from(token))).await.expect(200);
}

#[tokio::test]
async fn links_are_counted_by_peer_and_behind_a_proxy_by_what_it_names() {
    let house = House::with(Plan { link_burst: 3, ..Plan::default() });
    let follow = async |peer: &str, forwarded: &str| {
        let link = Request::builder().uri("/w/nothing").header("x-forwarded-for", forwarded);
        house.send(from(peer, link.body(Body::empty()).unwrap())).await.status.as_u16()
    };
    for expected in [404, 404, 404, 429] {
        assert_eq!(follow("203.0.113.1:1", "").await, expected);
    }
    assert_eq!(follow("203.0.113.1:1", "198.51.100.1").await, 429, "nobody invents an address");
    assert_eq!(follow("203.0.113.2:1", "").await, 404);
    for client in ["198.51.100.1", "198.51.100.2"] {
        for expected in [404, 404, 404, 429] {
            assert_eq!(follow("192.0.2.9:1", &format!("1.2.3.4, {client}")).await, expected, "{client}");
        }
    }
}

#[tokio::test]
async fn an_owner_follows_its_events_in_so_many_places() {
    let house = house();
    let follow = async |owner: &str| {
        let token = house.token(owner, Scopes::none());
        let request = Request::builder().uri("/v1/events").header("authorization", format!("Bearer {token}"));
        house.router.clone().oneshot(request.header("host", "x").body(Body::empty()).unwrap()).await.unwrap()
    };
    let mut open = vec![follow("42").await, follow("42").await];
    let refused = follow("42").await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"1".parse().unwrap()));
    for owner in ["43", "43", "44"] {
        open.push(follow(owner).await);
    }
    assert!(open.iter().all(|stream| stream.status().as_u16() == 200));
    assert_eq!(follow("44").await.status().as_u16(), 503, "five are all there are");
    open.remove(0);
    assert_eq!(follow("42").await.status().as_u16(), 200, "a stream that ended makes room");
}

/// What an owner with 1,000 requests has left after a request.
fn left(answer: &Answer) -> u32 {
    let standing = answer.header("ratelimit");
    standing.split("r=").nth(1).unwrap().split(';').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_costs_more_counts_more() {
    let house = House::with(Plan { burst: 1_000, ..Plan::default() });
    let path = house.create(json!({"video": film(8 << 30)})).await;
    let part_urls = format!("{path}/files/video/part-urls");
    let numbers: Vec<u32> = (1..=1_000).collect();
    let mut before = left(&house.get("/v1/videos").await);
    let mut cost = |answer: &Answer| {
        let after = left(answer);
        std::mem::replace(&mut before, after) - after
    };
    assert_eq!(cost(&house.get("/v1/videos").await.expect(200)), 1);
    house.get("/v1/videos?q=film").await.expect(200);
    assert_eq!(cost(&house.get("/v1/videos").await), 1 + 10, "a search");
    house.post(&part_urls, json!({"numbers": numbers})).await.expect(200);
    assert_eq!(cost(&house.get("/v1/videos").await), 1 + 11, "a thousand part URLs");
    let padded = format!("{}{}", json!({"title": "F"}), " ".repeat(640 << 10));
    let patch = house.request(Method::PATCH, &path).header("content-type", "application/json");
    house.send(patch.body(Body::from(padded)).unwrap()).await.expect(200);
    assert_eq!(cost(&house.get("/v1/videos").await), 1 + 11, "640 KiB");
    let complete = house.request(Method::POST, &format!("{path}/complete")).header("content-type", "application/json");
    let unknown = futures::stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"{}"))]);
    house.send(complete.body(Body::from_stream(unknown)).unwrap()).await.expect(409);
    assert_eq!(cost(&house.get("/v1/videos").await), 1 + 65, "a body of unknown size counts as the largest");
}

#[tokio::test]
async fn what_one_cannot_afford_is_not_done() {
    let house = House::with(Plan { burst: 11, ..Plan::default() });
    let path = house.create(json!({"video": film(8 << 30)})).await;
    let numbers: Vec<u32> = (1..=1_000).collect();
    let refused = house.post(&format!("{path}/files/video/part-urls"), json!({"numbers": numbers})).await;
    assert_eq!(refused.verdict(), (429, "rate_limited", ""));
    let few = house.post(&format!("{path}/files/video/part-urls"), json!({"numbers": [1, 2]})).await;
    few.expect(200);
}
