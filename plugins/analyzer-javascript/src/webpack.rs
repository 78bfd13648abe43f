//! webpack's blocks: `ERROR in ./src/a.js 3:1` and the lines below, including those of ts-loader and other plugins.

use grimoire_plugin_sdk::text::{Context, leading_number, place_at_start, place_in_parentheses, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Severity, Span};

use crate::found::{exception, failure, finding, is_script};
use crate::message_place::place_in_message;
use crate::tsc::{in_line, is_ts_code};

/// Maximum number of message lines.
const MESSAGE_LINES: usize = 2;

/// A block being read.
struct Block {
    severity: Severity,
    location: Option<Location>,
    message: Vec<String>,
    /// Set after `[tsl] ERROR in path(1,2)`: the next line has code and message.
    loader: Option<Location>,
    /// ts-loader's finding, a better version of the block's message.
    typed: Option<Diagnostic>,
    /// True if webpack's command could not start.
    refused: bool,
    /// The last line, and where node-sass found the error that it states.
    last: String,
    style: Option<(Location, String)>,
    context: Context,
    blank: u32,
    span: Span,
}

/// Recognises webpack's blocks.
#[derive(Default)]
pub(crate) struct Webpack {
    block: Option<Block>,
}

impl Webpack {
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if let Some(message) = text.strip_prefix("[webpack-cli] ") {
            if !message.trim_start_matches("✖ ").starts_with("Error: ") {
                self.finish(out);
            }
            return self.refused(message, span);
        }
        let begins = [
            ("ERROR in ", Severity::Error),
            ("WARNING in ", Severity::Warning),
            // Vue's tools print it in lower case.
            (" error  in ", Severity::Error),
            (" warning  in ", Severity::Warning),
        ];
        for (start, severity) in begins {
            if let Some(rest) = text.strip_prefix(start) {
                self.finish(out);
                // Older versions of Angular's command put the mark before the compiler's own line.
                if severity == Severity::Error && in_line(rest, span).is_some() {
                    return false;
                }
                self.open(rest, severity, span);
                return true;
            }
        }
        // The next of Angular's findings in templates has no mark.
        if self.block.is_some() && text.contains("): : ") && place_in_parentheses(text).is_some() {
            self.finish(out);
            self.open(text, Severity::Error, span);
            return true;
        }
        let Some(block) = &mut self.block else { return self.unmarked(text, span, out) };
        if text.trim().is_empty() {
            block.blank += 1;
            block.context.push("");
            if block.blank >= 3 {
                self.finish(out);
            }
            return true;
        }
        if block.refused
            && (text.starts_with('▶') || !text.starts_with([' ', '\t']))
            && !text.starts_with(" - ")
        {
            // The reason why something cannot be loaded is printed below each attempt.
            if !text.starts_with('▶') {
                self.finish(out);
                return false;
            }
        }
        let ends = text.starts_with("webpack ")
            || text.starts_with("Found ")
            || text.starts_with("##")
            || text.starts_with("npm ")
            || text.starts_with("Process completed");
        if ends || (block.blank > 0 && starts_other(text)) {
            self.finish(out);
            return text.starts_with("webpack ");
        }
        block.blank = 0;
        block.line(text, span);
        true
    }

    /// An excerpt without `ERROR in …`, and what Webpacker requires.
    fn unmarked(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        let is_excerpt = text.trim_start_matches('\'').starts_with("Module build failed");
        let is_refusal = trimmed.starts_with("Webpacker requires ")
            && trimmed.contains(" and you are using ")
            || trimmed.starts_with("Yarn not installed. Please download");
        if is_excerpt {
            self.open(text.trim_start_matches('\''), Severity::Error, span);
        } else if is_refusal {
            out.push(failure("webpack", "requirement", Kind::Configuration, trimmed, span));
        }
        is_excerpt || is_refusal
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some(block) = self.block.take() {
            out.extend(block.report());
        }
    }

    /// `[webpack-cli] Failed to load 'x.js' config`, `[webpack-cli] Invalid configuration object. …`.
    fn refused(&mut self, message: &str, span: Span) -> bool {
        let message = message.trim_start_matches("✖ ");
        let is_refusal = [
            "Failed to load ",
            "Invalid configuration object",
            "Error: ",
            "TypeError: ",
            "ReferenceError: ",
            "SyntaxError: ",
            "Unknown ",
            "Unable load ",
        ]
        .iter()
        .any(|start| message.starts_with(start));
        if is_refusal {
            if let Some(block) = self.block.as_mut().filter(|block| block.refused && message.contains(": ")) {
                // The name of what could not be loaded came before; this is the reason.
                block.line(&format!("- {message}"), span);
                return true;
            }
            self.open(&format!("{message} "), Severity::Error, span);
            if let Some(block) = &mut self.block {
                block.refused = true;
                block.message = vec![message.to_owned()];
            }
        }
        is_refusal
    }

    fn open(&mut self, rest: &str, severity: Severity, span: Span) {
        let rest = rest.trim();
        let location = place_of(rest);
        let mut context = Context::default();
        context.push(rest);
        // `ERROR in Entry module not found: …`: the message is in the header.
        let is_message = location.is_none() && rest.contains(' ') && !names_a_plugin(rest);
        // `ERROR in src/lid.component.html(3,5): : message` of Angular's templates.
        let said = place_in_parentheses(rest).map_or("", |place| place.rest.trim_start_matches([':', ' ']));
        let message = match (is_message, said) {
            (true, _) => vec![rest.to_owned()],
            (false, "") => Vec::new(),
            (false, said) => vec![said.to_owned()],
        };
        self.block = Some(Block {
            severity,
            location,
            message,
            loader: None,
            typed: None,
            refused: false,
            last: String::new(),
            style: None,
            context,
            blank: 0,
            span,
        });
    }
}

/// Lines that begin another part of the log after a blank line.
fn starts_other(text: &str) -> bool {
    text.starts_with("asset ")
        || text.starts_with("FAIL ")
        || text.starts_with("PASS ")
        || text.starts_with("> ")
        || text.starts_with("yarn ")
}

/// `bundle.js from Terser`: what was written, by which plugin.
fn names_a_plugin(text: &str) -> bool {
    let Some((path, plugin)) = text.split_once(" from ") else { return false };
    is_script(path) && !path.contains(' ') && !plugin.contains([' ', ':', '.', '/'])
}

/// `./src/a.js 3:1`, `./src/a.js 3:1-9`, `./src/a.js:3:1`, `src/a.ts(3,1)`, `./src/a.js`.
fn place_of(text: &str) -> Option<Location> {
    if let Some(place) = place_in_parentheses(text).or_else(|| place_at_start(text)) {
        return Some(place.location());
    }
    let (path, place) = text.rsplit_once(' ').unwrap_or((text, ""));
    if let Some((line, rest)) = leading_number(place)
        && let Some((column, _)) = rest.strip_prefix(':').and_then(leading_number)
    {
        return Some(Location::at(path, line, Some(column)));
    }
    (is_script(text) && !text.contains(' ')).then(|| Location::file(text))
}

/// `in /app/pots.scss (line 475, column 13)` below node-sass's excerpt and sentence.
fn style_place(text: &str) -> Option<Location> {
    let (path, rest) = text.strip_prefix("in ")?.strip_suffix(')')?.split_once(" (line ")?;
    let (line, column) = rest.split_once(", column ")?;
    Some(Location::at(path, line.parse().ok()?, column.parse().ok()))
}

impl Block {
    fn line(&mut self, text: &str, span: Span) {
        let trimmed = text.trim();
        self.context.push(text);
        self.span = self.span.to(span);
        if let Some(location) = self.loader.take() {
            if let Some((code, message)) = trimmed.split_once(": ").filter(|(code, _)| is_ts_code(code)) {
                self.typed = Some(finding("ts-loader", code, message, Some(location), self.span));
            }
            return;
        }
        // `(165,11): error TS2559: …` below the file.
        if let Some(location) = self.location.as_ref().filter(|_| trimmed.starts_with('('))
            && let Some(found) = in_line(&format!("{}{trimmed}", location.path), self.span)
        {
            self.typed.get_or_insert(found);
            return;
        }
        if let Some(rest) = trimmed.strip_prefix("[tsl] ") {
            self.loader = rest.split_once(" in ").and_then(|(_, place)| place_of(place));
            return;
        }
        if self.typed.is_some() {
            return;
        }
        if let Some((code, message)) = trimmed.split_once(": ").filter(|(code, _)| is_ts_code(code)) {
            self.typed = Some(finding("tsc", code, message, self.location.clone(), self.span));
            return;
        }
        if self.refused {
            let says_more = trimmed.starts_with("- ") || exception(trimmed).is_some();
            if says_more && self.message.len() < MESSAGE_LINES {
                self.message.push(trimmed.trim_start_matches("- ").to_owned());
            }
            return;
        }
        if let Some(place) = style_place(trimmed) {
            self.style = Some((place, format!("{}\n{trimmed}", self.last)));
            return;
        }
        trimmed.clone_into(&mut self.last);
        // The location is repeated with 0-based columns.
        let repeats = place_of(trimmed).is_some_and(|place| place.start.is_some()) && self.message.is_empty();
        if self.message.len() < MESSAGE_LINES
            && !repeats
            && !trimmed.starts_with(['|', '>', '@', '*'])
            && !trimmed.starts_with("at ")
        {
            self.message.push(trimmed.to_owned());
        }
    }

    fn report(mut self) -> Option<Diagnostic> {
        if let Some(typed) = self.typed {
            return Some(Diagnostic {
                severity: self.severity,
                kind: Kind::Compile,
                context: self.context.take(),
                span: self.span,
                ..typed
            });
        }
        let first = self.message.first()?.clone();
        // `Module parse failed: Unexpected token (3:1)` has the line if the header has none.
        let mut location = self.location.take();
        if let Some(file) = &location
            && file.start.is_none()
            && let Some((line, column)) = first
                .rsplit_once('(')
                .and_then(|(_, place)| place.split_once(')'))
                .and_then(|(place, _)| place.split_once(':'))
            && let Ok(line) = line.parse()
        {
            location = Some(Location::at(&file.path, line, column.parse().ok()));
        }
        let mut location = location.or_else(|| place_in_message(&first));
        let kind = first
            .split(": ")
            .next()
            .filter(|kind| kind.len() < 60 && kind.len() < first.len())
            .unwrap_or("build-error")
            .to_owned();
        // `Module build failed (from …):` only says which loader gave up.
        if first.starts_with("Module build failed") && first.ends_with(':') {
            self.message.rotate_left(1);
            if let Some((place, message)) = self.style.take() {
                location = Some(place);
                self.message = vec![message];
            }
        }
        let mut found = finding("webpack", &kind, &self.message.join("\n"), location, self.span);
        found.code = None;
        found.kind = Kind::Compile;
        found.severity = self.severity;
        if self.refused {
            found.kind = Kind::Configuration;
            found.location = None;
        }
        found.context = self.context.take();
        Some(found)
    }
}
