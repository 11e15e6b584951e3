//! Other people's signers, each used as its documentation shows.
//!
//! The rule: a peer must sign the same upload. Where its signature must equal ours, that is
//! checked before the clock starts; `tests/` proves it at large.

use std::{
    hint::black_box,
    time::{Duration, SystemTime},
};

use aws_sdk_s3::presigning::PresigningConfig;
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
        UriPathNormalizationMode,
    },
    sign::v4,
};
use aws_smithy_runtime_api::client::identity::Identity;
use object_store::{
    aws::AmazonS3Builder,
    path::Path,
    signer::{SignedUrlOptions, Signer},
};
use rusty_s3::{Bucket, S3Action, UrlStyle, actions::UploadPart};

use super::{
    ACCESS_KEY_ID, BUCKET, Contender, ENDPOINT, EXPIRES_SECONDS, KEY, PartNumbers, REGION, SECRET, SIGNED_AT_SECOND,
    UPLOAD_ID,
};

const EXPIRES_IN: Duration = Duration::from_secs(EXPIRES_SECONDS as u64);

/// The peers; `expected` is our URL of part 1.
pub(crate) fn peers(expected: &str) -> Vec<Contender> {
    vec![rusty_s3(expected), aws_sigv4(expected), aws_sdk_s3(), object_store()]
}

fn system_time() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(SIGNED_AT_SECOND.unsigned_abs())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime of one thread")
}

fn rusty_s3(expected: &str) -> Contender {
    let endpoint = ENDPOINT.parse().expect("a URL");
    let bucket = Bucket::new(endpoint, UrlStyle::Path, BUCKET, REGION).expect("a bucket");
    let credentials = rusty_s3::Credentials::new(ACCESS_KEY_ID, SECRET);
    let at = jiff::Timestamp::from_second(SIGNED_AT_SECOND).expect("in range");
    let sign = move |number| {
        UploadPart::new(&bucket, Some(&credentials), KEY, number, UPLOAD_ID).sign_with_time(EXPIRES_IN, &at)
    };
    assert_eq!(sign(1).as_str(), expected, "rusty-s3 signs something else");
    let mut numbers = PartNumbers::new();
    Contender {
        name: "rusty-s3",
        sign: Box::new(move |count| {
            for _ in 0..count {
                black_box(sign(numbers.next().get()));
            }
        }),
    }
}

fn aws_sigv4(expected: &str) -> Contender {
    let identity: Identity = aws_credential_types::Credentials::new(ACCESS_KEY_ID, SECRET, None, None, "bench").into();
    let sign = move |number: u16| {
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(EXPIRES_IN);
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name("s3")
            .time(system_time())
            .settings(settings)
            .build()
            .expect("all set")
            .into();
        let url = format!("{ENDPOINT}/{BUCKET}/{KEY}?partNumber={number}&uploadId={UPLOAD_ID}");
        let signable = SignableRequest::new("PUT", url.as_str(), std::iter::empty(), SignableBody::UnsignedPayload)
            .expect("signable");
        let (instructions, signature) = aws_sigv4::http_request::sign(signable, &params).expect("signs").into_parts();
        let mut request = http::Request::put(url).body(()).expect("a request");
        instructions.apply_to_request_http1x(&mut request);
        (request.into_parts().0.uri.to_string(), signature)
    };
    let (_, signature) = sign(1);
    assert!(expected.ends_with(&signature), "aws-sigv4 signs something else");
    let mut numbers = PartNumbers::new();
    Contender {
        name: "aws-sigv4",
        sign: Box::new(move |count| {
            for _ in 0..count {
                black_box(sign(numbers.next().get()));
            }
        }),
    }
}

/// It signs one parameter more, `x-id=UploadPart`.
fn aws_sdk_s3() -> Contender {
    let config = aws_sdk_s3::Config::builder()
        .credentials_provider(aws_sdk_s3::config::Credentials::new(ACCESS_KEY_ID, SECRET, None, None, "bench"))
        .region(aws_sdk_s3::config::Region::new(REGION))
        .endpoint_url(ENDPOINT)
        .force_path_style(true)
        .request_checksum_calculation(aws_sdk_s3::config::RequestChecksumCalculation::WhenRequired)
        .build();
    let client = aws_sdk_s3::Client::from_conf(config);
    let presigning =
        PresigningConfig::builder().start_time(system_time()).expires_in(EXPIRES_IN).build().expect("all set");
    let runtime = runtime();
    let mut numbers = PartNumbers::new();
    Contender {
        name: "aws-sdk-s3, presigned()",
        sign: Box::new(move |count| {
            runtime.block_on(async {
                for _ in 0..count {
                    let presigned = client
                        .upload_part()
                        .bucket(BUCKET)
                        .key(KEY)
                        .upload_id(UPLOAD_ID)
                        .part_number(numbers.next().get().into())
                        .presigned(presigning.clone())
                        .await;
                    black_box(presigned.expect("signs"));
                }
            });
        }),
    }
}

/// It signs with its own clock.
fn object_store() -> Contender {
    let store = AmazonS3Builder::new()
        .with_region(REGION)
        .with_endpoint(ENDPOINT)
        .with_bucket_name(BUCKET)
        .with_access_key_id(ACCESS_KEY_ID)
        .with_secret_access_key(SECRET)
        .build()
        .expect("all set");
    let path = Path::from(KEY);
    let runtime = runtime();
    let mut numbers = PartNumbers::new();
    Contender {
        name: "object_store, signed_url_opts()",
        sign: Box::new(move |count| {
            runtime.block_on(async {
                for _ in 0..count {
                    let number = numbers.next().to_string();
                    let options =
                        SignedUrlOptions::new().with_query([("partNumber", number.as_str()), ("uploadId", UPLOAD_ID)]);
                    let signed = store.signed_url_opts(http::Method::PUT, &path, EXPIRES_IN, &options).await;
                    black_box(signed.expect("signs"));
                }
            });
        }),
    }
}
