//! `/v1/usage` and `/v1/admin/owners`: what somebody has, and the end of all of it.

use domain::OwnerId;
use http::Method;
use serde_json::{Value, json};
use server::app::Erased;

use crate::house::{House, film};

#[tokio::test]
async fn find_usage_counts_what_is_stored_and_what_is_on_its_way() {
    let house = House::new();
    let usage = async || house.get("/v1/usage").await.expect(200).body;
    let allowance = house.app.settings().allowance;
    let allowed = json!({
        "reserved_bytes": allowance.reserved_bytes.get(), "open_uploads": allowance.open_uploads,
    });
    let nothing = json!({"stored_bytes": 0, "reserved_bytes": 0, "open_uploads": 0, "allowed": allowed});
    assert_eq!(usage().await, nothing);
    let path = house.created_film(1000).await;
    house.create(json!({"video": film(7)})).await;
    let body = json!({"title": "Theirs", "files": {"video": film(70)}});
    house.call_as("43", Method::POST, "/v1/videos", body).await.expect(201);
    let some = json!({"stored_bytes": 1000, "reserved_bytes": 7, "open_uploads": 1, "allowed": allowed});
    assert_eq!(usage().await, some);
    house.call(Method::DELETE, &path, Value::Null).await.expect(204);
    assert_eq!(usage().await["stored_bytes"], 0);
    assert_eq!(house.get("/v1/usage?x=1").await.verdict(), (422, "invalid_request", "x"));
}

#[tokio::test]
async fn erase_owner_ends_all_that_is_somebodys_and_nothing_else() {
    let house = House::new();
    let (published, open) = (house.created_film(1000).await, house.create(json!({"video": film(7)})).await);
    let body = json!({"title": "Theirs", "files": {"video": film(70)}});
    let theirs = house.call_as("43", Method::POST, "/v1/videos", body).await.expect(201).id();
    let erase = "/v1/admin/owners/42";
    assert_eq!(house.call(Method::DELETE, erase, Value::Null).await.verdict(), (403, "forbidden", ""));
    let erased = house.call_as_admin(Method::DELETE, erase, Value::Null).await.expect(200).body;
    assert_eq!(erased, json!({"owner": "42", "deleted": 2, "remaining": false}));
    for path in [&published, &open] {
        let gone = house.get(path).await;
        assert_eq!((gone.verdict(), &gone.body["reason"]), ((410, "gone", ""), &json!("deleted")));
    }
    let kept = house.call_as("43", Method::GET, &format!("/v1/videos/{theirs}"), Value::Null).await.expect(200);
    assert_eq!(kept.body["status"], "UPLOADING");
    let usage = house.get("/v1/usage").await.expect(200).body;
    assert_eq!((&usage["stored_bytes"], &usage["open_uploads"]), (&json!(0), &json!(0)));
    let again = house.call_as_admin(Method::DELETE, erase, Value::Null).await.expect(200).body;
    assert_eq!(again["deleted"], 0);
    let nobody = house.call_as_admin(Method::DELETE, "/v1/admin/owners/nobody%20here", Value::Null).await.expect(200);
    assert_eq!(nobody.body, json!({"owner": "nobody here", "deleted": 0, "remaining": false}));
}

#[tokio::test]
async fn erase_owner_takes_several_calls_for_very_many() {
    let house = House::new();
    for _ in 0..3 {
        house.create(json!({"video": film(1)})).await;
    }
    let owner = OwnerId::parse("42").unwrap();
    assert_eq!(house.app.erase_owner(&owner, 2).await.unwrap(), Erased { deleted: 2, remaining: true });
    assert_eq!(house.app.erase_owner(&owner, 2).await.unwrap(), Erased { deleted: 1, remaining: false });
}
