//! Failed build scripts: the package, and the line of the script's output that gives the reason.
//!
//! ```text
//! error: failed to run custom build command for `lid-sys v0.9.80`
//!
//! Caused by:
//!   process didn't exit successfully: `/target/debug/build/lid-sys/build-script-build` (exit status: 101)
//!   --- stdout
//!   cargo:rerun-if-env-changed=LID
//!   --- stderr
//!   thread 'main' panicked at build.rs:8:10:
//!   pkg-config could not find `lid`
//! ```

use crate::{Step, compiler::is_status, panic};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Context, cut},
};

/// Maximum number of lines of a script's output.
const LINES: usize = 2_000;
/// Maximum number of lines that are kept.
const KEPT: usize = 120;

/// Sentences that name the cause, anywhere in a panic's message or a script's output; the most specific first.
const TELLING: [&str; 14] = [
    "The system library `",
    "The pkg-config command could not be found",
    "Could not find directory of OpenSSL installation",
    "Could not find `protoc`",
    "Could not run `PKG_CONFIG",
    "Unable to find libclang",
    "is `cmake` not installed?",
    "couldn't find any valid shared libraries",
    "fatal error: ",
    "No such file or directory (os error 2)",
    "couldn't execute `llvm-config",
    "No suitable version of LLVM was found",
    "failed to find tool",
    "linker `",
];
/// Sentences that only say that a program failed, whose own message is above.
const FOLLOWS: [&str; 7] = [
    ": fatal error: ",
    "command did not execute successfully",
    "build script failed, must exit now",
    "error occurred in cc-rs: Command",
    "error occurred in cc-rs: command did not",
    "error occurred: Command",
    "make failed",
];

/// The output of a build script being read.
#[derive(Debug)]
pub(crate) struct Block {
    package: String,
    in_errors: bool,
    panic: Option<panic::Block>,
    /// The sentence of [`TELLING`], a line that begins with `error`, the panic's message, the last line.
    telling: Option<(usize, String)>,
    error: Option<String>,
    panicked: Option<(String, Option<Location>)>,
    last: Option<String>,
    process: Option<String>,
    /// Why the script could not be started: the causes before any output.
    unstarted: Vec<String>,
    has_output: bool,
    lines: usize,
    context: Context,
    /// The headline only: other recognisers may report the script's output.
    span: Span,
}

impl Block {
    /// Begins with Cargo's headline.
    pub(crate) fn start(headline: &str, span: Span) -> Option<Self> {
        let rest = headline.strip_prefix("failed to run custom build command for ")?;
        let mut context = Context::default();
        context.push(headline);
        Some(Self {
            package: rest.lines().next().unwrap_or_default().to_owned(),
            in_errors: false,
            panic: None,
            telling: None,
            error: None,
            panicked: None,
            last: None,
            process: None,
            unstarted: Vec::new(),
            has_output: false,
            lines: 0,
            context,
            span,
        })
    }

    pub(crate) fn line(&mut self, text: &str, span: Span) -> Step {
        let start = text.trim_start();
        self.lines += 1;
        if self.lines > LINES
            || text.starts_with("error: ")
            || text.starts_with("error[")
            || text.starts_with("warning: ")
            || text.starts_with("##[")
            || is_status(start) && text.starts_with("  ") && !self.in_errors
        {
            return Step::Foreign;
        }
        if let Some(rest) = start.strip_prefix("process didn't exit successfully: ") {
            self.process = Some(rest.to_owned());
            self.span = self.span.to(span);
        } else if !self.has_output && self.is_reason(text, start) {
            self.unstarted.push(cut(start, 600).to_owned());
            self.span = self.span.to(span);
        }
        self.has_output |= start.starts_with("--- std");
        if self.context.lines() < KEPT {
            self.context.push(text);
        }
        if start == "--- stderr" {
            self.in_errors = true;
        } else if start == "--- stdout" || start == "Caused by:" || start.is_empty() && self.panic.is_none() {
            return Step::Taken;
        } else {
            self.output(text, start, span);
        }
        Step::Taken
    }

    /// Returns true for a cause in a script's place, without one that ran: `could not execute process …`, and what
    /// the system said of it.
    fn is_reason(&self, text: &str, start: &str) -> bool {
        start.get(1..).is_some_and(|rest| rest.starts_with("ould not execute process `"))
            || !self.unstarted.is_empty()
                && self.unstarted.len() < 4
                && text.starts_with("  ")
                && start != "Caused by:"
    }

    fn output(&mut self, text: &str, start: &str, span: Span) {
        let start = start.trim_start_matches("cargo:warning=").trim_start_matches("cargo::warning=");
        // A one-line panic contains its location: its message is examined when it is complete.
        if !start.starts_with("thread '") {
            self.tell(start);
        }
        if let Some(panic) = &mut self.panic {
            match panic.line(text, span) {
                Step::Taken => return,
                Step::Last => return self.close_panic(),
                Step::Foreign => self.close_panic(),
            }
        }
        if let Some(panic) = panic::Block::start(start, span, None) {
            self.panic = Some(panic);
            return;
        }
        self.notice(start);
    }

    /// Keeps the most specific sentence.
    fn tell(&mut self, line: &str) {
        if let Some(rank) = TELLING.iter().position(|part| line.contains(part))
            && self.telling.as_ref().is_none_or(|(known, _)| rank < *known)
        {
            self.telling = Some((rank, cut(line.trim(), 600).to_owned()));
        }
    }

    fn notice(&mut self, start: &str) {
        let is_error = start.starts_with("error") || start.starts_with("Error") || start.starts_with("ERROR");
        if self.error.is_none() && is_error {
            self.error = Some(cut(start, 600).to_owned());
        }
        if self.in_errors && !start.starts_with("note: ") && !start.starts_with("cargo:") {
            self.last = Some(cut(start, 600).to_owned());
        }
    }

    fn close_panic(&mut self) {
        let Some(panic) = self.panic.take() else { return };
        let found = panic.finish();
        found.message.lines().for_each(|line| self.tell(line));
        let place = found.location.filter(|place| !panic::is_foreign(place));
        let message = found.message.split_whitespace().collect::<Vec<_>>().join(" ");
        self.panicked = Some((message, place));
    }

    pub(crate) fn finish(mut self) -> Diagnostic {
        self.close_panic();
        let (message, place) = self.panicked.map_or((None, None), |(message, place)| (Some(message), place));
        let process = self
            .process
            .as_deref()
            .and_then(|process| process.rsplit_once('('))
            .map(|(_, status)| status.trim_end_matches(')').to_owned());
        let cause = self
            .telling
            .map(|(_, line)| line)
            .or(message)
            .or(self.error)
            .or(self.last)
            .or((!self.unstarted.is_empty()).then(|| self.unstarted.join(": ")))
            .or(process)
            .unwrap_or_default();
        let follows = FOLLOWS.iter().any(|part| cause.contains(part));
        let missing = TELLING[..10].iter().any(|part| cause.contains(part))
            || cause.contains("pkg-config")
            || cause.contains("not found");
        let headline = format!("failed to run custom build command for {}", self.package);
        Diagnostic {
            tool: "cargo".to_owned(),
            error_type: "cargo".to_owned(),
            message: if cause.is_empty() { headline } else { format!("{headline}: {cause}") },
            severity: Severity::Error,
            kind: if missing { Kind::Dependency } else { Kind::Compile },
            role: if follows { Role::Consequence } else { Role::Root },
            location: place,
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        }
    }
}
