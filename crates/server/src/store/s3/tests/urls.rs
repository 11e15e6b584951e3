//! What a client can do with a URL of ours, and what it cannot.

use domain::delivery::Window;
use domain::{ByteCount, FileName, ObjectKey, PartLength, TimeSpan, Timestamp, UploadId, Visibility};
use sha2::{Digest, Sha256};

use super::super::conformance::{Ceph, Embedded, Engine, Garage, OverS3};
use crate::clock::{Clock, HostClock};
use crate::store::conformance::{Difference, Harness, bytes, key, number, private_key};
use crate::store::signer::{Disposition, PartToSign, ReadMethod, SignedPart};
use crate::store::{Store, list_parts};

fn part(size: u64) -> PartToSign {
    PartToSign { number: number(1), length: PartLength::Exactly(ByteCount(size)), checksum_sha256: None }
}

/// What a URL does not allow is 403 with most, and 400 with who reads the request first.
fn is_refused(status: u16) -> bool {
    status / 100 == 4
}

async fn opened<E: Engine>(harness: &OverS3<E>) -> (ObjectKey, UploadId) {
    let key = private_key();
    let upload = harness.store.open_upload(&key, None).await.expect("an upload opens");
    (key, upload)
}

async fn put<E: Engine>(
    harness: &OverS3<E>,
    url: &str,
    headers: &[(String, String)],
    content: Vec<u8>,
) -> (u16, String) {
    let mut request = harness.http.put(url).body(content);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a body"))
}

async fn arrived<E: Engine>(harness: &OverS3<E>, key: &ObjectKey, upload: &UploadId) -> usize {
    list_parts(&harness.store, key, upload).await.expect("parts are listed").expect("the upload").len()
}

async fn a_part_url_takes_the_planned_size_and_no_other<E: Engine>() {
    let harness = OverS3::<E>::start().await;
    let (key, upload) = opened(&harness).await;
    let SignedPart { url, headers, .. } = harness.sign(&key, &upload, part(100)).await;
    for wrong in [0, 99, 101, 1000] {
        let (status, body) = put(&harness, url.expose(), &headers, vec![7; wrong]).await;
        assert!(is_refused(status), "{wrong} bytes: {status} {body}");
        assert_eq!(arrived(&harness, &key, &upload).await, 0, "{wrong} bytes");
    }
    assert_eq!(put(&harness, url.expose(), &headers, vec![7; 100]).await.0, 200);
    assert_eq!(arrived(&harness, &key, &upload).await, 1);
    harness.stop().await;
}

async fn without_a_declared_size_a_part_url_takes_any<E: Engine>() {
    let harness = OverS3::<E>::start().await;
    let (key, upload) = opened(&harness).await;
    let open = PartToSign { length: PartLength::Open, ..part(1) };
    let SignedPart { url, headers, .. } = harness.sign(&key, &upload, open).await;
    for length in [1000, 99, 6 << 20] {
        let (status, body) = put(&harness, url.expose(), &headers, vec![7; length]).await;
        assert_eq!(status, 200, "{length} bytes: {body}");
        let parts = list_parts(&harness.store, &key, &upload).await.expect("parts are listed").expect("the upload");
        let sizes: Vec<u64> = parts.iter().map(|part| part.size.get()).collect();
        assert_eq!(sizes, [length as u64], "the last one counts");
    }
    harness.stop().await;
}

async fn a_part_url_is_good_for_its_part_only<E: Engine>() {
    let harness = OverS3::<E>::start().await;
    let (key, upload) = opened(&harness).await;
    let url = harness.sign(&key, &upload, part(100)).await.url.into_exposed();
    let other_key = key.path().replace("video-", "other-");
    for changed in [
        url.replace("partNumber=1&", "partNumber=2&"),
        url.replace(&key.path(), &other_key),
        url.replace(harness.bucket(Visibility::Private), harness.bucket(Visibility::Public)),
        url.split("partNumber=1&").next().expect("a head").to_owned(),
    ] {
        assert_ne!(changed, url);
        assert!(is_refused(put(&harness, &changed, &[], vec![7; 100]).await.0), "{changed}");
    }
    let deleted = harness.http.delete(&url).send().await.expect("an answer");
    assert!(is_refused(deleted.status().as_u16()), "a part URL must not abort its upload");
    assert_eq!(arrived(&harness, &key, &upload).await, 0);
    harness.stop().await;
}

async fn an_expired_part_url_is_refused<E: Engine>() {
    let harness = OverS3::<E>::start().await;
    let (key, upload) = opened(&harness).await;
    let credentials = harness.store.signing_credentials().await.expect("credentials");
    let then = HostClock.now() - TimeSpan::from_hours(2);
    let end = then + TimeSpan::from_hours(1);
    let signed = harness.signer.part_urls(&credentials, &key, &upload, &[part(100)], then, end).expect("a part");
    let (status, body) = put(&harness, signed[0].url.expose(), &[], vec![7; 100]).await;
    assert!(is_refused(status), "{status}");
    // Uppy signs again when it reads exactly this.
    let says_so = body.contains("<Message>Request has expired</Message>");
    assert_eq!(says_so, !harness.differs(Difference::SilentAboutExpiry), "{body}");
    assert_eq!(arrived(&harness, &key, &upload).await, 0);
    harness.stop().await;
}

async fn a_part_checksum_is_checked_on_arrival<E: Engine>() {
    let harness = OverS3::<E>::start().await;
    let (key, upload) = opened(&harness).await;
    let content = bytes(1, 100).to_vec();
    let checksum = data_encoding::BASE64.encode(&Sha256::digest(&content));
    let part = PartToSign { checksum_sha256: Some(checksum), ..part(100) };
    let SignedPart { url, headers, .. } = harness.sign(&key, &upload, part).await;
    assert!(is_refused(put(&harness, url.expose(), &[], content.clone()).await.0), "the header is signed");
    if !harness.differs(Difference::NoChecksums) {
        assert_eq!(put(&harness, url.expose(), &headers, bytes(2, 100).to_vec()).await.0, 400, "other bytes");
    }
    assert_eq!(arrived(&harness, &key, &upload).await, 0);
    assert_eq!(put(&harness, url.expose(), &headers, content).await.0, 200);
    assert_eq!(arrived(&harness, &key, &upload).await, 1);
    harness.stop().await;
}

async fn stored<E: Engine>(harness: &OverS3<E>, key: &ObjectKey) {
    let upload = harness.store.open_upload(key, None).await.expect("an upload opens");
    harness.send_part(key, &upload, number(1), bytes(5, 1000)).await.expect("a part arrives");
    let parts = list_parts(&harness.store, key, &upload).await.expect("parts").expect("the upload");
    harness.store.complete(key, &upload, &parts, None).await;
}

async fn read_url<E: Engine>(harness: &OverS3<E>, signed_at: Timestamp, disposition: Disposition) -> String {
    url_for(harness, ReadMethod::Get, signed_at, disposition).await
}

async fn url_for<E: Engine>(
    harness: &OverS3<E>,
    method: ReadMethod,
    signed_at: Timestamp,
    disposition: Disposition,
) -> String {
    let credentials = harness.store.signing_credentials().await.expect("credentials");
    let window = Window { signed_at, expires_at: signed_at + TimeSpan::from_hours(1) };
    let read = harness.signer.read_url(&credentials, &private_key(), window, method, &disposition).expect("a URL");
    assert_eq!(read.expires_at.as_second(), window.expires_at.as_second());
    read.url.into_exposed()
}

async fn a_read_url_reads_whole_and_in_ranges_until_it_ends<E: Engine>() {
    let harness = OverS3::<E>::start().await;
    stored(&harness, &private_key()).await;
    let url = read_url(&harness, HostClock.now(), Disposition::Inline).await;
    let answer = harness.http.get(&url).send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "video/mp4");
    assert_eq!(answer.headers()["content-disposition"], "inline");
    assert_eq!(answer.headers()["cache-control"], "private, max-age=3600");
    assert_eq!(answer.bytes().await.expect("a body"), bytes(5, 1000));
    let range = harness.http.get(&url).header("range", "bytes=10-19").send().await.expect("an answer");
    assert_eq!(range.status(), 206);
    assert_eq!(range.bytes().await.expect("a body"), bytes(5, 1000)[10..20]);
    let written = put(&harness, &url, &[], vec![7; 100]).await;
    assert!(is_refused(written.0), "a read URL must not write");

    let ended = read_url(&harness, HostClock.now() - TimeSpan::from_hours(2), Disposition::Inline).await;
    let answer = harness.http.get(&ended).send().await.expect("an answer");
    assert!(is_refused(answer.status().as_u16()), "{}", answer.status());
    harness.stop().await;
}

async fn a_download_is_saved_under_the_owners_name<E: Engine>() {
    let harness = OverS3::<E>::start().await;
    stored(&harness, &private_key()).await;
    let name = FileName::parse("휴가 \"1\".mp4").expect("a file name");
    let url = read_url(&harness, HostClock.now(), Disposition::Attachment(name)).await;
    let answer = harness.http.get(&url).send().await.expect("an answer");
    let expected = "attachment; filename=\"__ _1_.mp4\"; filename*=UTF-8''%ED%9C%B4%EA%B0%80%20%221%22.mp4";
    assert_eq!(answer.headers()["content-disposition"], expected);
    harness.stop().await;
}

async fn a_read_url_is_good_for_the_method_it_was_signed_for<E: Engine>() {
    let harness = OverS3::<E>::start().await;
    stored(&harness, &private_key()).await;
    let name = FileName::parse("film.mp4").expect("a file name");
    let url = url_for(&harness, ReadMethod::Head, HostClock.now(), Disposition::Attachment(name)).await;
    let answer = harness.http.head(&url).send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.headers()["content-length"].as_bytes()), (200, &b"1000"[..]));
    let answer = harness.http.get(&url).send().await.expect("an answer");
    assert!(is_refused(answer.status().as_u16()), "{}", answer.status());
    harness.stop().await;
}

async fn a_public_url_serves_with_type_and_cache_policy<E: Engine>() {
    let harness = OverS3::<E>::start().await;
    let key = key(Visibility::Public, 1);
    stored(&harness, &key).await;
    let answer = harness.http.get(harness.signer.public_url(&key)).send().await.expect("an answer");
    if harness.differs(Difference::NothingIsPublic) {
        assert!(is_refused(answer.status().as_u16()), "{}", answer.status());
        harness.stop().await;
        return;
    }
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "image/jpeg");
    assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(answer.bytes().await.expect("a body"), bytes(5, 1000));
    harness.stop().await;
}

/// One test of each case above for an [`Engine`].
macro_rules! url_cases {
    ($engine:ident: $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                super::$case::<super::$engine>().await;
            }
        )+
    };
    ($engine:ident) => {
        url_cases!($engine:
            a_part_url_takes_the_planned_size_and_no_other,
            without_a_declared_size_a_part_url_takes_any,
            a_part_url_is_good_for_its_part_only,
            an_expired_part_url_is_refused,
            a_part_checksum_is_checked_on_arrival,
            a_read_url_reads_whole_and_in_ranges_until_it_ends,
            a_download_is_saved_under_the_owners_name,
            a_read_url_is_good_for_the_method_it_was_signed_for,
            a_public_url_serves_with_type_and_cache_policy,
        );
    };
}

mod embedded {
    url_cases!(Embedded);
}

mod on_ceph {
    url_cases!(Ceph);
}

mod on_garage {
    url_cases!(Garage);
}
