//! Collects everything that is wrong with a request, so that a client repairs it in one go.

use std::fmt::Display;

use wire::FieldProblem;

use crate::http::bounds::ECHO_CHARS;
use crate::http::problem::Denial;

/// What was found wrong so far.
#[derive(Debug, Default)]
pub(super) struct Fields {
    problems: Vec<FieldProblem>,
}

/// Most problems that are named; a list of 10,000 wrong parts helps nobody more than its first 100.
const MOST_NAMED: usize = 100;

impl Fields {
    /// Notes that a field is wrong. The detail goes on after the field's name: "must be ...".
    pub(super) fn wrong(&mut self, field: impl Into<String>, detail: impl Display) {
        if self.problems.len() < MOST_NAMED {
            self.problems.push(FieldProblem { field: field.into(), detail: shortened(&detail.to_string()) });
        }
    }

    /// Takes a value, or notes why there is none.
    pub(super) fn take<T, E: Display>(&mut self, field: impl Into<String>, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.wrong(field, error)).ok()
    }

    /// Gives the value if nothing was wrong. What is `None` must have been noted.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, Denial> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            Some(_) | None => Err(Denial::invalid(self.problems)),
        }
    }
}

/// Cuts a text that may repeat what a client sent.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(ECHO_CHARS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
