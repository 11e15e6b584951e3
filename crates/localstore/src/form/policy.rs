//! The signed policy of a form: what it demands of the fields and the file.

use super::fields::Fields;
use crate::access::{Keyring, MAX_PRESIGNED_SECONDS, denied};
use crate::protocol::MAX_BODY;
use crate::signature::{self, mismatch};
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use s3s::{S3Error, S3ErrorCode, S3Result};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;
use std::ops::RangeInclusive;

/// Judges a form by its fields: who signed it, and whether its policy allows it now. Gives the sizes its file may have.
pub(super) fn admit(
    fields: &Fields,
    bucket: &str,
    keyring: &Keyring,
    region: &str,
    now: Timestamp,
) -> S3Result<RangeInclusive<u64>> {
    if fields.find("signature").is_some() {
        return Err(signature::old_signature());
    }
    if fields.find("x-amz-signature").is_none() {
        return Err(denied());
    }
    let text = fields.need("policy")?;
    check_signature(fields, text, keyring, region, now)?;
    let policy = Policy::parse(text)?;
    if now >= policy.expiration {
        return Err(S3Error::with_message(S3ErrorCode::AccessDenied, "Invalid according to Policy: Policy expired."));
    }
    policy.judge(fields, bucket)?;
    Ok(policy.sizes)
}

fn check_signature(fields: &Fields, policy: &str, keyring: &Keyring, region: &str, now: Timestamp) -> S3Result<()> {
    let invalid = |message: String| S3Error::with_message(S3ErrorCode::InvalidArgument, message);
    if fields.need("x-amz-algorithm")? != "AWS4-HMAC-SHA256" {
        return Err(invalid("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"".to_owned()));
    }
    let credential = fields.need("x-amz-credential")?;
    let date = fields.need("x-amz-date")?;
    let signed = signature::parse_date(date)
        .ok_or_else(|| invalid("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"".to_owned()))?;
    let (given_region, service) = signature::scope(credential).ok_or_else(|| {
        invalid(
            "Error parsing the X-Amz-Credential field; it must be \"<key>/YYYYMMDD/REGION/SERVICE/aws4_request\""
                .to_owned(),
        )
    })?;
    if given_region != region || service != "s3" {
        return Err(invalid(format!("the scope of the X-Amz-Credential is wrong; expecting '{region}' and 's3'")));
    }
    // A signing key is good for a week; the policy itself says for how long the form is.
    if now.duration_since(signed).as_secs().abs() > MAX_PRESIGNED_SECONDS {
        return Err(S3Error::with_message(
            S3ErrorCode::RequestTimeTooSkewed,
            "The difference between the request time and the current time is too large.",
        ));
    }
    if fields.find("x-amz-security-token").is_some() {
        return Err(S3Error::with_message(
            S3ErrorCode::InvalidToken,
            "The provided token is malformed or otherwise invalid: this store has no temporary credentials.",
        ));
    }
    let (access_key, day) = signer(credential).ok_or_else(mismatch)?;
    let secret = keyring.secret(access_key)?;
    if date.get(..8) != Some(day) {
        return Err(mismatch());
    }
    let given = fields.need("x-amz-signature")?;
    signature::check_form(given)?;
    let given = HEXLOWER.decode(given.as_bytes()).map_err(|_| mismatch())?;
    let mut key = format!("AWS4{}", secret.expose()).into_bytes();
    for part in [day, region, "s3", "aws4_request"] {
        key = keyed(&key, part)?.finalize().into_bytes().to_vec();
    }
    keyed(&key, policy)?.verify_slice(&given).map_err(|_| mismatch())
}

/// Access key and day of a credential whose scope was read. The key may hold slashes itself.
fn signer(credential: &str) -> Option<(&str, &str)> {
    let mut fields = credential.rsplitn(5, '/').skip(3);
    let (day, key) = (fields.next()?, fields.next()?);
    Some((key, day))
}

fn keyed(key: &[u8], text: &str) -> S3Result<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(S3Error::internal_error)?;
    mac.update(text.as_bytes());
    Ok(mac)
}

/// What a policy says about one field.
#[derive(Debug, PartialEq, Eq)]
enum Condition {
    Equals(String),
    StartsWith(String),
}

#[derive(Debug)]
struct Policy {
    expiration: Timestamp,
    /// By field, in lower case.
    conditions: Vec<(String, Condition)>,
    sizes: RangeInclusive<u64>,
}

#[derive(Deserialize)]
struct Raw {
    expiration: String,
    conditions: Vec<Value>,
}

impl Policy {
    fn parse(text: &str) -> S3Result<Self> {
        let bytes = BASE64.decode(text.as_bytes()).map_err(|_| invalid("Invalid Base64 encoding."))?;
        let raw: Raw = serde_json::from_slice(&bytes).map_err(|_| invalid("Invalid JSON."))?;
        let expiration = parse_expiration(&raw.expiration)
            .ok_or_else(|| invalid(&format!("Invalid 'expiration' value: '{}'", raw.expiration)))?;
        let mut policy = Self { expiration, conditions: Vec::new(), sizes: 0..=MAX_BODY };
        for condition in &raw.conditions {
            policy.add(condition).ok_or_else(|| invalid(&format!("Invalid condition: {condition}")))?;
        }
        Ok(policy)
    }

    /// `{"field": "value"}`, `["eq", "$field", "value"]`, `["starts-with", "$field", "prefix"]`, or
    /// `["content-length-range", min, max]`.
    fn add(&mut self, condition: &Value) -> Option<()> {
        if let Value::Object(pairs) = condition {
            let (field, value) = pairs.iter().next().filter(|_| pairs.len() == 1)?;
            self.conditions.push((field.to_ascii_lowercase(), Condition::Equals(value.as_str()?.to_owned())));
            return Some(());
        }
        let [kind, second, third] = condition.as_array()?.as_slice() else { return None };
        let kind = kind.as_str()?.to_ascii_lowercase();
        if kind == "content-length-range" {
            let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
            self.sizes = number(second)?..=number(third)?.min(MAX_BODY);
            return Some(());
        }
        let field = second.as_str()?.strip_prefix('$')?.to_ascii_lowercase();
        let value = third.as_str()?.to_owned();
        let condition = match kind.as_str() {
            "eq" => Condition::Equals(value),
            "starts-with" => Condition::StartsWith(value),
            _ => return None,
        };
        self.conditions.push((field, condition));
        Some(())
    }

    /// Every condition holds, and every field has one.
    fn judge(&self, fields: &Fields, bucket: &str) -> S3Result<()> {
        let refuse = |detail: String| {
            Err(S3Error::with_message(S3ErrorCode::AccessDenied, format!("Invalid according to Policy: {detail}")))
        };
        if fields.find("bucket").is_some_and(|named| named != bucket) {
            return refuse("the field bucket names another bucket than the address".to_owned());
        }
        for (field, condition) in &self.conditions {
            let value = if field == "bucket" { bucket } else { fields.find(field).unwrap_or_default() };
            let (holds, shown) = match condition {
                Condition::Equals(wanted) => (value == wanted, format!("[\"eq\", \"${field}\", \"{wanted}\"]")),
                // A list of media types is judged one by one.
                Condition::StartsWith(prefix) if field == "content-type" => (
                    value.split(',').all(|kind| kind.trim_start().starts_with(prefix.as_str())),
                    format!("[\"starts-with\", \"${field}\", \"{prefix}\"]"),
                ),
                Condition::StartsWith(prefix) => {
                    (value.starts_with(prefix.as_str()), format!("[\"starts-with\", \"${field}\", \"{prefix}\"]"))
                }
            };
            if !holds {
                return refuse(format!("Policy Condition failed: {shown}"));
            }
        }
        let is_free =
            |name: &str| matches!(name, "x-amz-signature" | "policy" | "bucket") || name.starts_with("x-ignore-");
        let extra =
            fields.names().find(|name| !is_free(name) && !self.conditions.iter().any(|(field, _)| field == name));
        match extra {
            Some(name) => refuse(format!("Extra input fields: {name}")),
            None => Ok(()),
        }
    }
}

/// `2007-12-01T12:00:00Z`, with or without a fraction: RFC 3339 in UTC and nothing else that a parser might take.
fn parse_expiration(text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z')?;
    let shape: String = digits.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let (whole, fraction) = shape.split_once('.').unwrap_or((&shape, "0"));
    let is_shaped = whole == "0000-00-00T00:00:00" && !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0');
    text.parse().ok().filter(|_| is_shaped)
}

fn invalid(detail: &str) -> S3Error {
    S3Error::with_message(S3ErrorCode::InvalidPolicyDocument, format!("Invalid Policy: {detail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(json: &str) -> S3Result<Policy> {
        Policy::parse(&BASE64.encode(json.as_bytes()))
    }

    #[test]
    fn expirations_are_read_strictly() {
        for good in ["2030-01-01T00:00:00Z", "2030-01-01T00:00:00.000Z"] {
            assert!(parse_expiration(good).is_some(), "{good}");
        }
        for bad in [
            "2030-13-01T00:00:00Z",
            "2030-02-31T00:00:00Z",
            "2030-01-01",
            "2030-01-01 00:00:00Z",
            "2030-01-01T00:00:00",
            "2030-01-01T00:00:00.Z",
            "2030-01-01T00:00Z",
            "2030-01-01T00:00:00+09:00",
            "20300101T000000Z",
            "never",
            "",
        ] {
            assert_eq!(parse_expiration(bad), None, "{bad}");
            let json = format!(r#"{{"expiration": "{bad}", "conditions": []}}"#);
            let refused = policy(&json).expect_err("a malformed expiration");
            assert_eq!(refused.code(), &S3ErrorCode::InvalidPolicyDocument, "{bad}");
        }
    }

    #[test]
    fn conditions_hold_and_cover_every_field() {
        let json = r#"{"expiration": "2030-01-01T00:00:00Z", "conditions": [
            {"acl": "private"}, ["eq", "$Key", "a"], ["starts-with", "$Content-Type", "image/"],
            ["content-length-range", 1, "9"]]}"#;
        let policy = policy(json).expect("a policy");
        assert_eq!(policy.sizes, 1..=9);
        let fields = [("acl", "private"), ("key", "a"), ("content-type", "image/png, image/jpeg")];
        assert!(policy.judge(&Fields::of(&fields), "b").is_ok());
        for (at, other) in [(0, "public-read"), (1, "b"), (2, "image/png, text/html")] {
            let mut broken = fields;
            broken[at].1 = other;
            assert!(policy.judge(&Fields::of(&broken), "b").is_err(), "{other}");
        }
        let more = [fields.as_slice(), &[("x-amz-meta-a", "1")]].concat();
        assert!(policy.judge(&Fields::of(&more), "b").is_err());
        let ignored = [fields.as_slice(), &[("x-ignore-a", "1")]].concat();
        assert!(policy.judge(&Fields::of(&ignored), "b").is_ok());
    }

    #[test]
    fn broken_conditions_are_refused() {
        for bad in
            [r#"["eq", "key", "a"]"#, r#"["like", "$key", "a"]"#, r#"{"a": 1}"#, r#"{"a": "1", "b": "2"}"#, "[]", "1"]
        {
            assert!(
                policy(&format!(r#"{{"expiration": "2030-01-01T00:00:00Z", "conditions": [{bad}]}}"#)).is_err(),
                "{bad}"
            );
        }
        assert!(policy("{}").is_err());
        assert!(Policy::parse("?").is_err());
    }
}
