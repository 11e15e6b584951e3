//! A typed client of Landfall's API, and of nothing else: parts go to the store, not through here.
//!
//! One method per call. No method retries: whether and when to try again is the session's decision. Every request ends
//! within its time limit. *Invariant*: the token is sent to the API's own address only, and redirects are not followed.

mod error;
mod read;
mod token;
mod transport;

use std::time::Duration;

use domain::{AssetId, CollectionName, RoleName};
use reqwest::{Method, RequestBuilder, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wire::{
    AnnounceRequest, AssetBody, AssetPage, CollectionList, CompleteRequest, CreateRequest, FileUrlBody, GrantBody,
    GrantRequest, PartBody, PartPage, PartUrlBody, PartUrlsBody, PartUrlsRequest, PatchRequest, RequestedPart,
};

pub use error::ApiError;
pub(crate) use error::{excerpt, innermost, retry_after};
pub use read::{Reading, read};
pub use token::{InvalidToken, Token};
pub(crate) use transport::{Target, Transport};
pub use transport::{TransportError, direct};

/// An API call answers within this: it signs, lists or writes a row.
const CALL_LIMIT: Duration = Duration::from_secs(30);
/// `complete` holds the answer back for at most 25 s while it commits; the rest is for the way.
const COMPLETE_LIMIT: Duration = Duration::from_secs(60);
/// Answers are held in memory: the largest is 10,000 part URLs, some 6 MB.
const MAX_ANSWER_BYTES: usize = 32 << 20;
/// Pages of one part listing: 10,000 parts by 1,000, with room for smaller pages.
const MAX_PAGES: usize = 1_000;

/// Which assets to list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListQuery {
    /// `UPLOADING` or `CREATED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Part of a title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Exactly this fingerprint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// 1 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
    /// Where the previous page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// How a browser shall treat a file's URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Show or play it.
    Inline,
    /// Save it.
    Attachment,
}

/// Speaks for one owner to one server about one collection.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    server: Url,
    token: Token,
    collection: CollectionName,
}

impl Client {
    /// Makes a client; opens no connection yet. `server` may have a path, under which `/v1` is looked for.
    pub fn new(mut server: Url, token: Token, collection: CollectionName) -> Result<Self, TransportError> {
        if !matches!(server.scheme(), "http" | "https") || !server.has_host() {
            return Err(TransportError::Address);
        }
        server.set_query(None);
        server.set_fragment(None);
        let http = Transport::new(Target::Api)?.towards(server.as_str()).clone();
        Ok(Self { http, server, token, collection })
    }

    /// The server's address as text, always the same for the same server.
    pub fn server(&self) -> &str {
        self.server.as_str().trim_end_matches('/')
    }

    /// The collection it speaks about.
    pub fn collection(&self) -> &CollectionName {
        &self.collection
    }

    /// The same about another collection.
    #[must_use]
    pub fn about(&self, collection: CollectionName) -> Self {
        Self { collection, ..self.clone() }
    }

    /// Creates an asset. The same key and body again give the same asset, so it may be repeated after a lost answer.
    pub async fn create(&self, idempotency_key: &str, request: &CreateRequest) -> Result<AssetBody, ApiError> {
        let call = self.call(Method::POST, &[]).header("Idempotency-Key", idempotency_key);
        answer(call.json(request)).await
    }

    /// The newest assets of the owner.
    pub async fn list(&self, query: &ListQuery) -> Result<AssetPage, ApiError> {
        answer(self.call(Method::GET, &[]).query(query)).await
    }

    /// One asset.
    pub async fn show(&self, id: AssetId) -> Result<AssetBody, ApiError> {
        answer(self.call(Method::GET, &[&id.to_string()])).await
    }

    /// Changes title, description or metadata.
    pub async fn patch(&self, id: AssetId, change: &PatchRequest) -> Result<AssetBody, ApiError> {
        answer(self.call(Method::PATCH, &[&id.to_string()]).json(change)).await
    }

    /// Announces a file for a role: again after a rejection, or an optional one later.
    pub async fn announce(&self, id: AssetId, role: &RoleName, file: &AnnounceRequest) -> Result<AssetBody, ApiError> {
        answer(self.call(Method::PUT, &[&id.to_string(), "files", role.as_str()]).json(file)).await
    }

    /// Signs parts: 1 to 10,000 numbers of the file's plan, each once.
    pub async fn part_urls(&self, id: AssetId, role: &RoleName, numbers: &[u16]) -> Result<Vec<PartUrlBody>, ApiError> {
        let numbers = numbers.iter().map(|number| RequestedPart::Number(u64::from(*number))).collect();
        let call = self.call(Method::POST, &[&id.to_string(), "files", role.as_str(), "part-urls"]);
        let body: PartUrlsBody = answer(call.json(&PartUrlsRequest { numbers })).await?;
        Ok(body.parts)
    }

    /// What has arrived of a file, all pages.
    pub async fn parts(&self, id: AssetId, role: &RoleName) -> Result<Vec<PartBody>, ApiError> {
        let mut parts = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let call = self.call(Method::GET, &[&id.to_string(), "files", role.as_str(), "parts"]);
            let page: PartPage = answer(call.query(&cursor.map(|cursor| [("cursor", cursor)]))).await?;
            parts.extend(page.data);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(parts);
            }
        }
        Err(ApiError::Unintelligible { detail: "the list of parts does not end".to_owned() })
    }

    /// Asks the server to check and commit. The asset comes back `CREATED`, or still `UPLOADING` if it takes longer.
    pub async fn complete(&self, id: AssetId, request: &CompleteRequest) -> Result<AssetBody, ApiError> {
        let call = self.call(Method::POST, &[&id.to_string(), "complete"]);
        answer(call.json(request).timeout(COMPLETE_LIMIT)).await
    }

    /// Cancels an upload or deletes a published asset. Repeating succeeds.
    pub async fn delete(&self, id: AssetId) -> Result<(), ApiError> {
        let response = sent(self.call(Method::DELETE, &[&id.to_string()])).await?;
        body(response).await.map(|_| ())
    }

    /// Where a published file can be read.
    pub async fn file_url(
        &self,
        id: AssetId,
        role: &RoleName,
        disposition: Disposition,
    ) -> Result<FileUrlBody, ApiError> {
        let call = self.call(Method::GET, &[&id.to_string(), "files", role.as_str(), "url"]);
        answer(match disposition {
            Disposition::Inline => call,
            Disposition::Attachment => call.query(&[("disposition", "attachment")]),
        })
        .await
    }

    /// A link by which others watch, for so many seconds, or for as long as the server thinks right.
    pub async fn grant(&self, id: AssetId, ttl: Option<u64>) -> Result<GrantBody, ApiError> {
        let call = self.call(Method::POST, &[&id.to_string(), "grants"]);
        answer(call.json(&GrantRequest { ttl })).await
    }

    /// The collections that the server has.
    pub async fn collections(&self) -> Result<CollectionList, ApiError> {
        answer(self.call_to(Method::GET, "collections", &[])).await
    }

    fn call(&self, method: Method, path: &[&str]) -> RequestBuilder {
        self.call_to(method, self.collection.as_str(), path)
    }

    fn call_to(&self, method: Method, first: &str, path: &[&str]) -> RequestBuilder {
        let mut url = self.server.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1").push(first).extend(path);
        }
        self.http.request(method, url).bearer_auth(self.token.expose()).timeout(CALL_LIMIT)
    }
}

async fn sent(call: RequestBuilder) -> Result<reqwest::Response, ApiError> {
    call.send().await.map_err(ApiError::unreachable)
}

/// The body of a success, or the problem.
async fn body(mut response: reqwest::Response) -> Result<Vec<u8>, ApiError> {
    let (status, retry_after) = (response.status(), retry_after(response.headers()));
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(ApiError::unreachable)? {
        if body.len() + piece.len() > MAX_ANSWER_BYTES {
            return Err(ApiError::Unintelligible {
                detail: format!("an answer of more than {MAX_ANSWER_BYTES} bytes"),
            });
        }
        body.extend_from_slice(&piece);
    }
    if status.is_success() { Ok(body) } else { Err(ApiError::answered(status.as_u16(), &body, retry_after)) }
}

async fn answer<T: DeserializeOwned>(call: RequestBuilder) -> Result<T, ApiError> {
    let body = body(sent(call).await?).await?;
    serde_json::from_slice(&body)
        .map_err(|error| ApiError::Unintelligible { detail: format!("an answer that is not as documented: {error}") })
}
