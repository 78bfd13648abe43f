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

mod found;
mod lint;
mod packaging;
mod pytest;
mod reports;
mod ruff;
mod traceback;

use grimoire_plugin_sdk::json::Objects;
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
}

impl LineAnalyzer for Python {
    /// Reports of one line (JSON) are long.
    const LINE_LIMIT: usize = 1024 * 1024;

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        if line.echoed {
            return;
        }
        let text = without_build_prefix(&line.text);
        if text.len() > MOST_TEXT && !text.starts_with(['{', '[']) {
            return;
        }
        let claimed = self.objects.line(text, line.span, &mut |value, span| reports::read(value, span, out))
            || self.pytest.line(text, line.span, out)
            || self.traceback.line(text, line.span, out)
            || self.ruff.line(line, text, out);
        if !claimed {
            self.packaging.line(text, line.span, out);
            self.lint.line(text, line.span, out);
        }
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.pytest.finish(out);
        self.traceback.finish(out);
        self.ruff.finish(out);
        self.packaging.finish(out);
        self.lint.finish(out);
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
