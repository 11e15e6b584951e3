//! Prints `docs/reference/s3.md`, for `cargo xtask gen`.

use std::io::Write;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(localstore::reference_page().as_bytes())
}
