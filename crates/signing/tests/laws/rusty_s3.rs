//! The whole URL equals rusty-s3's, for parts and for reads.

use std::{num::NonZeroU16, time::Duration};

use proptest::{option, prelude::*};
use rusty_s3::{
    Bucket, S3Action, UrlStyle,
    actions::{GetObject, UploadPart},
};
use signing::{Addressing, GetOptions, PartPresigner, presign_get};

use crate::scenario::{Scenario, has_dot_step, length, scenario};

fn theirs(scenario: &Scenario) -> (Bucket, rusty_s3::Credentials, Duration) {
    let style = match scenario.addressing {
        Addressing::Path => UrlStyle::Path,
        Addressing::VirtualHost => UrlStyle::VirtualHost,
    };
    let endpoint = scenario.endpoint.parse().expect("a URL");
    let (name, region) = (scenario.bucket.clone(), scenario.region.clone());
    let bucket = Bucket::new(endpoint, style, name, region).expect("a legal bucket");
    let (id, secret) = (scenario.access_key_id.clone(), scenario.secret.clone());
    let credentials = match scenario.token.clone() {
        Some(token) => rusty_s3::Credentials::new_with_token(id, secret, token),
        None => rusty_s3::Credentials::new(id, secret),
    };
    let expires_in = Duration::from_secs(scenario.expires_seconds.into());
    (bucket, credentials, expires_in)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn parts_are_equal(
        scenario in scenario().prop_filter("folded by Url", |s| !has_dot_step(&s.key)),
        number: NonZeroU16,
        length in length(),
    ) {
        let (bucket, credentials, expires_in) = theirs(&scenario);
        let mut action = UploadPart::new(
            &bucket,
            Some(&credentials),
            &scenario.key,
            number.get(),
            &scenario.upload_id,
        );
        if let Some(length) = length {
            action.headers_mut().insert("content-length", length.to_string());
        }
        let expected = action.sign_with_time(expires_in, &scenario.at());

        let presigner = PartPresigner::new(
            &scenario.signing_key(),
            &scenario.endpoint(),
            scenario.object(),
            &scenario.upload_id,
            scenario.validity(),
        )?;
        let ours = presigner.sign(number, length);
        prop_assert_eq!(ours.expose(), expected.as_str());
    }

    #[test]
    fn reads_are_equal(
        scenario in scenario().prop_filter("folded by Url", |s| !has_dot_step(&s.key)),
        disposition in option::of("\\PC{0,40}"),
        content_type in option::of("[ -~]{0,40}"),
        version in option::of("[A-Za-z0-9._-]{1,32}"),
        range in option::of("bytes=[0-9]{1,9}-[0-9]{0,9}"),
    ) {
        let (bucket, credentials, expires_in) = theirs(&scenario);
        let mut action = GetObject::new(&bucket, Some(&credentials), &scenario.key);
        let query = [
            ("response-content-disposition", &disposition),
            ("response-content-type", &content_type),
            ("versionId", &version),
        ];
        for (name, value) in query {
            if let Some(value) = value {
                action.query_mut().insert(name, value.as_str());
            }
        }
        if let Some(range) = &range {
            action.headers_mut().insert("range", range.as_str());
        }
        let expected = action.sign_with_time(expires_in, &scenario.at());

        let options = GetOptions {
            response_content_disposition: disposition.as_deref(),
            response_content_type: content_type.as_deref(),
            version_id: version.as_deref(),
            range: range.as_deref(),
            ..GetOptions::default()
        };
        let ours = presign_get(
            &scenario.signing_key(),
            &scenario.endpoint(),
            scenario.object(),
            &options,
            scenario.validity(),
        )?;
        prop_assert_eq!(ours.expose(), expected.as_str());
    }
}
