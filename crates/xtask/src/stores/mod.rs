//! Real object stores for tests, started as plain processes on free loopback ports.
//!
//! Not the embedded store: tests start that one themselves, each its own. A store of this module takes seconds to start,
//! so it is started once and shared; tests make buckets of their own in it. *Invariant*: a store ends with the run that
//! started it, however that run ends, and leaves no process and no folder behind (see [`keeper`]).

mod ceph;
mod daemon;
mod garage;
pub(crate) mod keeper;
mod kept;

use anyhow::{Result, bail};

pub(crate) use self::kept::Kept;

/// A store that can be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// Ceph's S3 gateway, from Debian's packages.
    Ceph,
    /// Garage, from crates.io.
    Garage,
}

impl Engine {
    /// Reads the name that people type.
    ///
    /// # Errors
    /// When there is no such store.
    pub(crate) fn parse(name: &str) -> Result<Self> {
        match name {
            "ceph" => Ok(Self::Ceph),
            "garage" => Ok(Self::Garage),
            _ => bail!("no such store: {name}\nhint: there is `ceph` and `garage`"),
        }
    }

    /// The name that people type.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ceph => "ceph",
            Self::Garage => "garage",
        }
    }

    /// Which tests run over this store only: those in a module of this name.
    pub(crate) fn tests(self) -> &'static str {
        match self {
            Self::Ceph => "test(/(^|::)on_ceph::/)",
            Self::Garage => "test(/(^|::)on_garage::/)",
        }
    }
}

/// A variable for the tests, as `NAME` and value.
type Variable = (&'static str, String);

/// `cargo xtask store NAME`: starts the store, prints its variables and stays until it is interrupted.
///
/// # Errors
/// When the store does not start.
pub(crate) fn stay(name: &str) -> Result<u8> {
    let mut kept = Kept::begin(Engine::parse(name)?)?;
    for (name, value) in kept.wait()? {
        crate::console::out(&format!("export {name}={value}"));
    }
    crate::console::note("the store runs until this command is interrupted (Ctrl-C)");
    kept.stay()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for engine in [Engine::Ceph, Engine::Garage] {
            assert_eq!(Engine::parse(engine.name()).unwrap(), engine);
            assert!(engine.tests().contains(engine.name()));
        }
        let error = Engine::parse("glass").unwrap_err();
        assert!(error.to_string().contains("hint"), "{error}");
    }
}
