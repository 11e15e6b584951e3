//! The store over `aws-sdk-s3`: AWS, anything that speaks its protocol, and the embedded store by loopback.
//!
//! Not the signer: clients' URLs are made by [`super::signer`] without a call. *Invariant*: what an answer means is
//! decided in `classify`, how long a call may take in `timing`, and here is neither.

mod classify;
#[cfg(test)]
pub(crate) mod conformance;
mod credentials;
mod listing;
mod marker;
#[cfg(test)]
mod tests;
mod time;
mod timing;
mod versions;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    SharedCredentialsProvider,
};
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::{self, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart, EncodingType};
use bytes::{Bytes, BytesMut};
use domain::{
    ByteCount, ChecksumAlgorithm, ChecksumValue, CompleteAnswer, DeclaredChecksum, ETag, Marker, ObjectHead, ObjectKey,
    Part, PartNumber, StoreBehaviour, Timestamp, UploadId, Visibility,
};

use self::classify::Fault;
use self::credentials::SigningSource;
use super::layout::{InvalidLayout, Layout};
use super::operation::Operation;
use super::{
    Completion, More, ObjectsPage, PartsPage, SigningCredentials, Store, StoreError, UploadCursor, UploadsPage,
};
use crate::clock::Clock;

/// What [`S3Store`] is made of.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// The store's address as this server reaches it; `None` is AWS.
    pub endpoint: Option<String>,
    /// The region the store calls itself by.
    pub region: String,
    /// The bucket of private objects.
    pub private_bucket: String,
    /// The bucket of public objects.
    pub public_bucket: String,
    /// What stands before every key; empty or ending with `/`.
    pub prefix: String,
    /// Where the bucket's name stands in URLs.
    pub addressing: signing::Addressing,
    /// Whose credentials requests and URLs are signed with.
    pub credentials: CredentialSource,
    /// What it is known to do where stores differ.
    pub behaviour: StoreBehaviour,
}

impl S3Settings {
    /// Which store this is: [`domain::StoreProfile::store`].
    pub fn identity(&self) -> String {
        let endpoint = self.endpoint.as_deref().unwrap_or("amazon");
        format!("{endpoint} {} {} {} /{}", self.region, self.private_bucket, self.public_bucket, self.prefix)
    }
}

/// Where credentials come from.
#[derive(Clone)]
pub enum CredentialSource {
    /// Keys that never end.
    Static {
        /// The public half.
        access_key_id: String,
        /// The secret half; never printed.
        secret_access_key: String,
    },
    /// What the machine has, as every AWS tool looks for it: environment, profile, web identity, container, instance.
    Chain,
}

impl fmt::Debug for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Static { access_key_id, .. } => {
                f.debug_struct("Static").field("access_key_id", access_key_id).finish_non_exhaustive()
            }
            Self::Chain => f.write_str("Chain"),
        }
    }
}

/// A store that speaks S3.
pub struct S3Store {
    client: Client,
    layout: Layout,
    behaviour: StoreBehaviour,
    signing: SigningSource,
}

impl S3Store {
    /// Makes the client. Sends nothing: whether the buckets answer is for [`Store::probe`].
    ///
    /// # Errors
    /// [`InvalidLayout`] names the bucket or prefix that cannot be used.
    pub async fn connect(settings: S3Settings, clock: Arc<dyn Clock>) -> Result<Self, InvalidLayout> {
        let layout = Layout::parse(&settings.private_bucket, &settings.public_bucket, &settings.prefix)?;
        let provider = provider(&settings).await;
        let mut config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(settings.region))
            .force_path_style(settings.addressing == signing::Addressing::Path)
            .credentials_provider(provider.clone())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .retry_config(timing::retries())
            .timeout_config(timing::timeouts())
            // It would sign by the `Date` of the last answer. A store whose web server keeps that for as long as a clock was
            // set back (hyper does) then refuses every call by skew, while the part URLs, signed by our own clock, work.
            .disable_clock_skew_correction(true);
        config.set_endpoint_url(settings.endpoint);
        Ok(Self {
            client: Client::from_conf(config.build()),
            layout,
            behaviour: settings.behaviour,
            signing: SigningSource::new(provider, clock),
        })
    }

    /// The SDK's client, for what the port does not do: doctor's probes, the buckets' settings.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// DELETE, all versions, of a key as the bucket spells it.
    pub(crate) async fn delete_full_key(&self, bucket: &str, full_key: &str) -> Result<(), StoreError> {
        versions::delete(&self.client, bucket, full_key).await
    }

    /// HEAD's 404 has no body that could say whether the object is missing or its bucket, so the bucket is asked too.
    async fn confirm_bucket(&self, visibility: Visibility, operation: Operation) -> Result<(), StoreError> {
        let request = self.client.head_bucket().bucket(self.layout.bucket_of(visibility));
        request.send().await.map_err(|error| Fault::new(operation, error))?;
        Ok(())
    }
}

async fn provider(settings: &S3Settings) -> SharedCredentialsProvider {
    match &settings.credentials {
        CredentialSource::Static { access_key_id, secret_access_key } => {
            SharedCredentialsProvider::new(Credentials::new(access_key_id, secret_access_key, None, None, "settings"))
        }
        CredentialSource::Chain => {
            let chain = aws_config::default_provider::credentials::DefaultCredentialsChain::builder()
                .region(Region::new(settings.region.clone()));
            SharedCredentialsProvider::new(chain.build().await)
        }
    }
}

#[async_trait]
impl Store for S3Store {
    async fn open_upload(&self, key: &ObjectKey, checksum: Option<ChecksumAlgorithm>) -> Result<UploadId, StoreError> {
        const OPERATION: Operation = Operation::OpenUpload;
        let checksum = checksum.filter(|algorithm| self.behaviour.takes_checksum(*algorithm));
        let request = self
            .client
            .create_multipart_upload()
            .bucket(self.layout.bucket(key))
            .key(self.layout.full_key(key))
            .content_type(key.content_type().name())
            .cache_control(key.cache_control())
            .content_disposition(key.content_disposition())
            .set_checksum_algorithm(checksum.map(algorithm_name))
            .set_checksum_type(checksum.map(|_| ChecksumType::FullObject));
        let answer = request.customize().config_override(timing::once()).send().await;
        let answer = answer.map_err(|error| Fault::new(OPERATION, error))?;
        let id = answer.upload_id.filter(|id| !id.is_empty());
        Ok(UploadId(id.ok_or_else(|| Fault::senseless(OPERATION, "upload id"))?))
    }

    async fn list_parts_page(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        after: Option<PartNumber>,
        limit: u16,
    ) -> Result<Option<PartsPage>, StoreError> {
        const OPERATION: Operation = Operation::ListParts;
        let request = self
            .client
            .list_parts()
            .bucket(self.layout.bucket(key))
            .key(self.layout.full_key(key))
            .upload_id(&upload.0)
            .max_parts(i32::from(limit))
            .set_part_number_marker(after.map(|number| number.to_string()));
        let page = match request.send().await {
            Ok(page) => page,
            Err(error) => {
                let fault = Fault::new(OPERATION, error);
                // Ceph 16 looks for the object that holds the upload's parts, and says that this one is missing.
                let gone = fault.is_no_such_upload() || fault.is_no_such_key();
                return if gone { Ok(None) } else { Err(fault.into()) };
            }
        };
        let parts = page.parts().iter().map(listed_part).collect::<Option<Vec<_>>>();
        let mut parts = parts.ok_or_else(|| Fault::senseless(OPERATION, "number, size or ETag of a part"))?;
        // Not every store sorts.
        parts.sort_by_key(|part| part.number);
        let more = if page.is_truncated() == Some(true) { More::Follows } else { More::Ends };
        Ok(Some(PartsPage { parts, more }))
    }

    async fn send_part(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        number: PartNumber,
        bytes: Bytes,
    ) -> Result<Option<ETag>, StoreError> {
        const OPERATION: Operation = Operation::SendPart;
        let request = self
            .client
            .upload_part()
            .bucket(self.layout.bucket(key))
            .key(self.layout.full_key(key))
            .upload_id(&upload.0)
            .part_number(i32::from(number.get()))
            .body(bytes.into());
        match request.send().await {
            Ok(answer) => {
                let etag = answer.e_tag().map(ETag::new).ok_or_else(|| Fault::senseless(OPERATION, "ETag"))?;
                Ok(Some(etag))
            }
            Err(error) => {
                let fault = Fault::new(OPERATION, error);
                if fault.is_no_such_upload() { Ok(None) } else { Err(fault.into()) }
            }
        }
    }

    async fn complete(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[Part],
        checksum: Option<&DeclaredChecksum>,
    ) -> Completion {
        let size: u64 = parts.iter().map(|part| part.size.get()).sum();
        let parts = parts.iter().map(|part| {
            CompletedPart::builder().part_number(i32::from(part.number.get())).e_tag(quoted(&part.etag)).build()
        });
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let mut request = self
            .client
            .complete_multipart_upload()
            .bucket(self.layout.bucket(key))
            .key(self.layout.full_key(key))
            .upload_id(&upload.0)
            .multipart_upload(parts);
        if self.behaviour.if_none_match.is_sent() {
            request = request.if_none_match("*");
        }
        if self.behaviour.object_size.is_sent() {
            // No plan is larger than 48.8 TiB.
            request = request.set_mpu_object_size(i64::try_from(size).ok());
        }
        if let Some(DeclaredChecksum { algorithm, value: Some(value) }) = checksum
            && self.behaviour.takes_checksum(*algorithm)
        {
            request = request.checksum_type(ChecksumType::FullObject);
            request = match algorithm {
                ChecksumAlgorithm::Crc64Nvme => request.checksum_crc64_nvme(value.as_str()),
                ChecksumAlgorithm::Crc32C => request.checksum_crc32_c(value.as_str()),
                ChecksumAlgorithm::Crc32 => request.checksum_crc32(value.as_str()),
            };
        }
        match request.customize().config_override(timing::once_and_long()).send().await {
            Ok(answer) => {
                // Ceph 16 answers with an element that is empty: no ETag, and none that HEAD's could differ from.
                let etag = answer.e_tag().map(ETag::new).filter(|etag| !etag.as_str().is_empty());
                Completion { answer: CompleteAnswer::Unknown, etag }
            }
            Err(error) => {
                let fault = Fault::new(Operation::Complete, error);
                let mut answer = fault.complete_answer();
                // An upload that is gone would be completed in vain for ever where the store does not say so itself.
                if fault.is_internal_error() && matches!(self.list_parts_page(key, upload, None, 1).await, Ok(None)) {
                    answer = CompleteAnswer::NoSuchUpload;
                }
                tracing::info!(
                    error = &fault as &dyn std::error::Error,
                    ?answer,
                    "the store did not complete an upload"
                );
                Completion { answer, etag: None }
            }
        }
    }

    async fn head(&self, key: &ObjectKey) -> Result<Option<ObjectHead>, StoreError> {
        const OPERATION: Operation = Operation::Head;
        let request = self.client.head_object().bucket(self.layout.bucket(key)).key(self.layout.full_key(key));
        match request.checksum_mode(ChecksumMode::Enabled).send().await {
            Ok(answer) => Ok(Some(object_head(&answer)?)),
            Err(error) => {
                let fault = Fault::new(OPERATION, error);
                if !fault.is_bare_not_found() {
                    return Err(fault.into());
                }
                self.confirm_bucket(key.visibility(), OPERATION).await?;
                Ok(None)
            }
        }
    }

    async fn read(
        &self,
        key: &ObjectKey,
        etag: &ETag,
        from: u64,
        limit: ByteCount,
    ) -> Result<Option<Bytes>, StoreError> {
        const OPERATION: Operation = Operation::Read;
        assert!(limit > ByteCount::ZERO, "reading nothing is no reading");
        let request = self
            .client
            .get_object()
            .bucket(self.layout.bucket(key))
            .key(self.layout.full_key(key))
            .if_match(quoted(etag))
            .range(format!("bytes={from}-{}", from.saturating_add(limit.get() - 1)));
        let mut body = match request.send().await {
            // Something that is not the store may answer 200 to anything; a store may ignore the condition.
            Ok(answer) => match answer.e_tag().map(ETag::new) {
                Some(found) if found == *etag => answer.body,
                Some(_) => return Ok(None),
                None => return Err(Fault::senseless(OPERATION, "ETag").into()),
            },
            Err(error) => {
                let fault = Fault::new(OPERATION, error);
                if fault.is_range_outside() {
                    return Ok(Some(Bytes::new()));
                }
                let gone = fault.is_no_such_key() || fault.is_precondition_failed();
                return if gone { Ok(None) } else { Err(fault.into()) };
            }
        };
        // A store that ignores the range would send all of it: stop at the limit. One that begins elsewhere is none that
        // conforms: its bytes are others, and so are called.
        let limit = usize::try_from(limit.get()).unwrap_or(usize::MAX);
        let mut read = BytesMut::new();
        while read.len() < limit {
            let Some(chunk) = body.try_next().await.map_err(|error| Fault::broken(OPERATION, error))? else { break };
            read.extend_from_slice(&chunk);
        }
        read.truncate(limit);
        Ok(Some(read.freeze()))
    }

    async fn abort(&self, key: &ObjectKey, upload: &UploadId) -> Result<(), StoreError> {
        let request = self.client.abort_multipart_upload().bucket(self.layout.bucket(key));
        match request.key(self.layout.full_key(key)).upload_id(&upload.0).send().await {
            Ok(_) => Ok(()),
            Err(error) => {
                let fault = Fault::new(Operation::Abort, error);
                if fault.is_no_such_upload() { Ok(()) } else { Err(fault.into()) }
            }
        }
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        versions::delete(&self.client, self.layout.bucket(key), &self.layout.full_key(key)).await
    }

    async fn list_uploads(&self, key: &ObjectKey) -> Result<Vec<UploadId>, StoreError> {
        const OPERATION: Operation = Operation::ListUploads;
        let full_key = self.layout.full_key(key);
        let mut found = Vec::new();
        let mut from: Option<(String, Option<String>)> = None;
        loop {
            let (key_marker, id_marker) = from.clone().unzip();
            let request = self.client.list_multipart_uploads().bucket(self.layout.bucket(key)).prefix(&full_key);
            let request = request.set_key_marker(key_marker).set_upload_id_marker(id_marker.flatten());
            let request = request.encoding_type(EncodingType::Url);
            let page = request.send().await.map_err(|error| Fault::new(OPERATION, error))?;
            // A prefix also finds the longer keys that begin with ours.
            let encoding = page.encoding_type();
            let ours = page.uploads().iter().filter(|upload| {
                let key = upload.key().and_then(|key| listing::plain_key(encoding, key));
                key.as_deref() == Some(full_key.as_str())
            });
            for upload in ours {
                let id = upload.upload_id().ok_or_else(|| Fault::senseless(OPERATION, "upload id"))?;
                found.push(UploadId(id.to_owned()));
            }
            if page.is_truncated() != Some(true) {
                return Ok(found);
            }
            let next = page.next_key_marker().and_then(|key| listing::plain_key(encoding, key));
            let next = next.map(|key| (key.into_owned(), page.next_upload_id_marker().map(str::to_owned)));
            if next.is_none() || next == from {
                return Err(Fault::senseless(OPERATION, "marker of the next page").into());
            }
            from = next;
        }
    }

    async fn list_objects_page(
        &self,
        visibility: Visibility,
        prefix: &str,
        after: Option<&str>,
        limit: u16,
    ) -> Result<ObjectsPage, StoreError> {
        listing::objects(self, visibility, prefix, after, limit).await
    }

    async fn list_open_uploads_page(
        &self,
        visibility: Visibility,
        prefix: &str,
        after: Option<&UploadCursor>,
        limit: u16,
    ) -> Result<UploadsPage, StoreError> {
        listing::uploads(self, visibility, prefix, after, limit).await
    }

    async fn find_marker(&self, visibility: Visibility) -> Result<Option<Marker>, StoreError> {
        marker::find(self, visibility).await
    }

    async fn write_marker(&self, visibility: Visibility, marker: &Marker) -> Result<(), StoreError> {
        marker::write(self, visibility, marker).await
    }

    async fn store_time(&self) -> Result<Option<Timestamp>, StoreError> {
        time::tell(&self.client, self.layout.bucket_of(Visibility::Private)).await
    }

    async fn signing_credentials(&self) -> Result<SigningCredentials, StoreError> {
        self.signing.current().await
    }

    async fn probe(&self) -> Result<(), StoreError> {
        let both = tokio::join!(
            self.confirm_bucket(Visibility::Private, Operation::Probe),
            self.confirm_bucket(Visibility::Public, Operation::Probe)
        );
        both.0.and(both.1)
    }
}

fn algorithm_name(algorithm: ChecksumAlgorithm) -> types::ChecksumAlgorithm {
    match algorithm {
        ChecksumAlgorithm::Crc64Nvme => types::ChecksumAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Crc32C => types::ChecksumAlgorithm::Crc32C,
        ChecksumAlgorithm::Crc32 => types::ChecksumAlgorithm::Crc32,
    }
}

/// ETags travel in quotes; the port's are bare.
fn quoted(etag: &ETag) -> String {
    format!("\"{}\"", etag.as_str())
}

fn listed_part(part: &types::Part) -> Option<Part> {
    Some(Part {
        number: PartNumber::new(u64::try_from(part.part_number()?).ok()?).ok()?,
        size: ByteCount(u64::try_from(part.size()?).ok()?),
        etag: ETag::new(part.e_tag()?),
    })
}

fn object_head(answer: &HeadObjectOutput) -> Result<ObjectHead, Fault> {
    let size = answer.content_length().and_then(|size| u64::try_from(size).ok());
    Ok(ObjectHead {
        size: ByteCount(size.ok_or_else(|| Fault::senseless(Operation::Head, "length"))?),
        content_type: answer.content_type().map(str::to_owned),
        etag: ETag::new(answer.e_tag().ok_or_else(|| Fault::senseless(Operation::Head, "ETag"))?),
        version: answer.version_id().map(str::to_owned),
        checksum: full_object_checksum(answer),
    })
}

/// The checksum over the whole object. One over the parts' checksums (`COMPOSITE`, `...-3`) says nothing about the file.
fn full_object_checksum(answer: &HeadObjectOutput) -> Option<(ChecksumAlgorithm, ChecksumValue)> {
    if answer.checksum_type().is_some_and(|kind| *kind != ChecksumType::FullObject) {
        return None;
    }
    let kept = [
        (ChecksumAlgorithm::Crc64Nvme, answer.checksum_crc64_nvme()),
        (ChecksumAlgorithm::Crc32C, answer.checksum_crc32_c()),
        (ChecksumAlgorithm::Crc32, answer.checksum_crc32()),
    ];
    kept.into_iter().find_map(|(algorithm, text)| Some((algorithm, ChecksumValue::parse(algorithm, text?).ok()?)))
}
