//! boto3 and the AWS CLI, unmodified, from the environment that `cargo xtask test` makes.

use crate::support::{KEY_ID, REGION, SECRET, Store};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Where both programs are. The test command makes the environment and names it in this variable.
#[expect(clippy::disallowed_methods, reason = "the test command says through this variable where its tools are")]
fn environment() -> PathBuf {
    let folder = std::env::var_os("TEST_PYTHON").map(PathBuf::from).filter(|folder| folder.join("bin/aws").exists());
    folder.expect("boto3 and the AWS CLI are missing; hint: run `cargo xtask test` once, which installs them")
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
