//! The signature, and every parameter it covers, equals aws-sdk-s3's.
//!
//! The SDK signs one parameter more, `x-id=<operation>`, and orders parameters its own way; so it
//! is compared with our plain form given the same parameter, as a set.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use aws_sdk_s3::{
    Client, Config,
    config::{Credentials, Region, RequestChecksumCalculation},
    presigning::{PresignedRequest, PresigningConfig},
};
use proptest::{option, prelude::*};
use signing::{Addressing, Method, PresignedUrl, Request, presign};

use crate::scenario::{Scenario, length, scenario};

fn client(scenario: &Scenario) -> Client {
    let config = Config::builder()
        .credentials_provider(Credentials::new(
            scenario.access_key_id.as_str(),
            scenario.secret.as_str(),
            scenario.token.clone(),
            None,
            "laws",
        ))
        .region(Region::new(scenario.region.clone()))
        .endpoint_url(scenario.endpoint)
        .force_path_style(scenario.addressing == Addressing::Path)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .build();
    Client::from_conf(config)
}

fn presigning(scenario: &Scenario) -> PresigningConfig {
    let at = Duration::from_secs(scenario.second.unsigned_abs());
    PresigningConfig::builder()
        .start_time(SystemTime::UNIX_EPOCH + at)
        .expires_in(Duration::from_secs(scenario.expires_seconds.into()))
        .build()
        .expect("all set")
}

/// The SDK takes a key of white space alone for one that was not given.
fn legal_for_the_sdk() -> impl Strategy<Value = Scenario> {
    scenario().prop_filter("a key", |scenario| !scenario.key.trim().is_empty())
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime of one thread")
        .block_on(future)
}

/// The place, and the parameters as a set.
fn split(url: &str) -> (&str, BTreeSet<&str>) {
    let (place, query) = url.split_once('?').expect("presigned URLs have a query");
    (place, query.split('&').collect())
}

fn ours(scenario: &Scenario, method: Method, query: &[(&str, &str)], theirs: &PresignedRequest) -> PresignedUrl {
    let headers: Vec<_> = theirs.headers().collect();
    let request = Request { method, object: scenario.object(), query, headers: &headers };
    let (key, endpoint) = (scenario.signing_key(), scenario.endpoint());
    presign(&key, &endpoint, &request, scenario.validity()).expect("legal")
}

fn header<'a>(theirs: &'a PresignedRequest, name: &str) -> Option<&'a str> {
    let found = theirs.headers().find(|(known, _)| *known == name);
    found.map(|(_, value)| value)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn parts_are_equal(
        scenario in legal_for_the_sdk(),
        number in 1..=10_000,
        length in length(),
        sha256 in option::of("[A-Za-z0-9+/]{43}="),
    ) {
        // The SDK holds lengths as i64.
        let length = length.and_then(|length| i64::try_from(length).ok());
        let theirs = block_on(
            client(&scenario)
                .upload_part()
                .bucket(&scenario.bucket)
                .key(&scenario.key)
                .upload_id(&scenario.upload_id)
                .part_number(number)
                .set_content_length(length)
                .set_checksum_sha256(sha256.clone())
                .presigned(presigning(&scenario)),
        )?;
        let number = number.to_string();
        let query = [
            ("partNumber", number.as_str()),
            ("uploadId", &scenario.upload_id),
            ("x-id", "UploadPart"),
        ];
        let ours = ours(&scenario, Method::Put, &query, &theirs);
        prop_assert_eq!(split(ours.expose()), split(theirs.uri()));

        // What was asked for is really among the headers that both signed.
        let length = length.map(|length| length.to_string());
        prop_assert_eq!(header(&theirs, "content-length"), length.as_deref());
        prop_assert_eq!(header(&theirs, "x-amz-checksum-sha256"), sha256.as_deref());
    }

    #[test]
    fn reads_are_equal(
        scenario in legal_for_the_sdk(),
        disposition in option::of("\\PC{1,40}"),
        content_type in option::of("[ -~]{1,40}"),
        range in option::of("bytes=[0-9]{1,9}-[0-9]{0,9}"),
    ) {
        let theirs = block_on(
            client(&scenario)
                .get_object()
                .bucket(&scenario.bucket)
                .key(&scenario.key)
                .set_response_content_disposition(disposition.clone())
                .set_response_content_type(content_type.clone())
                .set_range(range.clone())
                .presigned(presigning(&scenario)),
        )?;
        let mut query = vec![("x-id", "GetObject")];
        query.extend(disposition.as_deref().map(|v| ("response-content-disposition", v)));
        query.extend(content_type.as_deref().map(|v| ("response-content-type", v)));
        let ours = ours(&scenario, Method::Get, &query, &theirs);
        prop_assert_eq!(split(ours.expose()), split(theirs.uri()));
        prop_assert_eq!(header(&theirs, "range"), range.as_deref());
    }
}
