//! XML that is sent: how much of it, and how it is read.

use crate::crash::Process;
use crate::limits::peak_kib;
use crate::signing::{signed, signed_at};
use crate::support::{BUCKET, MIB, Store, error_of, pattern};
use tokio::task::JoinSet;

async fn told(request: reqwest::RequestBuilder) -> (u16, String) {
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, error_of(&answer.text().await.expect("a body")).0)
}

#[tokio::test]
async fn thirty_megabytes_of_xml_are_refused_and_not_read() {
    let store = Store::start().await;
    let id = store.create_upload("m").await;
    let body = format!("<Delete>{}</Delete>", " ".repeat(30 * MIB)).into_bytes();
    let too_big = (400, "MaxMessageLengthExceeded".to_owned());
    for (method, path, query) in [
        ("POST", "/private", "delete=".to_owned()),
        ("POST", "/private/m", format!("uploadId={id}")),
        ("PUT", "/private", "cors=".to_owned()),
        ("PUT", "/private", "lifecycle=".to_owned()),
        ("PUT", "/private/m", "tagging=".to_owned()),
        ("PUT", "/new-bucket", String::new()),
    ] {
        assert_eq!(
            told(signed(&store, method, path, &query, &[], body.clone())).await,
            too_big,
            "{method} {path} {query}"
        );
    }
}

#[tokio::test]
async fn more_entries_than_an_operation_takes_are_refused() {
    let store = Store::start().await;
    let id = store.create_upload("m").await;
    let malformed = (400, "MalformedXML".to_owned());
    let keys = "<Object><Key>k</Key></Object>".repeat(1_002);
    let body = format!("<Delete>{keys}</Delete>").into_bytes();
    assert_eq!(told(signed(&store, "POST", "/private", "delete=", &[], body)).await, malformed);
    let parts = "<Part/>".repeat(10_001);
    let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>").into_bytes();
    assert_eq!(told(signed(&store, "POST", "/private/m", &format!("uploadId={id}"), &[], body)).await, malformed);
    let entity = b"<!DOCTYPE a [<!ENTITY b \"c\">]><Delete><Object><Key>&b;</Key></Object></Delete>".to_vec();
    assert_eq!(told(signed(&store, "POST", "/private", "delete=", &[], entity)).await, malformed);
}

#[tokio::test]
async fn sections_are_text_in_every_document() {
    let store = Store::start().await;
    let id = store.create_upload("m").await;
    let tag = store.upload_part("m", &id, 1, pattern(100, 1)).await;
    let body = format!(
        "<?xml version=\"1.0\"?>\n<CompleteMultipartUpload><!-- one --><Part><PartNumber><![CDATA[1]]></PartNumber>\
         <ETag><![CDATA[{tag}]]></ETag></Part></CompleteMultipartUpload>"
    );
    let request = signed(&store, "POST", "/private/m", &format!("uploadId={id}"), &[], body.into_bytes());
    assert_eq!(told(request).await, (200, String::new()));
    assert!(store.bytes("m").await == pattern(100, 1));
    let tags = "<Tagging><TagSet><Tag><Key><![CDATA[a+b]]></Key><Value>c</Value></Tag></TagSet></Tagging>";
    let request = signed(&store, "PUT", "/private/m", "tagging=", &[], tags.as_bytes().to_vec());
    assert_eq!(told(request).await, (200, String::new()));
    let found = store.client.get_object_tagging().bucket(BUCKET).key("m").send().await.expect("tags");
    assert_eq!(found.tag_set()[0].key(), "a+b");
    let doomed = "<Delete><Object><Key><![CDATA[m]]></Key></Object></Delete>".as_bytes().to_vec();
    assert_eq!(told(signed(&store, "POST", "/private", "delete=", &[], doomed)).await, (200, String::new()));
    assert!(store.client.head_object().bucket(BUCKET).key("m").send().await.is_err());
}

/// A document in each of the ways in which a client may write it.
fn ways(document: &str) -> [Vec<u8>; 4] {
    let prefixed = document.replace('<', "<s3:").replace("<s3:/", "</s3:").replace("<s3:!", "<!").replacen(
        '>',
        " xmlns:s3=\"http://s3.amazonaws.com/doc/2006-03-01/\">",
        1,
    );
    let units = |bytes: fn(u16) -> [u8; 2]| document.encode_utf16().flat_map(bytes);
    [
        format!("\u{feff}<?xml version=\"1.0\"?><?a b?><!-- c -->{document}\r\n").into_bytes(),
        prefixed.into_bytes(),
        [0xfe, 0xff].into_iter().chain(units(u16::to_be_bytes)).collect(),
        [0xff, 0xfe].into_iter().chain(units(u16::to_le_bytes)).collect(),
    ]
}

#[tokio::test]
async fn a_document_means_the_same_however_it_is_written() {
    let store = Store::start().await;
    let ok = (200, String::new());
    let spaced = |word: &str| format!("\n  {word}<!-- d -->\t");
    for way in 0..4 {
        let id = store.create_upload("m").await;
        let tag = store.upload_part("m", &id, 1, pattern(100, way as u64)).await;
        let (number, etag) = (spaced("1"), spaced(&tag));
        let part = format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
        let body = &ways(&format!("<CompleteMultipartUpload>{part}</CompleteMultipartUpload>"))[way];
        let query = format!("uploadId={id}");
        assert_eq!(told(signed(&store, "POST", "/private/m", &query, &[], body.clone())).await, ok, "way {way}");
        assert!(store.bytes("m").await == pattern(100, way as u64), "way {way}");
        let set = "<Tagging><TagSet><Tag><Key>한 글</Key><Value> b </Value></Tag></TagSet></Tagging>";
        let put = signed(&store, "PUT", "/private/m", "tagging=", &[], ways(set)[way].clone());
        assert_eq!(told(put).await, ok, "way {way}");
        let tags = store.client.get_object_tagging().bucket(BUCKET).key("m").send().await.expect("tags");
        assert_eq!((tags.tag_set()[0].key(), tags.tag_set()[0].value()), ("한 글", " b "), "way {way}");
        let cors = "<CORSConfiguration><CORSRule><AllowedOrigin> https://a.test </AllowedOrigin>\
                    <AllowedMethod>GET</AllowedMethod><MaxAgeSeconds> 60 </MaxAgeSeconds></CORSRule></CORSConfiguration>";
        let put = signed(&store, "PUT", "/private", "cors=", &[], ways(cors)[way].clone());
        assert_eq!(told(put).await, ok, "way {way}");
        let rules = store.client.get_bucket_cors().bucket(BUCKET).send().await.expect("rules");
        let rule = &rules.cors_rules()[0];
        assert_eq!((rule.allowed_origins(), rule.max_age_seconds()), (&["https://a.test".to_owned()][..], Some(60)));
        let lifecycle = "<LifecycleConfiguration><Rule><Filter><Prefix> a&amp;b</Prefix></Filter><Status> Enabled </Status>\
                         <AbortIncompleteMultipartUpload><DaysAfterInitiation> 9 </DaysAfterInitiation>\
                         </AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>";
        let put = signed(&store, "PUT", "/private", "lifecycle=", &[], ways(lifecycle)[way].clone());
        assert_eq!(told(put).await, ok, "way {way}");
        let found = store.client.get_bucket_lifecycle_configuration().bucket(BUCKET).send().await.expect("rules");
        assert_eq!(found.rules()[0].filter().and_then(|filter| filter.prefix()), Some(" a&b"), "way {way}");
        store.put(" 한", "x").await;
        let doomed = "<Delete><Quiet> 1 </Quiet><Object><Key> 한</Key></Object></Delete>";
        let delete = signed(&store, "POST", "/private", "delete=", &[], ways(doomed)[way].clone());
        assert_eq!(told(delete).await, ok, "way {way}");
        assert!(store.client.head_object().bucket(BUCKET).key(" 한").send().await.is_err(), "way {way}");
    }
}

#[tokio::test]
async fn a_document_with_something_else_in_it_changes_nothing() {
    let store = Store::start().await;
    let id = store.create_upload("m").await;
    let tag = store.upload_part("m", &id, 1, pattern(100, 1)).await;
    let complete = format!("uploadId={id}");
    let malformed = (400, "MalformedXML".to_owned());
    let part = format!("<Part><PartNumber>1</PartNumber><ETag>{tag}</ETag></Part>");
    for inside in [
        format!("{part}<part/>"),
        format!("{part}<Parts>2</Parts>"),
        format!("{part}<x:Part xmlns:x=\"urn:x\"/>"),
        part.replace("</Part>", "<ChecksumMD5>x</ChecksumMD5></Part>"),
        part.replace(">1<", ">1 2<"),
        part.replace(">1<", ">1x<"),
        part.replace("<ETag>", "x<ETag>"),
    ] {
        let body = format!("<CompleteMultipartUpload>{inside}</CompleteMultipartUpload>").into_bytes();
        assert_eq!(told(signed(&store, "POST", "/private/m", &complete, &[], body)).await, malformed, "{inside}");
    }
    let weak = format!("<CompleteMultipartUpload>{}</CompleteMultipartUpload>", part.replace("<ETag>", "<ETag>W/"));
    let weak = told(signed(&store, "POST", "/private/m", &complete, &[], weak.into_bytes())).await;
    assert_eq!(weak, (400, "InvalidPart".to_owned()));
    let rule = "<Rule><Filter/><Status>Enabled</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>1\
                </DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>";
    for (method, path, query, body, expected) in [
        ("PUT", "/private", "lifecycle=", rule.replace("</Rule>", "<Archive/></Rule>"), &malformed),
        ("PUT", "/private", "lifecycle=", rule.replace("Enabled", "enabled"), &malformed),
        ("POST", "/private", "delete=", "<Object><Key>k</Key><Force>1</Force></Object>".to_owned(), &malformed),
        ("PUT", "/private/k", "tagging=", "<TagSet/><Owner/>".to_owned(), &malformed),
        (
            "PUT",
            "/private",
            "versioning=",
            "<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>".to_owned(),
            &(501, "NotImplemented".to_owned()),
        ),
        (
            "PUT",
            "/fresh",
            "",
            "<Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags>".to_owned(),
            &(501, "NotImplemented".to_owned()),
        ),
    ] {
        let root = match query {
            "lifecycle=" => "LifecycleConfiguration",
            "delete=" => "Delete",
            "tagging=" => "Tagging",
            "versioning=" => "VersioningConfiguration",
            _ => "CreateBucketConfiguration",
        };
        store.put("k", "x").await;
        let body = format!("<{root}>{body}</{root}>").into_bytes();
        assert_eq!(told(signed(&store, method, path, query, &[], body)).await, *expected, "{path}?{query}");
        assert_eq!(store.bytes("k").await, b"x");
    }
    assert!(store.client.get_bucket_lifecycle_configuration().bucket(BUCKET).send().await.is_err());
    assert!(store.client.head_bucket().bucket("fresh").send().await.is_err());
    assert!(store.client.head_object().bucket(BUCKET).key("m").send().await.is_err(), "nothing was completed");
}

#[tokio::test]
async fn a_documents_own_digest_is_held_against_it() {
    let store = Store::start().await;
    store.put("k", "x").await;
    let body = b"<Delete><Object><Key>k</Key></Object></Delete>".to_vec();
    let with = |name, value| signed(&store, "POST", "/private", "delete=", &[(name, value)], body.clone());
    let bad = (400, "BadDigest".to_owned());
    assert_eq!(told(with("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")).await, bad);
    assert_eq!(told(with("x-amz-checksum-crc32", "AAAAAA==")).await, bad);
    assert_eq!(store.bytes("k").await, b"x");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_does_not_grow_with_documents() {
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::start(folder.path());
    let created = process.client.create_multipart_upload().bucket(BUCKET).key("m").send().await.expect("an upload");
    let query = format!("uploadId={}", created.upload_id.expect("an id"));
    // As large as a list of parts can be, and it names nothing that is there.
    let part = |number| {
        format!(
            "  <Part>\n    <PartNumber>{number}</PartNumber>\n    <ETag>&quot;{}&quot;</ETag>\n\
             <ChecksumSHA256>{}=</ChecksumSHA256>\n  </Part>\n",
            "a".repeat(32),
            "A".repeat(43)
        )
    };
    let parts: String = (1..=10_000).map(part).collect();
    let body = format!("<CompleteMultipartUpload>\n{parts}</CompleteMultipartUpload>").into_bytes();
    let http = reqwest::Client::new();
    let mut senders = JoinSet::new();
    for _ in 0..20 {
        let request = signed_at(&process.endpoint, &http, "POST", "/private/m", &query, &[], body.clone());
        senders.spawn(async move { told(request).await });
    }
    for told in senders.join_all().await {
        let expected = [(400, "InvalidPart".to_owned()), (503, "SlowDown".to_owned())];
        assert!(expected.contains(&told), "{told:?}");
    }
    let peak = peak_kib(&process);
    assert!(peak < 96 * 1024, "the store took {peak} KiB");
}
