//! pytest's report: `FAILURES` and `ERRORS` sections in long, short, line and native style, fragments of
//! them without a header, and the short summary for failures reported in no section.

mod block;
mod ids;
mod names;
mod session;

use std::collections::VecDeque;

use grimoire_plugin_sdk::text::{Characters, Needle, leading_word, place_at_start};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Span};

use crate::found::summary;
use crate::own::is_own;
use block::Block;
use ids::Held;
use names::{
    after_outcome, is_error_line, is_test_name, is_totals, kind_of, names_a_file, plain_name, ruled, split_id,
};

/// Maximum number of lines from a fragment's location to its error.
const RECENT: usize = 12;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    #[default]
    None,
    Failures,
    Summary,
    /// Tests are running.
    Running,
    /// Another section of a pytest report, which may contain anything: passes, warnings.
    Other,
}

/// Recognises pytest's report.
#[derive(Default)]
pub(crate) struct Pytest {
    section: Section,
    block: Option<Block>,
    /// The open block has no header: it ends at the first line that does not belong to it.
    fragment: bool,
    held: Held,
    session: session::Session,
    /// Lines before a fragment's error that name locations, with their spans.
    recent: VecDeque<(String, Span)>,
    /// The test function shown in a fragment's source.
    function: Option<String>,
    /// `E` lines and an excerpt before a line of `--tb=line`.
    in_line_style: bool,
    /// The failures of this session have begun: its errors would be above them.
    has_failures: bool,
    /// In the errors of a session that a failed test ran and printed.
    is_inner: bool,
    /// Between a session's start and its totals.
    pub(crate) running: bool,
    /// A session ended since this was last queried.
    pub(crate) ended: bool,
}

impl Pytest {
    /// Reads a line; returns true if it belongs to a failure.
    pub(crate) fn line(
        &mut self,
        text: &str,
        among: Characters,
        span: Span,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        if let Some(title) = ruled(text, '=').filter(|title| !title.is_empty())
            && self.titled(title, out)
        {
            return true;
        }
        if let Some(name) = ruled(text, '―').filter(|name| !name.is_empty()) {
            // A plugin prints each failure as it happens.
            self.close(out);
            return self.begin(name, text, span, false);
        }
        match self.section {
            Section::Failures => self.failure(text, span, out),
            Section::Summary => self.summary(text, span, out) || self.outside(text, among, span, out),
            _ => self.outside(text, among, span, out),
        }
    }

    /// Reports the open failure.
    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.session.finish(out);
        self.held.release(out);
        self.section = Section::None;
        self.running = false;
        (self.has_failures, self.is_inner) = (false, false);
    }

    /// A title between rules; returns false if it is not pytest's.
    fn titled(&mut self, title: &str, out: &mut Vec<Diagnostic>) -> bool {
        if title == "ERRORS" && self.has_failures {
            self.is_inner = true;
            return true;
        }
        self.has_failures = title == "FAILURES";
        self.is_inner = false;
        let section = match title {
            "FAILURES" | "ERRORS" => Section::Failures,
            "short test summary info" => Section::Summary,
            "test session starts" => {
                self.close(out);
                self.held.release(out);
                self.held = Held::default();
                self.running = true;
                Section::Running
            }
            _ if is_totals(title) => {
                self.close(out);
                self.held.release(out);
                self.ended |= self.running;
                self.running = false;
                Section::None
            }
            // A rule printed by a running test, or by another tool, does not end the report.
            _ if self.section == Section::None && !self.running => return false,
            _ => Section::Other,
        };
        self.close(out);
        self.section = section;
        true
    }

    fn begin(&mut self, name: &str, text: &str, span: Span, fragment: bool) -> bool {
        let mut block = Block::new(name, span);
        block.keep(text.trim_matches(['_', '―', ' ']));
        self.block = Some(block);
        self.fragment = fragment;
        self.section = if fragment { self.section } else { Section::Failures };
        true
    }

    fn failure(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if let Some(name) = ruled(text, '_').filter(|name| !name.is_empty()) {
            if self.is_inner && name.starts_with("ERROR ") {
                return true;
            }
            self.is_inner = false;
            self.close(out);
            return self.begin(name, text, span, false);
        }
        if text.starts_with("##[") || text.starts_with("Process completed with exit code") || is_totals(text)
        {
            self.finish(out);
            return false;
        }
        if self.is_inner {
            return true;
        }
        let Some(block) = &mut self.block else { return self.one_line(text, span, out) };
        block.line(text, span);
        true
    }

    /// `/path/test_x.py:5: assert 1 == 2`: a failure in line style.
    fn one_line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let Some(place) = place_at_start(text).filter(|place| !place.rest.trim().is_empty()) else {
            self.in_line_style |= text.starts_with("E  ");
            return self.in_line_style;
        };
        self.in_line_style = false;
        let message = place.rest.trim();
        let found = Diagnostic {
            tool: "pytest".to_owned(),
            error_type: kind_of(message).unwrap_or("AssertionError").to_owned(),
            kind: Kind::Test,
            message: message.to_owned(),
            location: Some(place.location()).filter(|place| is_own(&place.path)),
            span,
            ..Diagnostic::default()
        };
        self.held.push("", Some(place.path), found, out);
        true
    }

    /// A line outside the sections: progress, fragments, pytest's errors about its arguments.
    fn outside(&mut self, text: &str, among: Characters, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if self.fragment {
            if self.block.as_mut().is_some_and(|block| block.takes(text, span)) {
                return true;
            }
            self.close(out);
        }
        if self.session.line(text, span, out) {
            return true;
        }
        if self.section == Section::Other {
            return false;
        }
        if let Some(name) = ruled(text, '_').filter(|name| is_test_name(name)) {
            return self.begin(name, text, span, false);
        }
        if let Some(path) = text.strip_prefix("ImportError while loading conftest '")
            && let Some(path) = path.strip_suffix("'.")
        {
            self.begin("", text, span, true);
            if let Some(block) = &mut self.block {
                block.conftest(path);
            }
            return true;
        }
        if is_error_line(text) {
            let name = self.function.take().unwrap_or_default();
            let recent = std::mem::take(&mut self.recent);
            self.begin(&name, "", recent.front().map_or(span, |(_, start)| start.to(span)), true);
            if let Some(block) = &mut self.block {
                for (line, span) in recent {
                    block.line(&line, span);
                }
                block.line(text, span);
            }
            return true;
        }
        if after_outcome(text).is_some_and(|rest| names_a_file(split_id(rest).0)) {
            return self.summary(text, span, out);
        }
        self.remember(text, among, span);
        false
    }

    /// Keeps the lines that a fragment's error may need: locations of calls, the name of the function.
    fn remember(&mut self, text: &str, among: Characters, span: Span) {
        static PYTHON: Needle = Needle::new(".py:");
        static FUNCTION: Needle = Needle::new("def test");
        if let Some(at) = FUNCTION.find_among(among, text)
            && text[..at].trim().trim_start_matches("async").is_empty()
        {
            self.function = Some(leading_word(&text[at + "def ".len()..]).0.to_owned());
        }
        let is_call = !text.starts_with([' ', '\t'])
            && PYTHON.find_among(among, text).is_some()
            && place_at_start(text).is_some_and(|place| place.rest.trim().starts_with("in "));
        let is_source = text.starts_with("    ") && !self.recent.is_empty();
        if is_call || is_source {
            if self.recent.len() == RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back((text.to_owned(), span));
        } else if !self.recent.is_empty() {
            self.recent.clear();
        }
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(block) = self.block.take() else { return };
        self.fragment = false;
        let name = match &block.node {
            Some(id) => id.split_once("::").map_or(id.as_str(), |(_, name)| name).replace("::", "."),
            None if block.name.is_empty() => block.test_function().unwrap_or_default().to_owned(),
            None => plain_name(&block.name).to_owned(),
        };
        let first = block.first_path().map(str::to_owned);
        let Some(found) = block.report() else { return };
        if name.is_empty() && first.is_none() {
            out.push(found);
        } else {
            self.held.push(&name, first.as_deref(), found, out);
        }
    }

    /// `FAILED tests/test_x.py::Class::test_name - AssertionError: …`, `ERROR tests/test_x.py - …`.
    fn summary(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if is_totals(text) {
            self.held.release(out);
            self.ended |= self.running;
            self.running = false;
            self.section = Section::None;
            return true;
        }
        let Some(rest) = after_outcome(text) else {
            return ["SKIPPED ", "XFAIL ", "XPASS ", "PASSED ", "RERUN "]
                .iter()
                .any(|word| text.starts_with(word));
        };
        let (id, message) = split_id(rest);
        // Output of passing tests is shown with the same words.
        if rest.starts_with(' ') {
            return false;
        }
        if self.held.name(id, message, span) {
            // Already reported above. The first word looks like a separate error.
            if text.starts_with("ERROR ") {
                out.push(summary("pytest", Kind::Test, text, span));
            }
            return true;
        }
        let path = id.split("::").next().unwrap_or(id);
        let whole = if message.is_empty() { format!("{id} failed") } else { message.to_owned() };
        out.push(Diagnostic {
            tool: "pytest".to_owned(),
            error_type: kind_of(&whole).unwrap_or("AssertionError").to_owned(),
            kind: Kind::Test,
            message: whole,
            test: Some(id.to_owned()),
            location: Some(Location::file(path)).filter(|_| !path.contains(' ')),
            context: text.to_owned(),
            span,
            ..Diagnostic::default()
        });
        true
    }
}
