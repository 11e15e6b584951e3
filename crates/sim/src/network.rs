//! The way from a client to a server and to the store.
//!
//! *Invariant*: a client knows nothing but what answers told it; it sends parts by the signed URLs themselves, whose
//! bucket, key, upload id and end are read out of their text.

use std::sync::Arc;

use domain::{ETag, FileKey, ObjectKey, OwnerId, PartLength, PartNumber, TimeSpan, Timestamp, UploadId, Visibility};
use futures::channel::oneshot;
use futures::future::{Either, select};
use percent_encoding::percent_decode_str;
use server::app::{App, ReadUrl};
use server::store::signer::SignedPart;

use crate::call::{Call, Class, Step};
use crate::executor::{Home, lock};
use crate::fleet::{Fleet, SERVERS};
use crate::matter::{Arrival, PartFate, Piece};
use crate::world::{Verdict, World};

/// Where part URLs lead.
pub(crate) const ENDPOINT: &str = "https://store.test/";

/// How far in the future a URL may have been signed, as S3 has it.
const SIGNED_AHEAD: TimeSpan = TimeSpan::from_mins(15);

/// Somebody's browser.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) world: Arc<World>,
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) owner: OwnerId,
}

/// What a part URL says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartUrl {
    pub(crate) key: ObjectKey,
    pub(crate) upload: UploadId,
    pub(crate) number: PartNumber,
    pub(crate) validity: Validity,
}

/// For how long a signed URL works, and by whose word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Validity {
    /// The access key of the credentials it was signed with.
    pub(crate) access_key: String,
    pub(crate) signed_at: Timestamp,
    /// The first moment at which the store refuses it.
    pub(crate) end: Timestamp,
}

impl Validity {
    /// Reads the query of a signed URL as the store does.
    ///
    /// # Panics
    /// If the server signed no such URL: the simulation ends with it.
    pub(crate) fn parse(query: &str) -> Self {
        let (mut access_key, mut signed_at, mut life) = (None, None, None);
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "X-Amz-Credential" => access_key = value.split_once("%2F").map(|(key, _)| key.to_owned()),
                "X-Amz-Date" => signed_at = parse_basic(value),
                "X-Amz-Expires" => life = value.parse().ok().map(TimeSpan::from_secs),
                _ => {}
            }
        }
        let signed_at = signed_at.expect("it says when it was signed");
        let end = signed_at + life.expect("it says how long it lives");
        Self { access_key: access_key.expect("it says by whom it was signed"), signed_at, end }
    }
}

impl PartUrl {
    /// Reads a URL as the store does.
    ///
    /// # Panics
    /// If it is none that the server signs: the simulation ends with it.
    pub(crate) fn parse(url: &str) -> Self {
        let (place, query) = url.split_once('?').expect("a signed URL has a query");
        let place = place.strip_prefix(ENDPOINT).expect("it leads to the store");
        let (bucket, path) = place.split_once('/').expect("it names bucket and key");
        let visibility = if bucket == "public" { Visibility::Public } else { Visibility::Private };
        let (mut number, mut upload) = (None, None);
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "partNumber" => number = value.parse().ok().and_then(|number| PartNumber::new(number).ok()),
                "uploadId" => upload = percent_decode_str(value).decode_utf8().ok().map(std::borrow::Cow::into_owned),
                _ => {}
            }
        }
        Self {
            key: ObjectKey::new(visibility, FileKey::parse(path).expect("it is a key of ours")),
            upload: UploadId(upload.expect("it names its upload")),
            number: number.expect("it names its part"),
            validity: Validity::parse(query),
        }
    }
}

/// A time as SigV4 spells it: `20260923T101500Z`.
fn parse_basic(text: &str) -> Option<Timestamp> {
    let digits = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (digits(0..4)?, digits(4..6)?, digits(6..8)?);
    // Days since 1970 in the proleptic Gregorian calendar, the year beginning in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469;
    let seconds = digits(9..11)? * 3_600 + digits(11..13)? * 60 + digits(13..15)?;
    Timestamp::from_second(days * 86_400 + seconds).ok()
}

impl Client {
    /// Asks a server, and waits no longer than patience lasts. `None`: no answer, whatever became of it.
    pub(crate) async fn ask<T, F>(
        &self,
        name: &'static str,
        handler: impl FnOnce(App) -> F + Send + 'static,
    ) -> Option<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let world = &self.world;
        let call = Call { name, class: Class::Write, about: Vec::new() };
        let verdict = world.enter(call, None).await;
        let (process, patience) = world.draw(|chance| {
            // Most wait as long as browsers do, some close the tab at once, some scripts wait for days.
            let (first, last) = chance.pick(&[
                (20, 900),
                (20_000, 60_000),
                (20_000, 60_000),
                (20_000, 60_000),
                (1_000_000, 200_000_000),
            ]);
            (chance.below(SERVERS), chance.between(first, last))
        });
        let home = Home::Process(process);
        match verdict {
            Verdict::Go | Verdict::WrongAnswer(_) | Verdict::ErrorAnswer(_) => {}
            Verdict::Refused => return None,
            Verdict::AnswerLost => {
                let app = self.fleet.app(process)?;
                world.executor.start(home, Box::pin(async move { drop(handler(app).await) }));
                return None;
            }
            Verdict::Late => {
                let (fleet, later) = (self.fleet.clone(), world.clone());
                world.executor.start(
                    Home::Client,
                    Box::pin(async move {
                        let seconds = later.draw(|chance| chance.between(1, 3_000));
                        later.pause(TimeSpan::from_secs(i64::try_from(seconds).expect("it is small"))).await;
                        if let Some(app) = fleet.app(process) {
                            later.executor.start(home, Box::pin(async move { drop(handler(app).await) }));
                        }
                    }),
                );
                return None;
            }
        }
        let app = self.fleet.app(process)?;
        let (mut tell, answer) = oneshot::channel();
        let served = async move {
            // As hyper does: when the connection is closed, the handler is dropped where it stands.
            let handled = {
                let gone = tell.cancellation();
                match select(gone, Box::pin(handler(app))).await {
                    Either::Left(_) => None,
                    Either::Right((outcome, _)) => Some(outcome),
                }
            };
            if let Some(outcome) = handled {
                drop(tell.send(outcome));
            }
        };
        world.executor.start(home, Box::pin(served));
        let patience = TimeSpan::from_millis(i64::try_from(patience).expect("it is small"));
        match select(answer, Box::pin(world.pause(patience))).await {
            Either::Left((answer, _)) => answer.ok(),
            Either::Right(_) => None,
        }
    }

    /// Sends a part to where its URL says. Gives what the store answered, if it said that it arrived.
    pub(crate) async fn send(&self, part: &SignedPart, piece: Piece) -> Option<ETag> {
        let world = &self.world;
        let PartUrl { key, upload, number, validity } = PartUrl::parse(part.url.expose());
        let is_other = matches!(part.length, PartLength::Exactly(length) if length != piece.size);
        if !world.admits(&validity) || (self.fleet.lengths_are_signed && is_other) {
            return None;
        }
        // What counts is whether the upload was there when the request began.
        let was_open = world.right(|matter| matter.list_parts(&key, &upload, None, 1).is_some());
        let arrival = if was_open { Arrival::Late } else { Arrival::Now };
        let file = lock(&world.truth).file_of(&key);
        let land = {
            let (key, upload) = (key.clone(), upload.clone());
            move |world: &World| {
                world.touch();
                let fate = world.right(|matter| matter.put_part(&key, &upload, number, piece.clone(), arrival));
                lock(&world.truth).part_landed(&world.catalog, &key, &upload);
                fate
            }
        };
        let zombie = {
            let land = land.clone();
            Box::new(move |world: &Arc<World>| {
                land(world);
            })
        };
        match world.enter(Call::store(Step::PutPart, file), Some(zombie)).await {
            Verdict::Go => match land(world) {
                PartFate::Stored(etag) => Some(etag),
                PartFate::NoSuchUpload => None,
            },
            Verdict::AnswerLost => {
                land(world);
                None
            }
            _ => None,
        }
    }

    /// Waits for some while.
    pub(crate) async fn linger(&self, first_seconds: u64, last_seconds: u64) {
        let seconds = self.world.draw(|chance| chance.between(first_seconds, last_seconds));
        self.world.pause(TimeSpan::from_secs(i64::try_from(seconds).expect("it is small"))).await;
    }

    pub(crate) fn chance(&self, per_mille: u32) -> bool {
        self.world.draw(|chance| chance.odds(per_mille))
    }
}

impl World {
    /// Whether the store takes what a URL was signed with, by its own clock: it has not ended, it was not signed in the
    /// future, and its credentials have not ended.
    fn admits(&self, validity: &Validity) -> bool {
        let now = self.moment().told;
        let credentials_end = lock(&self.issuer).end_of(&validity.access_key);
        let has_begun = validity.signed_at.duration_since(now) <= SIGNED_AHEAD;
        has_begun && now < validity.end && credentials_end.is_none_or(|end| now < end)
    }
}

/// I5 and T3: URLs are in an answer, so somebody may hold them.
pub(crate) fn release<'a>(world: &World, parts: impl IntoIterator<Item = &'a SignedPart>) {
    for part in parts {
        let url = PartUrl::parse(part.url.expose());
        let credentials_end = lock(&world.issuer).end_of(&url.validity.access_key);
        lock(&world.truth).granted(&world.catalog, part, &url, credentials_end);
    }
}

/// T3: a URL to read is in an answer.
pub(crate) fn release_read(world: &World, read: &ReadUrl) {
    let ReadUrl::Signed { url, expires_at } = read else { return };
    let (_, query) = url.expose().split_once('?').expect("a signed URL has a query");
    let validity = Validity::parse(query);
    let credentials_end = lock(&world.issuer).end_of(&validity.access_key);
    lock(&world.truth).readable(&validity, *expires_at, credentials_end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_sigv4_spells_them() {
        for (text, time) in [
            ("20260923T101500Z", "2026-09-23T10:15:00Z"),
            ("20240229T235959Z", "2024-02-29T23:59:59Z"),
            ("20000301T000000Z", "2000-03-01T00:00:00Z"),
            ("19700101T000001Z", "1970-01-01T00:00:01Z"),
        ] {
            assert_eq!(parse_basic(text), Some(time.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_url_says_what_it_is_for() {
        let asset = domain::AssetId::new(Timestamp::UNIX_EPOCH, &[1; 10]);
        let url = format!(
            "{ENDPOINT}public/42/images/{asset}/image-0000000000000000000000000g.png?X-Amz-Credential=me%2F19700101\
             &X-Amz-Date=19700101T000010Z&X-Amz-Expires=60&partNumber=3&uploadId=upload%2F7%2B%3D&X-Amz-Signature=0"
        );
        let parsed = PartUrl::parse(&url);
        assert_eq!(parsed.upload.0, "upload/7+=");
        assert_eq!((parsed.number.get(), parsed.validity.end), (3, Timestamp::from_second(70).unwrap()));
        assert_eq!(parsed.validity.access_key, "me");
        assert_eq!(parsed.key.visibility(), Visibility::Public);
    }
}
