//! Signing in with a browser: the link that `serve` prints, the one that `login` prints, and what they lead to.

use std::fs;
use std::path::Path;

use reqwest::header::{COOKIE, ORIGIN, SET_COOKIE};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use super::process::{Running, json as command_json, run};

/// What the page does with a link: it takes the code from behind the `#`, which it never sends as part of an address.
async fn open(server: &Running, link: &str) -> Response {
    let code = link.strip_prefix(&format!("{}/#/login/", server.api())).expect(link);
    let request = Client::new().post(format!("{}/v1/session", server.api())).header(ORIGIN, server.api());
    request.json(&json!({"code": code})).send().await.unwrap()
}

/// What a browser keeps of an answer.
fn cookie(answer: &Response) -> String {
    let line = answer.headers()[SET_COOKIE].to_str().unwrap();
    line.split(';').next().unwrap().to_owned()
}

async fn see(server: &Running, path: &str, cookie: &str) -> (StatusCode, Value) {
    let answer = Client::new().get(format!("{}{path}", server.api())).header(COOKIE, cookie).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test]
async fn the_link_that_serve_prints_signs_in_once_and_out_again() {
    let home = tempfile::tempdir().unwrap();
    let server = Running::serve(home.path(), &[]);
    let link = server.greeting["login"].as_str().unwrap().to_owned();
    let session = open(&server, &link).await;
    assert_eq!(session.status(), StatusCode::OK);
    let cookie = cookie(&session);
    let who: Value = session.json().await.unwrap();
    assert_eq!((&who["owner"], &who["scopes"]), (&json!("local"), &json!(["admin"])));
    assert_eq!(see(&server, "/v1/session", &cookie).await, (StatusCode::OK, who));
    assert_eq!(see(&server, "/v1/videos", &cookie).await.0, StatusCode::OK);
    for page in ["/v1/admin/jobs/audit", "/v1/admin/assets", "/v1/collections"] {
        assert_eq!(see(&server, page, &cookie).await.0, StatusCode::OK, "{page}");
    }
    let (status, overview) = see(&server, "/v1/admin/overview", &cookie).await;
    let queries = overview["catalog"].as_array().unwrap().iter().map(|line| line["count"].as_u64().unwrap());
    assert!(status == StatusCode::OK && queries.sum::<u64>() > 0, "{overview}");
    assert_eq!(open(&server, &link).await.status(), StatusCode::UNAUTHORIZED, "a link works once");

    let reap = || Client::new().post(format!("{}/v1/admin/jobs/reap", server.api())).header(COOKIE, &cookie);
    for (origin, status) in [("http://127.0.0.1:1", StatusCode::FORBIDDEN), (&*server.api(), StatusCode::OK)] {
        assert_eq!(reap().header(ORIGIN, origin).send().await.unwrap().status(), status, "{origin}");
    }
    let out = Client::new().delete(format!("{}/v1/session", server.api())).header(ORIGIN, server.api());
    let out = out.header(COOKIE, &cookie).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    assert_eq!(self::cookie(&out), "landfall_session=");
    server.stop();
}

#[tokio::test]
async fn the_page_is_served_under_its_policy_whether_built_or_not() {
    let home = tempfile::tempdir().unwrap();
    let server = Running::serve(home.path(), &[]);
    let page = reqwest::get(server.api()).await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(page.text().await.unwrap().contains("<title>Landfall</title>"));
    let config: Value = reqwest::get(format!("{}/config.json", server.api())).await.unwrap().json().await.unwrap();
    assert_eq!(config, json!({"api": "."}));
    server.stop();
}

#[tokio::test]
async fn login_prints_a_fresh_link_of_the_running_server() {
    let home = tempfile::tempdir().unwrap();
    let server = Running::serve(home.path(), &[]);
    let plain = run(home.path(), &["login", "--data", "data"]);
    assert_eq!((plain.code, plain.out.lines().count()), (0, 1), "{plain:?}");
    let as_local: Value = open(&server, plain.out.trim()).await.json().await.unwrap();
    assert_eq!((&as_local["owner"], &as_local["scopes"]), (&json!("local"), &json!(["admin"])));
    let of_42 = command_json(home.path(), &["login", "--data", "data", "--owner", "42", "--json"]);
    assert!(of_42["expires_at"].as_str().unwrap().ends_with('Z'), "{of_42}");
    let session = open(&server, of_42["url"].as_str().unwrap()).await;
    let cookie = cookie(&session);
    assert_eq!(see(&server, "/v1/session", &cookie).await.1["scopes"], json!([]));
    assert_eq!(see(&server, "/v1/admin/jobs/audit", &cookie).await.0, StatusCode::FORBIDDEN);
    let log = server.stop();
    assert_kept_secret(home.path(), &log, &[plain.out.trim(), of_42["url"].as_str().unwrap()]);
}

/// A login link is a password: no log line and no file has its code.
fn assert_kept_secret(home: &Path, log: &str, links: &[&str]) {
    for link in links {
        let (_, code) = link.rsplit_once('/').unwrap();
        assert!(!log.contains(code), "{log}");
        for entry in fs::read_dir(home.join("data")).unwrap() {
            let path = entry.unwrap().path();
            let bytes = if path.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
            assert!(!bytes.windows(code.len()).any(|found| found == code.as_bytes()), "{}", path.display());
        }
    }
}

#[test]
fn login_needs_a_running_server_and_arguments_that_fit() {
    let home = tempfile::tempdir().unwrap();
    let nobody = run(home.path(), &["login", "--data", "data"]);
    assert_eq!(nobody.code, 6, "{nobody:?}");
    assert!(nobody.err.contains("no server runs") && nobody.err.contains("hint: start one"), "{nobody:?}");
    let alone = run(home.path(), &["login", "--data", "data", "--scope", "admin"]);
    assert_eq!(alone.code, 2, "{alone:?}");
}

#[test]
fn serve_prints_no_link_for_a_store_elsewhere() {
    let home = tempfile::tempdir().unwrap();
    let store = Running::start(super::process::landfall(home.path()).args([
        "store",
        "serve",
        "--json",
        "--data",
        "data",
        "--store-listen",
        "127.0.0.1:0",
    ]));
    let shown = command_json(home.path(), &["store", "show", "--data", "data", "--json"]);
    let text = |name: &str| shown[name].as_str().unwrap().to_owned();
    let config = format!(
        "[store]\nkind = \"s3\"\nendpoint = \"{}\"\nregion = \"{}\"\nprivate_bucket = \"{}\"\n\
         public_bucket = \"{}\"\naccess_key_id = \"{}\"\nsecret_access_key = \"{}\"",
        text("endpoint"),
        text("region"),
        text("private_bucket"),
        text("public_bucket"),
        text("access_key_id"),
        text("secret_access_key"),
    );
    fs::write(home.path().join("landfall.toml"), config).unwrap();
    let server = Running::serve(home.path(), &["--config", "landfall.toml"]);
    assert_eq!(server.greeting.get("login"), None);
    let refused = run(home.path(), &["login", "--config", "landfall.toml", "--data", "data"]);
    assert_eq!(refused.code, 7, "{refused:?}");
    assert!(refused.err.contains("sign in with a token"), "{refused:?}");
    server.stop();
    store.stop();
}
