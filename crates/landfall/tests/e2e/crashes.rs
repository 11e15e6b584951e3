//! `kill -9` where the crash matrix does not look: in the middle of a part, in the middle of the embedded store's own
//! work, and again and again under the command line. What was begun is finished, and nothing is left behind.
//!
//! Before and after each call to catalog and store it is the matrix (`tests/crash`) that kills.

use reqwest::Method;
use tokio::task::JoinSet;

use crate::support::api::Api;
use crate::support::clock::{A_LEASE, Draw, SOON, until};
use crate::support::films;
use crate::support::playback;
use crate::support::proxy::{Hold, Proxy};
use crate::support::server::{Server, Setup};
use crate::support::uploads::Upload;

#[tokio::test]
async fn between_two_parts() {
    let mut server = Server::new().await;
    let (api, film) = (server.api("42").await, films::mp4(films::THREE_PARTS));
    let asset = api.create(&[("video", &film)]).await;
    api.send_part(&asset.parts("video")[0], &film).await;
    server.crash().await;
    assert_eq!(api.arrived(&asset.id, "video").await, [1]);
    api.send_parts(&asset, &[("video", &film)]).await;
    api.complete(&asset.id).await.expect(200);
    playback::reads_whole(&api.http, &api.url(&asset.id, "video").await, &film).await;
}

/// The embedded store dies with the server, half a part in its hands.
#[tokio::test]
async fn in_the_middle_of_a_part() {
    let proxy = Proxy::new().await;
    let config = format!("[store]\npublic_endpoint = \"{}\"", proxy.url());
    let mut server = Setup::default().config(&config).start().await;
    proxy.lead_to(server.store_address());
    let (api, film) = (server.api("42").await, films::mp4(films::THREE_PARTS));
    let asset = api.create(&[("video", &film)]).await;
    api.send_part(&asset.parts("video")[0], &film).await;
    proxy.shut_after(3_000_000);
    let (sender, part, sent) = (api.clone(), asset.parts("video")[1].clone(), film.clone());
    let mut sending = JoinSet::new();
    sending.spawn(async move { sender.try_part(&part, &sent).await.is_ok() });
    proxy.shut().await;
    server.kill().await;
    proxy.cut();
    proxy.open();
    assert!(!sending.join_next().await.expect("a task").expect("no panic"), "the store took half a part");
    server.start().await;
    assert_eq!(api.arrived(&asset.id, "video").await, [1], "half a part is no part");
    api.complete(&asset.id).await.problem(409, "upload_incomplete");
    api.send_parts(&asset, &[("video", &film)]).await;
    api.complete(&asset.id).await.expect(200);
    playback::reads_whole(&api.http, &api.url(&asset.id, "video").await, &film).await;
    assert_eq!(api.delete(&asset.id).await.status, 204);
    let buckets = server.buckets().await;
    until("the store is empty", SOON, async || buckets.list().await.is_empty().then_some(())).await;
}

/// The embedded store dies with its server while `complete` is at work. The moment is drawn, and counted in answers to
/// other requests.
#[tokio::test]
async fn while_completing_with_the_embedded_store() {
    let mut server = Server::new().await;
    let to_api = Proxy::new().await;
    to_api.lead_to(&server.url);
    let (api, film, picture) = (server.api("42").await, films::mp4(films::THREE_PARTS), films::png());
    let through = Api::new(&to_api.url(), api.token());
    let seed = Draw::seed();
    let mut draw = Draw(seed);
    for _ in 0..EMBEDDED_ROUNDS {
        let asset = api.send_all(&[("video", &film), ("thumbnail", &picture)]).await;
        to_api.trap(Hold::Request, |line| line.contains("/complete"));
        let (asker, request) =
            (through.clone(), through.request(Method::POST, &format!("/v1/videos/{}/complete", asset.id)));
        let mut asking = JoinSet::new();
        asking.spawn(async move { asker.try_send(request).await });
        to_api.sprung().await;
        to_api.release();
        for _ in 0..draw.below(MOST_ANSWERS) {
            api.get("/healthz").await.expect(200);
        }
        server.kill().await;
        to_api.cut();
        server.start().await;
        let again = async || (api.complete(&asset.id).await.status == 200).then_some(());
        until(&format!("it is published, seed {seed}"), A_LEASE, again).await;
        playback::reads_whole(&api.http, &api.url(&asset.id, "video").await, &film).await;
        playback::is_public(&api.http, &api.url(&asset.id, "thumbnail").await, &picture).await;
    }
    let left = server.buckets().await.list().await;
    assert_eq!((left.objects.len(), left.uploads.len()), (2 * EMBEDDED_ROUNDS, 0), "{left:?}");
}

/// The command line goes on through one crash after another, at moments drawn by how many bytes have moved.
#[tokio::test]
async fn at_random_while_the_command_line_uploads() {
    let seed = Draw::seed();
    let mut draw = Draw(seed);
    let (to_store, to_api) = (Proxy::new().await, Proxy::new().await);
    let config = format!("[store]\npublic_endpoint = \"{}\"", to_store.url());
    let mut server = Setup::default().config(&config).start().await;
    to_store.lead_to(server.store_address());
    to_api.lead_to(&server.url);
    let (film, picture) = (films::mp4(RANDOM_FILM), films::png());
    let token = server.token("42").await;
    let mut run = Upload::new(server.home(), &to_api.url(), &token, &film, Some(&picture)).start();
    let moved = || to_store.up() + to_api.up();
    let mut crashes = 0;
    while crashes < MOST_CRASHES && !run.has_ended() {
        // Some of these are over before the first part, some in the middle of one, some while it completes.
        let at = moved() + draw.below(if crashes % 2 == 0 { 3_000 } else { RANDOM_FILM / 4 });
        let moving = format!("{at} bytes have moved, seed {seed}");
        let reached = async || if run.has_ended() { Some(false) } else { (moved() >= at).then_some(true) };
        if !until(&moving, A_LEASE, reached).await {
            break;
        }
        server.kill().await;
        to_store.cut();
        to_api.cut();
        server.start().await;
        crashes += 1;
    }
    assert!(crashes >= 3, "only {crashes} crashes, seed {seed}");
    let asset = run.publishes().await;
    assert_eq!(asset["status"], "CREATED", "seed {seed}: {asset:#}");
    let api = Api::new(&server.url, &token);
    let id = asset["id"].as_str().expect("an id");
    playback::reads_whole(&api.http, &api.url(id, "video").await, &film).await;
    let listed = api.get("/v1/videos").await.expect(200);
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1), "one upload is one asset, seed {seed}");
    assert_eq!(api.delete(id).await.status, 204);
    let buckets = server.buckets().await;
    until("the store is empty", A_LEASE, async || buckets.list().await.is_empty().then_some(())).await;
}

/// Crashes at as many moments of a commit.
const EMBEDDED_ROUNDS: usize = 8;
/// By then most commits are over.
const MOST_ANSWERS: u64 = 60;
/// Four parts.
const RANDOM_FILM: u64 = 30_000_000;
const MOST_CRASHES: u32 = 6;
