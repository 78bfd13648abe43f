//! `go: …`: modules, checksums, versions, toolchains. Details are indented below.
//!
//! ```text
//! go: example.org/kettle@v1.2.3 requires
//!         example.org/lid@v0.0.0: invalid version: unknown revision 1234
//! go: errors parsing go.mod:
//! /src/go.mod:5: unknown directive: tool
//! ```

use crate::view::View;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Beginnings, Context, place_at_start},
};

/// Maximum number of lines of one message.
const LINES: usize = 24;
/// Maximum length of a message.
const LONG: usize = 700;

/// Progress.
static PROGRESS: Beginnings = Beginnings::new(&[
    "downloading ",
    "finding ",
    "extracting ",
    "found ",
    "added ",
    "upgraded ",
    "downgraded ",
    "removed ",
    "creating ",
    "converting ",
    "copying ",
    "trying ",
    "upgrading ",
    "switching to ",
    "using ",
    "to add ",
    "no module dependencies",
    "warning: ",
    "finding module for package",
    "matched no packages",
    "updating ",
    "writing ",
    "overwriting ",
    "disabling ",
    "accepting ",
]);

/// Help text below an error.
static HELP: Beginnings = Beginnings::new(&[
    "To ignore the vendor directory",
    "To sync the vendor directory",
    "Confirm the import path",
    "If this is a private repository",
    "Use -buildvcs=false",
    "server response:",
    "Upgrade to",
    "see https://",
    "See https://",
    "go mod vendor",
]);

/// Reads these messages.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    open: Option<Block>,
}

/// A message being read.
#[derive(Debug)]
struct Block {
    message: String,
    location: Option<Location>,
    /// True if lines without indentation belong to it as well: locations in `go.mod`.
    places: bool,
    context: Context,
    span: Span,
}

impl Modules {
    /// Reads a line; returns whether it belongs to a message.
    pub(crate) fn line(&mut self, view: &View<'_>, out: &mut Vec<Diagnostic>) -> bool {
        if let Some(block) = &mut self.open {
            if block.line(view) {
                return true;
            }
            self.finish(out);
        }
        self.open = Block::start(view);
        if self.open.is_some() {
            return true;
        }
        // `go.mod:5: …` without its headline.
        if let Some(place) = place_at_start(view.text)
            .filter(|place| is_module_file(place.path) && place.rest.starts_with(' '))
        {
            out.push(Diagnostic {
                location: Some(place.location()),
                span: view.span,
                context: view.text.to_owned(),
                ..found(place.rest.trim())
            });
            return true;
        }
        if view.text == "SECURITY ERROR" {
            return true;
        }
        false
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some(block) = self.open.take() {
            out.push(block.finish());
        }
    }
}

/// What Go before 1.16 says of a version that it chose: `example.org/tea upgrade => v1.1.0`.
fn is_choice(message: &str) -> bool {
    let mut words = message.split(' ').skip(2);
    words.next() == Some("=>")
        && words.next().is_some_and(|version| version.starts_with('v'))
        && words.next().is_none()
}

impl Block {
    /// `go: message`, `go get: message`.
    fn start(view: &View<'_>) -> Option<Self> {
        const COMMANDS: [&str; 14] = [
            "build", "run", "test", "install", "get", "list", "mod", "vet", "tool", "generate", "work",
            "env", "clean", "fmt",
        ];
        let rest = view.text.strip_prefix("go")?;
        let message = match rest.strip_prefix(": ") {
            Some(message) => message,
            None => {
                let (command, message) = rest.strip_prefix(' ')?.split_once(": ")?;
                let first = command.split(' ').next()?;
                (COMMANDS.contains(&first) && command.len() < 30).then_some(message)?
            }
        };
        let message = message.trim();
        if message.is_empty() || PROGRESS.begin(message) || is_choice(message) {
            return None;
        }
        let mut context = Context::default();
        context.push(view.text);
        Some(Self {
            message: message.to_owned(),
            location: None,
            places: message.starts_with("errors parsing "),
            context,
            span: view.span,
        })
    }

    fn line(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        if self.context.lines() > LINES {
            return false;
        }
        if self.places
            && let Some(place) = place_at_start(text).filter(|place| is_module_file(place.path))
        {
            // The first one is reported; the others go into the context.
            if self.location.is_none() {
                self.location = Some(place.location());
                self.message = format!("{} {}", self.message, place.rest.trim());
            }
        } else if text.is_empty() {
            // Paragraphs of help follow blank lines.
            return self.context.lines() > 1 && self.message.contains("inconsistent vendoring");
        } else if !view.body.starts_with('\t') && !view.body.starts_with("  ") {
            return false;
        } else if !HELP.begin(text) && self.message.len() < LONG {
            self.message.push(' ');
            self.message.push_str(text);
        }
        self.context.push(view.body);
        self.span = self.span.to(view.span);
        true
    }

    fn finish(mut self) -> Diagnostic {
        let end = self.message.floor_char_boundary(LONG);
        self.message.truncate(end);
        Diagnostic {
            location: self.location,
            context: self.context.take(),
            span: self.span,
            ..found(&self.message)
        }
    }
}

fn is_module_file(path: &str) -> bool {
    matches!(path.rsplit(['/', '\\']).next().unwrap_or_default(), "go.mod" | "go.sum" | "go.work")
}

fn found(message: &str) -> Diagnostic {
    let has = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
    let kind = if has(&[
        "could not read Username",
        "terminal prompts disabled",
        "permission denied",
        "Permission denied",
        "403 Forbidden",
        "Authentication failed",
        "410 Gone",
    ]) {
        Kind::Permission
    } else if has(&[
        "dial tcp",
        "i/o timeout",
        "TLS handshake",
        "connection reset",
        "connection refused",
        "no such host",
        "502 Bad",
        "503 Service",
        "504 Gateway",
        "unexpected EOF",
        "stream error",
    ]) {
        Kind::Network
    } else if has(&[
        "requires go >=",
        "toolchain",
        "invalid go version",
        "maximum supported version",
        "requires cgo",
        "unknown command",
        "cannot find main module",
        "go.mod file not found",
        "GOROOT",
        "no such tool",
    ]) {
        Kind::Configuration
    } else {
        Kind::Dependency
    };
    Diagnostic {
        tool: "go".to_owned(),
        error_type: "compile".to_owned(),
        message: message.to_owned(),
        severity: Severity::Error,
        kind,
        role: Role::Root,
        ..Diagnostic::default()
    }
}
