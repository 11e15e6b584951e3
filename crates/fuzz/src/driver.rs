//! The mutation driver: takes inputs from a corpus, changes them a little, and watches for a panic.
//!
//! It draws its numbers from a seed and reads no clock: how long to go on is the caller's to say.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use crate::targets::Target;

/// Inputs longer than this are cut: readers have limits of their own, and shorter ones are tried more often.
const MAX_INPUT: usize = 64 << 10;
/// Inputs kept for their new kind of outcome.
const MAX_POOL: usize = 4096;
/// Pieces of text that readers tell apart, put in whole.
const WORDS: &[&str] = &[
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "true",
    "0",
    "-1",
    "1e400",
    "0.1",
    "\\u0000",
    "\\ud800",
    "/",
    "~",
    "-",
    ".",
    "..",
    "_",
    "%2F",
    "%",
    "?",
    "#",
    "@",
    "&",
    "=",
    "http://",
    "https://",
    "[::1]",
    ":0",
    ":65536",
    "\n",
    "\r\n",
    "\0",
    "\u{7f}",
    "\u{202e}",
    "é",
    "🎬",
    "<",
    ">",
    "</Code>",
    "<Code>",
    "<Message>",
    "18446744073709551615",
    "10001",
];

/// What a run did.
#[derive(Debug)]
pub struct Report {
    /// Inputs that were tried, the corpus included.
    pub inputs: u64,
    /// Kinds of outcome that were seen.
    pub kinds: usize,
    /// The first input that broke the target.
    pub crash: Option<Crash>,
}

/// An input that broke a target.
#[derive(Debug)]
pub struct Crash {
    /// The input, made as short as it would go.
    pub input: Vec<u8>,
    /// What the panic said.
    pub message: String,
}

/// A small generator of numbers (SplitMix64, Steele, Lea and Flood 2014): repeatable, and good enough to mutate.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 if there is none.
    fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }
}

/// Tries a target's corpus, then mutations of it for as long as `go_on` says, given the number of inputs so far.
///
/// # Errors
/// When the corpus cannot be read.
pub fn run(target: &Target, seed: u64, mut go_on: impl FnMut(u64) -> bool) -> io::Result<Report> {
    let mut pool = corpus(target)?;
    let mut kinds = BTreeSet::new();
    let mut inputs = 0;
    for input in &pool {
        inputs += 1;
        match attempt(target, input) {
            Ok(kind) => drop(kinds.insert(kind)),
            Err(message) => {
                return Ok(Report { inputs, kinds: kinds.len(), crash: Some(shorten(target, input, message)) });
            }
        }
    }
    let mut numbers = Numbers(seed);
    while go_on(inputs) {
        inputs += 1;
        let input = mutate(&pool, &mut numbers);
        match attempt(target, &input) {
            Ok(kind) => {
                if kinds.insert(kind) && pool.len() < MAX_POOL {
                    pool.push(input);
                }
            }
            Err(message) => {
                return Ok(Report { inputs, kinds: kinds.len(), crash: Some(shorten(target, &input, message)) });
            }
        }
    }
    Ok(Report { inputs, kinds: kinds.len(), crash: None })
}

/// The folder of a target's inputs.
pub(crate) fn folder(target: &Target) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus")).join(target.name)
}

impl Target {
    /// Keeps an input in the corpus, named after what it is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, input: &[u8]) -> io::Result<PathBuf> {
        let print = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3) // FNV-1a
        });
        let path = folder(self).join(format!("crash-{print:016x}"));
        fs::write(&path, input)?;
        Ok(path)
    }
}

/// The corpus in the order of its names, so that runs repeat.
fn corpus(target: &Target) -> io::Result<Vec<Vec<u8>>> {
    let mut paths = fs::read_dir(folder(target))?.map(|item| Ok(item?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    let seeds = paths.into_iter().map(fs::read).collect::<io::Result<Vec<_>>>()?;
    assert!(!seeds.is_empty(), "a target has seeds");
    Ok(seeds)
}

fn attempt(target: &Target, input: &[u8]) -> Result<u64, String> {
    catch_unwind(AssertUnwindSafe(|| (target.run)(input))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a text").to_owned()
    })
}

/// Cuts pieces out of an input for as long as it still breaks the target, larger pieces first.
fn shorten(target: &Target, input: &[u8], message: String) -> Crash {
    let mut crash = Crash { input: input.to_vec(), message };
    let mut piece = crash.input.len() / 2;
    while piece > 0 {
        let mut at = 0;
        while at + piece <= crash.input.len() {
            let mut shorter = crash.input.clone();
            shorter.drain(at..at + piece);
            match attempt(target, &shorter) {
                Ok(_) => at += piece,
                Err(message) => crash = Crash { input: shorter, message },
            }
        }
        piece /= 2;
    }
    crash
}

/// One to four small changes to one of the inputs.
fn mutate(pool: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let mut input = pool[numbers.below(pool.len())].clone();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(input.len() + 1);
        let length = numbers.below(input.len() - at + 1).min(1 + numbers.below(32));
        match numbers.below(8) {
            0 if at < input.len() => input[at] ^= 1 << numbers.below(8),
            1 if at < input.len() => input[at] = numbers.next() as u8,
            2 => drop(input.drain(at..at + length)),
            3 => {
                let piece = input[at..at + length].to_vec();
                insert(&mut input, at, &piece);
            }
            4 => insert(&mut input, at, WORDS[numbers.below(WORDS.len())].as_bytes()),
            5 => {
                let other = &pool[numbers.below(pool.len())];
                let from = numbers.below(other.len());
                let piece = other[from..(from + 1 + numbers.below(64)).min(other.len())].to_vec();
                insert(&mut input, at, &piece);
            }
            6 => input.truncate(at),
            _ => insert(&mut input, at, &[numbers.next() as u8]),
        }
    }
    input.truncate(MAX_INPUT);
    input
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    let tail = input.split_off(at);
    input.extend_from_slice(piece);
    input.extend_from_slice(&tail);
}
