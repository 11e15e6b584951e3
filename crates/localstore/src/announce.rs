//! Tells whoever asked that a part has arrived.
//!
//! S3 has no such event; a program in the same process may want one. It is told after the part is durable and listed. Not a
//! record: whoever is slow misses some, and nobody is told again. *Rule:* telling never waits and never fails a request.

use tokio::sync::mpsc;

/// A part that is in the store by now, unless it was replaced or its upload ended meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivedPart {
    /// The bucket.
    pub bucket: String,
    /// The key of its upload.
    pub key: String,
    /// Its number, 1 to 10,000.
    pub number: u16,
}

/// Where arrivals are told, if anybody asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Announcer(Option<mpsc::Sender<ArrivedPart>>);

impl Announcer {
    pub(crate) const fn new(listener: Option<mpsc::Sender<ArrivedPart>>) -> Self {
        Self(listener)
    }

    pub(crate) fn part(&self, bucket: &str, key: &str, number: u16) {
        let Some(listener) = &self.0 else { return };
        let arrived = ArrivedPart { bucket: bucket.to_owned(), key: key.to_owned(), number };
        if let Err(error) = listener.try_send(arrived) {
            tracing::debug!(%error, "nobody was told of a part");
        }
    }
}
