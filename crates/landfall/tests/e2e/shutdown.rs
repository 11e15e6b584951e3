//! SIGTERM loses nothing: what is under way is finished or can be gone on with, and the server ends with 0.

use reqwest::Method;
use tokio::task::JoinSet;

use crate::support::clock::{A_LEASE, until};
use crate::support::films;
use crate::support::playback;
use crate::support::proxy::{Hold, Proxy};
use crate::support::server::{Setup, StoreServer};
use rustix::process::Signal;

/// The embedded store lets a part that is half there arrive.
#[tokio::test]
async fn during_a_part() {
    let proxy = Proxy::new().await;
    let config = format!("[store]\npublic_endpoint = \"{}\"", proxy.url());
    let mut server = Setup::default().config(&config).start().await;
    proxy.lead_to(server.store_address());
    let (api, film) = (server.api("42").await, films::mp4(films::THREE_PARTS));
    let asset = api.create(&[("video", &film)]).await;
    proxy.shut_after(3_000_000);
    let (sender, part, sent) = (api.clone(), asset.parts("video")[0].clone(), film.clone());
    let mut sending = JoinSet::new();
    sending.spawn(async move { sender.try_part(&part, &sent).await.is_ok_and(|answer| answer.status().is_success()) });
    proxy.shut().await;
    server.process().signal(Signal::TERM);
    proxy.open();
    assert!(sending.join_next().await.expect("a task").expect("no panic"), "the part was lost");
    assert_eq!(server.ends().await.code(), Some(0));
    server.start().await;
    assert_eq!(api.arrived(&asset.id, "video").await, [1]);
    api.send_parts(&asset, &[("video", &film)]).await;
    api.complete(&asset.id).await.expect(200);
    playback::reads_whole(&api.http, &api.url(&asset.id, "video").await, &film).await;
}

/// Whoever waits for `complete` gets the answer before the server ends.
#[tokio::test]
async fn during_complete() {
    let store = StoreServer::new().await;
    let proxy = Proxy::new().await;
    proxy.lead_to(&store.url);
    let mut server = store.setup(&proxy.url()).start().await;
    let (api, film) = (server.api("42").await, films::mp4(films::TINY));
    let asset = api.send_all(&[("video", &film)]).await;
    proxy.trap(Hold::Request, |line| line.starts_with("POST ") && line.contains("uploadId="));
    let (asker, request) = (api.clone(), api.request(Method::POST, &format!("/v1/videos/{}/complete", asset.id)));
    let mut asking = JoinSet::new();
    asking.spawn(async move { asker.try_send(request).await });
    proxy.sprung().await;
    server.process().signal(Signal::TERM);
    let refused = async || (reqwest::Client::new().get(&server.url).send().await.is_err()).then_some(());
    until("nobody new is let in", A_LEASE, refused).await;
    proxy.release();
    let answer = asking.join_next().await.expect("a task").expect("no panic").expect("an answer");
    assert_eq!(answer.expect(200)["status"], "CREATED");
    assert_eq!(server.ends().await.code(), Some(0));
    server.start().await;
    assert_eq!(api.show(&asset.id).await.expect(200)["status"], "CREATED");
    playback::reads_whole(&api.http, &api.url(&asset.id, "video").await, &film).await;
}

#[tokio::test]
async fn at_rest_the_run_file_goes_too() {
    let mut server = Setup::default().start().await;
    assert!(server.data().join("run.json").exists());
    assert_eq!(server.terminate().await.code(), Some(0));
    assert!(!server.data().join("run.json").exists());
    server.start().await;
}

/// A balancer needs time to notice that no more is to be sent, and until then requests still come.
#[tokio::test]
async fn a_draining_server_says_so_and_goes_on_answering() {
    let mut server = Setup::default().variable("LANDFALL_SERVER__DRAIN", "10m").start().await;
    let api = server.api("42").await;
    let fresh = async |path: &str| {
        let request = reqwest::Client::new().get(format!("{}{path}", server.url)).send();
        request.await.expect("the server accepts").status().as_u16()
    };
    assert_eq!(fresh("/readyz").await, 200);
    server.process().signal(Signal::TERM);
    let told = async || (fresh("/readyz").await == 503).then_some(());
    until("it says that it is not ready", A_LEASE, told).await;
    assert_eq!(fresh("/healthz").await, 200);
    let film = films::mp4(films::TINY);
    let asset = api.send_all(&[("video", &film)]).await;
    assert_eq!(api.complete(&asset.id).await.expect(200)["status"], "CREATED");
    // Who cannot wait asks again.
    server.process().signal(Signal::TERM);
    assert_eq!(server.ends().await.code(), Some(128 + Signal::TERM.as_raw()));
}

#[tokio::test]
async fn a_server_ends_when_it_has_drained_and_at_once_by_ctrl_c() {
    let mut server = Setup::default().variable("LANDFALL_SERVER__DRAIN", "500ms").start().await;
    assert_eq!(server.terminate().await.code(), Some(0));
    let mut server = Setup::default().variable("LANDFALL_SERVER__DRAIN", "10m").start().await;
    server.process().signal(Signal::INT);
    assert_eq!(server.ends().await.code(), Some(0), "nobody presses Ctrl-C ten minutes ahead");
}
