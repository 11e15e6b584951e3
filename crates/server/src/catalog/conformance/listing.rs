//! An owner's assets, newest first.

use domain::{Asset, AssetId, Fingerprint, Title};

use super::Subject;
use super::samples::{collection, pending};
use crate::catalog::{AssetQuery, ListedStatus};

async fn titled(subject: &Subject, title: &str) -> Asset {
    let mut reservation = subject.reservation("mina", &["video"]);
    reservation.asset.title = Title::parse(title).unwrap();
    subject.reserve(&reservation).await
}

pub(crate) async fn list_is_newest_first(subject: Subject) {
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.insert(0, subject.reserved("mina", &["video"]).await.id);
    }
    // Publishing or touching an asset does not make it newer.
    subject.verify_pending(expected[3]).await;
    subject.publish(expected[3]).await;
    assert_eq!(subject.listed(&subject.query("mina")).await, expected);
}

pub(crate) async fn list_shows_files(subject: Subject) {
    let created = subject.created("mina", &["video", "thumbnail"]).await;
    subject.announce(created.id, "thumbnail").await;
    let reserved = subject.reserved("mina", &["video", "preview", "thumbnail"]).await;
    let listed = subject.catalog.list_assets(&subject.query("mina")).await.unwrap().value;
    assert_eq!(listed, [reserved, subject.asset(created.id).await]);
}

pub(crate) async fn list_never_shows_other_owners_or_collections(subject: Subject) {
    let mine = subject.reserved("mina", &["video"]).await;
    subject.reserved("Mina", &["video"]).await;
    subject.reserved("mina ", &["video"]).await;
    let mut elsewhere = subject.reservation("mina", &[]);
    elsewhere.asset.collection = collection("images");
    let asset = &elsewhere.asset;
    let file = super::samples::file(asset, "original", domain::ByteCount(1), subject.now());
    elsewhere.asset.places.insert(file.role.clone(), domain::Place { published: None, pending: Some(file) });
    let elsewhere = subject.reserve(&elsewhere).await;
    assert_eq!(subject.listed(&subject.query("mina")).await, [mine.id]);
    let images = AssetQuery { collection: collection("images"), ..subject.query("mina") };
    assert_eq!(subject.listed(&images).await, [elsewhere.id]);
    assert_eq!(subject.listed(&subject.query("juno")).await, []);
}

pub(crate) async fn list_never_shows_gone_assets(subject: Subject) {
    let kept = subject.created("mina", &["video"]).await;
    for gone in [subject.reserved("mina", &["video"]).await, subject.created("mina", &["video"]).await] {
        subject.delete(gone.id).await;
    }
    let all = subject.query("mina");
    let created = AssetQuery { status: Some(ListedStatus::Created), ..all.clone() };
    let uploading = AssetQuery { status: Some(ListedStatus::Uploading), ..all.clone() };
    assert_eq!(subject.listed(&all).await, [kept.id]);
    assert_eq!(subject.listed(&created).await, [kept.id]);
    assert_eq!(subject.listed(&uploading).await, []);
}

pub(crate) async fn list_by_status(subject: Subject) {
    let first = subject.created("mina", &["video"]).await;
    let second = subject.reserved("mina", &["video"]).await;
    let third = subject.created("mina", &["video"]).await;
    // A replacement on its way does not make an asset UPLOADING again.
    subject.announce(third.id, "video").await;
    let by = |status| AssetQuery { status, ..subject.query("mina") };
    assert_eq!(subject.listed(&by(None)).await, [third.id, second.id, first.id]);
    assert_eq!(subject.listed(&by(Some(ListedStatus::Created))).await, [third.id, first.id]);
    assert_eq!(subject.listed(&by(Some(ListedStatus::Uploading))).await, [second.id]);
}

pub(crate) async fn list_by_title(subject: Subject) {
    let titles = ["Summer 100% fun", "summer_2026", "SUMMER 1000 fun", "여름 É휴가\\바다", "winter"];
    let mut ids: Vec<AssetId> = Vec::new();
    for title in titles {
        ids.push(titled(&subject, title).await.id);
    }
    let cases: [(&str, &[usize]); 14] = [
        ("summer", &[2, 1, 0]),
        ("SuMMer", &[2, 1, 0]),
        ("100%", &[0]),
        ("0% F", &[0]),
        ("%", &[0]),
        ("_", &[1]),
        ("summer_", &[1]),
        ("r_2", &[1]),
        ("름 É휴", &[3]),
        ("é", &[]),
        ("\\", &[3]),
        ("fun ", &[]),
        ("", &[4, 3, 2, 1, 0]),
        ("'", &[]),
    ];
    for (part, expected) in cases {
        let query = AssetQuery { title_contains: Some(part.to_owned()), ..subject.query("mina") };
        let expected: Vec<AssetId> = expected.iter().map(|at| ids[*at]).collect();
        assert_eq!(subject.listed(&query).await, expected, "{part:?}");
    }
}

pub(crate) async fn list_by_fingerprint(subject: Subject) {
    let mut ids = Vec::new();
    for fingerprint in [Some("abc"), Some("ABC"), Some("abc"), Some("abcd"), None] {
        let mut reservation = subject.reservation("mina", &["video"]);
        reservation.asset.fingerprint = fingerprint.map(|text| Fingerprint::parse(text).unwrap());
        ids.push(subject.reserve(&reservation).await.id);
    }
    let by = |text| AssetQuery { fingerprint: Some(Fingerprint::parse(text).unwrap()), ..subject.query("mina") };
    assert_eq!(subject.listed(&by("abc")).await, [ids[2], ids[0]]);
    assert_eq!(subject.listed(&by("ABC")).await, [ids[1]]);
    assert_eq!(subject.listed(&by("ab")).await, []);
}

/// Walks all pages and gives their lengths and what they show.
async fn walk(subject: &Subject, mut query: AssetQuery) -> (Vec<usize>, Vec<AssetId>) {
    let (mut lengths, mut shown) = (Vec::new(), Vec::new());
    loop {
        let page = subject.listed(&query).await;
        if page.is_empty() {
            return (lengths, shown);
        }
        query.before = page.last().copied();
        lengths.push(page.len());
        shown.extend(page);
    }
}

pub(crate) async fn list_pages_by_cursor(subject: Subject) {
    for _ in 0..5 {
        subject.reserved("mina", &["video", "thumbnail"]).await;
    }
    let everything = subject.listed(&subject.query("mina")).await;
    let (lengths, shown) = walk(&subject, AssetQuery { limit: 2, ..subject.query("mina") }).await;
    assert_eq!((lengths, shown), (vec![2, 2, 1], everything.clone()));
    // The cursor need not be on the list any more.
    subject.delete(everything[2]).await;
    let rest = AssetQuery { before: Some(everything[2]), ..subject.query("mina") };
    assert_eq!(subject.listed(&rest).await, everything[3..]);
}

pub(crate) async fn list_pages_hold_with_every_filter(subject: Subject) {
    let mut expected = Vec::new();
    for number in 0..12 {
        let mut reservation = subject.reservation("mina", &["video"]);
        let wanted_title = number % 2 == 0;
        reservation.asset.title = Title::parse(if wanted_title { "Take me" } else { "Leave me" }).unwrap();
        let wanted_print = number % 3 != 0;
        reservation.asset.fingerprint = wanted_print.then(|| Fingerprint::parse("print").unwrap());
        let asset = subject.reserve(&reservation).await;
        let published = number > 3;
        if published {
            subject.verify(pending(&asset, "video").id).await;
            subject.publish(asset.id).await;
        }
        if wanted_title && wanted_print && published {
            expected.insert(0, asset.id);
        }
    }
    let query = AssetQuery {
        status: Some(ListedStatus::Created),
        title_contains: Some("take".to_owned()),
        fingerprint: Some(Fingerprint::parse("print").unwrap()),
        limit: 2,
        ..subject.query("mina")
    };
    assert_eq!(walk(&subject, query).await, (vec![2, 1], expected));
}
