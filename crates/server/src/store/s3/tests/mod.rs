//! What only the S3 backend must prove: URLs that a server checks, answers that are lost or lie, versioned buckets.

mod answers;
mod conditions;
mod credentials;
mod listings;
mod urls;
mod versions;
