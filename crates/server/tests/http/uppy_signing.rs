//! `POST /s3/sign` and what its URLs lead to: Uppy 6 with `signRequest`, which speaks S3's XML.

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::house::{Answer, House, mp4};
use crate::uppy::{bare, door, house, put};

/// Asks for a URL, as a text without a type of its own.
async fn sign(house: &House, door: &str, body: Value) -> Answer {
    let request = Request::builder().method(Method::POST).uri(format!("{door}/s3/sign"));
    let request = request.header("content-type", "text/plain;charset=UTF-8");
    house.send(request.body(Body::from(body.to_string())).unwrap()).await
}

/// Follows a URL of ours.
async fn follow(house: &House, method: Method, url: &Value, content_type: &str, body: &str) -> (u16, String, String) {
    let path = url.as_str().unwrap().strip_prefix("http://api.test").expect("a URL of ours").to_owned();
    let request = Request::builder().method(method).uri(path).header("content-type", content_type);
    let answer = house.send(request.body(Body::from(body.to_owned())).unwrap()).await;
    let content_type = answer.header("content-type").to_owned();
    (answer.status.as_u16(), content_type, String::from_utf8(answer.raw.to_vec()).unwrap())
}

fn between<'a>(text: &'a str, element: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("<{element}>")).unwrap_or_else(|| panic!("no {element} in {text}"));
    rest.split_once(&format!("</{element}>")).unwrap().0
}

#[tokio::test]
async fn uppy_sign_leads_through_a_whole_upload() {
    let house = house();
    let door = door(&house, "videos", Value::Null).await;
    let key = "123e4567-e89b-42d3-a456-426614174000-휴가 & <🎬>.mp4";
    let begin = sign(&house, &door, json!({"method": "POST", "key": key})).await.expect(200).body;
    assert_eq!(begin["key"], key);
    let (status, kind, begun) = follow(&house, Method::POST, &begin["url"], "video/mp4", "").await;
    assert_eq!((status, kind.as_str()), (200, "application/xml"), "{begun}");
    let id = between(&begun, "UploadId").to_owned();
    assert!(between(&begun, "Key").contains("휴가 &amp; &lt;🎬&gt;.mp4"));

    let part = json!({"method": "PUT", "key": key, "uploadId": id, "partNumber": 1});
    let part = sign(&house, &door, part).await.expect(200).body;
    assert!(part["url"].as_str().unwrap().starts_with("http://store.test/private/"), "parts go to the store");
    let etag = put(&house, &id, 1, mp4(1000)).await;

    let about = |method: &str| json!({"method": method, "key": key, "uploadId": id});
    let list = sign(&house, &door, about("GET")).await.expect(200).body;
    let (_, _, listed) = follow(&house, Method::GET, &list["url"], "", "").await;
    assert_eq!(between(&listed, "PartNumber"), "1");
    assert_eq!(between(&listed, "ETag"), format!("&quot;{etag}&quot;"));

    let done = sign(&house, &door, about("POST")).await.expect(200).body;
    let claim = |etag: &str| {
        format!(
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
        )
    };
    let (status, kind, wrong) = follow(&house, Method::POST, &done["url"], "application/xml", &claim("other")).await;
    assert_eq!((status, kind.as_str(), between(&wrong, "Code")), (409, "application/xml", "InvalidPart"));
    assert!(!between(&wrong, "Message").is_empty() && !between(&wrong, "RequestId").is_empty());
    let (status, _, made) = follow(&house, Method::POST, &done["url"], "application/xml", &claim(&etag)).await;
    assert_eq!(status, 200, "{made}");
    let asset = house.get(&format!("/v1/videos/{}", between(&made, "Key"))).await.expect(200).body;
    assert_eq!(
        (&asset["status"], &asset["files"]["video"]["file_name"]),
        (&json!("CREATED"), &json!("휴가 & <🎬>.mp4"))
    );
    assert!(between(&made, "Location").starts_with("http://api.test/v1/videos/ast_"));

    let abort = sign(&house, &door, about("DELETE")).await.expect(200).body;
    let (status, _, _) = follow(&house, Method::DELETE, &abort["url"], "", "").await;
    assert_eq!(status, 204);
    assert_eq!(house.bucket(), (1, 0), "what is published stays");
}

#[tokio::test]
async fn uppy_sign_gives_a_part_for_a_whole_file() {
    let house = house();
    let door = door(&house, "images", Value::Null).await;
    let body = json!({"method": "PUT", "key": "a.png", "contentType": "image/png"});
    let signed = sign(&house, &door, body).await.expect(200).body;
    assert!(signed["url"].as_str().unwrap().contains("partNumber=1&"), "no URL creates an object");
    let asset = house.get(&format!("/v1/images/{}", signed["key"].as_str().unwrap())).await.expect(200).body;
    assert_eq!(asset["files"]["image"]["file_name"], "a.png");
}

#[tokio::test]
async fn uppy_sign_by_header_gives_addresses_that_end_soon() {
    let house = house();
    let body = json!({"method": "POST", "key": "a.mp4"});
    let request = crate::house::with_json(house.request(Method::POST, "/uppy/s3/sign?metadata%5Btitle%5D=T"), &body);
    let signed = house.send(request).await.expect(200).body;
    let (status, _, begun) = follow(&house, Method::POST, &signed["url"], "video/mp4", "").await;
    assert_eq!(status, 200, "{begun}");
    house.clock.advance(domain::TimeSpan::from_mins(15));
    let (status, kind, ended) = follow(&house, Method::POST, &signed["url"], "video/mp4", "").await;
    assert_eq!((status, kind.as_str(), between(&ended, "Code")), (401, "application/xml", "AccessDenied"));
    assert!(!ended.contains("cap_"), "{ended}");
    let sts = bare(&house, Method::GET, "/uppy/s3/sts", Value::Null).await;
    assert_eq!(sts.status.as_u16(), 401);
}
