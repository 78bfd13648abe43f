//! Cargo's own errors: a headline without a location, and `Caused by:` with the reasons below it. Also Rustup's.

use crate::{Step, cause, compiler::is_status};
use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Beginnings, Context, extension, leading_number},
};

/// Maximum number of lines of an error and its causes; later lines are not its own.
const LINES: usize = 80;

/// Beginnings of Cargo's headlines. Other tools print `error: …` too, and are not for this analyzer.
static HEADLINES: Beginnings = Beginnings::new(&[
    "failed to parse manifest",
    "failed to parse the ",
    "failed to parse lock file",
    "failed to load manifest",
    "failed to load source for dependency",
    "failed to read `",
    "failed to get `",
    "failed to fetch `",
    "failed to download from `",
    "failed to download `",
    "failed to download replaced source",
    "failed to select a version for",
    "failed to resolve patches",
    "failed to run `rustc`",
    "failed to verify the checksum",
    "failed to sync",
    "failed to publish",
    "failed to verify package tarball",
    "failed to prepare local package",
    "failed to open: ",
    "failed to determine",
    "failed to compile `",
    "no matching package named",
    "no matching package found",
    "no bin target named",
    "no example target named",
    "no test target named",
    "no library targets found in package",
    "no such command: `",
    "no upload token found",
    "no targets specified in the manifest",
    "no override and no default toolchain set",
    "a bin target must be available for `cargo run`",
    "`cargo run` could not determine",
    "api errors",
    "binary `",
    "could not find `Cargo.toml`",
    "could not execute process `",
    "could not load Cargo configuration",
    "could not parse/generate dep info",
    "cannot install package",
    "cannot specify features for packages",
    "crate `",
    "crate version `",
    "cyclic package dependency",
    "checksum for `",
    "current package believes it's in a workspace",
    "duplicate lang item",
    "environment variable `CARGO",
    "feature `",
    "found a virtual manifest at",
    "invalid character `",
    "manifest path `",
    "multiple workspace roots found",
    "network failure",
    "package ID specification `",
    "package `",
    "package(s) `",
    "package collision in the lockfile",
    "profile `",
    "rustc ",
    "rustup could not choose a version",
    "some crates failed to download",
    "target filter `",
    "the crate `",
    "the lock file ",
    "the option `Z` is only accepted",
    "the `-Z",
    "the package `",
    "the package '",
    "the 'cargo",
    "there is nothing to install in",
    "toolchain '",
    "target '",
    "component '",
    "override toolchain '",
    "custom toolchain '",
    "'cargo-",
    "'rustfmt' is not installed",
    "'cargo' is not installed",
    "two packages named `",
    "unable to get packages from source",
    "unable to update ",
    "unknown proxy name",
    "unsupported version",
    "use of unstable library feature",
    "virtual manifests must be",
    "process didn't exit successfully: `",
]);
/// Beginnings of argument errors of clap, which Cargo and most related tools use.
static ARGUMENTS: Beginnings = Beginnings::new(&[
    "unexpected argument '",
    "unrecognized subcommand '",
    "the following required arguments were not provided",
    "invalid value '",
    "the argument '",
    "a value is required for '",
    "Found argument '",
    "The following required arguments",
]);

/// The resolver's sentences about available and selected versions.
static VERSIONS: Beginnings = Beginnings::new(&[
    "... required by package",
    "versions that meet the requirements",
    "previously selected package",
    "the package `",
    "candidate versions found",
    "package `",
]);

/// An error of Cargo being read.
#[derive(Debug)]
pub(crate) struct Block {
    headline: String,
    context: Context,
    /// The first line of the innermost cause.
    cause: Option<String>,
    awaiting_cause: bool,
    /// True for help about the arguments.
    arguments: bool,
    usage: Option<String>,
    /// The resolver's sentences about versions.
    versions: Vec<String>,
    /// The position of the cause, if it is not in the headline.
    position: Option<(u32, Option<u32>)>,
    span: Span,
}

impl Block {
    /// Begins with a headline that is Cargo's.
    pub(crate) fn start(headline: &str, span: Span) -> Option<Self> {
        let arguments = ARGUMENTS.begin(headline);
        if !arguments && !HEADLINES.begin(headline) {
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
            arguments,
            usage: None,
            versions: Vec::new(),
            position: None,
            span,
        })
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = text.trim_start();
        if self.context.lines() >= LINES
            || text.starts_with("error") && (text[5..].starts_with(": ") || text[5..].starts_with('['))
            || text.starts_with("warning: ")
            || text.starts_with("##[")
            || start.starts_with("thread '") && start.contains(" panicked at ")
            || is_status(start) && text.starts_with("  ")
        {
            return Step::Foreign;
        }
        if self.arguments {
            let usage = start.strip_prefix("Usage: ").or_else(|| start.strip_prefix("USAGE:"));
            let goes_on = start.is_empty()
                || text.starts_with("  ")
                || usage.is_some()
                || start.starts_with("For more information");
            if !goes_on || self.context.lines() > 12 {
                return Step::Foreign;
            }
            if let Some(usage) = usage.map(str::trim).filter(|usage| !usage.is_empty()) {
                self.usage = Some(usage.to_owned());
            }
        } else if start == "Caused by:" {
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
        if self.headline.starts_with("failed to select a version")
            && VERSIONS.begin(start)
            && self.versions.len() < 4
        {
            self.versions.push(start.trim_start_matches("... ").to_owned());
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

    pub(crate) fn finish(mut self) -> Option<Diagnostic> {
        let headline = self.headline.lines().next().unwrap_or_default().trim_end_matches('.');
        if self.arguments {
            return self.refused();
        }
        let cause = self.cause.take().filter(|cause| !cause.starts_with("process didn't exit successfully"));
        let location = quoted_path(headline).map(|path| match self.position {
            Some((line, column)) => Location::at(path, line, column),
            None => Location::file(path),
        });
        // A program that ran and failed gave the reason itself, unless a signal ended it.
        let ran = headline.starts_with("process didn't exit successfully");
        let signal = headline.contains("(signal: ");
        let follows = ran && !signal || headline.starts_with("failed to compile `");
        let rustup = [
            "toolchain '",
            "component '",
            "target '",
            "override toolchain",
            "custom toolchain",
            "rustup ",
            "no override",
            "the 'cargo",
            "'cargo",
            "'rustfmt",
            "unknown proxy",
        ]
        .iter()
        .any(|start| headline.starts_with(start));
        let kind = match cause.as_deref().map(cause::kind) {
            Some(kind) if kind != Kind::Unknown => kind,
            _ if signal => cause::kind(headline),
            _ => kind(headline),
        };
        let message = match &cause {
            Some(cause) => format!("{headline}: {cause}"),
            None if !self.versions.is_empty() => {
                format!("{headline}: {}", self.versions.join("; ").replace(":;", ":"))
            }
            None => self.headline.clone(),
        };
        Some(Diagnostic {
            tool: if rustup { "rustup" } else { "cargo" }.to_owned(),
            error_type: "cargo".to_owned(),
            message,
            severity: Severity::Error,
            kind: if signal && kind == Kind::Unknown { Kind::Crash } else { kind },
            role: if follows { Role::Consequence } else { Role::Root },
            location,
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        })
    }

    /// The usage names the program that rejected its arguments; without it, the program is unknown.
    fn refused(mut self) -> Option<Diagnostic> {
        let usage = self.usage?;
        let program = usage.split(' ').next().unwrap_or_default().rsplit(['/', '\\']).next()?;
        let program = program.trim_end_matches(".exe").to_owned();
        Some(Diagnostic {
            confidence: if program == "cargo" { Confidence::Certain } else { Confidence::Likely },
            error_type: "arguments".to_owned(),
            tool: program,
            message: self.headline,
            severity: Severity::Error,
            kind: Kind::Configuration,
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        })
    }
}

fn kind(headline: &str) -> Kind {
    let has = |parts: &[&str]| parts.iter().any(|part| headline.contains(part));
    if has(&[
        "manifest",
        "Cargo.toml",
        "toolchain",
        "component",
        "target",
        "no such command",
        "not installed",
        "requires rustc",
        "configuration",
        "-Z",
        "`Z`",
    ]) {
        Kind::Configuration
    } else if has(&["download", "fetch", "network"]) {
        Kind::Network
    } else if headline.starts_with("process didn't") {
        Kind::Unknown
    } else {
        Kind::Dependency
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
