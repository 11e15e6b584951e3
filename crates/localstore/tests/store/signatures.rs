//! Signatures that are almost right, and what every refusal says.

use crate::signing::{Signer, signed};
use crate::support::{BUCKET, PUBLIC, Store, for_seconds};

/// Status, code and message of a refusal whose body is as AWS writes it: with the ids of its headers.
async fn refused(answer: reqwest::Response) -> (u16, String, String) {
    let status = answer.status().as_u16();
    let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    let (request, host) = (header("x-amz-request-id"), header("x-amz-id-2"));
    assert_eq!(header("content-type"), "application/xml");
    let text = answer.text().await.expect("a body");
    let of = |tag: &str| {
        let inside = text.split_once(&format!("<{tag}>")).and_then(|(_, rest)| rest.split_once(&format!("</{tag}>")));
        inside.map(|(inside, _)| inside.to_owned()).unwrap_or_default()
    };
    assert_eq!((of("RequestId"), of("HostId")), (request, host), "{text}");
    assert!(!of("Message").is_empty(), "{text}");
    assert!(!of("Resource").is_empty(), "{text}");
    (status, of("Code"), of("Message"))
}

async fn told(request: reqwest::RequestBuilder) -> (u16, String) {
    let (status, code, _) = refused(request.send().await.expect("an answer")).await;
    (status, code)
}

fn mismatch() -> (u16, String) {
    (403, "SignatureDoesNotMatch".to_owned())
}

#[tokio::test]
async fn a_url_that_is_almost_the_signed_one_is_refused() {
    let store = Store::start().await;
    store.put("e", "x").await;
    let url = store.client.get_object().bucket(BUCKET).key("e").presigned(for_seconds(60)).await.expect("a URL");
    let url = url.uri().to_owned();
    let signature = url.split("X-Amz-Signature=").nth(1).expect("a signature")[..64].to_owned();
    assert_eq!(store.http.get(&url).send().await.expect("an answer").status(), 200);
    for name in
        ["X-Amz-Signature", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Date", "X-Amz-Expires"]
    {
        for escaped in [name.replacen('-', "%2D", 1), name.replacen('A', "%41", 1)] {
            let other = url.replace(&format!("{name}="), &format!("{escaped}="));
            assert_ne!(other, url);
            assert_eq!(told(store.http.get(&other)).await, mismatch(), "{escaped}");
        }
        let again = url.split('&').find_map(|pair| pair.split(&format!("{name}=")).nth(1)).expect("a value");
        assert_eq!(told(store.http.get(format!("{url}&{name}={again}"))).await, mismatch(), "{name} twice");
        assert_eq!(told(store.http.get(format!("{url}&{name}=x"))).await, mismatch(), "{name} twice");
    }
    for bad in [signature.to_uppercase(), signature[..63].to_owned(), signature[..32].to_owned(), "0".repeat(64)] {
        assert_eq!(told(store.http.get(url.replace(&signature, &bad))).await, mismatch(), "{bad}");
    }
    assert_eq!(told(store.http.get(url.replace(&signature, ""))).await, mismatch());
    assert_eq!(told(store.http.get(url.replace(&signature, &format!("{signature}0")))).await, mismatch());
}

#[tokio::test]
async fn a_public_object_is_no_way_around_a_signature() {
    let store = Store::start().await;
    store.client.put_object().bucket(PUBLIC).key("o").body(Vec::from("x").into()).send().await.expect("a put");
    let object = store.url("/public/o");
    assert_eq!(store.http.get(&object).send().await.expect("an answer").status(), 200);
    for query in ["response%2Dcontent-type=text/html", "version%49d=null", "response+content-type=a"] {
        let (status, code) = told(store.http.get(format!("{object}?{query}"))).await;
        assert_eq!((status, code.as_str()), (403, "AccessDenied"), "{query}");
    }
    let twice = signed(&store, "GET", "/public/o", "", &[], Vec::new()).header("authorization", "AWS4-HMAC-SHA256 x");
    assert_eq!(told(twice).await, (400, "InvalidArgument".into()));
    let escaped = format!("{object}?X%2DAmz-Signature={}", "0".repeat(64));
    assert_eq!(told(store.http.get(escaped)).await, mismatch());
}

#[tokio::test]
async fn a_header_that_is_almost_the_signed_one_is_refused() {
    let store = Store::start().await;
    store.put("k", "x").await;
    let request = || signed(&store, "GET", "/private/k", "", &[], Vec::new()).build().expect("a request");
    assert_eq!(store.http.execute(request()).await.expect("an answer").status(), 200);
    let changed = async |change: &dyn Fn(&str) -> String| {
        let mut request = request();
        let old = request.headers()["authorization"].to_str().expect("text").to_owned();
        request.headers_mut().insert("authorization", change(&old).parse().expect("a value"));
        let (status, code, _) = refused(store.http.execute(request).await.expect("an answer")).await;
        (status, code)
    };
    let upper = |old: &str| {
        let (before, signature) = old.split_once("Signature=").expect("a signature");
        format!("{before}Signature={}", signature.to_uppercase())
    };
    assert_eq!(changed(&upper).await, mismatch());
    assert_eq!(changed(&|old| old[..old.len() - 1].to_owned()).await, mismatch());
    let malformed = (400, "AuthorizationHeaderMalformed".to_owned());
    assert_eq!(changed(&|old| format!("{old}, Signature={}", "0".repeat(64))).await, malformed);
    assert_eq!(changed(&|old| old.replace("SignedHeaders=", "Signed=")).await, malformed);
    for name in ["x-amz-date", "x-amz-content-sha256"] {
        let mut twice = request();
        let value = twice.headers()[name].clone();
        twice.headers_mut().append(name, value);
        let (status, code, _) = refused(store.http.execute(twice).await.expect("an answer")).await;
        assert_eq!((status, code), mismatch(), "{name} twice");
    }
}

#[tokio::test]
async fn a_request_may_be_dated_by_its_date_header() {
    let store = Store::start().await;
    store.put("k", "x").await;
    let send = async |date: String, signer: &Signer| {
        let payload = "UNSIGNED-PAYLOAD".to_owned();
        let headers = [
            ("host", store.server.address().to_string()),
            ("date", date.clone()),
            ("x-amz-content-sha256", payload.clone()),
        ];
        let made = signer.request("GET", "/private/k", "", &headers, &payload);
        let request = store.http.get(store.url("/private/k")).header("authorization", made.authorization);
        request.header("date", date).header("x-amz-content-sha256", payload).send().await.expect("an answer")
    };
    let signer = Signer::now();
    let now = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", &signer.date).expect("a date");
    for form in ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y", "%Y%m%dT%H%M%SZ"] {
        let answer = send(now.strftime(form).to_string(), &signer).await;
        assert_eq!(answer.status(), 200, "{form}: {}", answer.text().await.expect("a body"));
    }
    // What stands between the words is no part of what is signed, on any day of the month.
    let spread = now.strftime("%a  %b   %e %H:%M:%S  %Y").to_string();
    assert_ne!(send(spread, &signer).await.status(), 403);
    let (status, code, _) = refused(send("yesterday".to_owned(), &signer).await).await;
    assert_eq!((status, code.as_str()), (403, "AccessDenied"));
    let late = (now - jiff::SignedDuration::from_mins(16)).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let (status, code, _) = refused(send(late, &signer).await).await;
    assert_eq!((status, code.as_str()), (403, "RequestTimeTooSkewed"));
}

#[tokio::test]
async fn every_refusal_has_code_message_and_ids() {
    let store = Store::start().await;
    store.put("k", "x").await;
    let plain = |method: &str, path: &str| store.http.request(method.parse().expect("a method"), store.url(path));
    let ours = |method: &str, path: &str, query: &str| signed(&store, method, path, query, &[], Vec::new());
    for (request, expected) in [
        (plain("GET", "/"), (403, "AccessDenied")),
        (plain("OPTIONS", "/private/k"), (400, "BadRequest")),
        (ours("GET", "/private/none", ""), (404, "NoSuchKey")),
        (ours("GET", "/no-bucket/none", ""), (404, "NoSuchBucket")),
        (ours("PUT", "/No_Bucket", ""), (400, "InvalidBucketName")),
        (ours("PUT", &format!("/private/{}", "k".repeat(1_025)), ""), (400, "KeyTooLongError")),
        (ours("POST", "/private", "delete="), (400, "MissingRequestBodyError")),
        (signed(&store, "POST", "/private", "delete=", &[], b"<Delete>".to_vec()), (400, "MalformedXML")),
        (signed(&store, "PUT", "/private", "cors=", &[], b"cors".to_vec()), (400, "MalformedXML")),
        (ours("PATCH", "/private/k", ""), (501, "NotImplemented")),
    ] {
        let shown = format!("{request:?}");
        let (status, code) = told(request).await;
        assert_eq!((status, code.as_str()), expected, "{shown}");
    }
}
