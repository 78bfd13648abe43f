//! Other checkers of PHP: Psalm, PHP_CodeSniffer, PHPMD.

use crate::{
    panel::{Draft, Reader, Seen, single, typed},
    trace,
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity,
    text::{leading_number, place_at_start, trailing_group},
};

/// Psalm: `ERROR: UndefinedClass - src/Pot.php:12:5 - Class Lid does not exist (see https://psalm.dev/019)`,
/// in newer versions on three lines.
#[derive(Debug, Default)]
pub(crate) struct Psalm {
    open: Option<Draft>,
}

fn psalm_message(text: &str) -> &str {
    text.split_once(" (see https://psalm.dev/").map_or(text, |(message, _)| message)
}

impl Reader for Psalm {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(mut draft) = self.open.take() {
            if draft.found.location.is_none() {
                if let Some(place) = line.start.strip_prefix("at ").and_then(place_at_start) {
                    draft.found.location = Some(place.location());
                    draft.take(line);
                    self.open = Some(draft);
                    return;
                }
            } else if !line.start.is_empty() {
                draft.take(line);
                draft.say(psalm_message(line.start));
                out.push(draft.done());
                return;
            }
        }
        let (severity, rest) = if let Some(rest) = line.start.strip_prefix("ERROR: ") {
            (Severity::Error, rest)
        } else if let Some(rest) = line.start.strip_prefix("INFO: ") {
            (Severity::Info, rest)
        } else {
            return;
        };
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (code, rest) = rest.split_at(end);
        if !code.starts_with(|c: char| c.is_ascii_uppercase()) {
            return;
        }
        let mut draft = Draft::new("psalm", Kind::Lint, line);
        draft.found.severity = severity;
        draft.found.code = Some(code.to_owned());
        if rest.is_empty() {
            self.open = Some(draft);
        } else if let Some(place) = rest.strip_prefix(" - ").and_then(place_at_start) {
            draft.found.location = Some(place.location());
            draft.say(psalm_message(place.rest.trim_start().trim_start_matches("- ")));
            out.push(draft.done());
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, _: &mut Vec<Diagnostic>) {
        self.open = None;
    }
}

/// Editor formats: `src/Pot.php:12:5:error - UndefinedClass: message` of Psalm, and with a space and the
/// sniff at the end of PHP_CodeSniffer.
pub(crate) fn emacs(line: &Seen<'_>) -> Option<Diagnostic> {
    let place =
        place_at_start(line.start).filter(|place| place.column.is_some() && trace::is_php(place.path))?;
    let text = place.rest.trim_start();
    let (severity, text) = match text.strip_prefix("error - ") {
        Some(text) => (Severity::Error, text),
        None => (Severity::Warning, text.strip_prefix("warning - ")?),
    };
    let psalm = !place.rest.starts_with(' ');
    let (tool, code, message) = if psalm {
        let (code, message) = text.split_once(": ").unwrap_or(("", text));
        ("psalm", code, psalm_message(message))
    } else {
        let group =
            trailing_group(text, '(', ')').filter(|(_, code)| code.contains('.') && !code.contains(' '));
        let (message, code) = group.unwrap_or((text, ""));
        ("phpcs", code, message)
    };
    let mut found = single(tool, Kind::Lint, message, line);
    found.severity = severity;
    found.code = (!code.is_empty()).then(|| code.to_owned());
    found.location = Some(place.location());
    Some(typed(found))
}

/// PHP_CodeSniffer's report: a heading with the file, and rows.
///
/// ```text
/// FILE: /app/src/Pot.php
/// ----------------------------------------------------------------------
/// FOUND 1 ERROR AND 1 WARNING AFFECTING 2 LINES
/// ----------------------------------------------------------------------
///  12 | ERROR   | [x] Expected 1 space after FUNCTION keyword; 0 found
///     |         |     (PSR12.Functions.Spacing)
/// ```
#[derive(Debug, Default)]
pub(crate) struct Sniffer {
    file: Option<String>,
    open: Option<Draft>,
}

impl Sniffer {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(mut draft) = self.open.take() else { return };
        let found = &mut draft.found;
        if let Some((message, code)) = trailing_group(&found.message, '(', ')')
            && code.split('.').count() >= 3
            && !code.contains(' ')
        {
            let (message, code) = (message.to_owned(), code.to_owned());
            found.message = message;
            found.code = Some(code);
        }
        out.push(draft.done());
    }
}

impl Reader for Sniffer {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if let Some(path) = start.strip_prefix("FILE: ") {
            self.close(out);
            self.file = Some(path.trim().to_owned());
            return;
        }
        let Some(file) = &self.file else { return };
        let mut cells = start.splitn(3, '|').map(str::trim);
        let (Some(number), Some(level), Some(text)) = (cells.next(), cells.next(), cells.next()) else {
            self.close(out);
            return;
        };
        if number.is_empty() && level.is_empty() {
            if let Some(draft) = &mut self.open {
                draft.take(line);
                draft.go_on(text);
            }
            return;
        }
        let severity = match level {
            "ERROR" => Severity::Error,
            "WARNING" => Severity::Warning,
            _ => return,
        };
        let location = Location::at(file, number.parse().unwrap_or(0), None);
        self.close(out);
        let mut draft = Draft::new("phpcs", Kind::Lint, line);
        draft.found.severity = severity;
        draft.found.location = Some(location);
        draft.say(text.trim_start_matches("[x]").trim_start_matches("[ ]"));
        self.open = Some(draft);
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.file = None;
    }
}

/// PHPMD: `/app/src/Pot.php:22     UnusedLocalVariable  Avoid unused local variables such as '$lid'.`
pub(crate) fn mess(line: &Seen<'_>) -> Option<Diagnostic> {
    let place =
        place_at_start(line.start).filter(|place| trace::is_php(place.path) && place.column.is_none())?;
    if !(place.rest.starts_with('\t') || place.rest.starts_with("  ")) {
        return None;
    }
    let text = place.rest.trim_start();
    let (word, rest) = text.split_once([' ', '\t']).unwrap_or(("", text));
    // A rule's name has no full stop and several capital letters.
    let is_rule = word.bytes().filter(u8::is_ascii_uppercase).count() > 1
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let (code, message) = if is_rule { (Some(word.to_owned()), rest.trim_start()) } else { (None, text) };
    if message.len() < 4 {
        return None;
    }
    let mut found = single("phpmd", Kind::Lint, message, line);
    found.code = code;
    found.location = Some(place.location());
    Some(typed(found))
}

/// `12 errors found`, `FOUND 2 ERRORS …`, `A TOTAL OF 2 ERRORS AND 0 WARNINGS WERE FOUND IN 1 FILE`.
pub(crate) fn summary(line: &Seen<'_>) -> Option<Diagnostic> {
    let start = line.start;
    let counted = leading_number(start)
        .is_some_and(|(count, rest)| count > 0 && matches!(rest, " errors found" | " error found"));
    let total = start
        .strip_prefix("A TOTAL OF ")
        .and_then(leading_number)
        .is_some_and(|(count, rest)| count > 0 && rest.starts_with(" ERROR"));
    if !(counted || total) {
        return None;
    }
    let found = single(if total { "phpcs" } else { "psalm" }, Kind::Lint, start, line);
    Some(Diagnostic { role: Role::Summary, error_type: "errors".to_owned(), ..found })
}
