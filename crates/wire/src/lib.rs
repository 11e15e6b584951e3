//! The bodies and error codes of the HTTP API: what stands on the wire, and no behaviour.
//!
//! Server and client share these types, so neither can misspell a field. Names are snake_case; times are RFC 3339 in
//! UTC; sizes are bytes. Every request body refuses fields it does not know.

mod admin;
mod asset;
mod capability;
mod code;
mod collection;
mod grant;
mod job;
mod object;
mod overview;
mod part;
mod problem;
mod request;
mod roles;
mod session;
mod uppy;
mod usage;
mod whole;

pub use admin::{AdminAssetBody, AdminAssetHistory, AdminAssetPage, AdminFileBody, ErasureBody, HappeningBody};
pub use asset::{AssetBody, AssetPage, FileBody, FileUrlBody, RejectionBody, UploadBody};
pub use capability::{CapabilityBody, CapabilityRequest};
pub use code::ErrorCode;
pub use collection::{CollectionBody, CollectionList, RoleBody};
pub use grant::{GrantBody, GrantRequest, WatchBody};
pub use job::{
    AcceptRestoreBody, AcceptRestoreRequest, AuditBody, BreachBody, FindingBody, FindingTotalBody, ReapBody,
    ReapRequest, ReconcileBody, ReconcileRequest, ScrubBody,
};
pub use overview::{JobRunBody, OverviewBody, ProcessBody, SampleBody, StateCountBody, StuckRowBody, TimingBody};
pub use part::{PartBody, PartPage, PartUrlBody, PartUrlsBody};
pub use problem::{FieldProblem, MissingParts, Problem, WrongPartBody};
pub use request::{
    AnnounceRequest, ChecksumRequest, ClaimedPart, CompleteFileRequest, CompleteRequest, CreateRequest,
    PartUrlsRequest, PatchRequest, RequestedPart,
};
pub use roles::Roles;
pub use session::{LoginLinkBody, LoginLinkRequest, SessionBody, SessionRequest};
pub use uppy::{
    UppyClaimedPart, UppyCompleteBody, UppyCompleteRequest, UppyNothingBody, UppyParamsBody, UppyPartBody,
    UppyPartUrlBody, UppyPartUrlsBody, UppySignBody, UppySignRequest, UppyUploadBody, UppyUploadRequest,
};
pub use usage::{AllowedBody, UsageBody};
