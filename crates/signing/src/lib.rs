//! SigV4 presigned URLs for S3, at memory speed.
//!
//! What it is: pure functions from (credentials, place, object, time) to a URL that any S3 server
//! accepts, after AWS's "Authenticating Requests: Using Query Parameters (Signature Version 4)".
//! Uploading a large object needs up to 10,000 such URLs that differ in one number, so
//! [`PartPresigner`] hashes everything they share once and the rest per URL.
//!
//! What it is not: a client (no sockets), a clock (time is an argument), or a judge of who may do
//! what (no policy).
//!
//! The rule it keeps: a presigned URL is a password. [`PresignedUrl`] and [`Credentials`] show
//! nothing secret unless asked by name, and key material leaves memory with its owner.
//!
//! ```
//! use std::num::NonZeroU16;
//! use signing::{Addressing, Credentials, Endpoint, Object, PartPresigner, SigningKey, Validity};
//!
//! let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None);
//! let endpoint = Endpoint::parse("http://127.0.0.1:9000", Addressing::Path)?;
//! let object = Object { bucket: "private", key: "42/videos/a/video.mp4" };
//! let now: jiff::Timestamp = "2026-01-02T03:04:05Z".parse()?;
//!
//! let validity = Validity::starting(now, 3600)?;
//! let key = SigningKey::at(&credentials, now, "us-east-1");
//! let presigner = PartPresigner::new(&key, &endpoint, object, "upload-id", validity)?;
//! let url = presigner.sign(NonZeroU16::MIN, Some(5_242_880));
//! assert!(url.expose().contains("partNumber=1&uploadId=upload-id&X-Amz-Signature="));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod credentials;
mod endpoint;
mod error;
mod key;
mod part;
mod presigned_url;
mod request;
mod sha256;
mod text;
mod validity;

pub use credentials::Credentials;
pub use endpoint::{Addressing, Endpoint, Object};
pub use error::{EndpointError, PresignError};
pub use key::SigningKey;
pub use part::{PartPresigner, PartRequest, presign_part};
pub use presigned_url::PresignedUrl;
pub use request::{GetOptions, Method, Request, presign, presign_get, presign_head};
pub use validity::{EXPIRES_SECONDS_MAX, Validity};
