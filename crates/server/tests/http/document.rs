//! The OpenAPI document against the router, and against itself.

use std::collections::BTreeSet;

use axum::body::Body;
use domain::{AssetId, Timestamp};
use http::{Method, Request};
use serde_json::{Value, json};
use server::auth::WatchGrant;

use crate::house::House;

fn document() -> Value {
    serde_json::to_value(server::http::openapi()).unwrap()
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "put", "post", "patch", "delete"] {
            if let Some(operation) = item.get(method) {
                found.push((method.to_uppercase(), path.clone(), operation.clone()));
            }
        }
    }
    found
}

#[test]
fn the_document_is_the_same_every_time() {
    let texts = [(); 2].map(|()| serde_json::to_string_pretty(&server::http::openapi()).unwrap());
    assert_eq!(texts[0], texts[1]);
    assert_eq!(document()["openapi"], "3.1.0");
}

#[test]
fn every_operation_is_named_after_its_handler_and_explained() {
    let document = document();
    let handlers: BTreeSet<_> = [
        "accept_restore",
        "announce_file",
        "audit",
        "complete_asset",
        "create_asset",
        "create_capability",
        "create_grant",
        "create_login_link",
        "create_session",
        "delete_asset",
        "delete_session",
        "docs",
        "docs_file",
        "erase_owner",
        "file_url",
        "find_any_asset",
        "find_asset",
        "find_session",
        "find_usage",
        "follow_events",
        "follow_grant",
        "grant_parts",
        "healthz",
        "home",
        "list_assets",
        "list_collections",
        "list_parts",
        "openapi_json",
        "overview",
        "patch_asset",
        "prometheus_metrics",
        "readyz",
        "reap",
        "reconcile",
        "redirect_to_file",
        "scrub",
        "show_grant",
        "uppy_abort",
        "uppy_abort_by_capability",
        "uppy_complete",
        "uppy_complete_by_capability",
        "uppy_create",
        "uppy_create_by_capability",
        "uppy_list_parts",
        "uppy_list_parts_by_capability",
        "uppy_params",
        "uppy_params_by_capability",
        "uppy_sign",
        "uppy_sign_by_capability",
        "uppy_sign_part",
        "uppy_sign_part_by_capability",
        "uppy_sign_parts",
        "uppy_sign_parts_by_capability",
        "uppy_sts",
        "uppy_sts_by_capability",
        "uppy_form_by_capability",
        "uppy_s3_abort_by_capability",
        "uppy_s3_complete_by_capability",
        "uppy_s3_create_by_capability",
        "uppy_s3_list_by_capability",
        "survey_assets",
        "web_config",
        "withdraw_file",
    ]
    .into();
    let operations = operations(&document);
    let ids: Vec<_> = operations.iter().map(|(_, _, operation)| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.iter().copied().collect::<BTreeSet<_>>(), handlers);
    assert_eq!(ids.len(), handlers.len(), "each once");
    for (method, path, operation) in &operations {
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{method} {path}: one tag");
        let open = operation.get("security") == Some(&json!([])) || operation.get("security") == Some(&json!([{}]));
        let signs = path == "/v1/session" && method != "GET";
        let known = path.starts_with("/v1/") || path.starts_with("/uppy/");
        assert_eq!(open, signs || !known, "{method} {path}: {:?}", operation.get("security"));
    }
}

#[test]
fn every_parameter_and_body_is_described() {
    for (method, path, operation) in operations(&document()) {
        let named: BTreeSet<_> = path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}')).collect();
        let none = Vec::new();
        let parameters = operation["parameters"].as_array().unwrap_or(&none);
        let in_path: BTreeSet<_> =
            parameters.iter().filter(|p| p["in"] == "path").map(|p| p["name"].as_str().unwrap()).collect();
        assert_eq!(in_path, named, "{method} {path}");
        for parameter in parameters {
            assert!(parameter["description"].as_str().is_some_and(|text| !text.is_empty()), "{path}: {parameter}");
        }
        let takes_body = matches!(method.as_str(), "POST" | "PUT" | "PATCH");
        assert_eq!(operation.get("requestBody").is_some(), takes_body, "{method} {path}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn the_router_has_every_documented_operation() {
    let house = House::new();
    // A link that was made here and has ended is told from a path that leads nowhere.
    let ended = WatchGrant {
        asset: AssetId::new(Timestamp::UNIX_EPOCH, &[0; 10]),
        shard: None,
        ends_at: Timestamp::UNIX_EPOCH,
    };
    let ended = house.authenticator.mint_watch_grant(&ended);
    for (method, path, _) in operations(&document()) {
        let path = path.replace("{collection}", "videos").replace("{id}", "ast_0").replace("{role}", "video");
        let path = path.replace("{file}", "index.html").replace("{token}", &ended);
        let request =
            Request::builder().method(method.parse::<Method>().unwrap()).uri(&path).body(Body::empty()).unwrap();
        let answer = house.send(request).await;
        // Whatever needs a token asks for it only where there is a route.
        let asks = path.starts_with("/v1/") || path.starts_with("/uppy/") || path.starts_with("/c/");
        let open = !asks || (path == "/v1/session" && method != "GET");
        let expected = if open { answer.status.as_u16() } else { 401 };
        assert_eq!(answer.status.as_u16(), expected, "{method} {path}");
        assert!(!matches!(answer.status.as_u16(), 404 | 405), "{method} {path}");
    }
}

#[tokio::test]
async fn openapi_json_is_the_document() {
    let house = House::new();
    assert_eq!(house.get("/openapi.json").await.expect(200).body, document());
}
