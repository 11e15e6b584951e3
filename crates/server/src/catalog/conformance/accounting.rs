//! What each owner has.

use domain::change;
use domain::quota::Usage;
use domain::{AssetId, ByteCount, FileState};

use super::samples::{claim, pending};
use super::subject::ALL;
use super::{Subject, samples};
use crate::catalog::{Reservation, Reserved};

/// The numbers after a seed, one after the other.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) % sides as u64) as usize
    }
}

/// One step of one file or asset, or none where it cannot be.
async fn live(subject: &Subject, dice: &mut Dice, id: AssetId) {
    let roles = ["video", "thumbnail", "preview"];
    let role = samples::role(roles[dice.throw(3)]);
    let asset = subject.asset(id).await;
    let now = subject.now();
    if dice.throw(2) == 0 {
        let Some(file) = asset.places.get(&role).and_then(|place| place.pending.as_ref()) else { return };
        match (&file.state, dice.throw(6)) {
            (FileState::Reserved | FileState::Uploading | FileState::Verified { .. }, 0) => {
                subject.reject(file.id).await;
            }
            (FileState::Reserved, _) => drop(subject.open(file.id).await),
            (FileState::Uploading, _) => drop(subject.step(file.id, samples::frozen(file)).await),
            (FileState::Committing { .. }, _) => drop(subject.step(file.id, samples::right(file)).await),
            (FileState::Deleting { .. }, _) => drop(subject.close(file.id).await),
            (FileState::Verified { .. } | FileState::Created { .. } | FileState::Closed { .. }, _) => {}
        }
        return;
    }
    let change = match dice.throw(8) {
        0 => change::delete(&asset, now),
        1 => change::expire(&asset, now + samples::IDLE * 40, now),
        2 => change::withdraw(&asset, &role, now),
        3 | 4 => change::announce(&asset, samples::file(&asset, role.as_str(), ByteCount::mib(7), now)),
        _ => change::publish(&asset, now),
    };
    if let Ok(change) = change {
        subject.apply(&change).await;
    }
}

pub(crate) async fn usage_equals_a_recount_after_any_history(subject: Subject) {
    let mut moved = 0;
    for seed in 0..6 {
        let mut dice = Dice(seed);
        let mut assets = Vec::new();
        for owner in ["mina", "juno", "mina"] {
            assets.push(subject.reserved(owner, &["video", "thumbnail"]).await.id);
        }
        for _ in 0..60 {
            let id = assets[dice.throw(assets.len())];
            live(&subject, &mut dice, id).await;
            let usages = subject.catalog.recount_usage(None, ALL).await.unwrap();
            assert_eq!(usages.len(), 2);
            for usage in usages {
                assert_eq!(usage.kept, usage.counted, "{} in history {seed}", usage.owner);
                assert_eq!(subject.catalog.load_usage(&usage.owner).await.unwrap(), usage.kept);
                moved += u64::from(usage.kept.stored_bytes != ByteCount(0));
            }
        }
    }
    assert!(moved > 0, "something was published");
}

pub(crate) async fn usage_is_recounted_in_pages(subject: Subject) {
    let nobody = samples::owner("ghost");
    assert_eq!(subject.catalog.load_usage(&nobody).await.unwrap(), Usage::default());
    assert_eq!(subject.catalog.recount_usage(None, ALL).await.unwrap(), []);
    for owner in ["a", "b", "c", "d", "e"] {
        subject.reserved(owner, &["video"]).await;
    }
    let all = subject.catalog.recount_usage(None, ALL).await.unwrap();
    let expected = Usage { open_uploads: 1, reserved_bytes: ByteCount::mib(20), stored_bytes: ByteCount(0) };
    assert!(all.iter().all(|usage| (usage.kept, usage.counted) == (expected, expected)), "{all:?}");
    let mut paged = Vec::new();
    while let Some(page) =
        Some(subject.catalog.recount_usage(paged.last(), 2).await.unwrap()).filter(|page| !page.is_empty())
    {
        paged.extend(page.into_iter().map(|usage| usage.owner));
    }
    assert_eq!(paged, all.into_iter().map(|usage| usage.owner).collect::<Vec<_>>());
    assert_eq!(paged.len(), 5);
    assert!(paged.is_sorted_by_key(|owner| (owner.shard(), owner.clone())));
}

/// A request that did not hear that its reservation was written asks again.
pub(crate) async fn reserving_again_is_not_counted_twice(subject: Subject) {
    let idempotency = Some(claim("k", "body"));
    let reservation = Reservation { idempotency, ..subject.reservation("mina", &["video"]) };
    let asset = subject.reserve(&reservation).await;
    let before = subject.catalog.load_usage(&asset.owner).await.unwrap();
    assert_eq!(subject.catalog.reserve(&reservation).await.unwrap(), Reserved::Fresh, "not InProgress");
    subject.open(pending(&asset, "video").id).await;
    assert_eq!(subject.catalog.reserve(&reservation).await.unwrap(), Reserved::Fresh);
    assert_eq!(subject.catalog.load_usage(&asset.owner).await.unwrap(), before);
}
