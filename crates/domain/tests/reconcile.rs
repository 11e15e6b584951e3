//! The merge against a naive set difference, and the whole table of judgements.

mod sample;

use std::collections::{BTreeMap, BTreeSet};

use domain::key::FileKey;
use domain::limits::ORPHAN_AGE;
use domain::reconcile::{
    Keyed, KeyedFile, Kind, ListedObject, ListedUpload, Merge, Pair, Remedy, Step, Terms, judge_object, judge_upload,
    orphan,
};
use domain::{ByteCount, ETag, FileId, ObjectKey, Reason, StateName, TimeSpan, Timestamp, UploadId};
use proptest::prelude::*;
use sample::{NOW, file_in};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Item(String, u32);

impl Keyed for Item {
    fn key(&self) -> &str {
        &self.0
    }
}

/// Walks a merge to its end, feeding rows in pages of these lengths over and over.
fn walk(listed: Vec<Item>, rows: &[Item], pages: &[usize]) -> Vec<Pair<Item, Item>> {
    let mut merge = Merge::of(listed);
    let (mut at, mut lengths, mut pairs) = (0, pages.iter().cycle(), Vec::new());
    loop {
        match merge.step() {
            Step::Pair(pair) => pairs.push(pair),
            Step::NeedRows => {
                let end = rows.len().min(at + lengths.next().unwrap());
                merge.push(rows[at..end].to_vec());
                at = end;
            }
            Step::Done => return pairs,
        }
    }
}

proptest! {
    #[test]
    fn the_merge_is_the_set_difference(
        listed in proptest::collection::vec(("[a-c/é]{0,3}", any::<u32>()), 0..40),
        rows in proptest::collection::btree_map("[a-c/é]{0,3}", any::<u32>(), 0..40),
        pages in proptest::collection::vec(1usize..7, 1..5),
    ) {
        let mut listed: Vec<Item> = listed.into_iter().map(|(key, n)| Item(key, n)).collect();
        listed.sort();
        let rows: Vec<Item> = rows.into_iter().map(|(key, n)| Item(key, n)).collect();
        let by_key: BTreeMap<&str, &Item> = rows.iter().map(|row| (row.key(), row)).collect();
        let shown: BTreeSet<&str> = listed.iter().map(Keyed::key).collect();
        let pairs = walk(listed.clone(), &rows, &pages);

        let of_listing = listed.iter().map(|item| match by_key.get(item.key()) {
            Some(&row) => Pair::Both(item.clone(), row.clone()),
            None => Pair::Listed(item.clone()),
        });
        let unseen = rows.iter().filter(|row| !shown.contains(row.key())).map(|row| Pair::Known(row.clone()));
        let key_of = |pair: &Pair<Item, Item>| match pair {
            Pair::Listed(item) | Pair::Both(item, _) | Pair::Known(item) => item.0.clone(),
        };
        let mut expected: Vec<_> = of_listing.chain(unseen).collect();
        expected.sort_by_key(key_of);
        prop_assert_eq!(pairs, expected);
    }
}

fn row(state: StateName) -> KeyedFile {
    let file = file_in(state);
    KeyedFile {
        id: file.id,
        key: file.key.path(),
        state,
        upload_id: file.upload_id.clone(),
        object: file.state.object().cloned(),
        lost_since: None,
        due_at: file.due_at,
    }
}

fn object(key: &str, age: TimeSpan) -> ListedObject {
    ListedObject { key: key.into(), size: ByteCount(5), etag: ETag::new("e"), modified: NOW - age }
}

fn upload(key: &str, id: &str, age: TimeSpan) -> ListedUpload {
    ListedUpload { key: key.into(), id: UploadId(id.into()), initiated: NOW - age }
}

const TERMS: Terms = Terms { now: NOW, orphan_age: ORPHAN_AGE, forgotten_until: None };
const OLD: TimeSpan = ORPHAN_AGE;
const YOUNG: TimeSpan = TimeSpan::from_secs(ORPHAN_AGE.as_secs() - 1);

#[test]
fn without_a_row_age_and_grammar_decide() {
    let key = row(StateName::Created).key;
    let since_a_day = Terms { forgotten_until: Some(NOW - OLD), ..TERMS };
    let since_now = Terms { forgotten_until: Some(NOW), ..TERMS };
    let long_ago = Terms { forgotten_until: Some(Timestamp::UNIX_EPOCH), ..TERMS };
    for (key, age, terms, expected) in [
        (key.as_str(), OLD, TERMS, Some((Kind::OrphanObject, Kind::OrphanUpload))),
        (key.as_str(), YOUNG, TERMS, None),
        (key.as_str(), OLD, since_a_day, Some((Kind::ForgottenObject, Kind::ForgottenUpload))),
        // The operator who has just accepted a restore looks now, not tomorrow.
        (key.as_str(), YOUNG, since_now, Some((Kind::ForgottenObject, Kind::ForgottenUpload))),
        (key.as_str(), YOUNG, since_a_day, None),
        (key.as_str(), OLD, long_ago, Some((Kind::OrphanObject, Kind::OrphanUpload))),
        ("somebody/else.txt", OLD, TERMS, Some((Kind::UnknownObject, Kind::UnknownUpload))),
        ("somebody/else.txt", YOUNG, since_a_day, Some((Kind::UnknownObject, Kind::UnknownUpload))),
    ] {
        assert_eq!(judge_object(&object(key, age), None, &terms), expected.map(|pair| pair.0), "{key} {age}");
        assert_eq!(judge_upload(&upload(key, "x", age), None, &terms), expected.map(|pair| pair.1), "{key} {age}");
    }
}

#[test]
fn under_a_row_its_state_decides() {
    use StateName as S;
    for (state, of_object, of_own, of_foreign) in [
        (S::Reserved, Some(Kind::EarlyObject), None, None),
        (S::Uploading, Some(Kind::EarlyObject), None, Some(Kind::ForeignUpload)),
        (S::Committing, None, None, Some(Kind::ForeignUpload)),
        (S::Verified, None, Some(Kind::UploadAfterCommit), Some(Kind::ForeignUpload)),
        (S::Created, None, Some(Kind::UploadAfterCommit), Some(Kind::ForeignUpload)),
        (S::Deleting, None, None, None),
        (S::Closed, Some(Kind::ObjectAfterClose), Some(Kind::UploadAfterClose), Some(Kind::UploadAfterClose)),
    ] {
        let row = row(state);
        assert_eq!(judge_object(&object(&row.key, OLD), Some(&row), &TERMS), of_object, "{state}");
        assert_eq!(judge_upload(&upload(&row.key, "u1", OLD), Some(&row), &TERMS), of_own, "{state}");
        assert_eq!(judge_upload(&upload(&row.key, "u2", OLD), Some(&row), &TERMS), of_foreign, "{state}");
        let young = judge_upload(&upload(&row.key, "u2", YOUNG), Some(&row), &TERMS);
        assert_eq!(young, (state == S::Closed).then_some(Kind::UploadAfterClose), "{state}");
    }
}

/// I6: what is removed lies under a row that is DELETING or CLOSED, but for the abort of a foreign upload.
#[test]
fn nothing_is_removed_under_a_live_row_but_a_foreign_upload() {
    for state in StateName::ALL.into_iter().filter(|state| *state < StateName::Deleting) {
        let row = row(state);
        let found = judge_object(&object(&row.key, OLD), Some(&row), &TERMS);
        assert!(!found.is_some_and(|kind| kind.remedy().removes()), "{state}");
        for id in ["u1", "u2"] {
            let found = judge_upload(&upload(&row.key, id, OLD), Some(&row), &TERMS).map(Kind::remedy);
            assert!(found.is_none_or(|remedy| !remedy.removes() || remedy == Remedy::Abort), "{state}");
        }
    }
}

#[test]
fn kinds_have_codes_of_their_own() {
    let codes: BTreeSet<&str> = Kind::ALL.into_iter().map(Kind::code).collect();
    assert_eq!(codes.len(), Kind::ALL.len());
    assert!(Kind::ALL.into_iter().all(|kind| !kind.why().is_empty() && !kind.remedy().as_text().is_empty()));
}

#[test]
fn an_orphan_gets_a_row_that_is_being_destroyed() {
    let key: ObjectKey = file_in(StateName::Created).key;
    for (size, planned) in
        [(None, 1), (Some(0), 1), (Some(77), 77), (Some(u64::MAX), domain::part_plan::MAX_OBJECT.get())]
    {
        let upload = Some(UploadId("u".into()));
        let made = orphan(&key, size.map(ByteCount), upload.clone(), NOW, &[3; 10]);
        assert_eq!(made.file.plan.size(), Some(ByteCount(planned)));
        assert_eq!((made.file.id, &made.file.upload_id), (FileId::new(NOW, &[3; 10]), &upload));
        assert_eq!(made.file.state.reason(), Some(Reason::Orphan));
        assert_eq!(Some(made.asset.id), FileKey::parse(&key.path()).map(|key| key.asset()));
        assert_eq!(made.asset.places.len(), 0);
    }
}
