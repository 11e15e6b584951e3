//! T1 and T2: create an asset and open its uploads.
//!
//! Intent first: asset, files and Idempotency-Key are one transaction. Whatever crashes after it is finished by the
//! next request that needs the upload (it opens what is RESERVED) or by `expire`.

use std::collections::BTreeMap;

use domain::event::body_fingerprint;
use domain::limits::STRAY_LOOK_AFTER;
use domain::part_plan::{MAX_PART, Unplannable};
use domain::{
    Asset, AssetId, AssetStatus, ByteCount, ChecksumValue, Collection, DeclaredChecksum, Description, Event, Fence,
    File, FileId, FileKey, FileName, FilePlan, FileState, Fingerprint, Looks, MediaType, Metadata, ObjectKey, OpenPlan,
    OwnerId, PartPlan, Place, Reason, RoleName, RoleRules, Timestamp, Title, decide,
};
use serde_json::{Map, Value, json};

use super::settle::settle;
use super::{App, FindError, GrantError, MAX_RACES, PortError};
use crate::catalog::{Allowance, IdempotencyClaim, Reservation, Reserved, Written};
use crate::entropy::{id_bits, key_bits};
use crate::store::signer::SignedPart;

/// Part URLs that come with a new upload; more are asked for when they are needed.
pub(super) const FIRST_PART_URLS: usize = 100;

/// A file somebody wants to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Its name on the owner's device.
    pub file_name: FileName,
    /// Its exact size, if anybody knows it; else the role's limit holds, and `complete` needs the list of its parts.
    pub size: Option<ByteCount>,
    /// Its type.
    pub media_type: MediaType,
    /// A checksum over all of it.
    pub checksum: Option<DeclaredChecksum>,
    /// Who says that it has been sent.
    pub finisher: Finisher,
}

/// Who says that a file has been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finisher {
    /// Its owner, with `complete`.
    Owner,
    /// Nobody (`auto`): it is sent as one part, at most [`MAX_PART`], and is whole when that has arrived.
    Arrival,
}

/// An asset somebody wants to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpload {
    /// Its title.
    pub title: Title,
    /// Its description.
    pub description: Description,
    /// The caller's own data.
    pub metadata: Metadata,
    /// What the client knows the local file by.
    pub fingerprint: Option<Fingerprint>,
    /// Its files.
    pub files: BTreeMap<RoleName, NewFile>,
    /// The Idempotency-Key, if one came.
    pub idempotency: Option<IdempotencyKey>,
}

/// An Idempotency-Key and the fingerprint of what it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key.
    pub key: String,
    /// Equal for requests that mean the same.
    pub body: String,
}

impl NewUpload {
    /// Binds a key to what this request means, not to how it is written: a client may write the same anew, with its keys in
    /// another order, its letters composed otherwise or a media type under another of its names. What would be stored alike
    /// counts as the same.
    pub fn bind(&mut self, key: String) {
        let Self { title, description, metadata, fingerprint, files, idempotency: _ } = &*self;
        let files: Map<String, Value> =
            files.iter().map(|(role, file)| (role.to_string(), meaning_of_file(file))).collect();
        let meaning = json!({
            "title": title.as_str(),
            "description": description.as_str(),
            "metadata": serde_json::from_str(metadata.as_str()).map(same_numbers).ok(),
            "fingerprint": fingerprint.as_ref().map(Fingerprint::as_str),
            "files": files,
        });
        self.idempotency = Some(IdempotencyKey { key, body: body_fingerprint(meaning.to_string().as_bytes()) });
    }
}

fn meaning_of_file(file: &NewFile) -> Value {
    let NewFile { file_name, size, media_type, checksum, finisher } = file;
    let checksum = checksum.as_ref().map(|DeclaredChecksum { algorithm, value }| {
        json!({"algorithm": algorithm.name(), "value": value.as_ref().map(ChecksumValue::as_str)})
    });
    json!({
        "file_name": file_name.as_str(),
        "size": size.map(ByteCount::get),
        "content_type": media_type.name(),
        "checksum": checksum,
        "finisher": match finisher {
            Finisher::Owner => "owner",
            Finisher::Arrival => "arrival",
        },
    })
}

/// The same JSON with numbers that are equal written alike: `1.0` as `1`.
fn same_numbers(value: Value) -> Value {
    /// 2^53: below it a double is one whole number, and above it several.
    const EXACT_BELOW: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => match number.as_f64().filter(|double| number.is_f64() && double.fract() == 0.0) {
            // In range and without a fraction: the cast loses nothing.
            Some(double) if double.abs() < EXACT_BELOW => Value::from(double as i64),
            _ => Value::Number(number),
        },
        Value::Array(items) => items.into_iter().map(same_numbers).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, same_numbers(value))).collect(),
        other => other,
    }
}

/// An asset with permission to send its first parts.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The asset.
    pub asset: Asset,
    /// Part URLs of each file that is uploading.
    pub grants: BTreeMap<RoleName, Vec<SignedPart>>,
}

/// What is wrong with a file that was announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileProblem {
    /// The role takes other types.
    TypeNotAccepted {
        /// Those it takes.
        accepted: Vec<MediaType>,
    },
    /// Over the role's limit.
    TooLarge {
        /// That limit.
        limit: ByteCount,
    },
    /// A size no upload can have.
    Unplannable(Unplannable),
}

/// Why an asset was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The collection has no such role.
    #[error("the collection has no role {0}")]
    UnknownRole(RoleName),
    /// A required role was left out.
    #[error("role {0} is required")]
    MissingRole(RoleName),
    /// No file at all.
    #[error("no file was announced")]
    NoFiles,
    /// A file cannot be taken.
    #[error("the file for role {role} cannot be taken")]
    File {
        /// Which.
        role: RoleName,
        /// Why.
        problem: FileProblem,
    },
    /// The Idempotency-Key belongs to another body.
    #[error("the Idempotency-Key was used with another body")]
    KeyReused,
    /// The first request with this key is still running.
    #[error("the first request with this Idempotency-Key is still running")]
    KeyInProgress,
    /// The owner's allowance is used up.
    #[error("too many unfinished uploads")]
    TooManyOpen(Allowance),
    /// The owner's allowance is used up.
    #[error("too many bytes reserved")]
    TooManyBytes(Allowance),
    /// The asset of a repeated request is gone.
    #[error("the asset is gone")]
    Gone(Reason),
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl App {
    /// Creates an asset in UPLOADING with its uploads open and its first part URLs signed. A repetition with the same
    /// Idempotency-Key gives the same asset, as it is now, with fresh URLs.
    pub async fn create_asset(
        &self,
        owner: &OwnerId,
        of: &Collection,
        upload: NewUpload,
    ) -> Result<Opened, CreateError> {
        let plans = self.check_files(of, &upload.files)?;
        self.require_bucket().await?;
        let now = self.parts.catalog.now().await.map_err(PortError::catalog)?;
        let claim = upload.idempotency.as_ref().map(|key| IdempotencyClaim {
            route: format!("create_asset {}", of.name),
            key: key.key.clone(),
            body: key.body.clone(),
        });
        let allowance = self.parts.settings.allowance;
        let asset = self.reserved_asset(owner, of, upload, &plans, now);
        let reservation = Reservation { asset, idempotency: claim, allowance };
        let catalog = &*self.parts.catalog;
        let reserved = settle(|| catalog.reserve(&reservation)).await.map_err(PortError::catalog)?;
        let id = match reserved.answer {
            Reserved::Fresh => reservation.asset.id,
            Reserved::Replay(id) | Reserved::Resume(id) => id,
            Reserved::InProgress => return Err(CreateError::KeyInProgress),
            Reserved::KeyReused => return Err(CreateError::KeyReused),
            Reserved::TooManyOpen => return Err(CreateError::TooManyOpen(allowance)),
            Reserved::TooManyBytes => return Err(CreateError::TooManyBytes(allowance)),
        };
        let opened = self.open_and_grant(owner, of, id).await?;
        if let Some(claim) = &reservation.idempotency {
            settle(|| catalog.settle(owner, claim)).await.map_err(PortError::catalog)?;
        }
        Ok(opened)
    }

    fn check_files(
        &self,
        of: &Collection,
        files: &BTreeMap<RoleName, NewFile>,
    ) -> Result<BTreeMap<RoleName, FilePlan>, CreateError> {
        if files.is_empty() {
            return Err(CreateError::NoFiles);
        }
        if let Some(missing) = of.required_roles().find(|role| !files.contains_key(role)) {
            return Err(CreateError::MissingRole(missing.clone()));
        }
        let plan = |(role, file): (&RoleName, &NewFile)| {
            let rules = of.roles.get(role).ok_or_else(|| CreateError::UnknownRole(role.clone()))?;
            let plan = self.plan_file(rules, file);
            plan.map(|plan| (role.clone(), plan)).map_err(|problem| CreateError::File { role: role.clone(), problem })
        };
        files.iter().map(plan).collect()
    }

    /// Checks a file against the rules of its role and cuts it into parts.
    pub(super) fn plan_file(&self, rules: &RoleRules, file: &NewFile) -> Result<FilePlan, FileProblem> {
        if !rules.accepts(file.media_type) {
            return Err(FileProblem::TypeNotAccepted { accepted: rules.media_types.clone() });
        }
        let (limit, preferred) = match file.finisher {
            Finisher::Owner => (rules.max_size, self.parts.settings.preferred_part),
            Finisher::Arrival => (rules.max_size.min(MAX_PART), MAX_PART),
        };
        let Some(size) = file.size else { return Ok(FilePlan::Undeclared(OpenPlan::up_to(limit, preferred))) };
        if size > limit {
            return Err(FileProblem::TooLarge { limit });
        }
        PartPlan::with_preferred(size, preferred).map(FilePlan::Declared).map_err(FileProblem::Unplannable)
    }

    fn reserved_asset(
        &self,
        owner: &OwnerId,
        of: &Collection,
        upload: NewUpload,
        plans: &BTreeMap<RoleName, FilePlan>,
        now: Timestamp,
    ) -> Asset {
        let id = AssetId::new(now, &id_bits(&*self.parts.entropy));
        let places = upload.files.into_iter().map(|(role, file)| {
            let plan = plans[&role];
            let file = self.reserved_file(owner, of, id, role.clone(), file, plan, now);
            (role, Place { published: None, pending: Some(file) })
        });
        Asset {
            id,
            owner: owner.clone(),
            collection: of.name.clone(),
            title: upload.title,
            description: upload.description,
            metadata: upload.metadata,
            fingerprint: upload.fingerprint,
            status: AssetStatus::Uploading,
            created_at: now,
            published_at: None,
            revision: Fence::default(),
            places: places.collect(),
        }
    }

    /// A new file in RESERVED, with a key that was never used.
    #[expect(clippy::too_many_arguments, reason = "each is a different type, and this is the one place files begin")]
    pub(super) fn reserved_file(
        &self,
        owner: &OwnerId,
        of: &Collection,
        asset: AssetId,
        role: RoleName,
        file: NewFile,
        plan: FilePlan,
        now: Timestamp,
    ) -> File {
        let segment = owner.key_segment(self.parts.settings.owner_naming);
        let nonce = key_bits(&*self.parts.entropy);
        let key = FileKey::new(segment, of.name.clone(), asset, role.clone(), file.media_type, nonce);
        let rules = self.parts.settings.rules;
        let auto = match file.finisher {
            Finisher::Owner => false,
            Finisher::Arrival => true,
        };
        File {
            id: FileId::new(now, &id_bits(&*self.parts.entropy)),
            asset,
            key: ObjectKey::new(of.roles[&role].visibility, key),
            role,
            file_name: file.file_name,
            plan,
            checksum: file.checksum,
            auto,
            looks: (auto || matches!(plan, FilePlan::Undeclared(_))).then(|| Looks::before_grant(now)),
            addition: false,
            created_at: now,
            deadline: now + rules.idle(),
            url_not_after: None,
            upload_id: None,
            due_at: Some(now + STRAY_LOOK_AFTER),
            fence: Fence::default(),
            state: FileState::Reserved,
        }
    }

    /// Opens whatever is RESERVED in an asset and signs the first parts of whatever is UPLOADING.
    pub(super) async fn open_and_grant(
        &self,
        owner: &OwnerId,
        of: &Collection,
        id: AssetId,
    ) -> Result<Opened, CreateError> {
        let asset = self.find_asset(owner, of, id).await.map_err(create_refused)?;
        for file in asset.pending() {
            self.open_file(file).await?;
        }
        let mut grants = BTreeMap::new();
        for role in asset.places.keys() {
            match self.grant_first(owner, of, id, role).await {
                Ok(parts) => grants.insert(role.clone(), parts),
                Err(GrantError::Find(error)) => return Err(create_refused(error)),
                Err(GrantError::Port(error)) => return Err(error.into()),
                // A replay finds its asset as it is now: published, rejected, past its deadline. There is nothing to
                // sign then, and the asset says so.
                Err(
                    GrantError::NotUploading(_)
                    | GrantError::Expired
                    | GrantError::BeyondPlan { .. }
                    | GrantError::TooManyAtOnce
                    | GrantError::Rejected(_),
                ) => None,
            };
        }
        let asset = self.find_asset(owner, of, id).await.map_err(create_refused)?;
        Ok(Opened { asset, grants })
    }

    /// T2 for one file; gives it back as it is afterwards. Losing the race means that another request opened it; the
    /// upload made here in vain is found by its key when the file ends (T9 lists).
    pub(super) async fn open_file(&self, file: &File) -> Result<(), PortError> {
        let mut file = file.clone();
        for _ in 0..MAX_RACES {
            if file.state != FileState::Reserved {
                return Ok(());
            }
            let algorithm = file.checksum.as_ref().map(|declared| declared.algorithm);
            let upload_id = self.parts.store.open_upload(&file.key, algorithm).await.map_err(PortError::store)?;
            let now = self.parts.catalog.now().await.map_err(PortError::catalog)?;
            let Ok(decision) = decide(&file, &Event::Opened(upload_id), now) else { return Ok(()) };
            if self.advance(&file, &decision, &[]).await? == Written::Done {
                return Ok(());
            }
            match self.reload(&file).await?.value {
                Some(found) => file = found,
                None => return Ok(()),
            }
        }
        Err(PortError::Contended)
    }
}

fn create_refused(error: FindError) -> CreateError {
    match error {
        FindError::Gone(reason) => CreateError::Gone(reason),
        FindError::Port(error) => CreateError::Port(error),
        // The asset was there a moment ago and its owner is the caller: only its purge explains this.
        FindError::Missing => CreateError::Gone(Reason::Deleted),
    }
}
