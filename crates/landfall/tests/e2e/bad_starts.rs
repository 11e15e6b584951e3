//! A server that cannot start says why and what to do, and ends with a code of its own.

use std::net::TcpListener;
use std::path::Path;

use crate::support::process::{Said, landfall, run};
use crate::support::server::{Server, folder};

async fn serve(home: &Path, words: &[&str]) -> Said {
    let mut command = landfall(home);
    command.args(["serve", "--listen", "127.0.0.1:0", "--store-listen", "127.0.0.1:0"]).args(words);
    run(&mut command).await
}

/// What `landfall --help` says of exit codes.
const CONFIGURATION: i32 = 3;
const DATA_FOLDER: i32 = 4;
const ADDRESS: i32 = 5;

/// It did not start, named what is wrong, and gave a hint.
fn is_refused(said: &Said, code: i32, names: &[&str]) {
    assert_eq!(said.code, Some(code), "{said:?}");
    for name in names {
        assert!(said.err.contains(name), "no {name:?} in {said:?}");
    }
    assert!(said.err.contains("hint:"), "{said:?}");
    assert!(!said.err.contains("panicked"), "{said:?}");
}

#[tokio::test]
async fn a_port_in_use() {
    let home = folder();
    let data = home.path().join("data");
    let data = data.to_str().expect("a readable path");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let mut command = landfall(home.path());
    command.args(["serve", "--data", data, "--listen", &address, "--store-listen", "127.0.0.1:0"]);
    is_refused(&run(&mut command).await, ADDRESS, &[&address, "in use"]);
    let mut command = landfall(home.path());
    command.args(["serve", "--data", data, "--listen", "127.0.0.1:0", "--store-listen", &address]);
    is_refused(&run(&mut command).await, ADDRESS, &[&address, "in use"]);
    assert!(!home.path().join("data/run.json").exists());
}

/// Below a regular file there can be no folder, not even for root.
#[tokio::test]
async fn a_data_folder_that_cannot_be_written() {
    let home = folder();
    std::fs::write(home.path().join("file"), "").expect("a file");
    let data = home.path().join("file/data");
    let said = serve(home.path(), &["--data", data.to_str().expect("a readable path")]).await;
    is_refused(&said, DATA_FOLDER, &["file/data"]);
}

#[tokio::test]
async fn an_unknown_key_in_the_configuration() {
    let home = folder();
    let file = home.path().join("landfall.toml");
    std::fs::write(&file, "[uploads]\nurl_tll = \"1h\"\n").expect("a file");
    let data = home.path().join("data");
    let words =
        ["--config", file.to_str().expect("a readable path"), "--data", data.to_str().expect("a readable path")];
    is_refused(&serve(home.path(), &words).await, CONFIGURATION, &["uploads.url_tll", "url_ttl"]);
    let mut command = landfall(home.path());
    command.args(["serve", "--data"]).arg(&data).env("LANDFALL_UPLOADS__URL_TLL", "1h");
    is_refused(&run(&mut command).await, CONFIGURATION, &["LANDFALL_UPLOADS__URL_TLL"]);
    assert!(!data.join("run.json").exists());
}

#[tokio::test]
async fn values_that_cannot_be() {
    let home = folder();
    let file = home.path().join("landfall.toml");
    let data = home.path().join("data");
    let words =
        ["--config", file.to_str().expect("a readable path"), "--data", data.to_str().expect("a readable path")];
    for (text, name) in [
        ("[uploads]\nurl_ttl = \"8d\"", "uploads.url_ttl"),
        ("[uploads]\nidle = \"10s\"", "idle"),
        ("[expire]\ncron = \"every night\"", "expire.cron"),
        ("[expire]\ntime_zone = \"Mars/Olympus\"", "expire.time_zone"),
        ("[auth]\nhs256_secret = \"short\"", "auth.hs256_secret"),
        ("[uploads\n", "landfall.toml"),
    ] {
        std::fs::write(&file, text).expect("a file");
        is_refused(&serve(home.path(), &words).await, CONFIGURATION, &[name]);
    }
}

/// It would be taken for UTC, and every night's run come at another hour than meant.
#[tokio::test]
async fn a_time_zone_that_is_none() {
    let home = folder();
    let data = home.path().join("data");
    let mut command = landfall(home.path());
    command.args(["serve", "--listen", "127.0.0.1:0", "--store-listen", "127.0.0.1:0", "--data"]).arg(&data);
    command.env("TZ", "Mars/Olympus");
    is_refused(&run(&mut command).await, CONFIGURATION, &["TZ: \"Mars/Olympus\" is no time zone", "Asia/Seoul"]);
    let mut command = landfall(home.path());
    command.args(["config", "--data"]).arg(&data).env("TZ", "Asia/Seoul");
    assert_eq!(run(&mut command).await.code, Some(0));
}

/// The second server neither starts nor disturbs the first.
#[tokio::test]
async fn a_second_server_on_one_folder() {
    let server = Server::new().await;
    let data = server.data();
    let pid = server.process().pid().to_string();
    let said = serve(server.home(), &["--data", data.to_str().expect("a readable path")]).await;
    is_refused(&said, DATA_FOLDER, &[&pid, "in use"]);
    let api = server.api("42").await;
    api.get("/v1/videos").await.expect(200);
    assert!(data.join("run.json").exists());
}
