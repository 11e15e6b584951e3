//! `/uppy` and `/c/{token}`: Uppy's own `@uppy/aws-s3`, unmodified, in both generations.
//!
//! The wire is Companion's, and S3's where Uppy speaks that. Not a second way to upload: every asset made here goes
//! through the use cases that `/v1` calls, and what arrives is verified the same. *Invariants*: `key` and `uploadId` are
//! the ids of an asset and a file of ours; no URL leads to the store but that of a part; an address with a capability
//! opens nothing beyond it.
//!
//! The operations are written once and mounted twice; under `/c/{token}` their ids end with `_by_capability`.

mod abort;
mod answer;
mod begin;
mod complete;
mod create;
mod door;
mod form;
mod form_data;
mod list;
mod params;
mod sign;
mod sign_part;
mod sign_parts;
mod sts;
mod upload;
mod wanted;
mod xml;

use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ObjectBuilder, RefOr, Required, Type};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::HttpState;
use super::problem::PROBLEM_JSON;

pub(super) use door::{Opened, TOKEN_HEADER};
pub use form_data::UppyForm;
pub(super) use form_data::boundary;
pub use xml::read_claim;
pub(super) use xml::{XML, element};

/// Where credentials come with the request.
pub(super) const BY_HEADER: &str = "/uppy";
/// Where the path is the credential.
pub(super) const BY_CAPABILITY: &str = "/c/{token}";
/// What the path of such a request begins with.
const CAPABILITY_PATH: &str = "/c/";
/// Where answers and errors are XML.
const S3_PATH: &str = "/s3/xml/";

/// How an operation of these routes writes its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Problem documents.
    Problem,
    /// Problem documents that Uppy finds its `requestId` in.
    Uppy,
    /// S3's error documents.
    S3,
}

/// How a path's errors are written.
pub(super) fn dialect(path: &str) -> Dialect {
    let below = |mount: &str| path.strip_prefix(mount).is_some_and(|rest| rest.starts_with('/'));
    match path.starts_with(CAPABILITY_PATH) {
        true if path.contains(S3_PATH) => Dialect::S3,
        true => Dialect::Uppy,
        false if below(BY_HEADER) => Dialect::Uppy,
        false => Dialect::Problem,
    }
}

/// What both doors have.
fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(params::uppy_params))
        .routes(routes!(create::uppy_create))
        .routes(routes!(list::uppy_list_parts, abort::uppy_abort))
        .routes(routes!(sign_parts::uppy_sign_parts))
        .routes(routes!(sign_part::uppy_sign_part))
        .routes(routes!(complete::uppy_complete))
        .routes(routes!(sts::uppy_sts))
        .routes(routes!(sign::uppy_sign))
}

/// For whoever sends a token or a session.
pub(super) fn by_header() -> OpenApiRouter<HttpState> {
    mount(BY_HEADER, routes(), |_| {})
}

/// For whoever has a capability in the path.
pub(super) fn by_capability() -> OpenApiRouter<HttpState> {
    let only_here = OpenApiRouter::new()
        .routes(routes!(form::uppy_form))
        .routes(routes!(xml::create::uppy_s3_create))
        .routes(routes!(xml::list::uppy_s3_list, xml::complete::uppy_s3_complete, xml::abort::uppy_s3_abort));
    mount(BY_CAPABILITY, routes().merge(only_here), describe_capability)
}

/// Puts operations below a path, and changes how they are described.
fn mount(path: &str, routes: OpenApiRouter<HttpState>, describe: impl Fn(&mut Operation)) -> OpenApiRouter<HttpState> {
    let mut mounted = OpenApiRouter::new().nest(path, routes);
    for item in mounted.get_openapi_mut().paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.post, &mut item.delete].into_iter().flatten() {
            name_problems_only(operation);
            describe(operation);
        }
    }
    mounted
}

/// Leaves an example of each problem to `/v1`: here they would be most of the whole document.
fn name_problems_only(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        if let Some(RefOr::T(content)) = response.content.get_mut(PROBLEM_JSON) {
            content.examples.clear();
        }
    }
}

/// The same operation, with its credential in the path.
fn describe_capability(operation: &mut Operation) {
    operation.operation_id = operation.operation_id.take().map(|id| format!("{id}_by_capability"));
    operation.security = Some(vec![SecurityRequirement::default()]);
    let token = ParameterBuilder::new()
        .name("token")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("A capability"))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
        .build();
    operation.parameters.get_or_insert_default().insert(0, token.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_written_as_the_path_says() {
        for (path, expected) in [
            ("/c/t/s3/params", Dialect::Uppy),
            ("/c/t/s3/xml/uploads", Dialect::S3),
            ("/uppy/s3/params", Dialect::Uppy),
            ("/uppyish", Dialect::Problem),
            ("/v1/videos", Dialect::Problem),
        ] {
            assert_eq!(dialect(path), expected, "{path}");
        }
    }
}
