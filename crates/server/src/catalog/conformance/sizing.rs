//! Files whose size nobody declared, and uploads that nobody completes.

use domain::{
    Asset, ByteCount, Event, File, FilePlan, GrantTerms, Lane, Looks, OpenPlan, Slots, TimeSpan, UploadRules, change,
};

use super::Subject;
use super::samples::{GENEROUS, frozen, pending, right};
use super::subject::ALL;
use crate::catalog::{Allowance, Reservation, Reserved};

const LIMIT: ByteCount = ByteCount::mib(100);

/// An asset of one file that may have any size up to [`LIMIT`], changed as the caller likes.
async fn undeclared(subject: &Subject, and: impl Fn(&mut File)) -> File {
    let mut reservation = subject.reservation("mina", &["video"]);
    let place = reservation.asset.places.values_mut().next().unwrap();
    let file = place.pending.as_mut().unwrap();
    file.plan = FilePlan::Undeclared(OpenPlan::up_to(LIMIT, ByteCount::mib(8)));
    and(file);
    let asset = subject.reserve(&reservation).await;
    pending(&asset, "video").clone()
}

pub(super) fn granted(subject: &Subject, file: &File, parts: u16) -> Event {
    let terms = GrantTerms {
        parts,
        rules: UploadRules::default(),
        asset_deadline: file.deadline.max(subject.now() + TimeSpan::from_secs(1)),
        credentials_end: None,
    };
    Event::Granted(terms)
}

/// Whether another asset of 20 MiB fits beside what is reserved, within this many bytes.
async fn fits(subject: &Subject, bytes: ByteCount) -> bool {
    let allowance = Allowance { reserved_bytes: bytes, ..GENEROUS };
    let reservation = Reservation { allowance, ..subject.reservation("mina", &["video"]) };
    match subject.catalog.reserve(&reservation).await.unwrap() {
        Reserved::Fresh => {
            let asset: Asset = subject.asset(reservation.asset.id).await;
            subject.apply(&change::delete(&asset, subject.now()).unwrap()).await;
            true
        }
        Reserved::TooManyBytes => false,
        other => panic!("not about bytes: {other:?}"),
    }
}

pub(crate) async fn undeclared_sizes_reserve_their_limit_until_they_settle(subject: Subject) {
    let file = undeclared(&subject, |_| ()).await;
    assert_eq!(subject.file(file.id).await, file);
    assert!(fits(&subject, ByteCount::mib(120)).await);
    assert!(!fits(&subject, ByteCount(ByteCount::mib(120).get() - 1)).await);

    subject.open(file.id).await;
    let settled = subject.step(file.id, frozen(&file)).await;
    assert_eq!(settled.plan.size(), Some(ByteCount::mib(10)));
    assert_eq!(subject.file(file.id).await, settled);
    assert!(fits(&subject, ByteCount::mib(30)).await, "what arrived is reserved, not what might have");
    assert!(!fits(&subject, ByteCount(ByteCount::mib(30).get() - 1)).await);
    let verified = subject.step(file.id, right(&settled)).await;
    assert_eq!(subject.file(file.id).await, verified);
}

pub(crate) async fn grants_since_the_last_weighing_survive(subject: Subject) {
    let file = undeclared(&subject, |_| ()).await;
    subject.open(file.id).await;
    for (parts, sum) in [(3, 3), (16, 19), (1, 20)] {
        let granted = subject.step(file.id, granted(&subject, &file, parts)).await;
        assert_eq!(granted.plan.unweighed(), sum);
        assert_eq!(subject.file(file.id).await, granted);
    }
    let weighed = subject.step(file.id, Event::Weighed(super::samples::parts(&file))).await;
    assert_eq!((weighed.plan.unweighed(), subject.file(file.id).await), (0, weighed));
}

pub(crate) async fn undeclared_sizes_are_due_at_their_next_look(subject: Subject) {
    let file = undeclared(&subject, |file| file.looks = Some(Looks::before_grant(file.created_at))).await;
    let opened = subject.open(file.id).await;
    let granted = subject.step(file.id, granted(&subject, &opened, 1)).await;
    assert_eq!((granted.auto, granted.due_at), (false, granted.looks.and_then(|looks| looks.next)));
    subject.wait_until(granted.due_at.unwrap());
    let due =
        async || subject.catalog.list_due_files(Lane::Drive, Slots::ALL, TimeSpan::ZERO, ALL).await.unwrap().value;
    let [row] = &due().await[..] else { panic!("its look is due") };
    assert_eq!(row.row.as_ref().unwrap(), &granted);
    let weighed = subject.step(file.id, Event::Weighed(super::samples::parts(&file))).await;
    assert!(weighed.due_at > granted.due_at && due().await.is_empty(), "it is not too much yet: later again");
    assert_eq!(subject.file(file.id).await, weighed);
}

pub(crate) async fn looked_for_files_are_due_at_their_next_look(subject: Subject) {
    let marked = |file: &mut File| (file.auto, file.looks) = (true, Some(Looks::before_grant(file.created_at)));
    let file = undeclared(&subject, marked).await;
    assert_eq!(subject.file(file.id).await, file);
    let opened = subject.open(file.id).await;
    let granted = subject.step(file.id, granted(&subject, &opened, 1)).await;
    assert_eq!(granted.due_at, granted.looks.and_then(|looks| looks.next));
    subject.wait_until(granted.due_at.unwrap());
    let due =
        async || subject.catalog.list_due_files(Lane::Drive, Slots::ALL, TimeSpan::ZERO, ALL).await.unwrap().value;
    let [row] = &due().await[..] else { panic!("its look is due") };
    assert_eq!(row.row.as_ref().unwrap(), &granted);
    let waiting = subject.step(file.id, Event::Arrived(Vec::new())).await;
    assert!(waiting.due_at > granted.due_at && due().await.is_empty(), "looked at in vain: later again");
    let arrived = subject.step(file.id, Event::Arrived(super::samples::parts(&file))).await;
    assert_eq!(arrived.looks.and_then(|looks| looks.next), None, "what has arrived is looked for no more");
}
