//! What cannot be signed is refused, and what may be signed is sorted and trimmed first.

use signing::{
    Addressing, Credentials, Endpoint, Method, Object, PartPresigner, PresignError, PresignedUrl, Request, SigningKey,
    Validity, presign,
};

fn sign(query: &[(&str, &str)], headers: &[(&str, &str)]) -> Result<PresignedUrl, PresignError> {
    let at = jiff::Timestamp::UNIX_EPOCH;
    let key = SigningKey::at(&Credentials::new("id", "secret", None), at, "auto");
    let endpoint = Endpoint::parse("http://s", Addressing::Path).expect("legal");
    let object = Object { bucket: "b", key: "k" };
    let request = Request { method: Method::Get, object, query, headers };
    presign(&key, &endpoint, &request, Validity::starting(at, 60)?)
}

#[test]
fn order_of_input_does_not_matter() -> Result<(), PresignError> {
    let one = sign(&[("a", "1"), ("versionId", "2")], &[("range", "bytes=0-1"), ("a", "b c")])?;
    let two = sign(&[("versionId", "2"), ("a", "1")], &[("a", "  b   c "), ("range", "bytes=0-1")])?;
    assert_eq!(one, two);
    assert!(one.expose().contains("&X-Amz-SignedHeaders=a%3Bhost%3Brange&a=1&versionId=2&"));
    Ok(())
}

#[test]
fn query_names_that_would_confuse_the_order_are_refused() {
    for name in ["X-Amz-Expires", "X-Amz-Signature", "", "Prefix", "1", "é", "%61"] {
        let refused = sign(&[(name, "v")], &[]);
        assert!(matches!(refused, Err(PresignError::QueryName { .. })), "{name}");
    }
    let twice = sign(&[("a", "1"), ("b", "2"), ("a", "3")], &[]);
    assert_eq!(twice, Err(PresignError::QueryName { name: "a".to_owned() }));
}

#[test]
fn headers_that_are_not_sent_as_signed_are_refused() {
    for name in ["host", "", "Range", "a b", "a:b", "é"] {
        let refused = sign(&[], &[(name, "v")]);
        assert_eq!(refused, Err(PresignError::HeaderName { name: name.to_owned() }));
    }
    let twice = sign(&[], &[("a", "1"), ("a", "2")]);
    assert_eq!(twice, Err(PresignError::HeaderName { name: "a".to_owned() }));
    for value in ["a\nb", "a\r", "\t", "\u{0}"] {
        let refused = sign(&[], &[("a", value)]);
        assert_eq!(refused, Err(PresignError::HeaderValue { name: "a".to_owned() }));
    }
}

#[test]
fn a_key_signs_on_its_own_day_only() -> Result<(), Box<dyn std::error::Error>> {
    let last = "2026-01-02T23:59:59.999Z".parse()?;
    let next = "2026-01-03T00:00:00Z".parse()?;
    let key = SigningKey::at(&Credentials::new("id", "secret", None), last, "auto");
    assert!(key.covers(last) && !key.covers(next));
    let endpoint = Endpoint::parse("http://s", Addressing::Path)?;
    let object = Object { bucket: "b", key: "k" };
    let at_last = Validity::starting(last, 60)?;
    assert!(PartPresigner::new(&key, &endpoint, object, "id", at_last).is_ok());
    let at_next = Validity::starting(next, 60)?;
    let refused = PartPresigner::new(&key, &endpoint, object, "id", at_next).err();
    let (key_day, signing_day) = (jiff::civil::date(2026, 1, 2), jiff::civil::date(2026, 1, 3));
    let wrong_day = PresignError::WrongDay { key_day, signing_day };
    assert_eq!(refused, Some(wrong_day.clone()));
    assert!(wrong_day.to_string().contains("2026-01-02"));
    Ok(())
}
