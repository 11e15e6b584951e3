//! Servers over one catalog and one store, each with a drill of its own.

use reqwest::Client as Http;
use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;

use super::catalogs::{Catalog, Catalogs};
use super::drill::Drill;
use super::stores::{Servers, Store, Stores};
use crate::support::api::Api;
use crate::support::buckets::Buckets;
use crate::support::clock::{SOON, until};
use crate::support::server::{Server, folder};

/// One server, or two that share everything.
pub(crate) struct World {
    pub(crate) servers: Vec<Member>,
    pub(crate) catalog: Catalog,
    pub(crate) buckets: Buckets,
    _store: Store,
    _home: TempDir,
}

/// A server with its drill, and its API as an owner and an operator use it.
pub(crate) struct Member {
    pub(crate) server: Server,
    pub(crate) drill: Drill,
    pub(crate) api: Api,
    pub(crate) operator: Api,
}

impl World {
    pub(crate) async fn new(catalogs: Catalogs, stores: Stores, count: Servers) -> Self {
        let home = folder();
        let catalog = catalogs.below(home.path());
        let store = stores.start(count).await;
        let setup = store.setup().config(&catalog.config());
        let setup = |drill: &Drill| {
            let folder = drill.folder().to_str().expect("a readable path");
            setup.clone().variable("LANDFALL_TEST_FAIL_POINTS", folder)
        };
        let drill = Drill::new();
        let first = setup(&drill).start().await;
        let buckets = store.buckets(&first).await;
        let owner = first.token("42").await;
        let words = ["token", "--owner", "operator", "--scope", "admin"];
        let operator = first.command(&words).await.well().trim().to_owned();
        let member = |server: Server, drill| {
            let (api, operator) = (api(&server, &owner), api(&server, &operator));
            Member { server, drill, api, operator }
        };
        let secret = first.data().join("secret");
        let mut servers = vec![member(first, drill)];
        if count == Servers::Two {
            let drill = Drill::new();
            // Tokens of one are good for the other.
            let share = format!("mkdir -m 700 data && cp -p '{}' data/secret", secret.display());
            servers.push(member(setup(&drill).before(&share).start().await, drill));
        }
        Self { servers, catalog, buckets, _store: store, _home: home }
    }

    /// Nothing but what the rows say is in the store, every row is at an end of its life, and the product's own audit
    /// agrees, to which the age of hidden parts is no excuse. An upload that was left beside a live object is
    /// reconcile's, which comes every day.
    pub(crate) async fn is_consistent(&self) {
        until("reconcile leaves no upload", SOON, async || {
            if self.buckets.list().await.uploads.is_empty() {
                return Some(());
            }
            self.servers[0].operator.post("/v1/admin/jobs/reconcile", &json!({})).await.expect(200);
            None
        })
        .await;
        let rows = self.catalog.rows(None).await;
        let ended = |state: &str| state == "CREATED" || state == "CLOSED";
        assert!(rows.iter().all(|row| ended(&row.state)), "not at its end: {rows:#?}");
        let mut owned: Vec<String> = rows.into_iter().filter(|row| row.state == "CREATED").map(|row| row.key).collect();
        let mut found = self.buckets.list().await.objects;
        owned.sort();
        found.sort();
        assert_eq!(found, owned, "objects that no row owns, or rows without their object");
        let audit = self.servers[0].server.command(&["audit", "--grace", "0s", "--json"]).await.json();
        assert_eq!((&audit["objects"], &audit["uploads"]), (&found.len().into(), &0.into()), "what the audit sees");
    }
}

impl Member {
    /// Whether all of its threads stand still.
    pub(crate) fn is_stopped(&self) -> bool {
        self.server.process().is_stopped()
    }

    /// Lets it go on.
    pub(crate) fn go_on(&self) {
        self.server.process().signal(Signal::CONT);
    }
}

/// Every request opens a connection of its own: one that was left to a dead server must not be taken for a dead server.
fn api(server: &Server, token: &str) -> Api {
    let http = Http::builder().pool_max_idle_per_host(0).build().expect("a client");
    Api::new(&server.url, token).over(http)
}
