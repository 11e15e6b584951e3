//! `aws-chunked` bodies: whole ones are taken, cut ones leave nothing.

use crate::signing::{Signer, sha256};
use crate::support::{Store, error_of};

/// How a body is cut into chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Signed,
    SignedWithTrailer,
    UnsignedWithTrailer,
}

const ALL: [Kind; 3] = [Kind::Signed, Kind::SignedWithTrailer, Kind::UnsignedWithTrailer];
/// The CRC32 of `hello world`, in base64.
const TRAILER: &str = "x-amz-checksum-crc32:DUoRhQ==";

impl Kind {
    fn payload(self) -> &'static str {
        match self {
            Self::Signed => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            Self::SignedWithTrailer => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            Self::UnsignedWithTrailer => "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        }
    }
}

/// A PUT of `hello world` whose body `change` has changed.
async fn put(store: &Store, kind: Kind, change: impl FnOnce(String) -> String) -> (u16, String) {
    let signer = Signer::now();
    let mut headers = vec![
        ("content-encoding", "aws-chunked".to_owned()),
        ("host", store.server.address().to_string()),
        ("x-amz-content-sha256", kind.payload().to_owned()),
        ("x-amz-date", signer.date.clone()),
        ("x-amz-decoded-content-length", "11".to_owned()),
    ];
    if kind != Kind::Signed {
        headers.push(("x-amz-trailer", "x-amz-checksum-crc32".to_owned()));
    }
    let made = signer.request("PUT", "/private/k", "", &headers, kind.payload());
    let mut last = made.signature;
    let mut body = String::new();
    for data in ["hello ", "world", ""] {
        if kind == Kind::UnsignedWithTrailer {
            body += &format!("{:x}\r\n", data.len());
        } else {
            let text = format!("{last}\n{}\n{}", sha256(b""), sha256(data.as_bytes()));
            last = signer.sign("AWS4-HMAC-SHA256-PAYLOAD", &text);
            body += &format!("{:x};chunk-signature={last}\r\n", data.len());
        }
        if !data.is_empty() {
            body += &format!("{data}\r\n");
        }
    }
    if kind != Kind::Signed {
        body += &format!("{TRAILER}\r\n");
    }
    if kind == Kind::SignedWithTrailer {
        let text = format!("{last}\n{}", sha256(format!("{TRAILER}\n").as_bytes()));
        body += &format!("x-amz-trailer-signature:{}\r\n", signer.sign("AWS4-HMAC-SHA256-TRAILER", &text));
    }
    body += "\r\n";
    let mut request = store.http.put(store.url("/private/k")).header("authorization", made.authorization);
    for (name, value) in headers.into_iter().filter(|(name, _)| *name != "host") {
        request = request.header(name, value);
    }
    let answer = request.body(change(body)).send().await.expect("an answer");
    (answer.status().as_u16(), error_of(&answer.text().await.expect("a body")).0)
}

#[tokio::test]
async fn whole_bodies_are_taken() {
    let store = Store::start().await;
    for kind in ALL {
        assert_eq!(put(&store, kind, |body| body).await, (200, String::new()), "{kind:?}");
        assert_eq!(store.bytes("k").await, b"hello world");
    }
}

#[tokio::test]
async fn a_body_whose_last_chunk_is_missing_or_cut_leaves_nothing() {
    let store = Store::start().await;
    for kind in ALL {
        let length = std::cell::Cell::new(0);
        put(&store, kind, |body| {
            length.set(body.len());
            body
        })
        .await;
        store.client.delete_object().bucket(crate::support::BUCKET).key("k").send().await.expect("a delete");
        // Every cut from the end of the data on: the closing chunk, its signature, the trailers, the last line.
        let closing = if kind == Kind::UnsignedWithTrailer { 3 } else { 2 + 17 + 64 + 2 };
        let trailers = match kind {
            Kind::Signed => 0,
            Kind::UnsignedWithTrailer => TRAILER.len() + 2,
            Kind::SignedWithTrailer => TRAILER.len() + 2 + "x-amz-trailer-signature:".len() + 64 + 2,
        };
        for missing in 1..=closing - 1 + trailers + 2 {
            let (status, code) = put(&store, kind, |body| body[..body.len() - missing].to_owned()).await;
            assert_eq!((status, code.as_str()), (400, "IncompleteBody"), "{kind:?} without its last {missing} bytes");
        }
        assert!(store.files("blobs").is_empty(), "{kind:?}");
        assert!(store.files("tmp").is_empty(), "{kind:?}");
    }
}

#[tokio::test]
async fn a_changed_chunk_or_trailer_is_refused() {
    let store = Store::start().await;
    for kind in [Kind::Signed, Kind::SignedWithTrailer] {
        let (status, code) = put(&store, kind, |body| body.replace("world", "there")).await;
        assert_eq!((status, code.as_str()), (403, "SignatureDoesNotMatch"), "{kind:?}");
    }
    let (status, code) = put(&store, Kind::SignedWithTrailer, |body| body.replace("DUoRhQ", "AAAAAA")).await;
    assert_eq!((status, code.as_str()), (403, "SignatureDoesNotMatch"));
    let (status, code) = put(&store, Kind::UnsignedWithTrailer, |body| body.replace("DUoRhQ", "AAAAAA")).await;
    assert_eq!((status, code.as_str()), (400, "BadDigest"));
    let (status, code) = put(&store, Kind::UnsignedWithTrailer, |body| body.replace("6\r\n", "0006 \r\n")).await;
    assert_eq!((status, code.as_str()), (400, "InvalidRequest"));
    for more in ["x-amz-checksum-sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "x-amz-meta-a:b"] {
        let unannounced = |body: String| body.replace(TRAILER, &format!("{TRAILER}\r\n{more}"));
        let (status, code) = put(&store, Kind::UnsignedWithTrailer, unannounced).await;
        assert_eq!((status, code.as_str()), (400, "MalformedTrailerError"), "{more}");
    }
    assert!(store.files("blobs").is_empty());
}
