//! An owner's assets, newest first.

use domain::{Asset, AssetId, Description, FileName, Fingerprint, SearchText, Title};

use super::Subject;
use super::samples::{self, collection, pending};
use crate::catalog::{AssetPatch, AssetQuery, ListedStatus, Written};

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
    let listed = subject.catalog.list_assets(&subject.query("mina")).await.unwrap().value.assets;
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
    let cases: [(&str, &[usize]); 15] = [
        ("summer", &[2, 1, 0]),
        ("SuMMer", &[2, 1, 0]),
        ("100%", &[0]),
        ("0% F", &[0]),
        ("%", &[0]),
        ("_", &[1]),
        ("summer_", &[1]),
        ("r_2", &[1]),
        ("름 É휴", &[3]),
        ("é", &[3]),
        ("E\u{301}", &[3]),
        ("\\", &[3]),
        ("fun ", &[]),
        ("", &[4, 3, 2, 1, 0]),
        ("'", &[]),
    ];
    for (part, expected) in cases {
        let query = AssetQuery { contains: SearchText::parse(part), ..subject.query("mina") };
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
        contains: SearchText::parse("take"),
        fingerprint: Some(Fingerprint::parse("print").unwrap()),
        limit: 2,
        ..subject.query("mina")
    };
    assert_eq!(walk(&subject, query).await, (vec![2, 1], expected));
}

pub(crate) async fn list_searches_description_and_file_names(subject: Subject) {
    let mut reservation = subject.reservation("mina", &["video", "thumbnail"]);
    reservation.asset.title = Title::parse("Holiday").unwrap();
    reservation.asset.description = Description::parse("Ein ÄRZTE-Konzert in Москва").unwrap();
    for (role, name) in [("video", "\u{1112}\u{1172}\u{1100}\u{1161}.mp4"), ("thumbnail", "Straße.png")] {
        let place = reservation.asset.places.get_mut(&samples::role(role)).unwrap();
        place.pending.as_mut().unwrap().file_name = FileName::parse(name).unwrap();
    }
    let asset = subject.reserve(&reservation).await;
    subject.reserved("mina", &["video"]).await;
    let found = async |text: &str| {
        subject.listed(&AssetQuery { contains: SearchText::parse(text), ..subject.query("mina") }).await
    };
    for text in ["ärzte", "A\u{308}rzte", "МОСКВА", "휴가", "휴", "strasse", ".png", "holi"] {
        assert_eq!(found(text).await, [asset.id], "{text}");
    }
    for text in ["arzte", "ᄒ", "thumbnail"] {
        assert_eq!(found(text).await, [], "{text}");
    }
    let patch = AssetPatch {
        title: Some(Title::parse("Ferien").unwrap()),
        description: Some(Description::empty()),
        metadata: None,
    };
    assert_eq!(
        subject.catalog.patch_asset(asset.shard(), asset.id, asset.revision, &patch).await.unwrap(),
        Written::Done
    );
    assert_eq!((found("FERIEN").await, found("holiday").await, found("ärzte").await), (vec![asset.id], vec![], vec![]));
    assert_eq!(found("휴가").await, [asset.id], "a patch leaves the files' names");
    subject.delete(asset.id).await;
    assert_eq!(found("휴가").await, [], "what is gone is not found");
}

pub(crate) async fn list_looks_at_no_more_than_it_may(subject: Subject) {
    let mut all = Vec::new();
    for number in 0..9 {
        let mut reservation = subject.reservation("mina", &["video"]);
        reservation.asset.title = Title::parse(if number % 4 == 0 { "rare" } else { "usual" }).unwrap();
        all.insert(0, subject.reserve(&reservation).await.id);
        subject.reserved("juno", &["video"]).await;
    }
    let rare: Vec<_> = [0, 4, 8].map(|index| all[index]).into();
    for limit in 1..=4 {
        for look_at in [1, 2, 5, 1_000] {
            let contains = SearchText::parse("RARE");
            let mut query = AssetQuery { contains, limit, look_at, ..subject.query("mina") };
            let (mut found, mut pages) = (Vec::new(), 0);
            loop {
                let page = subject.catalog.list_assets(&query).await.unwrap().value;
                assert!(page.assets.len() <= (limit as usize).min(look_at as usize));
                found.extend(page.assets.iter().map(|asset| asset.id));
                pages += 1;
                assert!(pages <= 10, "pages come to an end");
                let Some(next) = page.next else { break };
                query.before = Some(next);
            }
            assert_eq!(found, rare, "limit {limit}, looking at {look_at}");
        }
    }
    let narrow =
        AssetQuery { contains: SearchText::parse("rare"), before: Some(all[0]), look_at: 2, ..subject.query("mina") };
    let page = subject.catalog.list_assets(&narrow).await.unwrap().value;
    assert_eq!((page.assets, page.next), (vec![], Some(all[2])), "a page may be empty and not the last");
    let plain = AssetQuery { limit: 9, look_at: 1, ..subject.query("mina") };
    let page = subject.catalog.list_assets(&plain).await.unwrap().value;
    assert_eq!((page.assets.len(), page.next), (9, None), "a full page may be the last, and a list is no search");
}
