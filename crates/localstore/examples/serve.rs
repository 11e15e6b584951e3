//! A store in a process of its own, for tests that kill it and for measuring.
//!
//! `serve FOLDER ADDRESS [RESERVE]` prints the address it listens on, serves the buckets `private` and `public` in eu-central-1
//! with a fixed key, and ends when its standard input does.

use localstore::{Config, CorsRule, Credentials, Faults, LocalStore, Reserve};
use std::{
    collections::BTreeSet,
    error::Error,
    io::{Read, Write},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(address)) = (arguments.next(), arguments.next()) else {
        return Err("usage: serve FOLDER ADDRESS [RESERVE]".into());
    };
    let mut reserve = Reserve::default();
    if let Some(bytes) = arguments.next() {
        reserve.bytes = bytes.parse()?;
    }
    let config = Config {
        root: folder.into(),
        listen: address.parse()?,
        region: "eu-central-1".to_owned(),
        credentials: vec![Credentials {
            access_key_id: "AKIDTESTTESTTEST".to_owned(),
            secret_access_key: "secret/with+odd=characters".to_owned(),
        }],
        public_buckets: BTreeSet::from(["public".to_owned()]),
        arrivals: None,
        connections: connections::Limits::default().within(connections::raise_descriptor_limit()?),
        reserve,
        faults: Faults::default(),
        disk_faults: None,
    };
    let store = LocalStore::start(config).await?;
    let any_page = CorsRule {
        allowed_origins: vec!["*".to_owned()],
        allowed_methods: vec!["GET".to_owned(), "PUT".to_owned()],
        ..CorsRule::default()
    };
    store.ensure_bucket("private", &[any_page]).await?;
    store.ensure_bucket("public", &[]).await?;
    writeln!(std::io::stdout(), "{}", store.address())?;
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    store.stop().await;
    Ok(())
}
