//! `kill -9` at every step of an upload, and a new start: what was begun is finished, and nothing is left behind.
//!
//! Where the step is a call to the store, the store runs in a process of its own, and a proxy holds the call at the
//! chosen moment: before it takes effect, or after its effect and before its answer.

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::api::{Api, Asset, creation};
use crate::support::clock::{A_LEASE, Draw, SOON, until};
use crate::support::films::{self, Film};
use crate::support::playback;
use crate::support::proxy::{Hold, Proxy};
use crate::support::server::{Server, Setup, StoreServer};
use crate::support::uploads::Upload;

/// A server, and a store that outlives it behind a proxy.
struct World {
    store: StoreServer,
    proxy: Proxy,
    server: Server,
    api: Api,
    film: Film,
    picture: Film,
}

impl World {
    async fn new() -> Self {
        Self::with("").await
    }

    async fn with(config: &str) -> Self {
        let store = StoreServer::new().await;
        let proxy = Proxy::new().await;
        proxy.lead_to(&store.url);
        let server = store.setup(&proxy.url()).config(config).start().await;
        let api = server.api("42").await;
        Self { store, proxy, server, api, film: films::mp4(films::THREE_PARTS), picture: films::png() }
    }

    fn files(&self) -> [(&'static str, &Film); 2] {
        [("video", &self.film), ("thumbnail", &self.picture)]
    }

    /// Kills the server while the store holds a call that fits, made by this request.
    async fn die_during(&mut self, hold: Hold, wanted: fn(&str) -> bool, method: Method, path: &str) {
        self.proxy.trap(hold, wanted);
        let (api, request) = (self.api.clone(), self.api.request(method, path));
        let mut asking = JoinSet::new();
        asking.spawn(async move { api.try_send(request).await });
        self.proxy.sprung().await;
        self.server.kill().await;
        self.proxy.cut();
        assert!(asking.join_next().await.expect("a task").expect("no panic").is_none(), "the server answered");
        self.server.start().await;
    }

    /// It becomes CREATED with nobody asking for it.
    async fn publishes_by_itself(&self, asset: &Asset) {
        let created = async || (self.api.status(&asset.id).await? == "CREATED").then_some(());
        until("it is published without its client", A_LEASE, created).await;
        self.is_right(asset, 2).await;
    }

    async fn is_right(&self, asset: &Asset, objects: usize) {
        let url = self.api.url(&asset.id, "video").await;
        playback::reads_whole(&self.api.http, &url, &self.film).await;
        let left = self.store.buckets().list().await;
        assert_eq!((left.objects.len(), left.uploads.len()), (objects, 0), "{left:?}");
    }

    /// Nothing is left of an asset that its owner deletes.
    async fn leaves_nothing(&self, asset: &Asset) {
        assert_eq!(self.api.delete(&asset.id).await.status, 204);
        self.is_empty().await;
    }

    async fn is_empty(&self) {
        let buckets = self.store.buckets();
        until("the store is empty", A_LEASE, async || buckets.list().await.is_empty().then_some(())).await;
    }
}

fn is_create(line: &str) -> bool {
    line.starts_with("POST ") && line.contains("?uploads")
}

fn is_complete(line: &str) -> bool {
    line.starts_with("POST ") && line.contains("uploadId=")
}

fn is_complete_of_thumbnail(line: &str) -> bool {
    is_complete(line) && line.contains("/thumbnail-")
}

fn is_list_parts(line: &str) -> bool {
    line.starts_with("GET ") && line.contains("uploadId=")
}

fn is_head(line: &str) -> bool {
    line.starts_with("HEAD ") && line.contains("/video-")
}

fn is_inspection(line: &str) -> bool {
    line.starts_with("GET ") && line.contains("/video-") && !line.contains("uploadId=") && !line.contains("prefix=")
}

fn is_abort(line: &str) -> bool {
    line.starts_with("DELETE ") && line.contains("uploadId=")
}

fn is_delete(line: &str) -> bool {
    line.contains("/video-") && line.starts_with("DELETE ") && !line.contains("uploadId=")
}

/// A client that got no answer repeats its request with the same key, and gets one asset.
async fn die_while_creating(hold: Hold) {
    let mut world = World::new().await;
    world.proxy.trap(hold, is_create);
    let (api, body) = (world.api.clone(), creation(&world.files()));
    let create = || api.request(Method::POST, "/v1/videos").header("idempotency-key", "one-film").json(&body);
    let (sender, request) = (api.clone(), create());
    let mut asking = JoinSet::new();
    asking.spawn(async move { sender.try_send(request).await });
    world.proxy.sprung().await;
    world.server.kill().await;
    world.proxy.cut();
    assert!(asking.join_next().await.expect("a task").expect("no panic").is_none(), "the server answered");
    world.server.start().await;
    let asset = until("the key's lease of 30 s ends", A_LEASE, async || {
        let answer = api.send(create()).await;
        if answer.status == 409 {
            answer.problem(409, "idempotency_key_in_progress");
            return None;
        }
        Some(Asset::of(answer.expect(201)))
    })
    .await;
    let listed = api.get("/v1/videos").await.expect(200);
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
    api.send_parts(&asset, &world.files()).await;
    api.complete(&asset.id).await.expect(200);
    let url = api.url(&asset.id, "video").await;
    playback::reads_whole(&api.http, &url, &world.film).await;
    world.leaves_nothing(&asset).await;
}

#[tokio::test]
async fn while_creating_before_the_store_opens_the_upload() {
    die_while_creating(Hold::Request).await;
}

#[tokio::test]
async fn while_creating_after_the_store_opened_the_upload() {
    die_while_creating(Hold::Answer).await;
}

#[tokio::test]
async fn after_creating() {
    let mut world = World::new().await;
    let asset = world.api.create(&world.files()).await;
    world.server.crash().await;
    world.api.send_parts(&asset, &world.files()).await;
    world.api.complete(&asset.id).await.expect(200);
    world.is_right(&asset, 2).await;
}

#[tokio::test]
async fn between_two_parts() {
    let mut world = World::new().await;
    let asset = world.api.create(&world.files()).await;
    world.api.send_part(&asset.parts("video")[0], &world.film).await;
    world.server.crash().await;
    assert_eq!(world.api.arrived(&asset.id, "video").await, [1]);
    world.api.send_parts(&asset, &world.files()).await;
    world.api.complete(&asset.id).await.expect(200);
    world.is_right(&asset, 2).await;
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

async fn die_while_completing(hold: Hold, wanted: fn(&str) -> bool) {
    let mut world = World::new().await;
    let asset = world.api.send_all(&world.files()).await;
    world.die_during(hold, wanted, Method::POST, &format!("/v1/videos/{}/complete", asset.id)).await;
    world.publishes_by_itself(&asset).await;
    world.leaves_nothing(&asset).await;
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

/// Nothing was decided yet, so nothing happens until the client asks again.
#[tokio::test]
async fn while_completing_before_the_parts_are_listed() {
    let mut world = World::new().await;
    let asset = world.api.send_all(&world.files()).await;
    let path = format!("/v1/videos/{}/complete", asset.id);
    world.die_during(Hold::Request, is_list_parts, Method::POST, &path).await;
    assert_eq!(world.api.show(&asset.id).await.expect(200)["status"], "UPLOADING");
    world.api.complete(&asset.id).await.expect(200);
    world.is_right(&asset, 2).await;
}

#[tokio::test]
async fn while_completing_before_the_store_commits() {
    die_while_completing(Hold::Request, is_complete).await;
}

#[tokio::test]
async fn while_completing_after_the_store_committed() {
    die_while_completing(Hold::Answer, is_complete).await;
}

#[tokio::test]
async fn while_completing_before_the_object_is_looked_at() {
    die_while_completing(Hold::Request, is_head).await;
}

#[tokio::test]
async fn while_completing_before_its_bytes_are_inspected() {
    die_while_completing(Hold::Request, is_inspection).await;
}

#[tokio::test]
async fn while_completing_between_the_two_files() {
    die_while_completing(Hold::Request, is_complete_of_thumbnail).await;
}

#[tokio::test]
async fn while_completing_after_the_second_file() {
    die_while_completing(Hold::Answer, is_complete_of_thumbnail).await;
}

#[tokio::test]
async fn after_completing() {
    let mut world = World::new().await;
    let asset = world.api.send_all(&world.files()).await;
    world.api.complete(&asset.id).await.expect(200);
    world.server.crash().await;
    assert_eq!(world.api.show(&asset.id).await.expect(200)["status"], "CREATED");
    world.api.complete(&asset.id).await.expect(200);
    world.is_right(&asset, 2).await;
}

/// The page that said it was a picture is found out; the server dies before it has removed it.
#[tokio::test]
async fn while_removing_what_was_rejected() {
    let mut world = World::new().await;
    let page = films::html_as_png(world.server.home());
    let asset = world.api.send_all(&[("video", &world.film), ("thumbnail", &page)]).await;
    let removes: fn(&str) -> bool = |line| line.contains("/thumbnail-") && line.starts_with("DELETE ");
    let path = format!("/v1/videos/{}/complete", asset.id);
    world.die_during(Hold::Request, removes, Method::POST, &path).await;
    let problem = world.api.complete(&asset.id).await.problem(422, "upload_rejected");
    assert_eq!((&problem["role"], &problem["reason"]), (&json!("thumbnail"), &json!("content_mismatch")));
    let buckets = world.store.buckets();
    let gone = async || (!buckets.list().await.objects.iter().any(|key| key.contains("/thumbnail-"))).then_some(());
    until("the page is removed", A_LEASE, gone).await;
}

/// A deletion may be carried out after its answer, so only the store is waited for, not the request.
async fn die_while_deleting(published: Published, wanted: fn(&str) -> bool) {
    let mut world = World::new().await;
    let asset = world.api.send_all(&world.files()).await;
    match published {
        Published::Yes => drop(world.api.complete(&asset.id).await.expect(200)),
        Published::No => {}
    }
    world.proxy.trap(Hold::Request, wanted);
    let (api, request) = (world.api.clone(), world.api.request(Method::DELETE, &format!("/v1/videos/{}", asset.id)));
    let mut asking = JoinSet::new();
    asking.spawn(async move { api.try_send(request).await });
    world.proxy.sprung().await;
    world.server.kill().await;
    world.proxy.cut();
    world.server.start().await;
    world.is_empty().await;
    world.api.show(&asset.id).await.problem(410, "gone");
    assert_eq!(world.api.delete(&asset.id).await.status, 204);
}

#[derive(Clone, Copy)]
enum Published {
    Yes,
    No,
}

#[tokio::test]
async fn while_deleting_a_published_asset() {
    die_while_deleting(Published::Yes, is_delete).await;
}

#[tokio::test]
async fn while_cancelling_an_upload() {
    die_while_deleting(Published::No, is_abort).await;
}

#[tokio::test]
async fn while_reaping() {
    // Long enough for one part to be sent on a busy machine, short enough to wait for.
    let mut world = World::with("[uploads]\nurl_ttl = \"5s\"\nidle = \"5s\"").await;
    let asset = world.api.create(&world.files()).await;
    world.api.send_part(&asset.parts("video")[0], &world.film).await;
    world.proxy.trap(Hold::Request, is_abort);
    let reaping = async || drop(world.server.command(&["reap"]).await);
    let trapped = until("the upload is old enough to be reaped", SOON, async || {
        tokio::select! {
            () = reaping() => None,
            () = world.proxy.sprung() => Some(()),
        }
    });
    trapped.await;
    world.server.kill().await;
    world.proxy.cut();
    world.server.start().await;
    world.is_empty().await;
    world.api.show(&asset.id).await.problem(410, "gone");
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
    let early = crashes < 3 && run.has_ended();
    assert!(!early, "only {crashes} crashes, seed {seed}: {:?}", run.publishes().await);
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
