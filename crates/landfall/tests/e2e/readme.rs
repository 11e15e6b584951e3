//! The README's own lines, run as they stand, in English and in Korean.
//!
//! Only what a test cannot have is put in their place: the fixed port, the folder of the binary, and an empty folder
//! that the film is already in. What builds, starts or tests the repository is left out, because this is running
//! inside it.

use std::path::Path;

use tokio::process::Command;

use crate::support::films;
use crate::support::playback;
use crate::support::process::{LANDFALL, isolate, run};
use crate::support::server::Server;

/// The shell blocks of a page, in order.
fn shell(page: &str) -> Vec<&str> {
    let blocks = page.split("```sh\n").skip(1);
    blocks.map(|block| block.split("```").next().expect("a block has an end")).collect()
}

async fn works(name: &str, title: &str) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
    let page = std::fs::read_to_string(page).expect("the README");
    let server = Server::new().await;
    let film = films::mp4(films::THREE_PARTS);
    std::fs::copy(&film.path, server.home().join("film.mp4")).expect("a copy");
    let lines: Vec<_> = shell(&page).into_iter().filter(|block| !block.contains("cargo xtask")).collect();
    assert!(lines.len() >= 7, "{name} has lost its examples");
    let script = format!("set -eu\n{}", lines.join("\n"));
    let programs = Path::new(LANDFALL).parent().expect("a folder").to_str().expect("a path");
    let replaced = [
        ("$PWD/target/debug", programs),
        ("cd \"$(mktemp -d)\"", "cd ."),
        ("http://127.0.0.1:8080", server.url.as_str()),
    ];
    let script = replaced.iter().fold(script, |script, (what, with)| {
        assert!(script.contains(what), "{name} has lost {what}");
        script.replace(what, with)
    });
    let mut bash = Command::new("bash");
    isolate(&mut bash, server.home());
    bash.arg("-c").arg(script).env("LANDFALL_DATA", server.data()).env("LANDFALL_SERVER", &server.url);
    let said = run(&mut bash).await.well();

    let api = server.api("local").await;
    let listed = api.get("/v1/videos").await.expect(200);
    let assets = listed["data"].as_array().expect("assets");
    assert_eq!(assets.len(), 2, "one by command line, one by curl: {listed:#}");
    for asset in assets {
        assert_eq!((asset["status"].as_str(), asset["title"].as_str()), (Some("CREATED"), Some(title)), "{asset:#}");
        let url = api.url(asset["id"].as_str().expect("an id"), "video").await;
        playback::reads_whole(&api.http, &url, &film).await;
        playback::plays(server.home(), &url).await;
    }
    assert!(said.lines().any(|line| line.ends_with("100")), "the range has a hundred bytes: {said}");
}

#[tokio::test]
async fn the_lines_of_the_english_page() {
    works("README.md", "A day at the sea").await;
}

#[tokio::test]
async fn the_lines_of_the_korean_page() {
    works("README.ko.md", "바다에서 보낸 하루").await;
}
