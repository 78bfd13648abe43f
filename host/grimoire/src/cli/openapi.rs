//! `grimoire openapi`.

use std::io::Write as _;

use crate::console;
use crate::exit::Exit;

/// Prints the document.
pub(super) fn run() -> anyhow::Result<Exit> {
    let document = grimoire_http::openapi_document().to_pretty_json()?;
    let mut output = console::output();
    writeln!(output, "{document}")?;
    output.flush()?;
    Ok(Exit::Ok)
}
