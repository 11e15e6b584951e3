//! Writes whose answer may be lost, or that another was in the way of.
//!
//! A lost answer is settled by repeating the same compare-and-set and then reading: a plain read alone may still see the
//! old row while the write waits for its commit. *Invariant*: what is told as "nothing happened" did not happen.

use super::{App, PortError};
use crate::catalog::{CatalogError, Written};

/// How often a write is tried.
const TRIES: u32 = 4;

/// What came of a write.
#[derive(Debug)]
pub(super) struct Settled<T> {
    /// The last answer.
    pub(super) answer: T,
    /// An answer before it was lost: it may be this very write that the last one met.
    pub(super) doubt: bool,
}

/// Repeats a write until it is answered. One that is repeated after it was done must change nothing.
pub(super) async fn settle<T, F>(write: impl Fn() -> F) -> Result<Settled<T>, CatalogError>
where
    F: Future<Output = Result<T, CatalogError>>,
{
    let mut lost = None;
    for left in (0..TRIES).rev() {
        match write().await {
            Ok(answer) => return Ok(Settled { answer, doubt: lost.is_some() }),
            Err(CatalogError::Unknown(source)) => lost = Some(source),
            Err(CatalogError::Conflict(_)) if left > 0 => {}
            Err(
                error @ (CatalogError::Conflict(_)
                | CatalogError::Unavailable(_)
                | CatalogError::ReadOnly(_)
                | CatalogError::Unreadable { .. }),
            ) => return Err(lost.map_or(error, CatalogError::Unknown)),
        }
    }
    Err(CatalogError::Unknown(lost.expect("the last try lost its answer")))
}

impl App {
    /// A compare-and-set. Where an answer was lost and the next says stale, `is_written` reads whether it was this one.
    pub(super) async fn compare_and_set<W, R>(
        &self,
        write: impl Fn() -> W,
        is_written: impl FnOnce() -> R,
    ) -> Result<Written, PortError>
    where
        W: Future<Output = Result<Written, CatalogError>>,
        R: Future<Output = Result<bool, CatalogError>>,
    {
        let Settled { answer, doubt } = settle(write).await.map_err(PortError::catalog)?;
        if answer == Written::Stale && doubt && is_written().await.map_err(PortError::catalog)? {
            return Ok(Written::Done);
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    type Answer = Result<u8, CatalogError>;

    fn answers(of: Vec<Answer>) -> impl Fn() -> std::future::Ready<Answer> {
        let left = Mutex::new(of.into_iter());
        move || std::future::ready(left.lock().unwrap().next().expect("no more tries than answers"))
    }

    fn unknown() -> Answer {
        Err(CatalogError::Unknown("lost".into()))
    }

    fn conflict() -> Answer {
        Err(CatalogError::Conflict("deadlock".into()))
    }

    fn unavailable() -> Answer {
        Err(CatalogError::Unavailable("down".into()))
    }

    #[tokio::test]
    async fn what_is_answered_is_not_repeated() {
        let settled = settle(answers(vec![Ok(1)])).await.unwrap();
        assert_eq!((settled.answer, settled.doubt), (1, false));
        assert!(matches!(settle(answers(vec![unavailable()])).await, Err(CatalogError::Unavailable(_))));
    }

    #[tokio::test]
    async fn lost_answers_and_conflicts_are_repeated() {
        let settled = settle(answers(vec![conflict(), Ok(1)])).await.unwrap();
        assert_eq!((settled.answer, settled.doubt), (1, false), "nothing had happened");
        let settled = settle(answers(vec![unknown(), conflict(), Ok(1)])).await.unwrap();
        assert_eq!((settled.answer, settled.doubt), (1, true));
    }

    #[tokio::test]
    async fn what_may_have_happened_is_never_told_as_nothing() {
        let lost = settle(answers(vec![unknown(), unavailable()])).await;
        assert!(matches!(lost, Err(CatalogError::Unknown(_))), "{lost:?}");
        let lost = settle(answers(vec![unknown(), unknown(), unknown(), unknown()])).await;
        assert!(matches!(lost, Err(CatalogError::Unknown(_))), "{lost:?}");
        let busy = settle(answers(vec![conflict(), conflict(), conflict(), conflict()])).await;
        assert!(matches!(busy, Err(CatalogError::Conflict(_))), "{busy:?}");
    }
}
