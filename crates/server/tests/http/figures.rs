//! `/v1/admin/overview`: how the server fares.

use domain::{StateName, TimeSpan};
use http::Method;
use serde_json::{Value, json};
use server::catalog::{Figures as _, StatusName};
use server::clock::Clock as _;
use server::telemetry::Counts;

use crate::house::House;

const OVERVIEW: &str = "/v1/admin/overview";

#[tokio::test]
async fn overview_tells_what_the_server_did() {
    let house = House::new();
    house.created_film(1000).await;
    house.get("/v1/nothing").await.expect(404);
    let (files, assets) = (house.catalog.count_files().await.unwrap(), house.catalog.count_assets().await.unwrap());
    assert_eq!((&files[..], &assets[..]), (&[(StateName::Created, 1)][..], &[(StatusName::Created, 1)][..]));
    house.overview.counted(Counts { files, assets });
    house.overview.sample(house.clock.now());

    let told = house.call_as_admin(Method::GET, OVERVIEW, Value::Null).await.expect(200).body;
    assert_eq!((&told["at"], &told["version"]), (&json!(house.clock.now()), &json!(env!("CARGO_PKG_VERSION"))));
    assert!(told["process"]["memory_bytes"].as_u64().unwrap() > 1 << 20, "{told}");
    assert!(told["process"]["open_files"].as_u64().unwrap() > 0, "{told}");
    let line = |name: &str| {
        let lines = told["api"].as_array().unwrap();
        lines.iter().find(|line| line["name"] == name).unwrap_or_else(|| panic!("{name} is not in {told}")).clone()
    };
    let created = line("POST /v1/{collection}");
    assert_eq!((&created["count"], &created["errors"]), (&json!(1), &json!(0)));
    let [p50, p95, p99] = ["p50_ms", "p95_ms", "p99_ms"].map(|name| created[name].as_f64().unwrap());
    assert!(0.0 < p50 && p50 <= p95 && p95 <= p99, "{created}");
    assert_eq!(line("GET /v1/{collection}")["errors"], 0, "not found is no failure of the server");
    assert_eq!(told["files"], json!([{"state": "CREATED", "count": 1}]));
    assert_eq!(told["assets"], json!([{"state": "CREATED", "count": 1}]));
    let jobs: Vec<_> = told["jobs"].as_array().unwrap().iter().map(|job| job["name"].as_str().unwrap()).collect();
    assert!(jobs.contains(&"expire") && jobs.contains(&"reconcile"), "{jobs:?}");
    let sample = &told["samples"][0];
    assert!(sample["requests_per_second"].as_f64().unwrap() > 0.0, "{sample}");
    assert!(sample["api_p95_ms"].as_f64().unwrap() > 0.0, "{sample}");
}

#[tokio::test]
async fn overview_sends_only_later_samples() {
    let house = House::new();
    for _ in 0..3 {
        house.overview.sample(house.clock.now());
        house.clock.advance(TimeSpan::from_secs(5));
    }
    let all = house.call_as_admin(Method::GET, OVERVIEW, Value::Null).await.expect(200).body;
    let at: Vec<_> = all["samples"].as_array().unwrap().iter().map(|it| it["at"].as_str().unwrap()).collect();
    assert_eq!(at.len(), 3);
    let later = format!("{OVERVIEW}?samples_after={}", at[1]);
    let later = house.call_as_admin(Method::GET, &later, Value::Null).await.expect(200).body;
    assert_eq!((later["samples"].as_array().unwrap().len(), &later["samples"][0]["at"]), (1, &json!(at[2])));
}

#[tokio::test]
async fn overview_is_for_administrators_and_says_what_is_wrong() {
    let house = House::new();
    assert_eq!(house.get(OVERVIEW).await.verdict(), (403, "forbidden", ""));
    for (query, field) in [("samples_after=yesterday", "samples_after"), ("x=1", "x")] {
        let answer = house.call_as_admin(Method::GET, &format!("{OVERVIEW}?{query}"), Value::Null).await;
        assert_eq!(answer.verdict(), (422, "invalid_request", field));
    }
}
