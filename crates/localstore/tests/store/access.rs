//! Who may what: anonymous requests, and header signatures.

use crate::support::{BUCKET, PUBLIC, Store, client, error_of, refusal};

#[tokio::test]
async fn anonymous_requests_read_public_objects_and_nothing_else() {
    let store = Store::start().await;
    let put = store.client.put_object().bucket(PUBLIC).key("o").content_type("text/html").body(b"hi".to_vec().into());
    put.send().await.expect("a put");
    store.put("o", "secret").await;
    let got = store.http.get(store.url("/public/o")).send().await.expect("an answer");
    assert_eq!(got.status(), 200);
    assert_eq!(got.headers()["x-content-type-options"], "nosniff");
    assert_eq!(got.text().await.expect("a body"), "hi");
    assert_eq!(store.http.head(store.url("/public/o")).send().await.expect("an answer").status(), 200);
    assert_eq!(store.http.get(store.url("/public/none")).send().await.expect("an answer").status(), 404);
    let denied = async |request: reqwest::RequestBuilder| {
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.text().await.expect("a body"))
    };
    for path in [
        "/public/",
        "/public",
        "/public?list-type=2",
        "/public?versions",
        "/public?uploads",
        "/public?location",
        "/public?cors",
        "/public?policy",
        "/public/o?tagging",
        "/public/o?attributes",
        "/public/o?acl",
        "/public/o?uploadId=1",
        "/public/o?versionId=null",
        "/",
    ] {
        let (status, body) = denied(store.http.get(store.url(path))).await;
        assert_eq!(status, 403, "{path}: {body}");
    }
    assert_eq!(denied(store.http.put(store.url("/public/new")).body("x")).await.0, 403);
    assert_eq!(denied(store.http.delete(store.url("/public/o"))).await.0, 403);
    assert_eq!(denied(store.http.post(store.url("/public?delete")).body("<Delete/>")).await.0, 403);
    assert_eq!(denied(store.http.post(store.url("/public/o?uploads"))).await.0, 403);
    assert_eq!(denied(store.http.get(store.url("/public/o?response-content-type=text/plain"))).await.0, 400);
    for path in ["/private/o", "/private/none", "/no-such-bucket/none"] {
        let (status, body) = denied(store.http.get(store.url(path))).await;
        let (code, message) = error_of(&body);
        let told = (status, code.as_str(), message.as_str());
        assert_eq!(told, (403, "AccessDenied", "Access Denied"), "no telling what is there: {path}");
    }
    assert_eq!(store.http.head(store.url("/private/o")).send().await.expect("an answer").status(), 403);
}

#[tokio::test]
async fn header_signatures_are_refused_with_the_codes_of_aws() {
    let store = Store::start().await;
    store.put("k", "x").await;
    let wrong = client(&store.url(""), "wrong").get_object().bucket(BUCKET).key("k").send().await;
    assert_eq!(refusal(wrong), (403, "SignatureDoesNotMatch".into()));
    let get = || store.http.get(store.url("/private/k")).header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    let authorization = |key: &str, date: &str, region: &str, signed: &str| {
        format!(
            "AWS4-HMAC-SHA256 Credential={key}/{}/{region}/s3/aws4_request, SignedHeaders={signed}, Signature={}",
            &date[..8],
            "0".repeat(64)
        )
    };
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let late = (jiff::Timestamp::now() - jiff::SignedDuration::from_mins(16)).strftime("%Y%m%dT%H%M%SZ").to_string();
    let all = "host;x-amz-content-sha256;x-amz-date";
    let known = "AKIDTESTTESTTEST";
    for (date, value, expected) in [
        (&now, authorization(known, &now, "eu-central-1", all), (403, "SignatureDoesNotMatch")),
        (&now, authorization("AKIDOTHER", &now, "eu-central-1", all), (403, "InvalidAccessKeyId")),
        (&late, authorization(known, &late, "eu-central-1", all), (403, "RequestTimeTooSkewed")),
        (&now, authorization(known, &now, "us-east-1", all), (400, "AuthorizationHeaderMalformed")),
        (&now, authorization(known, &now, "eu-central-1", "x-amz-date"), (400, "AuthorizationHeaderMalformed")),
        (&now, "AWS4-HMAC-SHA256 nonsense".to_owned(), (400, "AuthorizationHeaderMalformed")),
        (&now, "Bearer abc".to_owned(), (400, "InvalidArgument")),
        (&now, "AWS key:signature".to_owned(), (400, "InvalidRequest")),
    ] {
        let answer = get().header("x-amz-date", date).header("authorization", &value).send().await.expect("an answer");
        let status = answer.status().as_u16();
        let (code, _) = error_of(&answer.text().await.expect("a body"));
        assert_eq!((status, code.as_str()), expected, "{value}");
    }
    let undated = get().header("authorization", authorization(known, &now, "eu-central-1", all)).send().await;
    assert_eq!(undated.expect("an answer").status(), 403);
}
