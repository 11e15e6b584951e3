//! What surrounds the S3 protocol: request ids, preflights, early refusals, faults in answers, and the headers every
//! answer carries. The protocol itself is s3s's; nothing here touches an object.

use crate::access::{self, Passage};
use crate::answer::{self, Ids, render};
use crate::chunks::{Chunks, Framed};
use crate::cors::{self, CorsRequest, CorsRule};
use crate::disk::Disk;
use crate::faults::{Fault, FaultControl};
use crate::form::{self, Forms};
use crate::pace::Paced;
use crate::refusal::custom;
use crate::{clock, entropy};
use connections::RequestBody;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header, request::Parts};
use jiff::fmt::rfc2822;
use s3s::service::S3Service;
use s3s::{Body, S3Error, S3ErrorCode};
use std::sync::Arc;

/// Answers requests.
pub(crate) struct Gateway {
    pub(crate) service: S3Service,
    pub(crate) forms: Forms,
    pub(crate) disk: Arc<Disk>,
    pub(crate) faults: FaultControl,
    pub(crate) region: String,
}

/// No answer is to be sent: the connection is closed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Lost {
    #[error("the answer was lost on purpose")]
    OnPurpose,
    #[error("the protocol layer failed")]
    Protocol(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Gateway {
    /// Answers one request, CORS and all.
    pub(crate) async fn answer(&self, request: http::Request<RequestBody>) -> Result<Response<Body>, Lost> {
        let (mut head, body) = request.into_parts();
        let rules = self.rules_of(head.uri.path());
        let asked = Asked::of(&head);
        let (method, path) = (head.method.clone(), head.uri.path().to_owned());
        let passage = Arc::new(Passage::default());
        let mut answer = if head.method == Method::OPTIONS {
            preflight(&head, rules.as_deref())
        } else if let Err(refusal) = access::precheck(&mut head, &self.region, clock::now()) {
            render(refusal)
        } else {
            self.perform(head, body, &passage).await?
        };
        apply_after_effect(&mut answer, passage.fault())?;
        if let (Some(rules), Some(asked)) = (&rules, &asked)
            && let Some(rule) = cors::find(rules, &asked.request())
        {
            cors::grant(answer.headers_mut(), rule, &asked.request());
        }
        if rules.is_some() {
            cors::vary(answer.headers_mut());
        }
        hide_etag(&mut answer, passage.fault());
        let is_error = !answer.status().is_success() || passage.fault().is_some_and(Fault::is_error_body);
        let ids = new_ids();
        let answer =
            if is_error && method != Method::HEAD { answer::complete(answer, &ids, &path).await } else { answer };
        Ok(finish(answer, &method, &ids))
    }

    async fn perform(
        &self,
        mut head: Parts,
        body: RequestBody,
        passage: &Arc<Passage>,
    ) -> Result<Response<Body>, Lost> {
        head.extensions.insert(Arc::clone(passage));
        let slow = self.faults.slows_bodies();
        let pace = |body: Body| if slow { Body::http_body(Paced::new(body, Arc::clone(passage))) } else { body };
        let incoming = pace(match Chunks::of(&head.headers) {
            Some(chunks) => Body::http_body(Framed::new(body, chunks)),
            None => Body::http_body(body),
        });
        if form::is_form(&head.method, &head.headers) {
            return Ok(self.forms.take(&head, incoming, passage).await.unwrap_or_else(render));
        }
        let answer = self.service.call(http::Request::from_parts(head, incoming)).await;
        Ok(answer.map_err(|error| Lost::Protocol(error.into()))?.map(pace))
    }

    fn rules_of(&self, path: &str) -> Option<Vec<CorsRule>> {
        let name = path.strip_prefix('/')?.split('/').next()?;
        let rules = self.disk.find_bucket(name)?.record().cors.clone();
        (!rules.is_empty()).then_some(rules)
    }
}

/// What a browser asks, kept while the request is consumed.
struct Asked {
    origin: String,
    method: String,
    headers: Option<String>,
}

impl Asked {
    fn of(head: &Parts) -> Option<Self> {
        let text = |name: HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let origin = text(header::ORIGIN)?;
        if head.method == Method::OPTIONS {
            let method = text(header::ACCESS_CONTROL_REQUEST_METHOD)?;
            return Some(Self { origin, method, headers: text(header::ACCESS_CONTROL_REQUEST_HEADERS) });
        }
        Some(Self { origin, method: head.method.to_string(), headers: None })
    }

    fn request(&self) -> CorsRequest<'_> {
        CorsRequest { origin: &self.origin, method: &self.method, headers: self.headers.as_deref() }
    }
}

/// The status of a preflight's answer; its headers are granted as for any other answer.
fn preflight(head: &Parts, rules: Option<&[CorsRule]>) -> Response<Body> {
    let bad = |message| render(custom("BadRequest", StatusCode::BAD_REQUEST, message));
    let forbidden = |message| render(custom("AccessForbidden", StatusCode::FORBIDDEN, message));
    if !head.headers.contains_key(header::ORIGIN) {
        return bad("Insufficient information. Origin request header needed.");
    }
    let Some(asked) = Asked::of(head) else {
        return bad("Invalid Access-Control-Request-Method: null");
    };
    let Some(rules) = rules else {
        return forbidden("CORSResponse: CORS is not enabled for this bucket.");
    };
    if cors::find(rules, &asked.request()).is_none() {
        return forbidden(
            "CORSResponse: This CORS request is not allowed. Check the origin, method and headers against the bucket's CORS rules.",
        );
    }
    Response::new(Body::empty())
}

fn apply_after_effect(answer: &mut Response<Body>, fault: Option<&Fault>) -> Result<(), Lost> {
    let internal =
        || S3Error::with_message(S3ErrorCode::InternalError, "We encountered an internal error. Please try again.");
    match fault {
        Some(Fault::AnswerLost) => return Err(Lost::OnPurpose),
        Some(Fault::AnswerReplaced) => *answer = render(internal()),
        Some(Fault::ErrorBodyAfterEffect) => {
            let mut error = internal();
            error.set_status_code(StatusCode::OK);
            *answer = render(error);
        }
        Some(
            Fault::Expired
            | Fault::Delay(_)
            | Fault::BytesPerSecond(_)
            | Fault::InternalError
            | Fault::SlowDown
            | Fault::ErrorBody
            | Fault::HiddenETag
            | Fault::DiskFull,
        )
        | None => {}
    }
    Ok(())
}

fn hide_etag(answer: &mut Response<Body>, fault: Option<&Fault>) {
    if fault != Some(&Fault::HiddenETag) {
        return;
    }
    let headers = answer.headers_mut();
    headers.remove(header::ETAG);
    let Some(exposed) = headers.get(header::ACCESS_CONTROL_EXPOSE_HEADERS).and_then(|v| v.to_str().ok()) else {
        return;
    };
    let rest: Vec<&str> = exposed.split(',').map(str::trim).filter(|name| !name.eq_ignore_ascii_case("etag")).collect();
    match HeaderValue::try_from(rest.join(", ")) {
        Ok(value) if !rest.is_empty() => {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, value);
        }
        Ok(_) | Err(_) => {
            headers.remove(header::ACCESS_CONTROL_EXPOSE_HEADERS);
        }
    }
}

fn new_ids() -> Ids {
    let host = entropy::random_id().to_string().to_ascii_uppercase();
    Ids { request: host[..16].to_owned(), host }
}

/// What every answer carries, and what some may not.
fn finish(mut answer: Response<Body>, method: &Method, ids: &Ids) -> Response<Body> {
    let status = answer.status();
    if status == StatusCode::NOT_MODIFIED || *method == Method::HEAD && !status.is_success() {
        *answer.body_mut() = Body::empty();
        answer.headers_mut().remove(header::CONTENT_TYPE);
    }
    let headers: &mut HeaderMap = answer.headers_mut();
    for (name, id) in [("x-amz-request-id", &ids.request), ("x-amz-id-2", &ids.host)] {
        if let Ok(value) = HeaderValue::try_from(id) {
            headers.insert(name, value);
        }
    }
    // hyper's own is kept until the clock has passed it: for hours, where the clock was set back.
    if let Ok(date) = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&clock::now())
        && let Ok(date) = HeaderValue::try_from(date)
    {
        headers.insert(header::DATE, date);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}
