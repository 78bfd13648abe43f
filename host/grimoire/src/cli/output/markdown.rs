//! Markdown, as in comments on pull requests.

use std::io::{self, Write};

use grimoire_domain::review::Diagnosis;

/// Writes the Markdown.
pub(super) fn write(output: &mut impl Write, diagnosis: &Diagnosis) -> io::Result<()> {
    output.write_all(grimoire_pipeline::markdown(diagnosis).as_bytes())
}
