//! `doctor` and `bucket setup`, with the embedded store as the configured one.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::process::{Running, Said, json, landfall, run};

const ORIGIN: &str = "https://app.example.com";

/// Ids of the findings that are not well, with their status.
fn troubles(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap();
    let bad = findings.iter().filter(|finding| finding["status"] != "ok");
    bad.map(|finding| (text(&finding["id"]), text(&finding["status"]))).collect()
}

/// A store of another process, and a configuration that names it.
fn store_elsewhere(home: &Path) -> Running {
    let mut command = landfall(home);
    let store =
        Running::start(command.args(["store", "serve", "--data", "s", "--store-listen", "127.0.0.1:0", "--json"]));
    let section = run(home, &["store", "show", "--data", "s", "--toml"]);
    fs::write(home.join("landfall.toml"), section.out).unwrap();
    store
}

fn doctor(home: &Path, more: &[&str]) -> Said {
    run(home, &[&["doctor", "--config", "landfall.toml", "--data", "data", "--origin", ORIGIN], more].concat())
}

fn setup(home: &Path, more: &[&str]) -> Said {
    run(home, &[&["bucket", "setup", "--config", "landfall.toml", "--data", "data", "--origin", ORIGIN], more].concat())
}

#[test]
fn a_store_is_examined_set_up_and_its_profile_kept() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let store = store_elsewhere(home);

    // Its buckets let any page in, so only the end of forgotten uploads is missing.
    let said = doctor(home, &["--json"]);
    assert_eq!(said.code, 0, "{said:?}");
    let report: Value = serde_json::from_str(&said.out).unwrap();
    let missing = ("lifecycle.uploads".to_owned(), "warning".to_owned());
    assert_eq!(troubles(&report), [missing.clone(), missing], "{report:#}");
    assert_eq!((&report["worst"], &report["profile_stored"]), (&"warning".into(), &true.into()));
    assert_eq!(report["behaviour"]["if_none_match"], "atomic");
    let fix = report["findings"].as_array().unwrap().iter().find(|finding| !finding["fix"].is_null()).unwrap();
    assert!(fix["fix"]["cli"][0].as_str().unwrap().contains("put-bucket-lifecycle-configuration"), "{fix:#}");

    let commands = doctor(home, &["--fix-format", "cli"]);
    assert_eq!(commands.out.lines().count(), 2, "{commands:?}");
    let template =
        json(home, &["doctor", "--config", "landfall.toml", "--data", "data", "--fix-format", "cloudformation"]);
    let rules = &template["Resources"]["PrivateBucket"]["Properties"]["LifecycleConfiguration"]["Rules"];
    assert_eq!(rules[0]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"], 9, "{template:#}");

    let planned = setup(home, &["--dry-run"]);
    assert!(planned.code == 0 && planned.out.contains("would set  lifecycle"), "{planned:?}");
    let done = setup(home, &[]);
    assert!(done.code == 0 && done.out.contains("set        cors"), "{done:?}");
    let again = setup(home, &[]);
    assert!(!again.out.lines().any(|line| line.starts_with("set")), "{again:?}");
    let said = doctor(home, &[]);
    assert!(said.code == 0 && !said.out.contains("warning") && !said.out.contains("FAIL"), "{said:?}");
    let start = format!("next start of `{} serve` uses it", env!("CARGO_BIN_EXE_landfall"));
    assert!(said.out.contains(&start), "{said:?}");

    // The server has read the profile; while it runs, nobody else writes into its catalog.
    let server = Running::serve(home, &["--config", "landfall.toml"]);
    server.wait_for_log("the store's profile is known");
    let said = doctor(home, &[]);
    assert!(said.code == 0 && said.out.contains("(landfall serve) has the catalog"), "{said:?}");
    server.stop();
    store.stop();
}

#[test]
fn a_store_that_is_not_fit_is_another_exit_code() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let store = store_elsewhere(home);
    let config = fs::read_to_string(home.join("landfall.toml")).unwrap();
    fs::write(home.join("landfall.toml"), config.replace("landfall-public", "landfall-nowhere")).unwrap();
    let said = doctor(home, &[]);
    assert_eq!(said.code, 9, "{said:?}");
    assert!(said.out.contains("FAIL     bucket (landfall-nowhere)"), "{said:?}");
    assert!(said.out.contains("$ aws s3api create-bucket --bucket landfall-nowhere --endpoint-url http"), "{said:?}");
    assert!(said.err.contains("hint: "), "{said:?}");
    store.stop();
    let said = doctor(home, &["--json"]);
    assert_eq!(said.code, 9, "{said:?}");
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert!(report["behaviour"].is_null() && report["profile_stored"] == false, "{report:#}");
}

#[test]
fn the_embedded_store_is_examined_running_or_not() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    // It is well as it is made, and as `bucket setup` makes it.
    for serving in [false, true, false] {
        let server = serving.then(|| Running::serve(home, &[]));
        let report = json(home, &["doctor", "--data", "data", "--json"]);
        assert_eq!(troubles(&report), [], "{report:#}");
        assert_eq!(report["profile_stored"], true);
        if let Some(server) = server {
            let done = run(home, &["bucket", "setup", "--data", "data"]);
            assert_eq!(done.code, 0, "{done:?}");
            server.stop();
        }
    }
}

#[test]
fn an_origin_is_checked() {
    let home = tempfile::tempdir().unwrap();
    let said = run(home.path(), &["doctor", "--origin", "app.example.com"]);
    assert!(said.code == 2 && said.err.contains("is not an origin"), "{said:?}");
}
