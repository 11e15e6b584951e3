//! What every backend of the port must do, as one suite: each case is one test per backend, made by
//! [`events_conformance!`](crate::events_conformance).

use std::time::Duration;

use domain::{AssetId, ByteCount, OwnerId, RoleName, Timestamp};

use super::{Events, Heard, Listener, News};

/// Makes one `#[tokio::test]` of each case for a backend that has a default.
#[macro_export]
macro_rules! events_conformance {
    ($backend:ty) => {
        $crate::events_conformance!(@cases $backend:
            listeners_hear_their_owner_in_order_and_nobody_else,
            what_was_told_before_is_not_heard,
            one_who_is_slow_is_told_so_and_holds_up_nobody,
            asking_again_loses_nothing,
        );
    };
    (@cases $backend:ty: $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                $crate::events::conformance::$case(&<$backend>::default()).await;
            }
        )+
    };
}

/// Far more than a busy machine needs.
const SOON: Duration = Duration::from_secs(60);

fn owner(name: &str) -> OwnerId {
    OwnerId::parse(name).expect("an owner")
}

fn progress(arrived: u64) -> News {
    let asset = AssetId::new(Timestamp::UNIX_EPOCH, &[1; 10]);
    News::Progress { asset, role: RoleName::parse("video").expect("a role"), arrived: ByteCount(arrived), size: None }
}

async fn heard(listener: &mut Listener) -> Heard {
    tokio::time::timeout(SOON, listener.next()).await.expect("news come soon").expect("the backend goes on")
}

/// Every listener of an owner hears everything about it, in the order it was told, and nothing about others.
pub async fn listeners_hear_their_owner_in_order_and_nobody_else(events: &impl Events) {
    let (mut first, mut second) = (events.listen(&owner("ann")), events.listen(&owner("ann")));
    let mut bob = events.listen(&owner("bob"));
    for told in 0..10 {
        events.tell(&owner("ann"), progress(told));
    }
    events.tell(&owner("bob"), News::Events);
    for told in 0..10 {
        for listener in [&mut first, &mut second] {
            assert_eq!(heard(listener).await, Heard::News(progress(told)));
        }
    }
    assert_eq!(heard(&mut bob).await, Heard::News(News::Events));
}

/// A listener hears nothing of what was before it.
pub async fn what_was_told_before_is_not_heard(events: &impl Events) {
    events.tell(&owner("ann"), progress(1));
    let mut first = events.listen(&owner("ann"));
    events.tell(&owner("ann"), progress(2));
    assert_eq!(heard(&mut first).await, Heard::News(progress(2)));
    let mut second = events.listen(&owner("ann"));
    events.tell(&owner("ann"), progress(3));
    assert_eq!(heard(&mut second).await, Heard::News(progress(3)));
}

/// Telling goes on however much is not heard; the slow one hears that it missed something, and then the newest.
pub async fn one_who_is_slow_is_told_so_and_holds_up_nobody(events: &impl Events) {
    let mut slow = events.listen(&owner("ann"));
    const MANY: u64 = 100_000;
    for told in 0..=MANY {
        events.tell(&owner("ann"), progress(told));
    }
    assert_eq!(heard(&mut slow).await, Heard::Missed);
    while heard(&mut slow).await != Heard::News(progress(MANY)) {}
}

/// A wait that is given up takes nothing with it.
pub async fn asking_again_loses_nothing(events: &impl Events) {
    let mut listener = events.listen(&owner("ann"));
    for told in 0..3 {
        assert!(tokio::time::timeout(Duration::from_millis(1), listener.next()).await.is_err());
        events.tell(&owner("ann"), progress(told));
        assert_eq!(heard(&mut listener).await, Heard::News(progress(told)));
    }
}
