//! `/v1/admin/jobs/reap`.

use domain::TimeSpan;
use http::Method;
use serde_json::{Value, json};
use server::http::ReapClock;

use crate::house::{House, Plan, film, with_json};

const REAP: &str = "/v1/admin/jobs/reap";

#[tokio::test]
async fn reap_is_for_administrators() {
    let house = House::new();
    let answer = house.post(REAP, Value::Null).await;
    assert_eq!(answer.verdict(), (403, "forbidden", ""));
}

#[tokio::test]
async fn reap_counts_then_ends_what_has_expired() {
    let house = House::new();
    let path = house.create(json!({"video": film(1000)})).await;
    let nothing = json!({"expired": 0, "suspicious": 0, "destroyed": 0, "dry_run": false});
    assert_eq!(house.call_as_admin(Method::POST, REAP, Value::Null).await.expect(200).body, nothing);
    let null = with_json(house.admin_request(Method::POST, REAP), &json!("null")).map(|_| "null".into());
    assert_eq!(house.send(null).await.expect(200).body, nothing, "null is no body");
    house.clock.advance(TimeSpan::from_hours(49));
    let dry = house.call_as_admin(Method::POST, REAP, json!({"dry_run": true})).await.expect(200).body;
    assert_eq!(dry, json!({"expired": 1, "suspicious": 0, "destroyed": 0, "dry_run": true}));
    assert_eq!(house.get(&path).await.expect(200).body["status"], "UPLOADING");
    let real = house.call_as_admin(Method::POST, REAP, json!({})).await.expect(200).body;
    assert_eq!(real, json!({"expired": 1, "suspicious": 0, "destroyed": 1, "dry_run": false}));
    let gone = house.get(&path).await;
    assert_eq!((gone.verdict(), &gone.body["reason"]), ((410, "gone", ""), &json!("abandoned")));
    assert_eq!(house.bucket(), (0, 0));
}

#[tokio::test]
async fn reap_takes_a_time_only_where_it_may() {
    let house = House::new();
    house.create(json!({"video": film(1000)})).await;
    let later = json!({"now": "2026-10-01T00:00:00Z"});
    assert_eq!(house.call_as_admin(Method::POST, REAP, later.clone()).await.expect(200).body["expired"], 1);
    let wrong = house.call_as_admin(Method::POST, REAP, json!({"now": "tomorrow"})).await;
    assert_eq!(wrong.verdict(), (422, "invalid_request", "now"));
    let wrong = house.call_as_admin(Method::POST, REAP, json!({"dry-run": true})).await;
    assert_eq!(wrong.verdict(), (422, "invalid_request", "dry-run"));

    let fixed = House::with(Plan { reap_clock: ReapClock::Fixed, ..Plan::default() });
    let refused = fixed.call_as_admin(Method::POST, REAP, later).await;
    assert_eq!(refused.verdict(), (422, "invalid_request", "now"));
}
