//! The traits of analyzers, and how to run them natively.

use crate::{Artifact, Diagnostic, Failure, Line, media_type};

/// One pass over one artifact: fed in order, finished once.
pub trait Analyzer: Sized {
    /// The tools whose errors it finds, as in [`Diagnostic::tool`]; empty if it is not made for certain tools.
    fn tools() -> &'static [&'static str] {
        &[]
    }

    /// The media types that `start` accepts, such as [`media_type::LOG`], or `text/*`. Not empty.
    fn accepts() -> &'static [&'static str];

    /// Texts of which an artifact must contain at least one, byte for byte, for this analyzer to find
    /// anything; empty if it needs every artifact. Colour codes may split text, so a probe is best a word
    /// without spaces.
    fn probes() -> &'static [&'static str] {
        &[]
    }

    /// What the analyzer says of itself, with the operator's configuration if there is one; `check` has accepted it.
    fn describe(_settings: Option<&str>) -> Description {
        Description::of(Self::tools(), Self::accepts(), Self::probes())
    }

    /// Checks the operator's configuration, a JSON object. The error says which setting is wrong, and is shown to the
    /// operator.
    fn check(_settings: &str) -> Result<(), String> {
        Err(NO_SETTINGS.to_owned())
    }

    /// Starts a scan, with the operator's configuration if there is one; `check` has accepted it.
    fn start(artifact: &Artifact, settings: Option<&str>) -> Result<Self, Failure>;

    /// Reads the next bytes, which may end anywhere, and adds the diagnostics that are complete.
    fn feed(&mut self, chunk: &[u8], out: &mut Vec<Diagnostic>) -> Result<(), Failure>;

    /// Ends the artifact: adds the diagnostics that were still open. Called once.
    fn finish(&mut self, out: &mut Vec<Diagnostic>) -> Result<(), Failure>;
}

/// What an analyzer is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// See [`Analyzer::tools`].
    pub tools: Vec<String>,
    /// See [`Analyzer::accepts`]. Empty if it can find nothing: then it gets no artifact.
    pub accepts: Vec<String>,
    /// See [`Analyzer::probes`].
    pub probes: Vec<String>,
}

impl Description {
    /// The same for every configuration.
    pub fn of(tools: &[&str], accepts: &[&str], probes: &[&str]) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Self { tools: owned(tools), accepts: owned(accepts), probes: owned(probes) }
    }
}

/// What a plugin without settings says to an operator's configuration.
pub(crate) const NO_SETTINGS: &str = "this plugin has no settings";

/// The simple interface for logs: one cleaned line at a time. [`crate::LineScan`] makes it an
/// [`Analyzer`], cuts its diagnostics to the limits of the contract and drops repeats.
pub trait LineAnalyzer: Default {
    /// Maximum length in bytes of a line for [`Self::line`]; longer ones are cut.
    const LINE_LIMIT: usize = 16 * 1024;

    /// See [`Analyzer::tools`].
    const TOOLS: &'static [&'static str] = &[];

    /// See [`Analyzer::accepts`].
    const ACCEPTS: &'static [&'static str] = &[media_type::LOG, media_type::TEXT];

    /// See [`Analyzer::probes`].
    const PROBES: &'static [&'static str] = &[];

    /// See [`Analyzer::describe`]: for an analyzer whose tools or probes are the operator's.
    fn describe(_settings: Option<&str>) -> Description {
        Description::of(Self::TOOLS, Self::ACCEPTS, Self::PROBES)
    }

    /// An analyzer with the operator's configuration, a JSON object. The error says which setting is wrong, and is
    /// shown to the operator.
    fn configured(_settings: &str) -> Result<Self, String> {
        Err(NO_SETTINGS.to_owned())
    }

    /// Reads the next line and adds the diagnostics that are complete.
    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>);

    /// Ends the log: adds the diagnostics that were still open.
    fn finish(&mut self, out: &mut Vec<Diagnostic>);
}

/// The simplest form: the whole text in, diagnostics out. [`crate::TextScan`] makes an [`Analyzer`] of it and cuts its
/// output to the limits of the contract. Use [`LineAnalyzer`] for large artifacts, because its memory does not grow, and
/// for settings.
pub trait TextAnalyzer {
    /// See [`Analyzer::tools`].
    const TOOLS: &'static [&'static str] = &[];

    /// See [`Analyzer::accepts`].
    const ACCEPTS: &'static [&'static str] = &[media_type::LOG, media_type::TEXT];

    /// See [`Analyzer::probes`].
    const PROBES: &'static [&'static str] = &[];

    /// Returns the diagnostics of a text, in which bytes that are not UTF-8 have been replaced. `span` counts the bytes
    /// of `text`.
    fn analyze(artifact: &Artifact, text: &str) -> Result<Vec<Diagnostic>, Failure>;
}

/// Runs an analyzer over a whole artifact in memory, for native tests and evaluation.
pub fn analyze_all<A: Analyzer>(media_type: &str, bytes: &[u8]) -> Result<Vec<Diagnostic>, Failure> {
    analyze_chunks::<A>(media_type, bytes.chunks(64 * 1024))
}

/// Runs an analyzer over chunks: the result must not depend on how the artifact is split.
pub fn analyze_chunks<'a, A: Analyzer>(
    media_type: &str,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<Diagnostic>, Failure> {
    analyze_with::<A>(media_type, None, chunks)
}

/// Runs an analyzer with an operator's configuration over chunks.
pub fn analyze_with<'a, A: Analyzer>(
    media_type: &str,
    settings: Option<&str>,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<Diagnostic>, Failure> {
    let mut out = Vec::new();
    let artifact = Artifact { media_type: media_type.to_owned(), name: String::new(), size: None };
    let mut analyzer = A::start(&artifact, settings)?;
    for chunk in chunks {
        analyzer.feed(chunk, &mut out)?;
    }
    analyzer.finish(&mut out)?;
    Ok(out)
}
