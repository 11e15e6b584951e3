//! What clients, operators and time do, written once for every treatment.
//!
//! Each scenario is prepared in peace, acted while the point is armed, and looked at when all is over. *Rule*: an owner
//! repeats what was not answered; what the rows say is decided, nobody asks for again.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Ask, Client, Form};
use crate::support::api::{announcement, creation};
use crate::support::films::{self, Film};
use crate::support::playback;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// Create, send, complete, look, rename.
    Publish,
    /// Delete an upload that has begun.
    Cancel,
    /// Reap an upload that nobody finished.
    Expire,
    /// Complete with a page that says it is a picture, announce another picture; in the end complete again.
    Reject,
    /// Complete an upload that the store has aborted, and give up.
    Vanish,
    /// The looks at a closed file, until its row goes.
    Forget,
    /// Reconcile after an object and an upload have landed on a closed file's key.
    Reconcile,
    /// Reconcile after an object and an upload have landed on a key that no row owns.
    Adopt,
    /// Send a film as a form, through the server.
    Relay,
}

/// One run of a scenario.
pub(crate) struct Scene {
    name: String,
    film: Film,
    picture: Film,
    /// The asset's id, once there is one.
    asset: String,
    /// The answer that had its part URLs.
    created: Value,
}

impl Scenario {
    pub(crate) const ALL: [Self; 9] = [
        Self::Publish,
        Self::Cancel,
        Self::Expire,
        Self::Reject,
        Self::Vanish,
        Self::Forget,
        Self::Reconcile,
        Self::Adopt,
        Self::Relay,
    ];

    /// What comes before anything can happen.
    pub(crate) async fn prepare(self, client: &mut Client, name: &str) -> Scene {
        let (film, picture) = (films::mp4(films::TINY), films::png());
        let name = name.to_owned();
        let mut scene = Scene { name, film, picture, asset: String::new(), created: Value::Null };
        match self {
            Self::Publish => {}
            Self::Cancel => scene.begin(client).await,
            Self::Expire => {
                scene.begin(client).await;
                client.world.catalog.make_late(&scene.asset).await;
            }
            Self::Reject => {
                let page = films::html_as_png(client.world.servers[0].server.home());
                scene.create(client, &page).await;
                scene.send(client, "video").await;
                client.send_parts(parts(&scene.created, "thumbnail"), &page).await;
            }
            Self::Vanish => {
                scene.begin(client).await;
                client.world.buckets.abort_uploads(&scene.asset).await;
            }
            Self::Forget => {
                scene.begin(client).await;
                scene.cancel(client).await;
            }
            Self::Reconcile => {
                scene.begin(client).await;
                scene.cancel(client).await;
                scene.litter(client, str::to_owned).await;
            }
            Self::Adopt => {
                scene.begin(client).await;
                scene.cancel(client).await;
                scene.litter(client, another_key).await;
            }
            Self::Relay => scene.begin_form(client).await,
        }
        scene
    }

    /// What it is about. When this returns, nobody has anything left to ask for.
    pub(crate) async fn act(self, client: &mut Client, scene: &mut Scene) {
        match self {
            Self::Publish => {
                let picture = scene.picture.clone();
                scene.create(client, &picture).await;
                scene.send(client, "video").await;
                scene.send(client, "thumbnail").await;
                scene.complete(client).await;
                scene.tend(client).await;
            }
            Self::Cancel => scene.cancel(client).await,
            Self::Expire => scene.expire(client).await,
            Self::Reject => {
                scene.fail(client, "thumbnail").await;
                scene.announce_picture(client).await;
            }
            Self::Vanish => {
                scene.fail(client, "video").await;
                scene.cancel(client).await;
            }
            Self::Forget => scene.outlive_looks(client).await,
            Self::Reconcile | Self::Adopt => scene.reconcile(client).await,
            Self::Relay => scene.send_form(client).await,
        }
    }

    /// Whether the act leaves nothing to do. A second announcement that arrives after publication is another
    /// replacement, so a rejected file is announced, and its asset completed, only when nobody stands still.
    pub(crate) fn is_concluded(self) -> bool {
        self != Self::Reject
    }

    /// What is left to do when nothing happens any more.
    pub(crate) async fn conclude(self, client: &mut Client, scene: &Scene) {
        match self {
            Self::Reject => {
                scene.send(client, "thumbnail").await;
                scene.complete(client).await;
            }
            Self::Publish
            | Self::Cancel
            | Self::Expire
            | Self::Vanish
            | Self::Forget
            | Self::Reconcile
            | Self::Adopt
            | Self::Relay => {}
        }
    }

    /// Waits until everything is at its end, and compares rows, store and what the owner sees.
    pub(crate) async fn settles(self, client: &mut Client, scene: &Scene) {
        // How many files are published in the end.
        let published = match self {
            Self::Publish | Self::Reject => 2,
            Self::Relay => 1,
            Self::Cancel | Self::Expire | Self::Vanish | Self::Forget | Self::Reconcile | Self::Adopt => 0,
        };
        let asset = scene.asset.as_str();
        let ended = if published > 0 { ["CREATED", "CLOSED"] } else { ["CLOSED", "CLOSED"] };
        client
            .until("everything of it has ended", async |client| {
                let rows = client.world.catalog.rows(Some(asset)).await;
                rows.iter().all(|row| ended.contains(&row.state.as_str())).then_some(())
            })
            .await;
        let rows = client.world.catalog.rows(Some(asset)).await;
        let mut owned: Vec<_> = rows.into_iter().filter(|row| row.state == "CREATED").map(|row| row.key).collect();
        let content = client.world.buckets.list().await;
        let mut found: Vec<_> = content.objects.into_iter().filter(|key| key.contains(asset)).collect();
        owned.sort();
        found.sort();
        assert_eq!(found, owned, "the store holds what the rows say");
        // Whoever opened an upload and could not write its id down leaves it. On a live key only reconcile ends it, when
        // it is a day old (T12).
        let hidden: Vec<_> = content.uploads.iter().filter(|key| key.contains(asset)).collect();
        assert!(hidden.iter().all(|key| owned.contains(key)), "hidden uploads: {hidden:?}");
        let keys: BTreeSet<_> = hidden.iter().collect();
        assert_eq!(keys.len(), hidden.len(), "one server was disturbed, so a key has one upload too many: {hidden:?}");
        assert_eq!(client.world.catalog.creations(asset).await, i64::from(published > 0), "events of its publication");
        let shown = client.insist(&Ask::new(Method::GET, scene.path("")), &[200, 404, 410]).await;
        match self {
            Self::Publish | Self::Reject | Self::Relay => {
                assert_eq!(shown.expect(200)["status"], "CREATED");
                assert_eq!(owned.len(), published, "{owned:?}");
                let place = Ask::new(Method::GET, scene.path("/files/video/url"));
                let url = client.insist(&place, &[200]).await.body["url"].as_str().expect("a URL").to_owned();
                playback::reads_whole(&client.world.servers[0].api.http, &url, &scene.film).await;
            }
            Self::Cancel | Self::Expire | Self::Vanish | Self::Reconcile | Self::Adopt => {
                drop(shown.problem(410, "gone"))
            }
            Self::Forget => drop(shown.expect(404)),
        }
    }
}

impl Scene {
    fn path(&self, below: &str) -> String {
        format!("/v1/videos/{}{below}", self.asset)
    }

    /// Creates the asset, with one Idempotency-Key however often it has to ask.
    async fn create(&mut self, client: &mut Client, picture: &Film) {
        let mut body = creation(&[("video", &self.film), ("thumbnail", picture)]);
        body["title"] = json!(self.name);
        self.take(client, body).await;
    }

    /// An upload of a film alone, one part of which has arrived.
    async fn begin(&mut self, client: &mut Client) {
        let mut body = creation(&[("video", &self.film)]);
        body["title"] = json!(self.name);
        self.take(client, body).await;
        self.send(client, "video").await;
    }

    async fn take(&mut self, client: &mut Client, body: Value) {
        let ask = Ask::new(Method::POST, "/v1/videos").body(body).key(&self.name);
        self.created = client.insist(&ask, &[201]).await.body;
        self.asset = self.created["id"].as_str().expect("an id").to_owned();
    }

    async fn send(&self, client: &mut Client, role: &str) {
        let film = if role == "video" { &self.film } else { &self.picture };
        client.send_parts(parts(&self.created, role), film).await;
    }

    /// The states of its files.
    async fn states(&self, client: &Client) -> Vec<(String, String)> {
        let rows = client.world.catalog.rows(Some(&self.asset)).await;
        rows.into_iter().map(|row| (row.role, row.state)).collect()
    }

    async fn has(&self, client: &Client, role: &str, wanted: &[&str]) -> bool {
        let states = self.states(client).await;
        states.iter().any(|(name, state)| name == role && wanted.contains(&state.as_str()))
    }

    /// Says that everything is sent, until every file is frozen; then it only waits.
    async fn complete(&self, client: &mut Client) {
        let ask = Ask::new(Method::POST, self.path("/complete"));
        client
            .until("all files are frozen", async |client| {
                let answer = client.ask(&ask).await;
                if let Some(answer) = &answer {
                    let status = answer.status.as_u16();
                    assert!([200, 202, 503].contains(&status), "{status}: {:#}", answer.body);
                }
                let states = self.states(client).await;
                (!states.iter().any(|(_, state)| state == "UPLOADING")).then_some(())
            })
            .await;
        client
            .until("it is published without its owner", async |client| {
                self.has(client, "video", &["CREATED"]).await.then_some(())
            })
            .await;
    }

    /// Says that everything is sent, and one file is found out.
    async fn fail(&self, client: &mut Client, role: &str) {
        let ask = Ask::new(Method::POST, self.path("/complete"));
        client
            .until("its parts are judged", async |client| {
                let answer = client.ask(&ask).await;
                if let Some(answer) = &answer {
                    let status = answer.status.as_u16();
                    assert!([202, 422, 503].contains(&status), "{status}: {:#}", answer.body);
                }
                (!self.has(client, role, &["UPLOADING"]).await).then_some(())
            })
            .await;
        client
            .until("it is rejected without its owner", async |client| {
                self.has(client, role, &["DELETING", "CLOSED"]).await.then_some(())
            })
            .await;
    }

    async fn announce_picture(&mut self, client: &mut Client) {
        let ask = Ask::new(Method::PUT, self.path("/files/thumbnail")).body(announcement(&self.picture));
        self.created = client.insist(&ask, &[200]).await.body;
    }

    async fn cancel(&self, client: &mut Client) {
        let ask = Ask::new(Method::DELETE, self.path(""));
        self.end(client, &ask, &[204]).await;
    }

    /// Reaps. A reaper that did not get to it comes again the next night.
    async fn expire(&self, client: &mut Client) {
        let ask = Ask::new(Method::POST, "/v1/admin/jobs/reap").operator();
        self.end(client, &ask, &[200]).await;
    }

    /// Asks until the rows have ended, and waits until they are closed.
    async fn end(&self, client: &mut Client, ask: &Ask, accepted: &[u16]) {
        client
            .until("it is decided", async |client| {
                if let Some(answer) = client.ask(ask).await {
                    let status = answer.status.as_u16();
                    assert!(accepted.contains(&status) || status == 503, "{status}: {:#}", answer.body);
                }
                client.world.catalog.is_gone(&self.asset).await.then_some(())
            })
            .await;
        client
            .until("it is closed without anybody", async |client| {
                let states = self.states(client).await;
                states.iter().all(|(_, state)| state == "CLOSED").then_some(())
            })
            .await;
    }

    /// Renames it and looks for it in the list.
    async fn tend(&self, client: &mut Client) {
        let rename = Ask::new(Method::PATCH, self.path("")).body(json!({ "description": "seen" }));
        client.insist(&rename, &[200]).await;
        client.insist(&Ask::new(Method::GET, "/v1/videos?limit=1"), &[200]).await;
    }

    /// Somebody puts things where a closed file was, or beside it.
    async fn litter(&self, client: &Client, place: impl Fn(&str) -> String) {
        for row in client.world.catalog.rows(Some(&self.asset)).await {
            let key = place(&row.key);
            client.world.buckets.put(&key, b"late".to_vec()).await;
            client.world.buckets.open_upload(&key).await;
        }
    }

    /// An upload that is to be sent as a form, as Uppy begins it with a capability.
    async fn begin_form(&mut self, client: &mut Client) {
        let server = &client.world.servers[0].server;
        let words = ["token", "--capability", "--owner", "42", "--collection", "videos", "--json"];
        let minted = server.command(&words).await.json();
        let door = path_of(&minted["endpoint"]);
        let params = format!("{door}/s3/params?filename=film.mp4&type=video%2Fmp4");
        self.created = client.insist(&Ask::new(Method::GET, params), &[200]).await.body;
        self.asset = self.created["fields"]["key"].as_str().expect("an id").to_owned();
    }

    /// Sends the form, until it is said to be published.
    async fn send_form(&self, client: &mut Client) {
        let fields = self.created["fields"].as_object().expect("fields");
        let ask = Ask::new(Method::POST, path_of(&self.created["url"])).form(Form::of(fields, &self.film));
        client.insist(&ask, &[201]).await;
    }

    /// Reconciles. What one run did not get to is found by the next.
    async fn reconcile(&self, client: &mut Client) {
        let ask = Ask::new(Method::POST, "/v1/admin/jobs/reconcile").operator();
        client
            .until("nothing of it is left", async |client| {
                if let Some(answer) = client.ask(&ask).await {
                    assert!([200, 503].contains(&answer.status.as_u16()), "{}: {:#}", answer.status, answer.body);
                }
                // A store inside the server may die of a job's point.
                let content = client.world.buckets.try_list().await.ok()?;
                let mut left = content.objects.iter().chain(&content.uploads);
                (!left.any(|key| key.contains(&self.asset))).then_some(())
            })
            .await;
    }

    /// Every look comes due at once, until the row goes.
    async fn outlive_looks(&self, client: &mut Client) {
        client
            .until("its row goes", async |client| {
                client.world.catalog.make_due(&self.asset).await;
                self.states(client).await.is_empty().then_some(())
            })
            .await;
    }
}

/// A key of the same asset that no row owns: keys end with random bits.
fn another_key(key: &str) -> String {
    let (rest, kind) = key.rsplit_once('.').expect("a file's key ends with its kind");
    let (rest, bits) = rest.rsplit_once('-').expect("a file's key has random bits");
    let turned = format!("{}{}", &bits[1..bits.len() - 1], &bits[..1]);
    format!("{rest}-{turned}{}.{kind}", &bits[bits.len() - 1..])
}

/// A URL without the server's address.
fn path_of(url: &Value) -> String {
    let url = reqwest::Url::parse(url.as_str().expect("a URL")).expect("a URL");
    url.path().to_owned()
}

/// The part URLs of a role.
fn parts<'a>(created: &'a Value, role: &str) -> &'a [Value] {
    created["files"][role]["upload"]["parts"].as_array().unwrap_or_else(|| panic!("no part URLs in {created:#}"))
}
