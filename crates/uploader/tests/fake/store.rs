//! The store: takes parts by URL, and nothing else.

use std::collections::HashMap;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::put;
use domain::PartNumber;

use super::{Fault, Shared, api};

/// As large as the largest part of a test.
const MAX_PART_BYTES: usize = 64 << 20;

pub(crate) fn routes() -> Router<Shared> {
    Router::new().route("/store/{id}/{role}/{number}", put(take))
}

pub(crate) fn expired() -> Response<Body> {
    let xml = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
    (StatusCode::FORBIDDEN, xml).into_response()
}

fn no_such_upload() -> Response<Body> {
    let xml = "<Error><Code>NoSuchUpload</Code><Message>The upload does not exist</Message></Error>";
    (StatusCode::NOT_FOUND, xml).into_response()
}

async fn take(
    State(shared): State<Shared>,
    Path((id, role, number)): Path<(String, String, u16)>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Response<Body> {
    let signature: u64 = query["X-Amz-Signature"].parse().unwrap();
    let headers = request.headers().clone();
    assert!(!headers.contains_key("authorization"), "the token must not reach the store");
    assert_eq!(headers["x-test"], "as given");
    let is_lost = matches!(request.extensions().get(), Some(Fault::Lose));
    let length: u64 = headers["content-length"].to_str().unwrap().parse().unwrap();
    {
        let mut facts = shared.facts();
        if signature <= facts.expired_up_to {
            return expired();
        }
        facts.puts_now += 1;
        facts.most_puts = facts.most_puts.max(facts.puts_now);
    }
    let body = axum::body::to_bytes(request.into_body(), MAX_PART_BYTES).await;
    let mut facts = shared.facts();
    facts.puts_now -= 1;
    let Ok(body) = body else { return (StatusCode::BAD_REQUEST, "cut off").into_response() };
    let Some(asset) = facts.assets.get_mut(&id) else { return no_such_upload() };
    let file = asset.files.get_mut(&role).unwrap();
    let planned = api::plan(file).length_of(PartNumber::new(u64::from(number)).unwrap()).unwrap().get();
    assert_eq!((length, body.len() as u64), (planned, planned), "part {number} has another length than planned");
    if !is_lost {
        file.parts.insert(number, body);
    }
    facts.taken.push((id, role, number));
    (StatusCode::OK, [("etag", "\"e\"")], "").into_response()
}
