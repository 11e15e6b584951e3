//! The backends of docs/guides, each copied into an empty folder and run as it stands.

use std::path::Path;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::api::{Api, read_at};
use crate::support::clock::{SOON, until};
use crate::support::films::{self, Film};
use crate::support::playback;
use crate::support::process::{Process, isolate, run};
use crate::support::server::Server;

/// A server, the secret that it shares with a backend, and the backend's folder with its one file.
async fn beside(file: &str) -> (Server, String, tempfile::TempDir) {
    let server = Server::new().await;
    let secret = std::fs::read_to_string(server.data().join("secret")).expect("the installation's secret");
    let folder = tempfile::tempdir().expect("a folder");
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides").join(file);
    std::fs::copy(&guide, folder.path().join(guide.file_name().expect("a name"))).expect("the guide's file");
    (server, secret.trim().to_owned(), folder)
}

fn path(film: &Film) -> &str {
    film.path.to_str().expect("a readable path")
}

/// What stands behind a word at the beginning of a line.
fn told<'a>(said: &'a str, word: &str) -> &'a str {
    let line = said.lines().find(|line| line.starts_with(word)).unwrap_or_else(|| panic!("no {word} in {said}"));
    line.split_once(' ').expect("two words").1
}

#[tokio::test]
async fn the_java_service_does_all_five() {
    let (server, secret, folder) = beside("java/LandfallAwsService.java").await;
    let (film, picture) = (films::mp4(films::THREE_PARTS), films::png());
    let mut java = Command::new("java");
    isolate(&mut java, folder.path());
    java.args(["LandfallAwsService.java", &server.url, &secret, "member 42", path(&film), path(&picture)]);
    let said = run(&mut java).await.well();
    let lines: Vec<&str> = said.lines().filter(|line| line.contains(": ")).collect();
    let both = ["there before it is sent: false", "there after it was sent: true"];
    assert_eq!(lines, [&both[..], &both[..], &["deleted: true"]].concat(), "{said}");

    let api = server.api("member 42").await;
    playback::reads_whole(&api.http, told(&said, "videos/"), &film).await;
    let images = api.get("/v1/images").await.expect(200);
    assert_eq!(images["data"], json!([]), "the picture was deleted: {images:#}");
    assert_eq!(api.get("/v1/videos").await.expect(200)["data"][0]["title"], film.name().as_str());
}

#[tokio::test]
async fn the_node_backend_passes_an_upload_on() {
    let (server, secret, folder) = beside("node/backend.mjs").await;
    let mut node = Command::new("node");
    isolate(&mut node, folder.path());
    node.arg("backend.mjs").env("LANDFALL", &server.url).env("SECRET", &secret).env("PORT", "0");
    let backend = Process::start(&mut node, &folder.path().join("backend.log"));
    let address = || async { backend.wrote().lines().next().map(str::to_owned) };
    let address = until("the backend says where it is", SOON, async || address().await).await;

    let film = films::mp4(films::THREE_PARTS);
    let api = server.api("42").await;
    let http = &api.http;
    let asked = async |method: &str, path: &str, body: Value| {
        let method = method.parse().expect("a method");
        let request = http.request(method, format!("{address}{path}")).header("x-member", "42").json(&body);
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or_default())
    };
    let begin = json!({"title": "Sea", "file_name": film.name(), "size": film.size, "content_type": "video/mp4"});
    let (status, asset) = asked("POST", "/uploads", begin).await;
    assert_eq!(status, 201, "{asset:#}");
    let id = asset["id"].as_str().expect("an id");
    let upload = &asset["files"]["video"]["upload"];
    let part_size = upload["part_size"].as_u64().expect("a size");
    assert_eq!(asked("POST", &format!("/uploads/{id}/complete"), json!({})).await.0, 409, "nothing was sent");
    for part in upload["parts"].as_array().expect("parts") {
        let of = |name: &str| part[name].as_u64().expect("a number");
        let bytes = read_at(&film.path, (of("number") - 1) * part_size, of("size"));
        let sent = http.put(part["url"].as_str().expect("a URL")).body(bytes).send().await.expect("an answer");
        assert_eq!(sent.status(), 200);
    }
    assert_eq!(asked("POST", &format!("/uploads/{id}/complete"), json!({})).await.1["status"], "CREATED");
    let (_, url) = asked("GET", &format!("/uploads/{id}/url"), json!({})).await;
    playback::reads_whole(http, url["url"].as_str().expect("a URL"), &film).await;
    assert_eq!(Api::new(&server.url, api.token()).get(&format!("/v1/videos/{id}")).await.expect(200)["owner"], "42");
    assert_eq!(asked("DELETE", &format!("/uploads/{id}"), json!({})).await.0, 204);
    assert_eq!(http.post(format!("{address}/uploads")).send().await.expect("an answer").status(), 401);
}
