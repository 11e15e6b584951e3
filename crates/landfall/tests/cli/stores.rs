//! The embedded store by itself, and a server that uses it from another process.

use std::fs;

use reqwest::StatusCode;

use super::process::{Running, json, landfall, run};

#[test]
fn a_store_that_never_ran_has_nothing_to_show() {
    let home = tempfile::tempdir().unwrap();
    let said = run(home.path(), &["store", "show", "--data", "data"]);
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.err.contains("hint: no store has run there yet"), "{said:?}");
}

#[tokio::test]
async fn a_server_uses_a_store_of_another_process() {
    let home = tempfile::tempdir().unwrap();
    let mut command = landfall(home.path());
    let store =
        Running::start(command.args(["store", "serve", "--data", "s", "--store-listen", "127.0.0.1:0", "--json"]));
    let shown = json(home.path(), &["store", "show", "--data", "s", "--json"]);
    let greeting = store.greeting.as_object().unwrap();
    let told: Vec<_> = greeting.keys().map(String::as_str).collect();
    assert_eq!(told, ["endpoint", "private_bucket", "public_bucket", "region"], "no key at each start");
    assert!(greeting.iter().all(|(name, value)| shown[name] == *value), "{shown}");
    let mut names: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = ["access_key_id", "endpoint", "private_bucket", "public_bucket", "region", "secret_access_key"];
    assert_eq!(names, expected);
    let section = run(home.path(), &["store", "show", "--data", "s", "--toml"]);
    fs::write(home.path().join("landfall.toml"), section.out).unwrap();
    let server = Running::serve(home.path(), &["--config", "landfall.toml"]);
    assert!(server.greeting["addresses"]["store"].is_null(), "{}", server.greeting);
    let ready = reqwest::get(format!("{}/readyz", server.api())).await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK);
    store.stop();
    assert!(!home.path().join("s/store-run.json").exists());
    server.stop();
}

#[test]
fn the_store_of_a_running_server_is_shown_where_it_really_listens() {
    let home = tempfile::tempdir().unwrap();
    let server = Running::serve(home.path(), &[]);
    let shown = json(home.path(), &["store", "show", "--data", "data", "--json"]);
    assert_eq!(shown["endpoint"], server.greeting["addresses"]["store"]);
    server.stop();
    let configured = json(home.path(), &["store", "show", "--data", "data", "--json"]);
    assert_eq!(configured["endpoint"], "http://127.0.0.1:9000");
    let refused = run(home.path(), &["store", "show", "--data", "data", "--json", "--toml"]);
    assert_eq!(refused.code, 2, "{refused:?}");
}
