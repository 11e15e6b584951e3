//! Reads a configuration: defaults, then the file, then the environment.
//!
//! *Rule*: whatever the user wrote is either used or refused. A key nobody knows stops the start, with the name it was
//! probably meant to be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::environment;
use super::error::ConfigError;
use super::form::{Form, Raw};
use super::nearest::nearest;
use super::visit::Visitor;

/// The name of the environment in errors.
const ENVIRONMENT: &str = "the environment";

/// A visitor that fills in values.
pub(super) struct Reader<'a> {
    file: Option<&'a File>,
    variables: &'a BTreeMap<String, String>,
    path: Vec<String>,
    /// The names that each table has, so that others can be refused.
    known: BTreeMap<Vec<String>, BTreeSet<String>>,
    used: BTreeSet<String>,
    error: Option<ConfigError>,
}

/// A file's content.
pub(super) struct File {
    origin: String,
    table: toml::Table,
}

impl File {
    /// Parses the text of a file.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let table = text.parse::<toml::Table>().map_err(|wrong| {
            let before = wrong.span().map_or("", |span| &text[..span.start.min(text.len())]);
            let line = before.matches('\n').count() + 1;
            // A line of the file may hold a secret: the parser's message is used, its excerpt is not.
            let message = wrong.message().lines().collect::<Vec<_>>().join(", ");
            ConfigError::Syntax { path: path.to_owned(), line, message }
        })?;
        Ok(Self { origin: path.display().to_string(), table })
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: Option<&'a File>, variables: &'a BTreeMap<String, String>) -> Self {
        let (path, known, used) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        Self { file, variables, path, known, used, error: None }
    }

    /// The first thing that is wrong, unknown keys included.
    pub(super) fn finish(mut self) -> Result<(), ConfigError> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        if let Some(file) = self.file {
            self.refuse_unknown(&file.table, &mut Vec::new(), &file.origin)?;
        }
        let Some(stranger) = self.variables.keys().find(|name| !self.used.contains(*name)) else { return Ok(()) };
        let variables: Vec<_> = self.leaves().map(|(table, key)| environment::variable(table, key)).collect();
        let nearest = nearest(stranger, variables.iter().map(String::as_str)).map(str::to_owned);
        Err(ConfigError::UnknownKey { key: stranger.clone(), origin: ENVIRONMENT.into(), nearest })
    }

    fn leaves(&self) -> impl Iterator<Item = (&Vec<String>, &String)> {
        self.known.iter().flat_map(|(table, keys)| keys.iter().map(move |key| (table, key)))
    }

    fn refuse_unknown(&self, table: &toml::Table, path: &mut Vec<String>, origin: &str) -> Result<(), ConfigError> {
        for (name, value) in table {
            let known = self.known.get(path.as_slice()).is_some_and(|known| known.contains(name));
            path.push(name.clone());
            let is_table = self.known.contains_key(path.as_slice());
            match value {
                toml::Value::Table(inner) if is_table => self.refuse_unknown(inner, path, origin)?,
                _ if known && !is_table => {}
                _ if is_table => {
                    let (key, wrong) = (path.join("."), "must be a table, in a section of its own".into());
                    return Err(ConfigError::Invalid { key, origin: origin.to_owned(), wrong });
                }
                _ => return Err(self.unknown(path, origin)),
            }
            path.pop();
        }
        Ok(())
    }

    /// Says what was probably meant: a name of the same table, else one of any table.
    fn unknown(&self, path: &[String], origin: &str) -> ConfigError {
        let (name, table) = path.split_last().expect("an unknown key has a name");
        let siblings = self.known.get(table).into_iter().flatten().map(String::as_str);
        let beside = nearest(name, siblings).map(|sibling| [table, &[sibling.to_owned()]].concat().join("."));
        let elsewhere = || {
            let mut places = self.leaves().filter(|(_, key)| *key == name);
            places.next().map(|(table, key)| format!("{}.{key}", table.join(".")))
        };
        let nearest = beside.or_else(elsewhere);
        ConfigError::UnknownKey { key: path.join("."), origin: origin.to_owned(), nearest }
    }

    /// The value the file has for a key of the current table.
    fn in_file(&self, name: &str) -> Option<(&'a toml::Value, String)> {
        let file = self.file?;
        let value = self.table()?.get(name)?;
        Some((value, file.origin.clone()))
    }

    fn table(&self) -> Option<&'a toml::Table> {
        self.path.iter().try_fold(&self.file?.table, |table, step| table.get(step)?.as_table())
    }
}

impl Visitor for Reader<'_> {
    fn section(&mut self, name: &str, _doc: &str, visit: impl FnOnce(&mut Self)) {
        self.known.entry(self.path.clone()).or_default().insert(name.to_owned());
        self.path.push(name.to_owned());
        self.known.entry(self.path.clone()).or_default();
        visit(self);
        self.path.pop();
    }

    fn key<T>(&mut self, name: &'static str, _doc: &'static str, slot: &mut T, form: impl Form<T>) {
        self.known.entry(self.path.clone()).or_default().insert(name.to_owned());
        let variable = environment::variable(&self.path, name);
        let from_variable = self.variables.get(&variable).map(|text| (Raw::Variable(text), ENVIRONMENT.to_owned()));
        let from_file = self.in_file(name).map(|(value, origin)| (Raw::Toml(value), origin));
        let of_environment = from_variable.is_some();
        let Some((raw, origin)) = from_variable.or(from_file) else { return };
        let key = if of_environment { variable.clone() } else { [&self.path[..], &[name.into()]].concat().join(".") };
        self.used.insert(variable);
        match form.parse(raw) {
            Ok(value) => *slot = value,
            Err(wrong) => {
                self.error.get_or_insert(ConfigError::Invalid { key, origin, wrong });
            }
        }
    }

    fn names(&mut self) -> BTreeSet<String> {
        let tables = self.table().into_iter().flatten().filter(|(_, value)| value.is_table());
        let written = tables.map(|(name, _)| name.clone());
        written.chain(environment::names_below(self.variables, &self.path)).collect()
    }
}
