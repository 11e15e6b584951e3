//! The command line: what can be typed, and how it is explained.
//!
//! Not what commands do. Variables that stand for a flag are named beside it; all other `LANDFALL_` variables are keys
//! of the configuration.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use server::config::{Config, Environment, Flags};

use crate::client::{delete, download, list, rename, share, show, upload, url};
use crate::commands::{
    accept_restore, audit, bucket, completions, config, doctor, login, migrate, openapi, reap, reconcile, serve,
    status, store, token,
};
use crate::exit::{self, Failure};

/// Direct-to-object-storage uploads, verified before they are visible.
#[derive(Debug, Parser)]
#[command(name = "landfall", version, propagate_version = true, after_help = exit::HELP)]
#[command(disable_help_subcommand = true, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server: API, jobs, and the embedded store unless another is configured
    Serve(serve::Arguments),
    /// Upload videos or images, resuming what was interrupted
    Upload(upload::Arguments),
    /// List your assets, newest first
    List(list::Arguments),
    /// Show one asset with its files
    Show(show::Arguments),
    /// Print a URL of a published file
    Url(url::Arguments),
    /// Save a published file here
    Download(download::Arguments),
    /// Give an asset another title
    Rename(rename::Arguments),
    /// Links for people without an account
    #[command(subcommand)]
    Share(share::Command),
    /// Cancel an upload, or delete a published asset
    Delete(delete::Arguments),
    /// Say how the server that runs in this folder fares: its store, its jobs, what it holds
    Status(status::Arguments),
    /// Mint a token for this installation
    Token(token::Arguments),
    /// Print a link that signs a browser in, once, at the server that runs in this folder
    Login(login::Arguments),
    /// Expire what was abandoned and destroy what it left, now
    Reap(reap::Arguments),
    /// Compare buckets and catalog in both directions, and remove what nobody owns
    Reconcile(reconcile::Arguments),
    /// Hold the invariants against everything in buckets and catalog; exit code 1 on a breach
    Audit(audit::Arguments),
    /// Say that a catalog restored from a backup and the buckets belong together
    AcceptRestore(accept_restore::Arguments),
    /// Bring the catalog up to date, which `serve` also does at its start
    Migrate(migrate::Arguments),
    /// Look whether the configured store does what Landfall needs, and how to repair what it does not
    Doctor(doctor::Arguments),
    /// The configured store's buckets
    #[command(subcommand)]
    Bucket(bucket::Command),
    /// The embedded store
    #[command(subcommand)]
    Store(store::Command),
    /// Print the configuration that is in effect, as commented TOML
    Config(config::Arguments),
    /// Print the OpenAPI document of the API
    Openapi(openapi::Arguments),
    /// Print completions for a shell
    Completions(completions::Arguments),
}

/// Which installation: its settings and its folder.
#[derive(Debug, Clone, Args)]
pub(crate) struct Installation {
    /// Read settings from this TOML file; `landfall config --defaults` prints one to start from
    #[arg(long, value_name = "FILE", env = "LANDFALL_CONFIG")]
    config: Option<PathBuf>,
    /// The folder for everything of this installation [default: landfall in the user's data folder]
    #[arg(long, value_name = "DIR", env = "LANDFALL_DATA")]
    data: Option<PathBuf>,
}

impl Installation {
    /// Reads the configuration, without flags for addresses.
    pub(crate) fn load(&self) -> Result<Config, Failure> {
        self.load_with(None, None)
    }

    /// Reads the configuration with addresses from flags.
    pub(crate) fn load_with(
        &self,
        listen: Option<SocketAddr>,
        store_listen: Option<SocketAddr>,
    ) -> Result<Config, Failure> {
        let flags = Flags { data: self.data.clone(), listen, store_listen };
        Ok(Config::load(self.config.as_deref(), &Environment::of_process(), &flags)?)
    }

    /// The flags that lead another command to the same installation, each with a space before it.
    pub(crate) fn repeated(&self) -> String {
        let flag = |name, path: &Option<PathBuf>| {
            path.as_ref().map(|path| format!(" --{name} {}", quoted(&path.to_string_lossy()))).unwrap_or_default()
        };
        flag("config", &self.config) + &flag("data", &self.data)
    }
}

/// How this program was called, so that the next line can be typed as it stands.
pub(crate) fn program() -> String {
    quoted(&std::env::args_os().next().map_or_else(|| "landfall".into(), |name| name.to_string_lossy().into_owned()))
}

/// A text in which commands of ours stand in backticks, with the program as it was called.
pub(crate) fn as_called(text: &str) -> String {
    text.replace("`landfall ", &format!("`{} ", program()))
}

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Where the API listens.
#[derive(Debug, Clone, Args)]
pub(crate) struct Listen {
    /// Where the API listens; port 0 takes a free port [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", env = "LANDFALL_LISTEN")]
    pub(crate) listen: Option<SocketAddr>,
}

/// Where the embedded store listens.
#[derive(Debug, Clone, Args)]
pub(crate) struct StoreListen {
    /// Where the embedded store listens; port 0 takes a free port [default: 127.0.0.1:9000]
    #[arg(long, value_name = "ADDR", env = "LANDFALL_STORE_LISTEN")]
    pub(crate) store_listen: Option<SocketAddr>,
}

/// Whether a result is for programs.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Output {
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_fits_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn words_are_quoted_for_shells() {
        assert_eq!(quoted("/var/lib/landfall"), "/var/lib/landfall");
        assert_eq!(quoted("it's here"), r"'it'\''s here'");
        assert_eq!(quoted(""), "''");
    }
}
