//! Blocks of ruff and ty: a line with the message, `--> path:line:column`, an excerpt, help.

use grimoire_plugin_sdk::text::{Context, place_at_start};
use grimoire_plugin_sdk::{Diagnostic, Kind, Line, Location, Marker, Severity, Span};

use crate::finding::{is_code, is_python, is_rule, without_fix_mark};

/// The content of a block's first line.
struct Header {
    tool: &'static str,
    code: String,
    message: String,
    severity: Severity,
    text: String,
    span: Span,
}

/// Recognises ruff's and ty's blocks.
#[derive(Default)]
pub(crate) struct Ruff {
    header: Option<Header>,
    open: Option<Diagnostic>,
    context: Context,
    /// The file in ruff's grouped format.
    file: Option<String>,
}

impl Ruff {
    /// Reads a line; returns true if it is part of a block.
    pub(crate) fn line(&mut self, line: &Line<'_>, text: &str, out: &mut Vec<Diagnostic>) -> bool {
        if line.marker == Some(Marker::Error) && Self::annotation(line, out) {
            return true;
        }
        let trimmed = text.trim_start();
        let above = self.header.take();
        if let Some(above) = above
            && let Some(place) = trimmed.strip_prefix("--> ").and_then(place_at_start)
            && (above.tool == "ruff" || is_python(place.path))
        {
            self.finish(out);
            self.context.push(&above.text);
            self.context.push(text);
            self.open = Some(Diagnostic {
                tool: above.tool.to_owned(),
                error_type: above.code.clone(),
                code: Some(above.code),
                message: above.message,
                severity: above.severity,
                kind: Kind::Lint,
                location: Some(place.location()),
                span: above.span.to(line.span),
                ..Diagnostic::default()
            });
            return true;
        }
        if let Some(open) = &mut self.open {
            if continues(text) {
                self.context.push(text);
                open.span = open.span.to(line.span);
                return true;
            }
            self.finish(out);
        }
        if text.starts_with([' ', '\t']) {
            return self.grouped(trimmed, line.span, out);
        }
        self.file = text.strip_suffix(':').filter(|path| is_python(path)).map(str::to_owned);
        self.header = header(text, line.span);
        self.file.is_some()
    }

    /// Reports the open block.
    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some(mut open) = self.open.take() {
            open.context = self.context.take();
            out.push(open);
        }
    }

    /// `::error title=ruff (F401),file=…,line=…::path:1:8: F401 message`.
    fn annotation(line: &Line<'_>, out: &mut Vec<Diagnostic>) -> bool {
        let properties = &line.properties;
        let code = properties
            .get("title")
            .and_then(|title| title.strip_prefix("ruff ("))
            .and_then(|title| title.strip_suffix(')'));
        let (Some(code), Some(file)) = (code, properties.get("file")) else { return false };
        let mut lines = line.text.lines();
        let first = lines.next().unwrap_or_default();
        let message = place_at_start(first).map_or(first, |place| place.rest.trim());
        let message = message.strip_prefix(code).unwrap_or(message).trim_start_matches([':', ' ']);
        let location = Location::at(file, properties.number("line").unwrap_or(0), properties.number("col"));
        out.push(Diagnostic {
            tool: "ruff".to_owned(),
            error_type: code.to_owned(),
            code: Some(code.to_owned()),
            message: without_fix_mark(message).to_owned(),
            kind: Kind::Lint,
            location: Some(location),
            context: lines.collect::<Vec<_>>().join("\n"),
            span: line.span,
            ..Diagnostic::default()
        });
        true
    }

    /// `  1:8 F401 [*] message` under `path.py:`.
    fn grouped(&self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let Some(file) = &self.file else { return false };
        let Some((line, rest)) = grimoire_plugin_sdk::text::leading_number(text) else { return false };
        let Some((column, rest)) = rest.strip_prefix(':').and_then(grimoire_plugin_sdk::text::leading_number)
        else {
            return false;
        };
        let Some((code, message)) = rest.trim_start().split_once(' ') else { return false };
        let code = code.trim_end_matches(':');
        if !is_code(code) && !is_rule(code) {
            return false;
        }
        out.push(Diagnostic {
            tool: "ruff".to_owned(),
            error_type: code.to_owned(),
            code: Some(code.to_owned()),
            message: without_fix_mark(message).to_owned(),
            kind: Kind::Lint,
            location: Some(Location::at(file, line, Some(column))),
            span,
            ..Diagnostic::default()
        });
        true
    }
}

/// `F401 [*] message`, `invalid-syntax: message`, `error[unresolved-import]: message`.
fn header(text: &str, span: Span) -> Option<Header> {
    let make = |tool, code: &str, message: &str, severity| {
        Some(Header {
            tool,
            code: code.to_owned(),
            message: without_fix_mark(message).to_owned(),
            severity,
            text: text.to_owned(),
            span,
        })
    };
    for (word, severity) in [("error[", Severity::Error), ("warning[", Severity::Warning)] {
        if let Some(rest) = text.strip_prefix(word) {
            let (code, message) = rest.split_once(']')?;
            let message = message.trim_start_matches([':', ' ']);
            return if is_rule(code) || is_code(code) { make("ty", code, message, severity) } else { None };
        }
    }
    let (first, rest) = text.split_once(' ')?;
    if first == "unformatted:" {
        return make("ruff", "unformatted", rest, Severity::Error);
    }
    let code = first.trim_end_matches(':');
    (is_code(code) || is_rule(code)).then(|| make("ruff", code, rest.trim_start(), Severity::Error))?
}

/// Returns true if a line continues an open block: the excerpt and the lines attached to it.
fn continues(text: &str) -> bool {
    let start = text.trim_start();
    if start.is_empty() {
        return false;
    }
    let digits = start.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_excerpt = start.starts_with(['|', ':', '=', '-', '+'])
        || digits.len() < start.len() && digits.trim_start().starts_with(['|', '-', '+'])
        || start.starts_with("...")
        || start.starts_with("::: ");
    is_excerpt
        || ["help:", "note:", "info:", "= help", "= note"].iter().any(|word| start.starts_with(word))
        || text.starts_with("  ")
}
