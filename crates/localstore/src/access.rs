//! Who may do what: credentials for s3s's signature check, what AWS checks beyond it, and where faults strike.
//!
//! s3s verifies the signature itself. [`precheck`] refuses before that what AWS refuses and s3s would not (or with
//! another code); [`Guard`] decides once the signature is known to be good and the operation is known.
//! *Invariant:* an anonymous request reads objects of public buckets, and nothing about any other bucket can be told
//! from its answers.

use crate::Credentials;
use crate::faults::{Fault, FaultControl};
use crate::form;
use crate::refusal::Refusal;
use crate::signature::{self, Claim, Signed};
use http::{StatusCode, request::Parts};
use jiff::Timestamp;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::{S3Error, S3ErrorCode, S3Result};
use std::{
    collections::{BTreeSet, HashMap},
    io,
    sync::{Arc, OnceLock},
};

/// How far a signer's clock may be off: AWS allows 15 minutes.
pub(crate) const MAX_SKEW_SECONDS: i64 = 15 * 60;
/// A presigned URL lives for a week at most.
pub(crate) const MAX_PRESIGNED_SECONDS: i64 = 7 * 24 * 60 * 60;

/// What is learnt about a request on its way in, for the treatment of its answer.
#[derive(Debug, Default)]
pub(crate) struct Passage {
    fault: OnceLock<Fault>,
    file_name: OnceLock<String>,
}

impl Passage {
    pub(crate) fn fault(&self) -> Option<&Fault> {
        self.fault.get()
    }

    /// The name of a form upload's file, once it has passed.
    pub(crate) fn file_name(&self) -> Option<&str> {
        self.file_name.get().map(String::as_str)
    }

    /// Notes a form upload's file name; the first one counts.
    pub(crate) fn note_file_name(&self, name: String) {
        let _ = self.file_name.set(name);
    }
}

/// The access keys.
pub(crate) struct Keyring {
    secrets: HashMap<String, SecretKey>,
}

impl Keyring {
    pub(crate) fn new(credentials: &[Credentials]) -> Self {
        let secret = |c: &Credentials| (c.access_key_id.clone(), SecretKey::from(c.secret_access_key.as_str()));
        Self { secrets: credentials.iter().map(secret).collect() }
    }
}

#[async_trait::async_trait]
impl S3Auth for Keyring {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        self.secrets.get(access_key).cloned().ok_or_else(|| {
            S3Error::with_message(
                S3ErrorCode::InvalidAccessKeyId,
                "The AWS Access Key Id you provided does not exist in our records.",
            )
        })
    }
}

/// Decides once operation and identity are known.
pub(crate) struct Guard {
    pub(crate) public_buckets: BTreeSet<String>,
    pub(crate) faults: FaultControl,
}

#[async_trait::async_trait]
impl S3Access for Guard {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let operation = cx.s3_op().name().to_owned();
        let signed = match cx.credentials() {
            None => {
                self.admit_anonymous(cx, &operation)?;
                None
            }
            Some(_) => Some(check_what_was_signed(cx)?),
        };
        let key = cx.s3_path().get_object_key().unwrap_or_default().to_owned();
        let presigned = matches!(signed, Some(Signed::Query));
        let fits = |fault: &Fault| presigned || *fault != Fault::Expired;
        let Some(fault) = self.faults.strike(&operation, &key, fits) else { return Ok(()) };
        if let Some(passage) = cx.extensions_mut().get::<Arc<Passage>>() {
            // Set once: a request passes here once.
            let _ = passage.fault.set(fault.clone());
        }
        tracing::debug!(%operation, ?fault, "a fault on purpose");
        suffer(fault).await
    }
}

impl Guard {
    fn admit_anonymous(&self, cx: &S3AccessContext<'_>, operation: &str) -> S3Result<()> {
        let denied = || S3Error::with_message(S3ErrorCode::AccessDenied, "Access Denied");
        let (bucket, _) = cx.s3_path().as_object().ok_or_else(denied)?;
        if !matches!(operation, "GetObject" | "HeadObject") || !self.public_buckets.contains(bucket) {
            return Err(denied());
        }
        let query = cx.uri().query().unwrap_or_default();
        let names = || signature::names(query);
        if names().any(|name| name == "versionId") {
            return Err(denied());
        }
        if names().any(|name| name.starts_with("response-")) {
            return Err(S3Error::with_message(
                S3ErrorCode::InvalidRequest,
                "Request specific response headers cannot be used for anonymous GET requests.",
            ));
        }
        Ok(())
    }
}

/// AWS wants `host` and every `x-amz-*` header that is sent to be signed; the body's hash may go unsigned in a
/// presigned request. Form uploads sign their policy instead.
fn check_what_was_signed(cx: &S3AccessContext<'_>) -> S3Result<Signed> {
    let Some(claim) = Claim::of(cx.uri(), cx.headers())? else {
        if form::is_form(cx.method(), cx.headers()) {
            return Ok(Signed::Form);
        }
        return Err(S3Error::with_message(S3ErrorCode::AccessDenied, "Access Denied"));
    };
    let unsigned = cx.headers().keys().find(|name| {
        let name = name.as_str();
        name.starts_with("x-amz-") && name != "x-amz-content-sha256" && !claim.signs(name)
    });
    if let Some(name) = unsigned {
        return Err(S3Error::with_message(
            S3ErrorCode::AccessDenied,
            format!("There were headers present in the request which were not signed: {name}"),
        ));
    }
    if claim.has_token {
        return Err(S3Error::with_message(
            S3ErrorCode::InvalidToken,
            "The provided token is malformed or otherwise invalid: this store has no temporary credentials.",
        ));
    }
    Ok(claim.signed)
}

/// The part of a fault that comes before its request's effect.
async fn suffer(fault: Fault) -> S3Result<()> {
    let say = |code, message: &'static str| Err(S3Error::with_message(code, message));
    match fault {
        Fault::Expired => say(S3ErrorCode::AccessDenied, "Request has expired"),
        Fault::InternalError => say(S3ErrorCode::InternalError, "We encountered an internal error. Please try again."),
        Fault::SlowDown => say(S3ErrorCode::SlowDown, "Please reduce your request rate."),
        Fault::ErrorBody => {
            let mut error = S3Error::with_message(
                S3ErrorCode::InternalError,
                "We encountered an internal error. Please try again.",
            );
            error.set_status_code(StatusCode::OK);
            Err(error)
        }
        Fault::DiskFull => Err(Refusal::Io(io::ErrorKind::StorageFull.into()).into()),
        Fault::Delay(time) => {
            tokio::time::sleep(time).await;
            Ok(())
        }
        Fault::BytesPerSecond(_)
        | Fault::AnswerLost
        | Fault::AnswerReplaced
        | Fault::ErrorBodyAfterEffect
        | Fault::HiddenETag => Ok(()),
    }
}

/// Refuses malformed, foreign and untimely signatures with AWS's codes, before s3s looks at them.
///
/// Escapes in the *name* of a query parameter are refused first: s3s decodes names and we compare them as they stand, so
/// an escaped `X-Amz-Signature` or `versionId` would be one thing to it and another to us. No client escapes them.
pub(crate) fn precheck(request: &Parts, region: &str, now: Timestamp) -> S3Result<()> {
    if signature::names(request.uri.query().unwrap_or_default()).any(|name| name.contains(['%', '+'])) {
        return Err(S3Error::with_message(
            S3ErrorCode::InvalidURI,
            "The name of a query parameter must not be escaped.",
        ));
    }
    let Some(claim) = Claim::of(&request.uri, &request.headers)? else { return Ok(()) };
    if !claim.signs("host") {
        return Err(claim.malformed("the Host header must be signed"));
    }
    if claim.region != region {
        return Err(claim.malformed(&format!("the region '{}' is wrong; expecting '{region}'", claim.region)));
    }
    if claim.service != "s3" {
        return Err(claim.malformed(&format!("incorrect service '{}'; this endpoint belongs to 's3'", claim.service)));
    }
    let age = now.duration_since(claim.date).as_secs();
    match claim.signed {
        Signed::Query if age < -MAX_SKEW_SECONDS => {
            Err(S3Error::with_message(S3ErrorCode::AccessDenied, "Request is not valid yet"))
        }
        Signed::Header if age.abs() > MAX_SKEW_SECONDS => Err(S3Error::with_message(
            S3ErrorCode::RequestTimeTooSkewed,
            "The difference between the request time and the current time is too large.",
        )),
        Signed::Query | Signed::Header | Signed::Form => Ok(()),
    }
}
