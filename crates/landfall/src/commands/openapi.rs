//! `landfall openapi`: the API's description, as the server also answers it at `/openapi.json`.

use clap::Args;

use crate::console;
use crate::exit::Failure;

/// Arguments of `openapi`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

/// Prints the document.
pub(crate) fn run(_arguments: &Arguments) -> Result<(), Failure> {
    console::json(&server::http::openapi())
}
