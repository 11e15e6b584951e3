//! The outbox.

use domain::{Event, EventKind, File, OutboxEvent, Reason};
use tokio::task::JoinSet;

use super::Subject;
use super::samples::{owner, pending, role};
use super::subject::ALL;
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
        assert_eq!(subject.catalog.advance(&file, &next, events).await.unwrap(), Written::Done);
        file = next;
        expected.push(event);
    }
    assert_eq!(subject.events().await, expected);
    subject.step(file.id, Event::Ended(Reason::Deleted)).await;
}

/// Once a reader has seen a position, none below it appears: who reads on from there misses nothing.
pub(crate) async fn a_reader_misses_nothing_while_writers_cross(subject: Subject) {
    const EVENTS: u64 = 40;
    let mut writers = JoinSet::new();
    for owner in ["mina", "juno"] {
        let asset = subject.reserved(owner, &["video"]).await;
        let (catalog, mut file) = (subject.catalog.clone(), subject.file(pending(&asset, "video").id).await);
        let now = subject.now();
        writers.spawn(async move {
            for _ in 0..EVENTS {
                let event = OutboxEvent::new(asset.id, asset.owner.clone(), EventKind::AssetDeleted, now);
                let next = File { fence: file.fence.next(), ..file.clone() };
                assert_eq!(catalog.advance(&file, &next, &[event]).await.unwrap(), Written::Done);
                file = next;
            }
        });
    }
    let mut seen: Vec<(u64, OutboxEvent)> = Vec::new();
    let mut working = true;
    while working {
        // Looked at first: what was written before they ended is read in this round.
        working = !writers.is_empty();
        while writers.try_join_next().transpose().unwrap().is_some() {}
        loop {
            let after = seen.last().map_or(0, |(position, _)| *position);
            let page = subject.catalog.list_events(after, 7).await.unwrap();
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(seen.len() as u64, 2 * EVENTS);
    assert!(seen.is_sorted_by(|(one, _), (two, _)| one < two));
    let mut all: Vec<(u64, OutboxEvent)> = Vec::new();
    while let Some(page) = Some(subject.catalog.list_events(all.last().map_or(0, |(at, _)| *at), ALL).await.unwrap())
        .filter(|page| !page.is_empty())
    {
        all.extend(page);
    }
    assert_eq!(seen, all);
}
