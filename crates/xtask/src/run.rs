//! `cargo xtask run`: build the web client and the server, and become `landfall serve`.
//!
//! The server replaces this process, so Ctrl-C, SIGTERM and the exit code belong to it alone.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{console, host, process, web};

/// One build for all that `cargo xtask test` runs. `--tests` makes cargo resolve features as the
/// test run does, so nothing is compiled twice; one of the examples writes a page of docs/reference.
pub(crate) const TEST_BUILD: &[&str] =
    &["build", "--workspace", "--lib", "--bins", "--tests", "--examples", "--locked"];

/// What `cargo xtask run --help` says. It builds nothing.
const HELP: &str = "\
cargo xtask run [--release] [ARGUMENTS]

Builds the web client (where there is Node) and Landfall, then starts `landfall serve ARGUMENTS` in the foreground.
With no ARGUMENTS: the API and the pages on 127.0.0.1:8080, the store on 127.0.0.1:9000, all data in
~/.local/share/landfall.

  --release              optimise, as what is shipped is
  --data DIR             another folder for all data
  --listen ADDR          where the API listens; port 0 takes a free port
  --store-listen ADDR    where the built-in store listens

Once it is built, `target/debug/landfall serve --help` lists the rest.";

/// How the binary is optimised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build; the hash functions are optimised all the same.
    Dev,
    /// What is shipped.
    Release,
}

/// Builds, then turns this process into the server. Returns only when the build failed.
///
/// # Errors
/// When cargo or the built binary cannot be started.
pub(crate) fn run(arguments: &[String]) -> Result<u8> {
    let (profile, arguments) = split_profile(arguments);
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        console::out(HELP);
        return Ok(0);
    }
    build_pages()?;
    let binary = build_landfall(profile)?;
    let error = Command::new(&binary).arg("serve").args(arguments).exec();
    Err(error).with_context(|| format!("cannot start {}", binary.display()))
}

/// Builds the web client into `web/app/dist`, where the build of the binary finds it. Without Node the server is built
/// without it, and its page says so.
fn build_pages() -> Result<()> {
    if host::find_program("npm").is_none() {
        console::note("no npm is found: the server will have no web client. Install Node 20 or newer to build it.");
        return Ok(());
    }
    web::build_pages()
}

fn split_profile(arguments: &[String]) -> (Profile, &[String]) {
    match arguments.split_first() {
        Some((first, rest)) if first == "--release" => (Profile::Release, rest),
        _ => (Profile::Dev, arguments),
    }
}

/// Builds the `landfall` binary and gives its path.
///
/// # Errors
/// When the build fails; cargo has printed why.
pub(crate) fn build_landfall(profile: Profile) -> Result<PathBuf> {
    let mut arguments = vec!["build", "--package", "landfall", "--bin", "landfall"];
    if profile == Profile::Release {
        arguments.push("--release");
    }
    build(&arguments, "landfall")
}

/// A binary of the build that `cargo xtask test` makes; built now if it is stale.
///
/// # Errors
/// When the build fails; cargo has printed why.
pub(crate) fn find_test_build(binary: &str) -> Result<PathBuf> {
    build(TEST_BUILD, binary)
}

/// Builds, and gives the path of one binary of it.
///
/// # Errors
/// When the build fails; cargo has printed why.
pub(crate) fn build(arguments: &[&str], binary: &str) -> Result<PathBuf> {
    let output = process::cargo(arguments)
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", host::cargo().display()))?;
    if !output.status.success() {
        bail!("building {binary} failed, see above");
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    find_executable(&messages, binary).with_context(|| format!("cargo built {binary} but did not say where it is"))
}

/// Finds where cargo put the binary of a package. Cargo says one JSON object a line.
fn find_executable(messages: &str, binary: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact")
        .filter(|message| message["target"]["name"] == binary && message["profile"]["test"] == false)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_the_named_binary() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"landfall"},"profile":{"test":true},"executable":"/t/deps/landfall-1"}
not json
{"reason":"compiler-artifact","target":{"name":"other"},"profile":{"test":false},"executable":"/t/other"}
{"reason":"compiler-artifact","target":{"name":"landfall"},"profile":{"test":false},"executable":"/t/landfall"}"#;
        let found = find_executable(messages, "landfall");
        assert_eq!(found, Some(PathBuf::from("/t/landfall")));
        assert_eq!(find_executable(messages, "absent"), None);
    }

    /// Were anything built and started, this process would have become it.
    #[test]
    fn asking_for_help_builds_nothing() {
        for words in [&["--help"][..], &["--release", "-h"]] {
            let words: Vec<_> = words.iter().map(|&word| word.to_owned()).collect();
            assert_eq!(run(&words).unwrap(), 0);
        }
    }

    #[test]
    fn only_a_leading_release_is_ours() {
        let ours = ["--release".to_owned(), "--data".to_owned()];
        assert_eq!(split_profile(&ours), (Profile::Release, &ours[1..]));
        let passed = ["--data".to_owned(), "--release".to_owned()];
        assert_eq!(split_profile(&passed), (Profile::Dev, &passed[..]));
    }
}
