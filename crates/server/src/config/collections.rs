//! Collections and roles, as the operator writes them.
//!
//! Names are the operator's own. What is written is laid over the defaults, so changing one limit takes one line;
//! `enabled = false` takes a default collection or role away.

use std::collections::BTreeMap;

use domain::collection::MAX_ROLES;
use domain::part_plan::MAX_OBJECT;
use domain::{ByteCount, Collection, CollectionName, MediaType, Necessity, RoleName, RoleRules, Visibility};

use super::error::ConfigError;
use super::form::{Choice, Flag, ListOf, Media, Size};
use super::visit::Visitor;

/// Largest video by default. Two hours of 4K straight from a good camera (50 Mbit/s) are 45 GB; more is a mistake more
/// often than a film, and reserves an owner's allowance.
const VIDEO_LIMIT: ByteCount = ByteCount::gib(50);
/// Largest preview clip by default: a minute of 4K fits.
const PREVIEW_LIMIT: ByteCount = ByteCount::mib(200);
/// Largest picture by default: what cameras write as JPEG fits.
const PICTURE_LIMIT: ByteCount = ByteCount::mib(10);

const VIDEO_TYPES: [MediaType; 6] =
    [MediaType::Mp4, MediaType::QuickTime, MediaType::WebM, MediaType::Matroska, MediaType::ThreeGpp, MediaType::Avi];
const PICTURE_TYPES: [MediaType; 2] = [MediaType::Jpeg, MediaType::Png];
/// Names that are paths of the API itself.
const RESERVED_NAMES: [&str; 6] = ["admin", "collections", "events", "openapi", "session", "usage"];

/// `[collections.NAME.roles.ROLE]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleConfig {
    /// Whether the role is there at all.
    pub enabled: bool,
    /// Who may read it.
    pub visibility: Visibility,
    /// Whether an asset cannot do without it.
    pub required: bool,
    /// Largest file.
    pub max_size: ByteCount,
    /// Accepted types.
    pub media_types: Vec<MediaType>,
}

impl Default for RoleConfig {
    /// A role of the operator's own: private, optional, and of no type yet.
    fn default() -> Self {
        Self::of(Visibility::Private, VIDEO_LIMIT, &[])
    }
}

/// `[collections.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionConfig {
    /// Whether the collection is there at all.
    pub enabled: bool,
    /// Its roles.
    pub roles: BTreeMap<String, RoleConfig>,
}

impl Default for CollectionConfig {
    fn default() -> Self {
        Self { enabled: true, roles: BTreeMap::new() }
    }
}

/// `[collections]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionsConfig(pub BTreeMap<String, CollectionConfig>);

impl Default for CollectionsConfig {
    fn default() -> Self {
        let video = RoleConfig::of(Visibility::Private, VIDEO_LIMIT, &VIDEO_TYPES).required();
        let thumbnail = RoleConfig::of(Visibility::Public, PICTURE_LIMIT, &PICTURE_TYPES);
        let preview = RoleConfig::of(Visibility::Public, PREVIEW_LIMIT, &VIDEO_TYPES);
        let image = RoleConfig::of(Visibility::Public, PICTURE_LIMIT, &PICTURE_TYPES).required();
        let videos = [("video", video), ("thumbnail", thumbnail), ("preview", preview)];
        Self(BTreeMap::from([
            ("videos".to_owned(), CollectionConfig::of(videos)),
            ("images".to_owned(), CollectionConfig::of([("image", image)])),
        ]))
    }
}

const VISIBILITIES: &[(&str, Visibility)] = &[("private", Visibility::Private), ("public", Visibility::Public)];

impl RoleConfig {
    fn of(visibility: Visibility, max_size: ByteCount, types: &[MediaType]) -> Self {
        Self { enabled: true, visibility, required: false, max_size, media_types: types.to_vec() }
    }

    fn required(self) -> Self {
        Self { required: true, ..self }
    }

    fn keys(&mut self, visitor: &mut impl Visitor) {
        visitor.key("enabled", "", &mut self.enabled, Flag);
        visitor.key("visibility", "", &mut self.visibility, Choice(VISIBILITIES));
        visitor.key("required", "", &mut self.required, Flag);
        visitor.key("max_size", "", &mut self.max_size, Size(ByteCount(1)..=MAX_OBJECT));
        visitor.key("media_types", "", &mut self.media_types, ListOf(Media));
    }

    fn rules(&self) -> RoleRules {
        RoleRules {
            visibility: self.visibility,
            necessity: if self.required { Necessity::Required } else { Necessity::Optional },
            max_size: self.max_size,
            media_types: self.media_types.clone(),
        }
    }
}

impl CollectionConfig {
    fn of<const N: usize>(roles: [(&str, RoleConfig); N]) -> Self {
        Self { enabled: true, roles: roles.map(|(name, role)| (name.to_owned(), role)).into() }
    }

    fn keys(&mut self, visitor: &mut impl Visitor) {
        visitor.key("enabled", "", &mut self.enabled, Flag);
        visitor.section("roles", "", |visitor| {
            for name in visitor.names() {
                self.roles.entry(name).or_default();
            }
            for (name, role) in &mut self.roles {
                visitor.section(name, "", |visitor| role.keys(visitor));
            }
        });
    }

    fn collection(&self, name: &str) -> Result<Collection, ConfigError> {
        let key = format!("collections.{name}");
        let parsed = CollectionName::parse(name).map_err(|wrong| ConfigError::relation(&key, wrong))?;
        if RESERVED_NAMES.contains(&name) {
            return Err(ConfigError::relation(&key, "is the name of another part of the API; choose another"));
        }
        let enabled = self.roles.iter().filter(|(_, role)| role.enabled);
        let roles = enabled.map(|(role, config)| config.parse(&key, role)).collect::<Result<BTreeMap<_, _>, _>>()?;
        match roles.len() {
            0 => Err(ConfigError::relation(&key, "has no role; write [collections.NAME.roles.ROLE]")),
            1..=MAX_ROLES => Ok(Collection { name: parsed, roles }),
            many => Err(ConfigError::relation(&key, format!("has {many} roles; at most {MAX_ROLES} are allowed"))),
        }
    }
}

impl RoleConfig {
    fn parse(&self, collection: &str, name: &str) -> Result<(RoleName, RoleRules), ConfigError> {
        let key = format!("{collection}.roles.{name}");
        let parsed = RoleName::parse(name).map_err(|wrong| ConfigError::relation(&key, wrong))?;
        if self.media_types.is_empty() {
            return Err(ConfigError::relation(&format!("{key}.media_types"), "must name at least one type"));
        }
        Ok((parsed, self.rules()))
    }
}

impl CollectionsConfig {
    pub(super) fn keys(&mut self, visitor: &mut impl Visitor) {
        for name in visitor.names() {
            self.0.entry(name).or_default();
        }
        for (name, collection) in &mut self.0 {
            visitor.section(name, "", |visitor| collection.keys(visitor));
        }
    }

    /// The collections as the use cases know them.
    ///
    /// # Errors
    /// A name that cannot be one, a collection without roles or with too many, a role without types.
    pub fn collections(&self) -> Result<BTreeMap<CollectionName, Collection>, ConfigError> {
        let enabled = self.0.iter().filter(|(_, collection)| collection.enabled);
        let parsed = enabled.map(|(name, config)| config.collection(name).map(|found| (found.name.clone(), found)));
        let collections = parsed.collect::<Result<BTreeMap<_, _>, _>>()?;
        if collections.is_empty() {
            return Err(ConfigError::relation("collections", "none is enabled"));
        }
        Ok(collections)
    }
}
