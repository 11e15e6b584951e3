//! What operators and other programs look at: health, metrics, the API's own description.

use serde_json::Value;

use crate::support::clock::{A_LEASE, until};
use crate::support::films;
use crate::support::server::Server;

async fn text(server: &Server, path: &str) -> (u16, String, String) {
    let answer = reqwest::get(format!("{}{path}", server.url)).await.expect("an answer");
    let kind = answer.headers()["content-type"].to_str().expect("a text").to_owned();
    (answer.status().as_u16(), kind, answer.text().await.expect("a body"))
}

/// The sum over all labels of the samples of this name whose labels contain all of these.
fn sum(metrics: &str, name: &str, labels: &[&str]) -> f64 {
    let samples = metrics.lines().filter(|line| {
        line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']))
            && labels.iter().all(|label| line.contains(label))
    });
    samples.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

#[tokio::test]
async fn health_and_readiness() {
    let server = Server::new().await;
    assert_eq!(text(&server, "/healthz").await.0, 200);
    let (status, _, ready) = text(&server, "/readyz").await;
    assert_eq!((status, ready.contains("ready")), (200, true), "{ready}");
}

#[tokio::test]
async fn metrics_count_what_happens() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let film = films::mp4(films::THREE_PARTS);
    let asset = api.send_all(&[("video", &film), ("thumbnail", &films::png())]).await;
    api.complete(&asset.id).await.expect(200);
    api.show("ast_unknown").await.problem(404, "not_found");
    // Files are counted now and then, everything else as it happens.
    let metrics = until("the files are counted", A_LEASE, async || {
        let (status, _, metrics) = text(&server, "/metrics").await;
        assert_eq!(status, 200);
        (sum(&metrics, "landfall_files", &["\"CREATED\""]) == 2.0).then_some(metrics)
    })
    .await;
    let at_least = |name: &str, labels: &[&str], least: f64| {
        let found = sum(&metrics, name, labels);
        let near: Vec<_> = metrics.lines().filter(|line| line.starts_with(name)).collect();
        assert!(found >= least, "{name} {labels:?} is {found}, not {least}: {near:#?}");
    };
    at_least("http_server_request_duration_seconds_count", &["complete", "\"200\""], 1.0);
    at_least("http_server_request_duration_seconds_count", &["\"404\""], 1.0);
    at_least("db_client_operation_duration_seconds_count", &[], 5.0);
    at_least("landfall_store_request_duration_seconds_count", &[], 5.0);
    at_least("landfall_transitions_total", &[], 6.0);
    at_least("landfall_parts_signed_total", &[], 4.0);
    assert!(sum(&metrics, "landfall_relayed_bytes_total", &[]) == 0.0, "no media passes the server");
    assert!(!metrics.contains(&asset.id), "labels have few values");
}

#[tokio::test]
async fn the_api_describes_itself() {
    let server = Server::new().await;
    let (status, kind, document) = text(&server, "/openapi.json").await;
    assert_eq!((status, kind.starts_with("application/json")), (200, true), "{kind}");
    let document: Value = serde_json::from_str(&document).expect("JSON");
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")), "{}", document["openapi"]);
    let paths = document["paths"].as_object().expect("paths");
    for path in ["/v1/{collection}", "/v1/{collection}/{id}", "/v1/{collection}/{id}/complete"] {
        assert!(paths.contains_key(path), "{:?}", paths.keys());
    }
    let (status, kind, page) = text(&server, "/docs").await;
    assert_eq!((status, kind.starts_with("text/html")), (200, true), "{kind}");
    let scripts: Vec<_> = page.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    for script in &scripts {
        assert!(!script.contains("//"), "{script} is not served from the binary");
        let path = if script.starts_with('/') {
            (*script).to_owned()
        } else {
            format!("/docs/{}", script.trim_start_matches("./"))
        };
        assert_eq!(text(&server, &path).await.0, 200, "{path}");
    }
    assert!(!scripts.is_empty(), "{page}");
    let printed = server_prints_the_same(&server).await;
    assert_eq!(printed["paths"].as_object().map(|paths| paths.len()), Some(paths.len()));
}

async fn server_prints_the_same(server: &Server) -> Value {
    let mut command = crate::support::process::landfall(server.home());
    command.arg("openapi");
    crate::support::process::run(&mut command).await.json()
}
