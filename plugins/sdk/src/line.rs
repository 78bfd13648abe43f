//! The scan of a log: passes cleaned lines to a [`LineAnalyzer`] and returns its diagnostics within the limits.

pub use grimoire_log::{Line, Marker, Properties};

use crate::{Analyzer, Artifact, Description, Diagnostic, Failure, LineAnalyzer, limits, text::Deduplicator};
use grimoire_log::LineReader;

/// Makes an [`Analyzer`] from a [`LineAnalyzer`]: splits chunks into lines, cleans them, cuts diagnostics to the
/// limits of the contract, and drops repeats. Its memory use does not grow with the log.
pub struct LineScan<A> {
    reader: LineReader,
    lines: Lines<A>,
}

/// The receiver of the lines.
struct Lines<A> {
    analyzer: A,
    seen: Deduplicator,
    reported: usize,
}

impl<A: LineAnalyzer> Lines<A> {
    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        let before = out.len();
        self.analyzer.line(line, out);
        if out.len() > before {
            self.accept(before, out);
        }
    }

    /// Fits the diagnostics added since `before` to the contract and drops repeats.
    fn accept(&mut self, before: usize, out: &mut Vec<Diagnostic>) {
        let mut kept = before;
        for index in before..out.len() {
            let good =
                self.reported < limits::DIAGNOSTICS && out[index].fit() && self.seen.is_first(&out[index]);
            if good {
                self.reported += 1;
                out.swap(kept, index);
                kept += 1;
            }
        }
        out.truncate(kept);
    }
}

impl<A: LineAnalyzer> LineScan<A> {
    /// Starts a scan with an analyzer that already has some state.
    ///
    /// # Errors
    ///
    /// `Unsupported` for a media type that it does not accept.
    pub fn with(analyzer: A, artifact: &Artifact) -> Result<Self, Failure> {
        if !artifact.is_any_of(A::ACCEPTS) {
            return Err(Failure::unsupported(artifact));
        }
        Ok(Self {
            reader: LineReader::new(A::LINE_LIMIT),
            lines: Lines { analyzer, seen: Deduplicator::default(), reported: 0 },
        })
    }
}

impl<A: LineAnalyzer> Analyzer for LineScan<A> {
    fn tools() -> &'static [&'static str] {
        A::TOOLS
    }

    fn accepts() -> &'static [&'static str] {
        A::ACCEPTS
    }

    fn probes() -> &'static [&'static str] {
        A::PROBES
    }

    fn describe(settings: Option<&str>) -> Description {
        A::describe(settings)
    }

    fn check(settings: &str) -> Result<(), String> {
        A::configured(settings).map(|_| ())
    }

    fn start(artifact: &Artifact, settings: Option<&str>) -> Result<Self, Failure> {
        let analyzer = match settings {
            None => A::default(),
            Some(settings) => A::configured(settings).map_err(Failure::Failed)?,
        };
        Self::with(analyzer, artifact)
    }

    fn feed(&mut self, chunk: &[u8], out: &mut Vec<Diagnostic>) -> Result<(), Failure> {
        let Self { reader, lines } = self;
        reader.feed(chunk, &mut |line| lines.line(line, out));
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) -> Result<(), Failure> {
        let Self { reader, lines } = self;
        reader.finish(&mut |line| lines.line(line, out));
        let before = out.len();
        lines.analyzer.finish(out);
        lines.accept(before, out);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
