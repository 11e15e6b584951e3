//! The one place where variables of the environment are read.
//!
//! `[a] b_c` is `LANDFALL_A__B_C`. Names without a double underscore are not keys: they are the command line's own
//! aliases, or belong to somebody else (an orchestrator sets `LANDFALL_PORT` for a service of that name).

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::tz::TimeZone;

use crate::drill;

const PREFIX: &str = "LANDFALL_";

/// What the environment says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Values of keys, by variable name. Never printed whole: some are secrets.
    keys: BTreeMap<String, String>,
    data_home: Option<PathBuf>,
    home: Option<PathBuf>,
    drill: Option<PathBuf>,
    /// What `TZ` says, if that is no time zone.
    no_zone: Option<String>,
}

impl Environment {
    /// Reads the variables of this process.
    #[expect(clippy::disallowed_methods, reason = "the one place where variables are read")]
    pub fn of_process() -> Self {
        let texts = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let environment = Self::of(texts.map(|(name, value)| (name, value.to_string_lossy().into_owned())));
        let zone = std::env::var_os("TZ").filter(|_| TimeZone::try_system().is_err());
        Self { no_zone: zone.map(|zone| zone.to_string_lossy().into_owned()), ..environment }
    }

    /// Takes variables as they are given; for tests and for programs that embed the server.
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut environment = Self::default();
        for (name, value) in variables {
            match name.as_str() {
                "XDG_DATA_HOME" => environment.data_home = absolute(&value),
                "HOME" => environment.home = absolute(&value),
                drill::VARIABLE => environment.drill = Some(value.into()),
                key if key.strip_prefix(PREFIX).is_some_and(|key| key.contains("__")) => {
                    environment.keys.insert(name, value);
                }
                _ => {}
            }
        }
        environment
    }

    /// The values of keys, by variable name.
    pub(super) const fn keys(&self) -> &BTreeMap<String, String> {
        &self.keys
    }

    /// What `TZ` says, if that is no time zone: the system's zone is then unknown.
    pub(super) fn no_zone(&self) -> Option<&str> {
        self.no_zone.as_deref()
    }

    /// The folder of a drill, in tests of this repository.
    pub(super) fn drill(&self) -> Option<PathBuf> {
        self.drill.clone()
    }

    /// Where data of this user's programs goes, after the XDG base directory specification: the same folder whatever
    /// the working directory is, so that `serve` and `token` find each other. Without a home it is the working
    /// directory.
    pub fn data_folder(&self) -> PathBuf {
        let home = || self.home.as_ref().map(|home| home.join(".local/share"));
        self.data_home.clone().or_else(home).map_or_else(|| "landfall-data".into(), |base| base.join("landfall"))
    }
}

/// The specification tells to ignore relative paths.
fn absolute(text: &str) -> Option<PathBuf> {
    Some(PathBuf::from(text)).filter(|path| path.is_absolute())
}

/// The variable that stands for a key.
pub(super) fn variable(path: &[String], key: &str) -> String {
    let steps = path.iter().map(String::as_str).chain([key]);
    format!("{PREFIX}{}", steps.collect::<Vec<_>>().join("__").to_uppercase())
}

/// The names right below a table that variables write to: `VIDEOS` of `LANDFALL_COLLECTIONS__VIDEOS__ENABLED`.
pub(super) fn names_below(keys: &BTreeMap<String, String>, path: &[String]) -> Vec<String> {
    let above = format!("{}__", variable(&path[..path.len() - 1], &path[path.len() - 1]));
    let inside = keys.keys().filter_map(|name| name.strip_prefix(&above));
    inside.filter_map(|rest| rest.split_once("__")).map(|(name, _)| name.to_lowercase()).collect()
}
