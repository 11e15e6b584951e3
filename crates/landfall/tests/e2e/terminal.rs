//! What a person at a terminal meets: no server, folders, films that are there already, ids of any collection.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::process::Command;

use crate::support::api::Api;
use crate::support::clock::{SOON, until};
use crate::support::films::{self, Film};
use crate::support::process::{LANDFALL, Said, isolate, landfall, run};
use crate::support::server::Server;

/// A person with a server, a token and a folder.
struct Person {
    server: Server,
    api: Api,
}

impl Person {
    async fn new() -> Self {
        let server = Server::new().await;
        let api = server.api("42").await;
        Self { server, api }
    }

    fn home(&self) -> &Path {
        self.server.home()
    }

    /// A copy of a film in the person's folder.
    fn film(&self, name: &str) -> Film {
        let path = self.home().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::copy(films::mp4(films::TINY).path, &path).expect("a copy");
        Film::of(&path, "video/mp4")
    }

    /// A command that finds server and token in its environment; the address has no scheme.
    async fn says(&self, words: &[&str]) -> Said {
        let mut command = landfall(self.home());
        command.env("LANDFALL_SERVER", self.server.url.trim_start_matches("http://"));
        command.env("LANDFALL_TOKEN", self.api.token());
        run(command.args(words)).await
    }

    async fn count(&self) -> usize {
        self.api.get("/v1/videos").await.expect(200)["data"].as_array().expect("a list").len()
    }
}

/// An address that nobody listens on.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

/// A patience of an hour is for a server that has answered. The hint can be typed as it stands.
#[tokio::test]
async fn nobody_there_is_told_and_not_waited_for() {
    let home = tempfile::tempdir().expect("a folder");
    let film = films::mp4(films::TINY);
    let film = film.path.to_str().expect("a readable path");
    let words = ["upload", film, "--server", &nobody(), "--token", "a.b.c"];
    let said = run(landfall(home.path()).args(words)).await;
    assert_eq!(said.code, Some(6), "{said:?}");
    assert!(said.err.contains("error: the server cannot be reached: "), "{said:?}");
    assert!(said.err.contains(&format!("Start it with `{LANDFALL} serve`")), "{said:?}");

    let log = home.path().join("terminal");
    let line = [&[LANDFALL], &words[..]].concat().join(" ");
    let mut terminal = Command::new("script");
    isolate(terminal.args(["--quiet", "--return", "--flush", "--command", &line]).arg(&log), home.path());
    let said = run(terminal.env("TERM", "xterm")).await;
    assert_eq!(said.code, Some(6), "{said:?}");
    let shown = std::fs::read_to_string(log).expect("what the terminal showed");
    assert!(shown.contains("asking the server") && !shown.contains("0 B"), "{shown}");
}

#[tokio::test]
async fn a_folder_is_called_a_folder_and_gone_through_when_asked() {
    let person = Person::new().await;
    for name in ["films/a.mp4", "films/summer/b.mp4", "films/notes.txt"] {
        person.film(name);
    }
    let refused = person.says(&["upload", "films"]).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("error: films is a folder\nhint: --recursive"), "{refused:?}");
    assert_eq!(person.count().await, 0);
    let said = person.says(&["upload", "--recursive", "films"]).await;
    assert_eq!((said.code, person.count().await), (Some(0), 2), "{said:?}");
    assert!(said.err.contains("1 other files are left out"), "{said:?}");
}

#[tokio::test]
async fn a_batch_in_which_some_fail_says_how_many() {
    let person = Person::new().await;
    person.film("a.mp4");
    let said = person.says(&["upload", "gone.mp4", "a.mp4"]).await;
    assert_eq!((said.code, person.count().await), (Some(7), 1), "{said:?}");
    assert!(said.err.contains("error: 1 of 2 files failed, 1 are published"), "{said:?}");
}

#[tokio::test]
async fn a_film_that_is_there_already_is_not_sent_again_unasked() {
    let person = Person::new().await;
    person.film("a.mp4");
    person.says(&["upload", "a.mp4", "--title", "The sea"]).await.well();
    let said = person.says(&["upload", "a.mp4"]).await;
    assert_eq!((said.code, person.count().await), (Some(0), 1), "{said:?}");
    assert!(said.out.contains("CREATED  The sea") && said.err.contains("--again"), "{said:?}");
    let events = person.says(&["upload", "a.mp4", "--json"]).await.well();
    let event: Value = serde_json::from_str(events.lines().next_back().expect("a line")).expect("JSON");
    assert_eq!((&event["event"], &event["asset"]["title"]), (&"already_there".into(), &"The sea".into()), "{event}");
    person.says(&["upload", "a.mp4", "--again"]).await.well();
    assert_eq!(person.count().await, 2);
}

#[tokio::test]
async fn an_id_is_enough_in_any_collection() {
    let person = Person::new().await;
    let picture = films::png();
    let path = picture.path.to_str().expect("a readable path");
    let published = person.says(&["upload", path]).await.well();
    let id = published.split_whitespace().next().expect("an id").to_owned();
    assert!(person.says(&["show", &id]).await.well().contains("image: "), "{published}");
    assert!(person.says(&["url", &id]).await.well().starts_with("http://"));
    let elsewhere = person.says(&["show", &id, "--collection", "videos"]).await;
    assert_eq!(elsewhere.code, Some(8), "{elsewhere:?}");
    for _ in 0..2 {
        assert_eq!(person.says(&["delete", &id, "--yes"]).await.well(), format!("deleted {id}\n"));
    }
    assert_eq!(person.says(&["show", &id]).await.code, Some(8));
    let wrong = person.says(&["show", "film.mp4"]).await;
    assert!(wrong.code == Some(2) && wrong.err.contains("it must begin with ast_"), "{wrong:?}");
}

#[tokio::test]
async fn a_film_is_renamed_shared_and_saved() {
    let person = Person::new().await;
    let film = person.film("a.mp4");
    let published = person.says(&["upload", "a.mp4"]).await.well();
    let id = published.split_whitespace().next().expect("an id").to_owned();
    let renamed = person.says(&["rename", &id, "The sea", "--description", "In May"]).await.well();
    assert_eq!(renamed, format!("{id}  CREATED  The sea\n"));
    assert_eq!(person.api.show(&id).await.expect(200)["description"], "In May");

    let link = person.says(&["share", "create", &id, "--ttl", "2h"]).await.well();
    let shared = reqwest::get(link.trim()).await.expect("an answer").bytes().await.expect("a film");
    assert!(shared == film.bytes(), "whoever has the link watches the film");
    assert_eq!(person.says(&["share", "create", &id, "--ttl", "31d"]).await.code, Some(2));

    let there = person.says(&["download", &id]).await;
    assert!(there.code == Some(2) && there.err.contains("a.mp4 is there already"), "{there:?}");
    std::fs::create_dir(person.home().join("saved")).expect("a folder");
    person.says(&["download", &id, "--output", "saved"]).await.well();
    assert!(std::fs::read(person.home().join("saved/a.mp4")).expect("the film") == film.bytes());
    assert_eq!(names(&person.home().join("saved")), [PathBuf::from("a.mp4")]);
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let items = std::fs::read_dir(folder).expect("a folder").map(|item| item.expect("an item").file_name().into());
    items.collect()
}

#[tokio::test]
async fn a_status_shows_the_server_its_store_and_its_jobs() {
    let mut person = Person::new().await;
    let said = person.server.command(&["status"]).await.well();
    for words in [format!("server   {}", person.server.url), "store    http://".into(), "job      expire: ".into()] {
        assert!(said.contains(&words), "{words}: {said}");
    }
    let report = person.server.command(&["status", "--json"]).await.json();
    assert_eq!(report["readiness"]["status"], "ready", "{report:#}");
    assert!(report["overview"]["jobs"].as_array().is_some_and(|jobs| !jobs.is_empty()), "{report:#}");
    person.server.terminate().await;
    assert_eq!(person.server.command(&["status"]).await.code, Some(6));
}

/// The clock that it was minted by is the clock that it is judged by: no leeway.
#[tokio::test]
async fn a_token_of_the_installation_ends_when_it_says() {
    let server = Server::new().await;
    let token = server.command(&["token", "--owner", "42", "--ttl", "1s"]).await.well();
    let api = Api::new(&server.url, token.trim());
    until("the token has ended", SOON, async || (api.get("/v1/videos").await.status == 401).then_some(())).await;
}
