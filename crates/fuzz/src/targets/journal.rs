//! The resume journal, through the file system as the client uses it.

use std::fs;

use domain::{CollectionName, RoleName};
use tempfile::TempDir;
use uploader::fingerprint::LocalFingerprint;
use uploader::journal::{Found, Journal};
use uploader::source::Source;

use super::kind;

/// A journal in a folder of its own, with one upload's place.
struct Desk {
    _folder: TempDir,
    journal: Journal,
    fingerprint: LocalFingerprint,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let film = folder.path().join("film.mp4");
        fs::write(&film, "film").expect("a file in it");
        let collection = CollectionName::parse("videos").expect("a name");
        let role = RoleName::parse("video").expect("a name");
        let source = Source::open(&film).expect("the file just written");
        let fingerprint = LocalFingerprint::of(&collection, [(&role, &source, None)]);
        let journal = Journal::open(folder.path().join("journal")).expect("a journal in it");
        Self { _folder: folder, journal, fingerprint }
    }
}

thread_local! {
    static DESK: Desk = Desk::new();
}

pub(super) fn run(input: &[u8]) -> u64 {
    DESK.with(|desk| {
        let take = || desk.journal.take("http://127.0.0.1:8080", &desk.fingerprint).expect("the place is free");
        let path = take().entry_path();
        fs::write(&path, input).expect("an entry of these bytes");
        let place = take();
        let entry = match place.found() {
            Found::Unfinished(entry) => entry.clone(),
            Found::SetAside(aside) => {
                assert_eq!(fs::read(aside).expect("what is set aside is there"), input, "nothing is lost of it");
                assert!(!path.exists(), "it does not stand in the way");
                return kind(("aside", serde_json::from_slice::<serde_json::Value>(input).is_ok()));
            }
            Found::Nothing => panic!("there was an entry"),
        };
        place.write(&entry).expect("the entry is written again");
        drop(place);
        assert_eq!(*take().found(), Found::Unfinished(entry.clone()), "an entry is the same after being written again");
        kind(("unfinished", entry.asset_id.is_some(), entry.request.files.0.len().min(4)))
    })
}
