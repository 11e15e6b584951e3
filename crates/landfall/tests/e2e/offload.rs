//! The server carries no media: with the store in a process of its own, every byte to and from the server is counted.

use crate::support::films;
use crate::support::playback;
use crate::support::proxy::Proxy;
use crate::support::server::StoreServer;
use crate::support::uploads::Upload;

/// What the server may read of each file to see what it is.
const INSPECTED: u64 = 64 << 10;
/// Room for all requests, answers and their headers of one upload of 60 parts. A single part is 8 MiB.
const CONTROL: u64 = 256 << 10;

#[tokio::test]
async fn the_server_sends_no_media_and_reads_64_kib_of_each_file() {
    let (film, thumbnail) = (films::mp4(films::LARGE), films::png());
    let store = StoreServer::new().await;
    let (to_store, to_api) = (Proxy::new().await, Proxy::new().await);
    to_store.lead_to(&store.url);
    let server = store.setup(&to_store.url()).start().await;
    to_api.lead_to(&server.url);
    let token = server.token("42").await;

    let asset = Upload::new(server.home(), &to_api.url(), &token, &film, Some(&thumbnail)).start().publishes().await;
    assert_eq!(asset["status"], "CREATED", "{asset:#}");

    let (sent, received) = (to_store.up(), to_store.down());
    assert!(sent < CONTROL, "the server sent {sent} bytes to the store");
    assert!(received < 2 * INSPECTED + CONTROL, "the server received {received} bytes from the store");
    let (asked, answered) = (to_api.up(), to_api.down());
    assert!(asked < CONTROL && answered < CONTROL, "clients sent {asked} bytes to the server and got {answered}");
    // Requests about files, not the looks at the buckets' markers.
    let about_files = || to_store.requests().into_iter().filter(|line| line.contains("/videos/")).collect::<Vec<_>>();
    let during = about_files();
    assert!(!during.is_empty() && !during.iter().any(|line| line.starts_with("PUT ")), "only clients send parts");

    let api = server.api("42").await;
    let url = api.url(asset["id"].as_str().expect("an id"), "video").await;
    assert!(url.starts_with(&store.url), "viewers read from the store itself");
    playback::reads_by_range(&api.http, &url, &film).await;
    assert_eq!(about_files(), during, "reading does not touch the server either");
}
