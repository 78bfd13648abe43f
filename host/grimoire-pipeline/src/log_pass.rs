//! The host's own pass over a log, which runs while the analyzers read it: it finds the steps, the lines that match a
//! spell, and the parts that the last resort may read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::{StreamExt as _, TryStreamExt as _};
use grimoire_domain::artifact::ArtifactKind;
use grimoire_log::{Line, LineReader, Marker, Outline, Steps};
use grimoire_ports::PortError;
use grimoire_ports::github::ByteStream;
use grimoire_ports::plugins::analyzer::Excerpt;

use crate::log_ends::LogEnds;
use crate::pattern_scan::PatternScan;

/// Maximum number of bytes examined per line: step markers are short, and matches of spells are near the start.
const LINE_LIMIT: usize = 4 << 10;

/// How many bytes are read at a time, so that memory stays bounded whatever the size of the incoming pieces.
const PIECE: usize = 64 << 10;

/// The results of the host's own pass over a log.
pub(crate) struct LogRead {
    /// Its steps.
    pub(crate) outline: Outline,
    /// The lines that match a spell.
    pub(crate) patterns: PatternScan,
    /// The parts of the log in which the last resort looks for a cause if no other analyzer found one.
    pub(crate) ends: Vec<Excerpt>,
}

/// One pass over a log, beside that of the analyzers.
#[derive(Clone)]
pub(crate) struct LogPass(Arc<Mutex<Option<Reading>>>);

struct Reading {
    reader: LineReader,
    lines: Lines,
}

struct Lines {
    steps: Steps,
    patterns: PatternScan,
    ends: LogEnds,
}

impl LogPass {
    /// A pass that searches the patterns of a scan.
    pub(crate) fn new(patterns: PatternScan) -> Self {
        let lines = Lines { steps: Steps::default(), patterns, ends: LogEnds::default() };
        Self(Arc::new(Mutex::new(Some(Reading { reader: LineReader::new(LINE_LIMIT), lines }))))
    }

    /// Passes the stream through and reads it. Not for diffs and reports, which have neither steps nor log lines.
    pub(crate) fn watch(&self, kind: ArtifactKind, content: ByteStream) -> ByteStream {
        if matches!(kind, ArtifactKind::Diff | ArtifactKind::Report) {
            return content;
        }
        let pass = self.clone();
        content
            .and_then(move |chunk| {
                let pass = pass.clone();
                async move {
                    // Thousands of patterns are tried, which must not block a thread that serves requests.
                    let read = chunk.clone();
                    tokio::task::spawn_blocking(move || pass.read(&read))
                        .await
                        .map_err(|error| PortError::internal("the log could not be read", error))?;
                    Ok(chunk)
                }
            })
            .boxed()
    }

    fn read(&self, chunk: &[u8]) {
        if let Some(Reading { reader, lines }) = self.lock().as_mut() {
            for piece in chunk.chunks(PIECE) {
                lines.ends.take(piece);
                reader.feed(piece, &mut |line| lines.line(line));
            }
        }
    }

    /// Ends the pass. Returns the results if the content was a log that was read.
    pub(crate) fn finish(self) -> Option<LogRead> {
        let Reading { mut reader, mut lines } = self.lock().take()?;
        reader.finish(&mut |line| lines.line(line));
        let Lines { steps, patterns, ends } = lines;
        let outline = steps.finish();
        Some(LogRead { patterns, ends: ends.finish(&outline), outline })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Reading>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn line(&mut self, line: &Line<'_>) {
        let steps = self.steps.count();
        self.steps.line(line);
        if self.steps.count() > steps
            && let Some(step) = self.steps.ended_badly()
        {
            self.ends.keep(step);
        }
        let is_output = !line.echoed && matches!(line.marker, None | Some(Marker::Error));
        if is_output {
            self.patterns.line(&line.text, line.span.start, line.span.end);
        }
    }
}
