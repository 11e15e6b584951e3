//! Crashes and strangers: what the journal survives.

use std::collections::BTreeMap;
use std::fs;

use domain::{AssetId, CollectionName, RoleName, Timestamp};
use wire::{AnnounceRequest, CreateRequest, Roles};

use super::{Entry, Found, Journal, JournalError};
use crate::fingerprint::LocalFingerprint;
use crate::source::Source;

fn entry() -> Entry {
    let file = AnnounceRequest {
        file_name: "휴가 🎬.mp4".to_owned(),
        size: Some(5),
        content_type: "video/mp4".to_owned(),
        checksum: Some(crate::checksum::announcement()),
    };
    let request = CreateRequest {
        title: "a \"title\"".to_owned(),
        description: None,
        metadata: None,
        files: Roles(BTreeMap::from([("video".to_owned(), file)])),
        fingerprint: Some("f".to_owned()),
    };
    Entry::new("http://127.0.0.1:8080", "videos", "key".to_owned(), request, Timestamp::UNIX_EPOCH)
}

struct Folder {
    folder: tempfile::TempDir,
    journal: Journal,
    fingerprint: LocalFingerprint,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path().join("state/landfall/uploads")).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        let role = RoleName::parse("video").unwrap();
        let collection = CollectionName::parse("videos").unwrap();
        let fingerprint = LocalFingerprint::of(&collection, [(&role, &Source::open(file.path()).unwrap(), None)]);
        Self { folder, journal, fingerprint }
    }

    fn take(&self) -> super::Place {
        self.journal.take("http://a", &self.fingerprint).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let items = fs::read_dir(self.folder.path().join("state/landfall/uploads")).unwrap();
        let mut names: Vec<_> = items.map(|item| item.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn path(&self, ending: &str) -> std::path::PathBuf {
        self.journal.folder.join(format!("{}.{ending}", self.fingerprint.at_server("http://a")))
    }
}

#[test]
fn remembers_and_forgets() {
    let folder = Folder::new();
    let place = folder.take();
    assert_eq!(place.found(), &Found::Nothing);
    let mut entry = entry();
    place.write(&entry).unwrap();
    entry.asset_id = Some(AssetId::new(Timestamp::UNIX_EPOCH, &[1; 10]));
    place.write(&entry).unwrap();
    drop(place);

    let place = folder.take();
    assert_eq!(place.found(), &Found::Unfinished(Box::new(entry)));
    place.forget().unwrap();
    place.forget().unwrap();
    drop(place);
    assert_eq!(folder.take().found(), &Found::Nothing);
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn one_process_at_a_time() {
    let folder = Folder::new();
    let place = folder.take();
    assert!(matches!(folder.journal.take("http://a", &folder.fingerprint), Err(JournalError::Busy)));
    assert!(folder.journal.take("http://b", &folder.fingerprint).is_ok());
    drop(place);
    folder.take();
}

#[test]
fn a_file_cut_off_anywhere_is_set_aside() {
    let folder = Folder::new();
    let whole = entry().to_json();
    assert_eq!(Entry::parse(&whole), Some(entry()));
    for length in 0..whole.len() {
        fs::write(folder.path("json"), &whole[..length]).unwrap();
        let place = folder.take();
        assert_eq!(place.found(), &Found::SetAside(folder.path("unreadable")), "cut off after {length} bytes");
        assert!(!folder.path("json").exists());
    }
    let place = folder.take();
    assert_eq!(place.found(), &Found::Nothing, "what was set aside is not met again");
    place.write(&entry()).unwrap();
}

#[test]
fn a_file_with_any_byte_wrong_never_panics() {
    let whole = entry().to_json();
    for at in 0..whole.len() {
        for flip in [0x01, 0x20, 0x80, 0xff] {
            let mut broken = whole.clone();
            broken[at] ^= flip;
            let _ = Entry::parse(&broken);
        }
    }
    let later = String::from_utf8(whole).unwrap().replace("\"version\": 1", "\"version\": 2");
    assert_eq!(Entry::parse(later.as_bytes()), None);
}

#[test]
fn a_crash_while_writing_leaves_the_entry_before() {
    let folder = Folder::new();
    folder.take().write(&entry()).unwrap();
    fs::write(folder.path("new"), b"{ half").unwrap();
    let place = folder.take();
    assert_eq!(place.found(), &Found::Unfinished(Box::new(entry())));
    place.write(&entry()).unwrap();
    drop(place);
    assert_eq!(folder.names(), [folder.path("json").file_name().unwrap().to_str().unwrap()]);
}

#[test]
fn the_old_is_pruned_unless_somebody_works_on_it() {
    let folder = Folder::new();
    let age = |ending: &str| {
        let file = fs::OpenOptions::new().write(true).open(folder.path(ending)).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
    };
    let place = folder.take();
    place.write(&entry()).unwrap();
    assert_eq!(folder.journal.prune().unwrap(), 0, "it is new");
    age("json");
    assert_eq!(folder.journal.prune().unwrap(), 0, "it is locked");
    drop(place);
    fs::write(folder.path("unreadable"), b"?").unwrap();
    age("unreadable");
    assert_eq!(folder.journal.prune().unwrap(), 1);
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn what_is_written_anew_before_the_lock_is_not_pruned() {
    let folder = Folder::new();
    folder.take().write(&entry()).unwrap();
    assert!(!super::prune_one(&folder.path("json")).unwrap(), "it was old when it was listed, and is not now");
    assert_eq!(folder.take().found(), &Found::Unfinished(Box::new(entry())));
}

#[test]
fn is_readable_to_its_owner_only_and_holds_no_secret() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    folder.take().write(&entry()).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path("json")), 0o600);
    assert_eq!(mode(&folder.journal.folder), 0o700);
    let fields: serde_json::Value = serde_json::from_slice(&fs::read(folder.path("json")).unwrap()).unwrap();
    let fields: Vec<_> = fields.as_object().unwrap().keys().cloned().collect();
    let expected = ["asset_id", "begun_at", "collection", "idempotency_key", "request", "server", "version"];
    assert_eq!(fields, expected);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Journal::open(file.path().join("inside")).unwrap_err();
    assert!(error.to_string().contains("inside"), "{error}");
}
