//! Laws of the signer that need no store. That a store agrees is proven beside the S3 backend.

use domain::delivery::window;
use domain::{
    AssetId, ByteCount, CollectionName, FileKey, FileName, MediaType, OwnerId, OwnerNaming, RoleName, TimeSpan,
};
use proptest::prelude::*;

use super::*;

const SECRET: &str = "SECRETSECRETSECRET";
const TOKEN: &str = "TOKENTOKENTOKEN";

fn settings(addressing: Addressing) -> SignerSettings {
    SignerSettings {
        endpoint: "https://s3.example.com".to_owned(),
        addressing,
        region: "eu-west-1".to_owned(),
        private_bucket: "private".to_owned(),
        public_bucket: "public".to_owned(),
        prefix: "media/".to_owned(),
        public_base_url: None,
    }
}

fn signer() -> UrlSigner {
    UrlSigner::new(settings(Addressing::Path)).expect("good settings")
}

fn credentials(end: Option<i64>) -> SigningCredentials {
    let credentials = signing::Credentials::new("AKIDEXAMPLE", SECRET, Some(TOKEN.to_owned()));
    SigningCredentials { credentials, end: end.map(at) }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

fn key(visibility: Visibility, owner: &str) -> ObjectKey {
    let segment = OwnerId::parse(owner).expect("an owner").key_segment(OwnerNaming::PlainWhereSafe);
    let collection = CollectionName::parse("videos").expect("a name");
    let asset = AssetId::new(Timestamp::UNIX_EPOCH, &[1; 10]);
    let role = RoleName::parse("video").expect("a name");
    ObjectKey::new(visibility, FileKey::new(segment, collection, asset, role, MediaType::Mp4, [2; 16]))
}

fn upload() -> UploadId {
    UploadId("id/with+odd=signs".to_owned())
}

fn part(number: u64, size: u64) -> PartToSign {
    PartToSign {
        number: PartNumber::new(number).expect("a number"),
        length: PartLength::Exactly(ByteCount(size)),
        checksum_sha256: None,
    }
}

/// What is signed in general, as the fast path must equal.
fn general(url_owner: &str, number: u16, headers: &[(&str, &str)], now: i64, seconds: u32) -> String {
    let endpoint = Endpoint::parse("https://s3.example.com", Addressing::Path).expect("an endpoint");
    let key = format!("media/{}", key(Visibility::Private, url_owner).path());
    let object = Object { bucket: "private", key: &key };
    let signing_key = SigningKey::at(&credentials(None).credentials, at(now), "eu-west-1");
    let upload = upload();
    let number = NonZeroU16::new(number).expect("a number");
    let request = PartRequest { upload_id: &upload.0, number, headers };
    let validity = Validity::starting(at(now), seconds).expect("a validity");
    presign_part(&signing_key, &endpoint, object, &request, validity).expect("a URL").into_exposed()
}

proptest! {
    #[test]
    fn every_url_pins_the_planned_size(
        owner in "\\PC{1,60}", number in 1u16..=10_000, size in 1u64..6_000_000_000,
        now in 1i64..4_000_000_000, life in 1u32..604_800,
    ) {
        let parts = [part(number.into(), size)];
        let key = key(Visibility::Private, &owner);
        let end = at(now + i64::from(life));
        let signed = signer().part_urls(&credentials(None), &key, &upload(), &parts, at(now), end).unwrap();
        let length = size.to_string();
        let expected = general(&owner, number, &[("content-length", &length)], now, life);
        prop_assert_eq!(signed[0].url.expose(), expected);
        prop_assert_eq!(signed[0].expires_at, end);
        prop_assert!(signed[0].headers.is_empty());
    }

    #[test]
    fn a_declared_checksum_is_signed_beside_the_size(owner in "\\PC{1,60}", size in 1u64..6_000_000_000) {
        let checksum = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let parts = [PartToSign { checksum_sha256: Some(checksum.to_owned()), ..part(3, size) }];
        let key = key(Visibility::Private, &owner);
        let signed = signer().part_urls(&credentials(None), &key, &upload(), &parts, at(1000), at(1060)).unwrap();
        let length = size.to_string();
        let headers = [("content-length", length.as_str()), ("x-amz-checksum-sha256", checksum)];
        prop_assert_eq!(signed[0].url.expose(), general(&owner, 3, &headers, 1000, 60));
        prop_assert_eq!(&signed[0].headers, &[("x-amz-checksum-sha256".to_owned(), checksum.to_owned())]);
    }

    #[test]
    fn without_a_declared_size_no_length_is_signed(owner in "\\PC{1,60}", checked in any::<bool>()) {
        let checksum = checked.then(|| "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".to_owned());
        let parts = [PartToSign { length: PartLength::Open, checksum_sha256: checksum.clone(), ..part(7, 1) }];
        let key = key(Visibility::Private, &owner);
        let signed = signer().part_urls(&credentials(None), &key, &upload(), &parts, at(1000), at(1060)).unwrap();
        let headers: Vec<_> = checksum.iter().map(|text| ("x-amz-checksum-sha256", text.as_str())).collect();
        prop_assert_eq!(signed[0].url.expose(), general(&owner, 7, &headers, 1000, 60));
        prop_assert_eq!(signed[0].length, PartLength::Open);
    }

    #[test]
    fn no_url_outlives_what_it_was_asked_for_or_its_credentials(
        now_micros in 0i64..4_000_000_000_000_000, life_micros in 0i64..900_000_000_000,
        credentials_life in proptest::option::of(-10i64..900_000),
    ) {
        let now = Timestamp::from_microsecond(now_micros).unwrap();
        let asked = Timestamp::from_microsecond(now_micros + life_micros).unwrap();
        let credentials = credentials(credentials_life.map(|life| now.as_second() + life));
        let key = key(Visibility::Private, "42");
        match signer().part_urls(&credentials, &key, &upload(), &[part(1, 5)], now, asked) {
            Ok(signed) => {
                let end = signed[0].expires_at;
                prop_assert!(end <= asked && credentials.end.is_none_or(|limit| end <= limit));
                let seconds = end.as_second() - now.as_second();
                let expires = format!("&X-Amz-Expires={}&", seconds);
                prop_assert!(signed[0].url.expose().contains(&expires));
                prop_assert!((1..=604_800).contains(&seconds));
            }
            // Only where less than a whole second was left.
            Err(error) => {
                let end = credentials.end.map_or(asked, |limit| limit.min(asked));
                prop_assert_eq!(error, PresignError::Expires { seconds: 0 });
                prop_assert!(end.as_second() <= now.as_second());
            }
        }
    }

    #[test]
    fn readers_of_one_window_get_one_url(first in 0i64..900, second in 0i64..900, name in "[^/\\\\\\p{C}]{1,40}") {
        prop_assume!(FileName::parse(&*name).is_ok());
        let start = 1_800_000_000;
        let disposition = Disposition::Attachment(FileName::parse(name).unwrap());
        let key = key(Visibility::Private, "42");
        let [one, other] = [first, second].map(|after| {
            let window = window(at(start + after), TimeSpan::from_secs(900), TimeSpan::from_secs(3600));
            signer().read_url(&credentials(None), &key, window, ReadMethod::Get, &disposition).unwrap()
        });
        prop_assert_eq!(one.expires_at, at(start + 4500));
        prop_assert_eq!(one, other);
    }

    #[test]
    fn nothing_printed_works(owner in "\\PC{1,60}") {
        let key = key(Visibility::Private, &owner);
        let credentials = credentials(None);
        let signed = signer().part_urls(&credentials, &key, &upload(), &[part(1, 5)], at(1000), at(1060)).unwrap();
        let window = window(at(1000), TimeSpan::from_secs(900), TimeSpan::from_secs(3600));
        let read = signer().read_url(&credentials, &key, window, ReadMethod::Get, &Disposition::Inline).unwrap();
        let printed = format!("{signed:?} {read:?} {credentials:?} {} {}", signed[0].url, read.url);
        for url in [&signed[0].url, &read.url] {
            let (_, signature) = url.expose().split_once("X-Amz-Signature=").unwrap();
            prop_assert_eq!(signature.len(), 64);
            prop_assert!(!printed.contains(signature));
        }
        prop_assert!(!printed.contains(SECRET) && !printed.contains(TOKEN));
        prop_assert!(printed.contains("X-Amz-Signature=[redacted]"));
    }

    #[test]
    fn public_urls_are_plain_and_end_with_the_key(owner in "\\PC{1,60}") {
        let key = key(Visibility::Public, &owner);
        let url = signer().public_url(&key);
        // Nothing in our keys needs an escape.
        prop_assert_eq!(url, format!("https://s3.example.com/public/media/{}", key.path()));
    }
}

#[test]
fn credentials_that_end_shorten_a_read() {
    let window = window(at(1_800_000_000), TimeSpan::from_secs(900), TimeSpan::from_secs(3600));
    let key = key(Visibility::Private, "42");
    let read =
        signer().read_url(&credentials(Some(1_800_000_060)), &key, window, ReadMethod::Get, &Disposition::Inline);
    assert_eq!(read.expect("a minute is left").expires_at, at(1_800_000_060));
    let ended =
        signer().read_url(&credentials(Some(1_800_000_000)), &key, window, ReadMethod::Get, &Disposition::Inline);
    assert_eq!(ended, Err(PresignError::Expires { seconds: 0 }));
}

#[test]
fn public_urls_follow_addressing_and_base() {
    let key = key(Visibility::Public, "42");
    let signer = UrlSigner::new(settings(Addressing::VirtualHost)).expect("good settings");
    assert_eq!(signer.public_url(&key), format!("https://public.s3.example.com/media/{}", key.path()));
    let base = Some("https://cdn.example.com/files/".to_owned());
    let signer = UrlSigner::new(SignerSettings { public_base_url: base, ..settings(Addressing::Path) });
    let url = signer.expect("good settings").public_url(&key);
    assert_eq!(url, format!("https://cdn.example.com/files/media/{}", key.path()));
}

#[test]
#[should_panic(expected = "a private object has no plain URL")]
fn private_objects_have_no_plain_url() {
    signer().public_url(&key(Visibility::Private, "42"));
}

#[test]
fn settings_that_sign_nothing_are_refused_at_start() {
    let with = |change: fn(&mut SignerSettings)| {
        let mut settings = settings(Addressing::VirtualHost);
        change(&mut settings);
        UrlSigner::new(settings).map(|_| ())
    };
    assert_eq!(with(|_| {}), Ok(()));
    assert!(matches!(with(|s| s.endpoint = "s3.example.com".to_owned()), Err(InvalidSigner::Endpoint(_))));
    assert!(matches!(with(|s| s.endpoint = "http://127.0.0.1:9000".to_owned()), Err(InvalidSigner::Endpoint(_))));
    assert!(matches!(with(|s| s.public_base_url = Some("cdn".to_owned())), Err(InvalidSigner::PublicBaseUrl(_))));
    assert!(matches!(with(|s| s.prefix = "no-slash".to_owned()), Err(InvalidSigner::Layout(_))));
    assert!(matches!(with(|s| s.public_bucket = "Capital".to_owned()), Err(InvalidSigner::Bucket(_))));
}
