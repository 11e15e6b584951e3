//! What clients do: honest, hasty, forgetful, doubled, late, foreign and lying ones.
//!
//! *Invariant*: everything a client does is something a client of the API can do.

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::{
    Asset, AssetId, AssetStatus, ByteCount, ClaimedParts, Collection, ETag, FileId, OwnerId, PartLength, PartNumber,
    RoleName,
};
use server::app::{
    App, Claim, CompleteError, Completed, Completion, CreateError, FindError, Finisher, Opened, PartWanted, Reading,
    Scope,
};
use server::catalog::AssetPatch;
use server::store::signer::SignedPart;

use crate::ablation::Ablation;
use crate::chance::mix;
use crate::executor::{Home, lock};
use crate::fleet::SERVERS;
use crate::matter::{Arrival, Piece, checksum_of};
use crate::network::{Client, PartUrl, release, release_read};
use crate::source::{Errand, Source};

type Urls = BTreeMap<(RoleName, PartNumber), SignedPart>;

/// One asset on its way, as its uploader sees it.
struct Upload {
    client: Client,
    of: Collection,
    id: AssetId,
    errand: Errand,
    /// The file of each role that was announced last.
    files: BTreeMap<RoleName, FileId>,
    urls: Urls,
    /// What the store answered to the parts that were sent last, with their lengths.
    sent: BTreeMap<(RoleName, PartNumber), (ETag, ByteCount)>,
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
    let mut upload =
        Upload { client, of, id, errand, files: BTreeMap::new(), urls: Urls::new(), sent: BTreeMap::new() };
    upload.keep(opened);
    upload.start_companions();
    let mut sends = true;
    for _ in 0..9 {
        if sends {
            upload.send_parts().await;
        }
        let round = if upload.errand.is_left_alone() && !upload.client.chance(150) {
            upload.await_arrival().await
        } else {
            upload.complete().await
        };
        match round {
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
        self.files.extend(opened.asset.pending().map(|file| (file.role.clone(), file.id)));
        for (role, parts) in opened.grants {
            self.urls.extend(parts.into_iter().map(|part| ((role.clone(), part.number), part)));
        }
    }

    /// Asks for URLs of all parts of a role.
    async fn grant(&mut self, source: &Source) {
        let (owner, of, id, role) = (self.client.owner.clone(), self.of.clone(), self.id, source.role.clone());
        let wanted: Vec<PartWanted> =
            source.numbers().map(|number| PartWanted { number, checksum_sha256: None }).collect();
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
            if let Some(bytes) = source.form().filter(|_| self.client.chance(700)) {
                self.relay(&source, bytes).await;
                continue;
            }
            let has_urls = source.numbers().all(|number| self.urls.contains_key(&(source.role.clone(), number)));
            if !has_urls || self.client.chance(120) {
                self.grant(&source).await;
            }
            let mut numbers: Vec<PartNumber> = source.numbers().collect();
            self.client.world.draw(|chance| chance.shuffle(&mut numbers));
            for number in numbers {
                let Some(part) = self.urls.get(&(source.role.clone(), number)).cloned() else { continue };
                self.send_part(&source, &part).await;
            }
        }
    }

    /// Sends a file as a form does, through a server.
    async fn relay(&mut self, source: &Source, bytes: Bytes) {
        let Some(file) = self.files.get(&source.role).copied() else { return };
        let (owner, of, id, role) = (self.client.owner.clone(), self.of.clone(), self.id, source.role.clone());
        let first = PartNumber::new(1).expect("parts begin at 1");
        let length = ByteCount(bytes.len() as u64);
        let relay = move |app: App| async move { app.relay_file(&owner, &of, id, &role, file, bytes).await };
        if let Some(Ok(etag)) = self.client.ask("relay", relay).await {
            self.sent.insert((source.role.clone(), first), (etag, length));
        }
    }

    async fn send_part(&mut self, source: &Source, part: &SignedPart) {
        let client = &self.client;
        let mut piece = source.piece(part.number);
        match client.world.draw(|chance| chance.below(40)) {
            0 => return,
            1 => piece.size = ByteCount(piece.size.get().saturating_sub(1)),
            2 => piece.tag = mix(piece.tag),
            3 => {
                client.send(part, piece.clone()).await;
            }
            _ => {}
        }
        let size = piece.size;
        let answer = client.send(part, piece).await;
        if source.finisher == Finisher::Arrival && client.chance(500) {
            hint(client, part);
        }
        if let Some(etag) = answer {
            self.sent.insert((source.role.clone(), part.number), (etag, size));
        }
    }

    /// The list of the parts that the store has confirmed. `None`: some have to be sent yet.
    fn list_of(&self, source: &Source) -> Option<(ClaimedParts, ByteCount)> {
        let mut sum = ByteCount::ZERO;
        let mut list = ClaimedParts::new();
        for number in source.numbers() {
            let (etag, length) = self.sent.get(&(source.role.clone(), number))?;
            list.insert(number, etag.clone());
            sum = sum.saturating_add(*length);
        }
        Some((list, sum))
    }

    /// What the owner knows about its files. `None`: it has to send parts yet, before it can say what there is.
    fn claims(&self) -> Option<BTreeMap<RoleName, Claim>> {
        let mut claims = BTreeMap::new();
        for source in &self.errand.sources {
            let mut claim = Claim::default();
            if source.needs_list() {
                let (list, sum) = self.list_of(source)?;
                lock(&self.client.world.truth).claimed(self.id, &source.role, sum);
                claim.parts = Some(list);
            }
            if self.errand.claims_parts {
                let late = source.checksum.as_ref().filter(|declared| declared.value.is_none());
                claim.checksum =
                    late.map(|declared| (declared.algorithm, checksum_of(declared.algorithm, &source.pieces())));
            }
            if self.errand.claims_parts || source.needs_list() {
                claims.insert(source.role.clone(), claim);
            }
        }
        Some(claims)
    }

    async fn complete(&mut self) -> Round {
        let (owner, of, id) = (self.client.owner.clone(), self.of.clone(), self.id);
        let Some(claims) = self.claims() else { return Round::Again };
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

    /// Nobody completes it: its uploader looks whether it is there, and sends it again if it takes too long.
    async fn await_arrival(&mut self) -> Round {
        self.client.linger(2, 200).await;
        let (owner, of, id) = (self.client.owner.clone(), self.of.clone(), self.id);
        let find = move |app: App| async move { app.find_asset(&owner, &of, id).await };
        match self.client.ask("find", find).await {
            Some(Ok(asset)) => match rejected(&asset) {
                Some(role) => self.announce_again(&role).await,
                None if asset.status == AssetStatus::Created && asset.pending().next().is_none() => Round::Created,
                None if self.client.chance(300) => Round::Again,
                None => Round::Wait,
            },
            None | Some(Err(FindError::Port(_))) => Round::Wait,
            Some(Err(FindError::Missing | FindError::Gone(_))) => Round::GivenUp,
        }
    }

    /// Sends another file for a role that was rejected; this one is honest.
    async fn announce_again(&mut self, rejected: &RoleName) -> Round {
        let Some(source) = self.errand.sources.iter_mut().find(|source| source.role == *rejected) else {
            return Round::GivenUp;
        };
        *source = source.another();
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
        self.sent.retain(|(role, _), _| *role != source.role);
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
                let world = self.client.world.clone();
                let read = move |app: App| async move {
                    let found = app.file_url(&owner, &of, id, &role, Reading::SHOW).await;
                    found.iter().for_each(|found| release_read(&world, found));
                };
                self.client.ask("read", read).await;
            }
            2 | 3 => {
                let replacement = first.another();
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
            // Of what is sent: one part more than there is would spoil a file of undeclared size for good.
            let is_sent = |role: &RoleName, number| {
                let source = self.errand.sources.iter().find(|source| source.role == *role);
                source.is_some_and(|source| source.numbers().any(|sent| sent == number))
            };
            let urls = self.urls.iter().filter(|((role, number), _)| is_sent(role, *number));
            let urls: Vec<SignedPart> = urls.map(|(_, part)| part.clone()).collect();
            let pieces: Vec<Piece> = self.errand.sources.iter().flat_map(Source::pieces).collect();
            executor.start(Home::Client, Box::pin(latecomer(client, urls, pieces)));
        }
    }
}

/// A role whose file was rejected.
fn rejected(asset: &Asset) -> Option<RoleName> {
    asset.pending().find(|file| file.state.reason().is_some()).map(|file| file.role.clone())
}

/// The store tells a server that something arrived, whether it did or not. Nobody waits for what comes of it.
fn hint(client: &Client, part: &SignedPart) {
    let key = PartUrl::parse(part.url.expose()).key;
    let process = client.world.draw(|chance| chance.below(SERVERS));
    if let Some(app) = client.fleet.app(process) {
        let hear = async move { drop(app.hear_of_arrival(key.visibility(), &key.path()).await) };
        client.world.executor.start(Home::Process(process), Box::pin(hear));
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
        let mut piece = piece.clone();
        if let PartLength::Exactly(length) = part.length {
            piece.size = length;
        }
        client.send(part, piece.clone()).await;
        if client.world.is_ablated(Ablation::ClientPut) {
            put_object(&client, part, piece);
        }
    }
}

/// What a client could do if it held a URL that creates an object.
fn put_object(client: &Client, part: &SignedPart, piece: Piece) {
    let PartUrl { key, number, .. } = PartUrl::parse(part.url.expose());
    let now = client.world.moment();
    client.world.touch();
    let mut matter = lock(&client.world.matter);
    let upload = matter.open(&key, None, now);
    matter.put_part(&key, &upload, number, piece, Arrival::Now);
    let parts = matter.list_parts(&key, &upload, None, 1).expect("it was just opened").parts;
    matter.complete(&key, &upload, &parts, None, now);
}
