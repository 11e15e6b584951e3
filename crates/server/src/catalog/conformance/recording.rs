//! The outbox.

use domain::{Event, EventKind, File, OutboxEvent, Reason};

use super::Subject;
use super::samples::{owner, pending, role};
use crate::catalog::Written;

pub(crate) async fn events_are_in_order_of_commit(subject: Subject) {
    let first = subject.created("mina", &["video"]).await;
    let second = subject.created("juno", &["video"]).await;
    subject.delete(second.id).await;
    subject.delete(first.id).await;
    let told: Vec<_> = subject.events().await.into_iter().map(|event| (event.asset, event.owner, event.kind)).collect();
    let expected = [
        (first.id, first.owner.clone(), EventKind::AssetCreated),
        (second.id, second.owner.clone(), EventKind::AssetCreated),
        (second.id, second.owner, EventKind::AssetDeleted),
        (first.id, first.owner, EventKind::AssetDeleted),
    ];
    assert_eq!(told, expected);
}

pub(crate) async fn events_are_listed_after_a_position(subject: Subject) {
    for _ in 0..5 {
        subject.created("mina", &["video"]).await;
    }
    let all = subject.catalog.list_events(0, 100).await.unwrap();
    assert_eq!(all.len(), 5);
    assert!(all.is_sorted_by(|(one, _), (next, _)| one < next));
    let (mut paged, mut after) = (Vec::new(), 0);
    loop {
        let page = subject.catalog.list_events(after, 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some((last, _)) = page.last() else { break };
        after = *last;
        paged.extend(page);
    }
    assert_eq!(paged, all);
    assert_eq!(subject.catalog.list_events(after + 1_000, 2).await.unwrap(), []);
}

pub(crate) async fn events_of_one_owner_are_listed(subject: Subject) {
    assert_eq!(subject.catalog.last_event_position().await.unwrap(), 0);
    for owner in ["mina", "juno", "mina", "juno", "mina"] {
        subject.created(owner, &["video"]).await;
    }
    let all = subject.catalog.list_events(0, 100).await.unwrap();
    let own: Vec<_> = all.iter().filter(|(_, event)| event.owner == owner("mina")).cloned().collect();
    let list = async |after, limit| subject.catalog.list_owner_events(&owner("mina"), after, limit).await.unwrap();
    assert_eq!(list(0, 100).await, own);
    assert_eq!(list(0, 2).await, own[..2]);
    assert_eq!(list(own[0].0, 100).await, own[1..]);
    assert_eq!(list(all[4].0, 100).await, []);
    assert_eq!(subject.catalog.last_event_position().await.unwrap(), all[4].0);
}

pub(crate) async fn every_kind_of_event_survives(subject: Subject) {
    let asset = subject.reserved("mina", &["video"]).await;
    let mut file = subject.file(pending(&asset, "video").id).await;
    let mut expected = Vec::new();
    let mut kinds = vec![EventKind::AssetExpired, EventKind::AssetDeleted];
    kinds.extend(Reason::ALL.map(|reason| EventKind::AssetRejected { role: role("video"), reason }));
    for kind in kinds {
        let event = OutboxEvent::new(asset.id, asset.owner.clone(), kind, subject.now());
        let next = File { fence: file.fence.next(), ..file.clone() };
        let events = std::slice::from_ref(&event);
        assert_eq!(subject.catalog.advance(file.fence, &next, events).await.unwrap(), Written::Done);
        file = next;
        expected.push(event);
    }
    assert_eq!(subject.events().await, expected);
    subject.step(file.id, Event::Ended(Reason::Deleted)).await;
}
