//! Uploads by HTML form with a signed policy.

use crate::support::{BUCKET, KEY_ID, REGION, SECRET, Store, error_of};
use data_encoding::{BASE64, HEXLOWER};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|b| b ^ 0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(block.map(|b| b ^ 0x5c)).chain_update(inner).finalize().to_vec()
}

/// A form's fields: a policy of 10 to 20 bytes below `up/`, signed `age` ago, expiring `left` from now.
fn fields(age: SignedDuration, left: SignedDuration, secret: &str) -> Vec<(&'static str, String)> {
    let at = Timestamp::now() - age;
    let (day, date) = (at.strftime("%Y%m%d").to_string(), at.strftime("%Y%m%dT%H%M%SZ").to_string());
    let credential = format!("{KEY_ID}/{day}/{REGION}/s3/aws4_request");
    let expiration = (Timestamp::now() + left).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let policy = serde_json::json!({"expiration": expiration, "conditions": [
        {"bucket": BUCKET}, ["starts-with", "$key", "up/"], ["content-length-range", 10, 20], {"Content-Type": "image/png"},
        {"x-amz-algorithm": "AWS4-HMAC-SHA256"}, {"x-amz-credential": credential}, {"x-amz-date": date},
    ]});
    let policy = BASE64.encode(policy.to_string().as_bytes());
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [day.as_str(), REGION, "s3", "aws4_request"] {
        key = hmac(&key, part.as_bytes());
    }
    let signature = HEXLOWER.encode(&hmac(&key, policy.as_bytes()));
    vec![
        ("Content-Type", "image/png".to_owned()),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned()),
        ("x-amz-credential", credential),
        ("x-amz-date", date),
        ("policy", policy),
        ("x-amz-signature", signature),
    ]
}

async fn send(store: &Store, key: &str, fields: Vec<(&'static str, String)>, file: &str) -> (u16, String) {
    const EDGE: &str = "----form-edge";
    let mut body = String::new();
    let mut all = vec![("key", key.to_owned())];
    all.extend(fields);
    for (name, value) in all {
        body += &format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += &format!(
        "--{EDGE}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.png\"\r\nContent-Type: image/png\r\n\r\n{file}\r\n--{EDGE}--\r\n"
    );
    let request =
        store.http.post(store.url("/private")).header("content-type", format!("multipart/form-data; boundary={EDGE}"));
    let answer = request.body(body).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a body"))
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[tokio::test]
async fn a_form_that_keeps_to_its_policy_is_taken() {
    let store = Store::start().await;
    let file = "fifteen bytes!!";
    // Signed an hour ago: a policy lives until its expiration, not for the minutes of clock skew.
    let (status, body) = send(&store, "up/a", fields(HOUR, HOUR, SECRET), file).await;
    assert_eq!(status, 204, "{body}");
    let got = store.client.get_object().bucket(BUCKET).key("up/a").send().await.expect("a get");
    assert_eq!(got.content_type(), Some("image/png"));
    assert_eq!(got.body.collect().await.expect("a body").to_vec(), file.as_bytes());
    let mut created = fields(HOUR, HOUR, SECRET);
    created.push(("success_action_status", "201".to_owned()));
    let (status, body) = send(&store, "up/b", created, file).await;
    // The policy does not allow the extra field.
    assert_eq!((status, error_of(&body).0.as_str()), (403, "AccessDenied"), "{body}");
}

#[tokio::test]
async fn a_form_that_breaks_its_policy_leaves_nothing() {
    let store = Store::start().await;
    let file = "fifteen bytes!!";
    let cases = [
        ("up/small", fields(HOUR, HOUR, SECRET), "short", (400, "EntityTooSmall")),
        ("up/large", fields(HOUR, HOUR, SECRET), "a file of more than twenty bytes", (400, "EntityTooLarge")),
        ("elsewhere", fields(HOUR, HOUR, SECRET), file, (403, "AccessDenied")),
        ("up/late", fields(HOUR, -HOUR, SECRET), file, (403, "AccessDenied")),
        ("up/forged", fields(HOUR, HOUR, "wrong"), file, (403, "SignatureDoesNotMatch")),
        ("up/unsigned", vec![("Content-Type", "image/png".to_owned())], file, (403, "AccessDenied")),
    ];
    for (key, fields, file, expected) in cases {
        let (status, body) = send(&store, key, fields, file).await;
        assert_eq!((status, error_of(&body).0.as_str()), expected, "{key}: {body}");
    }
    assert!(store.files("blobs").is_empty());
    assert!(store.files("tmp").is_empty());
}
