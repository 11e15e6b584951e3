//! The HTTP API as any program uses it: JSON over HTTP, and parts by presigned URL. Knows nothing of our types.

use std::os::unix::fs::FileExt as _;
use std::path::Path;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::films::Film;

/// One owner's way into the API.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) http: reqwest::Client,
    base: String,
    token: String,
}

/// What the API answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// `None`: the connection ended in the middle of it.
    async fn of(response: Response) -> Option<Self> {
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.ok()?;
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Some(Self { status, headers, body })
    }

    /// The body, if the status is this one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        self.body
    }

    /// The problem document, if it is this one.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        let kind = self.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert_eq!((self.status.as_u16(), self.body["code"].as_str()), (status, Some(code)), "{:#}", self.body);
        assert_eq!(kind, "application/problem+json");
        assert_eq!(self.body["status"], status);
        self.body
    }
}

impl Api {
    pub(crate) fn new(base: &str, token: &str) -> Self {
        Self { http: reqwest::Client::new(), base: base.to_owned(), token: token.to_owned() }
    }

    /// The same way in, over connections of another client.
    pub(crate) fn over(self, http: reqwest::Client) -> Self {
        Self { http, ..self }
    }

    /// The same way in, with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// The token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// A request with the token.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    /// Sends a request, and says nothing about what came of it.
    pub(crate) async fn try_send(&self, request: RequestBuilder) -> Option<Answer> {
        Answer::of(request.send().await.ok()?).await
    }

    /// Sends a request that is answered.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::of(request.send().await.expect("an answer")).await.expect("a whole body")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// Creates an asset with these files.
    pub(crate) async fn create(&self, files: &[(&str, &Film)]) -> Asset {
        let body = self.post("/v1/videos", &creation(files)).await.expect(201);
        Asset::of(body)
    }

    /// Creates an asset and sends all its parts.
    pub(crate) async fn send_all(&self, files: &[(&str, &Film)]) -> Asset {
        let asset = self.create(files).await;
        self.send_parts(&asset, files).await;
        asset
    }

    /// Sends every part of these files.
    pub(crate) async fn send_parts(&self, asset: &Asset, files: &[(&str, &Film)]) {
        for (role, film) in files {
            for part in asset.parts(role) {
                self.send_part(part, film).await;
            }
        }
    }

    /// Sends one part of a file, which the store takes.
    pub(crate) async fn send_part(&self, part: &Value, film: &Film) {
        let response = self.try_part(part, film).await.expect("an answer of the store");
        let status = response.status();
        assert!(status.is_success(), "{status}: {}", response.text().await.unwrap_or_default());
    }

    /// Sends one part of a file to where its URL leads.
    pub(crate) async fn try_part(&self, part: &Value, film: &Film) -> reqwest::Result<Response> {
        let (number, size) = (part["number"].as_u64().expect("a number"), part["size"].as_u64().expect("a size"));
        let bytes = read_at(&film.path, (number - 1) * PART, size);
        let mut request = self.http.put(part["url"].as_str().expect("a URL")).body(bytes);
        for (name, value) in part["headers"].as_object().expect("headers") {
            request = request.header(name, value.as_str().expect("a text"));
        }
        request.send().await
    }

    /// Says that everything is sent.
    pub(crate) async fn complete(&self, id: &str) -> Answer {
        self.send(self.request(Method::POST, &format!("/v1/videos/{id}/complete"))).await
    }

    /// The asset as its owner sees it.
    pub(crate) async fn show(&self, id: &str) -> Answer {
        self.get(&format!("/v1/videos/{id}")).await
    }

    /// Its status, if it can be seen.
    pub(crate) async fn status(&self, id: &str) -> Option<String> {
        let answer = self.try_send(self.request(Method::GET, &format!("/v1/videos/{id}"))).await?;
        Some(answer.body["status"].as_str()?.to_owned())
    }

    pub(crate) async fn delete(&self, id: &str) -> Answer {
        self.send(self.request(Method::DELETE, &format!("/v1/videos/{id}"))).await
    }

    /// Where a published file can be read.
    pub(crate) async fn url(&self, id: &str, role: &str) -> String {
        let body = self.get(&format!("/v1/videos/{id}/files/{role}/url")).await.expect(200);
        body["url"].as_str().expect("a URL").to_owned()
    }

    /// Fresh part URLs.
    pub(crate) async fn part_urls(&self, id: &str, role: &str, numbers: &Value) -> Answer {
        self.post(&format!("/v1/videos/{id}/files/{role}/part-urls"), &json!({ "numbers": numbers })).await
    }

    /// The numbers of the parts that have arrived.
    pub(crate) async fn arrived(&self, id: &str, role: &str) -> Vec<u64> {
        let body = self.get(&format!("/v1/videos/{id}/files/{role}/parts")).await.expect(200);
        body["data"].as_array().expect("parts").iter().filter_map(|part| part["number"].as_u64()).collect()
    }
}

/// The part size of a default installation.
pub(crate) const PART: u64 = 8 << 20;

/// The body that announces these files.
pub(crate) fn creation(files: &[(&str, &Film)]) -> Value {
    let announced = files.iter().map(|(role, film)| ((*role).to_owned(), announcement(film)));
    json!({ "title": "A film", "files": announced.collect::<serde_json::Map<_, _>>() })
}

/// The body that announces one file.
pub(crate) fn announcement(film: &Film) -> Value {
    json!({ "file_name": film.name(), "size": film.size, "content_type": film.content_type })
}

/// A created asset, as the answer described it.
pub(crate) struct Asset {
    pub(crate) id: String,
    pub(crate) body: Value,
}

impl Asset {
    pub(crate) fn of(body: Value) -> Self {
        assert_eq!(body["status"], "UPLOADING", "{body:#}");
        Self { id: body["id"].as_str().expect("an id").to_owned(), body }
    }

    /// The part URLs that came with it.
    pub(crate) fn parts(&self, role: &str) -> &[Value] {
        self.body["files"][role]["upload"]["parts"].as_array().expect("part URLs")
    }
}

/// A piece of a file.
pub(crate) fn read_at(path: &Path, offset: u64, size: u64) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(size).expect("it fits in memory")];
    std::fs::File::open(path).expect("the file").read_exact_at(&mut bytes, offset).expect("its bytes");
    bytes
}
