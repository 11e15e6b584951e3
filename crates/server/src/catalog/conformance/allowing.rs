//! What an owner may have unfinished at once.

use domain::{ByteCount, change};

use super::Subject;
use super::samples::{GENEROUS, claim, file, pending};
use crate::catalog::{Allowance, Announced, Reservation, Reserved};

/// Every sample file's size.
const EACH: ByteCount = ByteCount::mib(20);

fn allow_open(open_uploads: u32) -> Allowance {
    Allowance { open_uploads, ..GENEROUS }
}

fn allow_bytes(files: u64) -> Allowance {
    Allowance { reserved_bytes: ByteCount(EACH.get() * files), ..GENEROUS }
}

/// What another one-file asset of "mina" is answered under an allowance.
async fn ask(subject: &Subject, allowance: Allowance) -> Reserved {
    let reservation = Reservation { allowance, ..subject.reservation("mina", &["video"]) };
    subject.catalog.reserve(&reservation).await.unwrap()
}

pub(crate) async fn allowance_counts_open_uploads_with_this_one(subject: Subject) {
    assert_eq!(ask(&subject, allow_open(0)).await, Reserved::TooManyOpen);
    assert_eq!(ask(&subject, allow_open(2)).await, Reserved::Fresh);
    assert_eq!(ask(&subject, allow_open(2)).await, Reserved::Fresh);
    assert_eq!(ask(&subject, allow_open(2)).await, Reserved::TooManyOpen);
    subject.created("mina", &["video"]).await;
    assert_eq!(ask(&subject, allow_open(3)).await, Reserved::Fresh, "a published asset is not open");
}

pub(crate) async fn allowance_counts_reserved_bytes_with_this_one(subject: Subject) {
    assert_eq!(ask(&subject, allow_bytes(0)).await, Reserved::TooManyBytes);
    subject.reserved("mina", &["video", "preview"]).await;
    let just_short = Allowance { reserved_bytes: ByteCount(EACH.get() * 3 - 1), ..GENEROUS };
    assert_eq!(ask(&subject, just_short).await, Reserved::TooManyBytes);
    assert_eq!(ask(&subject, allow_bytes(3)).await, Reserved::Fresh);
}

pub(crate) async fn allowance_forgets_ended_files(subject: Subject) {
    let asset = subject.reserved("mina", &["video", "preview"]).await;
    let preview = pending(&asset, "preview").id;
    for step in 0..4 {
        assert_eq!(ask(&subject, allow_bytes(2)).await, Reserved::TooManyBytes, "step {step}");
        match step {
            0 => subject.open(preview).await,
            1 => subject.step(preview, super::samples::frozen(pending(&asset, "preview"))).await,
            2 => subject.step(preview, super::samples::right(pending(&asset, "preview"))).await,
            _ => subject.reject(preview).await,
        };
    }
    assert_eq!(ask(&subject, allow_bytes(2)).await, Reserved::Fresh, "a rejected file reserves nothing");
    subject.close(preview).await;
    assert_eq!(ask(&subject, allow_bytes(3)).await, Reserved::Fresh, "nor does a closed one");
}

pub(crate) async fn allowance_forgets_published_files_and_counts_replacements(subject: Subject) {
    let asset = subject.created("mina", &["video", "preview"]).await;
    assert_eq!(ask(&subject, allow_bytes(1)).await, Reserved::Fresh);
    subject.announce(asset.id, "preview").await;
    assert_eq!(ask(&subject, allow_bytes(2)).await, Reserved::TooManyBytes);
    assert_eq!(ask(&subject, allow_bytes(3)).await, Reserved::Fresh);
}

pub(crate) async fn allowance_forgets_gone_assets(subject: Subject) {
    let asset = subject.reserved("mina", &["video", "preview"]).await;
    subject.delete(asset.id).await;
    let strict = Allowance { open_uploads: 1, reserved_bytes: EACH };
    assert_eq!(ask(&subject, strict).await, Reserved::Fresh);
}

pub(crate) async fn allowance_is_each_owners_own(subject: Subject) {
    subject.reserved("juno", &["video", "preview"]).await;
    assert_eq!(ask(&subject, Allowance { open_uploads: 1, reserved_bytes: EACH }).await, Reserved::Fresh);
}

pub(crate) async fn allowance_is_asked_after_the_key(subject: Subject) {
    let keyed = |allowance, body| Reservation {
        idempotency: Some(claim("k", body)),
        allowance,
        ..subject.reservation("mina", &["video"])
    };
    let first = subject.reserve(&keyed(allow_open(1), "body")).await;
    subject.catalog.settle(&first.owner, &claim("k", "body")).await.unwrap();
    let answers = [("body", Reserved::Replay(first.id)), ("other", Reserved::KeyReused)];
    for (body, answer) in answers {
        assert_eq!(subject.catalog.reserve(&keyed(allow_open(1), body)).await.unwrap(), answer);
    }
}

pub(crate) async fn allowance_refusal_writes_nothing(subject: Subject) {
    let mut reservation = subject.reservation("mina", &["video"]);
    reservation.idempotency = Some(claim("k", "body"));
    for allowance in [allow_open(0), allow_bytes(0)] {
        reservation.allowance = allowance;
        assert_ne!(subject.catalog.reserve(&reservation).await.unwrap(), Reserved::Fresh);
        assert_eq!(subject.find_asset(reservation.asset.id).await.value, None);
        let file = pending(&reservation.asset, "video").id;
        assert_eq!(subject.find_file(file).await.value, None);
    }
    reservation.allowance = GENEROUS;
    assert_eq!(subject.catalog.reserve(&reservation).await.unwrap(), Reserved::Fresh, "not even the key");
}

pub(crate) async fn allowance_counts_files_announced_later(subject: Subject) {
    let asset = subject.created("mina", &["video"]).await;
    subject.reserved("mina", &["video"]).await;
    subject.reserved("juno", &["video"]).await;
    let replacement = file(&asset, "video", EACH, subject.now());
    let change = change::announce(&asset, replacement.clone()).unwrap();
    let just_short = Allowance { reserved_bytes: ByteCount(EACH.get() * 2 - 1), ..GENEROUS };
    assert_eq!(subject.catalog.announce(&change, just_short).await.unwrap(), Announced::TooManyBytes);
    assert_eq!(subject.asset(asset.id).await, asset, "a refusal writes nothing");
    assert_eq!(subject.find_file(replacement.id).await.value, None);
    assert_eq!(subject.catalog.announce(&change, allow_open(1)).await.unwrap(), Announced::TooManyOpen);
    assert_eq!(subject.asset(asset.id).await, asset, "a refusal writes nothing");
    let enough = Allowance { open_uploads: 2, reserved_bytes: ByteCount(EACH.get() * 2) };
    assert_eq!(subject.catalog.announce(&change, enough).await.unwrap(), Announced::Done);
    assert_eq!(subject.asset(asset.id).await, change.asset);
}

pub(crate) async fn allowance_is_asked_after_the_revision(subject: Subject) {
    let asset = subject.created("mina", &["video"]).await;
    let change = change::announce(&asset, file(&asset, "preview", EACH, subject.now())).unwrap();
    subject.announce(asset.id, "thumbnail").await;
    let before = subject.asset(asset.id).await;
    for allowed in [allow_bytes(0), GENEROUS] {
        assert_eq!(subject.catalog.announce(&change, allowed).await.unwrap(), Announced::Stale);
        assert_eq!(subject.asset(asset.id).await, before);
    }
}

/// Thirty of thirty were let through where three are allowed.
pub(crate) async fn allowance_counts_replacements_as_open_uploads(subject: Subject) {
    let mut answers = Vec::new();
    for _ in 0..5 {
        let asset = subject.created("mina", &["video"]).await;
        let replacement = file(&asset, "video", EACH, subject.now());
        let change = change::announce(&asset, replacement).unwrap();
        answers.push(subject.catalog.announce(&change, allow_open(3)).await.unwrap());
    }
    use Announced::{Done, TooManyOpen};
    assert_eq!(answers, [Done, Done, Done, TooManyOpen, TooManyOpen]);
    assert_eq!(ask(&subject, allow_open(3)).await, Reserved::TooManyOpen, "nor is there room for another asset");
}

/// A role of an asset that is open already may be tried again although no other upload may begin.
pub(crate) async fn allowance_lets_what_is_open_be_finished(subject: Subject) {
    let asset = subject.reserved("mina", &["video", "thumbnail"]).await;
    subject.reject(pending(&asset, "thumbnail").id).await;
    let asset = subject.asset(asset.id).await;
    let again = file(&asset, "thumbnail", EACH, subject.now());
    let change = change::announce(&asset, again).unwrap();
    assert_eq!(subject.catalog.announce(&change, allow_open(0)).await.unwrap(), Announced::Done);
}
