//! cargo-nextest, the test runner.
//!
//! It is installed rather than replaced by `cargo test`: a test that hangs is stopped by nextest's
//! time limit (`.config/nextest.toml`), each test is a process of its own, and a test that leaves a
//! server running is found. `cargo test` does none of that.

use anyhow::{Result, bail};

use crate::{console, process};

/// The version that CI installs on a bare machine. Any installed one from 0.9 on will do.
const VERSION: &str = "0.9.143";

/// Installs cargo-nextest when `cargo nextest` does not work.
///
/// # Errors
/// When the installation fails; cargo has printed why.
pub(super) fn install() -> Result<()> {
    if is_installed() {
        return Ok(());
    }
    console::note("missing: cargo-nextest; compiling it takes some minutes, once");
    // Without its default features it cannot update itself, and needs no HTTP or TLS.
    let mut command = process::cargo(&[
        "install",
        "cargo-nextest",
        "--locked",
        "--version",
        VERSION,
        "--no-default-features",
        "--features",
        "default-no-update",
    ]);
    // Its build must not land in the target folder of this workspace.
    command.env_remove("CARGO_TARGET_DIR");
    let code = process::status(&mut command)?;
    if code != 0 {
        bail!("installing cargo-nextest ended with {code}, see above");
    }
    if !is_installed() {
        bail!(
            "cargo-nextest was installed, but `cargo nextest` does not find it\n\
             hint: put cargo's bin folder (usually ~/.cargo/bin) on PATH"
        );
    }
    Ok(())
}

fn is_installed() -> bool {
    process::succeeds(&mut process::cargo(&["nextest", "--version"]))
}
