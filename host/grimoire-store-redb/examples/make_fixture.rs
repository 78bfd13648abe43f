//! Writes a file of the current schema version, to be kept under `tests/fixtures` when the version
//! changes: `cargo run -p grimoire-store-redb --example make_fixture -- FILE`. Run it before the change.
#![allow(clippy::unwrap_used, reason = "a program of three lines for developers")]

#[path = "../tests/store/sample.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod sample;

use anyhow::Context as _;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).context("give the file to write")?;
    sample::write(path.as_ref()).await;
    redb::Database::open(&path)?.compact()?;
    Ok(())
}
