//! The TypeScript compiler: `path(1,2): error TS2304: …` and the pretty format `path:1:2 - error TS2304: …`.

use grimoire_plugin_sdk::text::{
    Characters, Context, Needle, Place, extension, place_at_start, place_in_parentheses,
};
use grimoire_plugin_sdk::{Diagnostic, Kind, Severity, Span};

use crate::found::finding;

/// Maximum number of lines of a finding's excerpt and explanation.
const ATTACHED: usize = 40;

/// Recognises the compiler's findings.
#[derive(Default)]
pub(crate) struct Tsc {
    open: Option<Diagnostic>,
    /// True if the open finding is in the pretty format, whose excerpt follows a blank line.
    pretty: bool,
    context: Context,
}

impl Tsc {
    pub(crate) fn line(
        &mut self,
        text: &str,
        among: Characters,
        span: Span,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        if let Some((found, pretty)) = read(text, among, span) {
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

/// `TS` or Angular's `NG`, followed by digits.
pub(crate) fn is_ts_code(code: &str) -> bool {
    code.strip_prefix("TS")
        .or_else(|| code.strip_prefix("NG").map(|rest| rest.trim_start_matches('-')))
        .is_some_and(|digits| {
            (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
}

/// The compiler's finding in one line.
pub(crate) fn in_line(text: &str, span: Span) -> Option<Diagnostic> {
    read(text, Characters::of(text), span).map(|(found, _)| found)
}

/// A finding, and whether it is in the pretty format.
fn read(text: &str, among: Characters, span: Span) -> Option<(Diagnostic, bool)> {
    static CODES: [Needle; 3] = [Needle::new(" TS"), Needle::new(" NG"), Needle::new(" ts(")];
    if !among.may_have_digits() || !CODES.iter().any(|code| code.find_among(among, text).is_some()) {
        return None;
    }
    // Angular's and other wrappers' prefix.
    let text = text.strip_prefix("Error: ").or_else(|| text.strip_prefix("ERROR in ")).unwrap_or(text);
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
    let mut found = finding(tool_of(code), code, message, None, span);
    (found.severity, found.kind) = (severity, Kind::Compile);
    Some((found, false))
}

fn at(place: &Place<'_>, rest: &str, span: Span) -> Option<Diagnostic> {
    if let Some(found) = language_server(place, rest, span) {
        return Some(found);
    }
    let (severity, code, message) = severity_code_message(rest)?;
    let mut found = finding(tool_of(code), code, message, Some(place.location()), span);
    (found.severity, found.kind) = (severity, Kind::Compile);
    Some(found)
}

fn tool_of(code: &str) -> &'static str {
    if code.starts_with("NG") { "angular" } else { "tsc" }
}

/// `error ts(2322): message`, as printed by Astro's checker.
fn language_server(place: &Place<'_>, rest: &str, span: Span) -> Option<Diagnostic> {
    let (word, rest) = rest.split_once(" ts(")?;
    let (number, message) = rest.split_once("): ")?;
    let severity = match word {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        "hint" => Severity::Hint,
        _ => return None,
    };
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let tool = if extension(place.path) == "astro" { "astro" } else { "tsc" };
    let mut found = finding(tool, &format!("ts({number})"), message, Some(place.location()), span);
    (found.severity, found.kind) = (severity, Kind::Compile);
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
