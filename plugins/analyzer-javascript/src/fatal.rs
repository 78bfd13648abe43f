//! Errors that end the runtime itself: out of memory, unknown options, a killed process.
//!
//! ```text
//! FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory
//!  1: 0xb9a330 node::Abort() [node]
//! node: bad option: --lid
//! ```

use grimoire_plugin_sdk::text::{Characters, Context, Needle, leading_number, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Severity, Span};

use crate::found::failure;

/// V8's messages at its end.
const WORDS: [&str; 14] = [
    "heap",
    "Heap",
    "llocat",
    "mark-compacts",
    "semi space",
    "invalid array length",
    "invalid size",
    "invalid table size",
    "v8::",
    "V8",
    "node::",
    "Zone",
    "HandleScope",
    "out of memory",
];

/// Maximum number of lines of the native stack.
const LINES: u32 = 80;

/// Recognises these ends.
#[derive(Default)]
pub(crate) struct Fatal {
    open: Option<(Diagnostic, u32, Context)>,
}

impl Fatal {
    /// Reads a line; returns true if it belongs to such an end.
    pub(crate) fn line(
        &mut self,
        text: &str,
        among: Characters,
        span: Span,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        static HEAP: Needle = Needle::new("JavaScript heap out of memory");
        static NODE: [Needle; 2] = [Needle::new("node: "), Needle::new("node.exe: ")];
        static WORKER: Needle = Needle::new("ERR_WORKER_OUT_OF_MEMORY");
        let trimmed = trim(text);
        if let Some((found, left, context)) = &mut self.open {
            *left -= 1;
            let is_stack = leading_number(trimmed).is_some_and(|(_, rest)| rest.starts_with(": "))
                || trimmed.starts_with("-----");
            let is_end = trimmed.starts_with("Aborted") || trimmed.ends_with("Aborted (core dumped)");
            if *left > 0 && (is_stack || is_end || trimmed.is_empty()) {
                context.push(text);
                if !trimmed.is_empty() {
                    found.span = found.span.to(span);
                }
                return true;
            }
            self.finish(out);
        }
        // Other programs print `FATAL ERROR: ` too.
        let message = trimmed
            .strip_prefix("FATAL ERROR: ")
            .filter(|message| WORDS.iter().any(|word| message.contains(word)))
            .or_else(|| trimmed.strip_prefix("Fatal JavaScript out of memory: "));
        if let Some(message) = message {
            let heap = HEAP.find_among(among, trimmed).is_some()
                || trimmed.starts_with("Fatal JavaScript out of memory");
            let (error_type, kind) =
                if heap { ("heap-out-of-memory", Kind::Resource) } else { ("fatal-error", Kind::Crash) };
            let mut found = failure("node", error_type, kind, message, span);
            found.severity = Severity::Fatal;
            let mut context = Context::default();
            context.push(text);
            self.open = Some((found, LINES, context));
            return true;
        }
        if WORKER.find_among(among, trimmed).is_some() && !trimmed.starts_with("code: ") {
            let mut found = failure("node", "ERR_WORKER_OUT_OF_MEMORY", Kind::Resource, trimmed, span);
            found.code = Some("ERR_WORKER_OUT_OF_MEMORY".to_owned());
            out.push(found);
            return true;
        }
        // `node: bad option: --lid`, `/usr/bin/node: --lid is not allowed in NODE_OPTIONS`.
        if let Some((program, message)) = NODE.iter().find_map(|node| node.split_among(among, trimmed))
            && (program.is_empty() || program.ends_with('/') || program.ends_with('\\'))
            && (message.starts_with("bad option: ")
                || message.ends_with(" is not allowed in NODE_OPTIONS")
                || message.contains(" requires an argument"))
        {
            out.push(failure("node", "bad-option", Kind::Configuration, message, span));
            return true;
        }
        false
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some((mut found, _, mut context)) = self.open.take() {
            found.context = context.take();
            out.push(found);
        }
    }
}
