//! Builds for embedded devices: Zephyr's west, ESP-IDF, PlatformIO, Arduino, BitBake, and Qt's qmake.
//!
//! ```text
//! FATAL ERROR: can't init: no west.yml found in /src/config
//! devicetree error: /src/pot.dts:12 (column 3): parse error: undefined node label 'lid'
//! Error: Unknown board ID 'kettle'
//! Error resolving FQBN: getting build properties for board arduino:avr:kettle: platform not installed
//! ERROR: Nothing PROVIDES 'libtill' (but /src/meta-tea/kettle_1.0.bb DEPENDS on or otherwise requires it)
//! ERROR: libtill was skipped: missing required distro feature 'steam' (not in DISTRO_FEATURES)
//! ERROR: Task (/src/meta-tea/till_1.0.bb:do_compile) failed with exit code '1'
//! Project ERROR: Unknown module(s) in QT: steam
//! ```

use crate::{inbox::Inbox, view::View};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity,
    text::{Beginnings, leading_number, place_at_start},
};

static STARTS: Beginnings = Beginnings::new(&[
    "FATAL ERROR: ",
    "No board named '",
    "devicetree error: ",
    "Error: Unknown board ID",
    "Error: Detected unknown package",
    "Error: Nothing to build",
    "UnknownPackageError: ",
    "Error: Could not find the package with",
    "Error resolving FQBN: ",
    "Error initializing instance: ",
    "Error installing ",
    "Error during build: ",
    "Error opening sketch: ",
    "Error: Failed to install",
    "Error downloading ",
    "Compilation error: ",
    "Sketch too big",
    "text section exceeds available space",
    "data section exceeds available space",
    "Project ERROR: ",
    "ninja failed with exit code ",
    "cmake failed with exit code ",
    "*** [",
    "error: Aborting due to Kconfig warnings",
    "west: unknown command ",
    "ERROR: Build failed",
    "ERROR: update failed for project",
    "Kconfig.zephyr:",
    "ERROR: Nothing PROVIDES '",
    "ERROR: Nothing RPROVIDES '",
    "ERROR: Required build target '",
    "ERROR: Task ",
]);

/// Remembers Kconfig's warning, which becomes the error if it ends the build, and BitBake's missing item.
#[derive(Debug, Default)]
pub(crate) struct Embedded {
    warning: Option<String>,
    /// An item that nothing provides, as BitBake reports it: the reason may be on the next line.
    missing: Option<Diagnostic>,
    /// The reason for which a recipe was skipped before: the same failure.
    skipped: Option<String>,
}

impl Embedded {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        let text = view.text;
        if text.starts_with("warning: ")
            && (text.contains("(defined at ") || text.contains("undefined symbol "))
        {
            self.warning = Some(text["warning: ".len()..text.floor_char_boundary(600)].to_owned());
        }
        if self.missing.is_some() {
            let is_reason = self.skip(view);
            self.finish(inbox);
            if is_reason {
                return;
            }
        }
        if !STARTS.begin(text) {
            return;
        }
        if let Some(message) = text.strip_prefix("ERROR: ").filter(|message| message.starts_with("Nothing "))
        {
            let recipe = message.split_once("(but ").and_then(|(_, rest)| rest.split_once(' '));
            self.missing = Some(Diagnostic {
                location: recipe.map(|(path, _)| Location::file(path)),
                span: view.span,
                context: text.to_owned(),
                ..found("bitbake", message, Kind::Dependency, Role::Root)
            });
            return;
        }
        if let Some(found) = self.read(text) {
            inbox.fail(view.number);
            inbox.push(Diagnostic { span: view.span, context: text.to_owned(), ..found });
        }
    }

    /// `ERROR: libtill was skipped: reason` below an item that nothing provides; returns whether the line is that.
    fn skip(&mut self, view: &View<'_>) -> bool {
        let reason = view
            .text
            .split_once(" was skipped: ")
            .map(|(_, reason)| (view.text.trim_start_matches("ERROR: "), reason));
        let Some(((text, reason), missing)) = reason.zip(self.missing.as_mut()) else { return false };
        missing.message = format!("{}: {text}", missing.message);
        missing.context = format!("{}\n{}", missing.context, view.text);
        missing.span = missing.span.to(view.span);
        if self.skipped.as_deref() == Some(reason) {
            missing.role = Role::Consequence;
        } else {
            self.skipped = Some(reason.to_owned());
        }
        true
    }

    /// Reports BitBake's missing item.
    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        if let Some(found) = self.missing.take() {
            inbox.push(found);
        }
    }

    fn read(&mut self, text: &str) -> Option<Diagnostic> {
        let (start, message) = text.split_once(": ").unwrap_or(("", text));
        let message = message.trim();
        Some(match start {
            "FATAL ERROR" if message.starts_with("command exited with status ") => {
                found("west", message, Kind::Unknown, Role::Consequence)
            }
            // Only a workspace has these commands: its absence was reported before.
            "west" if message.contains("inside a workspace") => {
                found("west", message, Kind::Configuration, Role::Consequence)
            }
            // Other tools print this, too.
            "FATAL ERROR" if !is_of_west(message) => return None,
            "FATAL ERROR" | "west" => found("west", message, Kind::Configuration, Role::Root),
            "ERROR" if message.starts_with("Required build target '") => {
                found("bitbake", message, Kind::Dependency, Role::Consequence)
            }
            "ERROR" if message.starts_with("Task ") => {
                let recipe = recipe(message)?;
                Diagnostic {
                    location: Some(Location::file(recipe)),
                    ..found("bitbake", message, Kind::Unknown, Role::Consequence)
                }
            }
            "ERROR" if message.starts_with("update failed for project") => {
                found("west", message, Kind::Dependency, Role::Root)
            }
            "devicetree error" => {
                let (location, message) = devicetree(message);
                Diagnostic { location, ..found("devicetree", message, Kind::Configuration, Role::Root) }
            }
            "error" => {
                let message = self.warning.take().unwrap_or_else(|| message.to_owned());
                found("kconfig", &message, Kind::Configuration, Role::Root)
            }
            "UnknownPackageError" => found("platformio", message, Kind::Dependency, Role::Root),
            "Error" => found("platformio", message, Kind::Configuration, Role::Root),
            "Error during build" if message.starts_with("exit status ") => {
                found("arduino", message, Kind::Unknown, Role::Consequence)
            }
            "Compilation error" => found("arduino", message, Kind::Compile, Role::Summary),
            "Project ERROR" => found("qmake", message, Kind::Dependency, Role::Root),
            _ if text.starts_with("*** [") => {
                // SCons, which PlatformIO uses.
                let (target, status) = text[5..].split_once("] ")?;
                let known = status.starts_with("Error ") || target.contains(".pio") && !status.is_empty();
                known.then(|| found("scons", &text[4..], Kind::Unknown, Role::Consequence))?
            }
            // CMake's error says only: see above.
            _ if text.starts_with("No board named '") && text.contains("' found") => {
                found("west", text, Kind::Configuration, Role::Root)
            }
            _ if text.contains("failed with exit code ") => {
                found("esp-idf", text, Kind::Unknown, Role::Consequence)
            }
            _ if text.contains("exceeds available space") || text.starts_with("Sketch too big") => {
                let role = if text.starts_with("Sketch") { Role::Root } else { Role::Consequence };
                found("arduino", text, Kind::Resource, role)
            }
            _ if start.starts_with("Error ") => {
                let network = message.contains("dial tcp") || message.contains("timeout");
                found("arduino", text, if network { Kind::Network } else { Kind::Dependency }, Role::Root)
            }
            _ => return None,
        })
    }
}

/// The recipe of `Task (/src/till_1.0.bb:do_compile) failed with exit code '1'`, in older versions
/// `Task 12 (/src/till_1.0.bb, do_compile) failed …`.
fn recipe(message: &str) -> Option<&str> {
    let (task, _) = message.split_once('(')?.1.split_once(") failed with exit code ")?;
    let (path, _) = task.rsplit_once([':', ',']).filter(|(_, step)| step.trim().starts_with("do_"))?;
    // `virtual:native:/src/till_1.0.bb`: a recipe that is built for another machine.
    if path.starts_with("virtual:") { path.rsplit(':').next() } else { Some(path) }
}

/// Returns true if a fatal error is about a concept that only west has.
fn is_of_west(message: &str) -> bool {
    const WORDS: [&str; 13] = [
        "west",
        "manifest",
        "workspace",
        "board",
        "Zephyr",
        "zephyr",
        "ZEPHYR",
        "build directory",
        "build dir",
        "CMake",
        "cmake",
        "runner",
        "already initialized",
    ];
    WORDS.iter().any(|word| message.contains(word))
}

/// `/src/pot.dts:12 (column 3): parse error: …`: the location and the message.
fn devicetree(message: &str) -> (Option<Location>, &str) {
    let Some(place) = place_at_start(message) else { return (None, message) };
    let rest = place.rest.trim_start();
    let column = rest.strip_prefix("(column ").and_then(leading_number);
    let text = column.map_or(rest, |(_, rest)| rest).trim_start_matches([')', ':', ' ']);
    let column = place.column.or(column.map(|(column, _)| column));
    (Some(Location::at(place.path, place.line, column)), text)
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
