//! How much a port may hold: what is configured, within what the process may open.

use connections::{Limits, raise_descriptor_limit};

use crate::config::Config;

/// What the process may open if nobody can say: what POSIX calls the usual.
const USUAL_DESCRIPTORS: u64 = 1_024;

/// The limits of a port. Raises the limit of open files as far as the operator allows, and says how far that is.
pub(super) fn limits(config: &Config, port: &'static str) -> Limits {
    let files = raise_descriptor_limit().unwrap_or_else(|error| {
        tracing::warn!(error = &error as &dyn std::error::Error, "the limit of open files is not raised");
        error.stays.min(USUAL_DESCRIPTORS)
    });
    let limits = config.connections.limits(&config.server.trusted_proxies).within(files);
    let (at_once, per_peer) = (limits.at_once, limits.per_peer);
    tracing::debug!(port, open_files = files, at_once, per_peer, "how many connections there may be");
    limits
}
