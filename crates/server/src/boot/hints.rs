//! What the embedded store says by itself: that a part has arrived. So an upload that nobody completes is published when
//! its bytes are there, and not only with the next look of its schedule; and one whose size nobody declared is ended as
//! soon as it is over its limit, and not only with its client's next request.
//!
//! Hints flow one way, from the store to here, and are never believed: the use case asks catalog and store. *Invariant*:
//! a lost, late or doubled hint changes nothing but the time.

use domain::Visibility;
use futures::{StreamExt as _, stream};
use localstore::ArrivedPart;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::store::layout::Layout;

/// Hints that wait to be looked into, each of about 200 bytes. Those that come when it is full are dropped.
pub(super) const KEPT: usize = 1024;
/// Looked into at once: each may drive a commit.
const AT_ONCE: usize = 8;

/// Looks into hints until told to stop, or until the store ends. A look that is under way then is dropped, which is as a
/// crash there: the jobs of the next start go on with it.
pub(super) async fn follow(
    mut hints: mpsc::Receiver<ArrivedPart>,
    layout: Layout,
    app: App,
    stopping: CancellationToken,
) {
    let coming = stream::poll_fn(|context| hints.poll_recv(context));
    let look = async |hint: ArrivedPart| {
        let Some((visibility, key)) = subject(&layout, &hint) else { return };
        if let Err(error) = app.hear_of_arrival(visibility, key).await {
            tracing::debug!(key, error = &error as &dyn std::error::Error, "a hint was not looked into; the job will");
        }
    };
    tokio::select! {
        () = coming.for_each_concurrent(AT_ONCE, look) => {}
        () = stopping.cancelled() => {}
    }
}

/// The key that a hint is about, as the port spells it. `None` if nobody can be waiting for it.
fn subject<'h>(layout: &Layout, hint: &'h ArrivedPart) -> Option<(Visibility, &'h str)> {
    let both = [Visibility::Private, Visibility::Public];
    let visibility = both.into_iter().find(|visibility| layout.bucket_of(*visibility) == hint.bucket)?;
    Some((visibility, layout.own_text(&hint.key)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_about_other_things_are_nobodys() {
        let layout = Layout::parse("private", "public", "landfall/").unwrap();
        let hint = |bucket: &str, key: &str, number| ArrivedPart { bucket: bucket.into(), key: key.into(), number };
        for (hint, expected) in [
            (hint("private", "landfall/a/b", 1), Some((Visibility::Private, "a/b"))),
            (hint("public", "landfall/a/b", 1), Some((Visibility::Public, "a/b"))),
            (hint("private", "landfall/a/b", 2), Some((Visibility::Private, "a/b"))),
            (hint("private", "elsewhere/a/b", 1), None),
            (hint("third", "landfall/a/b", 1), None),
        ] {
            assert_eq!(subject(&layout, &hint), expected, "{hint:?}");
        }
    }
}
