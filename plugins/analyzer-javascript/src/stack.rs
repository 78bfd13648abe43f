//! Stacks as V8 prints them, with the causes that Node shows, and what stands before them.

use grimoire_plugin_sdk::text::{leading_number, place_at_start, place_in_parentheses, trim};
use grimoire_plugin_sdk::{Diagnostic, Frame, Location, Severity, Span};

use crate::found::{Excerpt, exception, finding, frame, is_own, is_script, is_script_frame, own_place};

/// Lines between the exception's line and its first frame: messages have several lines.
const BEFORE_FRAMES: u32 = 30;
/// Lines between the place that Node prints first and the exception's line.
const AFTER_PLACE: u32 = 8;
/// Frames kept.
const FRAMES: usize = 200;
/// Lines of the message that are kept.
const MESSAGE_LINES: usize = 3;
/// Lines after the frames that may show properties and causes of the error.
const PROPERTIES: u32 = 60;

/// An exception's line that waits for its frames.
struct Pending {
    kind: String,
    code: Option<String>,
    lines: Vec<String>,
    age: u32,
    span: Span,
    excerpt: Excerpt,
}

/// An exception with at least one frame.
struct Open {
    kind: String,
    code: Option<String>,
    message: String,
    frames: Vec<Frame>,
    /// Lines since the last frame.
    quiet: u32,
    braces: bool,
    in_cause: bool,
    /// The open exception's cause was read: frames from now on are the cause's.
    cause_frames: Vec<Frame>,
    excerpt: Excerpt,
    span: Span,
}

/// Recognises stacks.
#[derive(Default)]
pub(crate) struct Stacks {
    pending: Option<Pending>,
    open: Option<Open>,
    /// The line that Node prints first for an uncaught error: `/path/file.js:10`.
    place: Option<(Location, u32, Span)>,
    /// mocha has said how many tests fail; its stacks follow.
    mocha: bool,
    /// A test runner shows what the code under test printed: not an error of the run.
    printed: u32,
}

impl Stacks {
    pub(crate) fn line(&mut self, text: &str, marked: bool, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        if matches!(
            trimmed,
            "console.error" | "console.warn" | "console.log" | "console.info" | "console.debug"
        ) || trimmed.starts_with("stderr | ")
        {
            self.finish(out);
            self.printed = 40;
            return true;
        }
        if self.printed > 0 {
            let ends = !trimmed.is_empty() && !text.starts_with([' ', '\t']) && exception(trimmed).is_none();
            self.printed = if ends { 0 } else { self.printed - 1 };
            return !ends;
        }
        if let Some(frame) = frame(trimmed).filter(is_script_frame) {
            return self.frame(frame, text, span);
        }
        if let Some(open) = &mut self.open {
            if property(open, text, trimmed, span) {
                return true;
            }
            self.close(out);
        }
        self.age();
        if marked {
            self.pending = None;
        }
        if let Some((count, rest)) = leading_number(trimmed) {
            self.mocha |= rest == " failing" && count > 0;
        }
        let start = trimmed
            .strip_prefix("(node:")
            .and_then(|rest| rest.split_once("UnhandledPromiseRejectionWarning: "))
            .map_or(trimmed, |(_, rest)| rest);
        if let Some((kind, code)) = exception(start) {
            let mut excerpt = Excerpt::default();
            excerpt.push(text);
            self.pending = Some(Pending {
                kind: kind.to_owned(),
                code: code.map(str::to_owned),
                lines: vec![start.trim_end_matches(" {").to_owned()],
                age: 0,
                span,
                excerpt,
            });
            return true;
        }
        if let Some(pending) = &mut self.pending {
            if pending.lines.len() < MESSAGE_LINES
                && !trimmed.is_empty()
                && !trimmed.starts_with(['+', '-'])
                && !trimmed.starts_with("Require stack:")
                && pending.age <= 4
            {
                pending.lines.push(trimmed.to_owned());
            }
            pending.excerpt.push(text);
            return false;
        }
        if trimmed.ends_with(|c: char| c.is_ascii_digit() || c == ':')
            && let Some(place) = place_at_start(text).filter(|place| {
                place.rest.trim().is_empty() && place.column.is_none() && is_script(place.path)
            })
        {
            self.place = Some((place.location(), 0, span));
        }
        false
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.pending = None;
        self.place = None;
    }

    fn age(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.age += 1;
            if pending.age > BEFORE_FRAMES {
                self.pending = None;
            }
        }
        if let Some((_, age, _)) = &mut self.place {
            *age += 1;
            if *age > AFTER_PLACE && self.pending.is_none() {
                self.place = None;
            }
        }
    }

    fn frame(&mut self, frame: Frame, text: &str, span: Span) -> bool {
        if let Some(pending) = self.pending.take() {
            // A second exception line directly before frames is another error.
            self.open = Some(Open {
                kind: pending.kind,
                code: pending.code,
                message: pending.lines.join("\n"),
                frames: Vec::new(),
                quiet: 0,
                braces: false,
                in_cause: false,
                cause_frames: Vec::new(),
                excerpt: pending.excerpt,
                span: pending.span,
            });
        }
        let Some(open) = &mut self.open else { return false };
        let frames = if open.in_cause { &mut open.cause_frames } else { &mut open.frames };
        if frames.len() < FRAMES {
            frames.push(frame);
        }
        open.braces |= text.trim_end().ends_with('{');
        open.excerpt.push(text);
        open.quiet = 0;
        open.span = open.span.to(span);
        true
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(mut open) = self.open.take() else { return };
        let mut location = own_place(&open.frames).filter(|place| is_own(&place.path));
        let mut span = open.span;
        if location.is_none() {
            location = place_in_message(&open.message);
        }
        if let Some((place, _, start)) = self.place.take() {
            span = span.to(start);
            if location.is_none() || open.kind == "SyntaxError" && is_own(&place.path) {
                location = Some(place);
            }
        }
        let location = location.or_else(|| own_place(&open.cause_frames)).or_else(|| own_place(&open.frames));
        let tool = match open.kind.as_str() {
            "RollupError" => "rollup",
            _ if self.mocha => "mocha",
            _ => "node",
        };
        let mut found = finding(tool, &open.kind, &open.message, location, span);
        found.code = open.code;
        found.severity = Severity::Error;
        found.stack_trace = open.frames;
        found.stack_trace.append(&mut open.cause_frames);
        found.context = open.excerpt.take();
        out.push(found);
    }
}

/// A line after the frames: properties (`code: 'ENOENT',`), a cause, the closing brace.
fn property(open: &mut Open, text: &str, trimmed: &str, span: Span) -> bool {
    open.quiet += 1;
    let cause = trimmed
        .strip_prefix("[cause]: ")
        .or_else(|| trimmed.strip_prefix("Caused by: "))
        .or_else(|| trimmed.strip_prefix("caused by: "));
    if let Some(cause) = cause {
        if let Some((kind, code)) = exception(cause) {
            kind.clone_into(&mut open.kind);
            cause.trim_end_matches(" {").clone_into(&mut open.message);
            open.code = code.map(str::to_owned);
        }
        open.in_cause = true;
        open.excerpt.push(text);
        open.span = open.span.to(span);
        return true;
    }
    if !open.braces || open.quiet > PROPERTIES || trimmed.is_empty() {
        return false;
    }
    if let Some(code) = trimmed.strip_prefix("code: '").and_then(|rest| rest.split('\'').next())
        && open.code.is_none()
    {
        open.code = Some(code.to_owned());
    }
    open.excerpt.push(text);
    open.span = open.span.to(span);
    if !text.starts_with([' ', '\t']) {
        open.braces = false;
    }
    true
}

/// The place that a bundler's or compiler's message names: `SyntaxError: /app/a.js: Unexpected token (3:1)`,
/// `RollupError: src/a.js (3:9): …`.
pub(crate) fn place_in_message(message: &str) -> Option<Location> {
    let first = message.lines().next()?;
    let (_, rest) = first.split_once(": ")?;
    if let Some(place) = place_in_parentheses(rest).filter(|place| is_script(place.path)) {
        return Some(place.location());
    }
    if let Some(place) = place_at_start(rest).filter(|place| is_script(place.path)) {
        return Some(place.location());
    }
    let (path, rest) = rest.split_once(": ")?;
    let (line, column) = rest.rsplit_once('(')?.1.split_once(')')?.0.split_once(':')?;
    is_script(path).then(|| Some(Location::at(path, line.parse().ok()?, column.parse().ok())))?
}
