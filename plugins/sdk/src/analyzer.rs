//! The traits of analyzers, and how to run them natively.

use crate::{Artifact, ArtifactKind, Diagnostic, Failure, Line};

/// One pass over one artifact: fed in order, finished once.
pub trait Analyzer: Sized {
    /// The kinds that `start` accepts. Not empty.
    fn supports() -> &'static [ArtifactKind];

    /// Texts of which an artifact must contain at least one, byte for byte, for this analyzer to find
    /// anything; empty if it needs every artifact. Colour codes may split text, so a probe is best a word
    /// without spaces.
    fn probes() -> &'static [&'static str] {
        &[]
    }

    /// Starts a scan.
    fn start(artifact: &Artifact) -> Result<Self, Failure>;

    /// Reads the next bytes, which may end anywhere, and adds the diagnostics that are complete.
    fn feed(&mut self, chunk: &[u8], out: &mut Vec<Diagnostic>) -> Result<(), Failure>;

    /// Ends the artifact: adds the diagnostics that were still open. Called once.
    fn finish(&mut self, out: &mut Vec<Diagnostic>) -> Result<(), Failure>;
}

/// The simple interface for logs: one cleaned line at a time. [`crate::LineScan`] makes it an
/// [`Analyzer`], cuts its diagnostics to the limits of the contract and drops repeats.
pub trait LineAnalyzer: Default {
    /// Maximum length in bytes of a line for [`Self::line`]; longer ones are cut.
    const LINE_LIMIT: usize = 16 * 1024;

    /// See [`Analyzer::probes`].
    const PROBES: &'static [&'static str] = &[];

    /// Reads the next line and adds the diagnostics that are complete.
    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>);

    /// Ends the log: adds the diagnostics that were still open.
    fn finish(&mut self, out: &mut Vec<Diagnostic>);
}

/// The simplest form: the whole text in, diagnostics out. [`crate::TextScan`] makes an [`Analyzer`] of it and cuts its
/// output to the limits of the contract. Use [`LineAnalyzer`] for large artifacts: its memory does not grow.
pub trait TextAnalyzer {
    /// The kinds that it accepts. Not empty.
    const KINDS: &'static [ArtifactKind] = &[ArtifactKind::Log, ArtifactKind::Text];

    /// See [`Analyzer::probes`].
    const PROBES: &'static [&'static str] = &[];

    /// Returns the diagnostics of a text, in which bytes that are not UTF-8 have been replaced. `span` counts the bytes
    /// of `text`.
    fn analyze(artifact: &Artifact, text: &str) -> Result<Vec<Diagnostic>, Failure>;
}

/// Runs an analyzer over a whole artifact in memory, for native tests and evaluation.
pub fn analyze_all<A: Analyzer>(kind: ArtifactKind, bytes: &[u8]) -> Result<Vec<Diagnostic>, Failure> {
    analyze_chunks::<A>(kind, bytes.chunks(64 * 1024))
}

/// Runs an analyzer over chunks: the result must not depend on how the artifact is split.
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
