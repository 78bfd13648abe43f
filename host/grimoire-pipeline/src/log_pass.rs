//! What the host reads of a log itself, while the analyzers read it: its steps, and the lines that a spell knows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt as _;
use grimoire_domain::artifact::ArtifactKind;
use grimoire_log::{Line, LineReader, Marker, Outline, Steps};
use grimoire_ports::github::ByteStream;

use crate::pattern_scan::PatternScan;

/// The longest line in bytes that is looked at: what tells steps is short, and what a spell knows is near the start.
const LINE_LIMIT: usize = 4 << 10;

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
}

impl LogPass {
    /// A pass that tries the patterns of a scan.
    pub(crate) fn new(patterns: PatternScan) -> Self {
        let lines = Lines { steps: Steps::default(), patterns };
        Self(Arc::new(Mutex::new(Some(Reading { reader: LineReader::new(LINE_LIMIT), lines }))))
    }

    /// The same stream; what flows through it is read. A diff and a report have neither steps nor lines of a run.
    pub(crate) fn watch(&self, kind: ArtifactKind, content: ByteStream) -> ByteStream {
        if matches!(kind, ArtifactKind::Diff | ArtifactKind::Report) {
            return content;
        }
        let pass = self.clone();
        content
            .inspect(move |chunk| {
                if let Ok(chunk) = chunk
                    && let Some(Reading { reader, lines }) = pass.lock().as_mut()
                {
                    reader.feed(chunk, &mut |line| lines.line(line));
                }
            })
            .boxed()
    }

    /// The content has ended: the steps it has, and the lines that spells know.
    pub(crate) fn finish(self) -> Option<(Outline, PatternScan)> {
        let Reading { mut reader, mut lines } = self.lock().take()?;
        reader.finish(&mut |line| lines.line(line));
        Some((lines.steps.finish(), lines.patterns))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Reading>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn line(&mut self, line: &Line<'_>) {
        self.steps.line(line);
        let is_output = !line.echoed && matches!(line.marker, None | Some(Marker::Error));
        if is_output {
            self.patterns.line(&line.text, line.span.start, line.span.end);
        }
    }
}
