//! The targets. Each panics when a law breaks, and otherwise says what kind of outcome it had.

mod answers;
mod bodies;
mod doors;
mod journal;
mod keys;
mod parts;
mod signer;

use std::hash::{DefaultHasher, Hash, Hasher};

/// One function to fuzz.
#[derive(Debug)]
pub struct Target {
    /// Its name on the command line, and of its folder in the corpus.
    pub name: &'static str,
    /// What must hold.
    pub law: &'static str,
    /// Panics when the law breaks. The number tells kinds of outcome apart and means nothing else.
    pub run: fn(&[u8]) -> u64,
    /// Inputs of a smoke run: some tenths of a second of an unoptimised build.
    pub smoke_inputs: u64,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target {
        name: "keys",
        law: "keys, ids, names and media types that are read are spelled exactly as they were written",
        run: keys::run,
        smoke_inputs: 40_000,
    },
    Target {
        name: "parts",
        law: "plans tile their file within S3's limits, and only a listing that is the plan freezes",
        run: parts::run,
        smoke_inputs: 20_000,
    },
    Target {
        name: "bodies",
        law: "request, answer and problem bodies that are read survive being written and read again",
        run: bodies::run,
        smoke_inputs: 20_000,
    },
    Target {
        name: "answers",
        law: "whatever a server, proxy or store answers, its excerpt is one short line without control characters",
        run: answers::run,
        smoke_inputs: 20_000,
    },
    Target {
        name: "signer",
        law: "what can be signed gives a URL that parses, the same again, the same by the fast way, and prints no secret",
        run: signer::run,
        smoke_inputs: 10_000,
    },
    Target {
        name: "doors",
        law: "forms and S3's XML are read as they were written or refused, and an address opens only what it was minted for",
        run: doors::run,
        smoke_inputs: 10_000,
    },
    Target {
        name: "journal",
        law: "a journal entry of any bytes is taken up whole or set aside, and is the same when written again",
        run: journal::run,
        smoke_inputs: 1_500,
    },
];

/// A number for a kind of outcome.
fn kind(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
