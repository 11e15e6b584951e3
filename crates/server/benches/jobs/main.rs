//! What it costs the server to end, destroy and look again at uploads that nobody finished: CPU, memory, and calls.
//!
//! The whole life of an abandoned asset of one file over SQLite, at several numbers of them, each in a process of its own:
//! one makes the catalog by the use cases that requests call, the next two go through expire, destroy and the three rechecks
//! with the real runner. The first of these stands on a store that answers at once from nothing, so that what it takes is the
//! catalog's, the domain's and the runner's own; the second speaks S3 to a store in another process, which knows no upload
//! either, so that what it takes is all that the server takes. Nothing of the store's own work is in any number.
//!
//! Fails when a bar is missed: [`CPU_BAR_MS`], [`STORE_CALLS`], [`MEMORY_BAR`]. What a page reads is no matter of a bench: the
//! test `a_page_of_due_rows_costs_what_it_shows` counts it.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench is read on the terminal")]

mod far_store;
mod life;
mod meter;
mod site;

use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

use life::{LANES, Measured};

/// How many abandoned assets there are, unless the arguments say otherwise.
const SIZES: [u32; 2] = [10_000, 100_000];
/// Beyond so many the S3 client is left out: what it costs an asset is known by then, and it takes many minutes.
const WITH_CLIENT: u32 = 100_000;
/// Catalog, domain and runner, over all lanes of an asset's life: milliseconds of CPU, user and system.
const CPU_BAR_MS: f64 = 0.5;
/// Calls of the store for an asset of one file, each time a lane has it.
const STORE_CALLS: [f64; 5] = [1.0, 4.0, 2.0, 2.0, 2.0];
/// Beside them there is the last look at a file, which also asks its own upload.
const LAST_LOOK: f64 = 1.0;
/// What markers and clocks cost, in calls an asset at the most: three or four a page of 200.
const GUARD: f64 = 0.1;
/// How much more memory many assets may take than the fewest: a page is a page. The rest is SQLite's own log and caches.
const MEMORY_BAR: f64 = 1.25;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| *word != "--bench").collect();
    // `cargo test --benches` starts this too, unoptimised and without the flag.
    let is_bench = words.len() < arguments.len();
    match (words.as_slice(), is_bench) {
        (["fill", folder, count], _) => site::fill(Path::new(folder), number(count)),
        (["store"], _) => far_store::serve(),
        (["live", folder, count], _) => life::go_through(Path::new(folder), number(count), None),
        (["live", folder, count, store], _) => life::go_through(Path::new(folder), number(count), Some(store)),
        (_, false) => {
            eprintln!("jobs: a bench, run it with `cargo xtask bench jobs [ASSETS...]`");
        }
        (sizes, true) => {
            let asked: Vec<u32> = sizes.iter().map(|size| number(size)).collect();
            return compare(if asked.is_empty() { &SIZES } else { &asked });
        }
    }
    ExitCode::SUCCESS
}

fn number(text: &str) -> u32 {
    text.parse().unwrap_or_else(|_| panic!("a number of assets, not {text:?}"))
}

/// This program again, in a process of its own.
fn again(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a program knows where it is"));
    command.args(arguments).stderr(Stdio::inherit());
    command
}

fn finish(arguments: &[&str]) -> String {
    let done = again(arguments).output().expect("it starts");
    assert!(done.status.success(), "{arguments:?} ended with {}", done.status);
    String::from_utf8(done.stdout).expect("it writes text")
}

/// A store in a process of its own, which ends with its standard input.
struct FarStore {
    child: Child,
    address: String,
}

impl FarStore {
    fn start() -> Self {
        let mut child =
            again(&["store"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the store starts");
        let mut said = std::io::BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut address = String::new();
        std::io::BufRead::read_line(&mut said, &mut address).expect("it says where it is");
        Self { child, address: address.trim().to_owned() }
    }
}

impl Drop for FarStore {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

/// Both lives of so many assets.
struct Size {
    assets: u32,
    alone: Vec<Measured>,
    with_client: Option<Vec<Measured>>,
}

fn measure(assets: u32) -> Size {
    let folder = tempfile::tempdir().expect("a folder for the catalog");
    let path = |name: &str| folder.path().join(name).to_str().expect("a plain path").to_owned();
    let (first, second, count) = (path("first"), path("second"), assets.to_string());
    std::fs::create_dir(&first).expect("the folder takes a folder");
    finish(&["fill", &first, &count]);
    let with_client = (assets <= WITH_CLIENT).then(|| {
        std::fs::create_dir(&second).expect("the folder takes a folder");
        std::fs::copy(site::catalog(Path::new(&first)), site::catalog(Path::new(&second)))
            .expect("the catalog is copied");
        let store = FarStore::start();
        Measured::parse(&finish(&["live", &second, &count, &store.address]))
    });
    Size { assets, alone: Measured::parse(&finish(&["live", &first, &count])), with_client }
}

fn compare(sizes: &[u32]) -> ExitCode {
    println!(
        "an abandoned asset of one file, from its end to its last row; CPU is user and system of the server, an asset\n"
    );
    println!(
        "{:>9}  {:<12} {:>20} {:>15} {:>11} {:>13} {:>10}",
        "assets", "lane", "catalog, domain ms", "and client ms", "store calls", "catalog calls", "peak MiB"
    );
    let mut kept = true;
    let mut least = None;
    for assets in sizes {
        let size = measure(*assets);
        print(&size);
        let first = *least.get_or_insert(peak(&size.alone));
        kept &= judge(&size, first);
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn total(lanes: &[Measured]) -> f64 {
    lanes.iter().map(|lane| lane.cpu_ms).sum()
}

fn peak(lanes: &[Measured]) -> f64 {
    lanes.iter().map(|lane| lane.peak_mib).fold(0.0, f64::max)
}

fn print(size: &Size) {
    let client = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
    for (at, lane) in size.alone.iter().enumerate() {
        let with_client = size.with_client.as_ref().map(|lanes| lanes[at].cpu_ms);
        println!(
            "{:>9}  {:<12} {:>20.3} {:>15} {:>11.2} {:>13.2} {:>10.1}",
            size.assets,
            LANES[at],
            lane.cpu_ms,
            client(with_client),
            lane.store_calls,
            lane.catalog_calls,
            lane.peak_mib
        );
    }
    let with_client = client(size.with_client.as_deref().map(total));
    println!("{:>9}  {:<12} {:>20.3} {:>15}\n", size.assets, "all", total(&size.alone), with_client);
}

fn judge(size: &Size, fewest_mib: f64) -> bool {
    let mut kept = bar(size, "catalog and domain, ms CPU", total(&size.alone), CPU_BAR_MS);
    for (at, lane) in size.alone.iter().enumerate() {
        let last = if at + 1 == LANES.len() { LAST_LOOK } else { 0.0 };
        kept &= bar(size, &format!("store calls of {}", LANES[at]), lane.store_calls, STORE_CALLS[at] + last + GUARD);
    }
    kept &= bar(size, "peak memory, MiB", peak(&size.alone), fewest_mib * MEMORY_BAR);
    println!();
    kept
}

fn bar(size: &Size, what: &str, is: f64, most: f64) -> bool {
    let held = is <= most;
    let verdict = if held { "held" } else { "NOT HELD" };
    println!("{:>9}  {what}: {is:.3}, at most {most:.3}: {verdict}", size.assets);
    held
}
