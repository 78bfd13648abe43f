//! Structured errors, as analyzers extract them.

use std::fmt;
use std::ops::Range;

use grimoire_log::path;
use serde::{Deserialize, Serialize};

use crate::secrets::mask_in;
use crate::text;

/// Severity of a diagnostic, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

impl Severity {
    /// The word used in responses and reports.
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

/// The category of a failure, chosen by who would have to fix it.
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

impl Kind {
    /// All kinds, for documentation.
    pub const ALL: [Self; 12] = [
        Self::Unknown,
        Self::Compile,
        Self::Lint,
        Self::Test,
        Self::Crash,
        Self::Dependency,
        Self::Network,
        Self::Permission,
        Self::Resource,
        Self::Timeout,
        Self::Infrastructure,
        Self::Configuration,
    ];

    /// The word used in responses and reports.
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

/// How a diagnostic relates to the others of its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A reason why the run failed.
    #[default]
    Root,
    /// A consequence of a root.
    Consequence,
    /// Only says that something failed, or how many failed; useful when there is no root.
    Summary,
    /// A warning: the run continued.
    Warning,
}

impl Role {
    /// The word used in responses and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Consequence => "consequence",
            Self::Summary => "summary",
            Self::Warning => "warning",
        }
    }
}

/// The analyzer's confidence that this is an error of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Lines that look like the cause, chosen because no known format matched.
    Guess,
    /// An error format that many tools share.
    Likely,
    /// The format of a known tool.
    #[default]
    Certain,
}

impl Confidence {
    /// The word used in responses and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guess => "guess",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// A position in a text file, with 1-based lines and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// 1-based.
    pub line: u32,
    /// 1-based; absent where the tool printed no column.
    pub column: Option<u32>,
}

/// A file and, where known, a range in the file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Location {
    /// The path as printed by the tool, with `/` between folders.
    pub path: String,
    /// Start of the range.
    pub start: Option<Position>,
    /// End of the range, not before `start`; absent for a single position.
    pub end: Option<Position>,
}

/// `path:line:column` as compilers write it, as far as it is known.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        let Some(start) = self.start else { return Ok(()) };
        write!(f, ":{}", start.line)?;
        start.column.map_or(Ok(()), |column| write!(f, ":{column}"))
    }
}

/// One line of a stack trace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Frame {
    /// The function, method or test, where the tool named it.
    pub function: Option<String>,
    /// The source location of the call.
    pub location: Option<Location>,
    /// The line as printed, without escape codes.
    pub text: String,
}

/// A range of byte offsets in an artifact: `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u64,
    /// Offset after the last byte.
    pub end: u64,
}

/// Open facts: names and values, each name once.
pub type Facts = Vec<(String, String)>;

/// One structured error.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Diagnostic {
    /// The tool that reported the error, in lower case: `rustc`, `pytest`, `tsc`…
    pub tool: String,
    /// An exception type, a code or a short category; may be empty.
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
    /// What else its analyzers found out.
    #[serde(default)]
    pub facts: Facts,
}

impl Diagnostic {
    /// Changes all text that is compared with other text to its composed form. Paths stay as they are: they name files.
    pub fn compose(&mut self) {
        let Self { error_type, message, context, stack_trace, test, .. } = self;
        let frames = stack_trace.iter_mut().map(|frame| &mut frame.text);
        [error_type, message, context].into_iter().chain(test).chain(frames).for_each(text::compose);
    }

    /// Returns true if the user may have written a file of the log: it is the user's own, or of the installed package
    /// whose test failed.
    pub fn is_in_own_code(&self, path: &str) -> bool {
        path::is_own(path) || self.test.as_deref().is_some_and(|test| path::is_tested(path, test))
    }

    /// Masks all text that has the form of a secret.
    pub fn mask_secrets(&mut self) {
        let mut texts = vec![&mut self.tool, &mut self.error_type, &mut self.message, &mut self.context];
        texts.extend(self.code.as_mut());
        texts.extend(self.test.as_mut());
        texts.extend(self.facts.iter_mut().map(|(_, value)| value));
        texts.extend(self.location.as_mut().map(|location| &mut location.path));
        for frame in &mut self.stack_trace {
            texts.push(&mut frame.text);
            texts.extend(frame.function.as_mut());
            texts.extend(frame.location.as_mut().map(|location| &mut location.path));
        }
        texts.into_iter().for_each(mask_in);
    }

    /// Memory use in bytes, including owned data.
    pub fn size(&self) -> usize {
        let path = |location: &Option<Location>| location.as_ref().map_or(0, |location| location.path.len());
        let frame = |frame: &Frame| {
            let function = frame.function.as_ref().map_or(0, String::len);
            size_of::<Frame>() + function + path(&frame.location) + frame.text.len()
        };
        size_of::<Self>()
            + self.tool.len()
            + self.error_type.len()
            + self.code.as_ref().map_or(0, String::len)
            + self.message.len()
            + self.test.as_ref().map_or(0, String::len)
            + path(&self.location)
            + self.stack_trace.iter().map(frame).sum::<usize>()
            + self.context.len()
            + self.facts.iter().map(|fact| size_of_val(fact) + fact.0.len() + fact.1.len()).sum::<usize>()
    }

    /// Adds the facts of another report of the same error, except those with a name that is taken.
    pub fn add_facts(&mut self, others: &Facts) {
        let known = self.facts.len();
        let new =
            others.iter().filter(|(name, _)| !self.facts[..known].iter().any(|(taken, _)| taken == name));
        let new: Vec<_> = new.cloned().collect();
        self.facts.extend(new);
    }

    /// The byte range of the message in [`Self::searchable_text`].
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

    /// The text that patterns of spells are searched in: severity and code as compilers print them,
    /// then the message, then the context, then the lines of the stack trace.
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
