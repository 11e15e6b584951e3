//! The stores the matrix runs over.

use serde_json::{Value, json};

use crate::support::buckets::Buckets;
use crate::support::clock::Draw;
use crate::support::server::{Server, Setup, StoreServer};

/// Which store.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stores {
    /// Ours: inside the server where there is one server, in a process of its own where there are two.
    Embedded,
    /// The one that `cargo xtask test --store ceph` starts.
    Ceph,
}

/// A store that servers share.
pub(crate) enum Store {
    Inside,
    Beside(Box<StoreServer>),
    Elsewhere(Value),
}

/// How many servers share one catalog and one store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Servers {
    One,
    Two,
}

impl Stores {
    pub(crate) async fn start(self, servers: Servers) -> Store {
        match (self, servers) {
            (Self::Embedded, Servers::One) => Store::Inside,
            (Self::Embedded, Servers::Two) => Store::Beside(Box::new(StoreServer::new().await)),
            (Self::Ceph, _) => {
                let name = Draw(Draw::seed()).below(u64::MAX);
                let shown = json!({
                    "endpoint": variable("ENDPOINT"),
                    "region": variable("REGION"),
                    "access_key_id": variable("ACCESS_KEY_ID"),
                    "secret_access_key": variable("SECRET_ACCESS_KEY"),
                    "private_bucket": format!("private-{name}"),
                    "public_bucket": format!("public-{name}"),
                });
                Buckets::of(&shown).make().await;
                Store::Elsewhere(shown)
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "where a shared store listens is known to the one who started it")]
fn variable(name: &str) -> String {
    std::env::var(format!("TEST_CEPH_{name}"))
        .unwrap_or_else(|_| panic!("this test needs Ceph; run: cargo xtask test --store ceph"))
}

impl Store {
    /// A server that uses it.
    pub(crate) fn setup(&self) -> Setup {
        match self {
            Self::Inside => Setup::default(),
            Self::Beside(store) => store.setup(&store.url),
            Self::Elsewhere(shown) => Setup::using(shown),
        }
    }

    /// A look into it. It stays good when the server is started again.
    pub(crate) async fn buckets(&self, server: &Server) -> Buckets {
        match self {
            Self::Inside => server.buckets().await,
            Self::Beside(store) => store.buckets(),
            Self::Elsewhere(shown) => Buckets::of(shown),
        }
    }
}
