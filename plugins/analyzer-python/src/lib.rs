//! Finds the errors of Python and its tools in logs.
//!
//! | tool | input |
//! | --- | --- |
//! | `python` | tracebacks, including logged and chained ones (last exception, its direct cause, innermost location in own code), syntax errors, exception groups, boxes, crashes, missing modules and files |
//! | `unittest` (Trial too), `pytest`, `doctest` | one diagnostic per failing test with its id; pytest in long, short, line and native style, fragments of it, collection and fixture errors, timeouts, the summary for failures reported nowhere else |
//! | `behave`, `robot` | one diagnostic per failing scenario or test |
//! | `mypy`, `pyright` | text with codes, notes attached; JSON |
//! | `ruff`, `ty`, `flake8`, `pylint`, `pydocstyle`, `bandit` and less common linters | every text format, JSON |
//! | `black`, `isort`, `ruff format`, `usort` | one diagnostic per file that they would change or cannot read |
//! | `pip`, `uv`, `poetry`, `conda`, `pipenv`, `pdm`, `build`, `hatch`, `setuptools`, `maturin`, `cython` | conflicts, missing versions, outdated lock files, hashes, builds with their inner cause |
//! | `tox`, `nox` | the environment that failed, as a summary; inputs that they reject themselves |
//! | `django`, `alembic` | system checks, commands, missing migrations |
//! | `sphinx`, `mkdocs`, `docutils` | findings, as errors if the build treats them as such; configuration |
//! | `jupyter` | cells that raise an exception |
//! | `coverage`, `twine`, `pip-audit`, `interrogate`, `readthedocs` | unmet requirements, refused uploads and settings |
//!
//! Each recogniser is a small state machine over lines in its own module. A line that belongs to an open
//! block of one recogniser is withheld from the others; any other line goes to all of them.
#![deny(unsafe_code)]

mod cause;
mod conda;
mod django;
mod docs;
mod doctest;
mod finding;
mod format;
mod forms;
mod found;
mod gates;
mod interpreter;
mod kinds;
mod lint;
mod notebook;
mod own;
mod pip;
mod pip_words;
mod poetry;
mod prefix;
mod projects;
mod pytest;
mod reports;
mod rich;
mod ruff;
mod runners;
mod suites;
mod tools;
mod traceback;
mod unittest;
mod uv;

use std::hash::{DefaultHasher, Hash, Hasher};

use grimoire_plugin_sdk::json::Objects;
use grimoire_plugin_sdk::text::{Characters, Deduplicator};
use grimoire_plugin_sdk::{Diagnostic, Kind, Line, LineAnalyzer, LineScan, Marker, Span};

/// The analyzer; see the crate documentation.
#[derive(Default)]
pub struct Python {
    objects: Objects,
    traceback: traceback::Tracebacks,
    rich: rich::Rich,
    notebook: notebook::Notebook,
    pytest: pytest::Pytest,
    unittest: unittest::Unittest,
    doctest: doctest::Doctest,
    suites: suites::Suites,
    django: django::Django,
    docs: docs::Docs,
    ruff: ruff::Ruff,
    lint: lint::Lint,
    format: format::Format,
    installers: Installers,
    runners: runners::Runners,
    gates: gates::Gates,
    interpreter: interpreter::Interpreter,
    /// Tracebacks not announced by a test's header: what passing tests log is not an error.
    loose: Vec<Diagnostic>,
    /// One failure is often reported twice: logged by the program and reported by its test runner.
    told: Deduplicator,
}

/// The tools that install packages.
#[derive(Default)]
struct Installers {
    pip: pip::Pip,
    uv: uv::Uv,
    poetry: poetry::Poetry,
    conda: conda::Conda,
    projects: projects::Projects,
}

/// Every log that this analyzer can say something about contains at least one of these.
const PROBES: &[&str] = &[
    // The language and its runners.
    ".py",
    ".ipynb",
    "stdin:",
    "ython",
    "Traceback",
    "pytest",
    "AssertionError",
    "AttributeError",
    "ImportError",
    "KeyError",
    "ValueError",
    "E       ",
    "ERROR at setup of",
    "Interrupted: ",
    "FAILED (",
    "ASSERT FAILED",
    "short test summary",
    "FAILURES =",
    "Cell In[",
    "Failed example",
    "FAIL: ",
    "| FAIL |",
    ".feature",
    "hook id",
    // Packages.
    "pip ",
    "pip's",
    "pip-",
    "which is not installed",
    "has requirement",
    "ResolutionImpossible",
    "matching distribution",
    "satisfies the requirement",
    "conflict is caused by",
    "conflicting dependencies",
    "did not run successfully",
    "building wheel",
    "Building wheel",
    "build wheels",
    "THE HASHES",
    "externally",
    "requirements.txt",
    "No solution found",
    "Failed to download",
    "Failed to build",
    "Failed to fetch",
    "Failed to spawn",
    "Hash mismatch",
    "uv.lock",
    "build backend",
    "Backend subprocess",
    "Multiple top-level",
    "No virtual environment",
    "No interpreter found",
    "poetry",
    "Poetry",
    "pyproject.toml",
    "version solving failed",
    "Group(s) not found",
    ") not found.",
    "The option \"--",
    "Unknown environment: ",
    "installation candidates",
    "conda",
    "mamba",
    "PackagesNotFoundError",
    "ResolvePackageNotFound",
    "UnsatisfiableError",
    "environment specs",
    "Pipfile",
    "Locking Failed!",
    "Config validation error in `",
    "your project's configuration. ",
    "PdmUsageError",
    "maturin",
    "setuptools",
    "find a resolution",
    // Environments, demands, frameworks.
    "InvocationError",
    "commands failed",
    ": FAIL code",
    ": FAIL ✖",
    "evaluation failed",
    "nox > ",
    "HandledError",
    "could not install deps",
    "unknown environment '",
    "InterpreterNotFound",
    "tox config file",
    "tox.ini",
    "SystemCheckError",
    "CommandError",
    "Unknown command: '",
    "Migrations for '",
    "alembic",
    "Sphinx",
    ".rst",
    "strict mode!",
    "fail-under",
    "test coverage of",
    "pypi.org",
    "InvalidDistribution",
    "Trusted publishing",
    "known vulnerabilit",
    "unrecognized arguments",
    "arguments are required",
    "No such option",
    "would reformat",
    "Would reformat",
    "would be reformatted",
    "incorrectly sorted",
    "pylint",
    "** Module ",
    "messageId",
    "message-id",
    "ruff",
    "mypy",
    "] FAIL",
    "violations\"",
    "rule_code",
    " ==> ",
];

/// Maximum number of tracebacks held until the end of the tests.
const LOOSE: usize = 500;
/// Maximum length of a text line that may be an error, in bytes; longer lines are data.
const MOST_TEXT: usize = 16 * 1024;

impl LineAnalyzer for Python {
    const TOOLS: &'static [&'static str] = tools::TOOLS;

    /// One-line reports (JSON) are long.
    const LINE_LIMIT: usize = 1024 * 1024;

    const PROBES: &'static [&'static str] = PROBES;

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        let before = out.len();
        if line.echoed {
            if line.marker == Some(Marker::Group) {
                // The end of a step: reports what it printed before its tests.
                out.append(&mut self.loose);
                self.settle(before, out);
            }
            self.django.echo(&line.text);
            return;
        }
        let text = prefix::strip(&line.text);
        if text.len() > MOST_TEXT && !text.starts_with(['{', '[']) {
            return;
        }
        self.text(line, text, out);
        self.settle(before, out);
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let before = out.len();
        self.pytest.finish(out);
        self.loose_tracebacks(&Tracebacks::Finish, out);
        self.installers.finish(out);
        self.ruff.finish(out);
        self.lint.finish(out);
        self.format.finish(out);
        self.docs.finish(out);
        self.doctest.finish(out);
        self.django.finish(out);
        self.runners.finish(out);
        self.gates.finish(out);
        self.interpreter.finish(out);
        out.append(&mut self.loose);
        self.settle(before, out);
    }
}

/// The input of the traceback recogniser.
enum Tracebacks<'a> {
    Line(&'a str, Span),
    Finish,
}

impl Python {
    fn text(&mut self, line: &Line<'_>, text: &str, out: &mut Vec<Diagnostic>) {
        let span = line.span;
        let among = Characters::of(text);
        if let Some(inner) = text.strip_prefix("INTERNALERROR> ") {
            // pytest's own failure, sometimes within an error line.
            let inner = inner.strip_prefix("E ").map_or(inner, str::trim_start);
            self.loose_tracebacks(&Tracebacks::Line(inner, span), out);
            return;
        }
        let claimed = self.objects.line(text, span, &mut |value, span| reports::read(value, span, out))
            || self.pytest.line(text, among, span, out)
            || self.installed(text, among, span, out)
            || self.doctest.line(text, span, out)
            || self.notebook.line(text, among, span, out)
            || self.rich.line(text, span, out)
            || self.loose_tracebacks(&Tracebacks::Line(text, span), out)
            || self.ruff.line(line, text, out);
        if std::mem::take(&mut self.pytest.ended) || self.unittest.ends(text, span, out) {
            // The tests' own report has reported the failures.
            self.loose_tracebacks(&Tracebacks::Finish, out);
            self.loose.clear();
        }
        if claimed {
            self.lint.finish(out);
            return;
        }
        let claimed = self.suites.line(text, span, out)
            || self.format.line(text, span, out)
            || self.django.line(text, among, span, out)
            || self.docs.line(text, among, span, out)
            || self.runners.line(text, among, span, out)
            || self.gates.line(text, span, out)
            || self.interpreter.line(text, among, span, out);
        if claimed {
            self.lint.finish(out);
        } else {
            self.lint.line(text, among, span, out);
        }
    }

    /// Passes the line to the installers, whose errors may contain a traceback of the build.
    fn installed(&mut self, text: &str, among: Characters, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let before = out.len();
        let claimed = self.installers.line(text, among, span, out);
        if let Some(whole) = out.get(before).map(|found| found.span)
            && !self.loose.is_empty() | claimed
        {
            self.loose_tracebacks(&Tracebacks::Finish, out);
            self.loose.retain(|inner| inner.span.start < whole.start || inner.span.end > whole.end);
        }
        claimed
    }

    /// Runs the traceback recogniser and sets aside results not announced by a test's header.
    fn loose_tracebacks(&mut self, what: &Tracebacks<'_>, out: &mut Vec<Diagnostic>) -> bool {
        let before = out.len();
        let claimed = match what {
            Tracebacks::Line(text, span) => self.traceback.line(text, *span, out),
            Tracebacks::Finish => {
                self.traceback.finish(out);
                false
            }
        };
        let mut at = before;
        while at < out.len() {
            if out[at].tool != "python" {
                at += 1;
            } else if let Some((name, place)) = self.suites.scenario() {
                let found = &mut out[at];
                "behave".clone_into(&mut found.tool);
                found.kind = Kind::Test;
                found.test = Some(format!("{}:{}", place.path, place.line().unwrap_or(0)));
                found.context = format!("{name}\n{}", found.context);
                at += 1;
            } else if self.loose.len() < LOOSE {
                self.loose.push(out.remove(at));
            } else {
                at += 1;
            }
        }
        claimed
    }

    /// Drops findings that were reported before, whichever tool reports them now.
    fn settle(&mut self, before: usize, out: &mut Vec<Diagnostic>) {
        out[before..].sort_by_key(|found| found.span.start);
        let mut at = before;
        while at < out.len() {
            let found = &out[at];
            let mut hasher = DefaultHasher::new();
            (&found.code, &found.message, &found.location, &found.test).hash(&mut hasher);
            if self.told.is_first_key(hasher.finish()) {
                at += 1;
            } else {
                out.remove(at);
            }
        }
    }
}

impl Installers {
    fn line(&mut self, text: &str, among: Characters, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        self.pip.line(text, span, out)
            || self.uv.line(text, span, out)
            || self.poetry.line(text, among, span, out)
            || self.conda.line(text, span, out)
            || self.projects.line(text, span, out)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.pip.finish(out);
        self.uv.finish(out);
        self.poetry.finish(out);
        self.conda.finish(out);
        self.projects.finish(out);
    }
}

grimoire_plugin_sdk::export_analyzer!(LineScan<Python>);

/// The analyzer as run by the host.
pub type Scan = LineScan<Python>;
