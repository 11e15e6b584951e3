//! Reading one asset or file, and changing an asset's text.

use domain::{Description, Fence, FileName, Fingerprint, Metadata, TimeSpan, Title};

use super::Subject;
use super::samples::{asset_id, file_id, pending};
use crate::catalog::{AssetPatch, Purpose, Written};

/// Text as people of all kinds type it; a catalog must give back the same code points.
const TEXTS: [&str; 9] = [
    "제주도 여행 🎬 2026",
    "한글 in NFD: \u{1112}\u{1161}\u{11ab}",
    "e\u{301}tude is not \u{e9}tude",
    "مرحبا \u{202e}right to left",
    "👩\u{200d}👩\u{200d}👧\u{200d}👦 and 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \u{10ffff}",
    "Robert'); DROP TABLE assets;--",
    "\"quotes\" \\backslashes\\ %percent_underscore% `ticks`",
    "  spaces around  ",
    "-0",
];

pub(crate) async fn find_knows_only_what_is_there(subject: Subject) {
    subject.reserved("mina", &["video"]).await;
    assert_eq!(subject.find_asset(asset_id(subject.now())).await.value, None);
    assert_eq!(subject.find_file(file_id(subject.now())).await.value, None);
}

pub(crate) async fn find_gives_the_time_of_reading(subject: Subject) {
    let asset = subject.reserved("mina", &["video"]).await;
    for _ in 0..2 {
        subject.wait(TimeSpan::from_micros(61_000_001));
        assert!(subject.is_now(subject.catalog.now().await.unwrap()));
        assert!(subject.is_now(subject.find_asset(asset.id).await.now));
        assert!(subject.is_now(subject.find_file(pending(&asset, "video").id).await.now));
        assert!(subject.is_now(subject.catalog.list_assets(&subject.query("mina")).await.unwrap().now));
    }
}

pub(crate) async fn find_shows_gone_assets(subject: Subject) {
    let asset = subject.created("mina", &["video", "thumbnail"]).await;
    let gone = subject.delete(asset.id).await;
    assert_eq!(subject.asset(asset.id).await, gone);
}

pub(crate) async fn text_survives_as_it_was_typed(subject: Subject) {
    for text in TEXTS {
        let mut reservation = subject.reservation(text, &["video"]);
        let asset = &mut reservation.asset;
        asset.title = Title::parse(text).unwrap();
        asset.description = Description::parse(format!("{text}\r\n\t{text}")).unwrap();
        asset.metadata = Metadata::parse(format!(r#"{{"text": "{text}", "n": 1e400, "n": [ ]}}"#)).unwrap();
        asset.fingerprint = Some(Fingerprint::parse(text).unwrap());
        let place = asset.places.values_mut().next().unwrap();
        place.pending.as_mut().unwrap().file_name = FileName::parse(text.replace('\\', "")).unwrap();
        let asset = subject.reserve(&reservation).await;
        let found = subject.catalog.find_asset(asset.shard(), asset.id, Purpose::Decide).await.unwrap();
        assert_eq!(found.value, Some(asset), "{text}");
    }
}

pub(crate) async fn patch_writes_what_is_given(subject: Subject) {
    let mut expected = subject.reserved("mina", &["video"]).await;
    let patches = [
        AssetPatch { title: Some(Title::parse(TEXTS[0]).unwrap()), ..AssetPatch::default() },
        AssetPatch { description: Some(Description::parse("new").unwrap()), ..AssetPatch::default() },
        AssetPatch { description: Some(Description::empty()), ..AssetPatch::default() },
        AssetPatch { metadata: Some(Metadata::parse(r#"{"a":1}"#).unwrap()), ..AssetPatch::default() },
        AssetPatch::default(),
    ];
    for patch in patches {
        let written = subject.catalog.patch_asset(expected.shard(), expected.id, expected.revision, &patch).await;
        assert_eq!(written.unwrap(), Written::Done);
        expected.title = patch.title.unwrap_or(expected.title);
        expected.description = patch.description.unwrap_or(expected.description);
        expected.metadata = patch.metadata.unwrap_or(expected.metadata);
        expected.revision = expected.revision.next();
        assert_eq!(subject.asset(expected.id).await, expected);
    }
}

pub(crate) async fn patch_refuses_a_stale_revision(subject: Subject) {
    let asset = subject.created("mina", &["video"]).await;
    let patch = AssetPatch { title: Some(Title::parse("lost").unwrap()), ..AssetPatch::default() };
    for stale in [Fence::default(), asset.revision.next()] {
        assert_eq!(subject.catalog.patch_asset(asset.shard(), asset.id, stale, &patch).await.unwrap(), Written::Stale);
        assert_eq!(subject.asset(asset.id).await, asset);
    }
}

pub(crate) async fn patch_of_nothing_known_is_stale(subject: Subject) {
    let unknown = asset_id(subject.now());
    let patch = AssetPatch::default();
    let shard = super::samples::owner("mina").shard();
    assert_eq!(subject.catalog.patch_asset(shard, unknown, Fence::default(), &patch).await.unwrap(), Written::Stale);
}
