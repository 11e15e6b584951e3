//! What problems look like, whole.

use axum::body::Body;
use http::Method;
use serde_json::{Value, json};
use server::store::memory::Failure;
use server::store::operation::Operation;

use crate::house::{Answer, House, film, mp4, poster, with_json};

async fn call(house: &House, method: Method, path: &str, body: Value) -> Answer {
    house.send(with_json(house.request(method, path).header("x-request-id", "test-1"), &body)).await
}

#[tokio::test]
async fn representative_problems() {
    let house = House::new();
    let path = house.create(json!({"video": film(12 << 20), "thumbnail": poster(100)})).await;
    house.send_file(&path, "video", &mp4(11 << 20)).await;
    let complete = format!("{path}/complete");
    insta::assert_json_snapshot!("upload_incomplete", call(&house, Method::POST, &complete, Value::Null).await.body);
    let body = json!({"title": "", "files": {"video": {"file_name": "a/b", "size": 0, "content_type": "text/html"}}});
    insta::assert_json_snapshot!("several_fields", call(&house, Method::POST, "/v1/videos", body).await.body);
    let body = json!({"title": "F", "files": {"video": {"file_name": "a", "size": -1, "content_type": "video/mp4"}}});
    insta::assert_json_snapshot!("one_field", call(&house, Method::POST, "/v1/videos", body).await.body);
    let body = json!({"title": "F", "files": {"poster": film(1)}});
    insta::assert_json_snapshot!("unknown_role", call(&house, Method::POST, "/v1/videos", body).await.body);
    let request = house.request(Method::POST, "/v1/videos").header("x-request-id", "test-1");
    let request = request.header("content-type", "application/json").body(Body::from("{\"title\": \n nope")).unwrap();
    insta::assert_json_snapshot!("invalid_json", house.send(request).await.body);
    insta::assert_json_snapshot!("not_found", call(&house, Method::GET, "/v1/videos/7", Value::Null).await.body);
    house.send_file(&path, "video", &[0; 12 << 20]).await;
    house.send_file(&path, "thumbnail", &[b'<'; 100]).await;
    insta::assert_json_snapshot!("upload_rejected", call(&house, Method::POST, &complete, Value::Null).await.body);
    call(&house, Method::DELETE, &path, Value::Null).await.expect(204);
    insta::assert_json_snapshot!("gone", call(&house, Method::GET, &path, Value::Null).await.body);
}

#[tokio::test]
async fn a_store_that_fails_is_not_quoted() {
    let house = House::new();
    house.store.fail_next(Operation::OpenUpload, Failure::Before);
    let body = json!({"title": "F", "files": {"video": film(1000)}});
    let answer = call(&house, Method::POST, "/v1/videos", body).await;
    assert_eq!(answer.header("retry-after"), "5");
    insta::assert_json_snapshot!("store_unavailable", answer.body);
}
