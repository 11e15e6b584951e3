//! Presigned URLs, by a plain HTTP client, and every way in which they are refused.

use crate::support::{BUCKET, Store, client, error_of, for_seconds};
use aws_sdk_s3::presigning::PresigningConfig;
use std::time::{Duration, SystemTime};

fn signed_at(offset_seconds: i64, lives_seconds: u64) -> PresigningConfig {
    let offset = Duration::from_secs(offset_seconds.unsigned_abs());
    let at = if offset_seconds < 0 { SystemTime::now() - offset } else { SystemTime::now() + offset };
    let config = PresigningConfig::builder().start_time(at).expires_in(Duration::from_secs(lives_seconds));
    config.build().expect("a configuration")
}

async fn refused(store: &Store, url: &str) -> (u16, String, String) {
    let answer = store.http.get(url).send().await.expect("an answer");
    let status = answer.status().as_u16();
    assert!(answer.headers().contains_key("x-amz-request-id"));
    let (code, message) = error_of(&answer.text().await.expect("a body"));
    (status, code, message)
}

#[tokio::test]
async fn presigned_put_and_get_work_without_credentials() {
    let store = Store::start().await;
    for key in ["p q+ü", "a/b c/d", "..", "x=y&z", "a//b", "(par)'!*"] {
        let put = store.client.put_object().bucket(BUCKET).key(key).presigned(for_seconds(60)).await.expect("a URL");
        let answer = store.http.put(put.uri()).body("hello").send().await.expect("an answer");
        if key == ".." {
            // An HTTP client resolves the dots before it sends; the store then sees another path and refuses it.
            assert_eq!(answer.status(), 403);
            continue;
        }
        assert_eq!(answer.status(), 200, "{key}");
        assert_eq!(answer.headers()["etag"], "\"5d41402abc4b2a76b9719d911017c592\"");
        let get = store.client.get_object().bucket(BUCKET).key(key).presigned(for_seconds(60)).await.expect("a URL");
        let answer = store.http.get(get.uri()).header("range", "bytes=1-2").send().await.expect("an answer");
        assert_eq!(answer.status(), 206);
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers()["accept-ranges"], "bytes");
        assert_eq!(answer.text().await.expect("a body"), "el");
    }
}

#[tokio::test]
async fn answers_can_be_overridden_in_the_signed_query() {
    let store = Store::start().await;
    store.put("o", "x").await;
    let get = store.client.get_object().bucket(BUCKET).key("o");
    let get = get.response_content_disposition("attachment; filename=\"a b.mp4\"").response_content_type("text/plain");
    let get = get.response_cache_control("no-store").presigned(for_seconds(60)).await.expect("a URL");
    let answer = store.http.get(get.uri()).send().await.expect("an answer");
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"a b.mp4\"");
    assert_eq!(answer.headers()["content-type"], "text/plain");
    assert_eq!(answer.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn expired_and_untimely_urls_are_refused_as_by_aws() {
    let store = Store::start().await;
    store.put("e", "x").await;
    let url = async |config| {
        store.client.get_object().bucket(BUCKET).key("e").presigned(config).await.expect("a URL").uri().to_owned()
    };
    let expired = url(signed_at(-120, 60)).await;
    let answer = store.http.get(&expired).send().await.expect("an answer");
    assert_eq!(answer.status(), 403);
    let body = answer.text().await.expect("a body");
    assert!(body.contains("<Message>Request has expired</Message>"), "{body}");
    assert_eq!(error_of(&body).0, "AccessDenied");
    let early = refused(&store, &url(signed_at(3_600, 60)).await).await;
    assert_eq!((early.0, early.1.as_str()), (403, "AccessDenied"));
    let soon = url(signed_at(600, 60)).await;
    assert_eq!(store.http.get(soon).send().await.expect("an answer").status(), 200, "ten minutes of skew are allowed");
    let fine = url(for_seconds(604_800)).await;
    assert_eq!(store.http.get(&fine).send().await.expect("an answer").status(), 200);
    for expires in ["0", "-5", "604801", "soon", ""] {
        let url = fine.replace("X-Amz-Expires=604800", &format!("X-Amz-Expires={expires}"));
        let answer = refused(&store, &url).await;
        assert_eq!((answer.0, answer.1.as_str()), (400, "AuthorizationQueryParametersError"), "{expires}");
    }
    let bare = refused(&store, &fine.replace("X-Amz-Date", "X-Amz-Dat")).await;
    assert_eq!((bare.0, bare.1.as_str()), (400, "AuthorizationQueryParametersError"));
    let region = refused(&store, &fine.replace("eu-central-1", "eu-west-1")).await;
    assert_eq!((region.0, region.1.as_str()), (400, "AuthorizationQueryParametersError"));
}

#[tokio::test]
async fn tampered_urls_and_foreign_keys_are_refused() {
    let store = Store::start().await;
    store.put("t", "x").await;
    store.put("u", "x").await;
    let sign = async |c: &aws_sdk_s3::Client| {
        c.get_object().bucket(BUCKET).key("t").presigned(for_seconds(60)).await.expect("a URL").uri().to_owned()
    };
    let good = sign(&store.client).await;
    let other_key = refused(&store, &good.replace("/private/t", "/private/u")).await;
    assert_eq!((other_key.0, other_key.1.as_str()), (403, "SignatureDoesNotMatch"));
    let longer = refused(&store, &good.replace("X-Amz-Expires=60", "X-Amz-Expires=61")).await;
    assert_eq!((longer.0, longer.1.as_str()), (403, "SignatureDoesNotMatch"));
    let wrong_secret = sign(&client(&store.url(""), "wrong")).await;
    let wrong_secret = refused(&store, &wrong_secret).await;
    assert_eq!((wrong_secret.0, wrong_secret.1.as_str()), (403, "SignatureDoesNotMatch"));
    let unknown = refused(&store, &good.replace("AKIDTESTTESTTEST", "AKIDUNKNOWN")).await;
    assert_eq!((unknown.0, unknown.1.as_str()), (403, "InvalidAccessKeyId"));
    let method = store.http.put(&good).body("x").send().await.expect("an answer");
    assert_eq!(method.status(), 403, "a URL to read does not write");
    let both = store.http.get(&good).header("authorization", "AWS4-HMAC-SHA256 x").send().await.expect("an answer");
    assert_eq!(both.status(), 400);
    let old = store.http.get(store.url("/private/t?AWSAccessKeyId=a&Signature=b&Expires=9")).send().await;
    assert_eq!(old.expect("an answer").status(), 400, "signatures of version 2 are not accepted");
    let token = refused(&store, &format!("{good}&X-Amz-Security-Token=abc")).await;
    assert_eq!(token.0, 403, "a token that was not signed breaks the signature");
}

#[tokio::test]
async fn signed_headers_bind_what_is_sent() {
    let store = Store::start().await;
    let put = store.client.put_object().bucket(BUCKET).key("h").content_type("video/mp4").content_length(5);
    let put = put.presigned(for_seconds(60)).await.expect("a URL");
    assert!(put.uri().contains("content-length"), "the length is signed: {}", put.uri());
    let send = |kind: Option<&'static str>, body: &'static str| {
        let request = store.http.put(put.uri()).body(body);
        match kind {
            Some(kind) => request.header("content-type", kind),
            None => request,
        }
        .send()
    };
    assert_eq!(send(Some("video/mp4"), "hello").await.expect("an answer").status(), 200);
    for (kind, body) in [(Some("text/html"), "hello"), (None, "hello"), (Some("video/mp4"), "hello!")] {
        let answer = send(kind, body).await.expect("an answer");
        assert_eq!(answer.status(), 403, "{kind:?} {body}");
        let (code, _) = error_of(&answer.text().await.expect("a body"));
        assert_eq!(code, "SignatureDoesNotMatch", "{kind:?} {body}");
    }
    let smuggled = store.http.put(put.uri()).body("hello").header("content-type", "video/mp4");
    let smuggled = smuggled.header("x-amz-meta-a", "1").send().await.expect("an answer");
    assert_eq!(smuggled.status(), 403, "x-amz headers must be signed");
    assert_eq!(error_of(&smuggled.text().await.expect("a body")).0, "AccessDenied");
}

#[tokio::test]
async fn a_refusal_reaches_a_client_that_is_still_sending() {
    let store = Store::start().await;
    let put = store.client.put_object().bucket(BUCKET).key("k").presigned(signed_at(-120, 60)).await.expect("a URL");
    for _ in 0..5 {
        let body = crate::support::pattern(16 * crate::support::MIB, 1);
        let answer = store.http.put(put.uri()).body(body).send().await.expect("an answer, not a reset");
        assert_eq!(answer.status(), 403);
        assert!(answer.text().await.expect("a body").contains("<Message>Request has expired</Message>"));
    }
}
