//! Who may do what: credentials for s3s's signature check, what AWS checks beyond it, and where faults strike.
//!
//! s3s verifies the signature itself. [`precheck`] refuses before that what AWS refuses and s3s would not (or with
//! another code); [`identify`] looks at what was signed once the signature is known to be good; [`Guard`] decides when the
//! operation is known too.
//! *Invariant:* an anonymous request reads objects of public buckets, and nothing about any other bucket can be told
//! from its answers.

use crate::Credentials;
use crate::contract::{self, Judgement};
use crate::disk::Disk;
use crate::faults::{Fault, FaultControl};
use crate::refusal::{Refusal, custom};
use crate::signature::{self, Claim, DatedBy, Signed};
use crate::verified::{Overrides, Taken};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header, request::Parts};
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
}

impl Passage {
    pub(crate) fn fault(&self) -> Option<&Fault> {
        self.fault.get()
    }
}

/// The access keys.
#[derive(Clone)]
pub(crate) struct Keyring {
    secrets: Arc<HashMap<String, SecretKey>>,
}

impl Keyring {
    pub(crate) fn new(credentials: &[Credentials]) -> Self {
        let secret = |c: &Credentials| (c.access_key_id.clone(), SecretKey::from(c.secret_access_key.as_str()));
        Self { secrets: Arc::new(credentials.iter().map(secret).collect()) }
    }

    pub(crate) fn secret(&self, access_key: &str) -> S3Result<&SecretKey> {
        self.secrets.get(access_key).ok_or_else(|| {
            S3Error::with_message(
                S3ErrorCode::InvalidAccessKeyId,
                "The AWS Access Key Id you provided does not exist in our records.",
            )
        })
    }
}

#[async_trait::async_trait]
impl S3Auth for Keyring {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        self.secret(access_key).cloned()
    }
}

/// Who sends a request, once s3s has verified its signature. In a request's extensions, which no client can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    Anonymous,
    Signer(Signed),
}

/// Decides once operation and identity are known.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) disk: Arc<Disk>,
    pub(crate) public_buckets: Arc<BTreeSet<String>>,
    pub(crate) faults: FaultControl,
}

#[async_trait::async_trait]
impl S3Access for Guard {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let operation = cx.s3_op().name().to_owned();
        let identity = cx.extensions_mut().get::<Identity>().copied().unwrap_or(Identity::Anonymous);
        if identity == Identity::Anonymous {
            self.admit_anonymous(cx, &operation)?;
        }
        let taken = cx.extensions_mut().get::<Taken>().cloned().unwrap_or_default();
        let headers = cx.headers().iter().chain(taken.headers());
        if let Judgement::NeverSet { code, status } = contract::judge(&operation, headers, cx.uri())? {
            self.disk.bucket(cx.s3_path().get_bucket_name().unwrap_or_default())?;
            return Err(custom(code, status, "The specified configuration does not exist."));
        }
        let key = cx.s3_path().get_object_key().unwrap_or_default().to_owned();
        let passage = cx.extensions_mut().get::<Arc<Passage>>().cloned();
        self.strike(&operation, &key, identity, passage.as_deref()).await
    }
}

impl Guard {
    fn admit_anonymous(&self, cx: &mut S3AccessContext<'_>, operation: &str) -> S3Result<()> {
        let (bucket, _) = cx.s3_path().as_object().ok_or_else(denied)?;
        if !matches!(operation, "GetObject" | "HeadObject") || !self.public_buckets.contains(bucket) {
            return Err(denied());
        }
        let query = cx.uri().query().unwrap_or_default();
        if signature::names(query).any(|name| name == "versionId") {
            return Err(denied());
        }
        if cx.extensions_mut().get::<Overrides>().is_some_and(|wishes| !wishes.is_empty()) {
            return Err(S3Error::with_message(
                S3ErrorCode::InvalidRequest,
                "Request specific response headers cannot be used for anonymous GET requests.",
            ));
        }
        Ok(())
    }

    /// Lets a fault happen to a request, if one is meant for it.
    pub(crate) async fn strike(
        &self,
        operation: &str,
        key: &str,
        identity: Identity,
        passage: Option<&Passage>,
    ) -> S3Result<()> {
        let fits = |fault: &Fault| identity == Identity::Signer(Signed::Query) || *fault != Fault::Expired;
        let Some(fault) = self.faults.strike(operation, key, fits) else { return Ok(()) };
        if let Some(passage) = passage {
            // Set once: a request passes here once.
            let _ = passage.fault.set(fault.clone());
        }
        tracing::debug!(%operation, ?fault, "a fault on purpose");
        suffer(fault).await
    }
}

pub(crate) fn denied() -> S3Error {
    S3Error::with_message(S3ErrorCode::AccessDenied, "Access Denied")
}

/// Who sends a request whose signature s3s has found good, or absent. AWS wants `host` and every `x-amz-*` header that is
/// sent to be signed; the body's hash may go unsigned in a presigned request.
pub(crate) fn identify(
    found: SignatureCheck,
    uri: &Uri,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> S3Result<Identity> {
    let claim = match (found, Claim::of(uri, headers)?) {
        (SignatureCheck::Absent, None) => return Ok(Identity::Anonymous),
        (SignatureCheck::Good, Some(claim)) => claim,
        // Whatever s3s and we read differently is not let through.
        (SignatureCheck::Absent, Some(_)) | (SignatureCheck::Good, None) => return Err(denied()),
    };
    let is_ours = |name: &str| name == "x-amz-date" && extensions.get::<DatedBy>() == Some(&DatedBy::Date);
    let unsigned = headers.keys().map(HeaderName::as_str).find(|name| {
        name.starts_with("x-amz-") && *name != "x-amz-content-sha256" && !claim.signs(name) && !is_ours(name)
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
    Ok(Identity::Signer(claim.signed))
}

/// What s3s found of a signature; a bad one it refuses itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureCheck {
    Good,
    Absent,
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

/// Refuses malformed, foreign and untimely signatures with AWS's codes, before s3s looks at them. A request that is dated
/// by its `Date` header gets the same time as `x-amz-date`, the only one s3s reads.
pub(crate) fn precheck(request: &mut Parts, region: &str, now: Timestamp) -> S3Result<()> {
    if request.headers.get_all(header::HOST).iter().count() > 1 {
        return Err(S3Error::with_message(S3ErrorCode::InvalidRequest, "A request names one host."));
    }
    signature::check_names(&request.uri, &request.headers)?;
    let Some(claim) = Claim::of(&request.uri, &request.headers)? else { return Ok(()) };
    claim.check_scope(region)?;
    let age = now.duration_since(claim.date).as_secs();
    match claim.signed {
        Signed::Query if age < -MAX_SKEW_SECONDS => {
            return Err(S3Error::with_message(S3ErrorCode::AccessDenied, "Request is not valid yet"));
        }
        Signed::Header if age.abs() > MAX_SKEW_SECONDS => {
            return Err(S3Error::with_message(
                S3ErrorCode::RequestTimeTooSkewed,
                "The difference between the request time and the current time is too large.",
            ));
        }
        Signed::Query | Signed::Header | Signed::Form => {}
    }
    if claim.dated_by == DatedBy::Date
        && let Ok(date) = HeaderValue::try_from(signature::format_date(claim.date))
    {
        request.headers.insert("x-amz-date", date);
        request.extensions.insert(DatedBy::Date);
    }
    Ok(())
}
