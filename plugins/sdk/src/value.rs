//! The values of `wit/types/types.wit` as plain Rust. The WIT text says what each field holds and
//! how long it may be; [`crate::limits`] has the numbers.

use crate::{limits, text};

/// How bad a diagnostic is, mildest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A remark that asks for nothing.
    Hint,
    /// Information, such as a note.
    Info,
    /// A warning: the build went on.
    Warning,
    /// An error: one of the reasons why the run failed.
    #[default]
    Error,
    /// The tool itself could not go on.
    Fatal,
}

/// What went wrong, as somebody would sort failures.
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
    /// A token, credential, file mode or policy that does not allow it.
    Permission,
    /// Memory, disk, file handles or a quota used up.
    Resource,
    /// Something took longer than it may.
    Timeout,
    /// The runner or a service of the CI system itself.
    Infrastructure,
    /// A setting, a workflow, a missing file or program, a wrong option.
    Configuration,
}

/// What a diagnostic is to the others of its run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Why the run failed, or one of the reasons.
    #[default]
    Root,
    /// It follows from a root.
    Consequence,
    /// It only says that something failed, or counts. Of use when no root was found.
    Summary,
    /// The run went on. [`Diagnostic::fit`] makes it so for everything below [`Severity::Error`].
    Warning,
}

/// How sure the analyzer is that this is an error of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Lines that look like the cause, picked because nothing was recognised.
    Guess,
    /// The shape of an error that many tools share.
    Likely,
    /// The format of a known tool.
    #[default]
    Certain,
}

/// A place in a text file, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, at least 1.
    pub line: u32,
    /// The column in the unit that the tool used, where it printed one.
    pub column: Option<u32>,
}

/// A file and, where known, a range in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Location {
    /// As printed by the tool, with `/` between folders.
    pub path: String,
    /// Where it starts.
    pub start: Option<Position>,
    /// Where it ends; not before `start`.
    pub end: Option<Position>,
}

impl Location {
    /// A file without a position.
    pub fn file(path: &str) -> Self {
        Self { path: text::normal_path(path), start: None, end: None }
    }

    /// A line of a file, with its column where known. A line of 0 counts as not known.
    pub fn at(path: &str, line: u32, column: Option<u32>) -> Self {
        let start = (line > 0).then_some(Position { line, column: column.filter(|&column| column > 0) });
        Self { path: text::normal_path(path), start, end: None }
    }

    /// The line where it starts.
    pub fn line(&self) -> Option<u32> {
        self.start.map(|start| start.line)
    }
}

/// One line of a stack trace, innermost call first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Frame {
    /// The function, method or test, where the tool named it.
    pub function: Option<String>,
    /// Where it is.
    pub location: Option<Location>,
    /// The line as printed, cleaned.
    pub text: String,
}

pub use grimoire_log::Span;

/// One structured error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// The tool that reported it, in lower case.
    pub tool: String,
    /// An exception type, else the code, else a short category of the tool.
    pub error_type: String,
    /// The code or rule as printed.
    pub code: Option<String>,
    /// The message without place, severity and code.
    pub message: String,
    /// How bad it is.
    pub severity: Severity,
    /// What went wrong.
    pub kind: Kind,
    /// What it is to the others.
    pub role: Role,
    /// How sure the analyzer is.
    pub confidence: Confidence,
    /// The failed test, as its runner prints it.
    pub test: Option<String>,
    /// Where it is.
    pub location: Option<Location>,
    /// Innermost call first.
    pub stack_trace: Vec<Frame>,
    /// The lines around the message that help to understand it.
    pub context: String,
    /// Where in the artifact it was found.
    pub span: Span,
}

impl Diagnostic {
    /// Cuts every field to the limits of the contract and removes what it forbids: control and
    /// reordering characters (a report's escapes bring them back after a line was cleaned), empty
    /// paths, ends before starts. `false` when no message or tool is left, so that
    /// there is nothing to report.
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
        !self.message.is_empty() && !self.tool.is_empty()
    }
}

/// `None` when the path is empty or longer than the contract allows: half a path leads nowhere.
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

/// Why a plugin could not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The plugin does not handle this kind of artifact.
    Unsupported(String),
    /// The input breaks the contract.
    InvalidInput(String),
    /// Anything else.
    Failed(String),
}

/// What is being analyzed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArtifactKind {
    /// The log of a CI job or of a local command.
    Log,
    /// A unified diff.
    Diff,
    /// Plain text of unknown origin.
    Text,
}

/// Facts about the artifact that are known before its first byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// What it is.
    pub kind: ArtifactKind,
    /// A name for people; may be empty.
    pub name: String,
    /// Its size in bytes, where known in advance.
    pub size: Option<u64>,
}
