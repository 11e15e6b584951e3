//! Requests signed by hand, for what no client of AWS would send.

use crate::support::{KEY_ID, REGION, SECRET, Store};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

pub(crate) fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|b| b ^ 0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(block.map(|b| b ^ 0x5c)).chain_update(inner).finalize().to_vec()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

pub(crate) fn signing_key(secret: &str, day: &str) -> Vec<u8> {
    let start = format!("AWS4{secret}").into_bytes();
    [day, REGION, "s3", "aws4_request"].iter().fold(start, |key, part| hmac(&key, part.as_bytes()))
}

/// The scope, the moment and the key of one signer.
pub(crate) struct Signer {
    pub(crate) date: String,
    pub(crate) key: Vec<u8>,
}

impl Signer {
    pub(crate) fn now() -> Self {
        let date = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let key = signing_key(SECRET, &date[..8]);
        Self { date, key }
    }

    pub(crate) fn scope(&self) -> String {
        format!("{}/{REGION}/s3/aws4_request", &self.date[..8])
    }

    pub(crate) fn sign(&self, kind: &str, text: &str) -> String {
        HEXLOWER.encode(&hmac(&self.key, format!("{kind}\n{}\n{}\n{text}", self.date, self.scope()).as_bytes()))
    }

    /// The signature of a request whose headers are named in lower case. The path and query are canonical as they stand.
    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        query: &str,
        headers: &[(&str, String)],
        payload: &str,
    ) -> Signed {
        let mut sorted: Vec<_> = headers.to_vec();
        sorted.sort();
        let lines: String = sorted.iter().map(|(name, value)| format!("{name}:{}\n", canonical_value(value))).collect();
        let names = sorted.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let canonical = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{payload}");
        let signature = self.sign("AWS4-HMAC-SHA256", &sha256(canonical.as_bytes()));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={KEY_ID}/{}, SignedHeaders={names}, Signature={signature}",
            self.scope()
        );
        Signed { authorization, signature }
    }
}

/// A header's value as a canonical request has it: runs of blanks are one. `asctime`'s form of a date has two of them
/// in the first nine days of a month.
fn canonical_value(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) struct Signed {
    pub(crate) authorization: String,
    pub(crate) signature: String,
}

/// A request with a header signature over these headers, the host, the payload's hash and the date.
pub(crate) fn signed(
    store: &Store,
    method: &str,
    path: &str,
    query: &str,
    headers: &[(&'static str, &str)],
    body: Vec<u8>,
) -> reqwest::RequestBuilder {
    signed_at(&store.url(""), &store.http, method, path, query, headers, body)
}

/// As [`signed`], for a store that is known by its address.
pub(crate) fn signed_at(
    endpoint: &str,
    http: &reqwest::Client,
    method: &str,
    path: &str,
    query: &str,
    headers: &[(&'static str, &str)],
    body: Vec<u8>,
) -> reqwest::RequestBuilder {
    let signer = Signer::now();
    let payload = sha256(&body);
    let mut all: Vec<(&str, String)> = vec![
        ("host", endpoint.trim_start_matches("http://").to_owned()),
        ("x-amz-content-sha256", payload.clone()),
        ("x-amz-date", signer.date.clone()),
    ];
    all.extend(headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let made = signer.request(method, path, query, &all, &payload);
    let url = if query.is_empty() { format!("{endpoint}{path}") } else { format!("{endpoint}{path}?{query}") };
    let method = method.parse().expect("a method");
    let mut request = http.request(method, url).header("authorization", made.authorization).body(body);
    for (name, value) in all.into_iter().filter(|(name, _)| *name != "host") {
        request = request.header(name, value);
    }
    request
}

/// A presigned address, good for a minute, with one more parameter that sorts behind those of the signature.
pub(crate) fn presigned(store: &Store, method: &str, path: &str, extra: &str) -> String {
    let signer = Signer::now();
    let credential = format!("{KEY_ID}/{}", signer.scope()).replace('/', "%2F");
    let mut query = format!(
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={}&X-Amz-Expires=60&X-Amz-SignedHeaders=host",
        signer.date
    );
    if !extra.is_empty() {
        query += &format!("&{extra}");
    }
    let host = store.server.address().to_string();
    let made = signer.request(method, path, &query, &[("host", host)], "UNSIGNED-PAYLOAD");
    store.url(&format!("{path}?{query}&X-Amz-Signature={}", made.signature))
}
