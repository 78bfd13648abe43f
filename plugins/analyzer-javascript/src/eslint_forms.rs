//! Rarer formats of ESLint and related tools, and errors that keep ESLint from starting.
//!
//! | format | form |
//! | --- | --- |
//! | visualstudio | `src/a.js(2,7): error eqeqeq : Expected …` |
//! | codeframe | `error: Expected … (eqeqeq) at src/a.js:2:7:` |
//! | pretty, XO | `  ✖  2:7  Expected …  eqeqeq` below `  src/a.js:2:7` |
//! | standard | `  /app/a.js:1:1: Expected … (semi)` |
//! | stylelint's unix | `/app/a.css:1:13: Expected … (rule) [error]` |
//! | Create React App | `  Line 3:7:  'x' is not defined  no-undef` below `./src/a.js` or `src/a.js` |

use grimoire_plugin_sdk::text::{
    Characters, Context, Needle, leading_number, place_at_start, place_in_parentheses, trailing_group, trim,
};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Severity, Span};

use crate::found::{exception, failure, finding, is_script};

/// Maximum number of lines between ESLint's apology and the reason.
const PATIENCE: u32 = 12;

/// Recognises these formats.
#[derive(Default)]
pub(crate) struct Forms {
    /// The file of the findings below.
    file: Option<String>,
    /// `Oops! Something went wrong!` was read; the reason follows.
    excuse: Option<(u32, Span)>,
    /// An error at the start, with its reason up to a blank line.
    refused: Option<(Diagnostic, Context)>,
    /// True after standard's banner.
    standard: bool,
}

impl Forms {
    /// Reads a line; returns true if it is a finding or an error at the start.
    pub(crate) fn line(
        &mut self,
        text: &str,
        among: Characters,
        span: Span,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        let trimmed = trim(text);
        if self.refusal(text, trimmed, span, out) {
            return true;
        }
        if trimmed.starts_with("standard: ") {
            self.standard = true;
        }
        let found =
            self.below_file(text, trimmed, span).or_else(|| one_line(text, among, self.standard, span));
        if let Some(found) = found {
            out.push(found);
            return true;
        }
        // The file of the next findings, with or without a location.
        let path = Some(trimmed).filter(|path| among.may_have(b'.') && !path.contains(' ')).map(|path| {
            place_at_start(path).filter(|place| place.rest.is_empty()).map_or(path, |place| place.path)
        });
        if let Some(path) = path.filter(|path| is_script(path)) {
            self.file = Some(path.to_owned());
        } else if !trimmed.is_empty() && !text.starts_with(' ') {
            self.file = None;
        }
        false
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some((mut found, mut context)) = self.refused.take() {
            found.context = context.take();
            out.push(found);
        }
    }

    fn below_file(&self, text: &str, trimmed: &str, span: Span) -> Option<Diagnostic> {
        let file = self.file.as_deref()?;
        if let Some(rest) = trimmed.strip_prefix("Line ") {
            let (line, rest) = leading_number(rest)?;
            let rest = rest.strip_prefix(':')?;
            // The first versions print no column.
            let column =
                leading_number(rest).and_then(|(column, rest)| Some((column, rest.strip_prefix(':')?)));
            let (column, rest) = column.map_or((None, rest), |(column, rest)| (Some(column), rest));
            let is_padded = rest.starts_with("  ");
            return is_padded
                .then(|| with_rule(rest, Severity::Error, Location::at(file, line, column), span));
        }
        if !text.starts_with(' ') {
            return None;
        }
        let (severity, rest) =
            [("✖  ", Severity::Error), ("⚠  ", Severity::Warning), ("✘  ", Severity::Error)]
                .iter()
                .find_map(|(mark, severity)| Some((*severity, trimmed.strip_prefix(mark)?)))?;
        let (line, rest) = leading_number(rest.trim_start())?;
        let (column, rest) = leading_number(rest.strip_prefix(':')?)?;
        Some(with_rule(rest, severity, Location::at(file, line, Some(column)), span))
    }

    fn refusal(&mut self, text: &str, trimmed: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if let Some((found, context)) = &mut self.refused {
            // A paragraph, and the frames below it.
            if trimmed.is_empty() || trimmed.starts_with("##[") {
                self.finish(out);
            } else {
                if !trimmed.starts_with("at ") && found.message.lines().count() < 4 {
                    found.message.push('\n');
                    found.message.push_str(trimmed);
                }
                context.push(text);
                found.span = found.span.to(span);
                return true;
            }
        }
        if trimmed.starts_with("Oops! Something went wrong!") {
            self.excuse = Some((PATIENCE, span));
            return true;
        }
        if trimmed.starts_with("ESLint found too many warnings (maximum: ") {
            out.push(failure("eslint", "max-warnings", Kind::Lint, trimmed, span));
            return true;
        }
        let Some((left, start)) = self.excuse.take() else { return false };
        if trimmed.is_empty() || trimmed.starts_with("ESLint: ") {
            self.excuse = (left > 1).then_some((left - 1, start));
            return true;
        }
        let (kind, code) = exception(trimmed).unwrap_or(("configuration", None));
        let mut found = failure("eslint", kind, Kind::Configuration, trimmed, start.to(span));
        found.code = code.map(str::to_owned);
        let mut context = Context::default();
        context.push(text);
        self.refused = Some((found, context));
        true
    }
}

/// `'x' is not defined  no-undef`.
fn with_rule(rest: &str, severity: Severity, location: Location, span: Span) -> Diagnostic {
    let rest = rest.trim();
    let (message, rule) = match rest.rsplit_once("  ") {
        Some((message, rule)) if !rule.trim().contains(' ') => (message.trim(), rule.trim()),
        _ => (rest, ""),
    };
    let mut found = finding("eslint", rule, message, Some(location), span);
    found.severity = severity;
    found.kind = Kind::Lint;
    found
}

fn one_line(text: &str, among: Characters, standard: bool, span: Span) -> Option<Diagnostic> {
    static BETWEEN: Needle = Needle::new(" : ");
    // All of these formats contain a location.
    if !among.may_have(b':') || !among.may_have(b'.') || !among.may_have_digits() {
        return None;
    }
    let trimmed = trim(text);
    let lint = |tool: &str, rule: &str, message: &str, location, severity| {
        let mut found = finding(tool, rule, message, Some(location), span);
        (found.severity, found.kind) = (severity, Kind::Lint);
        Some(found)
    };
    // `src/a.js(2,7): error eqeqeq : message`
    if let Some((before, message)) = BETWEEN.split_among(among, trimmed)
        && let Some(place) = place_in_parentheses(before)
        && let Some((word, rule)) = place.rest.trim().split_once(' ')
        && is_script(place.path)
        && !rule.contains(' ')
    {
        let severity = if word == "warning" { Severity::Warning } else { Severity::Error };
        return matches!(word, "error" | "warning")
            .then(|| lint("eslint", rule, message, place.location(), severity))?;
    }
    // `error: message (rule) at src/a.js:2:7:`
    if let Some(rest) =
        trimmed.strip_suffix(':').filter(|rest| rest.starts_with("error: ") || rest.starts_with("warning: "))
        && let Some((before, at)) = rest.rsplit_once(" at ")
        && let Some(place) =
            place_at_start(at).filter(|place| place.column.is_some() && is_script(place.path))
        && let Some((word, message)) = before.split_once(": ")
        && let Some((message, rule)) = trailing_group(message, '(', ')')
    {
        let severity = if word == "warning" { Severity::Warning } else { Severity::Error };
        return lint("eslint", rule, message, place.location(), severity);
    }
    if !trimmed.ends_with([')', ']']) {
        return None;
    }
    let place = place_at_start(trimmed).filter(|place| place.column.is_some() && is_script(place.path))?;
    let rest = place.rest.trim();
    // `/app/a.css:1:13: message (rule) [error]`
    if let Some((message, word)) =
        trailing_group(rest, '[', ']').filter(|(_, word)| matches!(*word, "error" | "warning"))
        && let Some((message, rule)) =
            trailing_group(message, '(', ')').filter(|(_, rule)| !rule.contains(' '))
    {
        let severity = if word == "warning" { Severity::Warning } else { Severity::Error };
        return lint("stylelint", rule, message, place.location(), severity);
    }
    // `  /app/a.js:1:1: message (rule)`
    let (message, rule) = trailing_group(rest, '(', ')').filter(|(_, rule)| is_rule(rule))?;
    (standard || text.starts_with("  "))
        .then(|| lint("standard", rule, message, place.location(), Severity::Error))?
}

fn is_rule(rule: &str) -> bool {
    rule.len() >= 3
        && rule.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'/' | b'@'))
}
