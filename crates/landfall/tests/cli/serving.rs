//! `serve` as a process: start, refusals, signals, what stays behind.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

use reqwest::{Client, StatusCode};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::process::{Running, json, run};

fn token(home: &Path) -> String {
    json(home, &["token", "--data", "data", "--owner", "42", "--json"])["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_first_start_is_ready_at_the_addresses_it_prints() {
    let home = tempfile::tempdir().unwrap();
    let server = Running::serve(home.path(), &[]);
    let ready = reqwest::get(format!("{}/readyz", server.api())).await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK, "{:?}", ready.text().await);
    let list = Client::new().get(format!("{}/v1/videos", server.api())).bearer_auth(token(home.path()));
    assert_eq!(list.send().await.unwrap().status(), StatusCode::OK);
    let data = home.path().join("data");
    let run: Value = serde_json::from_slice(&fs::read(data.join("run.json")).unwrap()).unwrap();
    assert_eq!(run["addresses"], server.greeting["addresses"]);
    assert_eq!(run["pid"], server.pid());
    for private in ["secret", "store-credentials.json", "run.json", "lock"] {
        let mode = fs::metadata(data.join(private)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{private}");
    }
    server.stop();
}

#[test]
fn sigterm_and_ctrl_c_end_in_order_and_the_next_start_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let mut secrets = Vec::new();
    for signal in [Signal::TERM, Signal::INT] {
        let server = Running::serve(home.path(), &[]);
        server.signal(signal);
        let (status, err) = server.wait();
        assert_eq!(status.code(), Some(0), "{signal:?}: {err}");
        assert!(err.contains("stopped"), "{err}");
        assert!(!home.path().join("data/run.json").exists());
        assert!(!home.path().join("data/catalog.sqlite-wal").exists(), "the catalog is closed");
        secrets.push(fs::read_to_string(home.path().join("data/secret")).unwrap());
    }
    assert_eq!(secrets[0], secrets[1], "the secret is made once");
}

#[test]
fn after_a_crash_the_next_start_takes_the_folder_over() {
    let home = tempfile::tempdir().unwrap();
    let server = Running::serve(home.path(), &[]);
    server.signal(Signal::KILL);
    let (status, _) = server.wait();
    assert_eq!(status.signal(), Some(9));
    assert!(home.path().join("data/run.json").exists());
    Running::serve(home.path(), &[]).stop();
}

#[test]
fn a_second_server_in_one_folder_is_told_who_has_it() {
    let home = tempfile::tempdir().unwrap();
    let server = Running::serve(home.path(), &[]);
    let second = run(home.path(), &["serve", "--data", "data", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, 4, "{second:?}");
    let holder = format!("error: the data folder data is in use by process {} (landfall serve)\n", server.pid());
    assert!(second.err.starts_with(&holder), "{second:?}");
    assert!(second.err.contains("hint: stop that process first"), "{second:?}");
    let run: Value = serde_json::from_slice(&fs::read(home.path().join("data/run.json")).unwrap()).unwrap();
    assert_eq!(run["pid"], server.pid(), "the first is still announced");
    server.stop();
}

#[test]
fn a_port_in_use_is_named_with_its_way_out() {
    let home = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let api = run(home.path(), &["serve", "--data", "data", "--listen", &address]);
    assert_eq!(api.code, 5, "{api:?}");
    assert!(api.err.contains(&format!("error: cannot listen on {address}: ")), "{api:?}");
    assert!(api.err.contains("--listen"), "{api:?}");
    let store = run(home.path(), &["serve", "--data", "data", "--listen", "127.0.0.1:0", "--store-listen", &address]);
    assert_eq!(store.code, 5, "{store:?}");
    assert!(store.err.contains(&address) && store.err.contains("--store-listen"), "{store:?}");
    assert!(!home.path().join("data/run.json").exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_named_with_its_way_out() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("a-file"), "").unwrap();
    let said = run(home.path(), &["serve", "--data", "a-file/data", "--listen", "127.0.0.1:0"]);
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.err.starts_with("error: cannot use the data folder a-file/data: "), "{said:?}");
    assert!(said.err.contains("hint: name a folder that this user may write to with --data"), "{said:?}");
}

#[test]
fn a_second_signal_ends_at_once() {
    let home = tempfile::tempdir().unwrap();
    let server = Running::serve(home.path(), &[]);
    // A request whose body never comes keeps an orderly end waiting.
    let address = server.api().trim_start_matches("http://").to_owned();
    let mut stalled = TcpStream::connect(&address).unwrap();
    let token = token(home.path());
    let head = format!(
        "POST /v1/videos HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\nexpect: 100-continue\r\ncontent-length: 10\r\n\r\n"
    );
    stalled.write_all(head.as_bytes()).unwrap();
    // The server asks for the body once its handler waits for it.
    let mut answer = [0; 12];
    std::io::Read::read_exact(&mut stalled, &mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100");
    server.signal(Signal::TERM);
    server.wait_for_log("stopping");
    server.signal(Signal::TERM);
    let (status, err) = server.wait();
    assert_eq!(status.code(), Some(143), "{err}");
}

#[tokio::test]
async fn no_log_holds_a_token_or_a_presigned_url() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("landfall.toml"), "[telemetry]\nlog = \"trace\"\nlog_format = \"json\"").unwrap();
    let server = Running::serve(home.path(), &["--config", "landfall.toml"]);
    let token = token(home.path());
    let client = Client::new();
    let file = json!({"file_name": "a.mp4", "size": 1000, "content_type": "video/mp4"});
    let request = client.post(format!("{}/v1/videos", server.api())).bearer_auth(&token);
    let created = request.json(&json!({"title": "A film", "files": {"video": file}})).send().await.unwrap();
    assert_eq!(created.status(), StatusCode::CREATED);
    let asset: Value = created.json().await.unwrap();
    let url = asset["files"]["video"]["upload"]["parts"][0]["url"].as_str().unwrap();
    let sent = client.put(url).body(vec![0; 1000]).send().await.unwrap();
    assert_eq!(sent.status(), StatusCode::OK);
    let id = asset["id"].as_str().unwrap();
    let complete = client.post(format!("{}/v1/videos/{id}/complete", server.api())).bearer_auth(&token);
    // A thousand zeros are no film: the inspection reads the object and refuses it.
    assert_eq!(complete.send().await.unwrap().status(), StatusCode::UNPROCESSABLE_ENTITY);
    let query = url.split_once('?').unwrap().1;
    let signature = query.split('&').find_map(|pair| pair.strip_prefix("X-Amz-Signature=")).unwrap();
    let credentials: Value =
        serde_json::from_slice(&fs::read(home.path().join("data/store-credentials.json")).unwrap()).unwrap();
    let log = server.stop();
    assert!(log.contains(id), "the log is about something");
    let claims = token.split('.').nth(1).unwrap();
    for secret in [token.as_str(), claims, signature, credentials["secret_access_key"].as_str().unwrap()] {
        let leak = log.lines().find(|line| line.contains(secret));
        assert_eq!(leak, None);
    }
    for line in log.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
}
