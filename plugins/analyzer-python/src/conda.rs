//! conda, mamba and micromamba: named errors with a list below them, and the solver's tree.
//!
//! ```text
//! PackagesNotFoundError: The following packages are not available from current channels:
//!
//!   - jar=9.9
//!
//! Could not solve for environment specs
//! The following packages are incompatible
//! ├─ jar 2.0** is requested and can be installed;
//! └─ lid is not installable because it requires
//!    └─ jar >=3, which conflicts with any installable versions.
//! ```

use grimoire_plugin_sdk::text::{Beginnings, Context, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Role, Span};

use crate::found::finding;
use crate::kinds;

/// Maximum number of lines of one error.
const LINES: u32 = 120;
/// Maximum number of message lines.
const MESSAGE: usize = 40;

struct Open {
    found: Diagnostic,
    lines: Vec<String>,
    left: u32,
    blank: bool,
    /// Between the headline and the reasons, old mamba lists its channels.
    channels: bool,
    context: Context,
}

/// Recognises conda's errors.
#[derive(Default)]
pub(crate) struct Conda {
    open: Option<Open>,
}

/// Names of errors, and the starts of solver reports.
static STARTS: Beginnings = Beginnings::new(&[
    "PackagesNotFoundError: ",
    "PackagesNotFoundInChannelsError: ",
    "ResolvePackageNotFound:",
    "UnsatisfiableError: ",
    "LibMambaUnsatisfiableError: ",
    "SpecsConfigurationConflictError: ",
    "CondaHTTPError: ",
    "CondaSSLError: ",
    "CondaError: ",
    "CondaValueError: ",
    "CondaEnvException: ",
    "CondaVerificationError: ",
    "CondaToSNonInteractiveError: ",
    "CondaMultiError: ",
    "CondaFileIOError: ",
    "CondaExitZero",
    "ChannelError: ",
    "ChecksumMismatchError: ",
    "EnvironmentFileNotFound: ",
    "EnvironmentFileEmpty: ",
    "EnvironmentLocationNotFound: ",
    "EnvironmentNameNotFound: ",
    "EnvironmentNotWritableError: ",
    "DirectoryNotACondaEnvironmentError: ",
    "NoBaseEnvironmentError: ",
    "NoPackagesFoundError: ",
    "NoWritablePkgsDirError: ",
    "NotWritableError: ",
    "InvalidMatchSpec: ",
    "InvalidVersionSpec: ",
    "InvalidSpec: ",
    "InvalidArchiveError",
    "UnavailableInvalidChannel: ",
    "RemoveError: ",
    "SpecNotFound: ",
    "CorruptedEnvironmentError: ",
    "ProxyError: ",
    "LinkError: ",
    "PaddingError: ",
    "Could not solve for environment specs",
    "Encountered problems while solving",
    "Mamba failed to solve",
    "The reported errors are:",
    "critical libmamba ",
    "error    libmamba ",
    "CommandNotFoundError: Your shell",
    "CommandNotFoundError: To use '",
]);

impl Conda {
    /// Reads a line; returns true if it belongs to a conda error.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        if let Some(open) = &mut self.open {
            if open.line(text, trimmed, span) {
                return true;
            }
            self.finish(out);
        }
        if !STARTS.begin(trimmed) {
            return false;
        }
        let message = trimmed
            .strip_prefix("critical libmamba ")
            .or_else(|| trimmed.strip_prefix("error    libmamba "))
            .unwrap_or(trimmed);
        if trimmed.starts_with("critical") && out.last().is_some_and(|last| last.tool == "conda") {
            return true;
        }
        let (name, rest) = match message.split_once(':') {
            Some((name, rest)) if !name.contains(' ') => (name, rest.trim()),
            _ => ("resolution-impossible", message),
        };
        let mut found = finding("conda", name, kind_of(name, message), rest, span);
        if matches!(name, "resolution-impossible") || rest.is_empty() {
            found.message.clone_from(&message.to_owned());
        }
        let mut context = Context::default();
        context.push(text);
        self.open =
            Some(Open { found, lines: Vec::new(), left: LINES, blank: false, channels: false, context });
        true
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(mut open) = self.open.take() else { return };
        open.found.context = open.context.take();
        if open.found.message.starts_with("Pip failed") {
            // pip has already reported the reason.
            open.found.role = Role::Consequence;
        }
        if !open.lines.is_empty() {
            open.found.message.push('\n');
            open.found.message.push_str(&open.lines.join("\n"));
        }
        out.push(open.found);
    }
}

impl Open {
    fn line(&mut self, text: &str, trimmed: &str, span: Span) -> bool {
        self.left -= 1;
        if self.left == 0 {
            return false;
        }
        if trimmed.is_empty() {
            self.blank = true;
            return true;
        }
        if self.channels {
            self.channels = !trimmed.starts_with("The reported errors are");
            if self.channels {
                return trimmed.starts_with("- ");
            }
            self.lines.push(trimmed.to_owned());
            self.context.push(text);
            self.found.span = self.found.span.to(span);
            return true;
        }
        let is_tree = trimmed.starts_with(['├', '└', '│', '─']);
        let is_item = trimmed.starts_with("- ") || text.starts_with("  ") && !trimmed.starts_with("at ");
        let is_headline = [
            "The following package",
            "Could not solve for",
            "Output in format",
            "Package ",
            "The reported errors are",
        ]
        .iter()
        .any(|start| trimmed.starts_with(start));
        let is_conflict = text.contains(" -> ") || text.contains("==") && !text.contains(": ");
        // The list of channels does not explain the failure.
        if trimmed.starts_with("with channels") {
            self.channels = true;
            return true;
        }
        if trimmed.starts_with("Current channels") {
            self.left = self.left.min(1);
            return false;
        }
        let first = self.lines.is_empty() && !self.blank;
        let belongs = is_tree
            || is_item
            || is_headline
            || is_conflict && self.found.error_type == "UnsatisfiableError"
            || first && !trimmed.contains(": ");
        if !belongs {
            return false;
        }
        self.blank = false;
        if self.lines.len() < MESSAGE {
            self.lines.push(trimmed.to_owned());
        }
        self.context.push(text);
        self.found.span = self.found.span.to(span);
        true
    }
}

fn kind_of(name: &str, message: &str) -> Kind {
    if name.contains("HTTP")
        || name.contains("SSL")
        || name == "ProxyError"
        || name == "UnavailableInvalidChannel"
    {
        return Kind::Network;
    }
    if name.contains("Writable") {
        return Kind::Permission;
    }
    if name.starts_with("Environment")
        || name.starts_with("CommandNotFound")
        || name.starts_with("Directory")
        || name.starts_with("CondaValue")
    {
        return Kind::Configuration;
    }
    kinds::by_words(message).unwrap_or(Kind::Dependency)
}
