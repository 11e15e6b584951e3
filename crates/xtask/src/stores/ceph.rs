//! Ceph's S3 gateway over one monitor and one disk in memory, from Debian's packages.
//!
//! Not a recipe for production: one copy, no manager daemon, data gone when it stops. It is here because its S3 is a
//! grown implementation that is not AWS's and not ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use super::Variable;
use super::daemon::{Daemon, answers_http, bounded, free_ports};
use crate::process;

const ACCESS_KEY_ID: &str = "LANDFALLTESTKEY00001";
/// Worth nothing: it opens a store on loopback that lives as long as its tests.
const SECRET_ACCESS_KEY: &str = "landfall/test+secret00000000000000000001";
/// The gateway's own region, when no realm is configured.
const REGION: &str = "us-east-1";
/// Any will do: one cluster knows no other.
const CLUSTER_ID: &str = "6f1d7a52-0d3b-4c39-9a55-6a0f6a3d9b10";
const DISK_ID: &str = "b3f4c0de-8a55-4f0e-9a0a-1d2c3b4a5f60";

/// A cluster that is thrown away.
pub(super) struct Ceph {
    // Dropped in this order: the gateway before what it stands on, the folder last.
    gateway: Daemon,
    disk: Daemon,
    monitor: Daemon,
    port: u16,
    _folder: TempDir,
}

impl Ceph {
    /// Starts the three daemons and makes a user.
    pub(super) fn start() -> Result<Self> {
        let folder = TempDir::with_prefix("landfall-ceph-").context("cannot make a folder")?;
        let cluster = Cluster { folder: folder.path().to_owned() };
        let [first, second, port] = free_ports()?;
        fs::write(cluster.configuration(), configuration(folder.path(), first, second, port))?;
        let mut monitor = cluster.start_monitor(first, second)?;
        monitor.check()?;
        let mut disk = cluster.start_disk()?;
        disk.wait_until(|| {
            let state = process::output(cluster.command("ceph").args(["osd", "stat"]));
            state.is_ok_and(|state| state.contains("1 up"))
        })?;
        cluster.make_user()?;
        let mut command = cluster.daemon("radosgw");
        let mut gateway = Daemon::start("radosgw", command.args(["-n", "client.rgw"]), &cluster.folder)?;
        gateway.wait_until(|| answers_http(port))?;
        Ok(Self { gateway, disk, monitor, port, _folder: folder })
    }

    /// What tests need to know.
    pub(super) fn variables(&self) -> Vec<Variable> {
        vec![
            ("TEST_CEPH_ENDPOINT", format!("http://127.0.0.1:{}", self.port)),
            ("TEST_CEPH_REGION", REGION.to_owned()),
            ("TEST_CEPH_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
            ("TEST_CEPH_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
        ]
    }

    /// Fails if one of the daemons has died.
    pub(super) fn check(&mut self) -> Result<()> {
        self.gateway.check()?;
        self.disk.check()?;
        self.monitor.check()
    }
}

/// Where everything of a cluster lies.
struct Cluster {
    folder: PathBuf,
}

impl Cluster {
    fn configuration(&self) -> PathBuf {
        self.folder.join("ceph.conf")
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }

    /// A tool that comes back, or is ended.
    fn command(&self, program: &str) -> Command {
        let mut command = bounded(program);
        command.arg("-c").arg(self.configuration());
        command
    }

    /// A server that stays in the foreground and logs to its output.
    fn daemon(&self, program: &str) -> Command {
        let mut command = process::command(program);
        command.arg("-c").arg(self.configuration()).arg("-f");
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        process::output(self.command(program).args(arguments))
    }

    fn start_monitor(&self, first: u16, second: u16) -> Result<Daemon> {
        let (keyring, map) = (self.path("keyring"), self.path("monmap"));
        let all = ["--cap", "mon", "allow *", "--cap", "osd", "allow *", "--cap", "mgr", "allow *"];
        let tool = |arguments: &[&str]| process::output(bounded("ceph-authtool").args(arguments).arg(&keyring));
        tool(&["--create-keyring", "--gen-key", "-n", "mon.", "--cap", "mon", "allow *"])?;
        tool(&[&["--gen-key", "-n", "client.admin"], &all[..]].concat())?;
        let addresses = format!("[v2:127.0.0.1:{first},v1:127.0.0.1:{second}]");
        let arguments = ["--create", "--fsid", CLUSTER_ID, "--addv", "a", &addresses, &map];
        process::output(bounded("monmaptool").args(arguments))?;
        self.run("ceph-mon", &["--mkfs", "-i", "a", "--monmap", &map, "--keyring", &keyring])?;
        Daemon::start("ceph-mon", self.daemon("ceph-mon").args(["-i", "a"]), &self.folder)
    }

    fn start_disk(&self) -> Result<Daemon> {
        fs::create_dir_all(self.folder.join("osd"))?;
        self.run("ceph", &["osd", "new", DISK_ID])?;
        let keyring = self.path("osd/keyring");
        let all = ["mon", "allow *", "osd", "allow *", "mgr", "allow *"];
        self.run("ceph", &[&["auth", "get-or-create", "osd.0"], &all[..], &["-o", &keyring]].concat())?;
        let gateway = self.run("ceph", &[&["auth", "get-or-create", "client.rgw"], &all[..]].concat())?;
        let both = format!("{}\n{gateway}", fs::read_to_string(self.path("keyring"))?);
        fs::write(self.path("keyring"), both)?;
        self.run("ceph-osd", &["-i", "0", "--mkfs", "--osd-uuid", DISK_ID, "--keyring", &keyring])?;
        Daemon::start("ceph-osd", self.daemon("ceph-osd").args(["-i", "0"]), &self.folder)
    }

    /// Also makes the pools, because this is the first command that needs them.
    fn make_user(&self) -> Result<()> {
        let keys = ["--access-key", ACCESS_KEY_ID, "--secret-key", SECRET_ACCESS_KEY];
        let user = ["user", "create", "--uid", "landfall", "--display-name", "landfall"];
        self.run("radosgw-admin", &[&user[..], &keys[..]].concat())?;
        Ok(())
    }
}

/// The configuration of all three daemons and of the tools.
fn configuration(folder: &Path, first: u16, second: u16, port: u16) -> String {
    let folder = folder.display();
    format!(
        "[global]
fsid = {CLUSTER_ID}
mon host = [v2:127.0.0.1:{first}/0,v1:127.0.0.1:{second}/0]
mon initial members = a
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
keyring = {folder}/keyring
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
# The path of a socket has a short limit, and nobody asks.
admin socket =
log to file = false
run dir = {folder}
# One disk, one copy.
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
# A test machine's disk may be nearly full; nothing of this is on it.
mon data avail crit = 1
osd objectstore = memstore
memstore device bytes = 6442450944
[mon.a]
mon data = {folder}/mon
[osd.0]
osd data = {folder}/osd
keyring = {folder}/osd/keyring
[client.rgw]
# Without it every small answer waits 40 ms.
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw thread pool size = 64
# Tests make many buckets with few keys.
rgw override bucket index max shards = 1
# What tests delete must not stay in memory.
rgw gc obj min wait = 5
rgw gc processor period = 5
rgw gc processor max time = 5
"
    )
}
