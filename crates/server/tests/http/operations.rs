//! Health, metrics and pages.

use domain::{TimeSpan, Visibility};
use serde_json::{Value, json};
use server::catalog::Catalog as _;
use server::http::RequestLimits;

use crate::house::{House, Plan};

#[tokio::test]
async fn healthz_answers_without_a_token() {
    let house = House::new();
    let request = http::Request::builder().uri("/healthz").body(axum::body::Body::empty()).unwrap();
    let answer = house.send(request).await.expect(200);
    assert_eq!(answer.body, json!({"status": "ok"}));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn readyz_says_which_part_fails() {
    let house = House::new();
    assert_eq!(house.get("/readyz").await.expect(200).body, json!({"status": "ready"}));

    let house = House::new();
    house.store.take_bucket(Visibility::Public);
    let answer = house.get("/readyz").await;
    assert_eq!(answer.verdict(), (503, "store_unavailable", ""));
    assert_eq!(answer.body["errors"], json!([{"field": "store", "detail": "does not work"}]));
    assert_eq!(answer.header("retry-after"), "1");

    let house = House::new();
    house.store.take_bucket(Visibility::Private);
    house.catalog.close().await;
    let answer = house.get("/readyz").await;
    assert_eq!(answer.verdict(), (503, "catalog_unavailable", ""));
    let failing: Vec<_> = answer.body["errors"].as_array().unwrap().iter().map(|part| part["field"].clone()).collect();
    assert_eq!(failing, ["catalog", "store"]);
    let held = house.get("/v1/videos").await;
    assert_eq!((held.verdict(), held.header("retry-after")), ((503, "catalog_unavailable", ""), "5"));
}

/// The epoch rises on whichever server runs the jobs; where it does not, none does.
#[tokio::test]
async fn readyz_knows_jobs_that_do_not_run() {
    let house = House::new();
    house.app.raise_epoch().await.unwrap();
    house.clock.advance(TimeSpan::from_mins(31));
    let answer = house.get("/readyz").await.expect(200).body;
    let told = answer["warnings"].as_array().expect("warnings");
    assert_eq!((told.len(), &told[0]["field"]), (1, &json!("jobs")), "{answer}");
    assert!(told[0]["detail"].as_str().unwrap().contains("31 min ago"), "{answer}");

    let house = House::new();
    house.app.raise_epoch().await.unwrap();
    house.clock.advance(TimeSpan::from_mins(30));
    assert_eq!(house.get("/readyz").await.expect(200).body, json!({"status": "ready"}));
}

#[tokio::test]
async fn readyz_reuses_a_report_for_a_moment() {
    let house = House::new();
    house.get("/readyz").await.expect(200);
    house.catalog.close().await;
    house.get("/readyz").await.expect(200);
}

#[tokio::test]
async fn readyz_stops_before_the_server_does() {
    let house = House::new();
    house.draining.cancel();
    assert_eq!(house.get("/readyz").await.verdict(), (503, "unavailable", ""));
    house.get("/healthz").await.expect(200);
    house.get("/v1/videos").await.expect(200);
}

#[tokio::test]
async fn readyz_passes_over_a_hiccup_of_the_store_and_says_so() {
    let house = House::new();
    let ready = async |wanted: u16| {
        // A verdict is kept for a second.
        let looking = async {
            loop {
                let answer = house.get("/readyz").await;
                if answer.body["warnings"] != Value::Null || answer.status.as_u16() != 200 {
                    return answer.expect(wanted);
                }
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), looking).await.expect("a new verdict")
    };
    house.get("/readyz").await.expect(200);
    house.clock.advance(TimeSpan::from_secs(29));
    house.store.take_bucket(Visibility::Public);
    let warned = ready(200).await;
    assert_eq!(warned.body["status"], "ready");
    assert_eq!(warned.body["warnings"], json!([{"field": "store", "detail": "does not work"}]));
    house.clock.advance(TimeSpan::from_secs(2));
    let waiting = async {
        while house.get("/readyz").await.status.as_u16() == 200 {}
        house.get("/readyz").await
    };
    let failing = tokio::time::timeout(std::time::Duration::from_secs(60), waiting).await.expect("a new verdict");
    assert_eq!(failing.verdict(), (503, "store_unavailable", ""), "half a minute is no hiccup");
}

#[tokio::test]
async fn prometheus_metrics_have_durations_by_route() {
    let house = House::new();
    house.get("/v1/videos").await.expect(200);
    house.get("/v1/nothing/7/8/9").await.expect(404);
    let answer = house.get("/metrics").await.expect(200);
    let text = String::from_utf8(answer.raw.to_vec()).unwrap();
    for wanted in [
        "operation=\"list_assets\",http_request_method=\"GET\",http_route=\"/v1/{collection}\",http_response_status_code=\"200\"",
        "http_route=\"unmatched\"",
    ] {
        assert!(text.contains(wanted), "{wanted} is not in\n{text}");
    }
    assert!(!text.contains("nothing"));
}

#[tokio::test]
async fn home_says_what_this_is() {
    let house = House::new();
    let answer = house.get("/").await.expect(200);
    let text = String::from_utf8(answer.raw.to_vec()).unwrap();
    assert!(text.contains("href=\"docs\"") && answer.header("content-type").starts_with("text/html"));
    assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
}

#[tokio::test]
async fn docs_are_served_whole_from_here() {
    let house = House::new();
    assert_eq!(house.get("/docs").await.expect(303).header("location"), "/docs/index.html");
    let page = house.get("/docs/index.html").await.expect(200);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe-eval"), "{policy}");
    let text = String::from_utf8(page.raw.to_vec()).unwrap();
    assert!(!text.contains("http://") && !text.contains("https://"), "{text}");
    for reference in text.split(['"', '\'']).filter(|word| word.ends_with(".js") || word.ends_with(".css")) {
        let file = house.get(&format!("/docs/{}", reference.trim_start_matches("./"))).await.expect(200);
        assert!(!file.raw.is_empty(), "{reference}");
    }
    let script = house.get("/docs/swagger-initializer.js").await.expect(200);
    let script = String::from_utf8(script.raw.to_vec()).unwrap();
    assert!(script.contains("\"../openapi.json\"") && script.contains("\"validatorUrl\": \"none\""), "{script}");
    assert_eq!(house.get("/docs/nothing.js").await.verdict(), (404, "not_found", ""));
}

#[tokio::test]
async fn a_full_server_sheds_the_api_and_keeps_its_health() {
    let house =
        House::with(Plan { requests: RequestLimits { at_once: 0, ..RequestLimits::default() }, ..Plan::default() });
    let answer = house.get("/v1/videos").await;
    assert_eq!((answer.verdict(), answer.header("retry-after")), ((503, "unavailable", ""), "1"));
    for (method, path) in [(http::Method::POST, "/v1/session"), (http::Method::GET, "/w/nothing")] {
        let stranger = http::Request::builder().method(method).uri(path).body(axum::body::Body::empty()).unwrap();
        assert_eq!(house.send(stranger).await.verdict(), (503, "unavailable", ""), "{path}");
    }
    for path in ["/healthz", "/metrics", "/"] {
        house.get(path).await.expect(200);
    }
    let ready = house.get("/readyz").await.expect(200).body;
    assert_eq!((&ready["status"], &ready["warnings"][0]["field"]), (&json!("ready"), &json!("requests")), "{ready}");
}
