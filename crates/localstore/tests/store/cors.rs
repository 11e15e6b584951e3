//! Pages of other origins.

use crate::support::{BUCKET, Store, for_seconds};
use reqwest::{Method, StatusCode};

const PAGE: &str = "https://app.example.com";

#[tokio::test]
async fn a_preflight_is_answered_by_the_rules() {
    let store = Store::start().await;
    let ask = |path: &str, origin: &str, method: &str, headers: &str| {
        let request = store.http.request(Method::OPTIONS, store.url(path)).header("origin", origin);
        request.header("access-control-request-method", method).header("access-control-request-headers", headers).send()
    };
    let answer = ask("/private/any/key", PAGE, "PUT", "content-type, X-Amz-Date").await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let headers = answer.headers();
    assert_eq!(headers["access-control-allow-origin"], PAGE);
    assert_eq!(headers["access-control-allow-methods"], "GET, PUT, HEAD, POST");
    assert_eq!(headers["access-control-allow-headers"], "content-type, x-amz-date");
    assert_eq!(headers["access-control-expose-headers"], "ETag, x-amz-request-id");
    assert_eq!(headers["access-control-max-age"], "3000");
    assert!(headers["vary"].to_str().expect("text").contains("Origin"));
    for (path, origin, method, wanted) in [
        ("/private/k", "https://evil.example.com", "PUT", ""),
        ("/private/k", PAGE, "DELETE", ""),
        ("/private/k", PAGE, "PUT", "authorization"),
        ("/public/k", PAGE, "GET", ""),
        ("/none/k", PAGE, "GET", ""),
    ] {
        let answer = ask(path, origin, method, wanted).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path} {origin} {method} {wanted}");
        assert!(!answer.headers().contains_key("access-control-allow-origin"));
    }
    let bare = store.http.request(Method::OPTIONS, store.url("/private/k")).send().await.expect("an answer");
    assert_eq!(bare.status(), 400);
}

#[tokio::test]
async fn answers_and_errors_carry_what_the_rules_grant() {
    let store = Store::start().await;
    let put = store.client.put_object().bucket(BUCKET).key("k").presigned(for_seconds(60)).await.expect("a URL");
    let answer = store.http.put(put.uri()).header("origin", PAGE).body("x").send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["access-control-allow-origin"], PAGE);
    assert!(answer.headers().contains_key("etag"));
    let refused = store.http.put(store.url("/private/k")).header("origin", PAGE).body("x").send().await;
    let refused = refused.expect("an answer");
    assert_eq!(refused.status(), 403);
    assert_eq!(refused.headers()["access-control-allow-origin"], PAGE, "a page must be able to read the error");
    let malformed = store.http.get(store.url("/private/k?X-Amz-Algorithm=x")).header("origin", PAGE).send().await;
    assert_eq!(malformed.expect("an answer").headers()["access-control-allow-origin"], PAGE);
    let foreign = store.http.get(store.url("/private/k")).header("origin", "https://evil.example.com").send().await;
    let foreign = foreign.expect("an answer");
    assert!(!foreign.headers().contains_key("access-control-allow-origin"));
    assert!(foreign.headers().contains_key("vary"), "caches keep origins apart");
}
