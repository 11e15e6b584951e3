//! Uploads by HTML form with a signed policy.

use crate::signing::{hmac, signing_key};
use crate::support::{BUCKET, KEY_ID, REGION, SECRET, Store, error_of};
use data_encoding::{BASE64, HEXLOWER};
use jiff::{SignedDuration, Timestamp};
use tokio::io::AsyncWriteExt;

/// A form's fields: a policy of 10 to 20 bytes below `up/`, signed `age` ago, expiring `left` from now.
fn fields(age: SignedDuration, left: SignedDuration, secret: &str) -> Vec<(&'static str, String)> {
    let at = Timestamp::now() - age;
    let date = at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let expiration = (Timestamp::now() + left).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    dated_fields(&date, &expiration, (10, 20), secret)
}

fn dated_fields(date: &str, expiration: &str, sizes: (u64, u64), secret: &str) -> Vec<(&'static str, String)> {
    let day = &date[..8];
    let credential = format!("{KEY_ID}/{day}/{REGION}/s3/aws4_request");
    let policy = serde_json::json!({"expiration": expiration, "conditions": [
        {"bucket": BUCKET}, ["starts-with", "$key", "up/"], ["content-length-range", sizes.0, sizes.1],
        {"Content-Type": "image/png"}, {"x-amz-algorithm": "AWS4-HMAC-SHA256"}, {"x-amz-credential": credential},
        {"x-amz-date": date}, ["starts-with", "$success_action_status", ""], ["starts-with", "$success_action_redirect", ""],
    ]});
    let policy = BASE64.encode(policy.to_string().as_bytes());
    let signature = HEXLOWER.encode(&hmac(&signing_key(secret, day), policy.as_bytes()));
    let date = date.to_owned();
    vec![
        ("Content-Type", "image/png".to_owned()),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned()),
        ("x-amz-credential", credential),
        ("x-amz-date", date),
        ("policy", policy),
        ("x-amz-signature", signature),
    ]
}

const EDGE: &str = "----form-edge";

fn body_of(key: &str, fields: Vec<(&'static str, String)>, file: &str) -> String {
    let mut body = String::new();
    let mut all = vec![("key", key.to_owned())];
    all.extend(fields);
    for (name, value) in all {
        body += &format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += &format!(
        "--{EDGE}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.png\"\r\nContent-Type: image/png\r\n\r\n{file}\r\n--{EDGE}--\r\n"
    );
    body
}

async fn post(store: &Store, body: impl Into<reqwest::Body>) -> reqwest::Response {
    let request =
        store.http.post(store.url("/private")).header("content-type", format!("multipart/form-data; boundary={EDGE}"));
    request.body(body).send().await.expect("an answer")
}

async fn send(store: &Store, key: &str, fields: Vec<(&'static str, String)>, file: &str) -> (u16, String) {
    let answer = post(store, body_of(key, fields, file)).await;
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
    let mut extra = fields(HOUR, HOUR, SECRET);
    extra.push(("x-amz-meta-a", "1".to_owned()));
    let (status, body) = send(&store, "up/b", extra, file).await;
    assert_eq!((status, error_of(&body).0.as_str()), (403, "AccessDenied"), "{body}");
}

#[tokio::test]
async fn a_form_is_answered_as_it_wishes_and_told_where_its_object_is() {
    let store = Store::start().await;
    let wishes = async |name, value: &str| {
        let mut fields = fields(HOUR, HOUR, SECRET);
        fields.push((name, value.to_owned()));
        let answer = post(&store, body_of("up/${filename}", fields, "fifteen bytes!!")).await;
        let location = answer.headers()["location"].to_str().expect("text").to_owned();
        (answer.status().as_u16(), location, answer.text().await.expect("a body"))
    };
    let place = store.url("/private/up/f.png");
    let (status, location, body) = wishes("success_action_status", "201").await;
    assert_eq!((status, location.as_str()), (201, place.as_str()));
    for part in
        [format!("<Location>{place}</Location>"), "<Key>up/f.png</Key>".into(), "<Bucket>private</Bucket>".into()]
    {
        assert!(body.contains(&part), "{body}");
    }
    for (wish, expected) in [("200", 200), ("204", 204), ("500", 204)] {
        let (status, location, body) = wishes("success_action_status", wish).await;
        assert_eq!((status, location.as_str(), body.as_str()), (expected, place.as_str(), ""));
    }
    // Keys that XML cannot carry as they are.
    for (key, shown) in [("up/a\rb", "up/a&#13;b"), ("up/a\u{1}b", "up/a\u{fffd}b"), ("up/a&<b", "up/a&amp;&lt;b")] {
        let mut fields = fields(HOUR, HOUR, SECRET);
        fields.push(("success_action_status", "201".to_owned()));
        let body = post(&store, body_of(key, fields, "fifteen bytes!!")).await.text().await.expect("a body");
        assert!(body.contains(&format!("<Key>{shown}</Key>")), "{body}");
    }
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let mut fields = fields(HOUR, HOUR, SECRET);
    fields.push(("success_action_redirect", "https://app.example.com/done?a=1".to_owned()));
    let request =
        http.post(store.url("/private")).header("content-type", format!("multipart/form-data; boundary={EDGE}"));
    let answer = request.body(body_of("up/r", fields, "fifteen bytes!!")).send().await.expect("an answer");
    assert_eq!(answer.status(), 303);
    let target = answer.headers()["location"].to_str().expect("text");
    assert!(target.starts_with("https://app.example.com/done?a=1&bucket=private&key=up%2Fr&etag=%22"), "{target}");
}

#[tokio::test]
async fn dates_that_are_none_are_refused() {
    let store = Store::start().await;
    let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let file = "fifteen bytes!!";
    for bad in ["2090-13-01T00:00:00Z", "2090-02-31T00:00:00Z", "2090-01-01", "2090-01-01T00:00:00", "soon", ""] {
        let (status, body) = send(&store, "up/a", dated_fields(&now, bad, (10, 20), SECRET), file).await;
        assert_eq!((status, error_of(&body).0.as_str()), (400, "InvalidPolicyDocument"), "{bad}: {body}");
    }
    for bad in [&format!("{}T250000Z", &now[..8]), &now[..15], "20261301T000000Z"] {
        let fields = dated_fields(bad, "2090-01-01T00:00:00Z", (10, 20), SECRET);
        let (status, body) = send(&store, "up/a", fields, file).await;
        assert_eq!((status, error_of(&body).0.as_str()), (400, "InvalidArgument"), "{bad}: {body}");
    }
    assert!(store.files("blobs").is_empty());
}

#[tokio::test]
async fn slow_forms_of_strangers_stop_nobody() {
    let store = Store::start().await;
    let mut strangers = Vec::new();
    for _ in 0..12 {
        let mut stream = tokio::net::TcpStream::connect(store.server.address()).await.expect("a connection");
        let head = format!(
            "POST /private HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary={EDGE}\r\n\
             content-length: 9000\r\n\r\n--{EDGE}\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nup"
        );
        stream.write_all(head.as_bytes()).await.expect("bytes");
        strangers.push(stream);
    }
    let (status, body) = send(&store, "up/a", fields(HOUR, HOUR, SECRET), "fifteen bytes!!").await;
    assert_eq!(status, 204, "{body}");
    drop(strangers);
}

#[tokio::test]
async fn nothing_of_a_strangers_file_is_read() {
    let store = Store::start().await;
    let mut stream = tokio::net::TcpStream::connect(store.server.address()).await.expect("a connection");
    // The file never comes, and the refusal does not wait for it.
    let head = format!(
        "POST /private HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 90000\r\n\
         content-type: multipart/form-data; boundary={EDGE}\r\n\r\n\
         --{EDGE}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx"
    );
    stream.write_all(head.as_bytes()).await.expect("bytes");
    let mut text = String::new();
    let mut reader = tokio::io::BufReader::new(stream);
    while !text.contains(" 403 ") {
        let read = tokio::io::AsyncBufReadExt::read_line(&mut reader, &mut text).await.expect("a line");
        assert!(read > 0, "no refusal: {text}");
    }
}

#[tokio::test]
async fn fields_before_the_file_are_few_and_each_stands_once() {
    let store = Store::start().await;
    let mut long = fields(HOUR, HOUR, SECRET);
    long.push(("x-ignore-a", "a".repeat(20 * 1024)));
    let (status, body) = send(&store, "up/a", long, "fifteen bytes!!").await;
    assert_eq!((status, error_of(&body).0.as_str()), (400, "MaxPostPreDataLengthExceededError"), "{body}");
    let mut twice = fields(HOUR, HOUR, SECRET);
    twice.push(("key", "elsewhere".to_owned()));
    let (status, body) = send(&store, "up/a", twice, "fifteen bytes!!").await;
    assert_eq!((status, error_of(&body).0.as_str()), (400, "InvalidArgument"), "{body}");
    let whole = body_of("up/a", fields(HOUR, HOUR, SECRET), "fifteen bytes!!");
    let cut = whole.find("bytes!!").expect("the file");
    let answer = post(&store, whole[..cut].to_owned()).await;
    assert_eq!(answer.status(), 400, "a file without its end");
    assert!(store.files("blobs").is_empty());
    assert!(store.files("tmp").is_empty());
}

#[tokio::test]
async fn a_large_file_comes_by_form() {
    let store = Store::start().await;
    let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let sizes = (0, 200 * 1024 * 1024);
    let fields = dated_fields(&now, "2090-01-01T00:00:00Z", sizes, SECRET);
    let whole = body_of("up/large", fields, "%");
    let (before, after) = whole.split_once('%').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a file");
    let piece = crate::support::pattern(crate::support::MIB, 3);
    let pieces = std::iter::once(before.into_bytes())
        .chain(std::iter::repeat_n(piece.clone(), 80))
        .chain(std::iter::once(after.into_bytes()))
        .map(Ok::<_, std::io::Error>);
    let answer = post(&store, reqwest::Body::wrap_stream(futures::stream::iter(pieces))).await;
    assert_eq!(answer.status(), 204);
    assert!(store.bytes("up/large").await == piece.repeat(80));
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
