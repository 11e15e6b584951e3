//! An upload by the `curl` program alone, as the README shows it to somebody who has no client at all.

use tokio::process::Command;

use crate::support::films;
use crate::support::playback;
use crate::support::process::{isolate, run};
use crate::support::server::Server;

/// Create, send every part, complete, ask for the URL. `$SERVER`, `$TOKEN` and `$FILM` come from outside.
const SCRIPT: &str = r#"
set -eu
api() { curl --silent --show-error --fail-with-body -H "Authorization: Bearer $TOKEN" "$@"; }
size=$(stat -c %s "$FILM")
asset=$(api "$SERVER/v1/videos" --json '{"title": "By curl", "files": {"video":
  {"file_name": "film.mp4", "size": '"$size"', "content_type": "video/mp4"}}}')
id=$(printf %s "$asset" | grep -o '"id":"[^"]*"' | head -n 1 | cut -d '"' -f 4)

# Nothing has been sent: this is refused.
curl --silent -o early.json -w '%{http_code}' -X POST -H "Authorization: Bearer $TOKEN" \
  "$SERVER/v1/videos/$id/complete" | grep -x 409
grep -q '"code":"upload_incomplete"' early.json

split --bytes=8388608 --numeric-suffixes=1 --suffix-length=5 "$FILM" part-
printf %s "$asset" | grep -o '"url":"[^"]*"' | cut -d '"' -f 4 > urls
number=1
while read -r url; do
  curl --silent --show-error --fail --upload-file "$(printf 'part-%05d' "$number")" "$url"
  number=$((number + 1))
done < urls

api -X POST "$SERVER/v1/videos/$id/complete" | grep -q '"status":"CREATED"'
api "$SERVER/v1/videos/$id/files/video/url" | grep -o '"url":"[^"]*"' | cut -d '"' -f 4 > url
curl --silent --fail --range 0-99 "$(cat url)" | cmp -n 100 - "$FILM"
curl --silent --fail "$(cat url)" | cmp - "$FILM"
"#;

async fn by_curl(length: u64) {
    let film = films::mp4(length);
    let server = Server::new().await;
    let mut script = Command::new("sh");
    isolate(&mut script, server.home());
    script
        .args(["-c", SCRIPT])
        .env("SERVER", &server.url)
        .env("TOKEN", server.token("42").await)
        .env("FILM", &film.path);
    run(&mut script).await.well();
    let url = std::fs::read_to_string(server.home().join("url")).expect("the script's URL");
    playback::plays(server.home(), url.trim()).await;
}

#[tokio::test]
async fn a_few_kb_by_curl() {
    by_curl(films::TINY).await;
}

#[tokio::test]
async fn exactly_5_mib_by_curl() {
    by_curl(films::FIVE_MIB).await;
}

#[tokio::test]
async fn a_byte_over_5_mib_by_curl() {
    by_curl(films::FIVE_MIB_AND_ONE).await;
}

#[tokio::test]
async fn large_500_mb_by_curl() {
    by_curl(films::LARGE).await;
}
