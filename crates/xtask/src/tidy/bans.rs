//! Words that must not appear in certain places: the layers inside a crate.
//!
//! Between crates the layer table does this. Inside `server` the modules are layers too, and
//! `domain` and `signing` must stay free of effects that need no dependency.

use super::tree::SourceFile;
use super::{Finding, code};

/// Words banned from a place.
struct Ban {
    /// Paths it holds for.
    under: &'static str,
    /// Paths below those that are exempt: the one home.
    homes: &'static [&'static str],
    words: &'static [&'static str],
    /// Why, and what to do instead.
    advice: &'static str,
}

const EFFECTS: &[&str] = &[
    "::now(",
    "axum",
    "env::",
    "fs::",
    "http::",
    "hyper",
    "process::",
    "reqwest",
    "sqlx",
    "thread::",
    "tokio",
    "TcpListener",
    "TcpStream",
    "ToSocketAddrs",
    "UdpSocket",
];

/// Everything in the standard library that reaches a file.
const FILES: &[&str] = &[
    "fs",
    "File::",
    "OpenOptions",
    "DirBuilder",
    "canonicalize(",
    "exists(",
    "is_dir(",
    "is_file(",
    "metadata(",
    "read_dir(",
];

/// Every ban holds outside tests.
const BANS: &[Ban] = &[
    Ban {
        under: "crates/domain/src/",
        homes: &[],
        words: EFFECTS,
        advice: "domain decides and never acts: take the value as an argument",
    },
    Ban {
        under: "crates/signing/src/",
        homes: &[],
        words: EFFECTS,
        advice: "signing is pure: take the value as an argument",
    },
    Ban {
        under: "crates/localstore/src/",
        homes: &["crates/localstore/src/disk/door.rs"],
        words: FILES,
        advice: "the store touches files through its door only, so that a test can make every call fail",
    },
    Ban {
        under: "crates/server/src/app/",
        homes: &[],
        words: &["axum", "sqlx", "aws_sdk_s3", "crate::http"],
        advice: "a use case knows ports only: move it to http/, catalog/ or store/",
    },
    Ban {
        under: "crates/server/src/jobs/",
        homes: &[],
        words: &["axum", "sqlx", "aws_sdk_s3", "crate::http"],
        advice: "a job knows ports and use cases only: move it to catalog/ or store/",
    },
    Ban {
        under: "crates/server/src/http/",
        homes: &[],
        words: &["sqlx", "aws_sdk_s3"],
        advice: "an endpoint calls app: move it to catalog/ or store/",
    },
    Ban {
        under: "crates/server/src/",
        homes: &["crates/server/src/boot", "crates/server/src/catalog/"],
        words: &["catalog::sqlite", "catalog::mysql", "catalog::memory", "sqlite::", "SqliteCatalog", "MemoryCatalog"],
        advice: "only boot/ names a concrete catalog: take `dyn Catalog`",
    },
    Ban {
        under: "crates/server/src/",
        // Doctor looks at what the port hides: rights, settings of buckets, what anybody may do.
        homes: &["crates/server/src/boot", "crates/server/src/doctor/", "crates/server/src/store/"],
        words: &["store::s3", "store::memory", "s3::", "S3Store", "MemoryStore", "aws_sdk_s3", "aws_config"],
        advice: "only boot/ names a concrete store: take `dyn Store`",
    },
];

/// Finds banned words in code, not in comments or literals.
pub(super) fn check_words(file: &SourceFile) -> Vec<Finding> {
    BANS.iter()
        .filter(|ban| file.path.starts_with(ban.under))
        .filter(|ban| !ban.homes.iter().any(|home| file.path.starts_with(home)))
        .flat_map(|ban| ban.words.iter().map(move |word| (ban, *word)))
        .flat_map(|(ban, word)| {
            code::find_words(&file.code, word).into_iter().map(move |at| (ban, word, code::line_of(&file.code, at)))
        })
        .filter(|(_, _, line)| !file.is_test_line(*line))
        .map(|(ban, word, line)| Finding {
            path: file.path.clone(),
            line,
            rule: "banned-word",
            advice: format!("`{word}` has no place here: {}", ban.advice),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        check_words(&SourceFile::new(path, text)).len()
    }

    #[test]
    fn domain_is_pure() {
        let path = "crates/domain/src/x.rs";
        assert_eq!(count(path, "use std::fs;\nfn a() { fs::read(x); }\n"), 1);
        assert_eq!(count(path, "let now = jiff::Timestamp::now();\n"), 1);
        assert_eq!(count(path, "use tokio::sync::Mutex;\n"), 1);
        assert_eq!(count(path, "// tokio\nfn decide(now: Timestamp) {}\n"), 0);
    }

    #[test]
    fn the_store_has_one_door_to_files() {
        let text = "use std::{fs, io};\nfn a(p: &Path) { p.exists(); fs::read(p); }\n";
        assert_eq!(count("crates/localstore/src/disk/blob.rs", text), 3);
        assert_eq!(count("crates/localstore/src/disk/door.rs", text), 0);
        assert_eq!(count("crates/localstore/src/disk/blob.rs", "fn a(kind: Kind) { kind == Kind::File; }\n"), 0);
    }

    #[test]
    fn app_knows_no_framework() {
        assert_eq!(count("crates/server/src/app/x.rs", "use axum::Json;\n"), 1);
        assert_eq!(count("crates/server/src/http/x.rs", "use axum::Json;\n"), 0);
        assert_eq!(count("crates/server/src/http/x.rs", "use sqlx::Row;\n"), 1);
    }

    #[test]
    fn only_boot_names_backends() {
        let text = "use crate::catalog::sqlite::SqliteCatalog;\n";
        assert!(count("crates/server/src/jobs/x.rs", text) > 0);
        assert_eq!(count("crates/server/src/boot.rs", text), 0);
        assert_eq!(count("crates/server/src/catalog/mod.rs", text), 0);
    }

    #[test]
    fn tests_may_name_backends() {
        let text = "#[cfg(test)]\nmod tests {\n    use crate::catalog::memory::X;\n}\n";
        assert_eq!(count("crates/server/src/app/x.rs", text), 0);
    }
}
