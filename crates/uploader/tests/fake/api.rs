//! The calls of API.md that an upload makes.

use std::collections::{BTreeMap, HashMap};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use data_encoding::BASE64;
use domain::{ByteCount, PartNumber, PartPlan, TimeSpan, Timestamp};
use serde_json::{Value, json};
use wire::{
    AssetBody, CompleteRequest, CreateRequest, FileBody, MissingParts, PartBody, PartPage, PartUrlBody, PartUrlsBody,
    PartUrlsRequest, Problem, RejectionBody, RequestedPart, UploadBody, WrongPartBody,
};

use super::{Facts, FakeAsset, FakeFile, Fault, Shared};

/// Small, so that every test pages.
const PARTS_PER_PAGE: usize = 2;
/// As many URLs as come with a new asset; few, so that every test asks for more.
const FIRST_URLS: usize = 3;

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/{collection}", post(create))
        .route("/v1/{collection}/{id}", get(show).delete(delete))
        .route("/v1/{collection}/{id}/complete", post(complete))
        .route("/v1/{collection}/{id}/files/{role}/part-urls", post(part_urls))
        .route("/v1/{collection}/{id}/files/{role}/parts", get(parts))
}

pub(crate) fn problem(status: u16, code: &str, detail: &str, with: impl FnOnce(&mut Problem)) -> Response<Body> {
    let code: wire::ErrorCode = serde_json::from_value(Value::from(code)).unwrap();
    let mut problem = Problem {
        kind: format!("/problems/{}", code.as_str()),
        title: code.title().to_owned(),
        status,
        detail: detail.to_owned(),
        instance: String::new(),
        code,
        message: detail.to_owned(),
        request_id: "req".to_owned(),
        uppy_request_id: None,
        retryable: code.is_retryable(),
        field: None,
        errors: Vec::new(),
        missing: None,
        wrong: None,
        role: None,
        reason: None,
        found: None,
    };
    with(&mut problem);
    let headers = [("content-type", "application/problem+json")];
    (StatusCode::from_u16(status).unwrap(), headers, serde_json::to_string(&problem).unwrap()).into_response()
}

fn gone() -> Response<Body> {
    problem(404, "not_found", "no such asset", |_| {})
}

fn ok(status: u16, body: &impl serde::Serialize) -> Response<Body> {
    (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
}

pub(crate) fn plan(file: &FakeFile) -> PartPlan {
    PartPlan::restore(ByteCount(file.size), ByteCount(file.part_size)).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the fake server has a clock of its own")]
fn in_an_hour() -> Timestamp {
    Timestamp::now() + TimeSpan::from_hours(1)
}

fn url(facts: &mut Facts, shared: &Shared, id: &str, role: &str, number: PartNumber) -> PartUrlBody {
    facts.urls_issued += 1;
    let file = &facts.assets[id].files[role];
    PartUrlBody {
        number: number.get(),
        size: plan(file).length_of(number).map(ByteCount::get),
        url: format!("http://{}/store/{id}/{role}/{number}?X-Amz-Signature={}", shared.address, facts.urls_issued),
        headers: BTreeMap::from([("x-test".to_owned(), "as given".to_owned())]),
        expires_at: in_an_hour(),
    }
}

fn body(facts: &FakeAsset, id: &str) -> AssetBody {
    let file = |(role, file): (&String, &FakeFile)| {
        let announced = &facts.request.files.0[role];
        let body = FileBody {
            file_name: announced.file_name.clone(),
            content_type: announced.content_type.clone(),
            size: Some(file.size),
            visibility: "private".to_owned(),
            checksum: announced.checksum.clone(),
            verified: Vec::new(),
            url: None,
            upload: (!facts.is_created && facts.looks_left.is_none()).then(|| UploadBody {
                part_size: file.part_size,
                part_count: plan(file).part_count(),
                size_limit: None,
                parts: Vec::new(),
            }),
            rejected: (facts.rejected.as_ref() == Some(role)).then(|| RejectionBody {
                code: "content_mismatch".to_owned(),
                detail: "not a video".to_owned(),
                found: None,
            }),
            replacement: None,
        };
        (role.clone(), body)
    };
    AssetBody {
        id: id.to_owned(),
        collection: "videos".to_owned(),
        owner: "42".to_owned(),
        status: if facts.is_created { "CREATED" } else { "UPLOADING" }.to_owned(),
        title: facts.title.clone(),
        description: String::new(),
        metadata: serde_json::Map::new(),
        fingerprint: facts.request.fingerprint.clone(),
        created_at: Timestamp::UNIX_EPOCH,
        published_at: None,
        expires_at: None,
        files: facts.files.iter().map(file).collect(),
    }
}

async fn create(State(shared): State<Shared>, headers: HeaderMap, body_text: String) -> Response<Body> {
    let request: CreateRequest = serde_json::from_str(&body_text).unwrap();
    let key = headers["Idempotency-Key"].to_str().unwrap().to_owned();
    assert_eq!(headers["Authorization"], "Bearer secret-token");
    let mut facts = shared.facts();
    let known = facts.keys.get(&key).cloned();
    let id = match known {
        Some((before, _)) if before != request => {
            return problem(422, "idempotency_key_reused", "another body", |_| {});
        }
        Some((_, id)) => id,
        None => {
            let count = facts.assets.len() as u8;
            let id = domain::AssetId::new(Timestamp::UNIX_EPOCH, &[count; 10]).to_string();
            let file = |size: Option<u64>| {
                let size = size.expect("this client declares sizes");
                let plan = PartPlan::with_preferred(ByteCount(size), domain::part_plan::MIN_PART).unwrap();
                FakeFile { size, part_size: plan.part_size().get(), parts: BTreeMap::new() }
            };
            let files = request.files.0.iter().map(|(role, announced)| (role.clone(), file(announced.size))).collect();
            let title = request.title.clone();
            let asset = FakeAsset {
                request: request.clone(),
                title,
                files,
                is_created: false,
                looks_left: None,
                rejected: None,
            };
            facts.assets.insert(id.clone(), asset);
            facts.keys.insert(key, (request, id.clone()));
            id
        }
    };
    let mut answer = body(&facts.assets[&id], &id);
    for (role, file) in &mut answer.files {
        let numbers = plan(&facts.assets[&id].files[role]).numbers().take(FIRST_URLS);
        if let Some(upload) = &mut file.upload {
            upload.parts = numbers.map(|number| url(&mut facts, &shared, &id, role, number)).collect();
        }
    }
    ok(201, &answer)
}

async fn show(State(shared): State<Shared>, Path((_, id)): Path<(String, String)>) -> Response<Body> {
    let mut facts = shared.facts();
    let Some(asset) = facts.assets.get_mut(&id) else { return gone() };
    if let Some(left) = &mut asset.looks_left {
        *left -= 1;
        if *left == 0 {
            asset.is_created = true;
        }
    }
    ok(200, &body(asset, &id))
}

async fn delete(State(shared): State<Shared>, Path((_, id)): Path<(String, String)>) -> StatusCode {
    shared.facts().assets.remove(&id);
    StatusCode::NO_CONTENT
}

async fn part_urls(
    State(shared): State<Shared>,
    Path((_, id, role)): Path<(String, String, String)>,
    body_text: String,
) -> Response<Body> {
    let request: PartUrlsRequest = serde_json::from_str(&body_text).unwrap();
    let mut facts = shared.facts();
    let Some(asset) = facts.assets.get(&id) else { return gone() };
    if asset.is_created {
        return problem(409, "upload_closed", "no more parts", |_| {});
    }
    let mut parts = Vec::new();
    for requested in request.numbers {
        let RequestedPart::Number(number) = requested else { panic!("no digests here") };
        let number = PartNumber::new(number).unwrap();
        parts.push(url(&mut facts, &shared, &id, &role, number));
    }
    ok(200, &PartUrlsBody { parts })
}

async fn parts(
    State(shared): State<Shared>,
    Path((_, id, role)): Path<(String, String, String)>,
    Query(query): Query<HashMap<String, String>>,
) -> Response<Body> {
    let facts = shared.facts();
    let Some(asset) = facts.assets.get(&id) else { return gone() };
    let after: u16 = query.get("cursor").map_or(0, |cursor| cursor.parse().unwrap());
    let mut rest = asset.files[&role].parts.iter().filter(|(number, _)| **number > after);
    let part = |(number, bytes): (&u16, &bytes::Bytes)| PartBody {
        number: *number,
        size: bytes.len() as u64,
        etag: "e".to_owned(),
    };
    let data: Vec<_> = rest.by_ref().take(PARTS_PER_PAGE).map(part).collect();
    let next_cursor = rest.next().and(data.last()).map(|last| last.number.to_string());
    ok(200, &PartPage { data, next_cursor })
}

async fn complete(
    State(shared): State<Shared>,
    Path((_, id)): Path<(String, String)>,
    request: Request,
) -> Response<Body> {
    let is_slow = matches!(request.extensions().get(), Some(Fault::Slow));
    let text = axum::body::to_bytes(request.into_body(), 4 << 20).await.unwrap();
    let request: CompleteRequest = serde_json::from_slice(&text).unwrap();
    let mut facts = shared.facts();
    let Some(asset) = facts.assets.get_mut(&id) else { return gone() };
    let (mut missing, mut wrong) = (Vec::new(), Vec::new());
    for (role, file) in &asset.files {
        let plan = plan(file);
        let absent: Vec<u16> =
            plan.numbers().map(|number| number.get()).filter(|number| !file.parts.contains_key(number)).collect();
        if !absent.is_empty() {
            missing.push(MissingParts { role: role.clone(), numbers: absent });
        }
        for (number, part) in &file.parts {
            let expected = plan.length_of(PartNumber::new(u64::from(*number)).unwrap()).unwrap().get();
            if expected != part.len() as u64 {
                let (expected, got) = (expected.to_string(), part.len().to_string());
                wrong.push(WrongPartBody { role: role.clone(), number: *number, expected, got });
            }
        }
    }
    if !missing.is_empty() || !wrong.is_empty() {
        return problem(409, "upload_incomplete", "parts are missing", |problem| {
            problem.missing = Some(missing);
            problem.wrong = Some(wrong);
        });
    }
    for (role, file) in &asset.files {
        let mut digest = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme);
        file.parts.values().for_each(|part| digest.update(part));
        let sum = BASE64.encode(&digest.finalize().to_be_bytes());
        let claimed = request.files.0[role].checksum.as_ref().and_then(|checksum| checksum.value.clone());
        if claimed.as_ref() != Some(&sum) {
            return problem(422, "upload_rejected", "the checksum differs", |problem| {
                problem.role = Some(role.clone());
                problem.reason = Some("checksum_mismatch".to_owned());
            });
        }
    }
    if let Some(title) = request.title {
        asset.title = title;
    }
    if is_slow {
        asset.looks_left = Some(3);
        return ok(202, &body(asset, &id));
    }
    asset.is_created = true;
    ok(200, &json!(body(asset, &id)))
}
