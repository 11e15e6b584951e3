//! Everything of `domain` that is read from text.

use domain::key::FileKey;
use domain::{
    AssetId, CollectionName, EventId, FileId, FileName, MediaType, ObjectKey, OwnerId, OwnerNaming, RoleName,
    Timestamp, Title,
};

use super::kind;

pub(super) fn run(input: &[u8]) -> u64 {
    let stored = serde_json::from_slice::<ObjectKey>(input).ok();
    if let Some(key) = &stored {
        let written = serde_json::to_vec(key).expect("a key is JSON");
        assert_eq!(serde_json::from_slice::<ObjectKey>(&written).expect("what we write we read"), *key);
    }
    let Ok(text) = std::str::from_utf8(input) else { return kind(stored.is_some()) };
    let key = FileKey::parse(text);
    if let Some(key) = &key {
        assert_eq!(key.to_string(), text, "a key has one spelling");
        assert!(text.starts_with(&key.asset_prefix()), "a key lies under its asset's prefix");
        assert!(text.is_ascii() && text.len() <= 1024, "a key fits every store");
    }
    let ids = [
        spelled(text, text.parse::<AssetId>().ok()),
        spelled(text, text.parse::<FileId>().ok()),
        spelled(text, text.parse::<EventId>().ok()),
    ];
    let names = [
        CollectionName::parse(text).is_ok_and(|name| name.as_str() == text),
        RoleName::parse(text).is_ok_and(|name| name.as_str() == text),
    ];
    let media = text.parse::<MediaType>();
    if let Ok(media) = media {
        assert_eq!(media.name().parse::<MediaType>(), Ok(media));
        assert_eq!(MediaType::from_key_extension(media.extension()), Some(media));
    }
    let owner = OwnerId::parse(text);
    if let Ok(owner) = &owner {
        for naming in [OwnerNaming::PlainWhereSafe, OwnerNaming::Hashed] {
            let name = |text| CollectionName::parse(text).expect("a name");
            let role = RoleName::parse("video").expect("a name");
            let asset = AssetId::new(Timestamp::UNIX_EPOCH, &[3; 10]);
            let key = FileKey::new(owner.key_segment(naming), name("videos"), asset, role, MediaType::Mp4, [9; 16]);
            assert_eq!(FileKey::parse(&key.to_string()), Some(key), "every owner has keys that are read back");
        }
    }
    let texts =
        [Title::parse(text).is_ok(), FileName::parse(text).is_ok(), domain::inspection::detect(input).is_some()];
    kind((key.is_some(), stored.is_some(), ids, names, media.ok().map(MediaType::name), owner.is_ok(), texts))
}

/// Whether it was read. What was read is spelled as it was written.
fn spelled<T: ToString>(text: &str, id: Option<T>) -> bool {
    if let Some(id) = &id {
        assert_eq!(id.to_string(), text, "an id has one spelling");
    }
    id.is_some()
}
