//! `cargo xtask bench NAME`: the benches by the name a person remembers.
//!
//! The benches themselves live with the crate they measure. Arguments are handed to them unchanged.

use anyhow::{Result, bail};

use crate::process;

/// Bench name, package, bench target.
const BENCHES: &[(&str, &str, &str)] = &[("presign", "signing", "presign"), ("jobs", "server", "jobs")];

/// Runs one bench.
///
/// # Errors
/// When no bench has that name, or cargo cannot be started.
pub(crate) fn run(name: &str, arguments: &[String]) -> Result<u8> {
    let Some((_, package, target)) = BENCHES.iter().find(|bench| bench.0 == name) else {
        let names: Vec<_> = BENCHES.iter().map(|bench| bench.0).collect();
        bail!("no bench named `{name}`; there is: {}", names.join(", "));
    };
    let mut command = process::cargo(&["bench", "--package", package, "--bench", target, "--"]);
    process::status(command.args(arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_bench_names_the_known_ones() {
        let error = run("nothing", &[]).unwrap_err();
        assert!(error.to_string().contains("presign, jobs"), "{error}");
    }
}
