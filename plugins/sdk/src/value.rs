//! The values of `wit/types/types.wit` as plain Rust. The WIT text describes each field and its
//! limits; [`crate::limits`] has the numbers.

use std::collections::BTreeSet;

use crate::{limits, text};

/// Severity of a diagnostic, mildest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A remark that asks for no action.
    Hint,
    /// Information, such as a note.
    Info,
    /// A warning: the build continued.
    Warning,
    /// An error: a reason why the run failed.
    #[default]
    Error,
    /// The tool itself had to stop.
    Fatal,
}

/// The category of a failure, chosen by who would have to fix it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Not known.
    #[default]
    Unknown,
    /// Code that a compiler, a linker or an interpreter's parser refused.
    Compile,
    /// Code that a linter, a formatter or a type checker beside the compiler complains about.
    Lint,
    /// A test that failed.
    Test,
    /// A program that crashed: a panic, an uncaught exception, a signal.
    Crash,
    /// A package that cannot be resolved, fetched or installed, or a lock file out of date.
    Dependency,
    /// A host that cannot be reached, a connection that broke, a server's 5xx.
    Network,
    /// A token, credential, file mode or policy denied the action.
    Permission,
    /// Memory, disk, file handles or a quota used up.
    Resource,
    /// An operation exceeded its time limit.
    Timeout,
    /// The runner or a service of the CI system itself.
    Infrastructure,
    /// A setting, a workflow, a missing file or program, a wrong option.
    Configuration,
}

/// How a diagnostic relates to the others of its run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A reason why the run failed.
    #[default]
    Root,
    /// A consequence of a root.
    Consequence,
    /// Only says that something failed, or how many failed. Useful when there is no root.
    Summary,
    /// The run continued. [`Diagnostic::fit`] sets this for everything below [`Severity::Error`].
    Warning,
}

/// The analyzer's confidence that this is an error of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Lines that look like the cause, chosen because no known format matched.
    Guess,
    /// An error format that many tools share.
    Likely,
    /// The format of a known tool.
    #[default]
    Certain,
}

/// A position in a text file, 1-based.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, at least 1.
    pub line: u32,
    /// The column in the tool's unit, if printed.
    pub column: Option<u32>,
}

/// A file and, where known, a range in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Location {
    /// The path as printed by the tool, with `/` between folders.
    pub path: String,
    /// Start of the range.
    pub start: Option<Position>,
    /// End of the range, not before `start`.
    pub end: Option<Position>,
}

impl Location {
    /// A file without a position.
    pub fn file(path: &str) -> Self {
        Self { path: text::normal_path(path), start: None, end: None }
    }

    /// A line of a file, with its column if known. A line of 0 counts as unknown.
    pub fn at(path: &str, line: u32, column: Option<u32>) -> Self {
        let start = (line > 0).then_some(Position { line, column: column.filter(|&column| column > 0) });
        Self { path: text::normal_path(path), start, end: None }
    }

    /// The first line.
    pub fn line(&self) -> Option<u32> {
        self.start.map(|start| start.line)
    }
}

/// One line of a stack trace, innermost call first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Frame {
    /// The function, method or test, where the tool named it.
    pub function: Option<String>,
    /// The source location of the call.
    pub location: Option<Location>,
    /// The line as printed, without escape codes.
    pub text: String,
}

pub use grimoire_log::Span;

/// One structured error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// The tool that reported the error, in lower case.
    pub tool: String,
    /// An exception type, else the code, else a short category of the tool.
    pub error_type: String,
    /// The code or rule as printed.
    pub code: Option<String>,
    /// The message without location, severity and code.
    pub message: String,
    /// The severity.
    pub severity: Severity,
    /// The category of the failure.
    pub kind: Kind,
    /// How the diagnostic relates to the others of its run.
    pub role: Role,
    /// The analyzer's confidence in the diagnostic.
    pub confidence: Confidence,
    /// The failed test as its runner prints it.
    pub test: Option<String>,
    /// The source location of the error.
    pub location: Option<Location>,
    /// The stack trace, innermost call first.
    pub stack_trace: Vec<Frame>,
    /// Lines around the message that help to understand the error.
    pub context: String,
    /// The byte range of the error in the artifact.
    pub span: Span,
    /// What else is known of the error: names and values of the plugin's own choice.
    pub facts: Facts,
}

/// Open facts. A name is used once and has 1 to 64 bytes: words of lower-case letters and digits that begin with a
/// letter, joined by `.` or `-`.
pub type Facts = Vec<(String, String)>;

impl Diagnostic {
    /// Cuts every field to the limits of the contract and removes what it forbids: control and
    /// reordering characters (a report's escapes bring them back after a line was cleaned), empty
    /// paths, ends before starts. Returns false if no message or tool is left, so that there is
    /// nothing to report.
    pub fn fit(&mut self) -> bool {
        for text in [&mut self.message, &mut self.context] {
            text::keep_text(text);
        }
        for name in
            [Some(&mut self.tool), Some(&mut self.error_type), self.code.as_mut()].into_iter().flatten()
        {
            text::keep_name(name);
        }
        text::trim_in_place(&mut self.message);
        text::cut_in_place(&mut self.message, limits::MESSAGE);
        text::cut_in_place(&mut self.tool, limits::TOOL);
        text::cut_in_place(&mut self.error_type, limits::ERROR_TYPE);
        text::trim_end_in_place(&mut self.context);
        text::cut_in_place(&mut self.context, limits::CONTEXT);
        if let Some(code) = &mut self.code {
            text::cut_in_place(code, limits::CODE);
        }
        if let Some(test) = &mut self.test {
            text::keep_name(test);
            text::cut_in_place(test, limits::TEST);
        }
        self.test = self.test.take().filter(|test| !test.is_empty());
        if self.severity < Severity::Error {
            self.role = Role::Warning;
        }
        self.code = self.code.take().filter(|code| !code.is_empty());
        self.location = self.location.take().and_then(fit_location);
        self.stack_trace.truncate(limits::FRAMES);
        for frame in &mut self.stack_trace {
            text::keep_text(&mut frame.text);
            text::cut_in_place(&mut frame.text, limits::FRAME_TEXT);
            if let Some(function) = &mut frame.function {
                text::keep_name(function);
                text::cut_in_place(function, limits::FRAME_FUNCTION);
            }
            frame.location = frame.location.take().and_then(fit_location);
        }
        fit_facts(&mut self.facts);
        !self.message.is_empty() && !self.tool.is_empty()
    }
}

/// Keeps the first fact of each name that the contract allows, and cuts its value.
fn fit_facts(facts: &mut Facts) {
    let mut seen = BTreeSet::new();
    facts.retain(|(name, _)| is_fact_name(name) && seen.insert(name.clone()));
    facts.truncate(limits::FACTS);
    for (_, value) in facts {
        text::keep_text(value);
        text::cut_in_place(value, limits::FACT_VALUE);
    }
}

fn is_fact_name(name: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    name.len() <= limits::FACT_NAME && name.split(['.', '-']).all(is_word)
}

/// `None` if the path is empty or longer than the contract allows: a truncated path is useless.
fn fit_location(mut location: Location) -> Option<Location> {
    text::keep_name(&mut location.path);
    if location.path.is_empty() || location.path.len() > limits::PATH {
        return None;
    }
    location.start = location.start.filter(|start| start.line > 0);
    for position in [&mut location.start, &mut location.end].into_iter().flatten() {
        position.column = position.column.filter(|&column| column > 0);
    }
    location.end = match (location.start, location.end) {
        (Some(start), Some(end)) if (end.line, end.column) >= (start.line, start.column) => Some(end),
        _ => None,
    };
    Some(location)
}

/// Why a plugin call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The plugin does not read this artifact.
    Unsupported(String),
    /// The input breaks the contract.
    InvalidInput(String),
    /// Anything else.
    Failed(String),
}

impl Failure {
    /// The plugin does not accept the artifact's media type.
    pub fn unsupported(artifact: &Artifact) -> Self {
        Self::Unsupported(format!("reads no {}", artifact.media_type))
    }
}

/// Media types of artifacts, as [`Artifact::media_type`] has them. More may follow.
pub mod media_type {
    /// The log of a CI job or of a local command.
    pub const LOG: &str = "text/x-log";
    /// A unified diff as `git diff` prints it.
    pub const DIFF: &str = "text/x-diff";
    /// Plain text of unknown origin.
    pub const TEXT: &str = "text/plain";
    /// A report in XML, such as JUnit's.
    pub const XML: &str = "application/xml";
    /// A report in JSON.
    pub const JSON: &str = "application/json";
    /// A report with one JSON value on each line.
    pub const JSON_LINES: &str = "application/x-ndjson";
    /// A report in SARIF.
    pub const SARIF: &str = "application/sarif+json";
}

/// Facts about the artifact that are known before its first byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// What it is: see [`media_type`].
    pub media_type: String,
    /// A display name; may be empty.
    pub name: String,
    /// The size in bytes, where known in advance.
    pub size: Option<u64>,
}

impl Artifact {
    /// Returns true if the media type is among the accepted ones, which may be as general as `text/*`.
    pub fn is_any_of(&self, accepted: &[&str]) -> bool {
        accepted.iter().any(|accepted| match accepted.strip_suffix('*') {
            Some(beginning) => self.media_type.starts_with(beginning),
            None => *accepted == self.media_type,
        })
    }
}
