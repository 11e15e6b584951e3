//! The embedded store of a running server, seen by unmodified S3 clients: boto3, the AWS CLI and curl.

use std::path::PathBuf;

use tokio::process::Command;

use crate::support::films;
use crate::support::process::{isolate, run};
use crate::support::server::Server;

/// Where `cargo xtask test` has put boto3 and the AWS CLI.
#[expect(clippy::disallowed_methods, reason = "cargo's configuration names the folder by variable")]
fn python() -> PathBuf {
    let folder = std::env::var_os("TEST_PYTHON").map(PathBuf::from);
    let folder = folder.filter(|folder| folder.join("bin/aws").exists());
    folder.expect("boto3 and the AWS CLI are not there: run cargo xtask test")
}

/// Finds the film in the private bucket and prints its key, its length and its type.
const BOTO3: &str = r#"
import boto3, json, os, sys
shown = json.loads(os.environ["SHOWN"])
s3 = boto3.client("s3", endpoint_url=shown["endpoint"], region_name=shown["region"],
    aws_access_key_id=shown["access_key_id"], aws_secret_access_key=shown["secret_access_key"])
[listed] = s3.list_objects_v2(Bucket=shown["private_bucket"], Prefix="42/")["Contents"]
film = s3.get_object(Bucket=shown["private_bucket"], Key=listed["Key"])
body = film["Body"].read()
assert body == open(os.environ["FILM"], "rb").read(), "other bytes"
assert "Uploads" not in s3.list_multipart_uploads(Bucket=shown["private_bucket"]), "hidden uploads"
print(json.dumps({"key": listed["Key"], "length": len(body), "type": film["ContentType"]}))
"#;

#[tokio::test]
async fn boto3_the_aws_cli_and_curl_see_what_was_published() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let film = films::mp4(films::THREE_PARTS);
    let asset = api.send_all(&[("video", &film)]).await;
    api.complete(&asset.id).await.expect(200);
    let shown = server.command(&["store", "show", "--json"]).await.json();
    let text = |name: &str| shown[name].as_str().expect("a text").to_owned();
    let bin = python().join("bin");

    let mut boto3 = Command::new(bin.join("python"));
    isolate(&mut boto3, server.home());
    boto3.args(["-c", BOTO3]).env("SHOWN", shown.to_string()).env("FILM", &film.path);
    let seen = run(&mut boto3).await.json();
    assert_eq!((seen["length"].as_u64(), seen["type"].as_str()), (Some(film.size), Some("video/mp4")));
    let key = seen["key"].as_str().expect("a key");
    assert!(key.starts_with("42/videos/") && key.contains(&asset.id), "{key}");

    let copy = server.home().join("copy.mp4");
    let mut aws = Command::new(bin.join("python"));
    isolate(&mut aws, server.home());
    aws.arg(bin.join("aws")).args(["s3", "cp", "--no-progress", "--endpoint-url", &text("endpoint")]);
    aws.arg(format!("s3://{}/{key}", text("private_bucket"))).arg(&copy);
    aws.env("AWS_ACCESS_KEY_ID", text("access_key_id")).env("AWS_SECRET_ACCESS_KEY", text("secret_access_key"));
    aws.env("AWS_DEFAULT_REGION", text("region"));
    run(&mut aws).await.well();
    assert!(std::fs::read(&copy).expect("a copy") == film.bytes());

    let mut curl = Command::new("curl");
    isolate(&mut curl, server.home());
    curl.args(["--silent", "--show-error", "--fail", "--output", "by-curl.mp4", "--aws-sigv4"]);
    curl.arg(format!("aws:amz:{}:s3", text("region")));
    // S3 wants the body's hash named; older curls leave that to their user.
    curl.args(["--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]);
    curl.arg("--user").arg(format!("{}:{}", text("access_key_id"), text("secret_access_key")));
    curl.arg(format!("{}/{}/{key}", text("endpoint"), text("private_bucket")));
    run(&mut curl).await.well();
    assert!(std::fs::read(server.home().join("by-curl.mp4")).expect("a copy") == film.bytes());
}
