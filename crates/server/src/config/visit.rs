//! How the configuration is walked: each concern names its keys once, and readers, printers and the reference page
//! follow.

use std::collections::BTreeSet;

use super::form::Form;

/// Somebody who visits every key.
pub(super) trait Visitor: Sized {
    /// A table, with what it is about.
    fn section(&mut self, name: &str, doc: &str, visit: impl FnOnce(&mut Self));

    /// A key of the current table: its name, what it means, where its value is, and which form it has.
    fn key<T>(&mut self, name: &'static str, doc: &'static str, slot: &mut T, form: impl Form<T>);

    /// Names of tables inside the current one that the user wrote, where names are the user's own.
    fn names(&mut self) -> BTreeSet<String>;
}
