//! What tokens are accepted, and which refusal each bad one gets.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::*;

const SECRET: &[u8] = b"a secret of thirty-two bytes, ok";
const OTHER: &[u8] = b"another secret of thirty-two byt";

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn rules() -> TokenRules {
    TokenRules {
        issuer: Some("https://id.example.com".into()),
        audience: Some("landfall".into()),
        leeway: TimeSpan::from_secs(60),
        longest_life: TimeSpan::from_hours(24),
    }
}

fn authenticator(rules: TokenRules) -> Authenticator {
    Authenticator::hs256(SECRET, rules).unwrap()
}

fn sign(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let message = format!("{}.{}", encode(header), encode(claims));
    let key = EncodingKey::from_secret(secret);
    let factory = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{factory}")
}

/// Good claims, with some replaced; `null` removes one.
fn claims(changes: Value) -> Value {
    let at = now().as_second();
    let mut claims = json!({
        "sub": "42", "iss": "https://id.example.com", "aud": "landfall", "exp": at + 300, "iat": at - 10
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn verdict(changes: Value) -> Result<Identity, AuthError> {
    let token = sign(&json!({"alg": "HS256", "typ": "JWT"}), &claims(changes), SECRET);
    authenticator(rules()).verify(&token, now())
}

#[test]
fn a_good_token_names_its_owner() {
    let expires_at = now() + TimeSpan::from_secs(300);
    let owner = OwnerId::parse("42").unwrap();
    assert_eq!(verdict(json!({})), Ok(Identity { owner, scopes: Scopes::none(), expires_at }));
}

#[test]
fn a_token_may_not_work_for_ever() {
    let (at, day) = (now().as_second(), 24 * 3600);
    for (changes, expected) in [
        (json!({"exp": at + day, "iat": at}), None),
        (json!({"exp": at + day + 60, "iat": null}), None),
        (json!({"exp": at + day + 61, "iat": null}), Some(AuthError::LivesTooLong)),
        // What was issued for too long stays refused until it ends.
        (json!({"exp": at + 60, "iat": at - day - 1}), Some(AuthError::LivesTooLong)),
        // A date of issue ahead of us makes nothing last longer.
        (json!({"exp": at + 2 * day, "iat": at + 2 * day}), Some(AuthError::LivesTooLong)),
        (json!({"exp": 1e300}), Some(AuthError::LivesTooLong)),
        (json!({"exp": 253_402_300_800_u64}), Some(AuthError::LivesTooLong)),
    ] {
        assert_eq!(verdict(changes.clone()).err(), expected, "{changes}");
    }
}

#[test]
fn an_extension_that_must_be_understood_is_refused() {
    for crit in [json!(["b64"]), json!(["exp"]), json!([]), json!(null), json!("b64")] {
        let token = sign(&json!({"alg": "HS256", "b64": false, "crit": crit}), &claims(json!({})), SECRET);
        let refused = authenticator(rules()).verify(&token, now());
        assert!(matches!(refused, Err(AuthError::Critical | AuthError::Malformed)), "{crit}: {refused:?}");
    }
}

#[test]
fn claims_are_judged_one_by_one() {
    let at = now().as_second();
    for (changes, expected) in [
        (json!({"exp": at - 59}), None),
        (json!({"exp": at - 60}), Some(AuthError::Expired)),
        (json!({"exp": at as f64 - 59.5}), None),
        (json!({"exp": -1e300}), Some(AuthError::Expired)),
        (json!({"exp": null}), Some(AuthError::NoExpiry)),
        (json!({"exp": "soon"}), Some(AuthError::Malformed)),
        (json!({"nbf": at + 60}), None),
        (json!({"nbf": at + 61}), Some(AuthError::NotYetValid)),
        (json!({"iss": "https://evil.example.com"}), Some(AuthError::Issuer)),
        (json!({"iss": null}), Some(AuthError::Issuer)),
        (json!({"aud": "another"}), Some(AuthError::Audience)),
        (json!({"aud": null}), Some(AuthError::Audience)),
        (json!({"aud": []}), Some(AuthError::Audience)),
        (json!({"aud": ["another", "landfall"]}), None),
        (json!({"sub": null}), Some(AuthError::Subject)),
        (json!({"sub": ""}), Some(AuthError::Subject)),
        (json!({"sub": 42}), Some(AuthError::Subject)),
        (json!({"sub": "x".repeat(257)}), Some(AuthError::Subject)),
        (json!({"sub": "a\nb"}), Some(AuthError::Subject)),
        (json!({"a claim of others": {"deep": [1]}}), None),
    ] {
        assert_eq!(verdict(changes.clone()).err(), expected, "{changes}");
    }
}

#[test]
fn only_the_configured_algorithm_is_accepted() {
    let auth = authenticator(rules());
    for alg in ["none", "None", "RS256", "HS384", "HS512", "ES256", "EdDSA", "XX1"] {
        let token = sign(&json!({"alg": alg, "typ": "JWT"}), &claims(json!({})), SECRET);
        assert_eq!(auth.verify(&token, now()), Err(AuthError::Algorithm), "{alg}");
    }
    let unsigned = sign(&json!({"alg": "none"}), &claims(json!({})), SECRET);
    let unsigned = format!("{}.", unsigned.rsplit_once('.').unwrap().0);
    assert_eq!(auth.verify(&unsigned, now()), Err(AuthError::Algorithm));
}

#[test]
fn a_touched_token_is_refused() {
    let auth = authenticator(rules());
    let header = json!({"alg": "HS256"});
    let good = sign(&header, &claims(json!({})), SECRET);
    let foreign = sign(&header, &claims(json!({})), OTHER);
    assert_eq!(auth.verify(&foreign, now()), Err(AuthError::Signature));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let admin = sign(&header, &claims(json!({"scope": "admin"})), OTHER);
    let (promoted, _) = admin.rsplit_once('.').unwrap();
    assert_eq!(auth.verify(&format!("{promoted}.{signature}"), now()), Err(AuthError::Signature));
    assert_eq!(auth.verify(&format!("{message}."), now()), Err(AuthError::Signature));
    for garbage in ["", ".", "..", "a.b.c", message, "é.é.é"] {
        assert_eq!(auth.verify(garbage, now()), Err(AuthError::Malformed), "{garbage}");
    }
}

#[test]
fn a_huge_token_is_not_looked_at() {
    let huge = "x".repeat(MAX_TOKEN_BYTES + 1);
    assert_eq!(authenticator(rules()).verify(&huge, now()), Err(AuthError::TooLarge));
}

#[test]
fn headers_are_read_as_rfc_9110_says() {
    let auth = authenticator(rules());
    let token = sign(&json!({"alg": "HS256"}), &claims(json!({})), SECRET);
    assert!(auth.authenticate(Some(&format!("bearer   {token} ")), now()).is_ok());
    assert_eq!(auth.authenticate(None, now()), Err(AuthError::Absent));
    assert_eq!(auth.authenticate(Some("Basic eDp5"), now()), Err(AuthError::NotBearer));
    assert_eq!(auth.authenticate(Some("Bearer"), now()), Err(AuthError::NotBearer));
    assert_eq!(auth.authenticate(Some(&token), now()), Err(AuthError::NotBearer));
}

#[test]
fn scopes_come_as_text_or_list() {
    for (scope, admin) in [
        (json!("admin"), true),
        (json!("read admin write"), true),
        (json!(["read", "admin"]), true),
        (json!("administrator"), false),
        (json!([]), false),
        (json!(null), false),
    ] {
        let identity = verdict(json!({"scope": scope})).unwrap();
        assert_eq!(identity.scopes.allow(Scope::Admin), admin, "{scope}");
    }
}

#[test]
fn without_rules_issuer_and_audience_do_not_matter() {
    let token = sign(&json!({"alg": "HS256"}), &claims(json!({"aud": "x", "iss": null})), SECRET);
    assert!(authenticator(TokenRules::default()).verify(&token, now()).is_ok());
}

#[test]
fn minted_tokens_are_accepted_until_they_end() {
    let auth = authenticator(rules());
    let owner = OwnerId::parse("회원 42").unwrap();
    let scopes = Scopes::from_iter([Scope::Admin]);
    let request = TokenRequest { owner: owner.clone(), ttl: TimeSpan::from_hours(1), scopes: scopes.clone() };
    let token = auth.mint(&request, now());
    assert_eq!(auth.verify(&token, now()), Ok(Identity { owner, scopes, expires_at: now() + TimeSpan::from_hours(1) }));
    let end = now() + TimeSpan::from_hours(1) + TimeSpan::from_secs(60);
    assert_eq!(auth.verify(&token, end), Err(AuthError::Expired));
}

#[test]
fn weak_secrets_are_refused_and_strong_ones_not_shown() {
    assert_eq!(Authenticator::hs256(&SECRET[1..], rules()).err(), Some(WeakSecret { bytes: 31 }));
    let shown = format!("{:?}", authenticator(rules()));
    assert!(!shown.contains("thirty-two"), "{shown}");
}
