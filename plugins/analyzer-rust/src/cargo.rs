//! Cargo's own errors: a headline without a place, and `Caused by:` with the reasons below it.

use crate::{Step, compiler::is_status};
use grimoire_plugin_sdk::{
    Diagnostic, Location, Severity, Span,
    text::{Context, extension, leading_number},
};

/// Lines of an error and its causes; what follows is not its own.
const LINES: usize = 80;

/// How a headline of Cargo begins. Other tools print `error: …`, too, and are not for this analyzer.
const HEADLINES: &[&str] = &[
    "failed to parse manifest",
    "failed to parse the ",
    "failed to load manifest",
    "failed to load source for dependency",
    "failed to read `",
    "failed to get `",
    "failed to fetch `",
    "failed to download",
    "failed to select a version for",
    "failed to resolve patches",
    "failed to run custom build command for",
    "failed to run `rustc`",
    "failed to verify the checksum",
    "failed to sync",
    "failed to publish",
    "failed to verify package tarball",
    "failed to open: ",
    "failed to determine",
    "no matching package named",
    "no matching package found",
    "no bin target named",
    "no example target named",
    "no test target named",
    "no such command: `",
    "could not find `Cargo.toml`",
    "could not execute process `",
    "could not parse/generate dep info",
    "cannot install package",
    "cannot specify features for packages",
    "cyclic package dependency",
    "checksum for `",
    "current package believes it's in a workspace",
    "duplicate lang item",
    "environment variable `CARGO",
    "invalid character `",
    "manifest path `",
    "multiple workspace roots found",
    "package ID specification `",
    "package `",
    "package collision in the lockfile",
    "rustc ",
    "target filter `",
    "the lock file ",
    "the option `Z` is only accepted",
    "the package `",
    "the package '",
    "toolchain '",
    "component '",
    "two packages named `",
    "unable to get packages from source",
    "unable to update ",
    "unsupported version",
    "use of unstable library feature",
    "virtual manifests must be",
];

/// An error of Cargo being read.
#[derive(Debug)]
pub(crate) struct Block {
    headline: String,
    context: Context,
    /// The first line of the innermost cause.
    cause: Option<String>,
    awaiting_cause: bool,
    /// The file of the cause, where it is not in the headline.
    position: Option<(u32, Option<u32>)>,
    span: Span,
}

impl Block {
    /// Begins with a headline that is Cargo's.
    pub(crate) fn start(headline: &str, span: Span) -> Option<Self> {
        if !HEADLINES.iter().any(|start| headline.starts_with(start)) {
            return None;
        }
        let mut context = Context::default();
        for line in headline.lines() {
            context.push(line);
        }
        Some(Self {
            headline: headline.to_owned(),
            context,
            cause: None,
            awaiting_cause: false,
            position: None,
            span,
        })
    }

    /// The headline, when it is about a build script, whose panic says more.
    pub(crate) fn build_script(&self) -> Option<&str> {
        self.headline.starts_with("failed to run custom build command").then_some(self.headline.as_str())
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = text.trim_start();
        if self.context.lines() >= LINES
            || text.starts_with("error") && (text[5..].starts_with(": ") || text[5..].starts_with('['))
            || text.starts_with("warning: ")
            || start.starts_with("thread '") && start.contains(" panicked at ")
            || is_status(start) && text.starts_with("  ")
        {
            return Step::Foreign;
        }
        if start == "Caused by:" {
            self.awaiting_cause = true;
        } else if self.awaiting_cause && !start.is_empty() {
            self.awaiting_cause = false;
            self.cause = Some(start.to_owned());
        } else if self.cause.as_deref().is_some_and(|cause| cause.starts_with("TOML parse error"))
            && text.starts_with("  ")
            && !start.is_empty()
            && !start.contains('|')
        {
            // The last line of the excerpt says what the parser expected.
            self.cause = Some(start.to_owned());
        }
        if let Some((_, rest)) = start.split_once("at line ")
            && let Some((line, rest)) = leading_number(rest)
        {
            let column = rest.strip_prefix(" column ").or_else(|| rest.strip_prefix(", column "));
            self.position = Some((line, column.and_then(leading_number).map(|(column, _)| column)));
        }
        if !start.is_empty() {
            self.context.push(text);
            self.span = self.span.to(span);
        }
        Step::Taken
    }

    pub(crate) fn finish(mut self) -> Diagnostic {
        let headline = self.headline.lines().next().unwrap_or_default().trim_end_matches('.');
        let cause = self.cause.take().filter(|cause| !cause.starts_with("process didn't exit successfully"));
        let location = quoted_path(headline).map(|path| match self.position {
            Some((line, column)) => Location::at(path, line, column),
            None => Location::file(path),
        });
        let message = match cause {
            Some(cause) => format!("{headline}: {cause}"),
            None => self.headline.clone(),
        };
        Diagnostic {
            tool: "cargo".to_owned(),
            error_type: category(headline).to_owned(),
            code: None,
            message,
            severity: Severity::Error,
            location,
            stack_trace: Vec::new(),
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        }
    }
}

fn category(headline: &str) -> &'static str {
    if headline.contains("manifest") || headline.contains("Cargo.toml") {
        "manifest"
    } else if headline.contains("custom build command") {
        "build-script"
    } else if headline.contains("lock file") {
        "lock-file"
    } else if headline.contains("download") || headline.contains("fetch") || headline.contains("checksum") {
        "download"
    } else if headline.contains("version") || headline.contains("package") || headline.contains("dependency")
    {
        "resolver"
    } else {
        "cargo"
    }
}

/// A manifest's path in backticks.
fn quoted_path(headline: &str) -> Option<&str> {
    headline
        .split('`')
        .skip(1)
        .step_by(2)
        .find(|path| extension(path) == "toml" && path.contains(['/', '\\']))
}
