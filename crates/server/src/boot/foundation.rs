//! What every way of running stands on: folder, catalog, store, use cases.
//!
//! The only file that names concrete backends.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use data_encoding::HEXLOWER;
use domain::TimeSpan;
use domain::limits::ORPHAN_AGE;
use domain::store_profile::ETagForm;
use localstore::ArrivedPart;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::embedded::{self, Embedded};
use super::folder::{DataFolder, FolderError, FolderLock};
use super::{BootError, figures, hints, store_settings};
use crate::app::{App, AppParts, DEFAULT_COMPLETE_PATIENCE, DeliveryRules, Settings};
use crate::auth::{Authenticator, InstallationSecret, SecretFileError, TokenRules};
use crate::catalog::Catalog;
use crate::catalog::sqlite::SqliteCatalog;
use crate::clock::{Clock, HostClock};
use crate::config::{Config, ConfigError, StoreKind};
use crate::drill::{self, Drill};
use crate::entropy::{Entropy, HostEntropy};
use crate::events::memory::MemoryEvents;
use crate::jobs::Tempo;
use crate::store::Store;
use crate::store::s3::S3Store;
use crate::store::signer::UrlSigner;
use crate::vitals::Vitals;

/// The pieces, put together. Nothing listens yet but the embedded store, and no job runs.
pub(super) struct Foundation {
    pub(super) folder: DataFolder,
    /// Held until everything else is closed.
    pub(super) lock: FolderLock,
    pub(super) embedded: Option<Embedded>,
    /// What the embedded store tells; nobody has to listen.
    pub(super) hints: Option<mpsc::Receiver<ArrivedPart>>,
    pub(super) catalog: Arc<dyn Catalog>,
    pub(super) app: App,
    pub(super) tempo: Tempo,
    /// How often files are counted.
    pub(super) figures_every: Duration,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
}

impl Foundation {
    /// Takes the folder and starts what is in it. `purpose` names this process to whoever is refused.
    pub(super) async fn lay(config: &Config, purpose: &str) -> Result<Self, BootError> {
        let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (Arc::new(HostClock), Arc::new(HostEntropy));
        let folder = DataFolder::new(&config.server.data);
        // On a full disk the catalog needs what the store has kept back, before it can be opened.
        localstore::make_room(&folder.store_folder());
        folder.make()?;
        let lock = folder.lock(purpose)?;

        let drill = drill(config)?;
        let catalog = catalog(config, drill.as_ref(), clock.clone()).await?;
        let (embedded, hints) = match config.store.kind {
            StoreKind::Embedded => {
                let (tell, hints) = mpsc::channel(hints::KEPT);
                (Some(Embedded::start(config, &*entropy, Some(tell)).await?), Some(hints))
            }
            StoreKind::S3 => (None, None),
        };
        let (store, signer, etag_form) =
            store(config, embedded.as_ref(), &*catalog, drill.as_ref(), clock.clone()).await?;
        let app = App::new(AppParts {
            catalog: catalog.clone(),
            store,
            events: Arc::new(MemoryEvents::default()),
            signer,
            clock: clock.clone(),
            entropy: entropy.clone(),
            settings: settings(config, drill.as_ref(), etag_form)?,
        });
        let (tempo, figures_every) = match drill {
            Some(drill) => (Tempo::even(drill.every, drill.lease), drill.every),
            None => (Tempo::default(), figures::EVERY),
        };
        Ok(Self { folder, lock, embedded, hints, catalog, app, tempo, figures_every, clock, entropy })
    }

    /// What readiness looks at on this host. The store's folder is looked at by itself where it may be on another disk.
    pub(super) fn vitals(&self, config: &Config) -> Result<Vitals, FolderError> {
        let mut vitals = Vitals::default();
        let unusable = |path: PathBuf| move |source| FolderError::Unusable { path, source };
        let watch_folder =
            |vitals: &mut Vitals, part, path: PathBuf| vitals.watch_folder(part, path.clone()).map_err(unusable(path));
        watch_folder(&mut vitals, "data_folder", self.folder.path().to_owned())?;
        if let Some(embedded) = &self.embedded {
            watch_folder(&mut vitals, "store_folder", self.folder.store_folder())?;
            vitals.watch(embedded.patient());
        }
        let catalog = config.sqlite_file();
        vitals.watch_catalog(catalog.clone()).map_err(unusable(catalog))?;
        Ok(vitals)
    }

    /// The name of this server among those that share the work: of its host and its folder, which no two servers have at
    /// once, and which it has again when it is started again.
    pub(super) fn member(&self) -> String {
        // Where a system does not tell, the folder alone has to do: sharing a name costs work that is done twice.
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let digest = Sha256::digest(format!("{} {}", host.trim(), self.folder.path().display()));
        HEXLOWER.encode(&digest[..8])
    }

    /// Closes everything in the order that loses nothing: work that requests left, catalog, store, lock.
    pub(super) async fn close(self) {
        self.app.drain().await;
        self.catalog.close().await;
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
        drop(self.lock);
    }
}

/// The verifier of tokens, with the configured secret or the installation's own, which is made at the first start.
pub(super) fn authenticator(config: &Config, entropy: &dyn Entropy) -> Result<Authenticator, BootError> {
    verifier(config, |file| InstallationSecret::load_or_make(file, entropy))
}

/// The same for a command that must not make a secret: tokens signed with one that no server uses would only confuse.
///
/// # Errors
/// See [`BootError`]; [`crate::auth::SecretFileError::Absent`] where no server has run yet.
pub fn existing_authenticator(config: &Config) -> Result<Authenticator, BootError> {
    verifier(config, InstallationSecret::load)
}

fn verifier(
    config: &Config,
    own: impl FnOnce(&Path) -> Result<InstallationSecret, SecretFileError>,
) -> Result<Authenticator, BootError> {
    let rules = config.auth.token_rules();
    let verifier = match config.auth.secret()? {
        Some(secret) => Authenticator::hs256(secret.expose().as_bytes(), rules),
        None => {
            // What signs with this secret has the clock of this machine: a token ends when it says.
            let exact = TokenRules { leeway: TimeSpan::ZERO, ..rules };
            Authenticator::hs256(own(&DataFolder::new(&config.server.data).secret_file())?.expose(), exact)
        }
    };
    verifier.map_err(|weak| ConfigError::relation("auth.hs256_secret", weak).into())
}

fn settings(config: &Config, drill: Option<&Drill>, etag_form: ETagForm) -> Result<Settings, ConfigError> {
    Ok(Settings {
        collections: config.collections.collections()?,
        rules: config.uploads.rules()?,
        preferred_part: config.uploads.part_size,
        allowance: config.limits.allowance(),
        owner_naming: config.store.owner_naming(),
        delivery: DeliveryRules { window: config.delivery.window, life: config.delivery.ttl },
        complete_patience: DEFAULT_COMPLETE_PATIENCE,
        etag_form,
        scrub: config.reconcile.scrub,
        reconcile_budget: config.reconcile.budget,
        orphan_age: drill.map_or(ORPHAN_AGE, |drill| drill.orphan_age),
    })
}

/// What a test of this repository asks of this process, if one does.
fn drill(config: &Config) -> Result<Option<Drill>, ConfigError> {
    let Some(folder) = &config.drill else { return Ok(None) };
    tracing::warn!(folder = %folder.display(), "{} is set: this process ends or stops where a test says so, and its \
        leases are short; unset it if this is not a test of Landfall itself", drill::VARIABLE);
    let refused = |wrong| ConfigError::relation(drill::VARIABLE, chain(&wrong));
    Drill::open(folder).map(Some).map_err(refused)
}

/// An error with its sources.
fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |error| error.source());
    sources.fold(error.to_string(), |text, source| format!("{text}: {source}"))
}

/// The catalog, with whatever stands around it.
async fn catalog(config: &Config, drill: Option<&Drill>, clock: Arc<dyn Clock>) -> Result<Arc<dyn Catalog>, BootError> {
    use crate::catalog::around::Around;
    use crate::catalog::metered::Metered;

    let mut catalog = SqliteCatalog::open(&config.sqlite_file(), clock).await?;
    if let Some(drill) = drill {
        catalog = catalog.with_idempotency_lease(drill.lease);
    }
    let metered = Arc::new(Around::new(Arc::new(catalog), Metered));
    Ok(match drill {
        Some(drill) => Arc::new(Around::new(metered, drill.fail_points.clone())),
        None => metered,
    })
}

/// The store, the signer of its URLs, and how its ETags are made. The embedded one is used exactly as any other: by its address and keys.
async fn store(
    config: &Config,
    embedded: Option<&Embedded>,
    catalog: &dyn Catalog,
    drill: Option<&Drill>,
    clock: Arc<dyn Clock>,
) -> Result<(Arc<dyn Store>, UrlSigner, ETagForm), BootError> {
    use crate::store::around::Around;
    use crate::store::metered::Metered;

    let (mut settings, signer) = store_settings::of(config, embedded.map(Embedded::address).as_ref())?;
    settings.behaviour = match embedded {
        Some(_) => embedded::behaviour(),
        None => store_settings::seen_behaviour(catalog, &settings).await,
    };
    let etag_form = settings.behaviour.etag;
    let signer = UrlSigner::new(signer)?;
    let store = S3Store::connect(settings, clock).await?;
    let metered = Arc::new(Around::new(Arc::new(store), Metered));
    let store: Arc<dyn Store> = match drill {
        Some(drill) => Arc::new(Around::new(metered, drill.fail_points.clone())),
        None => metered,
    };
    Ok((store, signer, etag_form))
}
