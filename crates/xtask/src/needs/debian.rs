//! Programs that come as Debian packages.
//!
//! They are installed only when one is missing, and only as root or with a `sudo` that asks nothing.
//! Otherwise the run ends and says what to type: xtask never waits for a password.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{console, host, process};

/// One program the tests start, and the package that brings it.
#[derive(Debug)]
struct Need {
    /// The Debian package.
    package: &'static str,
    /// A command that ends with 0 if the need is met.
    probe: &'static [&'static str],
    /// What it is for.
    reason: &'static str,
}

const NEEDS: &[Need] = &[
    Need { package: "gcc", probe: &["cc", "--version"], reason: "compiles the C parts of aws-lc and SQLite" },
    Need { package: "libc6-dev", probe: &["test", "-e", "/usr/include/stdlib.h"], reason: "C headers for the same" },
    Need { package: "ffmpeg", probe: &["ffmpeg", "-version"], reason: "makes the films that the tests upload" },
    Need {
        package: "faketime",
        probe: &["faketime", "--version"],
        reason: "lets a server live a day later, when what was left behind may go",
    },
    Need {
        package: "default-jdk-headless",
        probe: &["javac", "--version"],
        reason: "runs the guide's Java file, which needs JDK 17",
    },
    Need {
        package: "rclone",
        probe: &["rclone", "version"],
        reason: "an S3 client that the embedded store is held against",
    },
    Need { package: "curl", probe: &["curl", "--version"], reason: "uploads as the README shows" },
    Need {
        package: "nodejs",
        probe: &["node", "--version"],
        reason: "reads JSON in the README's lines, which are run",
    },
    Need {
        package: "python3-venv",
        probe: &["python3", "-c", "import ensurepip, venv"],
        reason: "holds boto3, the AWS CLI and cfn-lint, which the tests run",
    },
    Need {
        package: "chromium",
        probe: &["test", "-x", "/usr/bin/chromium"],
        reason: "the browser of the browser tests",
    },
    Need {
        package: "firefox-esr",
        probe: &["test", "-x", "/usr/bin/firefox-esr"],
        reason: "the other browser, in which the main flows run",
    },
    Need {
        package: "fonts-nanum",
        probe: &["test", "-d", "/usr/share/fonts/truetype/nanum"],
        reason: "draws the Korean text of the pages",
    },
    Need {
        package: "ceph-mon",
        probe: &["ceph-mon", "--version"],
        reason: "Ceph's monitor; the tests also run on Ceph",
    },
    Need { package: "ceph-osd", probe: &["ceph-osd", "--version"], reason: "Ceph's disk" },
    Need { package: "radosgw", probe: &["radosgw", "--version"], reason: "Ceph's S3 gateway" },
    Need {
        package: "ceph-common",
        probe: &["ceph", "--version"],
        reason: "Ceph's tools, to make a cluster and a user",
    },
];

/// Installs the packages whose need is not met.
///
/// # Errors
/// When something is missing and cannot be installed without a person.
pub(super) fn install() -> Result<()> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    for need in &missing {
        console::note(&format!("missing: {} ({})", need.package, need.reason));
    }
    let advice = advice(&missing);
    if host::find_program("apt-get").is_none() {
        bail!("{advice}\nhint: this system has no apt-get; install the same programs its own way");
    }
    let Some(prefix) = administrator() else {
        bail!("{advice}\nhint: xtask installs packages itself as root or with password-free sudo");
    };
    apt_get(prefix, &["update"])?;
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(missing.iter().map(|need| need.package));
    apt_get(prefix, &arguments)?;
    match self::missing() {
        still if still.is_empty() => Ok(()),
        still => bail!("installed, but still not working: {}", packages(&still)),
    }
}

fn missing() -> Vec<&'static Need> {
    NEEDS.iter().filter(|need| !is_met(need)).collect()
}

fn is_met(need: &Need) -> bool {
    need.probe
        .split_first()
        .is_some_and(|(program, arguments)| process::succeeds(process::command(program).args(arguments)))
}

fn packages(needs: &[&Need]) -> String {
    let names: Vec<_> = needs.iter().map(|need| need.package).collect();
    names.join(" ")
}

fn advice(missing: &[&Need]) -> String {
    format!(
        "the tests need packages that are not installed; run\n  apt-get update && apt-get install {}",
        packages(missing)
    )
}

/// The words that make a command run as root: none for root itself, `sudo -n` where that works.
fn administrator() -> Option<&'static [&'static str]> {
    let is_root = process::output(process::command("id").arg("-u")).is_ok_and(|identifier| identifier.trim() == "0");
    if is_root {
        return Some(&[]);
    }
    process::succeeds(process::command("sudo").args(["-n", "true"])).then_some(&["sudo", "-n"])
}

fn apt_get(prefix: &[&str], arguments: &[&str]) -> Result<()> {
    let code = process::status(&mut apt_get_command(prefix, arguments))?;
    if code != 0 {
        bail!("apt-get {} ended with {code}, see above", arguments.join(" "));
    }
    Ok(())
}

/// `env` carries the variable, because sudo drops those of its caller.
fn apt_get_command(prefix: &[&str], arguments: &[&str]) -> Command {
    let words: Vec<&str> = prefix
        .iter()
        .copied()
        .chain(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
        // Another installation may be running; wait for it, but not for ever.
        .chain(["-o", "DPkg::Lock::Timeout=120"])
        .chain(arguments.iter().copied())
        .collect();
    let mut command = process::command(words[0]);
    command.args(&words[1..]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABSENT: Need = Need { package: "imagined", probe: &["no-such-program-anywhere"], reason: "this test" };

    #[test]
    fn a_program_that_is_not_there_is_missing() {
        assert!(!is_met(&ABSENT));
    }

    #[test]
    fn a_probe_that_fails_is_missing() {
        assert!(!is_met(&Need { probe: &["false"], ..ABSENT }));
        assert!(is_met(&Need { probe: &["true"], ..ABSENT }));
    }

    #[test]
    fn the_advice_is_a_command_to_type() {
        let text = advice(&[&ABSENT]);
        assert!(text.ends_with("apt-get install imagined"), "{text}");
    }

    #[test]
    fn sudo_never_asks_and_keeps_the_variable() {
        let command = apt_get_command(&["sudo", "-n"], &["update"]);
        let words: Vec<_> = command.get_args().collect();
        assert_eq!(command.get_program(), "sudo");
        assert_eq!(
            words,
            ["-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120", "update"]
        );
    }
}
