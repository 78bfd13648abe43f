//! Structured errors, as analyzers extract them.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// How bad a diagnostic is, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A remark that asks for nothing.
    Hint,
    /// Information, such as a note.
    Info,
    /// A warning: the build went on.
    Warning,
    /// An error: this is why the run failed, or one of the reasons.
    #[default]
    Error,
    /// The tool itself could not go on.
    Fatal,
}

impl Severity {
    /// The word used in answers and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hint => "hint",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }
}

/// What went wrong, as somebody would sort failures: whose job it is to fix them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

impl Kind {
    /// The word used in answers and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Compile => "compile",
            Self::Lint => "lint",
            Self::Test => "test",
            Self::Crash => "crash",
            Self::Dependency => "dependency",
            Self::Network => "network",
            Self::Permission => "permission",
            Self::Resource => "resource",
            Self::Timeout => "timeout",
            Self::Infrastructure => "infrastructure",
            Self::Configuration => "configuration",
        }
    }
}

/// What a diagnostic is to the others of its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Why the run failed, or one of the reasons.
    #[default]
    Root,
    /// It follows from a root.
    Consequence,
    /// It only says that something failed, or counts; of use when no root was found.
    Summary,
    /// The run went on.
    Warning,
}

impl Role {
    /// The word used in answers and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Consequence => "consequence",
            Self::Summary => "summary",
            Self::Warning => "warning",
        }
    }
}

/// How sure the analyzer is that this is an error of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Lines that look like the cause, picked because nothing was recognised.
    Guess,
    /// The shape of an error that many tools share.
    Likely,
    /// The format of a known tool.
    #[default]
    Certain,
}

impl Confidence {
    /// The word used in answers and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guess => "guess",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// A place in a text file as people count: lines and columns start at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// From 1.
    pub line: u32,
    /// From 1; absent where the tool printed none.
    pub column: Option<u32>,
}

/// A file and, where known, a range in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Location {
    /// As printed by the tool, with `/` between folders.
    pub path: String,
    /// Where it begins.
    pub start: Option<Position>,
    /// Where it ends, not before `start`; absent for a single position.
    pub end: Option<Position>,
}

/// One line of a stack trace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Frame {
    /// The function, method or test, where the tool named it.
    pub function: Option<String>,
    /// Where it is.
    pub location: Option<Location>,
    /// The line as printed, cleaned of escape codes.
    pub text: String,
}

/// A range of bytes of an artifact: `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u64,
    /// Offset after the last byte.
    pub end: u64,
}

/// One structured error.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Diagnostic {
    /// The tool that reported it, lower case: `rustc`, `pytest`, `tsc`…
    pub tool: String,
    /// An exception type, a code or a short category; may be empty.
    pub error_type: String,
    /// The code or rule as printed.
    pub code: Option<String>,
    /// The message without place, severity and code.
    pub message: String,
    /// How bad it is.
    pub severity: Severity,
    /// What went wrong.
    pub kind: Kind,
    /// What it is to the others of its run.
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
    /// Where in the searchable text the message is.
    pub fn message_place(&self) -> Range<usize> {
        let mut prefix = String::new();
        self.push_prefix(&mut prefix);
        prefix.len()..prefix.len() + self.message.len()
    }

    fn push_prefix(&self, text: &mut String) {
        text.push_str(self.severity.as_str());
        if let Some(code) = &self.code {
            text.push('[');
            text.push_str(code);
            text.push(']');
        }
        text.push_str(": ");
        if !self.error_type.is_empty() && self.code.as_deref() != Some(self.error_type.as_str()) {
            text.push_str(&self.error_type);
            text.push_str(": ");
        }
    }

    /// What patterns of spells are tried on: severity and code as compilers print them, then the
    /// message, then the context, then the lines of the stack trace.
    pub fn searchable_text(&self) -> String {
        let mut text = String::with_capacity(self.message.len() + self.context.len() + 64);
        self.push_prefix(&mut text);
        text.push_str(&self.message);
        if !self.context.is_empty() {
            text.push('\n');
            text.push_str(&self.context);
        }
        for frame in &self.stack_trace {
            text.push('\n');
            text.push_str(&frame.text);
        }
        text
    }
}
