//! `/v1/admin/jobs`: reap, reconcile and audit.

use domain::TimeSpan;
use http::Method;
use serde_json::{Value, json};
use server::http::ReapClock;

use crate::house::{House, Plan, film, with_json};

const REAP: &str = "/v1/admin/jobs/reap";
const RECONCILE: &str = "/v1/admin/jobs/reconcile";
const AUDIT: &str = "/v1/admin/jobs/audit";

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

#[tokio::test]
async fn audit_looks_for_what_is_hidden_longer_than_asked() {
    let house = House::new();
    let path = house.created_film(100).await;
    let key = house.row(&path).await.places.into_values().find_map(|place| place.published).unwrap().key;
    // Of nobody's: an empty one beside a film is only left over.
    let path = key.path();
    let (folder, _) = path.split_once("video-").unwrap();
    house.store.open_foreign_upload(key.visibility(), &format!("{folder}video-00000000000000000000000000.mp4"));
    house.clock.advance(TimeSpan::from_hours(1));
    for (query, breaches) in [("", 0), ("?grace_seconds=3601", 0), ("?grace_seconds=3600", 1), ("?grace_seconds=0", 1)]
    {
        let seen = house.call_as_admin(Method::GET, &format!("{AUDIT}{query}"), Value::Null).await.expect(200).body;
        assert_eq!((&seen["breach_count"], &seen["uploads"]), (&json!(breaches), &json!(1)), "{query}: {seen}");
    }
    for wrong in ["", "1h", "-1", "1.5", "31622401", "99999999999999999999"] {
        let path = format!("{AUDIT}?grace_seconds={wrong}");
        let answer = house.call_as_admin(Method::GET, &path, Value::Null).await;
        assert_eq!(answer.verdict(), (422, "invalid_request", "grace_seconds"), "{wrong}: {}", answer.body);
    }
}

/// What is no prefix of keys, and what the answer says to write instead.
const NO_PREFIXES: [(&str, &str); 8] = [
    ("", "leave it out for all keys"),
    ("/", "such as `42/`"),
    ("42", "write `42/`"),
    ("42/videos", "write `42/videos/`"),
    ("42/Videos/", "a-z first"),
    ("42/videos/ast_00000000000000000000000000/", "write `42/videos/`"),
    ("ann@example.com/", "write `~"),
    ("../", "write `~"),
];

#[tokio::test]
async fn a_prefix_that_is_none_says_what_to_write() {
    let house = House::new();
    for (prefix, said) in NO_PREFIXES {
        let query = url::form_urlencoded::byte_serialize(prefix.as_bytes()).collect::<String>();
        let answers = [
            house.call_as_admin(Method::POST, RECONCILE, json!({"prefix": prefix})).await,
            house.call_as_admin(Method::GET, &format!("{AUDIT}?prefix={query}"), Value::Null).await,
        ];
        for answer in answers {
            assert_eq!(answer.verdict(), (422, "invalid_request", "prefix"), "{prefix}: {}", answer.body);
            let told = answer.body.to_string();
            assert!(told.contains(said), "{prefix}: {told}");
        }
    }
    for wrong in [json!({"prefix": 42}), json!({"prefix": ["42/"]})] {
        let answer = house.call_as_admin(Method::POST, RECONCILE, wrong.clone()).await;
        assert_eq!(answer.verdict(), (422, "invalid_request", "prefix"), "{wrong}: {}", answer.body);
    }
    let twice = house.call_as_admin(Method::GET, &format!("{AUDIT}?prefix=4/&prefix=5/"), Value::Null).await;
    assert_eq!(twice.verdict(), (422, "invalid_request", "prefix"));
}

#[tokio::test]
async fn reconcile_and_audit_keep_to_their_prefix() {
    let house = House::new();
    let path = house.created_film(100).await;
    let key = house.row(&path).await.places.into_values().find_map(|place| place.published).unwrap().key;
    let owner = key.file_key().owner_segment().to_owned();
    house.store.lose_object(&key);
    for (prefix, count) in [(format!("{owner}/"), 1), (format!("{owner}/images/"), 0), (format!("{owner}0/"), 0)] {
        let request = json!({"prefix": prefix, "dry_run": true});
        let done = house.call_as_admin(Method::POST, RECONCILE, request).await.expect(200).body;
        assert_eq!((&done["found"], &done["rows"]), (&json!(count), &json!(count)), "{prefix}");
        let path = format!("{AUDIT}?prefix={prefix}");
        let seen = house.call_as_admin(Method::GET, &path, Value::Null).await.expect(200).body;
        assert_eq!((&seen["breach_count"], &seen["rows"]), (&json!(count), &json!(count)), "{prefix}");
    }
    let whole = house.call_as_admin(Method::POST, RECONCILE, json!({"prefix": null})).await.expect(200).body;
    assert_eq!((&whole["found"], &whole["done"]), (&json!(1), &json!(1)));
}
