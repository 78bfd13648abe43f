//! Findings of several lines, each format of one tool.
//!
//! ```text
//! In src/kettle.cr:14:5                             Crystal: place, source, message
//!  14 | brw_tea
//! Error: undefined local variable or method 'brw_tea'
//!
//! ===SORRY!=== Error while compiling /repo/brew.raku        Raku: headline, message with the line
//! Undeclared routine:
//!     kettle used at line 14
//!
//! Error ┈┈┈┈┈ src/brew.js:14:10                     Flow: place, paragraph with the code
//!
//! Cannot call `pour` with `"tea"` bound to `cups` … [incompatible-call]
//!
//! Error: Parse error on line 14:                    jsonlint: line, source, what was expected
//! ...ettle": "red" "leaf": 3
//! -----------------^
//! Expecting 'EOF', '}', got 'STRING'
//!
//! 1.) Line 14, column 7, Rule ID: EN_A_VS_AN        LanguageTool
//! Message: Use "an" instead of 'a'
//!
//! features/brew.feature: Parser errors:             Gherkin
//! (7:5): expected: #EOF, got 'Whenn I pour'
//!
//! RUNTIME ERROR: field does not exist: kettle       Jsonnet
//!     brew.jsonnet:14:6-12    object <anonymous>
//!
//! [ERROR:/repo/tea.thrift:14] (last token was 'kettle')     Thrift
//! syntax error
//! ```

use crate::finding::{STANDARD_INPUT, compile, lint};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity,
    recognise::panel::{Draft, Reader, Seen},
    text::{extension, leading_number, looks_like_path, place_at_start, trailing_group},
};

/// Maximum number of lines of one finding.
const LINES: usize = 30;

/// Reads Crystal's errors: `In path:14:5` or `Error in path:14: message`, outer frames above the innermost.
#[derive(Debug, Default)]
pub(crate) struct Crystal {
    open: Option<Draft>,
}

impl Reader for Crystal {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(rest) = line.start.strip_prefix("Error in ")
            && let Some(place) = place_at_start(rest).filter(|place| extension(place.path) == "cr")
        {
            out.push(compile("crystal", place.rest, place.location(), line));
            return;
        }
        if let Some(rest) = line.start.strip_prefix("In ")
            && let Some(place) = place_at_start(rest)
                .filter(|place| place.rest.is_empty() && matches!(extension(place.path), "cr" | "ecr"))
        {
            // A callee is printed below its caller.
            let mut draft = self.open.take().unwrap_or_else(|| Draft::new("crystal", Kind::Compile, line));
            draft.found.location = Some(place.location());
            draft.take(line);
            self.open = Some(draft);
            return;
        }
        let Some(draft) = &mut self.open else { return };
        draft.take(line);
        if let Some(message) = line.start.strip_prefix("Error: ") {
            draft.say(message);
            out.extend(self.open.take().map(Draft::done));
        } else if draft.lines() > LINES {
            self.open = None;
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }
}

/// Reads Raku's `===SORRY!===`.
#[derive(Debug, Default)]
pub(crate) struct Raku {
    open: Option<Draft>,
}

impl Raku {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().filter(|draft| !draft.found.message.is_empty()).map(Draft::done));
    }
}

impl Reader for Raku {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(rest) = line.start.strip_prefix("===SORRY!===") {
            self.close(out);
            let mut draft = Draft::new("raku", Kind::Compile, line);
            let path = rest.trim().strip_prefix("Error while compiling ");
            draft.found.location = path.map(|path| Location::file(path.trim_end_matches(':')));
            self.open = Some(draft);
            return;
        }
        let Some(draft) = &mut self.open else { return };
        if line.start.is_empty() || draft.lines() > 12 {
            return self.close(out);
        }
        draft.take(line);
        if let Some(place) = line.start.strip_prefix("at ").and_then(place_at_start) {
            draft.found.location = Some(place.location());
            return;
        }
        if line.start.starts_with("------>")
            || draft.found.location.as_ref().is_some_and(|place| place.start.is_some())
        {
            return;
        }
        // `kettle used at line 14`, `Could not find Kettle at line 3 in:`
        let number = line.start.split_once(" at line ").and_then(|(_, rest)| leading_number(rest));
        if let (Some((number, _)), Some(place)) = (number, &mut draft.found.location) {
            *place = Location::at(&place.path, number, None);
        }
        if line.indent == 0 || draft.found.message.ends_with(':') {
            draft.go_on(line.start);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}

/// Reads Flow's errors: `Error ---- path:14:10` and a paragraph; in old versions `path:14` and marked source.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    open: Option<Draft>,
}

impl Reader for Flow {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(rest) = line.start.strip_prefix("Error ").or_else(|| line.start.strip_prefix("Warning "))
            && rest.starts_with(['-', '┈'])
            && let Some(place) = place_at_start(rest.trim_start_matches(['-', '┈', ' ']))
                .filter(|place| place.rest.is_empty() && place.column.is_some())
        {
            let mut draft = Draft::new("flow", Kind::Lint, line);
            if line.start.starts_with('W') {
                draft.found.severity = Severity::Warning;
            }
            draft.found.location = Some(place.location());
            self.open = Some(draft);
            return;
        }
        let Some(draft) = &mut self.open else { return };
        let ends =
            if line.start.is_empty() { !draft.found.message.is_empty() } else { draft.lines() > LINES };
        if !ends {
            if !line.start.is_empty() {
                draft.take(line);
                draft.go_on(line.start);
            }
            return;
        }
        let mut found = self.open.take().map(Draft::done).unwrap_or_default();
        let code = trailing_group(&found.message, '[', ']').filter(|(_, code)| code.contains('-'));
        if let Some((length, code)) = code.map(|(message, code)| (message.len(), code.to_owned())) {
            // The group is at the end: the text before it is the message.
            found.message.truncate(length);
            found.error_type.clone_from(&code);
            found.code = Some(code);
        }
        if !found.message.is_empty() {
            out.push(found);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }
}

/// Reads jsonlint's complaint.
#[derive(Debug, Default)]
pub(crate) struct Json {
    open: Option<Draft>,
}

impl Reader for Json {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start.strip_prefix("Error: ").unwrap_or(line.start);
        if let Some(rest) = start.strip_prefix("Parse error on line ")
            && let Some((number, ":")) = leading_number(rest)
        {
            let mut draft = Draft::new("jsonlint", Kind::Lint, line);
            draft.found.location = Some(Location::at(STANDARD_INPUT, number, None));
            draft.say(start);
            self.open = Some(draft);
            return;
        }
        let Some(draft) = &mut self.open else { return };
        draft.take(line);
        if line.start.starts_with("Expecting ") || line.start.starts_with("Unrecognized ") {
            draft.go_on(line.start);
            out.extend(self.open.take().map(Draft::done));
        } else if draft.lines() > 5 {
            self.open = None;
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }
}

/// Reads LanguageTool's list.
#[derive(Debug, Default)]
pub(crate) struct LanguageTool {
    open: Option<Diagnostic>,
}

impl Reader for LanguageTool {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(mut found) = self.open.take()
            && let Some(message) = line.start.strip_prefix("Message: ")
        {
            message.clone_into(&mut found.message);
            found.span = found.span.to(line.span);
            out.push(found);
            return;
        }
        self.open = numbered(line);
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|found| found.span.start)
    }
}

/// `1.) Line 14, column 7, Rule ID: EN_A_VS_AN premium: false`.
fn numbered(line: &Seen<'_>) -> Option<Diagnostic> {
    let (_, rest) = leading_number(line.start)?;
    let (number, rest) = leading_number(rest.strip_prefix(".) Line ")?)?;
    let (column, rest) = leading_number(rest.strip_prefix(", column ")?)?;
    let rule = rest.strip_prefix(", Rule ID: ")?.split(' ').next()?;
    let location = Location::at(STANDARD_INPUT, number, Some(column));
    Some(lint("languagetool", Severity::Warning, rule, line.start, location, line))
}

/// Reads errors of Gherkin's parser below the feature.
#[derive(Debug, Default)]
pub(crate) struct Gherkin {
    path: Option<String>,
}

impl Reader for Gherkin {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some((path, "")) = line.start.split_once(": Parser errors:") {
            self.path = looks_like_path(path).then(|| path.to_owned());
            return;
        }
        let Some(path) = &self.path else { return };
        let read = || {
            let (number, rest) = leading_number(line.start.strip_prefix('(')?)?;
            let (column, rest) = leading_number(rest.strip_prefix(':')?)?;
            Some((Location::at(path, number, Some(column)), rest.strip_prefix("): ")?))
        };
        match read() {
            Some((location, message)) => out.push(compile("cucumber", message, location, line)),
            None => self.path = None,
        }
    }
}

/// Reads Jsonnet's run-time errors: the first own frame below the message is the location.
#[derive(Debug, Default)]
pub(crate) struct Jsonnet {
    open: Option<Draft>,
}

impl Reader for Jsonnet {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(message) = line.start.strip_prefix("RUNTIME ERROR: ") {
            let mut draft = Draft::new("jsonnet", Kind::Crash, line);
            draft.say(message);
            self.open = Some(draft);
            return;
        }
        let Some(draft) = &mut self.open else { return };
        if line.indent == 0 || draft.lines() > 20 {
            out.extend(self.open.take().map(Draft::done));
            return;
        }
        draft.take(line);
        if draft.found.location.is_none() {
            draft.found.location = place_at_start(line.start)
                .filter(|place| matches!(extension(place.path), "jsonnet" | "libsonnet"))
                .map(|place| place.location());
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().map(Draft::done));
    }
}

/// Reads Thrift's errors: a location in brackets, with the message beside or below it.
#[derive(Debug, Default)]
pub(crate) struct Thrift {
    open: Option<Diagnostic>,
}

impl Reader for Thrift {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(mut found) = self.open.take() {
            if !line.start.is_empty() && !line.start.starts_with('[') {
                found.message = format!("{} {}", line.start, found.message);
                found.span = found.span.to(line.span);
            }
            out.push(found);
        }
        let Some(found) = bracketed(line) else { return };
        if found.message.starts_with('(') {
            self.open = Some(found);
        } else {
            out.push(found);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|found| found.span.start)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take());
    }
}

/// `[WARNING:tea.thrift:20] message`.
fn bracketed(line: &Seen<'_>) -> Option<Diagnostic> {
    let (inner, message) = line.start.strip_prefix('[')?.split_once("] ")?;
    let (word, place) = inner.split_once(':')?;
    let place = place_at_start(place).filter(|place| extension(place.path) == "thrift")?;
    let severity = if word == "WARNING" { Severity::Warning } else { Severity::Error };
    matches!(word, "ERROR" | "WARNING" | "FAILURE")
        .then(|| Diagnostic { severity, ..compile("thrift", message, place.location(), line) })
}
