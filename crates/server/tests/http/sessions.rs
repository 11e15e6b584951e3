//! `/v1/session` and `/v1/admin/login-links`: signing in with a browser, and what its cookie may do.

use axum::body::Body;
use domain::{OwnerId, TimeSpan};
use http::{Method, Request};
use serde_json::{Value, json};
use server::auth::{LOGIN_CODE_LIFE, SESSION_LIFE, Scope, Scopes, TokenRequest};
use server::clock::Clock as _;
use server::http::ReapClock;

use crate::house::{Answer, House, Plan, film, with_json};

const SESSION: &str = "/v1/session";
const LINKS: &str = "/v1/admin/login-links";
const APP: &str = "https://app.example.com";

async fn sign_in(house: &House, body: Value) -> Answer {
    house.send(with_json(Request::builder().method(Method::POST).uri(SESSION), &body)).await
}

/// The code of a fresh link.
async fn code(house: &House, request: Value) -> String {
    let link = house.call_as_admin(Method::POST, LINKS, request).await.expect(201);
    let url = link.body["url"].as_str().unwrap();
    url.strip_prefix("http://api.test/#/login/").expect(url).to_owned()
}

/// What a browser keeps of an answer.
fn cookie(answer: &Answer) -> String {
    let (pair, _attributes) = answer.header("set-cookie").split_once(';').unwrap();
    assert!(pair.starts_with("landfall_session="), "{pair}");
    pair.to_owned()
}

async fn by_cookie(house: &House, method: Method, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    house.send(with_json(request, &body)).await
}

#[tokio::test]
async fn create_session_by_code_sets_a_cookie_that_works_for_twelve_hours() {
    let house = House::new();
    let code = code(&house, Value::Null).await;
    let answer = sign_in(&house, json!({"code": code})).await.expect(200);
    let until = house.clock.now() + SESSION_LIFE;
    assert_eq!(answer.body, json!({"owner": "local", "scopes": ["admin"], "expires_at": until}));
    let (_, attributes) = answer.header("set-cookie").split_once("; ").unwrap();
    assert_eq!(attributes, "HttpOnly; SameSite=Strict; Path=/; Max-Age=43200");
    let cookie = cookie(&answer);
    let who = by_cookie(&house, Method::GET, SESSION, &[("cookie", &cookie)], Value::Null).await.expect(200);
    assert_eq!(who.body, answer.body);
    let beside = format!("theme=dark; {cookie}; x=y");
    by_cookie(&house, Method::GET, "/v1/videos", &[("cookie", &beside)], Value::Null).await.expect(200);
    house.clock.advance(SESSION_LIFE);
    let over = by_cookie(&house, Method::GET, "/v1/videos", &[("cookie", &cookie)], Value::Null).await.expect(401);
    assert!(over.body["detail"].as_str().unwrap().contains("sign in again"), "{}", over.body);
}

#[tokio::test]
async fn create_session_takes_a_code_once_and_for_ten_minutes() {
    let house = House::new();
    let (first, second) = (code(&house, Value::Null).await, code(&house, json!({"owner": "42"})).await);
    sign_in(&house, json!({"code": first})).await.expect(200);
    house.clock.advance(LOGIN_CODE_LIFE);
    for wrong in [first, second, "a guess".to_owned(), String::new()] {
        let refused = sign_in(&house, json!({"code": wrong})).await;
        assert_eq!(refused.verdict(), (401, "unauthorized", ""), "{wrong}");
        assert!(refused.body["detail"].as_str().unwrap().contains("`landfall login`"), "{}", refused.body);
        assert_eq!(refused.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn create_session_slows_down_who_guesses_and_nobody_else() {
    let house = House::new();
    let (mine, other) = (code(&house, Value::Null).await, code(&house, Value::Null).await);
    let from = |peer: &str, code: &str| {
        let mut request = with_json(Request::builder().method(Method::POST).uri(SESSION), &json!({"code": code}));
        request.extensions_mut().insert(peer.parse::<std::net::SocketAddr>().unwrap());
        request
    };
    for _ in 0..20 {
        house.send(from("203.0.113.1:1", "a guess")).await.expect(401);
    }
    let slowed = house.send(from("203.0.113.1:2", "a guess")).await;
    assert_eq!((slowed.verdict(), slowed.header("retry-after")), ((429, "rate_limited", ""), "1"));
    house.send(from("203.0.113.2:1", "a guess")).await.expect(401);
    house.send(from("203.0.113.2:1", &other)).await.expect(200);
    house.send(from("203.0.113.1:1", &mine)).await.expect(200);
    assert_eq!(house.send(from("203.0.113.1:1", &mine)).await.status.as_u16(), 429, "once, and then it is a guess");
    house.clock.advance(TimeSpan::from_secs(1));
    house.send(from("203.0.113.1:1", "a guess")).await.expect(401);
}

#[tokio::test]
async fn create_session_by_token_ends_no_later_than_the_token() {
    let house = House::new();
    let answer = sign_in(&house, json!({"token": house.token("42", Scopes::none())})).await.expect(200);
    let until = house.clock.now() + TimeSpan::from_hours(1);
    assert_eq!(answer.body, json!({"owner": "42", "scopes": [], "expires_at": until}));
    assert!(answer.header("set-cookie").ends_with("; Max-Age=3600"), "{answer:?}");
    let cookie = cookie(&answer);
    let refused = by_cookie(&house, Method::GET, "/v1/admin/jobs/audit", &[("cookie", &cookie)], Value::Null).await;
    assert_eq!(refused.verdict(), (403, "forbidden", ""), "a session has the scopes of its token");
    let owner = OwnerId::parse("42").unwrap();
    let long = TokenRequest { owner, ttl: TimeSpan::from_hours(400), scopes: Scopes::from_iter([Scope::Admin]) };
    let long = house.authenticator.mint(&long, house.clock.now());
    let answer = sign_in(&house, json!({"token": long})).await.expect(200);
    assert_eq!(answer.body["expires_at"], json!(house.clock.now() + SESSION_LIFE));
    let foreign = cookie.trim_start_matches("landfall_session=");
    assert_eq!(sign_in(&house, json!({"token": foreign})).await.verdict(), (401, "unauthorized", ""));
}

#[tokio::test]
async fn create_session_says_what_is_wrong() {
    let house = House::new();
    let rows = [
        (json!({}), (422, "invalid_request", "code")),
        (json!({"code": "a", "token": "b"}), (422, "invalid_request", "token")),
        (json!({"code": 7}), (422, "invalid_request", "code")),
        (json!({"password": "x"}), (422, "invalid_request", "password")),
        (json!([]), (422, "invalid_request", "body")),
        (json!({"token": "x"}), (401, "unauthorized", "")),
    ];
    for (body, verdict) in rows {
        assert_eq!(sign_in(&house, body.clone()).await.verdict(), verdict, "{body}");
    }
    let form = Request::builder().method(Method::POST).uri(SESSION).header("content-type", "text/plain");
    let form = form.body(Body::from("{\"code\": \"a\"}")).unwrap();
    assert_eq!(house.send(form).await.verdict(), (415, "unsupported_media_type", ""), "what a form could send");
    let shared = House::with(Plan { reap_clock: ReapClock::Fixed, ..Plan::default() });
    assert_eq!(sign_in(&shared, json!({"code": "a"})).await.verdict(), (403, "forbidden", ""));
    sign_in(&shared, json!({"token": shared.token("42", Scopes::none())})).await.expect(200);
}

#[tokio::test]
async fn a_cookie_changes_things_only_for_known_pages() {
    let house = House::with(Plan { origins: vec![APP.to_owned()], ..Plan::default() });
    let cookie = cookie(&sign_in(&house, json!({"token": house.token("42", Scopes::none())})).await.expect(200));
    let token = format!("Bearer {}", house.token("42", Scopes::none()));
    let (session, bearer) = (("cookie", cookie.as_str()), ("authorization", token.as_str()));
    let create = json!({"title": "F", "files": {"video": film(1000)}});
    let local = ("host", "127.0.0.1:8080");
    let rows: [(&[(&str, &str)], u16); 11] = [
        (&[session, ("origin", APP)], 201),
        (&[session, ("origin", "http://api.test")], 201),
        (&[session, local, ("origin", "http://127.0.0.1:8080")], 201),
        (&[session, local, ("origin", "http://127.0.0.1:9999")], 403),
        (&[session, ("origin", "https://evil.example.com")], 403),
        (&[session, ("origin", "null")], 403),
        (&[session, ("origin", APP), ("origin", "https://evil.example.com")], 403),
        (&[session], 403),
        (&[bearer], 201),
        (&[bearer, session, ("origin", "https://evil.example.com")], 201),
        (&[("authorization", "Bearer x"), session, ("origin", APP)], 401),
    ];
    for (headers, status) in rows {
        let answer = by_cookie(&house, Method::POST, "/v1/videos", headers, create.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{headers:?}");
        let code = if status == 403 { json!("origin_not_allowed") } else { answer.body["code"].clone() };
        assert_eq!(answer.body["code"], code, "{headers:?}");
    }
    assert_eq!(house.bucket().1, 5, "what was refused opened nothing");
    let read = [session, ("origin", "https://evil.example.com")];
    let read = by_cookie(&house, Method::GET, "/v1/videos", &read, Value::Null).await.expect(200);
    assert_eq!(read.header("access-control-allow-origin"), "", "the page cannot see it");
    let (a, b) = (cookie.as_str(), format!("{cookie}; landfall_session=x"));
    for (cookies, status) in [(a, 200), (&b, 401), ("landfall_session=x", 401), ("landfall_session=", 401)] {
        by_cookie(&house, Method::GET, "/v1/videos", &[("cookie", cookies)], Value::Null).await.expect(status);
    }
}

#[tokio::test]
async fn signing_in_and_out_is_not_for_foreign_pages() {
    let house = House::with(Plan { public_url: "https://api.example.com/x", ..Plan::default() });
    let body = json!({"token": house.token("42", Scopes::none())});
    for (origin, status) in [("https://evil.example.com", 403), ("https://api.example.com", 200)] {
        let answer = by_cookie(&house, Method::POST, SESSION, &[("origin", origin)], body.clone()).await.expect(status);
        assert_eq!(answer.header("set-cookie").ends_with("; Secure"), status == 200, "{answer:?}");
    }
    let foreign = [("origin", "https://evil.example.com")];
    let refused = by_cookie(&house, Method::DELETE, SESSION, &foreign, Value::Null).await;
    assert_eq!(refused.verdict(), (403, "origin_not_allowed", ""));
}

#[tokio::test]
async fn delete_session_takes_the_cookie_away() {
    let house = House::new();
    let gone = by_cookie(&house, Method::DELETE, SESSION, &[("cookie", "landfall_session=x")], Value::Null).await;
    let expected = "landfall_session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0";
    assert_eq!((gone.status.as_u16(), gone.header("set-cookie")), (204, expected));
    by_cookie(&house, Method::DELETE, "/v1/session?x=1", &[], Value::Null).await.expect(422);
}

#[tokio::test]
async fn find_session_says_who_is_calling_by_token_too() {
    let house = House::new();
    let who = house.get(SESSION).await.expect(200);
    let until = house.clock.now() + TimeSpan::from_hours(1);
    assert_eq!(who.body, json!({"owner": "42", "scopes": [], "expires_at": until}));
    by_cookie(&house, Method::GET, SESSION, &[], Value::Null).await.expect(401);
}

#[tokio::test]
async fn events_are_followed_by_cookie() {
    let house = House::new();
    let cookie = cookie(&sign_in(&house, json!({"token": house.token("42", Scopes::none())})).await.expect(200));
    let request =
        Request::builder().uri("/v1/events").header("host", "x").header("cookie", cookie).body(Body::empty()).unwrap();
    let answer = tower::ServiceExt::oneshot(house.router.clone(), request).await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
}

#[tokio::test]
async fn create_login_link_is_for_administrators_and_says_what_is_wrong() {
    let house = House::new();
    assert_eq!(house.post(LINKS, Value::Null).await.verdict(), (403, "forbidden", ""));
    let rows = [
        (json!({"owner": ""}), "owner"),
        (json!({"scopes": ["admin"]}), "owner"),
        (json!({"owner": "42", "scopes": ["root"]}), "scopes"),
        (json!({"for": "42"}), "for"),
    ];
    for (body, field) in rows {
        let answer = house.call_as_admin(Method::POST, LINKS, body).await;
        assert_eq!(answer.verdict(), (422, "invalid_request", field));
    }
    let of_42 = code(&house, json!({"owner": "42", "scopes": ["admin"]})).await;
    let session = sign_in(&house, json!({"code": of_42})).await.expect(200);
    assert_eq!((&session.body["owner"], &session.body["scopes"]), (&json!("42"), &json!(["admin"])));
    let plain = code(&house, json!({"owner": "42"})).await;
    assert_eq!(sign_in(&house, json!({"code": plain})).await.expect(200).body["scopes"], json!([]));
    let shared = House::with(Plan { reap_clock: ReapClock::Fixed, ..Plan::default() });
    let refused = shared.call_as_admin(Method::POST, LINKS, Value::Null).await;
    assert_eq!(refused.verdict(), (403, "forbidden", ""));
}
