//! What a request may say, and the page that tells it.

use crate::signing::{presigned, signed};
use crate::support::{BUCKET, MIB, PUBLIC, Store, error_of, pattern, refusal};

type Told = (u16, String);

async fn told(request: reqwest::RequestBuilder) -> Told {
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, error_of(&answer.text().await.expect("a body")).0)
}

fn ok() -> Told {
    (200, String::new())
}

#[test]
fn the_reference_page_is_what_the_code_does() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/s3.md");
    let page = std::fs::read_to_string(path).expect("the page");
    assert!(page.ends_with(&localstore::reference_page()), "docs/reference/s3.md is stale: run `cargo xtask gen`");
}

#[tokio::test]
async fn a_write_that_says_more_than_is_done_is_refused_and_changes_nothing() {
    let store = Store::start().await;
    store.put("k", "old").await;
    let id = store.create_upload("m").await;
    let not_implemented = (501, "NotImplemented".to_owned());
    let acl = (400, "AccessControlListNotSupported".to_owned());
    let denied = (403, "AccessDenied".to_owned());
    for (name, value, expected) in [
        ("x-amz-write-offset-bytes", "3", &not_implemented),
        ("x-amz-server-side-encryption", "AES256", &not_implemented),
        ("x-amz-server-side-encryption", "aws:kms", &not_implemented),
        ("x-amz-server-side-encryption-aws-kms-key-id", "1", &not_implemented),
        ("x-amz-server-side-encryption-bucket-key-enabled", "true", &not_implemented),
        ("x-amz-server-side-encryption-customer-algorithm", "AES256", &not_implemented),
        ("x-amz-object-lock-mode", "GOVERNANCE", &not_implemented),
        ("x-amz-object-lock-legal-hold", "ON", &not_implemented),
        ("x-amz-storage-class", "STANDARD_IA", &not_implemented),
        ("x-amz-something-new", "1", &not_implemented),
        ("content-range", "bytes 0-2/9", &not_implemented),
        ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT", &not_implemented),
        ("if-none-match", "\"a\"", &not_implemented),
        ("x-amz-acl", "public-read", &acl),
        ("x-amz-acl", "authenticated-read", &acl),
        ("x-amz-grant-full-control", "id=1", &acl),
        ("x-amz-expected-bucket-owner", "123456789012", &denied),
    ] {
        let put = signed(&store, "PUT", "/private/k", "", &[(name, value)], b"new".to_vec());
        assert_eq!(told(put).await, *expected, "{name}: {value}");
        let create = signed(&store, "POST", "/private/m", "uploads=", &[(name, value)], Vec::new());
        assert_ne!(told(create).await.0, 200, "{name}: {value}");
        let query = format!("partNumber=1&uploadId={id}");
        let part = signed(&store, "PUT", "/private/m", &query, &[(name, value)], b"new".to_vec());
        assert_ne!(told(part).await.0, 200, "{name}: {value}");
    }
    for query in ["partNumber=1", "uploadId=1", "versionId=null", "append=", "renameObject=", "uploads=", "attributes="]
    {
        let put = signed(&store, "PUT", "/private/k", query, &[], b"new".to_vec());
        assert!(told(put).await.0 >= 400, "PUT ?{query}");
    }
    for query in ["acl=", "retention=", "legal-hold=", "attributes=", "uploads="] {
        let delete = signed(&store, "DELETE", "/private/k", query, &[], Vec::new());
        assert_eq!(told(delete).await, (405, "MethodNotAllowed".into()), "DELETE ?{query}");
    }
    assert_eq!(store.bytes("k").await, b"old");
    for (name, value) in [
        ("x-amz-acl", "private"),
        ("x-amz-acl", "bucket-owner-full-control"),
        ("x-amz-storage-class", "STANDARD"),
        ("x-amz-expected-bucket-owner", "000000000001"),
        ("x-amz-request-payer", "requester"),
    ] {
        let put = signed(&store, "PUT", "/private/k", "", &[(name, value)], b"new".to_vec());
        assert_eq!(told(put).await, ok(), "{name}: {value}");
    }
    let keyed = [("x-amz-server-side-encryption-customer-algorithm", "AES256")];
    assert_eq!(told(signed(&store, "GET", "/private/k", "", &keyed, Vec::new())).await, not_implemented);
}

#[tokio::test]
async fn tags_and_redirects_are_what_aws_takes() {
    let store = Store::start().await;
    store.put("k", "old").await;
    let tag = (400, "InvalidTag".to_owned());
    let argument = (400, "InvalidArgument".to_owned());
    let redirect = (400, "InvalidRedirectLocation".to_owned());
    let long = format!("/{}", "a".repeat(2048));
    for (name, value, expected) in [
        ("x-amz-tagging", "aws:a=1", &tag),
        ("x-amz-tagging", "aws%3Aa=1", &tag),
        ("x-amz-tagging", "k=a%26b", &tag),
        ("x-amz-tagging", "k%09=1", &tag),
        ("x-amz-tagging", "k=%ZZ", &argument),
        ("x-amz-tagging", "k=%4", &argument),
        ("x-amz-tagging", "k=%ff", &argument),
        ("x-amz-tagging", "k=1&k=2", &argument),
        ("x-amz-tagging", "=1", &argument),
        ("x-amz-website-redirect-location", "elsewhere", &redirect),
        ("x-amz-website-redirect-location", "ftp://a.test/", &redirect),
        ("x-amz-website-redirect-location", &long, &redirect),
    ] {
        let put = signed(&store, "PUT", "/private/k", "", &[(name, value)], b"new".to_vec());
        assert_eq!(told(put).await, *expected, "{name}: {value}");
        let create = signed(&store, "POST", "/private/m", "uploads=", &[(name, value)], Vec::new());
        assert_eq!(told(create).await, *expected, "{name}: {value}");
    }
    let set = "<Tagging><TagSet><Tag><Key>aws:a</Key><Value>b</Value></Tag></TagSet></Tagging>".as_bytes().to_vec();
    assert_eq!(told(signed(&store, "PUT", "/private/k", "tagging=", &[], set)).await, tag);
    assert_eq!(store.bytes("k").await, b"old");
    for (name, value) in [
        ("x-amz-tagging", "a%20b+c=%2B-%3D._:/@&%ED%95%9C=1&bare&&"),
        ("x-amz-website-redirect-location", "/other"),
        ("x-amz-website-redirect-location", "https://a.test/b"),
    ] {
        let put = signed(&store, "PUT", "/private/k", "", &[(name, value)], b"new".to_vec());
        assert_eq!(told(put).await, ok(), "{name}: {value}");
    }
}

#[tokio::test]
async fn headers_in_a_presigned_address_count() {
    let store = Store::start().await;
    for (extra, expected) in [
        ("", ok()),
        ("x-amz-acl=public-read", (400, "AccessControlListNotSupported".into())),
        ("x-amz-acl=private", ok()),
        ("x-amz-storage-class=GLACIER", (501, "NotImplemented".into())),
        ("x-amz-meta-a=b%20c", ok()),
    ] {
        let url = presigned(&store, "PUT", "/private/k", extra);
        assert_eq!(told(store.http.put(url).body("x")).await, expected, "{extra}");
    }
    let head = store.client.head_object().bucket(BUCKET).key("k").send().await.expect("the object");
    assert_eq!(head.metadata().and_then(|metadata| metadata.get("a")).map(String::as_str), Some("b c"));
}

#[tokio::test]
async fn a_bucket_answers_as_one_with_ownership_enforced() {
    let store = Store::start().await;
    store.put("k", "x").await;
    let acl = store.client.get_bucket_acl().bucket(BUCKET).send().await.expect("an ACL");
    let of_object = store.client.get_object_acl().bucket(BUCKET).key("k").send().await.expect("an ACL");
    for grants in [acl.grants(), of_object.grants()] {
        assert_eq!(grants.len(), 1);
        assert_eq!(grants[0].permission().map(|permission| permission.as_str()), Some("FULL_CONTROL"));
        assert_eq!(grants[0].grantee().and_then(|grantee| grantee.id()), acl.owner().and_then(|owner| owner.id()));
    }
    let none = store.client.get_object_acl().bucket(BUCKET).key("none").send().await;
    assert_eq!(refusal(none), (404, "NoSuchKey".into()));
    for (bucket, is_closed) in [(BUCKET, true), (PUBLIC, false)] {
        let block = store.client.get_public_access_block().bucket(bucket).send().await.expect("a block");
        let block = block.public_access_block_configuration.expect("a configuration");
        assert_eq!((block.block_public_acls(), block.block_public_policy()), (Some(true), Some(is_closed)));
        let same = store.client.put_public_access_block().bucket(bucket);
        same.public_access_block_configuration(block.clone()).send().await.expect("the same block");
        let open = aws_sdk_s3::types::PublicAccessBlockConfiguration::builder().block_public_acls(false).build();
        let other = store.client.put_public_access_block().bucket(bucket).public_access_block_configuration(open);
        assert_eq!(refusal(other.send().await), (501, "NotImplemented".into()));
        let status = store.client.get_bucket_policy_status().bucket(bucket).send().await.expect("a status");
        assert_eq!(status.policy_status().and_then(|status| status.is_public()), Some(!is_closed));
        let controls = store.client.get_bucket_ownership_controls().bucket(bucket).send().await.expect("controls");
        let rule = &controls.ownership_controls().expect("controls").rules()[0];
        assert_eq!(rule.object_ownership().as_str(), "BucketOwnerEnforced");
    }
    for query in ["acl=", "publicAccessBlock=", "policyStatus=", "encryption=", "tagging="] {
        let gone = told(signed(&store, "GET", "/no-bucket", query, &[], Vec::new())).await;
        assert_eq!(gone, (404, "NoSuchBucket".into()), "{query}");
    }
    let private = [("x-amz-acl", "private")];
    let policy = format!(
        "<AccessControlPolicy><AccessControlList><Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:type=\"CanonicalUser\"><ID>{}</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant>\
         </AccessControlList></AccessControlPolicy>",
        acl.owner().and_then(|owner| owner.id()).expect("an owner")
    );
    for path in ["/private", "/private/k"] {
        for (headers, body, expected) in [
            (&private[..], "", ok()),
            (&[], policy.as_str(), ok()),
            (&[], "", (400, "MissingSecurityHeader".into())),
            (&private, policy.as_str(), (400, "UnexpectedContent".into())),
            (&[], "<AccessControlPolicy/>", (400, "AccessControlListNotSupported".into())),
        ] {
            let put = signed(&store, "PUT", path, "acl=", headers, body.as_bytes().to_vec());
            assert_eq!(told(put).await, expected, "{path} {headers:?} {body}");
        }
    }
    let encryption = store.client.get_bucket_encryption().bucket(BUCKET).send().await;
    assert_eq!(refusal(encryption), (404, "ServerSideEncryptionConfigurationNotFoundError".into()));
}

#[tokio::test]
async fn a_bucket_goes_with_its_unfinished_uploads() {
    let store = Store::start().await;
    let id = store.create_upload("m").await;
    store.upload_part("m", &id, 1, pattern(MIB, 1)).await;
    assert_eq!(store.files("blobs").len(), 1);
    store.client.delete_bucket().bucket(BUCKET).send().await.expect("a deletion");
    assert!(store.files("blobs").is_empty(), "the parts go too");
    let got = store.client.get_object().bucket(BUCKET).key("m").send().await;
    assert_eq!(refusal(got), (404, "NoSuchBucket".into()));
    let store = store.restart().await;
    assert!(store.client.list_multipart_uploads().bucket(BUCKET).send().await.expect("a list").uploads().is_empty());
}

#[tokio::test]
async fn a_copy_has_conditions_on_its_target_too() {
    let store = Store::start().await;
    let tag = store.put("from", "new").await;
    store.put("to", "old").await;
    let copy = [("x-amz-copy-source", "/private/from")];
    let with = |name, value| signed(&store, "PUT", "/private/to", "", &[copy[0], (name, value)], Vec::new());
    assert_eq!(told(with("if-none-match", "*")).await, (412, "PreconditionFailed".into()));
    assert_eq!(told(with("if-match", "\"other\"")).await, (412, "PreconditionFailed".into()));
    assert_eq!(store.bytes("to").await, b"old");
    assert_eq!(told(with("x-amz-copy-source-if-match", &format!("\"a\", {tag}"))).await, ok());
    assert_eq!(store.bytes("to").await, b"new");
}
