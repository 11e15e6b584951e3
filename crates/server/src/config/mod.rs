//! The configuration: one struct a concern, from TOML, then variables, then flags.
//!
//! Every key is declared once, with its meaning, form and range, in the file of its concern; reading, printing and the
//! reference page follow from that. *Rule*: a configuration that loads can be started with: whatever is wrong with it
//! is said here, by key, and nothing later reads variables or files of settings.

mod access;
mod collections;
mod connections;
mod environment;
mod error;
mod form;
mod nearest;
mod print;
mod read;
mod reconcile;
mod secret;
mod server;
mod store;
mod telemetry;
mod units;
mod uploads;
mod visit;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use self::connections::ConnectionsConfig;
pub use access::{AuthConfig, LimitsConfig};
pub use collections::{CollectionConfig, CollectionsConfig, RoleConfig};
pub use environment::Environment;
pub use error::ConfigError;
pub use reconcile::ReconcileConfig;
pub use secret::Secret;
pub use server::{CatalogConfig, ServerConfig, WebConfig, local_url, parse_origin};
pub use store::{StoreConfig, StoreKind};
pub use telemetry::{LogFormat, TelemetryConfig};
pub use uploads::{Cdn, DeliveryConfig, ExpireConfig, UploadsConfig};

use print::Printer;
use read::{File, Reader};
use visit::Visitor;

use crate::{drill, files};

/// Reads a time span such as `48h` or `1h 30m`.
///
/// # Errors
/// Says what the text should look like.
pub fn parse_span(text: &str) -> Result<domain::TimeSpan, String> {
    units::parse_span(text).ok_or_else(|| format!("is not {}", units::SPAN_FORM))
}

/// Writes a time span as [`parse_span`] reads it.
pub fn write_span(span: domain::TimeSpan) -> String {
    units::write_span(span)
}

/// Reads a size such as `8 MiB`.
///
/// # Errors
/// Says what the text should look like.
pub fn parse_size(text: &str) -> Result<domain::ByteCount, String> {
    units::parse_size(text).ok_or_else(|| format!("is not {}", units::SIZE_FORM))
}

/// Everything an operator can choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where the server is found.
    pub server: ServerConfig,
    /// Which web pages may upload.
    pub web: WebConfig,
    /// Where rows are.
    pub catalog: CatalogConfig,
    /// Where objects are.
    pub store: StoreConfig,
    /// What kinds of assets there are.
    pub collections: CollectionsConfig,
    /// How long uploads live.
    pub uploads: UploadsConfig,
    /// When the abandoned are swept away.
    pub expire: ExpireConfig,
    /// When buckets and catalog are compared.
    pub reconcile: ReconcileConfig,
    /// How objects are read.
    pub delivery: DeliveryConfig,
    /// Who may call.
    pub auth: AuthConfig,
    /// How much one may do.
    pub limits: LimitsConfig,
    /// What connections may cost.
    pub connections: ConnectionsConfig,
    /// What is logged and measured.
    pub telemetry: TelemetryConfig,
    /// The folder of a drill ([`crate::drill`]). No key and no flag sets it, and nothing prints it.
    pub drill: Option<PathBuf>,
}

/// What flags of the command line say; they win over file and variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--data`.
    pub data: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<SocketAddr>,
    /// `--store-listen`.
    pub store_listen: Option<SocketAddr>,
}

/// Largest configuration file, in bytes: every key there is, explained, takes under 64 KiB.
const MAX_FILE_BYTES: u64 = 1 << 20;

impl Config {
    /// The defaults, with a data folder.
    pub fn with_data(data: impl Into<PathBuf>) -> Self {
        Self {
            server: ServerConfig::with_data(data.into()),
            web: WebConfig::default(),
            catalog: CatalogConfig::default(),
            store: StoreConfig::default(),
            collections: CollectionsConfig::default(),
            uploads: UploadsConfig::default(),
            expire: ExpireConfig::default(),
            reconcile: ReconcileConfig::default(),
            delivery: DeliveryConfig::default(),
            auth: AuthConfig::default(),
            limits: LimitsConfig::default(),
            connections: ConnectionsConfig::default(),
            telemetry: TelemetryConfig::default(),
            drill: None,
        }
    }

    /// Reads the file if one is named, lays variables over it and flags over those, and checks the whole.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(file: Option<&Path>, environment: &Environment, flags: &Flags) -> Result<Self, ConfigError> {
        let file = match file {
            Some(path) => {
                let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
                let text = files::read_small(path, MAX_FILE_BYTES).map_err(unreadable)?;
                Some(File::parse(path, &text)?)
            }
            None => None,
        };
        let mut config = Self::with_data(environment.data_folder());
        let mut reader = Reader::new(file.as_ref(), environment.keys());
        config.visit(&mut reader);
        reader.finish()?;
        config.raise(flags);
        config.drill = environment.drill();
        config.check()?;
        config.check_zone(environment)?;
        Ok(config)
    }

    /// The configuration as commented TOML, without its secrets.
    pub fn to_toml(&self) -> String {
        let mut printer = Printer::default();
        self.clone().visit(&mut printer);
        printer.finish()
    }

    /// The same as JSON: `{"section": {"key": value}}`, without its secrets and without what is not set.
    ///
    /// # Panics
    /// Never: what is printed reads back.
    pub fn to_json(&self) -> serde_json::Value {
        let table: toml::Table = self.to_toml().parse().expect("what is printed reads back");
        serde_json::to_value(table).expect("texts, numbers and lists are JSON")
    }

    /// The catalog's file.
    pub fn sqlite_file(&self) -> PathBuf {
        self.catalog.sqlite.clone().unwrap_or_else(|| self.server.data.join("catalog.sqlite"))
    }

    fn raise(&mut self, flags: &Flags) {
        if let Some(data) = &flags.data {
            self.server.data.clone_from(data);
        }
        if let Some(listen) = flags.listen {
            self.server.listen = listen;
        }
        if let Some(listen) = flags.store_listen {
            self.store.listen = listen;
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.store.check()?;
        self.collections.collections()?;
        self.uploads.rules()?;
        self.expire.schedule()?;
        self.reconcile.schedule()?;
        self.delivery.check()?;
        self.auth.secret()?;
        self.check_drill()
    }

    /// With a `TZ` that is no zone, what is due at 01:00 would run at 01:00 UTC, and nobody would know.
    fn check_zone(&self, environment: &Environment) -> Result<(), ConfigError> {
        let zones = [&self.expire.time_zone, &self.reconcile.time_zone];
        match environment.no_zone() {
            Some(zone) if zones.into_iter().any(|zone| zone == uploads::SYSTEM_ZONE) => {
                let wrong = "is no time zone; set it to a name such as Asia/Seoul, or unset it, or set expire.time_zone \
                             and reconcile.time_zone";
                Err(ConfigError::relation("TZ", format!("{} {wrong}", form::quoted(zone))))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// What an operator should know of a configuration that can be started with.
    pub fn warnings(&self) -> Vec<String> {
        self.unreachable_addresses()
    }

    /// Whoever drills ends and stops the process: nobody else may be using it.
    fn check_drill(&self) -> Result<(), ConfigError> {
        let listens = [("server.listen", self.server.listen), ("store.listen", self.store.listen)];
        match listens.into_iter().find(|(_, address)| !address.ip().is_loopback()) {
            Some((key, address)) if self.drill.is_some() => {
                let wrong = format!("is for tests on this machine alone, and {key} is {address}");
                Err(ConfigError::relation(drill::VARIABLE, wrong))
            }
            _ => Ok(()),
        }
    }

    fn visit(&mut self, visitor: &mut impl Visitor) {
        visitor.section("server", "Where the server is found.", |v| self.server.keys(v));
        visitor.section("web", "Web pages that upload.", |v| self.web.keys(v));
        visitor.section("catalog", "Where rows are kept.", |v| self.catalog.keys(v));
        visitor.section("store", "Where objects are kept.", |v| self.store.keys(v));
        visitor.section("collections", &about_collections(), |v| self.collections.keys(v));
        visitor.section("uploads", "How long uploads and their URLs live.", |v| self.uploads.keys(v));
        visitor.section("expire", "When abandoned uploads are swept away.", |v| self.expire.keys(v));
        visitor.section("reconcile", "When buckets and catalog are compared.", |v| self.reconcile.keys(v));
        visitor.section("delivery", "How published files are read.", |v| self.delivery.keys(v));
        visitor.section("auth", "Who may call.", |v| self.auth.keys(v));
        visitor.section("limits", "How much one owner, or one request, may ask for.", |v| self.limits.keys(v));
        visitor.section(
            "connections",
            "What connections may cost, on the API's port and on the embedded store's.",
            |v| {
                self.connections.keys(v);
            },
        );
        visitor.section("telemetry", "What is logged and measured.", |v| self.telemetry.keys(v));
    }
}

fn about_collections() -> String {
    let types = domain::MediaType::ALL.map(domain::MediaType::name).join(", ");
    format!(
        "What kinds of assets there are. Each collection has up to 8 roles: who may read a file (visibility \"private\" or \
         \"public\"), whether an asset cannot do without it (required), its largest size, and its media types. What you \
         write is laid over these defaults; enabled = false takes one away. Types: {types}."
    )
}

#[cfg(test)]
mod tests;
