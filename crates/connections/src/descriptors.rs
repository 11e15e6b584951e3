//! How many files and sockets the process may have open.
//!
//! Shells and service managers set a soft limit of 1,024 for the sake of programs that use `select`; the hard limit is
//! what the operator means.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Where the system names no hard limit, as macOS: more than any port holds.
const WITHOUT_LIMIT: u64 = 65_536;

/// The soft limit stays where it is.
#[derive(Debug, thiserror::Error)]
#[error("the limit of open files stays at {stays}; raise it for this process (`ulimit -n`, or LimitNOFILE of a unit)")]
pub struct DescriptorError {
    /// What holds on.
    pub stays: u64,
    /// What the operating system said.
    source: rustix::io::Errno,
}

/// Raises the soft limit of open files to the hard one, and says what it is now.
///
/// # Errors
/// See [`DescriptorError`]; the process can go on with what it has.
pub fn raise_descriptor_limit() -> Result<u64, DescriptorError> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let stays = current.unwrap_or(WITHOUT_LIMIT);
    let wanted = maximum.unwrap_or(WITHOUT_LIMIT).max(stays);
    if wanted > stays {
        let raised = Rlimit { current: Some(wanted), maximum };
        setrlimit(Resource::Nofile, raised).map_err(|source| DescriptorError { stays, source })?;
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_raised_to_the_hard_one() {
        let hard = getrlimit(Resource::Nofile).maximum;
        let raised = raise_descriptor_limit().unwrap();
        assert_eq!(getrlimit(Resource::Nofile).current, Some(raised));
        assert_eq!(raised, hard.unwrap_or(WITHOUT_LIMIT));
        assert_eq!(raise_descriptor_limit().unwrap(), raised, "twice is once");
    }
}
