//! Stacks in V8's format, with the causes that Node prints, and the lines before them.

use grimoire_plugin_sdk::text::{leading_number, place_at_start, trim};
use grimoire_plugin_sdk::{Diagnostic, Frame, Kind, Location, Role, Severity, Span};

use crate::found::{
    Excerpt, exception, finding, frame, is_code_frame, is_own, is_script, is_script_frame, own_place, tool_of,
};
use crate::kinds;
use crate::message_place::{file_in_message, place_in_message};

/// Maximum number of lines between the exception's line and its first frame: messages may have several lines.
const BEFORE_FRAMES: u32 = 30;
/// The limit for a failed test, whose report shows whole objects and their differences.
const IN_REPORT: u32 = 5_000;
/// Maximum number of lines between the location that Node prints first and the exception's line.
const AFTER_PLACE: u32 = 8;
/// Frames kept.
const FRAMES: usize = 200;
/// Maximum number of message lines that are kept.
const MESSAGE_LINES: usize = 3;
/// Maximum number of lines after the frames with properties and causes of the error.
const PROPERTIES: u32 = 60;

/// An exception's line waiting for its frames.
struct Pending {
    kind: String,
    code: Option<String>,
    lines: Vec<String>,
    age: u32,
    span: Span,
    excerpt: Excerpt,
    /// The first own file of `Require stack:`.
    requirer: Option<String>,
    required: bool,
    /// True if the exception is shown as an object, whose properties follow the frames.
    inspected: bool,
}

/// An exception with at least one frame.
struct Open {
    kind: String,
    code: Option<String>,
    message: String,
    frames: Vec<Frame>,
    /// Number of lines since the last frame.
    quiet: u32,
    braces: bool,
    in_cause: bool,
    /// The frames after the open exception's cause, which belong to the cause.
    cause_frames: Vec<Frame>,
    requirer: Option<String>,
    excerpt: Excerpt,
    span: Span,
}

/// Recognises stacks.
#[derive(Default)]
pub(crate) struct Stacks {
    pending: Option<Pending>,
    open: Option<Open>,
    /// The first line that Node prints for an uncaught error: `/path/file.js:10`.
    place: Option<(Location, u32, Span)>,
    /// The failed test to which the next exception belongs, its runner and the start of its report.
    test: Option<(String, &'static str, Span)>,
    /// True in a runner's list of failed tests: exceptions outside of its entries are part of a test's output.
    in_list: bool,
    /// The tool that announced the next exception.
    tool: Option<(&'static str, Span)>,
    /// The runtime, once output of Bun or Deno was seen.
    runtime: Option<&'static str>,
    /// Number of lines of the tested code's output that a test runner shows: not errors of the run.
    printed: u32,
}

impl Stacks {
    pub(crate) fn line(&mut self, text: &str, marked: bool, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        if matches!(
            trimmed,
            "console.error" | "console.warn" | "console.log" | "console.info" | "console.debug"
        ) || trimmed.trim_start_matches(['·', 'x', '.', '-', '*']).starts_with("stderr | ")
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
        if trimmed.starts_with("Bun v") || trimmed.starts_with("bun ") {
            self.runtime = Some("bun");
        }
        let start = self.without_announcement(trimmed);
        // Deno's own exceptions have other names.
        let denied = (start.len() < trimmed.len() && self.runtime == Some("deno"))
            .then(|| start.split_once(": "))
            .flatten()
            .filter(|(kind, _)| kind.bytes().all(|byte| byte.is_ascii_alphabetic()))
            .map(|(kind, _)| (kind, None));
        // The first exception of a test is the reason for its failure; others are part of its output.
        let is_shown = self.test.is_some() && self.pending.is_some();
        // Old Node shows an exception as an object: `{ Error: message`.
        let inspected = start.strip_prefix("{ ").filter(|rest| exception(rest).is_some());
        let start = inspected.unwrap_or(start);
        if let Some((kind, code)) = exception(start).or(denied).filter(|_| !is_shown) {
            let mut excerpt = Excerpt::default();
            excerpt.push(text);
            self.pending = Some(Pending {
                kind: kind.to_owned(),
                code: code.map(str::to_owned),
                lines: vec![start.trim_end_matches(" {").to_owned()],
                age: 0,
                span,
                excerpt,
                requirer: None,
                required: false,
                inspected: inspected.is_some(),
            });
            return true;
        }
        if let Some(pending) = &mut self.pending {
            if let Some(path) = trimmed.strip_prefix("- ").filter(|_| pending.required) {
                if pending.requirer.is_none() && is_own(path) {
                    pending.requirer = Some(path.to_owned());
                }
                let required = Frame { location: Some(Location::file(path)), ..Frame::default() };
                self.tool = self.tool.or(tool_of(&[required]).map(|tool| (tool, span)));
            } else if trimmed == "Require stack:" {
                pending.required = true;
            } else if pending.lines.len() < if self.runtime == Some("deno") { 1 } else { MESSAGE_LINES }
                && !trimmed.is_empty()
                && !trimmed.starts_with(['+', '-', '^'])
                && !is_code_frame(text)
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
        self.without_frames(out);
        self.test = None;
        self.pending = None;
        self.place = None;
    }

    /// A test runner names a failed test, to which the next exception belongs.
    pub(crate) fn begin_test(
        &mut self,
        name: &str,
        tool: &'static str,
        span: Span,
        out: &mut Vec<Diagnostic>,
    ) {
        self.close(out);
        self.without_frames(out);
        self.pending = None;
        self.test = Some((name.to_owned(), tool, span));
    }

    /// Sets whether the lines belong to a runner's list of failed tests, one of which has been read.
    pub(crate) fn in_list(&mut self, in_list: bool) {
        self.in_list = in_list;
    }

    /// Sets the runtime that prints the exceptions from now on.
    pub(crate) fn runs_in(&mut self, runtime: &'static str) {
        self.runtime = Some(runtime);
    }

    /// Returns true if an exception's line waits for its frames: its message may have any lines.
    pub(crate) fn is_waiting(&self) -> bool {
        self.pending.is_some()
    }

    /// Drops the exception that was seen, because another recogniser reads it.
    pub(crate) fn forget(&mut self) {
        self.pending = None;
    }

    /// A tool announces that the next exception is its own.
    pub(crate) fn announce(&mut self, tool: &'static str, span: Span, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.tool = Some((tool, span));
    }

    /// A test's exception may have no frames: its message suffices.
    fn without_frames(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some((name, tool, start)) = self.test.take_if(|_| self.pending.is_some())
            && let Some(mut pending) = self.pending.take()
        {
            let mut found =
                finding(tool, &pending.kind, &pending.lines.join("\n"), None, start.to(pending.span));
            found.location = place_in_message(&found.message);
            found.code = pending.code;
            found.kind = Kind::Test;
            found.test = Some(name);
            found.context = pending.excerpt.take();
            out.push(found);
        }
    }

    /// An exception's line without the prefix of its runtime or runner.
    fn without_announcement<'a>(&mut self, text: &'a str) -> &'a str {
        if let Some(rest) = text.strip_prefix("error: Uncaught ") {
            self.runtime = Some("deno");
            return rest.strip_prefix("(in promise) ").unwrap_or(rest);
        }
        if let Some(rest) = text.strip_prefix("Exception during run: ") {
            return rest;
        }
        if let Some(rest) = after_progress(text) {
            return rest;
        }
        text.strip_prefix("(node:")
            .and_then(|rest| rest.split_once("UnhandledPromiseRejectionWarning: "))
            .map_or(text, |(_, rest)| rest)
    }

    fn age(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.age += 1;
            if pending.age > if self.test.is_some() { IN_REPORT } else { BEFORE_FRAMES } {
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
                braces: pending.inspected,
                in_cause: false,
                cause_frames: Vec::new(),
                requirer: pending.requirer,
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
        let Some(mut open) = self.open.take().filter(|_| self.test.is_some() || !self.in_list) else {
            return;
        };
        let mut location = own_place(&open.frames);
        let mut span = open.span;
        if location.is_none() {
            location = place_in_message(&open.message).filter(|place| is_own(&place.path));
        }
        if let Some((place, _, start)) = self.place.take()
            && is_own(&place.path)
        {
            span = span.to(start);
            if location.is_none() || open.kind == "SyntaxError" {
                location = Some(place);
            }
        }
        let location = location
            .or_else(|| own_place(&open.cause_frames))
            .or_else(|| file_in_message(&open.message))
            .or_else(|| open.requirer.as_deref().map(Location::file));
        if let Some(path) = &open.requirer {
            open.message = format!("{}\nRequire stack: {path}", open.message);
        }
        let test = self.test.take();
        let announced = self.tool.take();
        let tool = match (open.kind.as_str(), &test) {
            (_, Some((_, "mocha", _))) if open.message.contains("Timed out retrying") => "cypress",
            (_, Some((_, tool, _))) => tool,
            _ if announced.is_some() => announced.unwrap_or_default().0,
            ("RollupError", _) => "rollup",
            _ => tool_of(&open.frames).or(self.runtime).unwrap_or("node"),
        };
        let code = open.code.or_else(|| kinds::system_code(&open.message).map(str::to_owned));
        let mut found = finding(tool, &open.kind, &open.message, location, span);
        found.kind = kinds::of_exception(&open.kind, code.as_deref(), &open.message);
        found.code = code;
        found.severity = Severity::Error;
        if let Some((_, start)) = announced {
            found.span = start.to(span);
        }
        if let Some((name, _, start)) = test {
            found.kind = Kind::Test;
            found.span = start.to(span);
            found.test = Some(name);
        } else if open.message.contains("Command failed: ")
            || open.message.contains("Command failed with exit code")
            || open.message == "Error: error occurred in dts build"
            || open.message.ends_with("Build failed because of webpack errors")
        {
            found.role = Role::Consequence;
        }
        found.stack_trace = open.frames;
        found.stack_trace.append(&mut open.cause_frames);
        found.context = open.excerpt.take();
        out.push(found);
    }
}

/// `10% building modules ...pots.scssTypeError: message`: webpack's progress stays on the terminal's line.
fn after_progress(text: &str) -> Option<&str> {
    let (_, rest) = leading_number(text)?;
    let (before, _) = rest.strip_prefix("% ")?.split_once("Error: ")?;
    let name = before.len() - before.bytes().rev().take_while(u8::is_ascii_alphabetic).count();
    let capital = before[name..].find(|c: char| c.is_ascii_uppercase()).unwrap_or(before.len() - name);
    Some(&rest["% ".len() + name + capital..])
}

/// A line after the frames: properties (`code: 'ENOENT',`), a cause, the closing brace.
fn property(open: &mut Open, text: &str, trimmed: &str, span: Span) -> bool {
    open.quiet += 1;
    if trimmed.starts_with("Emitted 'error' event on ")
        || trimmed.starts_with("... ") && trimmed.contains(" matching cause stack trace")
    {
        open.excerpt.push(text);
        return true;
    }
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
    if !text.starts_with([' ', '\t']) || trimmed.ends_with("' }") {
        open.braces = false;
    }
    true
}
