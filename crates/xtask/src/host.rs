//! The only door of xtask to its environment and to the clock.
//!
//! Nothing else in this crate reads arguments, variables or time.
#![expect(clippy::disallowed_methods, reason = "the one home of environment and clock in xtask")]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Instant;

/// The arguments after the program's name. Bytes that are not UTF-8 become replacement characters.
pub(crate) fn arguments() -> Vec<String> {
    std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect()
}

/// This program's own file.
pub(crate) fn program() -> std::io::Result<PathBuf> {
    std::env::current_exe()
}

/// Whether this run is one of continuous integration: `CI` is set, and neither empty nor `false`.
pub(crate) fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false")
}

/// The cargo that started us, so that a chosen toolchain stays chosen.
pub(crate) fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// The root of the repository that this run is about. Found when it runs: a copy of the repository that shares its target
/// folder with the original may be given the original's xtask.
///
/// # Panics
/// If there is none: cargo starts xtask from within one.
pub(crate) fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        // `cargo run` says of which manifest it is.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let here = std::env::current_dir().ok();
        let root = [manifest, here].into_iter().flatten().find_map(|from| root_above(&from));
        root.expect("xtask runs inside the repository: call `cargo xtask` from one of its folders")
    });
    &ROOT
}

/// The root of the repository that a folder lies in.
fn root_above(folder: &Path) -> Option<PathBuf> {
    let is_root = |folder: &&Path| folder.join("crates/xtask/Cargo.toml").is_file();
    folder.ancestors().find(is_root).map(Path::to_path_buf)
}

/// Finds a program on the search path.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|candidate| candidate.is_file())
}

/// The search path, for children that get no other variable.
pub(crate) fn search_path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

/// Measures how long a step takes.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since the start.
    pub(crate) fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_above_where_it_is_looked_for_from_and_nowhere_else() {
        let copy = std::env::temp_dir().join(format!("xtask-root-{}", std::process::id()));
        let inside = copy.join("docs/operating");
        std::fs::create_dir_all(copy.join("crates/xtask")).unwrap();
        std::fs::create_dir_all(&inside).unwrap();
        assert_eq!(root_above(&inside), None);
        std::fs::write(copy.join("crates/xtask/Cargo.toml"), "").unwrap();
        let found = [&copy, &inside, &copy.join("crates/xtask")].map(|folder| root_above(folder));
        std::fs::remove_dir_all(&copy).unwrap();
        assert_eq!(found, [Some(copy.clone()), Some(copy.clone()), Some(copy)]);
        assert!(root().join("Cargo.lock").is_file());
    }
}
