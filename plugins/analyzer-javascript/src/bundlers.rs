//! esbuild, Vite, Rollup, Parcel, Metro and Next.js: a line with the message, and a line with the location.

use grimoire_plugin_sdk::text::{Characters, Context, Needle, place_at_start, place_in_parentheses, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Severity, Span};

use crate::found::{exception, failure, finding, frame, is_code_frame, is_own, is_script};
use crate::message_place::place_in_message;
use crate::tsc::is_ts_code;

/// Maximum number of lines of an error's excerpt.
const ATTACHED: u32 = 24;

/// Recognises the bundlers' errors.
#[derive(Default)]
pub(crate) struct Bundlers {
    open: Option<Diagnostic>,
    /// Number of further lines that may belong to the open error.
    left: u32,
    context: Context,
    /// True after `error during build:`; the message follows.
    announced: bool,
    /// `./app/page.tsx:5:3` of Next.js; the message follows.
    place: Option<(Location, Span)>,
}

impl Bundlers {
    pub(crate) fn line(
        &mut self,
        text: &str,
        among: Characters,
        span: Span,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        let trimmed = trim(text);
        if let Some(found) = self.begin(text, trimmed, among, span) {
            self.finish(out);
            self.context.push(text);
            self.open = Some(found);
            self.left = ATTACHED;
            return true;
        }
        if self.open.is_some() {
            if self.attach(text, trimmed, span) {
                return true;
            }
            self.finish(out);
        }
        false
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some(mut open) = self.open.take() {
            open.context = self.context.take();
            out.push(open);
        }
    }

    fn begin(&mut self, text: &str, trimmed: &str, among: Characters, span: Span) -> Option<Diagnostic> {
        if let Some(found) = esbuild(trimmed, span) {
            return Some(found);
        }
        if trimmed == "error during build:" {
            self.announced = true;
            return None;
        }
        // Other tools mark their messages in the same way; Rollup's name the plugin and the exception.
        if let Some(message) = text.strip_prefix("[!] ")
            && (message.starts_with("(plugin ")
                || message.starts_with("Could not resolve ")
                || message.starts_with("Could not load ")
                || exception(message).is_some())
        {
            self.announced = false;
            return Some(rollup(message, span));
        }
        if !trimmed.is_empty() && std::mem::take(&mut self.announced) {
            // Newer versions count the errors, and show each in a box.
            if trimmed.starts_with("Build failed with ") {
                return None;
            }
            let found = rollup(trimmed, span);
            // Only Rollup prints no announcement.
            let tool = if found.error_type == "RollupError" { found.tool.clone() } else { "vite".to_owned() };
            return Some(Diagnostic { tool, ..found });
        }
        if let Some(found) =
            parcel(text, span).or_else(|| metro(trimmed, among, span)).or_else(|| npmlog(trimmed, span))
        {
            return Some(found);
        }
        // Astro and others show Vite's error after a word of their own, or without one.
        let bare =
            ["Error: ", "error   "].iter().find_map(|word| trimmed.strip_prefix(word)).unwrap_or(trimmed);
        if bare.starts_with("[vite]: Rollup failed to resolve import ") {
            return Some(rollup(bare, span));
        }
        if let Some(message) = trimmed.strip_prefix("[vite] Internal server error: ") {
            return Some(Diagnostic { tool: "vite".to_owned(), ..rollup(message, span) });
        }
        let place = self.place.take();
        if let Some((location, start)) = place {
            let message =
                trimmed.strip_prefix("Type error: ").map(|message| ("type-error", message)).or_else(|| {
                    let is_box = trimmed
                        .strip_prefix("Error:")
                        .is_some_and(|rest| rest.trim_start().starts_with(['x', '×']));
                    (!is_box && (trimmed.starts_with("Module not found: ") || trimmed.starts_with("Error: ")))
                        .then(|| (trimmed.split(": ").next().unwrap_or(trimmed), trimmed))
                });
            // Turbopack prints the message without a level word.
            let message = message.or_else(|| {
                let is_sentence = location.start.is_some()
                    && trimmed.starts_with(|c: char| c.is_ascii_uppercase())
                    && trimmed.ends_with('.')
                    && trimmed.contains(' ');
                is_sentence.then_some(("build-error", trimmed))
            });
            if let Some((kind, message)) = message {
                let mut found = finding("next", kind, message, Some(location), start.to(span));
                found.code = None;
                return Some(found);
            }
        }
        if text.starts_with("./")
            && let Some(place) =
                place_at_start(text).filter(|place| place.rest.trim().is_empty() && is_script(place.path))
        {
            self.place = Some((place.location(), span));
        } else if text.starts_with("./") && is_script(text) {
            self.place = Some((Location::file(text), span));
        }
        None
    }

    /// Reads an excerpt's line, and the location if the error has none.
    fn attach(&mut self, text: &str, trimmed: &str, span: Span) -> bool {
        let Some(open) = &mut self.open else { return false };
        if self.left == 0 || trimmed.starts_with("##") {
            return false;
        }
        self.left -= 1;
        if trimmed.is_empty() {
            return true;
        }
        let place_text =
            trimmed.strip_prefix("file: ").or_else(|| trimmed.strip_prefix("File: ")).unwrap_or(trimmed);
        let place = place_at_start(place_text)
            .or_else(|| place_in_parentheses(place_text))
            .filter(|place| is_script(place.path));
        // Rollup repeats the exception, with its frames.
        let again = exception(trimmed).is_some_and(|_| {
            trimmed.split_once(": ").is_some_and(|(_, message)| open.message.ends_with(message))
        });
        let is_file = open.location.is_none()
            && !text.starts_with(' ')
            && is_script(trimmed)
            && !trimmed.trim_start_matches("file:").contains([' ', ':']);
        if is_file {
            open.location = Some(Location::file(trimmed)).filter(|place| is_own(&place.path));
        }
        let belongs = place.is_some()
            || again
            || is_file
            || text.starts_with([' ', '\t'])
            || is_code_frame(text)
            || frame(trimmed).is_some()
            || trimmed.starts_with(|c: char| c.is_ascii_digit()) && trimmed.contains(": ")
            || trimmed.starts_with('^')
            || trimmed.starts_with("https://rollupjs.org/");
        if !belongs {
            return false;
        }
        if let Some(place) = place
            && is_own(place.path)
            && open.location.as_ref().is_none_or(|location| location.start.is_none())
        {
            open.location = Some(place.location());
        }
        // An exception without a message: where it was thrown says more.
        if open.message == "Error"
            && let Some((function, _)) = trimmed.strip_prefix("at ").and_then(|rest| rest.split_once(" ("))
        {
            open.message = format!("Error at {function}");
        }
        self.context.push(text);
        open.span = open.span.to(span);
        true
    }
}

/// `✘ [ERROR] message [plugin name]`; the location follows after a blank line.
fn esbuild(text: &str, span: Span) -> Option<Diagnostic> {
    let (severity, rest) = [
        ("✘ [ERROR] ", Severity::Error),
        ("X [ERROR] ", Severity::Error),
        ("▲ [WARNING] ", Severity::Warning),
    ]
    .iter()
    .find_map(|(start, severity)| text.strip_prefix(start).map(|rest| (*severity, rest)))?;
    let (code, message) = match rest.split_once(": ") {
        Some((code, message)) if is_ts_code(code) => (code, message),
        _ => ("", rest),
    };
    let mut found = finding("esbuild", code, message, None, span);
    if code.is_empty() {
        "build-error".clone_into(&mut found.error_type);
    }
    found.severity = severity;
    // Wrangler lets esbuild print Wrangler's own errors too.
    if found.message.contains("Cloudflare API") || found.message.contains("wrangler") {
        "wrangler".clone_into(&mut found.tool);
        found.kind = Kind::Configuration;
    }
    if let Some(message) = found.message.strip_suffix(" [plugin angular-compiler]") {
        found.message = message.to_owned();
        "angular".clone_into(&mut found.tool);
        found.kind = Kind::Compile;
    }
    Some(found)
}

/// `ERR! Module not found: Error: Can't resolve 'lid' in '/app/src'`, `ERR! Error: Cannot find module 'lid'`,
/// `ModuleNotFoundError: Module not found: …` of tools
/// that log webpack's errors.
fn npmlog(text: &str, span: Span) -> Option<Diagnostic> {
    let message = text.strip_prefix("ERR! ").or_else(|| text.strip_prefix("ModuleNotFoundError: "))?;
    if let Some(message) =
        message.strip_prefix("Error: ").filter(|text| text.starts_with("Cannot find module "))
    {
        return Some(failure("node", "module-not-found", Kind::Dependency, message, span));
    }
    message
        .starts_with("Module not found: Error: Can't resolve ")
        .then(|| failure("webpack", "Module not found", Kind::Compile, message, span))
}

/// `@parcel/transformer-js: Expression expected`; the place follows.
fn parcel(text: &str, span: Span) -> Option<Diagnostic> {
    let (package, message) = text.strip_prefix("@parcel/")?.split_once(": ")?;
    let is_package = package.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    is_package.then(|| failure("parcel", "build-error", Kind::Compile, message, span))
}

/// `error: Error: Unable to resolve module ./lid from /app/App.js:` of React Native's bundler.
fn metro(text: &str, among: Characters, span: Span) -> Option<Diagnostic> {
    static UNABLE: Needle = Needle::new("Unable to resolve module ");
    let at = UNABLE.find_among(among, text)?;
    let before = text[..at].trim_end();
    let marked = before.is_empty() || ["error", "error:", "Error:"].iter().any(|end| before.ends_with(end));
    if !marked {
        return None;
    }
    let message = text[at..].trim_end_matches(':').trim_end();
    let mut found = failure("metro", "module-not-found", Kind::Dependency, message, span);
    found.location = message
        .split_once(" from ")
        .map(|(_, path)| path.trim_matches(['`', '\'', ' ']).split([':', ' ']).next().unwrap_or_default())
        .filter(|path| is_script(path) && is_own(path))
        .map(Location::file);
    Some(found)
}

/// Messages of rollup and vite: `RollupError: src/a.js (3:9): …`, `[vite]: Rollup failed to resolve …`.
fn rollup(message: &str, span: Span) -> Diagnostic {
    let tool = if message.starts_with("[vite") { "vite" } else { "rollup" };
    let message = message.trim_start_matches("[vite]: ");
    let kind = exception(message).map_or("build-error", |(kind, _)| kind);
    let place = place_in_message(message).or_else(|| importer(message).map(Location::file));
    let mut found = finding(tool, kind, message, place, span);
    found.code = None;
    found
}

/// The file in `Could not resolve "./lid" from "src/pot.js"`, `'pour' is not exported by …, imported by src/pot.js`.
fn importer(message: &str) -> Option<&str> {
    let (_, path) = message.rsplit_once(" from ").or_else(|| message.rsplit_once(", imported by "))?;
    let path = path.trim_end_matches('.').trim_matches(['"', '\'', '`']);
    is_script(path).then_some(path)
}
