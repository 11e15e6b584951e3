//! Bytes in the embedded store that are cut or gone: the audit names the film, its URL says so before the first byte, and
//! everything else plays and can be deleted.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::films;
use crate::support::playback;
use crate::support::server::Server;

/// The largest file below a folder.
fn largest(folder: &Path) -> PathBuf {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let files = entries.map(|path| if path.is_dir() { largest_or(path) } else { path });
    files.max_by_key(|path| std::fs::metadata(path).expect("a file").len() * u64::from(path.is_file())).expect("a file")
}

fn largest_or(folder: PathBuf) -> PathBuf {
    let is_empty = std::fs::read_dir(&folder).expect("a folder").next().is_none();
    if is_empty { folder } else { largest(&folder) }
}

#[tokio::test]
async fn a_film_that_was_cut_is_named_by_the_audit_and_by_its_url() {
    let mut server = Server::new().await;
    let api = server.api("42").await;
    let film = films::mp4(films::THREE_PARTS);
    let cut = api.send_all(&[("video", &film)]).await;
    api.complete(&cut.id).await.expect(200);
    let blob = largest(&server.data().join("store/blobs"));
    let whole = api.send_all(&[("video", &film)]).await;
    api.complete(&whole.id).await.expect(200);
    server.command(&["audit"]).await.well();

    let file = std::fs::File::options().write(true).open(&blob).expect("a blob");
    file.set_len(file.metadata().expect("a length").len() - 1).expect("damage");
    for _ in 0..2 {
        let audit = server.command(&["audit", "--json"]).await;
        assert_eq!(audit.code, Some(1), "{audit:?}");
        let seen: Value = serde_json::from_str(&audit.out).expect("a document");
        assert_eq!(seen["breaches"].as_array().map(Vec::len), Some(1), "{seen:#}");
        assert_eq!(seen["breaches"][0]["invariant"], "I1", "{seen:#}");
        assert!(seen["breaches"][0]["key"].as_str().is_some_and(|key| key.contains(&cut.id)), "{seen:#}");
        let answer = api.http.get(api.url(&cut.id, "video").await).send().await.expect("an answer");
        assert_eq!(answer.status(), 500);
        playback::reads_whole(&api.http, &api.url(&whole.id, "video").await, &film).await;
        server.crash().await;
    }
    api.delete(&cut.id).await.expect(204);
    server.command(&["reap"]).await.well();
    server.command(&["audit"]).await.well();
}
