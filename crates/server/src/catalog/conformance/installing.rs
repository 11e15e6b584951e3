//! What a catalog knows about itself.

use domain::{Epoch, Installation, InstallationId, Leap, TimeSpan, Timestamp};
use futures::future::join_all;

use super::Subject;
use crate::catalog::Written;

pub(crate) fn made_up(n: u8) -> Installation {
    let id = InstallationId::new(Timestamp::UNIX_EPOCH, &[n; 10]);
    Installation::new(id)
}

pub(crate) async fn installation_is_made_once(subject: Subject) {
    let [first, second] = [1, 2].map(made_up);
    for asked in [first, second, first] {
        let read = subject.catalog.load_installation(asked.id).await.unwrap();
        assert!(subject.is_now(read.now));
        assert_eq!(read.value, first);
    }
}

pub(crate) async fn installation_is_replaced_by_compare_and_set(subject: Subject) {
    let catalog = subject.catalog.as_ref();
    let first = catalog.load_installation(made_up(1).id).await.unwrap().value;
    let leap = Leap { noticed_at: subject.now(), span: TimeSpan::from_hours(49) };
    let [marked_at, raised_at] = [Some(subject.now()); 2];
    let raised = Installation { epoch: Epoch(5), marked_at, raised_at, leap: Some(leap), ..first };
    assert_eq!(catalog.replace_installation(&first, &raised).await.unwrap(), Written::Done);
    assert_eq!(catalog.load_installation(first.id).await.unwrap().value, raised);

    let taken =
        Installation { id: made_up(2).id, epoch: Epoch(9), accepted_at: Some(subject.now()), leap: None, ..raised };
    for stale in [first, Installation { id: made_up(3).id, ..raised }, Installation { epoch: Epoch(6), ..raised }] {
        assert_eq!(catalog.replace_installation(&stale, &taken).await.unwrap(), Written::Stale, "{stale:?}");
    }
    assert_eq!(catalog.load_installation(first.id).await.unwrap().value, raised);
    assert_eq!(catalog.replace_installation(&raised, &taken).await.unwrap(), Written::Done);
    assert_eq!(catalog.load_installation(first.id).await.unwrap().value, taken);
}

pub(crate) async fn installation_has_one_winner(subject: Subject) {
    let first = subject.catalog.load_installation(made_up(1).id).await.unwrap().value;
    let nexts: Vec<Installation> = (2..8).map(|epoch| Installation { epoch: Epoch(epoch), ..first }).collect();
    let written = join_all(nexts.iter().map(|next| subject.catalog.replace_installation(&first, next))).await;
    let winners: Vec<_> =
        nexts.iter().zip(written).filter(|(_, written)| *written.as_ref().unwrap() == Written::Done).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(&subject.catalog.load_installation(first.id).await.unwrap().value, winners[0].0);
}
