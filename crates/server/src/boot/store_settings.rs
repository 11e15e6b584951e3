//! The configured store as its clients need it: addresses, keys, and what it is known to do.
//!
//! Nothing is sent here.

use domain::StoreBehaviour;

use super::BootError;
use super::embedded::EmbeddedAddress;
use crate::catalog::Catalog;
use crate::config::Config;
use crate::store::s3::{CredentialSource, S3Settings};
use crate::store::signer::SignerSettings;

/// How the store is reached, and how its URLs are signed. The embedded one is used exactly as any other: by its address
/// and keys.
pub(super) fn of(
    config: &Config,
    embedded: Option<&EmbeddedAddress>,
) -> Result<(S3Settings, SignerSettings), BootError> {
    let of = &config.store;
    let (endpoint, credentials) = match embedded {
        Some(embedded) => {
            let keys = &embedded.credentials;
            (Some(embedded.endpoint.clone()), Some((keys.access_key_id.clone(), keys.secret_access_key.clone())))
        }
        None => (of.endpoint.clone(), of.credentials()?),
    };
    let reached = endpoint.clone().unwrap_or_else(|| amazon(&of.region));
    let signer = SignerSettings {
        endpoint: of.public_endpoint.clone().unwrap_or(reached),
        addressing: of.addressing(),
        region: of.region.clone(),
        private_bucket: of.private_bucket.clone(),
        public_bucket: of.public_bucket.clone(),
        prefix: of.prefix.clone(),
        public_base_url: None,
    };
    let settings = S3Settings {
        endpoint,
        region: of.region.clone(),
        private_bucket: of.private_bucket.clone(),
        public_bucket: of.public_bucket.clone(),
        prefix: of.prefix.clone(),
        addressing: of.addressing(),
        credentials: match credentials {
            Some((access_key_id, secret)) => {
                CredentialSource::Static { access_key_id, secret_access_key: secret.expose().to_owned() }
            }
            None => CredentialSource::Chain,
        },
        behaviour: StoreBehaviour::default(),
    };
    Ok((settings, signer))
}

/// What doctor saw of this very store; else what one must assume. A server without a profile is as safe, so nothing here
/// keeps it from starting.
pub(super) async fn seen_behaviour(catalog: &dyn Catalog, settings: &S3Settings) -> StoreBehaviour {
    match catalog.load_profile().await {
        Ok(Some(profile)) if profile.store == settings.identity() => {
            tracing::info!(seen_at = %profile.seen_at, behaviour = ?profile.behaviour, "the store's profile is known");
            profile.behaviour
        }
        Ok(Some(_)) => {
            tracing::warn!("the store's profile is another store's; run `landfall doctor` again");
            StoreBehaviour::default()
        }
        Ok(None) => {
            tracing::info!("the store has no profile yet; `landfall doctor` makes one");
            StoreBehaviour::default()
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the store's profile cannot be read");
            StoreBehaviour::default()
        }
    }
}

/// Amazon's endpoint of a region ("Amazon S3 endpoints and quotas"); China has a domain of its own.
fn amazon(region: &str) -> String {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://s3.{region}.{domain}")
}
