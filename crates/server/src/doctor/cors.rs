//! May pages of the configured origins send parts and read objects, and see the ETag?

use aws_sdk_s3::types::CorsRule;
use domain::Visibility;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::finding::Finding;
use super::patient::{Opened, Patient};
use super::refusal::Refusal;
use crate::store::SigningCredentials;

/// Names our rule among others.
pub(super) const RULE_ID: &str = "landfall";
/// How long a browser may keep a preflight's answer, in seconds: an hour, the time a part URL lives by default.
const PREFLIGHT_KEPT_SECONDS: i32 = 3600;
/// Stands for "any page", where no origin is configured.
const ANY_PAGE: &str = "https://any-page.example";

/// The rule that pages need.
pub(super) fn wanted(origins: &[String]) -> CorsRule {
    let texts = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
    CorsRule::builder()
        .id(RULE_ID)
        .set_allowed_origins(if origins.is_empty() { texts(&["*"]) } else { Some(origins.to_vec()) })
        .set_allowed_methods(texts(&["GET", "HEAD", "PUT"]))
        .set_allowed_headers(texts(&["*"]))
        .set_expose_headers(texts(&["Accept-Ranges", "Content-Length", "Content-Range", "ETag", "x-amz-request-id"]))
        .max_age_seconds(PREFLIGHT_KEPT_SECONDS)
        .build()
        .expect("origins and methods are set")
}

/// The rules a bucket has.
pub(super) async fn current(patient: &Patient, bucket: &str) -> Result<Vec<CorsRule>, Refusal> {
    match patient.client().get_bucket_cors().bucket(bucket).send().await {
        Ok(answer) => Ok(answer.cors_rules.unwrap_or_default()),
        Err(error) => match Refusal::of(&error) {
            refusal if refusal.has_code("NoSuchCORSConfiguration") => Ok(Vec::new()),
            refusal => Err(refusal),
        },
    }
}

/// The bucket's rules with ours among them: those of others stay as they are.
pub(super) fn merged(current: Vec<CorsRule>, ours: CorsRule) -> Vec<CorsRule> {
    let others = current.into_iter().filter(|rule| rule.id() != ours.id());
    others.chain([ours.clone()]).collect()
}

/// A rule as `aws s3api` spells it.
pub(super) fn spelled(rule: &CorsRule) -> Value {
    json!({
        "ID": rule.id(),
        "AllowedOrigins": rule.allowed_origins(),
        "AllowedMethods": rule.allowed_methods(),
        "AllowedHeaders": rule.allowed_headers(),
        "ExposeHeaders": rule.expose_headers(),
        "MaxAgeSeconds": rule.max_age_seconds(),
    })
}

pub(super) async fn examine(patient: &Patient, findings: &mut Vec<Finding>) {
    let Ok(credentials) = patient.credentials().await else { return };
    let origins = &patient.terms.origins;
    let asked = if origins.is_empty() { vec![ANY_PAGE.to_owned()] } else { origins.clone() };
    for visibility in super::BUCKETS {
        let Ok(upload) = patient.open(visibility, "cors").await else { continue };
        for origin in &asked {
            look(patient, &credentials, visibility, &upload, origin, findings).await;
        }
    }
}

async fn look(
    patient: &Patient,
    credentials: &SigningCredentials,
    visibility: Visibility,
    upload: &Opened<'_>,
    origin: &str,
    findings: &mut Vec<Finding>,
) {
    const PREFLIGHT: &str = "cors.preflight";
    const PREFLIGHT_WHY: &str = "Without it browsers send no parts and players read no ranges.";
    const EXPOSED: &str = "cors.etag";
    const EXPOSED_WHY: &str = "Landfall does not need it, but uploaders that check their parts read the ETag.";
    let bucket = patient.bucket(visibility);
    let url = patient.part_url(credentials, upload, 4, patient.clock.now());
    let mut wrong = Vec::new();
    for (method, headers) in [("PUT", "content-type,x-amz-checksum-sha256"), ("GET", "range")] {
        wrong.extend(preflight(patient, url.expose(), origin, method, headers).await);
    }
    if !wrong.is_empty() {
        findings.push(
            Finding::fail(
                PREFLIGHT,
                format!("{origin}: {}", wrong.join("; ")),
                PREFLIGHT_WHY,
                fix(patient, bucket).await,
            )
            .about(bucket),
        );
        return;
    }
    findings
        .push(Finding::ok(PREFLIGHT, format!("{origin} may PUT parts and GET ranges"), PREFLIGHT_WHY).about(bucket));
    let sent = patient.http.put(url.expose()).header("origin", origin).body("four").send().await;
    // What a URL that does not work means, is found elsewhere.
    let Ok(answer) = sent.and_then(reqwest::Response::error_for_status) else { return };
    let exposed = lists(answer.headers(), "access-control-expose-headers", "etag");
    let named = answer.headers().contains_key("etag");
    findings.push(
        match (named, exposed) {
            (true, true) => Finding::ok(EXPOSED, format!("{origin} sees the ETag of a part"), EXPOSED_WHY),
            (false, _) => {
                let fix = super::Fix::advice("something between takes the ETag away: name the store itself");
                Finding::warning(EXPOSED, "a part's answer has no ETag", EXPOSED_WHY, fix)
            }
            (true, false) => {
                let seen = format!("{origin} does not see the ETag of a part");
                Finding::warning(EXPOSED, seen, EXPOSED_WHY, fix(patient, bucket).await)
            }
        }
        .about(bucket),
    );
}

/// What a browser would miss in the answer to its preflight.
async fn preflight(patient: &Patient, url: &str, origin: &str, method: &str, headers: &str) -> Option<String> {
    let request = patient.http.request(Method::OPTIONS, url).header("origin", origin);
    let request = request.header("access-control-request-method", method);
    let Ok(answer) = request.header("access-control-request-headers", headers).send().await else {
        return Some(format!("{method}: no answer"));
    };
    if !answer.status().is_success() {
        return Some(format!("{method}: {}", answer.status().as_u16()));
    }
    let found = answer.headers();
    let allowed = found.get("access-control-allow-origin").is_some_and(|value| value == origin || value == "*");
    if !allowed {
        return Some(format!("{method}: the origin is not allowed"));
    }
    if !lists(found, "access-control-allow-methods", method) {
        return Some(format!("{method}: the method is not allowed"));
    }
    let missing = headers.split(',').find(|header| !lists(found, "access-control-allow-headers", header));
    missing.map(|header| format!("{method}: the header {header} is not allowed"))
}

/// Whether a header of comma-separated words has one, in any case, or is `*`.
fn lists(headers: &HeaderMap, name: &str, wanted: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case(wanted) || word.trim() == "*")
}

/// How the bucket comes to our rule.
pub(super) async fn fix(patient: &Patient, bucket: &str) -> super::Fix {
    let ours = wanted(&patient.terms.origins);
    let rules = merged(current(patient, bucket).await.unwrap_or_default(), ours.clone());
    let rules: Vec<Value> = rules.iter().map(spelled).collect();
    patient.fixes.cors(bucket, &json!(rules), &spelled(&ours))
}
