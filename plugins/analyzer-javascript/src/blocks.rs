//! Errors with a headline and a box with the location: oxlint, Rolldown, Rspack, SWC and Turbopack print
//! the same boxes; Biome prints the location in the headline.
//!
//! ```text
//!   × eslint(no-debugger): `debugger` statement is not allowed
//!    ╭─[src/lid.ts:2:17]
//!
//! [UNRESOLVED_IMPORT] Could not resolve './jar' in src/lid.ts
//!    ╭─[ src/lid.ts:1:19 ]
//!
//! src/lid.ts:2:7 lint/suspicious/noDoubleEquals  FIXABLE  ━━━━━━━━━━
//!
//!   × Using == may be unsafe …
//! ```

use grimoire_plugin_sdk::text::{Context, leading_number, place_at_start, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Role, Severity, Span};

use crate::found::{failure, finding, is_own, is_script, summary};
use crate::kinds;

/// Maximum number of lines between a headline and its box.
const WAIT: u32 = 6;
/// Maximum number of lines of an excerpt.
const EXCERPT: u32 = 40;

/// Recognises these blocks.
#[derive(Default)]
pub(crate) struct Blocks {
    headline: Option<(String, u32, Span)>,
    open: Option<(Diagnostic, Context, u32)>,
    /// The number of the last source line in the excerpt.
    number: Option<u32>,
    /// Biome's headline: location and rule.
    biome: Option<(Option<Location>, String, u32, Span)>,
    /// True after Vite's banner.
    vite: bool,
}

impl Blocks {
    /// Reads a line; returns true if it belongs to a block.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        if self.excerpt(text, trimmed, span) {
            return true;
        }
        self.finish(out);
        self.vite |= trimmed.starts_with("vite v") || trimmed == "error during build:";
        if let Some((place, rule)) = biome_headline(text) {
            self.biome = Some((place, rule, WAIT, span));
            return true;
        }
        if let Some((place, rule, left, start)) = self.biome.take() {
            if let Some(found) = biome_message(trimmed, place.clone(), &rule, start.to(span)) {
                self.open(found, text);
                return true;
            }
            if left > 1 {
                self.biome = Some((place, rule, left - 1, start));
            }
            return trimmed.is_empty();
        }
        if let Some((headline, left, start)) = self.headline.take() {
            let inner = trimmed.strip_prefix("╭─[").or_else(|| trimmed.strip_prefix(",-["));
            if let Some(place) =
                inner.and_then(|rest| place_at_start(rest.trim().trim_end_matches(']').trim_end()))
            {
                let found = boxed(&headline, place.location(), self.vite, start.to(span));
                self.open(found, text);
                return true;
            }
            if left > 1 && headline_of(text, trimmed).is_none() {
                self.headline = Some((headline, left - 1, start));
            }
        }
        if let Some(headline) = headline_of(text, trimmed) {
            self.headline = Some((headline.to_owned(), WAIT, span));
        }
        false
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some((mut found, mut context, _)) = self.open.take() {
            found.context = context.take();
            out.push(found);
        }
    }

    fn open(&mut self, found: Diagnostic, text: &str) {
        let mut context = Context::default();
        context.push(text);
        self.open = Some((found, context, EXCERPT));
        self.number = None;
    }

    /// The source and the advice below a location.
    fn excerpt(&mut self, text: &str, trimmed: &str, span: Span) -> bool {
        let Some((found, context, left)) = &mut self.open else { return false };
        *left -= 1;
        let digits =
            trimmed.trim_start_matches('>').trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
        let belongs = *left > 0
            && (trimmed.starts_with(['│', '·', '╰', '─', '|', '`', ':'])
                || digits.len() < trimmed.len() && digits.trim_start().starts_with(['│', '|'])
                || trimmed.starts_with("help: ")
                || trimmed.starts_with("note: ")
                || text.starts_with("    ") && found.tool == "biome");
        if belongs {
            let marks = trimmed.trim_start_matches([':', '·', '│', '|', ' ']);
            if let Some((number, _)) = leading_number(trimmed) {
                self.number = Some(number);
            } else if marks.starts_with(['^', '─'])
                && let Some(number) = self.number.take()
                && let Some(place) = found.location.as_mut().filter(|place| begins_excerpt(place, number))
            {
                // Older versions name the line at which the excerpt begins.
                *place = Location::at(&place.path, number, None);
            }
            context.push(text);
            found.span = found.span.to(span);
        }
        belongs
    }
}

/// Returns true if a location may be that of an excerpt instead of that of its marked line.
fn begins_excerpt(place: &Location, marked: u32) -> bool {
    place.start.is_some_and(|start| start.column == Some(1) && start.line != marked)
}

/// `  × message`, `[CODE] message`, `Error:   x message`.
fn headline_of<'a>(text: &'a str, trimmed: &'a str) -> Option<&'a str> {
    let indented = text.starts_with(' ') || text.starts_with('\t');
    let marked = ["× ", "x ", "⚠ ", "! "].iter().any(|mark| trimmed.starts_with(mark));
    // A copy may have lost the indentation; only a box makes it an error.
    if marked && (indented || trimmed.starts_with(['×', 'x'])) {
        return Some(trimmed);
    }
    if trimmed
        .strip_prefix("Error: ")
        .is_some_and(|rest| rest.trim_start().starts_with("x ") || rest.trim_start().starts_with("× "))
    {
        return Some(trimmed);
    }
    let (code, _) = trimmed.strip_prefix('[')?.split_once("] ")?;
    let is_code = code.len() >= 5
        && code.contains('_')
        && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    is_code.then_some(trimmed)
}

/// A headline with its location.
fn boxed(headline: &str, location: Location, vite: bool, span: Span) -> Diagnostic {
    let next = headline.starts_with("Error: ");
    let headline = headline.trim_start_matches("Error: ").trim_start();
    let severity = if headline.starts_with(['⚠', '!']) { Severity::Warning } else { Severity::Error };
    let location = Some(location).filter(|place| is_own(&place.path));
    if let Some((code, message)) = headline.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        let tool = if vite { "vite" } else { "rolldown" };
        let mut found = finding(tool, code, message, location, span);
        found.kind = Kind::Compile;
        return found;
    }
    let message = headline.trim_start_matches(['×', 'x', '⚠', '!']).trim_start();
    let rule = message.split_once("): ").filter(|(rule, _)| rule.contains('(') && !rule.contains(' '));
    let (tool, code, message, kind) = match rule {
        Some((rule, message)) => ("oxlint", format!("{rule})"), message, Kind::Lint),
        None if message.starts_with("Module ") => ("rspack", String::new(), message, Kind::Compile),
        None if next => ("next", String::new(), message, Kind::Compile),
        None => ("swc", String::new(), message, Kind::Compile),
    };
    let mut found = finding(tool, &code, message, location, span);
    found.kind = kinds::by_words(message).unwrap_or(kind);
    found.severity = severity;
    if code.is_empty() {
        "syntax".clone_into(&mut found.error_type);
    }
    found
}

/// `src/lid.ts:2:7 lint/suspicious/noDoubleEquals  FIXABLE  ━━━━`, `configuration ━━━━`.
fn biome_headline(text: &str) -> Option<(Option<Location>, String)> {
    let head = text.strip_suffix('━')?.trim_end_matches('━');
    let head = head.trim_end().trim_end_matches("FIXABLE").trim_end();
    let is_rule = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_'))
            && word.starts_with(|c: char| c.is_ascii_lowercase())
    };
    if is_rule(head) {
        return Some((None, head.to_owned()));
    }
    let (path, rule) = head.rsplit_once(' ')?;
    if !is_rule(rule) {
        return None;
    }
    let location = match place_at_start(path) {
        Some(place) if place.rest.trim().is_empty() => place.location(),
        _ if is_script(path) => Location::file(path),
        _ => return None,
    };
    Some((Some(location), rule.to_owned()))
}

/// `  × message` below Biome's headline.
fn biome_message(text: &str, place: Option<Location>, rule: &str, span: Span) -> Option<Diagnostic> {
    let (severity, message) = [
        ("× ", Severity::Error),
        ("✖ ", Severity::Error),
        ("⚠ ", Severity::Warning),
        ("! ", Severity::Warning),
        ("i ", Severity::Info),
        ("ℹ ", Severity::Info),
    ]
    .iter()
    .find_map(|(mark, severity)| Some((*severity, text.strip_prefix(mark)?)))?;
    if place.is_none()
        && (message.starts_with("Some errors were emitted while")
            || message.starts_with("Biome exited because"))
    {
        return Some(summary("biome", Kind::Lint, message, span));
    }
    let kind = match rule {
        "configuration" | "deserialize" => Kind::Configuration,
        "parse" => Kind::Compile,
        _ => Kind::Lint,
    };
    let mut found = failure("biome", rule, kind, message, span);
    found.code = rule.contains('/').then(|| rule.to_owned());
    found.location = place;
    found.severity = severity;
    if message.contains("aborted due to parsing errors") {
        found.role = Role::Consequence;
    }
    Some(found)
}
