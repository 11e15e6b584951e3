//! boto3 and the AWS CLI, unmodified. They come from PyPI into an environment below the target folder, once.

use crate::support::{KEY_ID, REGION, SECRET, Store};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The programs the check needs, in an environment of its own.
fn environment() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("s3-clients");
    let done = folder.join("complete");
    if done.exists() {
        return folder;
    }
    run(
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder),
        "install Python 3 with venv (on Debian: apt-get install python3 python3-venv)",
    );
    run(
        Command::new(folder.join("bin/pip")).args(["install", "--quiet", "boto3[crt]", "awscli"]),
        "boto3 and awscli are needed from PyPI; check that pip reaches it",
    );
    std::fs::write(done, "").expect("a file");
    folder
}

fn run(command: &mut Command, hint: &str) -> String {
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => panic!("{command:?} does not start ({error}); hint: {hint}"),
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?} failed; hint: {hint}\n{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boto3_and_the_aws_cli_work_unmodified() {
    let store = Store::start().await;
    let endpoint = store.url("");
    let checked = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().expect("a folder");
        let programs = environment();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/check.py");
        let mut check = Command::new(programs.join("bin/python"));
        check
            .arg(script)
            .args([endpoint.as_str(), REGION, KEY_ID, SECRET])
            .arg(folder.path())
            .arg(programs.join("bin/aws"));
        run(&mut check, "the store and this client disagree; see below")
    });
    assert!(checked.await.expect("no panic").contains("work"));
}
