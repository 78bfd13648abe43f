//! JSON for programs: the same document as the API's.

use std::io::{self, Write};

use grimoire_domain::review::Diagnosis;
use grimoire_http::wire::diagnosis::DiagnosisBody;

/// Writes the document.
pub(super) fn write(output: &mut impl Write, diagnosis: &Diagnosis) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *output, &DiagnosisBody::from(diagnosis.clone()))?;
    writeln!(output)
}
