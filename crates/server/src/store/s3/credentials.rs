//! The credentials URLs are signed with, kept for as long as they are good.
//!
//! Not the SDK's own cache: that one serves the SDK's requests and shows nobody when its contents end. *Invariant*:
//! signing waits for the network at most once per renewal, and never gets credentials that have ended.

use std::sync::Arc;

use aws_sdk_s3::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use domain::{TimeSpan, Timestamp};
use tokio::sync::RwLock;

use super::super::operation::Operation;
use super::super::{SigningCredentials, StoreError};
use super::classify::Fault;
use crate::clock::Clock;

/// Temporary credentials are renewed this long before they end: AWS issues the next ones at least 5 min ahead, and a URL
/// that is asked for just before the renewal still lives that long.
const RENEW_AHEAD: TimeSpan = TimeSpan::from_mins(5);
/// Lasting credentials are read again after this long, so that a rotated key in a file or variable is found.
const REREAD_AFTER: TimeSpan = TimeSpan::from_mins(10);
/// After a renewal that failed, the old ones serve this long before the next try.
const RETRY_AFTER: TimeSpan = TimeSpan::from_secs(30);

/// Kept credentials and when to look for others.
struct Kept {
    credentials: SigningCredentials,
    renew_at: Timestamp,
    /// The same by the time that passes, however the clock is set.
    renew_after: TimeSpan,
}

impl Kept {
    fn new(credentials: SigningCredentials, renew_at: Timestamp, clock: &dyn Clock) -> Self {
        let renew_after = clock.monotonic() + renew_at.duration_since(clock.now());
        Self { credentials, renew_at, renew_after }
    }

    fn serves(&self, clock: &dyn Clock) -> bool {
        clock.now() < self.renew_at && clock.monotonic() < self.renew_after
    }
}

/// A credential source with a memory.
pub(super) struct SigningSource {
    provider: SharedCredentialsProvider,
    clock: Arc<dyn Clock>,
    kept: RwLock<Option<Kept>>,
}

impl SigningSource {
    pub(super) fn new(provider: SharedCredentialsProvider, clock: Arc<dyn Clock>) -> Self {
        Self { provider, clock, kept: RwLock::new(None) }
    }

    /// Credentials that have not ended.
    pub(super) async fn current(&self) -> Result<SigningCredentials, StoreError> {
        if let Some(kept) = &*self.kept.read().await
            && kept.serves(&*self.clock)
        {
            return Ok(kept.credentials.clone());
        }
        // One renews, the others wait here and then find what it found.
        let mut kept = self.kept.write().await;
        let now = self.clock.now();
        if let Some(kept) = &*kept
            && kept.serves(&*self.clock)
        {
            return Ok(kept.credentials.clone());
        }
        match self.provider.provide_credentials().await {
            Ok(found) => {
                let credentials = converted(&found)?;
                let renew_at = match credentials.end {
                    Some(end) => (end - RENEW_AHEAD).max(retry_at(now, &credentials)),
                    None => now + REREAD_AFTER,
                };
                *kept = Some(Kept::new(credentials.clone(), renew_at, &*self.clock));
                Ok(credentials)
            }
            Err(error) => match &mut *kept {
                Some(old) if old.credentials.end.is_none_or(|end| now < end) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "store credentials could not be renewed");
                    *old = Kept::new(old.credentials.clone(), retry_at(now, &old.credentials), &*self.clock);
                    Ok(old.credentials.clone())
                }
                Some(_) | None => Err(Fault::broken(Operation::SigningCredentials, error).into()),
            },
        }
    }
}

/// When to try again, but not after the credentials have ended.
fn retry_at(now: Timestamp, credentials: &SigningCredentials) -> Timestamp {
    credentials.end.map_or(now + RETRY_AFTER, |end| end.min(now + RETRY_AFTER))
}

fn converted(found: &Credentials) -> Result<SigningCredentials, StoreError> {
    let end = found.expiry().map(Timestamp::try_from).transpose();
    let end = end.map_err(|error| Fault::broken(Operation::SigningCredentials, error))?;
    let token = found.session_token().map(str::to_owned);
    let credentials = signing::Credentials::new(found.access_key_id(), found.secret_access_key(), token);
    Ok(SigningCredentials { credentials, end })
}
