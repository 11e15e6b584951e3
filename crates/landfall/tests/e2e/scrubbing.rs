//! Damage on the disk that no listing shows: one bit, a shortened file, a deleted one.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::api::read_at;
use crate::support::clock::{SOON, until};
use crate::support::films::{self, FIVE_MIB, Film, THREE_PARTS, TINY};
use crate::support::server::Server;

const PART: u64 = 8 << 20;

/// The file below a folder that holds exactly these bytes.
fn holding(folder: &Path, bytes: &[u8]) -> Option<PathBuf> {
    fs::read_dir(folder).expect("a folder").find_map(|entry| {
        let entry = entry.expect("an entry");
        let (path, kind) = (entry.path(), entry.metadata().expect("its metadata"));
        if kind.is_dir() {
            return holding(&path, bytes);
        }
        (kind.len() == bytes.len() as u64 && fs::read(&path).expect("a file") == bytes).then_some(path)
    })
}

fn part(film: &Film, number: u64) -> Vec<u8> {
    let from = number * PART;
    read_at(&film.path, from, PART.min(film.size - from))
}

async fn deep(server: &Server, more: &[&str]) -> (Option<i32>, Value) {
    let words = [&["audit", "--deep", "--json"], more].concat();
    let said = server.command(&words).await;
    (said.code, serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}")))
}

#[tokio::test]
async fn a_bit_a_byte_and_a_blob_that_went_are_found() {
    let mut server = Server::new().await;
    let api = server.api("42").await;
    let films = [films::mp4(THREE_PARTS), films::mp4(FIVE_MIB), films::mp4(TINY), films::mp4(TINY + 1)];
    let mut keys = Vec::new();
    for film in &films {
        let known = server.buckets().await.list().await.objects;
        let asset = api.send_all(&[("video", film)]).await;
        api.complete(&asset.id).await.expect(200);
        keys.extend(server.buckets().await.list().await.objects.into_iter().filter(|key| !known.contains(key)));
    }
    let (code, clean) = deep(&server, &[]).await;
    assert_eq!((code, &clean["breach_count"], &clean["deep"]["files"]), (Some(0), &json!(0), &json!(4)), "{clean:#}");
    assert_eq!(clean["deep"]["unproven"], 0, "{clean:#}");

    let store = server.data().join("store");
    let blob = |bytes: &[u8]| holding(&store, bytes).expect("a blob");
    let flipped = File::options().read(true).write(true).open(blob(&part(&films[0], 1))).expect("a blob");
    let mut byte = [0];
    flipped.read_exact_at(&mut byte, 4_711).expect("a byte");
    flipped.write_all_at(&[byte[0] ^ 1], 4_711).expect("it is written");
    let shortened = File::options().write(true).open(blob(&part(&films[1], 0))).expect("a blob");
    shortened.set_len(FIVE_MIB - 1).expect("it is shortened");
    fs::remove_file(blob(&part(&films[2], 0))).expect("it goes");

    let mut expected = keys[..3].to_vec();
    expected.sort();
    // Through the server and without it.
    for running in [true, false] {
        let (code, seen) = deep(&server, &[]).await;
        let told = seen["breaches"].as_array().expect("breaches").iter();
        let mut found: Vec<String> = told.filter_map(|breach| breach["key"].as_str().map(str::to_owned)).collect();
        found.sort();
        found.dedup();
        assert_eq!((code, found), (Some(1), expected.clone()), "{seen:#}");
        if running {
            let named = until("readiness names it", SOON, async || {
                let ready = api.get("/readyz").await;
                let named = ready.body["warnings"].as_array()?.iter().find(|part| part["field"] == "objects")?.clone();
                (ready.status == 200).then_some(named)
            })
            .await;
            assert!(named["detail"].as_str().is_some_and(|text| text.starts_with("of 3 published")), "{named}");
            assert_eq!(server.terminate().await.code(), Some(0));
        }
    }
    // From where an earlier run was ended: what comes after the last key is nothing.
    let mut sorted = keys.clone();
    sorted.sort();
    let (_, rest) = deep(&server, &["--after", &format!("private:{}", sorted[3])]).await;
    assert_eq!(rest["deep"]["files"], 0, "{rest:#}");
    let (_, rest) = deep(&server, &["--after", &format!("private:{}", sorted[2])]).await;
    assert_eq!(rest["deep"]["files"], 1, "{rest:#}");
}
