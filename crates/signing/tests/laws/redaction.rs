//! Nothing secret is printed unless asked by name.

use std::{fmt::Debug, num::NonZeroU16};

use signing::{Addressing, Credentials, Endpoint, Object, PartPresigner, PresignedUrl, SigningKey, Validity};

const SECRET: &str = "wJalrXUtnFEMI";
const TOKEN: &str = "FwoGZXIvYXdzEXAMPLE";

struct Made {
    credentials: Credentials,
    key: SigningKey,
    presigner: PartPresigner,
    url: PresignedUrl,
}

fn made() -> Result<Made, Box<dyn std::error::Error>> {
    let at = "2026-01-02T03:04:05Z".parse()?;
    let credentials = Credentials::new("AKIDEXAMPLE", SECRET, Some(TOKEN.to_owned()));
    let key = SigningKey::at(&credentials, at, "eu-west-1");
    let presigner = PartPresigner::new(
        &key,
        &Endpoint::parse("http://127.0.0.1:9000", Addressing::Path)?,
        Object { bucket: "private", key: "a b" },
        "id",
        Validity::starting(at, 60)?,
    )?;
    let url = presigner.sign(NonZeroU16::MIN, None);
    Ok(Made { credentials, key, presigner, url })
}

fn debugged(value: &impl Debug) -> [String; 2] {
    [format!("{value:?}"), format!("{value:#?}")]
}

#[test]
fn a_url_shows_neither_signature_nor_token() -> Result<(), Box<dyn std::error::Error>> {
    let url = made()?.url;
    let signature = url.expose().split_once("X-Amz-Signature=").ok_or("signed")?.1;
    assert_eq!(signature.len(), 64);
    let shown = "http://127.0.0.1:9000/private/a%20b?X-Amz-Algorithm=AWS4-HMAC-SHA256\
                 &X-Amz-Credential=AKIDEXAMPLE%2F20260102%2Feu-west-1%2Fs3%2Faws4_request\
                 &X-Amz-Date=20260102T030405Z&X-Amz-Expires=60\
                 &X-Amz-Security-Token=[redacted]&X-Amz-SignedHeaders=host\
                 &partNumber=1&uploadId=id&X-Amz-Signature=[redacted]";
    assert_eq!(url.to_string(), shown);
    assert_eq!(format!("{url:?}"), format!("PresignedUrl({shown})"));
    assert!(url.expose().contains(TOKEN), "the client needs it");
    assert!(url.clone().into_exposed().ends_with(signature));
    Ok(())
}

#[test]
fn nothing_else_shows_a_secret() -> Result<(), Box<dyn std::error::Error>> {
    let made = made()?;
    let texts = [debugged(&made.credentials), debugged(&made.key), debugged(&made.presigner), debugged(&made.url)];
    for text in texts.as_flattened() {
        assert!(!text.contains(SECRET), "{text}");
        assert!(!text.contains(TOKEN), "{text}");
    }
    assert!(texts[0][0].contains("AKIDEXAMPLE"), "the id is no secret");
    Ok(())
}
