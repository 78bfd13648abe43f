//! Finds the errors of Python and its tools in logs.
//!
//! | tool | what is read |
//! | --- | --- |
//! | `python` | tracebacks, chained ones too (innermost error type, outermost own place), syntax errors, exception groups |
//! | `unittest`, `pytest` | one diagnostic a failing test; pytest in long, short, line and native style, collection errors, the summary where nothing else tells |
//! | `mypy`, `pyright` | text with codes, notes attached; JSON |
//! | `ruff`, `ty`, `flake8`, `pylint`, `pydocstyle`, `bandit` | every text format, JSON |
//! | `black`, `isort`, `pip`, `uv` | files they refuse, requirements they cannot meet |
//!
//! Each recogniser is a small state machine over lines in a module of its own. A line goes to them in
//! turn until one claims it.
#![deny(unsafe_code)]

mod found;
mod lint;
mod own;
mod packaging;
mod pytest;
mod reports;
mod ruff;
mod traceback;

use std::hash::{DefaultHasher, Hash, Hasher};

use grimoire_plugin_sdk::json::Objects;
use grimoire_plugin_sdk::text::Deduplicator;
use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan};

/// The analyzer: see the crate's documentation.
#[derive(Default)]
pub struct Python {
    objects: Objects,
    traceback: traceback::Tracebacks,
    pytest: pytest::Pytest,
    ruff: ruff::Ruff,
    lint: lint::Lint,
    packaging: packaging::Packaging,
    /// One failure is often told twice: logged by the program and reported by its test runner.
    told: Deduplicator,
    /// Something was reported.
    reported: bool,
    /// A script says that a command which it ran failed: reported when nothing else is.
    consequence: Option<Diagnostic>,
}

impl LineAnalyzer for Python {
    /// Reports of one line (JSON) are long.
    const LINE_LIMIT: usize = 1024 * 1024;

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        if line.echoed {
            return;
        }
        let before = out.len();
        let text = without_build_prefix(&line.text);
        if text.len() > MOST_TEXT && !text.starts_with(['{', '[']) {
            return;
        }
        let claimed = self.objects.line(text, line.span, &mut |value, span| reports::read(value, span, out))
            || self.pytest.line(text, line.span, out)
            || self.traceback.line(text, line.span, out)
            || self.ruff.line(line, text, out);
        if claimed {
            self.lint.finish(out);
        } else {
            self.packaging.line(text, line.span, out);
            self.lint.line(text, line.span, out);
        }
        self.settle(before, out);
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let before = out.len();
        self.pytest.finish(out);
        self.traceback.finish(out);
        self.ruff.finish(out);
        self.packaging.finish(out);
        self.lint.finish(out);
        self.settle(before, out);
        out.extend(self.consequence.take().filter(|_| !self.reported));
    }
}

impl Python {
    /// Drops what was told before, whichever tool tells it now, and keeps consequences back.
    fn settle(&mut self, before: usize, out: &mut Vec<Diagnostic>) {
        out[before..].sort_by_key(|found| found.span.start);
        let mut at = before;
        while at < out.len() {
            let found = &out[at];
            let mut hasher = DefaultHasher::new();
            (&found.code, &found.message, &found.location).hash(&mut hasher);
            if !self.told.is_first_key(hasher.finish()) {
                out.remove(at);
            } else if found.message.contains("returned non-zero exit status") {
                let found = out.remove(at);
                self.consequence.get_or_insert(found);
            } else {
                self.reported = true;
                at += 1;
            }
        }
    }
}

/// Bytes of a line of text that may be an error; longer ones are data.
const MOST_TEXT: usize = 16 * 1024;

/// Without what image builders put before each line: `#12 3.456 `.
fn without_build_prefix(text: &str) -> &str {
    let Some(rest) = text.strip_prefix('#') else { return text };
    let mut parts = rest.splitn(3, ' ');
    let number = parts.next().unwrap_or_default();
    let seconds = parts.next().unwrap_or_default();
    let is_prefix = !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && seconds.split_once('.').is_some_and(|(whole, part)| {
            !whole.is_empty()
                && part.len() <= 3
                && whole.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit())
        });
    if is_prefix { parts.next().unwrap_or_default() } else { text }
}

grimoire_plugin_sdk::export_analyzer!(LineScan<Python>);

/// The analyzer as the host runs it.
pub type Scan = LineScan<Python>;
