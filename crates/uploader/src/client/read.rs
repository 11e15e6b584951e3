//! Reads a published file from where it lies: the store, or whatever delivers for it.
//!
//! *Rule*: the URL may be presigned, so no error has it.

use std::time::Duration;

use bytes::Bytes;

use super::error::{ApiError, innermost};
use super::transport::{Target, Transport, TransportError};

/// A file that has not moved a byte for this long is not coming.
const STALL: Duration = Duration::from_mins(2);
/// Of an answer that is no file, as much as is worth showing.
const MAX_COMPLAINT_BYTES: usize = 4096;

/// A file that is being read.
#[derive(Debug)]
pub struct Reading {
    response: reqwest::Response,
}

/// Begins to read.
///
/// # Errors
/// If nobody answers, or with anything but the file.
pub async fn read(url: &str) -> Result<Result<Reading, ApiError>, TransportError> {
    let transport = Transport::new(Target::Store)?;
    let sent = in_time(transport.towards(url).get(url).send()).await;
    Ok(match sent {
        Ok(response) if response.status().is_success() => Ok(Reading { response }),
        Ok(response) => Err(complaint(response).await),
        Err(error) => Err(error),
    })
}

impl Reading {
    /// How long it is, if that was said.
    pub fn size(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// If the connection breaks or stands still.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        in_time(self.response.chunk()).await
    }
}

async fn in_time<T>(answer: impl Future<Output = reqwest::Result<T>>) -> Result<T, ApiError> {
    let silent = || ApiError::Unreachable { detail: format!("the store sent nothing for {} s", STALL.as_secs()) };
    let answer = tokio::time::timeout(STALL, answer).await.map_err(|_elapsed| silent())?;
    answer.map_err(|error| ApiError::Unreachable { detail: innermost(error) })
}

async fn complaint(mut response: reqwest::Response) -> ApiError {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Ok(Some(piece)) = in_time(response.chunk()).await {
        body.extend_from_slice(&piece);
        if body.len() > MAX_COMPLAINT_BYTES {
            break;
        }
    }
    ApiError::answered(status, &body, None)
}
