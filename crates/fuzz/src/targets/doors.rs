//! What reaches the Uppy doors beside JSON: forms, S3's XML, and the tokens in addresses.

use std::sync::OnceLock;

use bytes::Bytes;
use domain::{ByteCount, CollectionName, OwnerId, Timestamp};
use futures::FutureExt;
use server::auth::{Authenticator, Capability, TokenRules};
use server::http::{UppyForm, read_claim};

use super::kind;

/// As in the corpus; a form's boundary stands in a header.
const BOUNDARY: &str = "B";

pub(super) fn run(input: &[u8]) -> u64 {
    let text = std::str::from_utf8(input).ok();
    kind((form(input), text.map(claim), text.map(capability)))
}

/// What was read of a form lies in it.
fn form(input: &[u8]) -> Result<(bool, bool), &'static str> {
    let form =
        UppyForm::parse(BOUNDARY, Bytes::copy_from_slice(input)).now_or_never().expect("it waits for nothing")?;
    let held = |bytes: &[u8]| bytes.is_empty() || input.windows(bytes.len()).any(|window| window == bytes);
    let key = form.text("key");
    assert!(key.is_none_or(|key| held(key.as_bytes())), "a field is what was sent");
    assert!(form.file.as_ref().is_none_or(|file| held(file)), "a file is what was sent");
    Ok((key.is_some(), form.file.is_some()))
}

/// The parts that a document names are named again by the document that is written of them.
fn claim(text: &str) -> Option<usize> {
    let parts = read_claim(text)?;
    let part = |(number, etag): &(u64, String)| {
        let etag = etag.replace('&', "&amp;");
        format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>")
    };
    let written: String = parts.iter().map(part).collect();
    let again = read_claim(&format!("<CompleteMultipartUpload>{written}</CompleteMultipartUpload>"));
    assert_eq!(again.as_ref(), Some(&parts), "a claim survives its XML");
    Some(parts.len().min(3))
}

/// A token opens what it was minted for, and has one spelling.
fn capability(text: &str) -> bool {
    let Ok(capability) = authenticator().verify_capability(text, Timestamp::UNIX_EPOCH) else { return false };
    assert_eq!(capability, minted(), "nobody else has the key");
    assert_eq!(authenticator().mint_capability(&capability), text, "a token has one spelling");
    true
}

fn authenticator() -> &'static Authenticator {
    static AUTHENTICATOR: OnceLock<Authenticator> = OnceLock::new();
    AUTHENTICATOR.get_or_init(|| {
        Authenticator::hs256(b"the fuzzer's own key, worth nothing", TokenRules::default()).expect("it is long enough")
    })
}

/// The capability whose token is in the corpus.
fn minted() -> Capability {
    Capability {
        owner: OwnerId::parse("42").expect("an owner"),
        collections: vec![CollectionName::parse("videos").expect("a name")],
        max_size: Some(ByteCount(1_000)),
        ends_at: Timestamp::from_second(1_000_000).expect("a time"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_has_a_genuine_token() {
        assert!(
            capability(include_str!("../../corpus/doors/capability")),
            "{}",
            authenticator().mint_capability(&minted())
        );
    }
}
