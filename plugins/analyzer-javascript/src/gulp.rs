//! gulp's own errors and those of its plug-ins, and Bower's codes.
//!
//! ```text
//! Local gulp not found in ~/till              bower lid#1.9          ENORESTARGET No tag found that …
//! GulpUglifyError in plugin "gulp-uglify"
//! Message:                                    Additional error details:
//!     unable to minify the lid                Available versions in …: 1.8.3, 1.8.2
//! ```

use grimoire_plugin_sdk::text::{Beginnings, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Role, Span};

use crate::found::{failure, is_code, summary};
use crate::kinds;

/// Maximum number of lines of a message, and of details.
const MESSAGE: u8 = 3;

/// What the lines below an error are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A plug-in's headline: `Message:` comes next.
    Headline,
    /// The indented lines below `Message:`.
    Message,
    /// Bower's error: details may follow.
    Error,
    /// The lines below `Additional error details:`.
    Details,
}

/// Recognises these errors.
#[derive(Default)]
pub(crate) struct Gulp {
    open: Option<(Part, Diagnostic, u8)>,
}

static STARTS: Beginnings = Beginnings::new(&[
    "Local gulp not found in ",
    "Local modules not found in ",
    "No gulpfile found",
    "Task '",
    "Task never defined: ",
    "The following tasks did not complete: ",
    "bower ",
    "'",
]);

impl Gulp {
    /// Reads a line; returns true if it belongs to such an error.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        if let Some((part, found, left)) = &mut self.open {
            let goes_on = match *part {
                Part::Headline if trimmed == "Message:" => {
                    *part = Part::Message;
                    true
                }
                Part::Error if trimmed.is_empty() => true,
                Part::Error if trimmed == "Additional error details:" => {
                    *part = Part::Details;
                    true
                }
                Part::Message | Part::Details => {
                    let is_other = match *part {
                        Part::Details => text.starts_with("bower ") || text.starts_with("npm "),
                        _ => !text.starts_with([' ', '\t']),
                    };
                    let more = *left > 0 && !trimmed.is_empty() && !is_other;
                    if more {
                        *left -= 1;
                        found.message.push_str(if found.message.is_empty() { "" } else { "\n" });
                        found.message.push_str(trimmed);
                    }
                    more
                }
                Part::Headline | Part::Error => false,
            };
            if goes_on {
                found.span = found.span.to(span);
                return true;
            }
            self.finish(out);
        }
        if let Some((class, _)) = trimmed.split_once(" in plugin ").filter(|(class, _)| is_class(class)) {
            let found = failure("gulp", class, Kind::Unknown, "", span);
            self.open = Some((Part::Headline, found, MESSAGE));
            return true;
        }
        if !STARTS.begin(trimmed) {
            return false;
        }
        if let Some(rest) = trimmed.strip_prefix("bower ") {
            let Some(found) = bower(rest, span) else { return false };
            self.open = Some((Part::Error, found, MESSAGE));
            return true;
        }
        let found = gulp(trimmed, span);
        let is_found = found.is_some();
        out.extend(found);
        is_found
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((part, mut found, _)) = self.open.take() else { return };
        let message = &found.message;
        // Compilers of styles name only the file here, and print their error below.
        if message.is_empty() || part == Part::Message && !message.contains(' ') && message.contains('.') {
            return;
        }
        if part == Part::Message {
            found.kind = kinds::by_words(message).unwrap_or(Kind::Compile);
            // What was wrong, the plug-in printed before.
            let is_count = message.starts_with("Failed with ")
                || message.starts_with("Process exited with code")
                || message.ends_with("ompilation failed");
            if is_count {
                found.role = Role::Summary;
            }
        }
        out.push(found);
    }
}

/// `Error`, `GulpUglifyError`.
fn is_class(word: &str) -> bool {
    word.ends_with("Error") && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn gulp(text: &str, span: Span) -> Option<Diagnostic> {
    if text.starts_with('\'') {
        return text.contains("' errored after ").then(|| summary("gulp", Kind::Unknown, text, span));
    }
    let (error_type, kind) = if text.starts_with("Local ") {
        ("local-gulp", Kind::Dependency)
    } else if text.starts_with("Task '") && !text.contains(" is not in your gulpfile") {
        return None;
    } else {
        ("gulpfile", Kind::Configuration)
    };
    Some(failure("gulp", error_type, kind, text, span))
}

/// `lid#1.9          ENORESTARGET No tag found that was able to satisfy 1.9`, `ESUDO  Cannot be run with sudo`.
fn bower(rest: &str, span: Span) -> Option<Diagnostic> {
    let rest = rest.trim_start();
    let (first, after) = rest.split_once(' ')?;
    let (code, message, package) = if is_bower_code(first) {
        (first, after, None)
    } else {
        let (code, message) = after.trim_start().split_once(' ')?;
        (code, message, Some(first))
    };
    let message = message.trim();
    if !is_bower_code(code) || message.is_empty() {
        return None;
    }
    let kind = match code {
        "ESUDO" | "ENOGIT" | "ENOENT" | "EMALFORMED" | "EINVALID" | "EREADONLY" => Kind::Configuration,
        "EINVRES" => Kind::Network,
        // Bower's own, for a package that the registry does not have.
        "ENOTFOUND" if message.contains("not found") => Kind::Dependency,
        _ => kinds::of_code(code).unwrap_or(Kind::Dependency),
    };
    let message = package.map_or_else(|| message.to_owned(), |package| format!("{package}: {message}"));
    let mut found = failure("bower", code, kind, &message, span);
    found.code = Some(code.to_owned());
    Some(found)
}

fn is_bower_code(word: &str) -> bool {
    word.starts_with('E') && is_code(word)
}
