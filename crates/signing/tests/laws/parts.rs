//! The prepared path gives the plain path's URLs.

use std::num::NonZeroU16;

use proptest::prelude::*;
use signing::{
    Addressing, Credentials, Endpoint, Object, PartPresigner, PartRequest, SigningKey, Validity, presign_part,
};

use crate::scenario::{length, scenario};

/// Numbers of every number of digits, and any others.
fn numbers() -> impl Strategy<Value = Vec<NonZeroU16>> {
    let edges = [1, 9, 10, 99, 100, 999, 1000, 9999, 10_000, u16::MAX];
    let one = prop_oneof![prop::sample::select(edges.to_vec()), 1..=u16::MAX];
    prop::collection::vec(one.prop_filter_map("zero", NonZeroU16::new), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn prepared_equals_plain(
        scenario in scenario(),
        numbers in numbers(),
        lengths in prop::collection::vec(length(), 6),
    ) {
        let (key, endpoint) = (scenario.signing_key(), scenario.endpoint());
        let (object, upload_id) = (scenario.object(), scenario.upload_id.as_str());
        let validity = scenario.validity();
        let presigner = PartPresigner::new(&key, &endpoint, object, upload_id, validity)?;
        // One buffer for all, to see that each URL is appended whole and nothing else.
        let (mut appended, mut expected) = (String::from("["), String::from("["));
        for (number, length) in numbers.iter().copied().zip(lengths) {
            let text = length.map(|length| length.to_string());
            let headers: Vec<_> = text.iter().map(|t| ("content-length", t.as_str())).collect();
            let part = PartRequest { upload_id, number, headers: &headers };
            let plain = presign_part(&key, &endpoint, object, &part, validity)?;

            prop_assert_eq!(&presigner.sign(number, length), &plain);
            presigner.sign_into(number, length, &mut appended);
            expected.push_str(plain.expose());
        }
        prop_assert_eq!(appended, expected);
    }
}

/// The canonical request's tail ends at every place in a SHA-256 block, with the number before,
/// across and after a block's border.
#[test]
fn every_alignment_of_number_and_tail_is_equal() -> Result<(), Box<dyn std::error::Error>> {
    let at = "2026-01-02T03:04:05Z".parse()?;
    let key = SigningKey::at(&Credentials::new("id", "secret", None), at, "auto");
    let endpoint = Endpoint::parse("http://127.0.0.1:9000", Addressing::Path)?;
    let validity = Validity::starting(at, 60)?;
    for key_bytes in 1..=64 {
        let name = "k".repeat(key_bytes);
        let object = Object { bucket: "b", key: &name };
        for id_bytes in 1..=64 {
            let upload_id = "u".repeat(id_bytes);
            let presigner = PartPresigner::new(&key, &endpoint, object, &upload_id, validity)?;
            for number in [7, 10_000].map(|n| NonZeroU16::new(n).expect("not zero")) {
                for length in [None, Some("5242880")] {
                    let headers: Vec<_> = length.map(|l| ("content-length", l)).into_iter().collect();
                    let part = PartRequest { upload_id: &upload_id, number, headers: &headers };
                    let plain = presign_part(&key, &endpoint, object, &part, validity)?;
                    let length = length.map(str::parse).transpose()?;
                    assert_eq!(presigner.sign(number, length), plain);
                }
            }
        }
    }
    Ok(())
}
