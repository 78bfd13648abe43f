//! `grimoire openapi`.

use std::io::Write as _;

use crate::exit::Exit;

/// Prints the document.
pub(super) fn run() -> anyhow::Result<Exit> {
    let document = grimoire_http::openapi::document().to_pretty_json()?;
    writeln!(std::io::stdout().lock(), "{document}")?;
    Ok(Exit::Ok)
}
