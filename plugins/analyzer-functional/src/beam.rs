//! Checkers of Elixir and Erlang: Credo, Dialyzer; and Erlang's compiler, EUnit and Common Test.

use crate::{
    elixir,
    panel::{Draft, Reader, Seen, single, typed},
};
use grimoire_plugin_sdk::{
    Diagnostic,
    Kind::{self, Compile, Lint, Unknown},
    Location, Role, Severity,
    text::{Needle, extension, leading_number, place_at_start},
};

/// Credo: `[W] ↗ message` with the location below it, before the message, or in the format of other tools.
///
/// ```text
/// ┃ [R] → Modules should have a @moduledoc tag.
/// ┃       lib/pot.ex:1:11 #(Pot)
/// [R] → lib/pot.ex:1:11 Modules should have a @moduledoc tag.
/// lib/pot.ex:1:11: R: Modules should have a @moduledoc tag.
/// ```
#[derive(Debug, Default)]
pub(crate) struct Credo {
    open: Option<Draft>,
}

fn category(letter: &str) -> Option<&'static str> {
    Some(match letter {
        "C" => "consistency",
        "D" => "design",
        "F" => "refactor",
        "R" => "readability",
        "W" => "warning",
        _ => return None,
    })
}

impl Reader for Credo {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start.trim_start_matches(['┃', '|', ' ']);
        if let Some(draft) = &mut self.open {
            if let Some(place) = place_at_start(start).filter(|place| elixir::is_source(place.path)) {
                draft.take(line);
                draft.found.location = Some(place.location());
                out.extend(self.open.take().map(Draft::done));
                return;
            }
            if !start.is_empty() && draft.lines() < 4 && !start.starts_with('[') {
                draft.take(line);
                draft.go_on(start);
                return;
            }
            self.open = None;
        }
        if let Some((letter, rest)) = start.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
            let Some(category) = category(letter) else { return };
            let text = rest.trim_start_matches(['→', '↗', '↘', '↑', '↓', ' ']);
            if text.len() == rest.len() {
                return;
            }
            let mut draft = Draft::new("credo", Lint, line);
            category.clone_into(&mut draft.found.error_type);
            if let Some(place) = place_at_start(text).filter(|place| elixir::is_source(place.path)) {
                draft.found.location = Some(place.location());
                draft.say(place.rest);
                out.push(draft.done());
            } else {
                draft.say(text);
                self.open = Some(draft);
            }
        } else if let Some(place) = place_at_start(start).filter(|place| elixir::is_source(place.path))
            && let Some((letter, message)) = place.rest.trim_start().split_once(": ")
            && let Some(category) = category(letter)
        {
            let mut found = single("credo", Lint, message, line);
            category.clone_into(&mut found.error_type);
            found.location = Some(place.location());
            out.push(found);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, _: &mut Vec<Diagnostic>) {
        self.open = None;
    }
}

/// Dialyxir: `lib/pot.ex:12:8:no_return`, with the message after it, or below it up to a line of underscores.
#[derive(Debug, Default)]
pub(crate) struct Dialyzer {
    open: Option<Draft>,
}

impl Reader for Dialyzer {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(draft) = &mut self.open {
            if !line.start.starts_with("____") && draft.lines() < 24 {
                if !line.start.is_empty() {
                    draft.take(line);
                    if draft.lines() < 12 {
                        draft.say(line.start);
                    }
                }
                return;
            }
            self.finish(out);
        }
        let Some(place) = place_at_start(line.start).filter(|place| elixir::is_source(place.path)) else {
            return;
        };
        let (name, message) = place.rest.split_once(' ').unwrap_or((place.rest, ""));
        let named = name.contains('_') && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if !named && name != "call" {
            return;
        }
        let mut draft = Draft::new("dialyzer", Lint, line);
        draft.found.code = Some(name.to_owned());
        draft.found.location = Some(place.location());
        draft.say(message);
        self.open = Some(draft);
        if !message.is_empty() {
            self.finish(out);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().filter(|draft| !draft.found.message.is_empty()).map(Draft::done));
    }
}

/// Erlang's compiler: `src/pot.erl:12:5: syntax error before: '.'`.
pub(crate) fn erlc(line: &Seen<'_>) -> Option<Diagnostic> {
    let place = place_at_start(line.start)?;
    if !matches!(extension(place.path), "erl" | "hrl" | "yrl" | "xrl") || place.rest.is_empty() {
        return None;
    }
    let text = place.rest.trim_start();
    if text.starts_with("in ") || text.len() < 4 || !place.rest.starts_with(' ') {
        return None;
    }
    let (severity, message) = match text.strip_prefix("Warning: ") {
        Some(message) => (Severity::Warning, message),
        None => (Severity::Error, text),
    };
    let mut found = single("erlc", Compile, message, line);
    found.severity = severity;
    found.location = Some(place.location());
    Some(typed(found))
}

/// Rebar3's excerpts: the file in a corner, the source beside a bar, the message at the end of an arrow.
#[derive(Debug, Default)]
pub(crate) struct Excerpt {
    open: Option<Draft>,
    path: String,
    number: u32,
}

impl Reader for Excerpt {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if let Some(path) = start.strip_prefix("┌─ ") {
            path.trim_end_matches(':').clone_into(&mut self.path);
            self.number = 0;
            self.open = elixir::is_source(&self.path).then(|| Draft::new("rebar3", Compile, line));
            return;
        }
        let Some(draft) = &mut self.open else { return };
        let number = leading_number(start).filter(|(_, rest)| rest.trim_start().starts_with('│'));
        if draft.lines() > 24 || !(number.is_some() || start.starts_with('│')) {
            self.open = None;
            return;
        }
        draft.take(line);
        if let Some((number, _)) = number {
            self.number = number;
        } else if let Some((_, message)) = start.split_once("╰") {
            let message = message.trim_start_matches(['─', ' ']);
            let (severity, message) = match message.strip_prefix("Warning: ") {
                Some(message) => (Severity::Warning, message),
                None => (Severity::Error, message),
            };
            draft.found.severity = severity;
            draft.say(message);
            draft.found.location = Some(Location::at(&self.path, self.number, None));
            out.extend(self.open.take().map(Draft::done));
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, _: &mut Vec<Diagnostic>) {
        self.open = None;
    }
}

/// EUnit and Common Test, in Rebar3's format and in their own.
///
/// ```text
///   1) pot_tests:holds_test/0
///      Failure/Error: ?assertEqual(2, pot : cups ( ))
///        expected: 2
///             got: 1
///      %% /app/test/pot_tests.erl:8:in `pot_tests:-holds_test/0-fun-0-/0`
///
/// pot_tests:8: holds_test...*failed*
/// in function pot_tests:'-holds_test/0-fun-0-'/0 (test/pot_tests.erl, line 8)
/// **error:{assertEqual,[{module,pot_tests},{expected,2},{value,1}]}
/// ```
#[derive(Debug, Default)]
pub(crate) struct Eunit {
    open: Option<Draft>,
    said: usize,
}

/// `%%% pot_SUITE ==> holds: FAILED`, `1) pot_tests:holds_test/0`, `pot_tests:8: holds_test...*failed*`.
fn heading(start: &str) -> Option<String> {
    if let Some(rest) = start.strip_prefix("%%% ") {
        let (suite, test) = rest.split_once(" ==> ")?;
        let test = test.strip_suffix(": FAILED")?;
        return Some(format!("{suite}:{test}"));
    }
    if let Some(text) = start.strip_suffix("...*failed*") {
        return Some(text.to_owned());
    }
    let (_, rest) = leading_number(start)?;
    let test = rest.strip_prefix(") ")?;
    (test.contains(':')
        && test
            .rsplit_once('/')
            .is_some_and(|(_, arity)| !arity.is_empty() && arity.bytes().all(|b| b.is_ascii_digit())))
    .then(|| test.to_owned())
}

impl Eunit {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().filter(|_| self.said > 0).map(Draft::done));
        self.said = 0;
    }

    fn begin(&mut self, test: String, line: &Seen<'_>) {
        let mut draft = Draft::new("eunit", Kind::Test, line);
        if line.start.starts_with("%%% ") {
            "common_test".clone_into(&mut draft.found.tool);
        }
        draft.found.test = Some(test);
        "assertion".clone_into(&mut draft.found.error_type);
        self.open = Some(draft);
        self.said = 0;
    }
}

impl Reader for Eunit {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        static LINE: Needle = Needle::new(", line ");
        static FAILED: Needle = Needle::new(" failed on line ");
        let start = line.start;
        if let Some(test) = heading(start) {
            self.close(out);
            self.begin(test, line);
            return;
        }
        if let Some((test, _)) = FAILED.split_among(line.characters, start).filter(|(test, number)| {
            test.contains(':') && !test.contains(' ') && number.bytes().all(|byte| byte.is_ascii_digit())
        }) {
            self.close(out);
            self.begin(test.to_owned(), line);
            return;
        }
        let Some(draft) = &mut self.open else { return };
        if draft.lines() > 40 {
            return self.close(out);
        }
        // Common Test prints the reason after the suite's name.
        if let Some((_, reason)) = start.strip_prefix("%%% ").and_then(|rest| rest.split_once(" ==>")) {
            let reason = reason.trim();
            if reason.ends_with(": OK") || reason.contains(": SKIP") {
                return self.close(out);
            }
            draft.take(line);
            if !reason.is_empty() {
                draft.say(reason);
                self.said += 1;
            }
            return;
        }
        if let Some(reason) = start.strip_prefix("Reason: ").filter(|_| self.said == 0) {
            "common_test".clone_into(&mut draft.found.tool);
            draft.take(line);
            draft.say(reason);
            self.said += 1;
            return self.close(out);
        }
        if let Some(rest) = start.strip_prefix("Failure/Error: ") {
            draft.say(rest);
            self.said += 1;
        } else if let Some(place) = start.strip_prefix("%% ").and_then(place_at_start) {
            draft.found.location = Some(place.location());
            draft.take(line);
            return self.close(out);
        } else if start.starts_with("**") && start.contains(':') {
            draft.say(start.trim_start_matches('*'));
            self.said += 1;
            draft.take(line);
            return self.close(out);
        } else if let Some((before, number)) = LINE.split_among(line.characters, start)
            && let Some((number, _)) = leading_number(number)
            && let Some((_, path)) = before.rsplit_once('(')
        {
            if draft.found.location.is_none() && elixir::is_source(path) {
                draft.found.location = Some(Location::at(path, number, None));
            }
        } else if let Some(number) = start.strip_prefix("line: ").and_then(leading_number) {
            let (number, _) = number;
            draft.say(&format!("line: {number}"));
            return self.close(out);
        } else if self.said > 0 && !start.is_empty() && self.said < 12 {
            draft.say(start);
            self.said += 1;
        } else if start.is_empty() && self.said > 0 {
            return self.close(out);
        }
        if let Some(draft) = &mut self.open {
            draft.take(line);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}

/// Lines that only count failures.
pub(crate) fn summary(line: &Seen<'_>) -> Option<Diagnostic> {
    let start = line.start;
    let count = |text: &str| leading_number(text).is_some_and(|(count, _)| count > 0);
    let (tool, holds) = if let Some(rest) = start.strip_prefix("Total errors: ") {
        ("dialyzer", count(rest) && rest.contains("Skipped: "))
    } else if start == "done (warnings were emitted)" {
        ("dialyzer", true)
    } else if let Some(rest) = start.strip_prefix("Failed: ") {
        ("eunit", count(rest) && rest.contains("Passed: "))
    } else if let Some(rest) = start.strip_prefix("Failed ") {
        ("common_test", count(rest) && rest.contains(" tests. Passed "))
    } else {
        return None;
    };
    let found = single(tool, Unknown, start, line);
    holds.then(|| Diagnostic { role: Role::Summary, error_type: "failed".to_owned(), ..found })
}
