//! What clients do: honest, hasty, forgetful, doubled, late, foreign and lying ones.
//!
//! *Invariant*: everything a client does is something a client of the API can do.

use std::collections::BTreeMap;

use domain::{
    AssetId, ByteCount, ChecksumAlgorithm, Collection, DeclaredChecksum, Description, FileName, MediaType, Metadata,
    OwnerId, PartLength, PartNumber, PartPlan, RoleName, Title,
};
use server::app::{
    App, Claim, CompleteError, Completed, Completion, CreateError, FindError, Finisher, IdempotencyKey, Intent,
    NewFile, NewUpload, Opened, PartWanted, Scope,
};
use server::catalog::AssetPatch;
use server::store::signer::SignedPart;

use crate::ablation::{Ablation, beginning_of};
use crate::chance::{Chance, mix};
use crate::executor::{Home, lock};
use crate::fleet::role;
use crate::matter::{Arrival, Piece, checksum_of};
use crate::network::{Client, PartUrl, release};

/// A file on somebody's device.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    role: RoleName,
    media: MediaType,
    plan: PartPlan,
    content: u64,
    checksum: Option<DeclaredChecksum>,
    /// It begins with something else than it says.
    lies: bool,
}

/// An asset somebody wants to upload.
#[derive(Debug, Clone)]
pub(crate) struct Errand {
    collection: &'static str,
    sources: Vec<Source>,
    idempotency: Option<IdempotencyKey>,
    claims_parts: bool,
}

impl Source {
    fn new(chance: &mut Chance, name: &str, media: MediaType) -> Self {
        let mib = 1 << 20;
        let size = chance.pick(&[1_000, 3 * mib, 5 * mib + 1, 9 * mib, 12 * mib]) + chance.between(0, 99);
        let plan = PartPlan::with_preferred(ByteCount(size), ByteCount::mib(5)).expect("it can be planned");
        let mut source =
            Self { role: role(name), media, plan, content: chance.bits(), checksum: None, lies: chance.odds(50) };
        if chance.odds(350) {
            let algorithm = chance.pick(&[ChecksumAlgorithm::Crc64Nvme, ChecksumAlgorithm::Crc32C]);
            let value = chance.odds(700).then(|| checksum_of(algorithm, &source.pieces()));
            source.checksum = Some(DeclaredChecksum { algorithm, value });
        }
        source
    }

    fn piece(&self, number: PartNumber) -> Piece {
        let size = self.plan.length_of(number).expect("it is planned");
        let other = if self.media == MediaType::Mp4 { MediaType::Png } else { MediaType::Mp4 };
        let begins = beginning_of(if self.lies { other } else { self.media });
        Piece { size, tag: mix(self.content ^ u64::from(number.get())), begins }
    }

    fn pieces(&self) -> Vec<Piece> {
        self.plan.numbers().map(|number| self.piece(number)).collect()
    }

    fn announced(&self) -> NewFile {
        NewFile {
            file_name: FileName::parse("film").expect("it is a name"),
            size: Some(self.plan.size()),
            media_type: self.media,
            checksum: self.checksum.clone(),
            finisher: Finisher::Owner,
        }
    }
}

impl Errand {
    /// The first asset of every seed has two files; the others as it comes.
    pub(crate) fn new(chance: &mut Chance, number: u64) -> Self {
        let image = number > 0 && chance.odds(400);
        let mut sources = if image {
            vec![Source::new(chance, "image", MediaType::Png)]
        } else {
            vec![Source::new(chance, "video", MediaType::Mp4)]
        };
        if !image && (number == 0 || chance.odds(400)) {
            sources.push(Source::new(chance, "thumbnail", MediaType::Png));
        }
        let idempotency =
            chance.odds(700).then(|| IdempotencyKey { key: format!("errand {number}"), body: format!("{number}") });
        let collection = if image { "images" } else { "videos" };
        Self { collection, sources, idempotency, claims_parts: chance.odds(250) }
    }

    fn upload(&self) -> NewUpload {
        NewUpload {
            title: Title::parse("Film").expect("it is a title"),
            description: Description::empty(),
            metadata: Metadata::empty(),
            fingerprint: None,
            files: self.sources.iter().map(|source| (source.role.clone(), source.announced())).collect(),
            idempotency: self.idempotency.clone(),
        }
    }
}

type Urls = BTreeMap<(RoleName, PartNumber), SignedPart>;

/// One asset on its way, as its uploader sees it.
struct Upload {
    client: Client,
    of: Collection,
    id: AssetId,
    errand: Errand,
    urls: Urls,
}

/// How a round ended.
enum Round {
    Created,
    Again,
    /// Ask again, but send nothing.
    Wait,
    GivenUp,
}

/// Uploads an asset, with whatever goes wrong on the way.
pub(crate) async fn run_errand(client: Client, errand: Errand) {
    let of = client.fleet.collection(errand.collection);
    let Some(opened) = create(&client, &of, &errand).await else { return };
    let id = opened.asset.id;
    let mut upload = Upload { client, of, id, errand, urls: Urls::new() };
    upload.keep(opened);
    upload.start_companions();
    let mut sends = true;
    for _ in 0..9 {
        if sends {
            upload.send_parts().await;
        }
        match upload.complete().await {
            Round::Created => {
                upload.afterwards().await;
                return;
            }
            Round::Again => sends = true,
            Round::Wait => sends = false,
            Round::GivenUp => return,
        }
        upload.client.linger(0, 40).await;
    }
}

async fn create(client: &Client, of: &Collection, errand: &Errand) -> Option<Opened> {
    for _ in 0..7 {
        let (owner, collection, upload) = (client.owner.clone(), of.clone(), errand.upload());
        let world = client.world.clone();
        let answer = client
            .ask("create", move |app| async move {
                let created = app.create_asset(&owner, &collection, upload).await;
                if let Ok(opened) = &created {
                    release(&world, opened.grants.values().flatten());
                }
                created
            })
            .await;
        match answer {
            Some(Ok(opened)) => return Some(opened),
            Some(Err(CreateError::Gone(_))) => return None,
            Some(Err(CreateError::KeyInProgress | CreateError::Port(_))) | None => client.linger(1, 35).await,
            Some(Err(refused)) => panic!("an errand is well-formed and within its allowance: {refused}"),
        }
    }
    None
}

impl Upload {
    fn keep(&mut self, opened: Opened) {
        for (role, parts) in opened.grants {
            self.urls.extend(parts.into_iter().map(|part| ((role.clone(), part.number), part)));
        }
    }

    /// Asks for URLs of all parts of a role.
    async fn grant(&mut self, source: &Source) {
        let (owner, of, id, role) = (self.client.owner.clone(), self.of.clone(), self.id, source.role.clone());
        let wanted: Vec<PartWanted> =
            source.plan.numbers().map(|number| PartWanted { number, checksum_sha256: None }).collect();
        let world = self.client.world.clone();
        let answer = self
            .client
            .ask("grant", move |app| async move {
                let granted = app.grant_parts(&owner, &of, id, &role, &wanted).await;
                if let Ok(parts) = &granted {
                    release(&world, parts);
                }
                granted
            })
            .await;
        if let Some(Ok(parts)) = answer {
            self.urls.extend(parts.into_iter().map(|part| ((source.role.clone(), part.number), part)));
        }
    }

    async fn send_parts(&mut self) {
        let mut sources = self.errand.sources.clone();
        self.client.world.draw(|chance| chance.shuffle(&mut sources));
        for source in sources {
            let has_urls = source.plan.numbers().all(|number| self.urls.contains_key(&(source.role.clone(), number)));
            if !has_urls || self.client.chance(120) {
                self.grant(&source).await;
            }
            let mut numbers: Vec<PartNumber> = source.plan.numbers().collect();
            self.client.world.draw(|chance| chance.shuffle(&mut numbers));
            for number in numbers {
                let Some(part) = self.urls.get(&(source.role.clone(), number)).cloned() else { continue };
                self.send_part(&source, &part).await;
            }
        }
    }

    async fn send_part(&self, source: &Source, part: &SignedPart) {
        let client = &self.client;
        let mut piece = source.piece(part.number);
        match client.world.draw(|chance| chance.below(40)) {
            0 => return,
            1 => piece.size = ByteCount(piece.size.get().saturating_sub(1)),
            2 => piece.tag = mix(piece.tag),
            3 => {
                client.send(part, piece).await;
            }
            _ => {}
        }
        client.send(part, piece).await;
    }

    fn claims(&self) -> BTreeMap<RoleName, Claim> {
        let claim = |source: &Source| {
            let checksum = source.checksum.as_ref().filter(|declared| declared.value.is_none());
            let checksum =
                checksum.map(|declared| (declared.algorithm, checksum_of(declared.algorithm, &source.pieces())));
            (source.role.clone(), Claim { parts: None, checksum })
        };
        self.errand.sources.iter().map(claim).collect()
    }

    async fn complete(&mut self) -> Round {
        let (owner, of, id) = (self.client.owner.clone(), self.of.clone(), self.id);
        let claims = if self.errand.claims_parts { self.claims() } else { BTreeMap::new() };
        let completion = Completion { patch: AssetPatch::default(), claims, scope: Scope::Asset };
        let answer = self
            .client
            .ask("complete", move |app| async move { app.complete_asset(&owner, &of, id, &completion).await })
            .await;
        match answer {
            None | Some(Err(CompleteError::Incomplete(_))) => Round::Again,
            Some(Err(CompleteError::Port(_)) | Ok(Completed::StillCommitting(_))) => Round::Wait,
            Some(Ok(Completed::Created(_))) => Round::Created,
            Some(Err(CompleteError::Rejected { role, .. })) => self.announce_again(&role).await,
            Some(Err(CompleteError::Find(FindError::Port(_)))) => Round::Wait,
            Some(Err(CompleteError::Find(FindError::Missing | FindError::Gone(_)))) => Round::GivenUp,
            Some(Err(
                CompleteError::UnknownRole(_) | CompleteError::ChecksumConflict(_) | CompleteError::Unclaimed(_),
            )) => {
                self.errand.claims_parts = false;
                Round::Wait
            }
        }
    }

    /// Sends another file for a role that was rejected; this one is honest.
    async fn announce_again(&mut self, rejected: &RoleName) -> Round {
        let Some(source) = self.errand.sources.iter_mut().find(|source| source.role == *rejected) else {
            return Round::GivenUp;
        };
        source.lies = false;
        source.content = mix(source.content);
        source.checksum = None;
        let source = source.clone();
        if self.client.chance(200) {
            return Round::GivenUp;
        }
        self.announce(&source).await;
        Round::Again
    }

    async fn announce(&mut self, source: &Source) {
        let (owner, of, id) = (self.client.owner.clone(), self.of.clone(), self.id);
        let (role, new, world) = (source.role.clone(), source.announced(), self.client.world.clone());
        let answer = self
            .client
            .ask("announce", move |app| async move {
                let announced = app.announce_file(&owner, &of, id, &role, &new).await;
                if let Ok(opened) = &announced {
                    release(&world, opened.grants.values().flatten());
                }
                announced
            })
            .await;
        self.urls.retain(|(role, _), _| *role != source.role);
        if let Some(Ok(opened)) = answer {
            self.keep(opened);
        }
    }

    /// What happens to an asset that is CREATED: read, replaced, withdrawn, deleted, or left in peace.
    async fn afterwards(&mut self) {
        let (owner, of, id) = (self.client.owner.clone(), self.of.clone(), self.id);
        let first = self.errand.sources[0].clone();
        match self.client.world.draw(|chance| chance.below(8)) {
            0 | 1 => {
                let role = first.role;
                let read =
                    move |app: App| async move { app.file_url(&owner, &of, id, &role, Intent::Show).await.map(drop) };
                self.client.ask("read", read).await;
            }
            2 | 3 => {
                let replacement = Source { content: mix(first.content), checksum: None, lies: false, ..first };
                self.announce(&replacement).await;
                self.errand.sources = vec![replacement];
                self.send_parts().await;
                if self.client.chance(800) {
                    self.complete().await;
                }
            }
            4 if self.errand.sources.len() > 1 => {
                let role = self.errand.sources[1].role.clone();
                let withdraw =
                    move |app: App| async move { app.withdraw_file(&owner, &of, id, &role).await.map_err(drop) };
                self.client.ask("withdraw", withdraw).await;
            }
            5 => delete(&self.client, &of, id).await,
            _ => {}
        }
    }

    /// What goes on beside the upload.
    fn start_companions(&self) {
        let (client, of, id) = (self.client.clone(), self.of.clone(), self.id);
        let executor = &self.client.world.executor;
        if self.client.chance(200) {
            let (client, of) = (client.clone(), of.clone());
            let cancel = async move {
                client.linger(1, 400).await;
                delete(&client, &of, id).await;
            };
            executor.start(Home::Client, Box::pin(cancel));
        }
        if self.client.chance(400) {
            let roles = self.errand.sources.iter().map(|source| source.role.clone()).collect();
            executor.start(Home::Client, Box::pin(second_tab(client.clone(), of.clone(), id, roles)));
        }
        if self.client.chance(150) {
            executor.start(Home::Client, Box::pin(stranger(client.clone(), of.clone(), id)));
        }
        if self.client.chance(500) {
            let urls: Vec<SignedPart> = self.urls.values().cloned().collect();
            let pieces: Vec<Piece> = self.errand.sources.iter().flat_map(Source::pieces).collect();
            executor.start(Home::Client, Box::pin(latecomer(client, urls, pieces)));
        }
    }
}

async fn delete(client: &Client, of: &Collection, id: AssetId) {
    for _ in 0..2 {
        let (owner, of) = (client.owner.clone(), of.clone());
        let answer =
            client.ask("delete", move |app| async move { app.delete_asset(&owner, &of, id).await.is_ok() }).await;
        if answer == Some(true) {
            return;
        }
        client.linger(1, 30).await;
    }
}

/// The same owner in another tab, who presses the same buttons, and looks around.
async fn second_tab(client: Client, of: Collection, id: AssetId, roles: Vec<RoleName>) {
    for _ in 0..4 {
        client.linger(0, 60).await;
        let (owner, collection, world) = (client.owner.clone(), of.clone(), client.world.clone());
        match client.world.draw(|chance| chance.below(3)) {
            0 => {
                let complete = move |app: App| async move {
                    app.complete_asset(&owner, &collection, id, &Completion::default()).await.is_ok()
                };
                client.ask("complete", complete).await;
            }
            1 => {
                let find = move |app: App| async move { app.find_asset(&owner, &collection, id).await.is_ok() };
                client.ask("find", find).await;
            }
            _ => {
                let role = roles[client.world.draw(|chance| chance.below(roles.len()))].clone();
                let first = PartNumber::new(1).expect("parts begin at 1");
                let wanted = [PartWanted { number: first, checksum_sha256: None }];
                // It opens what another tab has just announced.
                let grant = move |app: App| async move {
                    let granted = app.grant_parts(&owner, &collection, id, &role, &wanted).await;
                    granted.iter().for_each(|parts| release(&world, parts));
                };
                client.ask("grant", grant).await;
            }
        }
    }
}

/// Somebody who knows the asset's id and is not its owner.
async fn stranger(client: Client, of: Collection, id: AssetId) {
    client.linger(0, 100).await;
    let somebody = OwnerId::parse("somebody-else").expect("it is an owner");
    let world = client.world.clone();
    let meddle = move |app: App| async move {
        let completed = app.complete_asset(&somebody, &of, id, &Completion::default()).await;
        let deleted = app.delete_asset(&somebody, &of, id).await;
        if completed.is_ok() || deleted.is_ok() {
            lock(&world.truth).report("owner", format!("a stranger could act on {id}"));
        }
    };
    client.ask("meddle", meddle).await;
}

/// Somebody whose URLs are used again, much later, until they end.
async fn latecomer(client: Client, urls: Vec<SignedPart>, pieces: Vec<Piece>) {
    for (part, piece) in urls.iter().zip(pieces.iter().cycle()) {
        client.linger(5, 1_500).await;
        let mut piece = *piece;
        if let PartLength::Exactly(length) = part.length {
            piece.size = length;
        }
        client.send(part, piece).await;
        if client.world.is_ablated(Ablation::ClientPut) {
            put_object(&client, part, piece);
        }
    }
}

/// What a client could do if it held a URL that creates an object.
fn put_object(client: &Client, part: &SignedPart, piece: Piece) {
    let PartUrl { key, number, .. } = PartUrl::parse(part.url.expose());
    let now = client.world.now();
    client.world.touch();
    let mut matter = lock(&client.world.matter);
    let upload = matter.open(&key, None, now);
    matter.put_part(&key, &upload, number, piece, Arrival::Now);
    let parts = matter.list_parts(&key, &upload, None).expect("it was just opened").parts;
    matter.complete(&key, &upload, &parts, None, now);
}
