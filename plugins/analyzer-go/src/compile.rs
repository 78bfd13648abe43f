//! The compiler, vet, and errors of `go build` about packages and imports.
//!
//! ```text
//! # example.org/kettle
//! ./pot.go:7:2: undefined: lid
//! ./pot.go:9:7: not enough arguments in call to boil
//!         have (int)
//!         want (int, string)
//! pot.go:4:2: no required module provides package example.org/lid; to add it:
//!         go get example.org/lid
//! package example.org/kettle
//!         imports example.org/lid
//!         imports example.org/kettle: import cycle not allowed
//! ```

use crate::view::View;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Context, Needle, Place, extension, place_at_start},
};

/// Maximum number of lines of one message.
const LINES: usize = 24;

static GO: Needle = Needle::new(".go:");
static CYCLE: Needle = Needle::new("imports ");

/// Reads the compiler's output.
#[derive(Debug, Default)]
pub(crate) struct Compile {
    /// The package of `# example.org/kettle`, whose errors follow.
    package: Option<String>,
    open: Option<Block>,
    chain: Option<Chain>,
}

/// An error whose details may follow, indented.
#[derive(Debug)]
struct Block {
    found: Diagnostic,
    context: Context,
    lines: usize,
}

/// `package a` and the imports below it.
#[derive(Debug)]
struct Chain {
    packages: Vec<String>,
    location: Option<Location>,
    context: Context,
    span: Span,
}

impl Compile {
    /// Reads a line. `quiet` means that a test is running, which may print anything in this format.
    pub(crate) fn line(&mut self, view: &View<'_>, quiet: bool, out: &mut Vec<Diagnostic>) {
        let text = view.text;
        if self.chain(view, out) {
            return;
        }
        if let Some(block) = &mut self.open {
            if block.line(view) {
                return;
            }
            self.close(out);
        }
        if view.indent() == 0
            && let Some(package) = package(text)
        {
            self.package = Some(package.to_owned());
            return;
        }
        if let Some(found) = self.located(view, quiet).or_else(|| whole(text)) {
            let mut context = Context::default();
            if let Some(package) = &self.package {
                context.push(&format!("# {package}"));
            }
            context.push(text);
            self.open = Some(Block { found: Diagnostic { span: view.span, ..found }, context, lines: 0 });
        } else if let Some(name) = text.strip_prefix("package ").filter(|_| view.indent() == 0) {
            if is_import(name) {
                let mut context = Context::default();
                context.push(text);
                self.chain =
                    Some(Chain { packages: vec![name.to_owned()], location: None, context, span: view.span });
            }
        } else if text != "too many errors" && !text.is_empty() {
            self.package = None;
        }
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.chain = None;
        self.package = None;
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(mut block) = self.open.take() else { return };
        block.found.context = block.context.take();
        out.push(block.found);
    }

    /// Follows a chain of imports; returns whether the line belongs to one.
    fn chain(&mut self, view: &View<'_>, out: &mut Vec<Diagnostic>) -> bool {
        let Some(chain) = &mut self.chain else { return false };
        let rest = view
            .text
            .strip_prefix("imports ")
            .filter(|_| CYCLE.find_among(view.characters, view.text).is_some());
        let Some(rest) = rest.filter(|_| chain.packages.len() < LINES) else {
            self.chain = None;
            return false;
        };
        chain.context.push(view.body);
        chain.span = chain.span.to(view.span);
        let (import, reason) = match rest.split_once(": ") {
            Some((import, reason)) => (import, Some(reason)),
            None => (rest, None),
        };
        // Newer versions name the importing file.
        let (import, file) = match import.split_once(" from ") {
            Some((import, file)) => (import, Some(file)),
            None => (import, None),
        };
        if chain.location.is_none() {
            chain.location = file.map(Location::file);
        }
        chain.packages.push(import.to_owned());
        if let Some(reason) = reason
            && let Some(mut chain) = self.chain.take()
        {
            out.push(Diagnostic {
                location: chain.location.take(),
                context: chain.context.take(),
                span: chain.span,
                ..found(&format!("{reason}: {}", chain.packages.join(" imports ")))
            });
        }
        true
    }

    /// `./pot.go:7:2: message`.
    fn located(&self, view: &View<'_>, quiet: bool) -> Option<Diagnostic> {
        GO.find_among(view.characters, view.text)?;
        let (vet, text) = match view.text.strip_prefix("vet: ") {
            Some(rest) => (true, rest),
            None => (false, view.text),
        };
        let place = place_at_start(text)?;
        if extension(place.path) != "go" || view.indent() > 3 {
            return None;
        }
        let message = place.rest.trim();
        // A program that logs with file and line prints no column; below a package's name it is the compiler.
        let sure = vet || self.package.is_some() || place.column.is_some() && !quiet || is_loading(message);
        if !sure || message == "too many errors" || message.len() < 3 || !place.rest.starts_with([' ', '\t'])
        {
            return None;
        }
        Some(Diagnostic { location: Some(place.location()), ..found_at(&place, message, vet) })
    }
}

impl Block {
    /// Indented lines below a message belong to it.
    fn line(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        self.lines += 1;
        let indented = view.body.starts_with(['\t', ' ']) && !text.is_empty();
        let note = text.starts_with("note: ");
        if !(indented || note) || self.lines > LINES {
            return false;
        }
        // The source and its mark, as printed by linters, add nothing.
        let is_mark = text.bytes().all(|byte| matches!(byte, b'^' | b'~'));
        let completes = self.found.message.ends_with([':', ','])
            || ["have ", "want ", "note: ", "go get ", "go mod ", "(from ", "other declaration"]
                .iter()
                .any(|start| text.starts_with(start));
        if !is_mark && completes && self.found.message.len() < 600 {
            self.found.message.push(' ');
            self.found.message.push_str(text);
        }
        self.context.push(view.body);
        self.found.span = self.found.span.to(view.span);
        true
    }
}

/// The package in `# example.org/kettle [example.org/kettle.test]`.
fn package(text: &str) -> Option<&str> {
    let name = text.strip_prefix("# ")?;
    let (name, rest) = name.split_once(' ').unwrap_or((name, ""));
    let name = name.trim_start_matches('[').trim_end_matches(']');
    (is_import(name) && (rest.is_empty() || rest.starts_with('['))).then_some(name)
}

/// Returns true if a word can be an import path.
fn is_import(name: &str) -> bool {
    !name.is_empty()
        && name.len() < 300
        && !name.contains("//")
        && name.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/' | b'-' | b'_' | b'~' | b'@')
        })
}

/// Errors of `go` about an import, without a column in old versions.
fn is_loading(message: &str) -> bool {
    const STARTS: [&str; 9] = [
        "no required module provides package",
        "missing go.sum entry",
        "cannot find package ",
        "cannot find module ",
        "build constraints exclude all Go files",
        "import cycle not allowed",
        "running \"",
        "package ",
        "use of internal package ",
    ];
    STARTS.iter().any(|start| message.starts_with(start))
}

/// Lines without a place in a file.
fn whole(text: &str) -> Option<Diagnostic> {
    const STARTS: [&str; 12] = [
        "can't load package: ",
        "no required module provides package ",
        "cannot find package \"",
        "cannot find module providing package ",
        "found packages ",
        "no Go files in ",
        "build constraints exclude all Go files in ",
        "import cycle not allowed",
        "cgo: C compiler ",
        "cgo: cannot ",
        "error obtaining VCS status: ",
        "pattern ./",
    ];
    if STARTS.iter().any(|start| text.starts_with(start)) {
        return Some(found(text.trim_start_matches("can't load package: ")));
    }
    if let Some(rest) = text.strip_prefix("package ")
        && let Some((name, reason)) = rest.split_once(' ')
    {
        let known = ["is not in std", "is not in GOROOT", "is not a main package", "provided by "]
            .iter()
            .any(|start| reason.starts_with(start));
        let colon = name.ends_with(':')
            && [
                "cannot find package",
                "build constraints exclude",
                "no Go files",
                "unrecognized import path",
                "import ",
                "module ",
            ]
            .iter()
            .any(|start| reason.starts_with(start));
        return (known || colon).then(|| found(text));
    }
    // Go's linker names itself with its folder.
    if text.contains("/pkg/tool/") || text.starts_with("link: ") {
        let (_, message) = text.split_once(": ")?;
        let follows = message.starts_with("running ");
        return Some(Diagnostic {
            error_type: "link".to_owned(),
            role: if follows { Role::Consequence } else { Role::Root },
            ..found(message)
        });
    }
    if text.contains(": relocation target ") && text.ends_with(" not defined") {
        return Some(Diagnostic { error_type: "link".to_owned(), ..found(text) });
    }
    None
}

fn found_at(place: &Place<'_>, message: &str, vet: bool) -> Diagnostic {
    // Findings of vet in code that compiles.
    const VET: [&str; 16] = [
        "passes lock by value",
        "copies lock",
        " format %",
        "unkeyed fields",
        "self-assignment of",
        "possible misuse of",
        "struct field tag",
        "result of ",
        "unreachable code",
        "should have signature",
        "call has arguments but no formatting",
        "call has possible formatting directive",
        "the cancel function",
        "loop variable",
        "+build",
        "non-constant format string",
    ];
    let lint = !vet && VET.iter().any(|part| message.contains(part)) && !place.path.is_empty();
    let mut found = found(message);
    if lint {
        "vet".clone_into(&mut found.error_type);
        found.kind = Kind::Lint;
    }
    if message.starts_with("running \"") && message.contains("\": exit status ") {
        found.role = Role::Consequence;
    }
    found
}

fn found(message: &str) -> Diagnostic {
    const DEPENDENCY: [&str; 7] = [
        "no required module provides",
        "missing go.sum entry",
        "cannot find package",
        "cannot find module",
        " is not in std",
        " is not in GOROOT",
        "unrecognized import path",
    ];
    Diagnostic {
        tool: "go".to_owned(),
        error_type: "compile".to_owned(),
        message: message.to_owned(),
        severity: Severity::Error,
        kind: if DEPENDENCY.iter().any(|part| message.contains(part)) {
            Kind::Dependency
        } else {
            Kind::Compile
        },
        ..Diagnostic::default()
    }
}
