//! Assets of everybody, in any status, for an operator.

use domain::{AssetId, EventKind, SearchText, Title};

use super::Subject;
use super::samples::owner;
use crate::catalog::{StatusName, Survey};

fn everything() -> Survey {
    Survey { status: None, owner: None, contains: None, before: None, limit: 100, look_at: 1_000 }
}

async fn page(subject: &Subject, survey: &Survey) -> (Vec<AssetId>, Option<AssetId>) {
    let found = subject.catalog.survey_assets(survey).await.unwrap().value;
    (found.assets.iter().map(|asset| asset.id).collect(), found.next)
}

pub(crate) async fn survey_shows_everybody_in_any_status(subject: Subject) {
    let gone = subject.created("mina", &["video"]).await;
    let gone = subject.delete(gone.id).await;
    let created = subject.created("juno", &["video", "thumbnail"]).await;
    let uploading = subject.reserved("mina", &["video"]).await;
    let found = subject.catalog.survey_assets(&everything()).await.unwrap().value;
    assert_eq!(found.assets, [uploading.clone(), created.clone(), gone.clone()], "with their files");
    assert_eq!(found.next, None);
    for (status, id) in
        [(StatusName::Gone, gone.id), (StatusName::Created, created.id), (StatusName::Uploading, uploading.id)]
    {
        let of_status = Survey { status: Some(status), ..everything() };
        assert_eq!(page(&subject, &of_status).await, (vec![id], None), "{status:?}");
    }
    let of_mina = Survey { owner: Some(owner("mina")), ..everything() };
    assert_eq!(page(&subject, &of_mina).await, (vec![uploading.id, gone.id], None));
}

pub(crate) async fn survey_finds_titles(subject: Subject) {
    let mut ids = Vec::new();
    for title in ["Summer 100%", "winter", "SUMMER_2"] {
        let mut reservation = subject.reservation("mina", &["video"]);
        reservation.asset.title = Title::parse(title).unwrap();
        ids.push(subject.reserve(&reservation).await.id);
    }
    for (part, found) in [("summer", vec![ids[2], ids[0]]), ("%", vec![ids[0]]), ("_", vec![ids[2]]), ("x", vec![])] {
        let survey = Survey { contains: SearchText::parse(part), ..everything() };
        assert_eq!(page(&subject, &survey).await, (found, None), "{part}");
    }
}

pub(crate) async fn survey_pages_reach_everything_once(subject: Subject) {
    let mut all = Vec::new();
    for index in 0..7 {
        all.insert(0, subject.reserved(if index % 3 == 0 { "juno" } else { "mina" }, &["video"]).await.id);
    }
    let of_juno: Vec<_> = [0, 3, 6].map(|index| all[index]).into();
    for (of, expected) in [(None, &all), (Some(owner("juno")), &of_juno)] {
        for limit in 1..=4 {
            for look_at in [1, 2, 5, 1_000] {
                let mut survey = Survey { owner: of.clone(), limit, look_at, ..everything() };
                let (mut found, mut pages) = (Vec::new(), 0);
                loop {
                    let (some, next) = page(&subject, &survey).await;
                    assert!(some.len() <= limit as usize);
                    found.extend(some);
                    pages += 1;
                    assert!(pages <= 8, "pages come to an end");
                    if next.is_none() {
                        break;
                    }
                    survey.before = next;
                }
                assert_eq!(&found, expected, "limit {limit}, looking at {look_at}");
            }
        }
    }
    let narrow = Survey { owner: Some(owner("juno")), before: Some(all[0]), look_at: 2, ..everything() };
    assert_eq!(page(&subject, &narrow).await, (vec![], Some(all[2])), "a page may be empty and not the last");
}

pub(crate) async fn assets_are_counted_by_status(subject: Subject) {
    assert_eq!(subject.catalog.count_assets().await.unwrap(), []);
    for _ in 0..2 {
        subject.reserved("mina", &["video"]).await;
    }
    let created = subject.created("juno", &["video"]).await;
    let gone = subject.created("juno", &["video"]).await;
    subject.delete(gone.id).await;
    let mut counts = subject.catalog.count_assets().await.unwrap();
    counts.sort_unstable();
    assert_eq!(counts, [(StatusName::Uploading, 2), (StatusName::Created, 1), (StatusName::Gone, 1)]);
    let kinds = |events: Vec<(u64, domain::OutboxEvent)>| events.into_iter().map(|(_, e)| e.kind).collect::<Vec<_>>();
    let shard = gone.shard();
    let list = async |id, limit| kinds(subject.catalog.list_asset_events(shard, id, limit).await.unwrap());
    assert_eq!(list(gone.id, 10).await, [EventKind::AssetCreated, EventKind::AssetDeleted], "its own, in order");
    assert_eq!(list(gone.id, 1).await, [EventKind::AssetCreated]);
    assert_eq!(list(created.id, 10).await, [EventKind::AssetCreated]);
}
