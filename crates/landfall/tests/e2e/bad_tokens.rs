//! Tokens that are not good for anything.

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::clock::now;
use crate::support::server::Setup;

const SECRET: &str = "a secret of forty bytes, made for tests.";

fn encode(value: &Value) -> String {
    BASE64URL_NOPAD.encode(value.to_string().as_bytes())
}

/// A JWT as any program makes one.
fn token(header: &Value, claims: &Value, secret: &str) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let key = EncodingKey::from_secret(secret.as_bytes());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).expect("a signature");
    format!("{message}.{signature}")
}

fn claims(changes: Value) -> Value {
    let at = now().as_second();
    let mut claims = json!({"sub": "42", "aud": "landfall", "iss": "https://id.example.com", "exp": at + 600});
    claims.as_object_mut().expect("claims").extend(changes.as_object().expect("changes").clone());
    claims
}

#[tokio::test]
async fn only_good_tokens_open_the_api() {
    let auth = format!(
        "[auth]\nhs256_secret = \"{SECRET}\"\nissuer = \"https://id.example.com\"\naudience = \"landfall\"\nleeway = \"0s\""
    );
    let server = Setup::default().config(&auth).start().await;
    let hs256 = json!({"alg": "HS256", "typ": "JWT"});
    let good = token(&hs256, &claims(json!({})), SECRET);
    let api = Api::new(&server.url, &good);
    api.get("/v1/videos").await.expect(200);

    let at = now().as_second();
    let (message, signature) = good.rsplit_once('.').expect("a signature");
    let stripped = format!("{message}.");
    let unsigned = format!("{}.{}.", encode(&json!({"alg": "none"})), encode(&claims(json!({}))));
    let promoted = format!("{}.{}.{signature}", encode(&hs256), encode(&claims(json!({"scope": "admin"}))));
    for (what, bad) in [
        ("expired", token(&hs256, &claims(json!({"exp": at - 1})), SECRET)),
        ("not yet valid", token(&hs256, &claims(json!({"nbf": at + 600})), SECRET)),
        ("another audience", token(&hs256, &claims(json!({"aud": "elsewhere"})), SECRET)),
        ("another issuer", token(&hs256, &claims(json!({"iss": "https://evil.example.com"})), SECRET)),
        ("without end", token(&hs256, &claims(json!({"exp": null})), SECRET)),
        ("nobody", token(&hs256, &claims(json!({"sub": ""})), SECRET)),
        ("another secret", token(&hs256, &claims(json!({})), "another secret of forty bytes, for tests")),
        ("alg none", unsigned),
        ("alg none, signed", token(&json!({"alg": "none"}), &claims(json!({})), SECRET)),
        ("another algorithm", token(&json!({"alg": "RS256"}), &claims(json!({})), SECRET)),
        ("signature cut off", stripped),
        ("claims replaced", promoted),
        ("no token", "x".to_owned()),
    ] {
        let answer = api.with_token(&bad).get("/v1/videos").await;
        let challenge = answer.headers.get("www-authenticate").and_then(|value| value.to_str().ok()).map(str::to_owned);
        assert!(challenge.is_some_and(|text| text.starts_with("Bearer")), "{what}");
        answer.problem(401, "unauthorized");
    }
    let nothing = api.http.get(format!("{}/v1/videos", server.url)).send().await.expect("an answer");
    assert_eq!(nothing.status(), 401);
}

#[tokio::test]
async fn tokens_of_the_command_line_end_when_they_say() {
    let server = Setup::default().config("[auth]\nleeway = \"0s\"").start().await;
    let token = server.command(&["token", "--owner", "42", "--ttl", "1s"]).await.well();
    let api = Api::new(&server.url, token.trim());
    let ended = async || (api.get("/v1/videos").await.status == 401).then_some(());
    crate::support::clock::until("the token ends", crate::support::clock::SOON, ended).await;
    let other = crate::support::server::Server::new().await;
    let api = Api::new(&server.url, &other.token("42").await);
    api.get("/v1/videos").await.problem(401, "unauthorized");
}
