//! The store under examination, with what probes do to it: open, send, complete, read, sign, take away.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::complete_multipart_upload::CompleteMultipartUploadOutput;
use aws_sdk_s3::operation::complete_multipart_upload::builders::CompleteMultipartUploadFluentBuilder;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart, MultipartUpload, Object,
};
use data_encoding::HEXLOWER;
use domain::{TimeSpan, Timestamp, Visibility};
use signing::{Endpoint, GetOptions, PartRequest, PresignedUrl, SigningKey, Validity, presign_get, presign_part};

use super::finding::{Finding, Status};
use super::fix::{Fix, Fixes};
use super::refusal::Refusal;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::store::layout::{InvalidLayout, Layout};
use crate::store::s3::{S3Settings, S3Store};
use crate::store::signer::{InvalidSigner, SignerSettings, UrlSigner};
use crate::store::{PROBE_FOLDER, SigningCredentials, Store as _};

/// An answer takes tens of milliseconds; a store that needs a hundred times that will not serve uploads.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// What examination has to know beside the store.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Origins whose pages are to use the store. None: pages of any origin may.
    pub origins: Vec<String>,
    /// How long an upload may take in all.
    pub max_age: TimeSpan,
    /// Who ends uploads that nobody remembers.
    pub forgotten: Forgotten,
}

/// Who ends uploads that nobody remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgotten {
    /// The reconcile run, and a rule of the bucket behind it: other programs may have the bucket's key.
    AlsoTheBucket,
    /// The reconcile run alone: nobody else has the embedded store's key.
    Reconcile,
}

/// Why there is nothing to examine.
#[derive(Debug, thiserror::Error)]
pub enum NoPatient {
    /// Buckets or prefix.
    #[error(transparent)]
    Layout(#[from] InvalidLayout),
    /// The addresses of URLs.
    #[error(transparent)]
    Signer(#[from] InvalidSigner),
    /// No HTTP client.
    #[error("TLS cannot be set up")]
    Tls(#[source] reqwest::Error),
}

/// A store under examination.
pub struct Patient {
    pub(super) store: S3Store,
    pub(super) http: reqwest::Client,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) fixes: Fixes,
    pub(super) terms: Terms,
    pub(super) identity: String,
    /// The store's address for this server; `None` is AWS.
    pub(super) internal: Option<String>,
    /// The store's address for clients.
    pub(super) public: String,
    pub(super) layout: Layout,
    signer: UrlSigner,
    endpoint: Endpoint,
    region: String,
    prefix: String,
    /// Names this run in its keys.
    run: String,
}

impl Patient {
    /// Makes the clients. Sends nothing.
    ///
    /// # Errors
    /// See [`NoPatient`].
    pub async fn meet(
        settings: S3Settings,
        signer: SignerSettings,
        terms: Terms,
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
    ) -> Result<Self, NoPatient> {
        let mut bits = [0; 8];
        entropy.fill(&mut bits);
        let layout = Layout::parse(&settings.private_bucket, &settings.public_bucket, &settings.prefix)?;
        let endpoint = Endpoint::parse(&signer.endpoint, signer.addressing).map_err(InvalidSigner::Endpoint)?;
        // Presigned URLs are passwords: they go where they are meant to go, without redirects and proxies.
        let client = || {
            let client = reqwest::Client::builder().timeout(ANSWER_LIMIT).redirect(reqwest::redirect::Policy::none());
            client.no_proxy().http1_only()
        };
        // A machine without CA certificates can still examine a store on plain HTTP.
        let http = client().build().or_else(|_| client().tls_certs_only(std::iter::empty()).build());
        let http = http.map_err(NoPatient::Tls)?;
        Ok(Self {
            http,
            fixes: Fixes { endpoint: settings.endpoint.clone(), private_bucket: settings.private_bucket.clone() },
            terms,
            identity: settings.identity(),
            internal: settings.endpoint.clone(),
            public: signer.endpoint.clone(),
            region: settings.region.clone(),
            prefix: settings.prefix.clone(),
            run: HEXLOWER.encode(&bits),
            signer: UrlSigner::new(signer)?,
            store: S3Store::connect(settings, clock.clone()).await?,
            clock,
            layout,
            endpoint,
        })
    }

    pub(super) fn client(&self) -> &Client {
        self.store.client()
    }

    pub(super) fn bucket(&self, visibility: Visibility) -> &str {
        self.layout.bucket_of(visibility)
    }

    /// A key of this run.
    pub(super) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.folder())
    }

    /// What stands before every key of the store.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The plain address of a key, as anybody would ask for it.
    pub(super) fn plain_url(&self, visibility: Visibility, key: &str) -> String {
        self.signer.plain_url(visibility, key)
    }

    pub(super) async fn credentials(&self) -> Result<SigningCredentials, crate::store::StoreError> {
        self.store.signing_credentials().await
    }

    /// A URL for part 1 of exactly so many bytes, as clients get it, signed at `at` for an hour.
    pub(super) fn part_url(
        &self,
        with: &SigningCredentials,
        upload: &Opened<'_>,
        size: usize,
        at: Timestamp,
    ) -> PresignedUrl {
        let key = SigningKey::at(&with.credentials, at, &self.region);
        let object = signing::Object { bucket: upload.bucket, key: &upload.key };
        let size = size.to_string();
        let request =
            PartRequest { upload_id: &upload.id, number: NonZeroU16::MIN, headers: &[("content-length", &size)] };
        let validity = Validity::starting(at, 3600).expect("an hour is a validity");
        presign_part(&key, &self.endpoint, object, &request, validity)
            .expect("the signer took these names at its start")
    }

    /// A URL to read an object, as clients get it, signed now for an hour.
    pub(super) fn read_url(&self, with: &SigningCredentials, bucket: &str, key: &str) -> PresignedUrl {
        let at = self.clock.now();
        let signing_key = SigningKey::at(&with.credentials, at, &self.region);
        let validity = Validity::starting(at, 3600).expect("an hour is a validity");
        presign_get(&signing_key, &self.endpoint, signing::Object { bucket, key }, &GetOptions::default(), validity)
            .expect("the signer took these names at its start")
    }

    /// Opens an upload on a key of this run.
    pub(super) async fn open<'p>(&'p self, visibility: Visibility, name: &str) -> Result<Opened<'p>, Refusal> {
        self.open_as(visibility, name, None).await
    }

    /// The same with a checksum over the whole object.
    pub(super) async fn open_with<'p>(
        &'p self,
        visibility: Visibility,
        name: &str,
        algorithm: ChecksumAlgorithm,
    ) -> Result<Opened<'p>, Refusal> {
        self.open_as(visibility, name, Some(algorithm)).await
    }

    async fn open_as<'p>(
        &'p self,
        visibility: Visibility,
        name: &str,
        algorithm: Option<ChecksumAlgorithm>,
    ) -> Result<Opened<'p>, Refusal> {
        let (bucket, key) = (self.bucket(visibility), self.key(name));
        let kind = algorithm.as_ref().map(|_| ChecksumType::FullObject);
        let request = self.client().create_multipart_upload().bucket(bucket).key(&key);
        let answer = request.set_checksum_algorithm(algorithm).set_checksum_type(kind).send().await;
        let answer = answer.map_err(|error| Refusal::of(&error))?;
        let id = answer.upload_id.ok_or(Refusal { status: Some(200), code: None, way: None })?;
        Ok(Opened { patient: self, bucket, key, id })
    }

    /// Makes an object of one part on a key of this run.
    pub(super) async fn make(&self, visibility: Visibility, name: &str, content: &[u8]) -> Result<String, Refusal> {
        let upload = self.open(visibility, name).await?;
        let etag = upload.send(1, content).await?;
        upload.complete(&[etag]).await?;
        Ok(upload.key)
    }

    /// The size of an object; `None`: it is not there.
    pub(super) async fn size(&self, bucket: &str, key: &str) -> Result<Option<i64>, Refusal> {
        match self.client().head_object().bucket(bucket).key(key).send().await {
            Ok(head) => Ok(head.content_length),
            Err(error) => match Refusal::of(&error) {
                refusal if refusal.is_missing() => Ok(None),
                refusal => Err(refusal),
            },
        }
    }

    /// Takes away all that this run made, and says if something stays.
    pub(super) async fn sweep(&self, findings: &mut Vec<Finding>) {
        let folder = self.folder();
        for visibility in super::BUCKETS {
            let bucket = self.bucket(visibility);
            if let Err(refusal) = self.clear(bucket, &folder).await {
                let seen = format!("what the probes made under {folder} could not be removed: {refusal}");
                let advice = format!("remove the objects and multipart uploads under {folder} in {bucket}");
                let why = "Probes should leave nothing behind.";
                let finding =
                    Finding { status: Status::Warning, ..Finding::fail("cleanup", seen, why, Fix::advice(advice)) };
                findings.push(finding.about(bucket));
            }
        }
    }

    /// Where this run's keys lie.
    pub(super) fn folder(&self) -> String {
        self.layout.full_text(&format!("{PROBE_FOLDER}{}/", self.run))
    }

    async fn clear(&self, bucket: &str, folder: &str) -> Result<(), Refusal> {
        let made = self.made_under(bucket, folder).await?;
        for upload in made.uploads {
            let request = self.client().abort_multipart_upload().bucket(bucket);
            let request = request.set_key(upload.key).set_upload_id(upload.upload_id);
            match request.send().await.map_err(|error| Refusal::of(&error)) {
                Err(refusal) if !refusal.is_missing() => return Err(refusal),
                Ok(_) | Err(_) => {}
            }
        }
        for key in made.objects.iter().filter_map(Object::key) {
            let removed = self.store.delete_full_key(bucket, key).await;
            removed.map_err(|_| Refusal { status: None, code: None, way: Some("an object stays".to_owned()) })?;
        }
        Ok(())
    }

    /// What lies under a folder. A run makes less than a page of anything. A store that shows more than it was asked for
    /// is not believed: what is not under the folder is nobody's to remove here.
    pub(super) async fn made_under(&self, bucket: &str, folder: &str) -> Result<Made, Refusal> {
        let uploads = self.client().list_multipart_uploads().bucket(bucket).prefix(folder).send().await;
        let mut uploads = uploads.map_err(|error| Refusal::of(&error))?.uploads.unwrap_or_default();
        uploads.retain(|upload| upload.key().is_some_and(|key| key.starts_with(folder)));
        let objects = self.client().list_objects_v2().bucket(bucket).prefix(folder).send().await;
        let mut objects = objects.map_err(|error| Refusal::of(&error))?.contents.unwrap_or_default();
        objects.retain(|object| object.key().is_some_and(|key| key.starts_with(folder)));
        Ok(Made { uploads, objects })
    }
}

/// What probes made.
pub(super) struct Made {
    pub(super) uploads: Vec<MultipartUpload>,
    pub(super) objects: Vec<Object>,
}

/// An upload of this run.
pub(super) struct Opened<'p> {
    patient: &'p Patient,
    pub(super) bucket: &'p str,
    pub(super) key: String,
    pub(super) id: String,
}

impl Opened<'_> {
    /// Sends a part with the server's own credentials; gives its ETag.
    pub(super) async fn send(&self, number: i32, content: &[u8]) -> Result<String, Refusal> {
        let request = self.patient.client().upload_part().bucket(self.bucket).key(&self.key).upload_id(&self.id);
        let answer = request.part_number(number).body(content.to_vec().into()).send().await;
        Ok(answer.map_err(|error| Refusal::of(&error))?.e_tag.unwrap_or_default())
    }

    /// The call that completes it of these parts, from 1 on.
    pub(super) fn completing(&self, etags: &[String]) -> CompleteMultipartUploadFluentBuilder {
        let parts = etags
            .iter()
            .zip(1..)
            .map(|(etag, number)| CompletedPart::builder().part_number(number).e_tag(etag).build());
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let request = self.patient.client().complete_multipart_upload().bucket(self.bucket).key(&self.key);
        request.upload_id(&self.id).multipart_upload(parts)
    }

    pub(super) async fn complete(&self, etags: &[String]) -> Result<CompleteMultipartUploadOutput, Refusal> {
        self.completing(etags).send().await.map_err(|error| Refusal::of(&error))
    }

    pub(super) async fn abort(&self) -> Result<(), Refusal> {
        let request = self.patient.client().abort_multipart_upload().bucket(self.bucket).key(&self.key);
        request.upload_id(&self.id).send().await.map(drop).map_err(|error| Refusal::of(&error))
    }
}
