//! What the host reads of a log itself, while the analyzers read it.

use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt as _;
use grimoire_domain::artifact::ArtifactKind;
use grimoire_log::{LineReader, Outline, Steps};
use grimoire_ports::github::ByteStream;

/// The longest line in bytes that is looked at: what tells steps is short.
const LINE_LIMIT: usize = 4 << 10;

/// One pass over a log, beside that of the analyzers: its steps.
#[derive(Clone, Default)]
pub(crate) struct LogPass(Arc<Mutex<Option<Reading>>>);

struct Reading {
    lines: LineReader,
    steps: Steps,
}

impl LogPass {
    /// The same stream; what flows through it is read. A diff has no steps.
    pub(crate) fn watch(&self, kind: ArtifactKind, content: ByteStream) -> ByteStream {
        if kind == ArtifactKind::Diff {
            return content;
        }
        let reading = Arc::clone(&self.0);
        *lock(&reading) = Some(Reading { lines: LineReader::new(LINE_LIMIT), steps: Steps::default() });
        content
            .inspect(move |chunk| {
                if let Ok(chunk) = chunk
                    && let Some(Reading { lines, steps }) = lock(&reading).as_mut()
                {
                    lines.feed(chunk, &mut |line| steps.line(line));
                }
            })
            .boxed()
    }

    /// The content has ended: the steps it has. Without any for what is no log.
    pub(crate) fn finish(self) -> Outline {
        let Some(Reading { mut lines, mut steps }) = lock(&self.0).take() else { return Outline::default() };
        lines.finish(&mut |line| steps.line(line));
        steps.finish()
    }
}

fn lock(reading: &Mutex<Option<Reading>>) -> std::sync::MutexGuard<'_, Option<Reading>> {
    reading.lock().unwrap_or_else(PoisonError::into_inner)
}
