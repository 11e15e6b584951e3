//! The `landfall` binary: arguments in, exit code out.
//!
//! No logic of its own: the server's is in `server`, the client's in `uploader`. Each command is one file under
//! `commands` or `client`.

mod arguments;
mod client;
mod commands;
mod console;
mod exit;
mod signals;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Command};
use client::{delete, download, list, rename, share, show, upload, url};
use commands::{
    accept_restore, audit, bucket, completions, config, doctor, login, migrate, openapi, reap, reconcile, serve,
    status, store, token,
};
use exit::{Exit, Failure};

/// Threads for blocking work: files of the embedded store, name lookups. Each costs a stack and perhaps an allocator
/// arena, and more than this never helped one disk.
const BLOCKING_THREADS: usize = 64;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            console::failure(&failure);
            failure.code()
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(arguments) => block_on(serve::run(arguments)),
        Command::Upload(arguments) => block_on(upload::run(arguments)),
        Command::List(arguments) => block_on(list::run(arguments)),
        Command::Show(arguments) => block_on(show::run(arguments)),
        Command::Url(arguments) => block_on(url::run(arguments)),
        Command::Download(arguments) => block_on(download::run(arguments)),
        Command::Rename(arguments) => block_on(rename::run(arguments)),
        Command::Share(command) => block_on(share::run(command)),
        Command::Delete(arguments) => block_on(delete::run(arguments)),
        Command::Status(arguments) => block_on(status::run(arguments)),
        Command::Token(arguments) => token::run(&arguments),
        Command::Login(arguments) => block_on(login::run(arguments)),
        Command::Reap(arguments) => block_on(reap::run(arguments)),
        Command::Reconcile(arguments) => block_on(reconcile::run(arguments)),
        Command::Audit(arguments) => block_on(audit::run(arguments)),
        Command::AcceptRestore(arguments) => block_on(accept_restore::run(arguments)),
        Command::Migrate(arguments) => block_on(migrate::run(arguments)),
        Command::Doctor(arguments) => block_on(doctor::run(arguments)),
        Command::Bucket(command) => block_on(bucket::run(command)),
        Command::Store(command) => block_on(store::run(command)),
        Command::Config(arguments) => config::run(&arguments),
        Command::Openapi(arguments) => openapi::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
    }
}

/// Runs a command on as many threads as there are cores.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().max_blocking_threads(BLOCKING_THREADS).build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::Failed, format!("cannot start threads: {error}")))?;
    let ended = runtime.block_on(work);
    // What counts has been waited for. A thread that waits for a mount that does not answer would keep us for ever.
    runtime.shutdown_background();
    ended
}
