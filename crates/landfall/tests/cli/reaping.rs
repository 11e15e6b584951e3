//! `reap`: through the running server, and without one.

use std::fs;
use std::path::Path;

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::process::{Running, json, run};

/// Later than every deadline that a test can set.
const LATER: &str = "2100-01-01T00:00:00Z";

fn reap(home: &Path, more: &[&str]) -> Value {
    json(home, &[&["reap", "--data", "data", "--json"], more].concat())
}

async fn abandon(server: &Running, token: &str) -> String {
    let file = json!({"file_name": "a.png", "size": 1000, "content_type": "image/png"});
    let request = Client::new().post(format!("{}/v1/images", server.api())).bearer_auth(token);
    let created = request.json(&json!({"title": "A picture", "files": {"image": file}})).send().await.unwrap();
    assert_eq!(created.status(), StatusCode::CREATED);
    created.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_was_abandoned_goes_with_and_without_a_server() {
    let home = tempfile::tempdir().unwrap();
    let server = Running::serve(home.path(), &[]);
    let token = json(home.path(), &["token", "--data", "data", "--owner", "42", "--json"]);
    let token = token["token"].as_str().unwrap();
    let first = abandon(&server, token).await;
    assert_eq!(reap(home.path(), &[])["expired"], 0, "it is not due");
    let rehearsed = reap(home.path(), &["--now", LATER, "--dry-run"]);
    assert_eq!((&rehearsed["expired"], &rehearsed["dry_run"]), (&json!(1), &json!(true)));
    assert_eq!(reap(home.path(), &["--now", LATER])["expired"], 1);
    let gone = |server: &Running, id: &str| {
        Client::new().get(format!("{}/v1/images/{id}", server.api())).bearer_auth(token).send()
    };
    assert_eq!(gone(&server, &first).await.unwrap().status(), StatusCode::GONE);
    let second = abandon(&server, token).await;
    server.stop();
    let offline = reap(home.path(), &["--now", LATER]);
    assert_eq!(offline["expired"], 1, "{offline}");
    let server = Running::serve(home.path(), &[]);
    assert_eq!(gone(&server, &second).await.unwrap().status(), StatusCode::GONE);
    server.stop();
}

#[test]
fn another_time_is_refused_where_the_store_is_shared() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("landfall.toml"), "[store]\nkind = \"s3\"\nendpoint = \"http://127.0.0.1:1\"").unwrap();
    let said = run(home.path(), &["reap", "--config", "landfall.toml", "--data", "data", "--now", LATER]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("hint: leave --now out"), "{said:?}");
    assert_eq!(run(home.path(), &["reap", "--data", "data", "--now", "tomorrow"]).code, 2);
}
