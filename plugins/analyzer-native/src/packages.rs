//! Package managers of C and C++: vcpkg and Conan; flatpak-builder.
//!
//! ```text
//! error: building lid:x64-linux failed with: BUILD_FAILED
//! ERROR: Package 'lid/1.2' not resolved: Unable to find 'lid/1.2' in remotes.
//! ERROR: lid/1.2: Error in build() method, line 34
//!         cmake.build()
//!         ConanException: Error 1 while executing
//! Error: module lid: Can't find meson.build
//! ```

use crate::{inbox::Inbox, view::View};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role, Severity, Span,
    text::{Context, Needle},
};

/// Number of lines after a tool's own output in which a bare `error:` counts as its own.
const NEAR: u64 = 2_000;
/// Maximum number of lines of one error.
const LINES: usize = 16;

static CONAN: Needle = Needle::new("onan");
static VCPKG: Needle = Needle::new("vcpkg");

/// Reads their output.
#[derive(Debug, Default)]
pub(crate) struct Packages {
    conan: Option<u64>,
    vcpkg: Option<u64>,
    open: Option<Block>,
}

/// An error whose reason is indented below it.
#[derive(Debug)]
struct Block {
    found: Diagnostic,
    context: Context,
    last: Option<String>,
    span: Span,
}

impl Packages {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        let text = view.text;
        if let Some(block) = &mut self.open {
            if block.line(view) {
                return;
            }
            self.finish(inbox);
        }
        if CONAN.find_among(view.characters, text).is_some() {
            self.conan = Some(view.number);
        }
        if VCPKG.find_among(view.characters, text).is_some() {
            self.vcpkg = Some(view.number);
        }
        let near = |seen: Option<u64>| seen.is_some_and(|seen| view.number < seen + NEAR);
        let found = if let Some(message) = text.strip_prefix("ERROR: ") {
            conan(message, near(self.conan))
        } else if let Some(message) = text.strip_prefix("Error: module") {
            flatpak(message)
        } else if let Some(message) = text.strip_prefix("error: ") {
            vcpkg(message, near(self.vcpkg))
        } else if text.starts_with("error while ") && near(self.vcpkg) {
            // Old versions have no colon after the first word.
            Some(found("vcpkg", text, Kind::Configuration, Role::Root))
        } else if let Some(message) = text.strip_prefix("Error: ") {
            let is_own = message.starts_with("invalid triplet: ") || message.starts_with("Building package ");
            (is_own && near(self.vcpkg)).then(|| found("vcpkg", message, Kind::Dependency, Role::Root))
        } else {
            None
        };
        if let Some(found) = found {
            inbox.fail(view.number);
            let mut context = Context::default();
            context.push(text);
            self.open = Some(Block { found, context, last: None, span: view.span });
        }
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        if let Some(block) = self.open.take() {
            inbox.push(block.finish());
        }
    }
}

/// ` lid: Can't find meson.build`, with a colon before the name in old versions.
fn flatpak(message: &str) -> Option<Diagnostic> {
    let (name, reason) = message.trim_start_matches([':', ' ']).split_once(": ")?;
    if name.is_empty() || name.contains(' ') || name.len() == message.len() {
        return None;
    }
    // The error of the module's build is above, unless the build was killed.
    let (kind, role) = match reason.strip_prefix("Child process exited with code ") {
        Some("137" | "9") => (Kind::Resource, Role::Root),
        Some(_) => (Kind::Unknown, Role::Consequence),
        None => (Kind::Configuration, Role::Root),
    };
    Some(Diagnostic {
        tool: "flatpak-builder".to_owned(),
        error_type: "module".to_owned(),
        message: format!("module {name}: {reason}"),
        severity: Severity::Error,
        kind,
        role,
        ..Diagnostic::default()
    })
}

impl Block {
    fn line(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        // `There are invalid packages:` is followed by unindented explanations.
        let named = self.found.tool == "conan"
            && self.found.message.ends_with("invalid packages:")
            && text.contains(": Invalid");
        if named {
            self.found.message.push(' ');
            self.found.message.push_str(text);
        }
        if text.is_empty() || view.indent == 0 && !named || self.context.lines() > LINES {
            return false;
        }
        if self.found.tool == "conan" {
            self.last = Some(text.to_owned());
        }
        self.context.push(view.body());
        self.span = self.span.to(view.span);
        true
    }

    fn finish(mut self) -> Diagnostic {
        if let Some(last) = self.last.filter(|_| self.found.message.contains(": Error in ")) {
            self.found.message = format!("{}: {last}", self.found.message);
        }
        Diagnostic { context: self.context.take(), span: self.span, ..self.found }
    }
}

/// Conan's own sentences; other tools print `ERROR: ` too.
fn conan(message: &str, near: bool) -> Option<Diagnostic> {
    let is_reference = |word: &str| {
        word.split_once('/').is_some_and(|(name, version)| {
            !name.is_empty()
                && !name.contains(':')
                && version.starts_with(|c: char| c.is_ascii_digit() || c == '[' || c == 'c' || c == 's')
        })
    };
    let first = message.split([' ', ':']).next().unwrap_or_default();
    let own = message.starts_with("Missing binary: ")
        || message.starts_with("Missing prebuilt package for")
        || message.starts_with("Package '") && message.contains("' not resolved")
        || message.starts_with("Version conflict: ")
        || message.starts_with("There are invalid packages:")
        || message.contains("is not a valid 'settings.")
        || message.contains("Conan")
        || message.contains("conanfile")
        || message.contains(": Error in ") && message.contains("() method")
        || is_reference(first)
        || message.starts_with("Invalid setting ")
        || message.starts_with("Unable to find '") && message.contains("in remotes");
    if !own && !near || message.is_empty() {
        return None;
    }
    if !own && (message.starts_with('/') || message.contains("pip") || message.contains("ython")) {
        return None;
    }
    // `Missing binary:` lists the packages that the sentence about prebuilt packages explains.
    let network = message.contains("onnection")
        || message.contains("timed out")
        || message.contains("Unable to connect");
    Some(found("conan", message, if network { Kind::Network } else { Kind::Dependency }, Role::Root))
}

/// vcpkg's own sentences.
fn vcpkg(message: &str, near: bool) -> Option<Diagnostic> {
    let building = message.starts_with("building ") && message.contains(" failed with: ");
    let own = building
        || message.contains("vcpkg")
        || message.starts_with("in triplet ")
        || message.contains("baseline")
        || message.starts_with("while loading ")
        || message.starts_with("no version database entry");
    if !own && !near {
        return None;
    }
    // Git, Cargo and compilers print `error: ` too.
    let strange = !own && message.contains('`')
        || message.starts_with("pathspec")
        || message.starts_with("could not compile")
        || message.starts_with("linking with");
    if strange || !own && message.contains(" argument ") {
        return None;
    }
    let network = message.contains("download") || message.contains("status code") || message.contains("curl");
    Some(found(
        "vcpkg",
        message,
        if network { Kind::Network } else { Kind::Dependency },
        if building { Role::Consequence } else { Role::Root },
    ))
}

fn found(tool: &str, message: &str, kind: Kind, role: Role) -> Diagnostic {
    Diagnostic {
        tool: tool.to_owned(),
        error_type: tool.to_owned(),
        message: message.to_owned(),
        severity: Severity::Error,
        kind,
        role,
        ..Diagnostic::default()
    }
}
