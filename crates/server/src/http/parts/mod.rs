//! `/v1/{collection}/{id}/files/{role}/parts` and `.../part-urls`: sending a file.

mod grant;
mod list;

use domain::PartLength;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::PartUrlBody;

use super::HttpState;
use crate::store::signer::SignedPart;

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(grant::grant_parts)).routes(routes!(list::list_parts))
}

/// A part URL as the client needs it. The one place, with the file URLs, where a signature leaves its wrapping.
pub(super) fn part_url_body(part: SignedPart) -> PartUrlBody {
    PartUrlBody {
        number: part.number.get(),
        size: match part.length {
            PartLength::Exactly(length) => Some(length.get()),
            PartLength::Open => None,
        },
        url: part.url.into_exposed(),
        headers: part.headers.into_iter().collect(),
        expires_at: part.expires_at,
    }
}
