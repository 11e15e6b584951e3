//! The signer: any endpoint, bucket, key, upload id, credentials, region and time.

use std::num::NonZeroU16;

use domain::Timestamp;
use signing::{
    Addressing, Credentials, Endpoint, Object, PartPresigner, PartRequest, PresignError, SigningKey, Validity,
    presign_part,
};
use url::Url;

use super::kind;

/// What stands for the secret and the token's beginning, so that a leak is found by looking for it.
const SECRET: &str = "s3cr3t-that-must-never-show";

pub(super) fn run(input: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    let (endpoint, bucket, key, upload_id) = (line(), line(), line(), line());
    let (access_key, region, token) = (line(), line(), line());
    let mut number = || line().parse::<i64>().unwrap_or(1);
    let (seconds, life, part, length) = (number(), number(), number(), number());

    let addressing = if part % 2 == 0 { Addressing::Path } else { Addressing::VirtualHost };
    let endpoint = match Endpoint::parse(endpoint, addressing) {
        Ok(endpoint) => endpoint,
        Err(error) => return kind(("endpoint", format!("{error:?}"))),
    };
    let Ok(at) = Timestamp::from_second(seconds) else { return kind("time") };
    let life = u32::try_from(life).unwrap_or(u32::MAX);
    let validity = match Validity::starting(at, life) {
        Ok(validity) => validity,
        Err(error) => return kind(("validity", class(&error))),
    };
    let token = (!token.is_empty()).then(|| format!("{SECRET}{token}"));
    let credentials = Credentials::new(access_key, SECRET, token.clone());
    assert!(!format!("{credentials:?}").contains(SECRET), "credentials show no secret");
    let signing_key = SigningKey::at(&credentials, at, region);
    let object = Object { bucket, key };
    let presigner = match PartPresigner::new(&signing_key, &endpoint, object, upload_id, validity) {
        Ok(presigner) => presigner,
        Err(error) => return kind(("object", class(&error))),
    };
    let number = u16::try_from(part).ok().and_then(NonZeroU16::new).unwrap_or(NonZeroU16::MIN);
    let length = u64::try_from(length).ok();

    let signed = presigner.sign(number, length);
    assert_eq!(presigner.sign(number, length).expose(), signed.expose(), "signing again gives the same");
    let length_text = length.unwrap_or_default().to_string();
    let headers: &[(&str, &str)] = if length.is_some() { &[("content-length", &length_text)] } else { &[] };
    let request = PartRequest { upload_id, number, headers };
    let plain =
        presign_part(&signing_key, &endpoint, object, &request, validity).expect("one way signs what the other does");
    assert_eq!(plain.expose(), signed.expose(), "both ways give the same");

    let url = Url::parse(signed.expose()).expect("a presigned URL parses");
    let pairs: Vec<_> = url.query_pairs().collect();
    let value = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref());
    assert_eq!(value("uploadId"), Some(upload_id), "the upload id arrives as it was given");
    assert_eq!(value("partNumber"), Some(number.to_string().as_str()));
    let signature = value("X-Amz-Signature").expect("a presigned URL is signed");
    assert!(signature.len() == 64 && signature.bytes().all(|byte| byte.is_ascii_hexdigit()));
    for shown in [format!("{signed}"), format!("{signed:?}")] {
        let is_hidden = |secret: &str| !shown.contains(secret);
        assert!(is_hidden(signature) && (upload_id.contains(SECRET) || is_hidden(SECRET)), "a URL prints no secret");
    }
    kind(("signed", addressing == Addressing::Path, token.is_some(), length.is_some()))
}

/// The kind of an error, without what it tells.
fn class(error: &PresignError) -> String {
    format!("{error:?}").split([' ', '{', '(']).next().unwrap_or_default().to_owned()
}
