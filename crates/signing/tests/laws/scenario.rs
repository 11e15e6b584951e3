//! Random but legal things to presign, hard on escaping: keys, ids and secrets with any character.

use jiff::Timestamp;
use proptest::{option, prelude::*};
use signing::{Addressing, Credentials, EXPIRES_SECONDS_MAX, Endpoint, Object, SigningKey, Validity};

/// 9999-12-23T00:00:00Z: the longest life still ends within jiff's range.
const LAST_SECOND: i64 = 253_401_436_800;

/// One account, place, object and time.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) access_key_id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
    pub(crate) region: String,
    pub(crate) endpoint: &'static str,
    pub(crate) addressing: Addressing,
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) upload_id: String,
    pub(crate) second: i64,
    pub(crate) expires_seconds: u32,
}

impl Scenario {
    pub(crate) fn at(&self) -> Timestamp {
        Timestamp::from_second(self.second).expect("in range")
    }

    pub(crate) fn validity(&self) -> Validity {
        Validity::starting(self.at(), self.expires_seconds).expect("legal")
    }

    pub(crate) fn signing_key(&self) -> SigningKey {
        let credentials = Credentials::new(self.access_key_id.as_str(), self.secret.as_str(), self.token.clone());
        SigningKey::at(&credentials, self.at(), &self.region)
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::parse(self.endpoint, self.addressing).expect("legal")
    }

    pub(crate) fn object(&self) -> Object<'_> {
        Object { bucket: &self.bucket, key: &self.key }
    }
}

/// Any scenario that S3 allows.
pub(crate) fn scenario() -> impl Strategy<Value = Scenario> {
    let account =
        ("[A-Z0-9/+ é]{1,24}", prop_oneof!["[ -~]{1,80}", "\\PC{1,40}"], option::of("[A-Za-z0-9+/=._ -]{1,500}"));
    let region = prop_oneof!["[a-z]{2}-[a-z]{4,9}-[1-9]", Just("auto".to_owned()), Just("garage".to_owned()),];
    let place = prop_oneof![
        Just(("http://127.0.0.1:9000", Addressing::Path)),
        Just(("http://[::1]:9000", Addressing::Path)),
        Just(("https://store.example.com", Addressing::Path)),
        Just(("https://store.example.com:8443", Addressing::VirtualHost)),
        Just(("https://s3.eu-west-1.amazonaws.com", Addressing::VirtualHost)),
        Just(("http://store.localhost:8080", Addressing::VirtualHost)),
    ];
    let object = ("[a-z0-9](-?[a-z0-9]){2,20}", key(), upload_id());
    let time = (0..LAST_SECOND, 1..=EXPIRES_SECONDS_MAX);
    (account, region, place, object, time).prop_map(|(account, region, place, object, time)| Scenario {
        access_key_id: account.0,
        secret: account.1,
        token: account.2,
        region,
        endpoint: place.0,
        addressing: place.1,
        bucket: object.0,
        key: object.1,
        upload_id: object.2,
        second: time.0,
        expires_seconds: time.1,
    })
}

/// Part lengths of every number of digits.
pub(crate) fn length() -> impl Strategy<Value = Option<u64>> {
    let with_digits = (0..20_u32).prop_flat_map(|digits| {
        let low = 10_u64.pow(digits);
        low..=low.saturating_mul(10) - 1
    });
    option::of(prop_oneof![with_digits, Just(0), Just(u64::MAX)])
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "[a-z0-9/_.~-]{1,80}",
        2 => "[ -~]{1,80}",
        2 => "\\PC{1,60}",
        1 => "[\u{1}-\u{20}\u{7f}-\u{ff}é한🎬/.%+&=?#]{1,40}",
        1 => "[a-z]{1024}",
    ]
}

fn upload_id() -> impl Strategy<Value = String> {
    prop_oneof!["[A-Za-z0-9._-]{1,140}", "[ -~]{1,60}", "\\PC{1,40}"]
}

/// Whether the key has a `.` or `..` step, which clients built on WHATWG URLs fold away.
pub(crate) fn has_dot_step(key: &str) -> bool {
    key.split('/').any(|step| matches!(step, "." | ".."))
}
