//! What a viewer and a browser do with a published file.

use std::path::Path;

use reqwest::StatusCode;
use tokio::process::Command;

use super::api::read_at;
use super::films::{Film, SECONDS};
use super::process::{isolate, run};

/// Reads pieces by Range, at the beginning, across the first part's end, somewhere, and at the end.
pub(crate) async fn reads_by_range(http: &reqwest::Client, url: &str, film: &Film) {
    let part = 8 << 20;
    let ends = [0, film.size / 3, part - 50, film.size.saturating_sub(100)];
    for from in ends.into_iter().filter(|from| *from < film.size) {
        let to = (from + 99).min(film.size - 1);
        let answer = http.get(url).header("range", format!("bytes={from}-{to}")).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT, "{from}-{to}");
        let range = answer.headers()["content-range"].to_str().expect("a range");
        assert_eq!(range, format!("bytes {from}-{to}/{}", film.size));
        assert_eq!(answer.headers()["content-type"], film.content_type);
        let bytes = answer.bytes().await.expect("the bytes");
        assert!(bytes == read_at(&film.path, from, to - from + 1), "{from}-{to} are other bytes");
    }
}

/// Reads all of it, piece by piece, and compares.
pub(crate) async fn reads_whole(http: &reqwest::Client, url: &str, film: &Film) {
    let mut answer = http.get(url).send().await.expect("an answer").error_for_status().expect("200");
    let mut offset = 0;
    while let Some(chunk) = answer.chunk().await.expect("a piece") {
        assert!(chunk == read_at(&film.path, offset, chunk.len() as u64), "other bytes from {offset} on");
        offset += chunk.len() as u64;
    }
    assert_eq!(offset, film.size);
}

/// Plays it over HTTP, as far as looking at codec and length goes.
pub(crate) async fn plays(home: &Path, url: &str) {
    let mut probe = Command::new("ffprobe");
    probe.args(["-v", "error", "-show_entries", "stream=codec_name:format=duration", "-of", "json", url]);
    isolate(&mut probe, home);
    let seen = run(&mut probe).await.json();
    assert_eq!(seen["streams"][0]["codec_name"], "h264", "{seen}");
    let seconds: f64 = seen["format"]["duration"].as_str().expect("a length").parse().expect("a number");
    assert!((seconds - SECONDS).abs() < 0.5, "{seconds} s");
}

/// Anybody can read it by a plain URL, and browsers take it for what it says it is.
pub(crate) async fn is_public(http: &reqwest::Client, url: &str, film: &Film) {
    assert!(!url.contains('?'), "{url} is signed");
    let answer = http.get(url).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], film.content_type);
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    assert!(answer.bytes().await.expect("the bytes") == film.bytes());
}

/// Without its signature a private file's URL opens nothing.
pub(crate) async fn is_private(http: &reqwest::Client, url: &str) {
    let (plain, signature) = url.split_once('?').expect("a signed URL");
    assert!(signature.contains("X-Amz-Signature="));
    assert_eq!(http.get(plain).send().await.expect("an answer").status(), StatusCode::FORBIDDEN);
    assert_eq!(http.head(plain).send().await.expect("an answer").status(), StatusCode::FORBIDDEN);
}
