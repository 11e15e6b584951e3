//! The field of the presign bench: ours and the peers, on the same upload.
//!
//! The rule: every contender gets what it can prepare outside the clock, makes the finished URL
//! inside it, and is first checked to sign the same thing.

mod peers;

use std::{hint::black_box, num::NonZeroU16};

use jiff::Timestamp;
use signing::{Addressing, Credentials, Endpoint, Object, PartPresigner, PresignError, SigningKey, Validity};

pub(crate) const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
pub(crate) const REGION: &str = "eu-west-1";
pub(crate) const ENDPOINT: &str = "https://s3.eu-west-1.amazonaws.com";
pub(crate) const BUCKET: &str = "landfall-private";
pub(crate) const KEY: &str = "42/videos/0197b6a2-5d6e-7c3a-9b1f-3a5c7e9d1b20/\
                       video-6f1c2d3e4f5061728394a5b6c7d8e9f0.mp4";
/// As long as AWS's: 128 characters.
pub(crate) const UPLOAD_ID: &str = "VCVsb2FkIElEIGZvciBlbZZpbmcncyBteS1tb3ZpZS5tMnRzIHVwbG9hZA.\
                             4Qk9tQ3VzdG9tZXJzR2V0UGFydHNPbmVCeU9uZUFuZFRoZW5Db21wbGV0ZVRoZW0x.2_-";
pub(crate) const EXPIRES_SECONDS: u32 = 3600;
/// Fri, 02 Jan 2026 03:04:05 GMT.
pub(crate) const SIGNED_AT_SECOND: i64 = 1_767_323_045;
const PART_BYTES: u64 = 16 << 20;
const PARTS: u16 = 10_000;

/// One way to presign.
pub(crate) struct Contender {
    /// Shown in the table.
    pub(crate) name: &'static str,
    /// Signs this many parts.
    pub(crate) sign: Box<dyn FnMut(usize)>,
}

/// The numbers 1 to 10,000, over and over.
pub(crate) struct PartNumbers(u16);

impl PartNumbers {
    pub(crate) fn new() -> Self {
        Self(0)
    }

    pub(crate) fn next(&mut self) -> NonZeroU16 {
        self.0 = self.0 % PARTS + 1;
        NonZeroU16::new(self.0).expect("counts from 1")
    }
}

/// All contenders, ours first.
pub(crate) fn contenders() -> Vec<Contender> {
    let mut field = ours().expect("the scenario is legal");
    let expected = presigner(&signing_key()).expect("the scenario is legal");
    let expected = expected.sign(NonZeroU16::MIN, None);
    field.extend(peers::peers(expected.expose()));
    field
}

fn signed_at() -> Timestamp {
    Timestamp::from_second(SIGNED_AT_SECOND).expect("in range")
}

fn credentials() -> Credentials {
    Credentials::new(ACCESS_KEY_ID, SECRET, None)
}

fn signing_key() -> SigningKey {
    SigningKey::at(&credentials(), signed_at(), REGION)
}

fn presigner(key: &SigningKey) -> Result<PartPresigner, PresignError> {
    let endpoint = Endpoint::parse(ENDPOINT, Addressing::Path).expect("a legal endpoint");
    let object = Object { bucket: BUCKET, key: KEY };
    let validity = Validity::starting(signed_at(), EXPIRES_SECONDS)?;
    PartPresigner::new(key, &endpoint, object, UPLOAD_ID, validity)
}

fn ours() -> Result<Vec<Contender>, PresignError> {
    let key = signing_key();
    Ok(vec![
        prepared("ours, prepared", presigner(&key)?, None),
        prepared("ours, prepared, length signed", presigner(&key)?, Some(PART_BYTES)),
        Contender {
            name: "ours, one-shot: prepare and sign, key of the day kept",
            sign: one_shot(move || presigner(&key)),
        },
        Contender {
            name: "ours, one-shot: derive, prepare and sign",
            sign: one_shot(|| presigner(&SigningKey::at(&credentials(), signed_at(), REGION))),
        },
    ])
}

fn prepared(name: &'static str, presigner: PartPresigner, length: Option<u64>) -> Contender {
    let mut numbers = PartNumbers::new();
    let mut url = String::new();
    Contender {
        name,
        sign: Box::new(move |count| {
            for _ in 0..count {
                url.clear();
                presigner.sign_into(numbers.next(), black_box(length), &mut url);
                black_box(&url);
            }
        }),
    }
}

fn one_shot(prepare: impl Fn() -> Result<PartPresigner, PresignError> + 'static) -> Box<dyn FnMut(usize)> {
    let mut numbers = PartNumbers::new();
    Box::new(move |count| {
        for _ in 0..count {
            let presigner = prepare().expect("the scenario is legal");
            black_box(presigner.sign(numbers.next(), None));
        }
    })
}
