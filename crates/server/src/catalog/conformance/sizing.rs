//! Files whose size nobody declared, and uploads that nobody completes.

use domain::{
    Asset, ByteCount, Event, File, FileId, FilePlan, GrantTerms, Looks, OpenPlan, TimeSpan, UploadRules, change,
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

fn granted(subject: &Subject, file: &File, parts: u16) -> Event {
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

pub(crate) async fn awaited_files_are_listed_when_due(subject: Subject) {
    let awaited = async || -> Vec<FileId> {
        let read = subject.catalog.list_awaited(None, ALL).await.unwrap();
        assert_eq!(read.now, subject.now());
        read.value.into_iter().map(|file| file.id).collect()
    };
    let mut files = Vec::new();
    for number in 0..4 {
        let file = undeclared(&subject, |file| {
            // The last one is completed by its owner, as usual.
            file.auto = (number < 3).then(|| Looks::before_grant(file.created_at));
        })
        .await;
        subject.open(file.id).await;
        files.push(file);
    }
    subject.wait(TimeSpan::from_hours(1));
    assert_eq!(awaited().await, [], "nothing was granted");
    let ids: Vec<FileId> = files.iter().map(|file| file.id).collect();
    for file in files.iter().rev() {
        let granted = subject.step(file.id, granted(&subject, file, 1)).await;
        assert_eq!(subject.file(file.id).await, granted);
        subject.wait(TimeSpan::from_secs(1));
    }
    // Granted 4 s, 3 s, 2 s and 1 s ago, the last of them first: the first look comes after 2 s.
    assert_eq!(awaited().await, [ids[1], ids[2]]);
    let page = subject.catalog.list_awaited(Some(ids[1]), 1).await.unwrap().value;
    assert_eq!(page.iter().map(|file| file.id).collect::<Vec<_>>(), [ids[2]]);
    assert_eq!(subject.catalog.list_awaited(None, 1).await.unwrap().value, [subject.file(ids[1]).await]);

    subject.step(ids[1], Event::Arrived(Vec::new())).await;
    assert_eq!(awaited().await, [ids[2]], "looked at in vain: later again");
    subject.step(ids[2], Event::Arrived(super::samples::parts(&files[2]))).await;
    subject.wait(TimeSpan::from_secs(3));
    assert_eq!(awaited().await, ids[..2], "what has arrived is awaited no more");
    subject.reject(ids[0]).await;
    assert_eq!(awaited().await, ids[1..2]);
}
