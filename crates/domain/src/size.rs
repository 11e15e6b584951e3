//! Sizes in bytes. A bare integer never says whether it counts bytes, parts or seconds; this type does.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A number of bytes, 0 to 2^64 - 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ByteCount(pub u64);

impl From<u64> for ByteCount {
    fn from(bytes: u64) -> Self {
        Self(bytes)
    }
}

impl ByteCount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// `n` times 2^10 bytes.
    pub const fn kib(n: u64) -> Self {
        Self(n << 10)
    }

    /// `n` times 2^20 bytes.
    pub const fn mib(n: u64) -> Self {
        Self(n << 20)
    }

    /// `n` times 2^30 bytes.
    pub const fn gib(n: u64) -> Self {
        Self(n << 30)
    }

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The sum, held at 2^64 - 1 instead of wrapping.
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// Writes the size as people read it: binary units, at most one decimal (`11.9 MiB`).
impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        let mut scaled = self.0 as f64 / 1024.0;
        let mut unit = 0;
        while scaled >= 1024.0 && unit + 1 < UNITS.len() {
            scaled /= 1024.0;
            unit += 1;
        }
        if scaled.fract() < 0.05 {
            write!(f, "{scaled:.0} {}", UNITS[unit])
        } else {
            write!(f, "{scaled:.1} {}", UNITS[unit])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ByteCount;

    #[test]
    fn is_written_in_binary_units() {
        let shown = [0, 1023, 1024, 5 << 20, (5 << 20) + (1 << 19), 500_000_000].map(|n| ByteCount(n).to_string());
        assert_eq!(shown, ["0 B", "1023 B", "1 KiB", "5 MiB", "5.5 MiB", "476.8 MiB"]);
    }
}
