//! Three hundred clients at once on a server that may open 256 files: what it cannot serve it refuses, and what it has
//! acknowledged is never lost, whether it goes on or is killed meanwhile.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use reqwest::Method;
use serde_json::Value;

use crate::support::api::{Api, Asset, creation};
use crate::support::clock::{A_LEASE, Draw, until};
use crate::support::films::{self, Film};
use crate::support::playback;
use crate::support::server::{Server, Setup};

const DESCRIPTORS: usize = 256;
/// From several addresses, so that no peer's share holds them back before the descriptors do.
const PEERS: u8 = 6;
const CLIENTS_A_PEER: usize = 50;
/// Every so many clients, one sends a film of three parts.
const LARGE_EVERY: usize = 50;

/// What a client was told is published.
struct Acknowledged {
    api: Api,
    id: String,
    film: Film,
    /// The URL of part 1, which lives on.
    part: Value,
}

/// A client as an SDK makes one: what is refused for now, or not answered, is asked again.
async fn upload(api: Api, film: Film, key: String, done: &AtomicUsize, about: &str) -> Acknowledged {
    let body = creation(&[("video", &film)]);
    let create = async || {
        let request = api.request(Method::POST, "/v1/videos").header("idempotency-key", &key).json(&body);
        let answer = api.try_send(request).await.filter(|answer| answer.status == 201)?;
        // Repeated after its upload was completed elsewhere it would be CREATED; nobody else completes it.
        Some(Asset::of(answer.body))
    };
    let asset = until(&format!("an asset is created, {about}"), A_LEASE, create).await;
    for part in asset.parts("video") {
        let sent = async || api.try_part(part, &film).await.ok()?.error_for_status().ok();
        until(&format!("a part is taken, {about}"), A_LEASE, sent).await;
    }
    let complete = async || {
        let request = api.request(Method::POST, &format!("/v1/videos/{}/complete", asset.id));
        let answer = api.try_send(request).await.filter(|answer| answer.status == 200)?;
        (answer.body["status"] == "CREATED").then_some(())
    };
    until(&format!("the upload is complete, {about}"), A_LEASE, complete).await;
    done.fetch_add(1, Ordering::Relaxed);
    Acknowledged { part: asset.parts("video")[0].clone(), id: asset.id, api, film }
}

/// Lets all clients begin at once. `kill_after`: so many have been acknowledged when the server is killed and started again.
async fn storm(server: &mut Server, kill_after: Option<usize>, about: &str) -> Vec<Acknowledged> {
    let (done, mut clients) = (AtomicUsize::new(0), Vec::new());
    let (small, large) = (films::mp4(films::TINY), films::mp4(films::THREE_PARTS));
    for peer in 0..PEERS {
        let api = server.api(&format!("owner-{peer}")).await;
        for n in 0..CLIENTS_A_PEER {
            let address: IpAddr = Ipv4Addr::new(127, 0, 0, 2 + peer).into();
            let http = reqwest::Client::builder().local_address(address).build().expect("a client");
            let film = if n % LARGE_EVERY == 0 { large.clone() } else { small.clone() };
            clients.push(upload(api.clone().over(http), film, format!("film-{n}"), &done, about));
        }
    }
    let kill = async {
        if let Some(count) = kill_after {
            let enough = async || (done.load(Ordering::Relaxed) >= count).then_some(());
            until(&format!("{kill_after:?} are acknowledged, {about}"), A_LEASE, enough).await;
            server.crash().await;
        }
    };
    tokio::join!(join_all(clients), kill).0
}

/// Whatever a client may do afterwards with what it still has does not touch what is published, and a new start finds it.
async fn is_kept(mut server: Server, acknowledged: &[Acknowledged], about: &str) {
    for Acknowledged { api, id, film, part } in acknowledged {
        let other = vec![b'x'; usize::try_from(part["size"].as_u64().expect("a size")).expect("it fits")];
        let late = api.http.put(part["url"].as_str().expect("a URL")).body(other).send().await.expect("an answer");
        assert_eq!(late.status().as_u16(), 404, "{id}, {about}: the upload of what is published is open");
        assert_eq!(api.complete(id).await.expect(200)["status"], "CREATED");
        playback::reads_whole(&api.http, &api.url(id, "video").await, film).await;
    }
    assert_eq!(server.terminate().await.code(), Some(0));
    server.start().await;
    let buckets = server.buckets().await;
    let objects = buckets.list().await.objects;
    let ids: Vec<&str> = acknowledged.iter().map(|one| one.id.as_str()).collect();
    for id in &ids {
        assert!(objects.iter().any(|key| key.contains(id)), "{id} has no object, {about}");
    }
    // What a kill left open beside an upload is empty, and is closed by a look ten minutes later.
    assert_eq!(buckets.count_open_parts(&ids).await, 0, "something open holds what is published, {about}");
    let said = server.command(&["audit", "--deep", "--json"]).await;
    let report = said.json();
    assert_eq!(report["breach_count"], 0, "{about}: {report:#}");
    assert!(report["deep"]["files"].as_u64() >= Some(acknowledged.len() as u64), "{report:#}");
}

async fn begin() -> Server {
    Setup::default().before(&format!("ulimit -n {DESCRIPTORS}")).start().await
}

#[tokio::test]
async fn nothing_acknowledged_is_lost() {
    let mut server = begin().await;
    let acknowledged = storm(&mut server, None, "not killed").await;
    is_kept(server, &acknowledged, "not killed").await;
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_by_a_kill_in_between() {
    let seed = Draw::seed();
    let most = u64::from(PEERS) * CLIENTS_A_PEER as u64;
    let kill_after = usize::try_from(Draw(seed).below(most)).expect("it fits");
    let about = format!("seed {seed}");
    let mut server = begin().await;
    let acknowledged = storm(&mut server, Some(kill_after), &about).await;
    is_kept(server, &acknowledged, &about).await;
}
