//! Problems: the one file where what went wrong becomes what a client reads (RFC 9457).
//!
//! Every error of every use case is matched here by name; there is no conversion that turns "any error" into an
//! answer. *Invariant*: no text of a driver, no path and no secret gets into a problem. What the operator needs goes
//! into the log, under the request id that the problem carries; what the client needs, the next step, is the detail.

mod caller;
mod load;
pub mod operator;
pub mod uppy;

use axum::response::{IntoResponse, Response};
use domain::limits::GRANTS_PER_WEIGHING;
use domain::parts::PartFact;
use domain::{ByteCount, Collection, Incomplete, MediaType, Reason, RoleName, StateName, TimeSpan};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use wire::{ErrorCode, FieldProblem, MissingParts, Problem, WrongPartBody};

use crate::app::{
    AnnounceError, CompleteError, CreateError, DeleteError, FileProblem, FindError, GrantError, PartsError, PatchError,
    PortError, ReadError, WithdrawError,
};
use crate::catalog::{Allowance, CatalogError};
use crate::http::uppy::Dialect;
pub use caller::{login, login_elsewhere, not_admin, origin_not_allowed, page_not_allowed, unauthenticated, watch};
pub use load::{overloaded, peer_rate_limited, rate_limited, too_many_at_once, too_many_streams};

/// The media type of problems.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request is not granted, before it is known which request that was.
#[derive(Debug, Clone)]
pub struct Denial(Box<Facts>);

#[derive(Debug, Clone)]
struct Facts {
    code: ErrorCode,
    detail: String,
    field: Option<String>,
    errors: Vec<FieldProblem>,
    missing: Option<Vec<MissingParts>>,
    wrong: Option<Vec<WrongPartBody>>,
    role: Option<String>,
    reason: Option<Reason>,
    retry_after_seconds: Option<u64>,
    challenge: Option<&'static str>,
}

/// What a client is told to wait when nothing better is known, in seconds.
const fn usual_wait_seconds(code: ErrorCode) -> Option<u64> {
    match code {
        ErrorCode::Conflict | ErrorCode::RateLimited | ErrorCode::Unavailable => Some(1),
        ErrorCode::IdempotencyKeyInProgress => Some(2),
        ErrorCode::StoreUnavailable | ErrorCode::CatalogUnavailable => Some(5),
        // Uploads end when somebody finishes or deletes them, not by waiting a moment.
        ErrorCode::TooManyOpenUploads | ErrorCode::TooManyReservedBytes => Some(60),
        ErrorCode::MalformedRequest
        | ErrorCode::InvalidJson
        | ErrorCode::Unsupported
        | ErrorCode::InvalidRequest
        | ErrorCode::UnknownRole
        | ErrorCode::MissingRole
        | ErrorCode::Unauthorized
        | ErrorCode::Forbidden
        | ErrorCode::OriginNotAllowed
        | ErrorCode::NotFound
        | ErrorCode::MethodNotAllowed
        | ErrorCode::Gone
        | ErrorCode::NotCreated
        | ErrorCode::UploadClosed
        | ErrorCode::UploadIncomplete
        | ErrorCode::UploadRejected
        | ErrorCode::UploadExpired
        | ErrorCode::FileLost
        | ErrorCode::RoleOccupied
        | ErrorCode::IdempotencyKeyReused
        | ErrorCode::BodyTooLarge
        | ErrorCode::UnsupportedMediaType
        | ErrorCode::Internal => None,
    }
}

impl Denial {
    /// A problem of this code; `detail` says what happened and what to do next.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self(Box::new(Facts {
            code,
            detail: detail.into(),
            field: None,
            errors: Vec::new(),
            missing: None,
            wrong: None,
            role: None,
            reason: None,
            retry_after_seconds: usual_wait_seconds(code),
            challenge: None,
        }))
    }

    /// Fields that are wrong; at least one.
    pub fn invalid(mut problems: Vec<FieldProblem>) -> Self {
        assert!(!problems.is_empty(), "a request is not invalid without a reason");
        if problems.len() > 1 {
            let named: Vec<_> =
                problems.iter().map(|problem| format!("{} {}", problem.field, problem.detail)).collect();
            let mut denial = Self::new(ErrorCode::InvalidRequest, named.join("; ")).at(problems[0].field.clone());
            denial.0.errors = problems;
            return denial;
        }
        let FieldProblem { field, detail } = problems.remove(0);
        Self::new(ErrorCode::InvalidRequest, format!("{field} {detail}")).at(field)
    }

    /// One field that is wrong. The detail goes on after the field's name: "must be ...".
    pub fn field(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldProblem { field: field.into(), detail: detail.into() }])
    }

    /// The code, for programs and logs.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    fn at(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    fn because(mut self, reason: Reason) -> Self {
        self.0.reason = Some(reason);
        self
    }

    /// The document, for the request it answers.
    pub fn document(&self, path: &str, request_id: &str) -> Problem {
        let Facts { code, detail, field, errors, missing, wrong, role, reason, .. } = &*self.0;
        Problem {
            kind: format!("/problems/{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.clone(),
            instance: path.to_owned(),
            code: *code,
            message: detail.clone(),
            request_id: request_id.to_owned(),
            uppy_request_id: None,
            retryable: code.is_retryable(),
            field: field.clone(),
            errors: errors.clone(),
            missing: missing.clone(),
            wrong: wrong.clone(),
            role: role.clone(),
            reason: reason.map(|reason| reason.code().to_owned()),
            found: reason.and_then(Reason::found).map(|found| found.media_type().to_owned()),
        }
    }
}

/// An answer without a body. [`write_document`] puts the problem in, when path and request id are known.
impl IntoResponse for Denial {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code.status()).expect("every code has an HTTP status");
        let mut response = status.into_response();
        if let Some(seconds) = self.0.retry_after_seconds {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self.0.challenge {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives a denied response its document, in the dialect of whoever asked.
pub(super) fn write_document(mut response: Response, path: &str, request_id: &str, dialect: Dialect) -> Response {
    let Some(denial) = response.extensions_mut().remove::<Denial>() else { return response };
    let mut document = denial.document(path, request_id);
    if dialect == Dialect::S3 {
        return uppy::write_s3_error(response, &document);
    }
    document.uppy_request_id = (dialect == Dialect::Uppy).then(|| request_id.to_owned());
    let body = serde_json::to_vec(&document).expect("a problem is plain data");
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    *response.body_mut() = body.into();
    response
}

// What happens to requests before any use case.

/// The request does not name its host once.
pub fn malformed_host() -> Denial {
    let detail = "send exactly one Host header, with a host and at most a port (RFC 9112, section 3.2)";
    Denial::new(ErrorCode::MalformedRequest, detail)
}

/// There is no such path.
pub fn unknown_path() -> Denial {
    Denial::new(ErrorCode::NotFound, "there is nothing at this path; /docs lists what there is")
}

/// The path has other methods.
pub fn wrong_method() -> Denial {
    Denial::new(
        ErrorCode::MethodNotAllowed,
        "this path does not take this method; the Allow header names those it takes",
    )
}

/// The path names no asset that could ever be.
pub fn malformed_id() -> Denial {
    Denial::new(
        ErrorCode::NotFound,
        "there is no such asset: its id is `ast_` and 26 characters, as create answered it",
    )
}

/// The path names a collection that is not configured.
pub fn unknown_collection<'a>(known: impl Iterator<Item = &'a str>) -> Denial {
    let known: Vec<_> = known.collect();
    Denial::new(ErrorCode::NotFound, format!("there is no such collection; there are: {}", known.join(", ")))
}

/// The path names a role that no collection can have.
pub fn malformed_role() -> Denial {
    Denial::new(ErrorCode::NotFound, "the asset has no file in such a role")
}

/// A role that the collection does not have, where one is announced or claimed.
pub fn unknown_role(of: &Collection, field: impl Into<String>) -> Denial {
    let known: Vec<_> = of.roles.keys().map(RoleName::as_str).collect();
    let detail = format!("collection {} has no such role; it has: {}", of.name, known.join(", "));
    Denial::new(ErrorCode::UnknownRole, detail).at(field)
}

/// Handling it took too long.
pub fn timed_out() -> Denial {
    Denial::new(ErrorCode::Unavailable, "the server took too long; look at the asset's state, then try again")
}

/// The process is about to end.
pub fn stopping() -> Denial {
    Denial::new(ErrorCode::Unavailable, "the server is shutting down; another one, or the next start, will answer")
}

/// A defect of ours. The log has it under the request id.
pub fn internal() -> Denial {
    Denial::new(ErrorCode::Internal, "the server has a defect; tell its operator the request_id")
}

/// Parts of the server that readiness found failing, with what is wrong.
pub fn unready(failing: Vec<FieldProblem>) -> Denial {
    let fails = |name: &str| failing.iter().any(|part| part.field == name);
    let code = match (fails("catalog"), fails("store") || fails("bucket")) {
        (true, _) => ErrorCode::CatalogUnavailable,
        (false, true) => ErrorCode::StoreUnavailable,
        (false, false) => ErrorCode::Unavailable,
    };
    let named: Vec<_> = failing.iter().map(|part| format!("{} {}", part.field, part.detail)).collect();
    let mut denial = Denial::new(code, format!("not ready: {}", named.join("; ")));
    denial.0.errors = failing;
    denial.0.retry_after_seconds = Some(1);
    denial
}

/// Seconds, rounded up: waiting them is enough. At least 1, because "wait 0 s" means "at once" to clients.
pub fn whole_seconds_up(span: TimeSpan) -> u64 {
    let whole = span.as_secs() + i64::from(span.subsec_nanos() > 0);
    u64::try_from(whole).unwrap_or(0).max(1)
}

// The use cases, one function an error type.

/// A port did not do its part.
pub fn port(error: &PortError) -> Denial {
    tracing::warn!(error = error as &dyn std::error::Error, "a use case could not finish");
    match error {
        PortError::Catalog(error) => catalog(error),
        PortError::Store(_) => Denial::new(
            ErrorCode::StoreUnavailable,
            "the object store cannot be reached; nothing is lost, try the same request again",
        ),
        PortError::Contended => {
            Denial::new(ErrorCode::Conflict, "others changed this asset at the same moment; try the same request again")
        }
        PortError::Bucket(_) | PortError::Skew(_) => Denial::new(
            ErrorCode::StoreUnavailable,
            "the object store is not as the catalog knows it; its operator has been told, try again later",
        ),
        PortError::Presign(_) => internal(),
    }
}

fn catalog(error: &CatalogError) -> Denial {
    let unavailable = |detail| Denial::new(ErrorCode::CatalogUnavailable, detail);
    match error {
        CatalogError::Unavailable(_) | CatalogError::Conflict(_) => {
            unavailable("the catalog cannot be reached; nothing is lost, try the same request again")
        }
        CatalogError::Unknown(_) => {
            unavailable("the catalog did not answer; the request may have been carried out, try the same request again")
        }
        CatalogError::ReadOnly(_) => {
            unavailable("the catalog can be read only at the moment; nothing is lost, try the same request again")
        }
        CatalogError::Unreadable { .. } => internal(),
    }
}

fn gone(reason: Reason) -> Denial {
    let detail = format!("{} Create a new asset if you want to upload it again.", reason.detail());
    Denial::new(ErrorCode::Gone, detail).because(reason)
}

fn missing() -> Denial {
    Denial::new(ErrorCode::NotFound, "there is no such asset, or it is not yours")
}

/// A list could not be read.
pub fn list(error: &PortError) -> Denial {
    port(error)
}

/// An asset could not be shown.
pub fn find(error: &FindError) -> Denial {
    match error {
        FindError::Missing => missing(),
        FindError::Gone(reason) => gone(*reason),
        FindError::Port(error) => port(error),
    }
}

/// An asset could not be created.
pub fn create(error: &CreateError) -> Denial {
    match error {
        CreateError::UnknownRole(role) => {
            Denial::new(ErrorCode::UnknownRole, format!("the collection has no role {role}"))
                .at(format!("files.{role}"))
        }
        CreateError::MissingRole(role) => {
            Denial::new(ErrorCode::MissingRole, format!("announce a file for role {role}: the collection requires it"))
                .at(format!("files.{role}"))
        }
        CreateError::NoFiles => {
            Denial::new(ErrorCode::MissingRole, "announce at least one file: `files` is empty").at("files")
        }
        CreateError::File { role, problem } => file(problem, &format!("files.{role}.")),
        CreateError::KeyReused => Denial::new(
            ErrorCode::IdempotencyKeyReused,
            "this Idempotency-Key came with another body before; send that body again, or another key",
        )
        .at("Idempotency-Key"),
        CreateError::KeyInProgress => Denial::new(
            ErrorCode::IdempotencyKeyInProgress,
            "the first request with this Idempotency-Key is still running; repeat it shortly",
        ),
        CreateError::TooManyOpen(allowance) => too_many_open(*allowance),
        CreateError::TooManyBytes(allowance) => too_many_bytes(*allowance),
        CreateError::Gone(reason) => gone(*reason),
        CreateError::Port(error) => port(error),
    }
}

fn too_many_open(allowance: Allowance) -> Denial {
    let limit = allowance.open_uploads;
    let detail = format!("this owner has {limit} unfinished uploads, which is the limit; complete or delete one first");
    Denial::new(ErrorCode::TooManyOpenUploads, detail)
}

fn too_many_bytes(allowance: Allowance) -> Denial {
    let limit = allowance.reserved_bytes.get();
    let detail =
        format!("this owner's unfinished uploads may reserve {limit} bytes in all; complete or delete one first");
    Denial::new(ErrorCode::TooManyReservedBytes, detail)
}

/// A file that was announced cannot be taken; `prefix` is the path of its object, empty or ending with a dot.
fn file(problem: &FileProblem, prefix: &str) -> Denial {
    match problem {
        FileProblem::TypeNotAccepted { accepted } => {
            let accepted: Vec<_> = accepted.iter().map(|media: &MediaType| media.name()).collect();
            Denial::field(
                format!("{prefix}content_type"),
                format!("is not taken for this role; it takes {}", accepted.join(", ")),
            )
        }
        FileProblem::TooLarge { limit } => Denial::field(format!("{prefix}size"), over(*limit)),
        FileProblem::Unplannable(unplannable) => {
            Denial::field(format!("{prefix}size"), format!("cannot be: {unplannable}"))
        }
    }
}

fn over(limit: ByteCount) -> String {
    format!("is over this role's limit of {} bytes ({limit})", limit.get())
}

/// An asset could not be changed.
pub fn patch(error: &PatchError) -> Denial {
    match error {
        PatchError::Find(error) => find(error),
        PatchError::Port(error) => port(error),
    }
}

/// A file could not be announced.
pub fn announce(error: &AnnounceError, of: &Collection, role: &RoleName) -> Denial {
    match error {
        AnnounceError::Find(error) => find(error),
        AnnounceError::UnknownRole => unknown_role(of, "role"),
        AnnounceError::File(problem) => file(problem, ""),
        AnnounceError::Occupied => Denial::new(
            ErrorCode::RoleOccupied,
            format!(
                "role {role} has a file on its way; complete the asset, or withdraw that file, before announcing another"
            ),
        ),
        AnnounceError::TooManyOpen(allowance) => too_many_open(*allowance),
        AnnounceError::TooManyBytes(allowance) => too_many_bytes(*allowance),
        AnnounceError::Port(error) => port(error),
    }
}

/// A file could not be withdrawn.
pub fn withdraw(error: &WithdrawError, role: &RoleName) -> Denial {
    match error {
        WithdrawError::Find(error) => find(error),
        WithdrawError::Required => {
            Denial::field("role", format!("must stay: the asset cannot be without {role}; delete the asset instead"))
        }
        WithdrawError::Vacant => Denial::new(ErrorCode::NotFound, format!("the asset has no file in role {role}")),
        WithdrawError::Port(error) => port(error),
    }
}

/// Part URLs could not be handed out.
pub fn grant(error: &GrantError, role: &RoleName) -> Denial {
    match error {
        GrantError::Find(error) => find(error),
        GrantError::NotUploading(None) => {
            upload_closed(format!("no file is announced for role {role}; announce one with PUT .../files/{role}"))
        }
        GrantError::NotUploading(Some(state)) => upload_closed(takes_no_parts(*state, role)),
        GrantError::Expired => Denial::new(
            ErrorCode::UploadExpired,
            "the upload's deadline has passed; what has all arrived can still be completed, else create a new asset",
        ),
        GrantError::Rejected(reason) => rejected(role, *reason),
        GrantError::TooManyAtOnce => Denial::field(
            "numbers",
            format!(
                "must name at most {GRANTS_PER_WEIGHING} parts at once: the size of this file was not declared, and what \
                 has arrived is added up between"
            ),
        ),
        GrantError::BeyondPlan { number, part_count } => Denial::field(
            "numbers",
            format!(
                "must be 1 to {part_count}: the file has {part_count} parts, and part {} was asked for",
                number.get()
            ),
        ),
        GrantError::Port(error) => port(error),
    }
}

fn upload_closed(detail: String) -> Denial {
    Denial::new(ErrorCode::UploadClosed, detail)
}

fn takes_no_parts(state: StateName, role: &RoleName) -> String {
    match state {
        StateName::Reserved | StateName::Uploading => format!("role {role} takes no parts just now; try again"),
        StateName::Committing | StateName::Verified => {
            format!("everything for role {role} has arrived and is being verified; look at the asset's state")
        }
        StateName::Created => format!("role {role} is published; announce a new file to replace it"),
        StateName::Deleting | StateName::Closed => {
            format!("the file for role {role} has ended; announce the role again with PUT .../files/{role}")
        }
    }
}

/// Parts could not be listed.
pub fn parts(error: &PartsError, role: &RoleName) -> Denial {
    match error {
        PartsError::Find(error) => find(error),
        PartsError::NotUploading => upload_closed(format!(
            "role {role} has no file on its way, so there are no parts to list; look at the asset"
        )),
        PartsError::Port(error) => port(error),
    }
}

/// An asset could not be completed.
pub fn complete(error: &CompleteError, of: &Collection) -> Denial {
    match error {
        CompleteError::Find(error) => find(error),
        CompleteError::UnknownRole(role) if of.roles.contains_key(role) => {
            Denial::new(ErrorCode::UnknownRole, format!("no file was announced for role {role}"))
                .at(format!("files.{role}"))
        }
        CompleteError::UnknownRole(role) => unknown_role(of, format!("files.{role}")),
        CompleteError::ChecksumConflict(role) => Denial::field(
            format!("files.{role}.checksum"),
            "must be of the algorithm, and have the value, that was announced for this file",
        ),
        CompleteError::Incomplete(files) => incomplete(files.iter()),
        CompleteError::Unclaimed(role) => Denial::field(
            format!("files.{role}.parts"),
            "is required: the size of this file was not declared, so only your list says where it ends. List every part \
             you sent, with the ETag the store answered",
        ),
        CompleteError::Rejected { role, reason } => rejected(role, *reason),
        CompleteError::Port(error) => port(error),
    }
}

fn rejected(role: &RoleName, reason: Reason) -> Denial {
    let detail = format!(
        "{} The file for role {role} was removed; announce it again with PUT .../files/{role}.",
        reason.detail()
    );
    let mut denial = Denial::new(ErrorCode::UploadRejected, detail).because(reason);
    denial.0.role = Some(role.to_string());
    denial
}

fn incomplete<'a>(files: impl Iterator<Item = (&'a RoleName, &'a Incomplete)>) -> Denial {
    let (mut missing, mut wrong) = (Vec::new(), Vec::new());
    for (role, what) in files {
        if !what.missing.is_empty() {
            let numbers = what.missing.iter().map(|number| number.get()).collect();
            missing.push(MissingParts { role: role.to_string(), numbers });
        }
        wrong.extend(what.wrong.iter().map(|part| WrongPartBody {
            role: role.to_string(),
            number: part.number.get(),
            expected: fact(&part.expected),
            got: fact(&part.got),
        }));
    }
    let absent: usize = missing.iter().map(|role| role.numbers.len()).sum();
    let detail = format!(
        "parts missing: {absent}, parts not as planned: {}; send them with URLs from part-urls, then complete again",
        wrong.len()
    );
    let mut denial = Denial::new(ErrorCode::UploadIncomplete, detail);
    denial.0.missing = Some(missing);
    denial.0.wrong = Some(wrong);
    denial
}

fn fact(fact: &PartFact) -> String {
    match fact {
        PartFact::Absent => "absent".to_owned(),
        PartFact::Size(size) => size.get().to_string(),
        PartFact::AtLeast(size) => format!("at least {}", size.get()),
        PartFact::ETag(etag) => etag.as_str().to_owned(),
    }
}

/// An asset could not be deleted.
pub fn delete(error: &DeleteError) -> Denial {
    match error {
        DeleteError::Missing => missing(),
        DeleteError::Port(error) => port(error),
    }
}

/// There is nothing to read.
pub fn read(error: &ReadError, role: &RoleName) -> Denial {
    match error {
        ReadError::Find(error) => find(error),
        ReadError::NoSuchRole => Denial::new(ErrorCode::NotFound, format!("the asset has no file in role {role}")),
        ReadError::NotCreated => Denial::new(
            ErrorCode::NotCreated,
            format!("the file for role {role} is not published yet; it can be read once the asset is CREATED"),
        ),
        ReadError::Lost(since) => Denial::new(
            ErrorCode::FileLost,
            format!(
                "the object of role {role} is missing from the store since {since}, or longer; its operator has been \
                 told. Announce the role again with PUT .../files/{role} to replace it"
            ),
        ),
        ReadError::Port(error) => port(error),
    }
}
