//! The embedded store by itself, and a server that uses it from another process.

use std::fs;
use std::io::Read as _;
use std::process::Stdio;

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
    let said = run(home.path(), &["store", "show", "--data", "data"]);
    assert!(said.err.contains("no process runs this store now"), "{said:?}");
    let refused = run(home.path(), &["store", "show", "--data", "data", "--json", "--toml"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    fs::write(home.path().join("any.toml"), "[store]\nlisten = \"127.0.0.1:0\"\n").unwrap();
    let refused = run(home.path(), &["store", "show", "--data", "data", "--config", "any.toml"]);
    assert!(refused.code == 4 && refused.err.contains("hint: start it"), "{refused:?}");
}

/// Between taking the folder and listening.
#[test]
fn a_server_that_is_starting_is_waited_for() {
    let home = tempfile::tempdir().unwrap();
    Running::serve(home.path(), &[]).stop();
    // As a process that has just taken the folder leaves it.
    let lock = home.path().join("data/lock");
    let starting = format!(r#"{{"pid":{},"purpose":"landfall serve"}}"#, std::process::id());
    fs::write(&lock, starting).unwrap();
    let mut asking = landfall(home.path());
    asking.args(["store", "show", "--data", "data", "--json"]);
    let mut asking = asking.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It takes the folder over, and gets another port than the configured one.
    let server = Running::serve(home.path(), &[]);
    let status = asking.wait().unwrap();
    let mut shown = String::new();
    asking.stdout.take().unwrap().read_to_string(&mut shown).unwrap();
    assert!(status.success(), "{status}");
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["endpoint"], server.greeting["addresses"]["store"]);
    server.stop();
}
