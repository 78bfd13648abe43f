//! `could not compile`, `test failed`: final lines, whose cause sometimes says that a signal ended the program.
//!
//! ```text
//! error: could not compile `kettle` (lib)
//!
//! Caused by:
//!   process didn't exit successfully: `rustc …` (signal: 9, SIGKILL: kill)
//! ```

use crate::{Step, cause};
use grimoire_plugin_sdk::{Diagnostic, Kind, Role, Severity, Span, text::cut};

/// A final line whose cause may follow.
#[derive(Debug)]
pub(crate) struct Block {
    found: Diagnostic,
    awaiting: bool,
    lines: usize,
    signal: Option<String>,
}

impl Block {
    pub(crate) fn start(found: Diagnostic) -> Self {
        Self { found, awaiting: false, lines: 0, signal: None }
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = text.trim_start();
        self.lines += 1;
        if self.lines > 6 {
            return Step::Foreign;
        }
        if start.is_empty() {
            return Step::Taken;
        }
        if start == "Caused by:" {
            self.awaiting = true;
        } else if self.awaiting && text.starts_with(' ') {
            if let Some(at) = start.rfind("(signal: ") {
                // The command in between may be thousands of characters long.
                let program = cut(start, 120).split("` (").next().unwrap_or_default();
                let program = program.split(' ').take(7).collect::<Vec<_>>().join(" ");
                self.signal = Some(format!("{}…` {}", program.trim_end_matches('`'), &start[at..]));
            }
        } else {
            return Step::Foreign;
        }
        self.found.span = self.found.span.to(span);
        Step::Taken
    }

    pub(crate) fn finish(self) -> Diagnostic {
        let Some(signal) = self.signal else { return self.found };
        let kind = cause::kind(&signal);
        Diagnostic {
            error_type: "signal".to_owned(),
            message: format!("{}: {signal}", self.found.message),
            severity: Severity::Fatal,
            kind: if kind == Kind::Unknown { Kind::Crash } else { kind },
            // A lack of memory is not reported otherwise; other signals mostly follow from earlier output.
            role: if kind == Kind::Resource { Role::Root } else { Role::Consequence },
            ..self.found
        }
    }
}
