//! A diagnostic with a location and the lines below it: source, carets, notes.

use crate::{Step, located, prefix::Stripped, tool};
use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Kind, Location, Severity, Span,
    text::{Characters, Context, is_generic_closing_line, kind_of},
};

/// Maximum number of lines kept below a diagnostic.
const LINES: usize = 24;

/// A diagnostic being read.
#[derive(Debug)]
pub(crate) struct Located {
    tool: &'static str,
    severity: Severity,
    /// True if the line itself says that it is an error or warning.
    explicit: bool,
    code: Option<String>,
    message: String,
    location: Option<Location>,
    context: Context,
    span: Span,
}

impl Located {
    pub(crate) fn start(line: &Stripped<'_>, raw: &str, span: Span) -> Option<Self> {
        let found = located::read(line.text, line.characters)?;
        let described = &found.described;
        if described.is_note
            || is_remark(described.message)
            || is_generic_closing_line(described.message)
            || is_probe(found.path)
        {
            return None;
        }
        let level = line.level.filter(|&level| level >= Severity::Warning);
        let explicit = found.sure || described.is_explicit() || level.is_some();
        if !explicit {
            let message = described.message;
            // A location and prose: only for source files, at the start of the line, and not in a stack trace.
            let plausible = tool::is_source(found.path)
                && line.indent < 4
                && line.level.is_none()
                && message.len() >= 3
                && message.starts_with(|c: char| {
                    c.is_alphanumeric() || matches!(c, '\'' | '"' | '`' | '(' | '[' | '+')
                })
                && !message.starts_with("+0x")
                && !message.starts_with("0x")
                && !message.starts_with("in ")
                && !message.starts_with("from ")
                && !message.starts_with("at ")
                // Nim prints further locations.
                && !message.starts_with("template/generic instantiation");
            if !plausible {
                return None;
            }
        }
        let severity = described.severity.or(line.level).unwrap_or(Severity::Error);
        // A message on the next line needs a word that announces it.
        if described.message.is_empty() && described.severity.is_none() {
            return None;
        }
        let mut context = Context::default();
        context.push(raw.trim_end());
        Some(Self {
            tool: tool::name(found.path, described.code.as_deref()),
            severity,
            explicit,
            code: described.code.clone(),
            message: described.message.to_owned(),
            location: Some(found.location).filter(|location| !location.path.is_empty()),
            context,
            span,
        })
    }

    /// Reads lines that can be nothing else: source with a margin, carets, notes.
    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = text.trim_start();
        if start.is_empty() || self.context.lines() >= LINES {
            return Step::Foreign;
        }
        let is_caret = start.contains(['^', '~'])
            && start
                .bytes()
                .all(|byte| matches!(byte, b'^' | b'~' | b'-' | b'|' | b' ' | b'\t' | b'.' | b'_'));
        let rest = start.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_margin = text.starts_with(' ') && rest.trim_start().starts_with('|');
        if is_caret || is_margin || is_note(start) {
            self.take(text, span);
            return Step::Taken;
        }
        Step::Foreign
    }

    /// Reads a line that begins nothing else; returns whether it belongs to the diagnostic.
    pub(crate) fn also(&mut self, text: &str, span: Span) -> bool {
        let start = text.trim_start();
        if start.is_empty() || self.context.lines() >= LINES {
            return false;
        }
        if self.message.is_empty() {
            start.clone_into(&mut self.message);
            self.take(text, span);
            return true;
        }
        // javac's source line is not indented and comes first.
        if !text.starts_with([' ', '\t']) && self.context.lines() > 1 {
            return false;
        }
        // Only context: another tool may know the line with another meaning.
        self.context.push(text);
        true
    }

    fn take(&mut self, text: &str, span: Span) {
        self.context.push(text);
        self.span = self.span.to(span);
    }

    pub(crate) fn finish(mut self) -> Option<Diagnostic> {
        if self.message.is_empty() || is_generic_closing_line(&self.message) {
            return None;
        }
        let error_type = self
            .code
            .clone()
            .unwrap_or_else(|| if self.severity >= Severity::Error { "error" } else { "warning" }.to_owned());
        Some(Diagnostic {
            tool: self.tool.to_owned(),
            error_type,
            code: self.code,
            // A location and prose without a severity: a linter's finding.
            kind: if self.explicit { kind_of(&self.message) } else { Kind::Lint },
            message: self.message,
            severity: self.severity,
            location: self.location,
            confidence: Confidence::Likely,
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        })
    }
}

/// Sources written by configuration scripts to test a compiler: they are expected to fail.
fn is_probe(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    name.starts_with("conftest.") || path.contains("CMakeScratch") || path.contains("CMakeTmp")
}

/// An addition to the previous error that no keyword marks as one.
fn is_remark(message: &str) -> bool {
    ["(Each undeclared identifier is reported", "for each function it appears in.)", "Related location"]
        .iter()
        .any(|start| message.starts_with(start))
}

fn is_note(start: &str) -> bool {
    located::read(start, Characters::of(start))
        .is_some_and(|found| found.described.is_note || is_remark(found.described.message))
}
