//! Writes a configuration as commented TOML, which reads back as the same configuration.
//!
//! *Rule*: comments come from where the keys are declared; secrets are never written.

use std::collections::BTreeSet;

use super::form::Form;
use super::visit::Visitor;

/// Comments are folded before this column.
const WIDTH: usize = 100;

/// A visitor that writes everything down.
#[derive(Default)]
pub(super) struct Printer {
    path: Vec<String>,
    /// The header of the current table is written with its first key: tables of tables have none.
    header: Option<String>,
    text: String,
}

impl Printer {
    /// The whole text.
    pub(super) fn finish(self) -> String {
        self.text
    }

    fn comment(&mut self, text: &str) {
        let mut line = String::from("#");
        for word in text.split_whitespace() {
            if line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.line(&line);
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        if line.len() > 1 {
            self.line(&line);
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

impl Visitor for Printer {
    fn section(&mut self, name: &str, doc: &str, visit: impl FnOnce(&mut Self)) {
        self.path.push(name.to_owned());
        if !doc.is_empty() {
            if !self.text.is_empty() {
                self.line("");
            }
            self.comment(doc);
        }
        // Beside a comment about it the header follows at once; else it is set apart.
        let gap = if doc.is_empty() { "\n" } else { "" };
        self.header = Some(format!("{gap}[{}]", self.path.join(".")));
        visit(self);
        self.header = None;
        self.path.pop();
    }

    fn key<T>(&mut self, name: &'static str, doc: &'static str, slot: &mut T, form: impl Form<T>) {
        if let Some(header) = self.header.take() {
            self.line(&header);
        }
        let range = form.accepts();
        let range = if doc.is_empty() || range.is_empty() { String::new() } else { format!(" Accepts {range}.") };
        self.comment(&format!("{doc}{range}"));
        match form.write(slot) {
            Some(value) => self.line(&format!("{name} = {value}")),
            None => self.line(format!("# {name} = {}", form.example()).trim_end()),
        }
    }

    fn names(&mut self) -> BTreeSet<String> {
        BTreeSet::new()
    }
}
