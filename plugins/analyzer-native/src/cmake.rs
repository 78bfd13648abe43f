//! CMake: a headline with or without a location, indented paragraphs, the call stack.
//!
//! ```text
//! CMake Error at /usr/share/cmake-3.28/Modules/FindLid.cmake:9 (message):
//!   Could NOT find Lid (missing: LID_LIBRARY)
//! Call Stack (most recent call first):
//!   CMakeLists.txt:12 (find_package)
//! ```

mod sentence;

use crate::{inbox::Inbox, view::View};
use grimoire_plugin_sdk::{
    Diagnostic, Frame, Kind, Location, Role, Severity, Span, path,
    text::{Context, leading_number, place_at_start},
};
use sentence::{LONG, cut, sentence};

/// Maximum number of lines of one message.
const LINES: usize = 600;
/// Maximum number of lines that are kept.
const KEPT: usize = 80;
/// Maximum number of paragraphs considered for the displayed sentence.
const PARAGRAPHS: usize = 12;
/// curl's messages about a failed download.
const NETWORK_CAUSES: [&str; 7] = [
    "returned error",
    "Could not resolve host",
    "Couldn't resolve host",
    "Failed to connect to",
    "Connection timed out",
    "SSL connect error",
    "Operation too slow",
];

/// Reads CMake's messages.
#[derive(Debug, Default)]
pub(crate) struct Cmake {
    open: Option<Block>,
}

/// A message being read.
#[derive(Debug)]
struct Block {
    severity: Severity,
    command: String,
    paragraphs: Vec<String>,
    /// True if the last line ended a paragraph.
    ended: bool,
    location: Option<Location>,
    in_stack: bool,
    frames: Vec<Frame>,
    /// True without a location: the text is then not indented, and ends at the first blank line.
    flat: bool,
    /// An error reported by a tool that CMake ran.
    cause: Option<String>,
    /// Number of spaces that the log's prefixes add to all lines.
    margin: usize,
    lines: usize,
    context: Context,
    span: Span,
}

impl Cmake {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        if let Some(block) = &mut self.open {
            if block.line(view) {
                return;
            }
            self.finish(inbox);
        }
        if let Some(block) = Block::start(view) {
            self.open = Some(block);
        } else if let Some(mut found) = alone(view.text) {
            found.span = view.span;
            view.text.clone_into(&mut found.context);
            inbox.push(found);
        }
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        if let Some(found) = self.open.take().and_then(Block::finish) {
            inbox.push(found);
        }
    }
}

/// Single-line errors.
fn alone(text: &str) -> Option<Diagnostic> {
    let (message, role) = if text.starts_with("-- Configuring incomplete, errors occurred!") {
        (text.trim_start_matches("-- "), Role::Summary)
    } else if let Some(message) = text.strip_prefix("Error: ").filter(|message| {
        message.starts_with("could not load cache")
            || message.starts_with("could not find CMAKE_")
            || message.starts_with("generator : ")
    }) {
        (message, Role::Root)
    } else {
        return None;
    };
    Some(Diagnostic {
        tool: "cmake".to_owned(),
        error_type: "cmake".to_owned(),
        message: message.to_owned(),
        severity: Severity::Error,
        kind: Kind::Configuration,
        role,
        ..Diagnostic::default()
    })
}

impl Block {
    /// `CMake Error at PATH:LINE (COMMAND):`, `CMake Warning (dev) in PATH:`, `CMake Error: MESSAGE`.
    fn start(view: &View<'_>) -> Option<Self> {
        let text = view.text;
        let rest = text.strip_prefix("CMake ")?;
        let (severity, rest) =
            if let Some(rest) = rest.strip_prefix("Error").or_else(|| rest.strip_prefix("Internal Error")) {
                (Severity::Error, rest)
            } else {
                (
                    Severity::Warning,
                    rest.strip_prefix("Deprecation Warning").or_else(|| rest.strip_prefix("Warning"))?,
                )
            };
        let rest = rest.strip_prefix(" (dev)").unwrap_or(rest);
        let mut context = Context::default();
        context.push(text);
        let mut block = Self {
            severity,
            command: String::new(),
            paragraphs: Vec::new(),
            ended: true,
            location: None,
            in_stack: false,
            frames: Vec::new(),
            flat: false,
            cause: None,
            margin: view.indent,
            lines: 0,
            context,
            span: view.span,
        };
        if let Some(place) = rest.strip_prefix(" at ") {
            // A deferred call has no line: `CMakeLists.txt:DEFERRED:`.
            let rest = if let Some((path, rest)) = place.split_once(":DEFERRED") {
                block.location = Some(Location::file(path));
                rest.strip_prefix(':').unwrap_or(rest)
            } else {
                let place = place_at_start(place)?;
                block.location = Some(place.location());
                place.rest
            };
            // Some logs have the message on the same line.
            let rest = evaluated(rest).trim();
            let (command, message) = match rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
                Some((command, message)) => (command, message),
                None => ("", rest),
            };
            command.clone_into(&mut block.command);
            block.say(message.trim_start_matches(':').trim());
        } else if let Some(place) = rest.strip_prefix(" in ") {
            block.location = Some(Location::file(place.trim_end_matches(':')));
        } else {
            let message = rest.strip_prefix(':')?.trim();
            // Without a message either, the text is indented as after a location.
            block.flat = !message.is_empty();
            block.say(message);
        }
        Some(block)
    }

    fn say(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.ended || self.paragraphs.is_empty() {
            self.ended = false;
            if self.paragraphs.len() < PARAGRAPHS {
                self.paragraphs.push(text.to_owned());
            }
        } else if let Some(last) = self.paragraphs.last_mut()
            && last.len() < LONG
        {
            last.push(' ');
            last.push_str(text);
        }
    }

    fn line(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        if text.is_empty() {
            // The stack ends the message; without a location, so does the end of a paragraph.
            let done = self.in_stack || self.flat && !self.paragraphs.is_empty();
            self.ended = true;
            return !done;
        }
        self.lines += 1;
        if self.lines > LINES {
            return false;
        }
        // MSBuild adds its own words before text that sounds like an error, and the project after it.
        let (text, is_marked) = match text.strip_prefix("CUSTOMBUILD : ") {
            Some(rest) => (rest.split(" [").next().unwrap_or(rest), true),
            None => (text, false),
        };
        if text.starts_with("Call Stack (most recent call first)") {
            self.in_stack = true;
        } else if self.in_stack {
            let Some(place) = place_at_start(text).filter(|place| place.rest.contains('(')) else {
                return false;
            };
            let function = place.rest.rsplit('(').next().unwrap_or_default().trim_end_matches(')').to_owned();
            self.frames.push(Frame {
                function: Some(function),
                location: Some(place.location()),
                text: text.to_owned(),
            });
        } else if self.flat {
            if !self.flat_goes_on(view, text) || self.lines > 40 {
                return false;
            }
            self.place_in_words(text);
            self.say(text);
        } else if view.indent > self.margin || is_marked {
            if NETWORK_CAUSES.iter().any(|part| text.contains(part)) {
                self.cause = Some(cut(text).to_owned());
            } else if let Some(status) = text.strip_prefix("status_string: ") {
                self.cause = self.cause.take().or_else(|| Some(status.trim_matches('"').to_owned()));
            } else if self.cause.is_none()
                && !text.contains("downloading '")
                && let Some(cause) = called_an_error(text)
            {
                self.cause = Some(cut(cause).to_owned());
            }
            self.say(text);
        } else {
            return false;
        }
        if self.context.lines() < KEPT {
            self.context.push(view.body());
        }
        self.span = self.span.to(view.span);
        true
    }

    /// Returns true if a line without indentation belongs to the message: it was announced, or it is one of
    /// the few sentences with which CMake continues.
    fn flat_goes_on(&self, view: &View<'_>, text: &str) -> bool {
        const SENTENCES: [&str; 4] = [
            "Please set them or make sure",
            "Does not match the generator",
            "Either remove the CMakeCache",
            "Parse error",
        ];
        let Some(last) = self.paragraphs.last() else { return true };
        // Missing variables are listed, each with its targets.
        let listed = last.contains("NOTFOUND") && (view.indent > self.margin || !text.contains(' '));
        last.ends_with([':', ','])
            || last.ends_with(" at")
            || listed
            || SENTENCES.iter().any(|start| text.starts_with(start))
    }

    /// `Error in cmake code at` and, below, `/src/CMakeLists.txt:12:`.
    fn place_in_words(&mut self, text: &str) {
        if self.location.is_none()
            && self.paragraphs.first().is_some_and(|first| first.ends_with(" at"))
            && let Some(place) = place_at_start(text)
        {
            self.location = Some(place.location());
        }
    }

    fn finish(mut self) -> Option<Diagnostic> {
        // A location without a message completes nothing.
        if self.paragraphs.is_empty() {
            return None;
        }
        let message = sentence(&self.paragraphs, self.cause.as_deref());
        let own = self
            .frames
            .iter()
            .filter_map(|frame| frame.location.as_ref())
            .find(|place| !is_module(&place.path));
        if self.location.as_ref().is_some_and(|place| is_module(&place.path))
            && let Some(own) = own
        {
            self.location = Some(own.clone());
        }
        // A file of CMake or of a download is not where the user looks.
        self.location =
            self.location.filter(|place| !is_module(&place.path) || self.severity == Severity::Warning);
        // Zephyr names the board in a line of its own.
        let follows = message.starts_with("Invalid BOARD; see above")
            || message.starts_with("vcpkg install failed")
            || message.starts_with("CMAKE_") && message.contains(" not set, after EnableLanguage")
            || message.starts_with("Build step for ") && message.contains(" failed: ");
        Some(Diagnostic {
            tool: "cmake".to_owned(),
            error_type: "cmake".to_owned(),
            kind: kind(&message),
            message,
            severity: self.severity,
            role: if follows { Role::Consequence } else { Role::Root },
            location: self.location,
            stack_trace: self.frames,
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        })
    }
}

/// The text after `EVAL:2`, the line of code that `cmake_language` evaluates.
fn evaluated(rest: &str) -> &str {
    let number = rest.trim_start().strip_prefix("EVAL:").and_then(leading_number);
    number.map_or(rest, |(_, rest)| rest.strip_prefix(':').unwrap_or(rest))
}

/// An error of another tool: `ld: error: message`, `LINK : fatal error LNK1104: message`.
fn called_an_error(text: &str) -> Option<&str> {
    if let Some((_, cause)) = text.split_once("error: ") {
        return Some(cause);
    }
    let (_, rest) = text.split_once("error ")?;
    let (code, message) = rest.split_once(": ")?;
    let letters = code.bytes().take_while(u8::is_ascii_uppercase).count();
    let is_code =
        letters > 0 && code.len() >= letters + 3 && code[letters..].bytes().all(|byte| byte.is_ascii_digit());
    (is_code && !message.is_empty()).then_some(rest)
}

/// CMake's own modules, the scripts of package managers, and what a build made.
fn is_module(path: &str) -> bool {
    !path::is_own(path)
        || path.contains("/share/cmake")
        || path.contains("/CMake.app/")
        || path.contains("/scripts/buildsystems/vcpkg")
        || is_of_vcpkg(path)
        || path.contains("/lib/cmake/")
        || path.contains("/Modules/") && path.contains("cmake")
}

/// vcpkg's scripts and ports, with paths relative to its own folder.
fn is_of_vcpkg(path: &str) -> bool {
    path.contains("scripts/cmake/vcpkg_")
        || path.ends_with("scripts/ports.cmake")
        || path.starts_with("ports/") && path.ends_with("portfile.cmake")
}

fn kind(message: &str) -> Kind {
    const DEPENDENCY: [&str; 5] = [
        "Could NOT find ",
        "Could not find a package",
        "A required package was not found",
        "A required library",
        "Could not find a configuration file",
    ];
    const NETWORK: [&str; 4] =
        ["Each download failed", "Failed to clone repository", "error: downloading ", "status_code"];
    if DEPENDENCY.iter().any(|part| message.contains(part))
        || message.contains("required packages were not found")
    {
        Kind::Dependency
    } else if NETWORK.iter().any(|part| message.contains(part)) {
        Kind::Network
    } else {
        Kind::Configuration
    }
}
