//! The TypeScript compiler: `path(1,2): error TS2304: …` and the pretty form `path:1:2 - error TS2304: …`.

use grimoire_plugin_sdk::text::{Context, Needle, Place, place_at_start, place_in_parentheses};
use grimoire_plugin_sdk::{Diagnostic, Severity, Span};

use crate::found::finding;

/// Lines of a finding's excerpt and explanation.
const ATTACHED: usize = 40;

/// Recognises the compiler's findings.
#[derive(Default)]
pub(crate) struct Tsc {
    open: Option<Diagnostic>,
    /// The open finding is in the pretty form, whose excerpt follows a blank line.
    pretty: bool,
    context: Context,
}

impl Tsc {
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if let Some((found, pretty)) = read(text, span) {
            self.finish(out);
            self.context.push(text);
            self.open = Some(found);
            self.pretty = pretty;
            return true;
        }
        let Some(open) = &mut self.open else { return false };
        let attached = self.context.lines() < ATTACHED
            && (text.starts_with("  ")
                || self.pretty
                    && (text.is_empty()
                        || text.starts_with(|c: char| c.is_ascii_digit())
                        || text.trim_start().starts_with('~')));
        if attached {
            self.context.push(text);
            if !text.is_empty() {
                open.span = open.span.to(span);
            }
            return true;
        }
        self.finish(out);
        false
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some(mut open) = self.open.take() {
            open.context = self.context.take();
            out.push(open);
        }
    }
}

/// `TS` and digits.
pub(crate) fn is_ts_code(code: &str) -> bool {
    code.strip_prefix("TS").is_some_and(|digits| {
        (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// A finding and whether it is in the pretty form.
fn read(text: &str, span: Span) -> Option<(Diagnostic, bool)> {
    static CODE: Needle = Needle::new(" TS");
    if !CODE.is_in(text) && !text.starts_with("error TS") {
        return None;
    }
    // Angular's and other wrappers' prefix.
    let text = text.strip_prefix("Error: ").unwrap_or(text);
    if let Some(place) = place_in_parentheses(text)
        && let Some(found) = at(&place, place.rest.trim_start(), span)
    {
        return Some((found, false));
    }
    if let Some(place) = place_at_start(text) {
        let rest = place.rest.trim_start();
        let pretty = rest.strip_prefix("- ");
        return at(&place, pretty.unwrap_or(rest), span).map(|found| (found, pretty.is_some()));
    }
    let (severity, code, message) = severity_code_message(text)?;
    let mut found = finding("tsc", code, message, None, span);
    found.severity = severity;
    Some((found, false))
}

fn at(place: &Place<'_>, rest: &str, span: Span) -> Option<Diagnostic> {
    let (severity, code, message) = severity_code_message(rest)?;
    let mut found = finding("tsc", code, message, Some(place.location()), span);
    found.severity = severity;
    Some(found)
}

/// `error TS2304: message`.
fn severity_code_message(text: &str) -> Option<(Severity, &str, &str)> {
    let (word, rest) = text.split_once(' ')?;
    let severity = match word {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        "message" | "info" => Severity::Info,
        _ => return None,
    };
    let (code, message) = rest.split_once(": ")?;
    is_ts_code(code).then_some((severity, code, message))
}
