//! The ledger after any history equals a recount.

mod sample;

use domain::change::{self, Change};
use domain::quota::{Delta, Usage};
use domain::{Asset, AssetStatus, Event, Evidence, Fence, File, FileId, Reason, RoleName, StateName, UploadId, decide};
use proptest::prelude::*;
use sample::{NOW, asset_of, file_for, listing, verified};

const ROLES: [&str; 3] = ["video", "thumbnail", "preview"];

/// What somebody wants next.
#[derive(Debug, Clone, Copy)]
enum Wish {
    Announce(usize),
    Advance(usize, StateName),
    Publish,
    Withdraw(usize),
    Expire,
    Delete,
}

fn wishes() -> impl Strategy<Value = Wish> {
    let states = prop_oneof![
        Just(StateName::Uploading),
        Just(StateName::Committing),
        Just(StateName::Verified),
        Just(StateName::Deleting),
        Just(StateName::Closed),
    ];
    prop_oneof![
        3 => (0..ROLES.len()).prop_map(Wish::Announce),
        12 => ((0..ROLES.len()), states).prop_map(|(role, state)| Wish::Advance(role, state)),
        3 => Just(Wish::Publish),
        1 => (0..ROLES.len()).prop_map(Wish::Withdraw),
        1 => Just(Wish::Expire),
        1 => Just(Wish::Delete),
    ]
}

fn role(number: usize) -> RoleName {
    RoleName::parse(ROLES[number]).unwrap()
}

/// What brings a file into a state.
fn event_into(state: StateName) -> Option<Event> {
    match state {
        StateName::Reserved | StateName::Created => None,
        StateName::Uploading => Some(Event::Opened(UploadId("u1".into()))),
        StateName::Committing => Some(Event::Frozen { listing: listing(), claimed: None, checksum: None }),
        StateName::Verified => Some(Event::Arbitrated(Evidence::Right(verified()))),
        StateName::Deleting => Some(Event::Ended(Reason::ContentMismatch(None))),
        StateName::Closed => Some(Event::Destroyed),
    }
}

/// An asset's history with the ledger beside it.
struct History {
    asset: Asset,
    kept: Usage,
    made: u8,
}

impl History {
    fn apply(&mut self, change: Change) {
        self.kept = self.kept.after(change.delta).expect("nothing is given back twice");
        self.asset = change.asset;
    }

    /// A pending file takes a step, as `decide` allows it, or another state is simply too early.
    fn advance(&mut self, number: usize, state: StateName) {
        let Some(file) = self.asset.places.get(&role(number)).and_then(|place| place.pending.clone()) else { return };
        let Some(event) = event_into(state) else { return };
        let Ok(decision) = decide(&file, &event, NOW) else { return };
        self.kept = self.kept.after(Delta::of_step(&file, &decision.next)).expect("nothing is given back twice");
        self.asset.places.get_mut(&role(number)).unwrap().pending = Some(decision.next);
    }

    fn take(&mut self, wish: Wish) {
        match wish {
            Wish::Announce(number) => {
                self.made += 1;
                let new = File {
                    id: FileId::new(NOW, &[self.made; 10]),
                    fence: Fence::default(),
                    ..file_for(ROLES[number], StateName::Reserved)
                };
                drop(change::announce(&self.asset, new).map(|change| self.apply(change)));
            }
            Wish::Advance(number, state) => self.advance(number, state),
            Wish::Publish => drop(change::publish(&self.asset, NOW).map(|change| self.apply(change))),
            Wish::Withdraw(number) => {
                drop(change::withdraw(&self.asset, &role(number), NOW).map(|change| self.apply(change)));
            }
            Wish::Expire => {
                let late = NOW + domain::TimeSpan::from_hours(24 * 30);
                drop(change::expire(&self.asset, late, late).map(|change| self.apply(change)));
            }
            Wish::Delete => drop(change::delete(&self.asset, NOW).map(|change| self.apply(change))),
        }
    }
}

proptest! {
    #[test]
    fn the_ledger_equals_a_recount(wishes in prop::collection::vec(wishes(), 1..60)) {
        let asset = asset_of(AssetStatus::Uploading, &[("video", None, Some(StateName::Reserved))]);
        let mut history = History { kept: Usage::of_asset(&asset), asset, made: 0 };
        for wish in wishes {
            history.take(wish);
            prop_assert_eq!(history.kept, Usage::of_asset(&history.asset), "after {:?}", wish);
        }
    }
}

#[test]
fn a_replacement_is_an_open_upload_of_its_own() {
    let asset = asset_of(AssetStatus::Created, &[("video", Some(StateName::Created), None)]);
    let before = Usage::of_asset(&asset);
    assert_eq!(before.open_uploads, 0);
    let new = File { id: FileId::new(NOW, &[3; 10]), ..file_for("video", StateName::Reserved) };
    let change = change::announce(&asset, new).unwrap();
    assert!(change.announced.as_ref().unwrap().addition);
    assert_eq!(before.after(change.delta).unwrap().open_uploads, 1);
    let again = asset_of(AssetStatus::Uploading, &[("video", None, Some(StateName::Deleting))]);
    let new = File { id: FileId::new(NOW, &[3; 10]), ..file_for("video", StateName::Reserved) };
    let change = change::announce(&again, new).unwrap();
    assert_eq!(change.delta.open_uploads, 0, "an UPLOADING asset is one open upload, however often it is tried");
}
