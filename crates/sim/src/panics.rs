//! Panics as messages: an assertion of the code under test that fails is a finding, not the end of the run.
//!
//! *Invariant*: a panic inside [`catch`] prints nothing; every other panic prints as always.

use std::cell::{Cell, RefCell};
use std::panic::{UnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs something and gives the message, with its place, if it panics.
pub(crate) fn catch<T>(run: impl FnOnce() -> T + UnwindSafe) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if CATCHING.get() {
                // The last path step is enough to find it, and the same wherever this was built.
                let place = info.location().map_or_else(String::new, |at| {
                    format!(" ({}:{})", at.file().rsplit('/').next().unwrap_or_default(), at.line())
                });
                let message = info.payload_as_str().unwrap_or("a panic without words");
                SAID.set(Some(format!("{message}{place}")));
            } else {
                before(info);
            }
        }));
    });
    let outer = CATCHING.replace(true);
    let outcome = catch_unwind(run);
    CATCHING.set(outer);
    outcome.map_err(|_| SAID.take().unwrap_or_default())
}
