//! What an analyzer implements, and how it is run natively.

use crate::{Artifact, ArtifactKind, Diagnostic, Failure, Line};

/// One pass over one artifact: fed in order, finished once.
pub trait Analyzer: Sized {
    /// The kinds that `start` accepts. Not empty.
    fn supports() -> &'static [ArtifactKind];

    /// Texts of which an artifact must hold at least one, byte for byte, for this analyzer to have anything
    /// to say; empty when every artifact is of interest. Colour codes may divide words, so a probe is best a
    /// word without blanks.
    fn probes() -> &'static [&'static str] {
        &[]
    }

    /// Begins a scan.
    fn start(artifact: &Artifact) -> Result<Self, Failure>;

    /// Takes the next bytes, which end anywhere, and adds the diagnostics that are complete by now.
    fn feed(&mut self, chunk: &[u8], out: &mut Vec<Diagnostic>) -> Result<(), Failure>;

    /// The artifact has ended: adds what was still open. Called once.
    fn finish(&mut self, out: &mut Vec<Diagnostic>) -> Result<(), Failure>;
}

/// The easy form for logs: one cleaned line at a time. [`crate::LineScan`] makes an [`Analyzer`] of it,
/// cuts what it reports to the limits of the contract and drops repeats.
pub trait LineAnalyzer: Default {
    /// The longest line in bytes that [`Self::line`] is given; longer ones are cut.
    const LINE_LIMIT: usize = 16 * 1024;

    /// See [`Analyzer::probes`].
    const PROBES: &'static [&'static str] = &[];

    /// Takes the next line and adds the diagnostics that are complete by now.
    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>);

    /// The log has ended: adds what was still open.
    fn finish(&mut self, out: &mut Vec<Diagnostic>);
}

/// Runs an analyzer over a whole artifact in memory, for native tests and evaluation.
pub fn analyze_all<A: Analyzer>(kind: ArtifactKind, bytes: &[u8]) -> Result<Vec<Diagnostic>, Failure> {
    analyze_chunks::<A>(kind, bytes.chunks(64 * 1024))
}

/// Runs an analyzer over chunks: the result must not depend on where they are cut.
pub fn analyze_chunks<'a, A: Analyzer>(
    kind: ArtifactKind,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<Diagnostic>, Failure> {
    let mut out = Vec::new();
    let mut analyzer = A::start(&Artifact { kind, name: String::new(), size: None })?;
    for chunk in chunks {
        analyzer.feed(chunk, &mut out)?;
    }
    analyzer.finish(&mut out)?;
    Ok(out)
}
