//! Garage, one node, from crates.io.
//!
//! Not in CI: it has to be compiled for a quarter of an hour first. Who has it on the search path can run the suite.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use super::Variable;
use super::daemon::{Daemon, answers_http, bounded, free_ports};
use crate::{host, process};

/// Garage wants its own form: `GK` and 24 hexadecimal digits, and 64 of them.
const ACCESS_KEY_ID: &str = "GK1a2b3c4d5e6f708192a3b4c5";
/// Worth nothing: it opens a store on loopback that lives as long as its tests.
const SECRET_ACCESS_KEY: &str = "7b2e0c5f9a1d4e8837c6b5a4f3e2d1c0b9a8f7e6d5c4b3a29180f7e6d5c4b3a2";
const REGION: &str = "garage";

/// A node that is thrown away.
pub(super) struct Garage {
    node: Daemon,
    port: u16,
    _folder: TempDir,
}

impl Garage {
    /// Starts the node, gives it all the data, and makes a key that may make buckets.
    pub(super) fn start() -> Result<Self> {
        if host::find_program("garage").is_none() {
            bail!(
                "there is no `garage` on the search path\nhint: cargo install garage --locked   (about 15 minutes; \
                 it needs a C compiler)"
            );
        }
        let folder = TempDir::with_prefix("landfall-garage-").context("cannot make a folder")?;
        let [port, rpc, admin] = free_ports()?;
        let configuration = folder.path().join("garage.toml");
        fs::write(&configuration, toml(folder.path(), port, rpc, admin))?;
        let tool = |arguments: &[&str]| process::output(garage(bounded("garage"), &configuration).args(arguments));
        let mut command = garage(process::command("garage"), &configuration);
        let mut node = Daemon::start("garage", command.arg("server"), folder.path())?;
        node.wait_until(|| tool(&["status"]).is_ok())?;
        // `node id` prints ID@address.
        let id = tool(&["node", "id", "--quiet"])?;
        let id = id.split('@').next().unwrap_or_default().trim();
        tool(&["layout", "assign", "--zone", "test", "--capacity", "4G", id])?;
        tool(&["layout", "apply", "--version", "1"])?;
        tool(&["key", "import", "--yes", "-n", "landfall", ACCESS_KEY_ID, SECRET_ACCESS_KEY])?;
        tool(&["key", "allow", "--create-bucket", ACCESS_KEY_ID])?;
        node.wait_until(|| answers_http(port))?;
        Ok(Self { node, port, _folder: folder })
    }

    /// What tests need to know.
    pub(super) fn variables(&self) -> Vec<Variable> {
        vec![
            ("TEST_GARAGE_ENDPOINT", format!("http://127.0.0.1:{}", self.port)),
            ("TEST_GARAGE_REGION", REGION.to_owned()),
            ("TEST_GARAGE_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
            ("TEST_GARAGE_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
        ]
    }

    /// Fails if the node has died.
    pub(super) fn check(&mut self) -> Result<()> {
        self.node.check()
    }
}

fn garage(mut command: Command, configuration: &Path) -> Command {
    command.arg("-c").arg(configuration);
    command
}

fn toml(folder: &Path, port: u16, rpc: u16, admin: u16) -> String {
    let folder = folder.display();
    let secret = &SECRET_ACCESS_KEY;
    format!(
        "metadata_dir = '{folder}/meta'
data_dir = '{folder}/data'
db_engine = 'sqlite'
replication_factor = 1
rpc_bind_addr = '127.0.0.1:{rpc}'
rpc_public_addr = '127.0.0.1:{rpc}'
rpc_secret = '{secret}'
[s3_api]
s3_region = '{REGION}'
api_bind_addr = '127.0.0.1:{port}'
[admin]
api_bind_addr = '127.0.0.1:{admin}'
"
    )
}
