//! A small file passes through the server, for a client that can send nothing but a form.
//!
//! The only bytes that do (PRODUCT: the control plane never carries them). *Invariant*: at most [`RELAY_LIMIT`] of a
//! file, into part 1 of an upload that anybody could have sent by a part URL; from there on it is an upload like others.

use bytes::Bytes;
use domain::part_plan::MIN_PART;
use domain::{AssetId, ByteCount, Collection, ETag, FileId, FileState, OwnerId, PartNumber, RoleName};

use super::{App, GrantError, PartWanted, PortError};
use crate::telemetry;

/// The most that is relayed: S3's smallest part. Whatever is larger can be sent in parts.
pub const RELAY_LIMIT: ByteCount = MIN_PART;

impl App {
    /// Sends a file as its only part. It has as many bytes as a part may have at the least, or fewer, and not none.
    ///
    /// # Panics
    /// If it has none or more than [`RELAY_LIMIT`].
    pub async fn relay_file(
        &self,
        owner: &OwnerId,
        of: &Collection,
        id: AssetId,
        role: &RoleName,
        file: FileId,
        bytes: Bytes,
    ) -> Result<ETag, GrantError> {
        assert!((1..=RELAY_LIMIT.get()).contains(&(bytes.len() as u64)), "the caller holds the limit");
        let number = PartNumber::new(1).expect("1 is a part number");
        // What may be sent now, and until when, is decided as for everybody; the URL itself is not needed.
        drop(self.grant_parts(owner, of, id, role, &[PartWanted { number, checksum_sha256: None }]).await?);
        let asset = self.find_asset(owner, of, id).await.map_err(GrantError::Find)?;
        let pending = asset.pending().find(|pending| pending.id == file);
        let sending = pending.filter(|pending| matches!(pending.state, FileState::Uploading));
        let Some(sending) = sending else {
            return Err(GrantError::NotUploading(pending.map(|pending| pending.state.name())));
        };
        let length = bytes.len();
        let sent = self.parts.store.send_part(&sending.key, sending.upload(), number, bytes).await;
        telemetry::relayed(length);
        let sent = sent.map_err(PortError::store)?;
        sent.ok_or_else(|| GrantError::NotUploading(Some(sending.state.name())))
    }
}
