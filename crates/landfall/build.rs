//! Puts the built web client into the binary: what `web/app/dist` holds, or nothing if it was not built.
//!
//! It never builds the pages itself, so that `cargo build` needs no Node and downloads nothing; `cargo xtask run` builds
//! them first.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

fn main() -> io::Result<()> {
    let (manifest, out) = (folder("CARGO_MANIFEST_DIR"), folder("OUT_DIR"));
    let app = manifest.join("../../web/app");
    let dist = app.join("dist");
    // A path that is absent counts as changed in every build, so the nearest one that is there is watched.
    let watched = [&dist, &app, &manifest.join("build.rs")].into_iter().find(|path| path.exists()).cloned();
    println!("cargo::rerun-if-changed={}", watched.unwrap_or(manifest).display());
    println!("cargo::rerun-if-changed=build.rs");

    let mut files = Vec::new();
    if dist.join("index.html").exists() {
        collect(&dist, "", &mut files)?;
    }
    files.sort();
    let mut source = String::from("const WEB_FILES: &[server::http::WebFile] = &[\n");
    for (name, path) in files {
        writeln!(source, "server::http::WebFile {{ path: {name:?}, bytes: include_bytes!({path:?}) }},")
            .expect("a text takes all");
    }
    source.push_str("];\n");
    fs::write(out.join("web_files.rs"), source)
}

/// A folder that cargo names.
#[expect(clippy::disallowed_methods, reason = "cargo talks to build scripts by variables")]
fn folder(variable: &str) -> PathBuf {
    std::env::var_os(variable).expect("cargo sets it").into()
}

/// Every file below a folder, by its place and by its path; hidden ones are editors' and systems'.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name =
            entry.file_name().into_string().map_err(|name| io::Error::other(format!("{name:?} is not UTF-8")))?;
        if name.starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{prefix}{name}/"), files)?;
        } else {
            files.push((format!("{prefix}{name}"), entry.path().canonicalize()?));
        }
    }
    Ok(())
}
