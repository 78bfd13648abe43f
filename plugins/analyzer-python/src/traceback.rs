//! Tracebacks as the interpreter and loggers print them, with `unittest`'s headers.

use grimoire_plugin_sdk::text::{cut, trim};
use grimoire_plugin_sdk::{Diagnostic, Frame, Kind, Location, Role, Severity, Span, path};

use crate::found::{
    Excerpt, exception_kind, file_line, is_mild, is_surely_exception, is_surely_exception_or_dotted,
    last_part,
};
use crate::own::is_own;
use crate::prefix::{without_bars, without_same_prefix};
use crate::unittest::{failed_test, is_dotted};
use crate::{found, kinds, notebook};

const HEADER: &str = "Traceback (most recent call last):";
/// Maximum number of frames of one exception; the outermost frames of a deeper recursion are dropped.
const FRAMES: usize = 200;
/// Maximum number of exceptions in one chain.
const CHAIN: usize = 16;
/// Maximum number of indented lines after the exception line that still belong to its message.
const MORE_LINES: u32 = 20;
/// Maximum number of unrelated lines in a traceback (written by another process) before it is abandoned.
const FOREIGN_LINES: u32 = 3;

/// One exception of a chain.
#[derive(Clone, Debug, Default)]
struct Raised {
    kind: String,
    message: String,
    /// Outermost call first, as printed.
    frames: Vec<Frame>,
    /// Raised because of the exception before it, not while that one was being handled.
    caused: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    /// After the header, before the exception line.
    Frames,
    /// After the exception line.
    Raised,
    /// After a blank line: a cause may follow.
    Blank,
    /// After `During handling of …`: a traceback follows.
    Chained,
}

/// Recognises tracebacks.
#[derive(Default)]
pub(crate) struct Tracebacks {
    state: State,
    /// In the order in which they were raised, the first cause first.
    chain: Vec<Raised>,
    current: Raised,
    /// The exception was raised because of the preceding one in the chain.
    caused: bool,
    /// The current exception is the cause of the preceding one, as `unittest` prints failed imports.
    nested: bool,
    /// The current exception is a group, whose members are reported instead of it.
    group: bool,
    indent: usize,
    /// The indentation of the first frame.
    frame_indent: usize,
    more: u32,
    foreign: u32,
    /// The preceding line was blank: the program that printed the log puts a blank line after each line.
    blank: bool,
    excerpt: Excerpt,
    span: Span,
    /// The `unittest` test that the next traceback belongs to.
    test: Option<(String, Span)>,
    /// The logger's prefix of the header, which may precede each line.
    prefix: String,
    /// A logger marked the traceback as no error.
    mild: bool,
    /// The mark is in the line of the header.
    logged: bool,
    /// The header was not seen: only a line that is certainly an exception ends the frames.
    fragment: bool,
    /// The preceding line, as far as it is needed.
    previous: String,
}

/// Maximum length kept of the preceding line, in bytes.
const PREVIOUS: usize = 160;

impl Tracebacks {
    /// Reads a line; returns true if it is part of a traceback.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let taken = self.take(text, span, out);
        self.previous.clear();
        self.previous.push_str(cut(text, PREVIOUS));
        taken
    }

    fn take(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let text = if self.prefix.is_empty() { text } else { without_same_prefix(text, &self.prefix) };
        let (bars, text) = without_bars(text);
        if bars && text.starts_with("---") {
            self.group_rule(out);
            return true;
        }
        let trimmed = trim(text);
        if let Some(before) = trimmed.strip_suffix(HEADER)
            && (before.is_empty() || before.ends_with([' ', ':', '|', '>']))
        {
            self.header(text, before, span, out);
            return true;
        }
        match self.state {
            State::Idle => self.idle(text, trimmed, span),
            State::Frames => self.frames(text, trimmed, span, out),
            State::Raised | State::Blank | State::Chained => self.raised(text, trimmed, span, out),
        }
    }

    /// Reports the open traceback.
    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let state = std::mem::take(&mut self.state);
        if state != State::Idle && state != State::Frames {
            let current = std::mem::take(&mut self.current);
            self.link(current);
        }
        self.group = false;
        self.report(out);
        self.clear();
    }

    fn clear(&mut self) {
        *self =
            Self { test: self.test.take(), previous: std::mem::take(&mut self.previous), ..Self::default() };
    }

    fn header(&mut self, text: &str, before: &str, span: Span, out: &mut Vec<Diagnostic>) {
        let group = before.ends_with("Exception Group ");
        match self.state {
            State::Chained => {
                let current = std::mem::take(&mut self.current);
                self.link(current);
            }
            // A failed import in `unittest` has the traceback of its cause as its message.
            State::Raised
                if self.current.message.starts_with("ImportError: Failed to import test module") =>
            {
                let current = std::mem::take(&mut self.current);
                self.link(current);
                self.nested = true;
            }
            _ => self.finish(out),
        }
        if self.chain.is_empty() {
            self.span = span;
        }
        self.span = self.span.to(span);
        if self.chain.is_empty() {
            self.logged = !before.trim().is_empty();
            self.mild = is_mild(if self.logged { before } else { &self.previous });
            before.clone_into(&mut self.prefix);
            if group {
                self.prefix.clear();
            }
        }
        self.state = State::Frames;
        self.group = group;
        self.indent = text.len() - text.trim_start().len();
        self.frame_indent = 0;
        self.foreign = 0;
        self.current.caused = std::mem::take(&mut self.caused);
    }

    fn idle(&mut self, text: &str, trimmed: &str, span: Span) -> bool {
        if let Some(test) = failed_test(text, &self.previous) {
            self.test = Some((test, span));
            return true;
        }
        if trimmed.starts_with("Ran ") {
            self.test = None;
        }
        // A syntax error in the main script has no header; a fragment, possibly quoted, has lost it.
        let (quote, text) = text.strip_prefix("> ").map_or(("", text), |rest| ("> ", rest));
        // `compileall` marks the first line.
        let text = text.strip_prefix("*** ").unwrap_or(text);
        if text.starts_with("  File \"")
            && let Some((_, _, name)) = file_line(text)
        {
            self.state = State::Frames;
            self.fragment = name.is_some();
            self.prefix.push_str(quote);
            self.indent = 0;
            self.span = span;
            self.foreign = 0;
            self.excerpt = Excerpt::default();
            return self.frame(text, text.trim());
        }
        false
    }

    fn frames(&mut self, text: &str, trimmed: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let indent = text.len() - text.trim_start().len();
        if trimmed.is_empty() && !self.fragment && !self.blank {
            self.blank = true;
            return true;
        }
        self.blank = false;
        // A paste often begins within the indentation of its first line: then the exception is indented too, but
        // less than the frames.
        let is_quoted = self.indent == 0
            && self.frame_indent > 2
            && indent + 2 == self.frame_indent
            && exception_kind(trimmed).is_some_and(is_surely_exception_or_dotted);
        if indent > self.indent && !trimmed.is_empty() && !is_quoted {
            if self.frame_indent == 0 {
                self.frame_indent = indent;
            }
            self.excerpt.push(text);
            self.span = self.span.to(span);
            self.frame(text, trimmed);
            return true;
        }
        if let Some(kind) = exception_kind(trimmed)
            && (!self.fragment && !self.current.frames.is_empty() || is_surely_exception(kind))
        {
            self.fragment = false;
            kind.clone_into(&mut self.current.kind);
            trimmed.clone_into(&mut self.current.message);
            self.excerpt.push(text);
            self.span = self.span.to(span);
            self.state = State::Raised;
            self.more = 0;
            if is_quoted {
                self.indent = indent;
            }
            return true;
        }
        self.foreign += 1;
        if trimmed.is_empty() || self.fragment || self.foreign > FOREIGN_LINES {
            // Truncated: without an exception there is nothing to report, but its causes are kept.
            self.current = Raised::default();
            self.state = State::Idle;
            self.report(out);
        }
        false
    }

    fn frame(&mut self, text: &str, trimmed: &str) -> bool {
        let Some((path, line, name)) = file_line(trimmed) else { return false };
        let frames = &mut self.current.frames;
        if frames.len() == FRAMES {
            frames.remove(0);
        }
        frames.push(Frame {
            function: name.map(str::to_owned),
            // Code generated at run time is in no file.
            location: Some(Location::at(path, line, None)).filter(|_| !path.starts_with('<')),
            text: text.trim().to_owned(),
        });
        true
    }

    fn raised(&mut self, text: &str, trimmed: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if trimmed.is_empty() {
            if self.state == State::Raised {
                self.state = State::Blank;
            }
            return false;
        }
        if trimmed.starts_with("During handling of the above exception")
            || trimmed.starts_with("The above exception was the direct cause")
        {
            self.excerpt.push("");
            self.excerpt.push(text);
            self.span = self.span.to(span);
            self.caused = trimmed.starts_with("The above");
            self.state = State::Chained;
            return true;
        }
        if let Some((name, _)) = self.test.as_mut().filter(|(name, _)| name.is_empty()) {
            if self.state == State::Raised {
                self.current.message.push('\n');
                self.current.message.push_str(trimmed);
                self.span = self.span.to(span);
                return true;
            }
            if is_dotted(trimmed) {
                trimmed.clone_into(name);
                self.span = self.span.to(span);
                self.finish(out);
                return true;
            }
        }
        let indent = text.len() - text.trim_start().len();
        // `AssertionError: ` alone: the message starts in the next line.
        let says_nothing = self.current.message.ends_with(':')
            && exception_kind(trimmed).is_none()
            && !trimmed.starts_with(['-', '=', '#', '_']);
        if self.state == State::Raised && (indent > self.indent || says_nothing) && self.more < MORE_LINES {
            if says_nothing {
                self.current.message.push(' ');
                self.current.message.push_str(trimmed);
            }
            self.more += 1;
            self.excerpt.push(text);
            self.span = self.span.to(span);
            return true;
        }
        self.finish(out);
        self.idle(text, trimmed, span)
    }

    /// A rule between the members of an exception group: `+---------------- 1 ----------------`.
    fn group_rule(&mut self, out: &mut Vec<Diagnostic>) {
        if self.state == State::Raised && self.group {
            // The members of a group are reported instead of the group itself.
            let excerpt = self.excerpt.take();
            self.clear();
            self.excerpt.push(&excerpt);
        } else {
            self.finish(out);
        }
    }

    fn link(&mut self, raised: Raised) {
        if raised.message.is_empty() || self.chain.len() == CHAIN {
            return;
        }
        if std::mem::take(&mut self.nested) {
            self.chain.insert(0, raised);
        } else {
            self.chain.push(raised);
        }
    }

    /// Reports the chain: the type and message of the exception at its root, and the location where
    /// the last exception left the project's own code.
    fn report(&mut self, out: &mut Vec<Diagnostic>) {
        let chain = std::mem::take(&mut self.chain);
        let context = self.excerpt.take();
        // An exception that was being handled when another one was raised is not the cause of that one.
        let root = chain.iter().rposition(|raised| !raised.caused).unwrap_or_default();
        let Some(root) = chain.get(root) else { return };
        let own = |raised: &Raised| {
            raised
                .frames
                .iter()
                .rev()
                .filter_map(|frame| frame.location.as_ref())
                .find(|place| is_own(&place.path))
                .cloned()
        };
        let tested = |raised: &Raised| {
            let (test, _) = self.test.as_ref()?;
            let mut places = raised.frames.iter().rev().filter_map(|frame| frame.location.as_ref());
            places.find(|place| path::is_tested(&place.path, test)).cloned()
        };
        // If the tests of an installed package run, that package's files are the project's own.
        let location = chain.iter().rev().find_map(own).or_else(|| chain.iter().rev().find_map(tested));
        let name = last_part(&root.kind);
        let follows = found::follows(&root.kind, &root.message)
            || notebook::is_wrapper(&root.kind)
            || name == "SystemExit";
        let severity = match name {
            "MemoryError" | "RecursionError" | "SystemError" => Severity::Fatal,
            _ if self.mild && (self.logged || !is_from_the_top(root)) => Severity::Warning,
            _ => Severity::Error,
        };
        let mut message = root.message.clone();
        if let Some(last) = chain.last().filter(|last| last.message != message) {
            // The exception that replaced the cause ended the program.
            message.push('\n');
            message.push_str(&last.message);
        }
        let (test, start) = self.test.take().unzip();
        let is_test = test.is_some();
        out.push(Diagnostic {
            tool: if is_test { "unittest" } else { "python" }.to_owned(),
            error_type: root.kind.clone(),
            message,
            severity,
            kind: if is_test { Kind::Test } else { kinds::of_exception(&root.kind, &root.message) },
            role: if follows { Role::Consequence } else { Role::Root },
            test: test.filter(|name| !name.is_empty()),
            location,
            stack_trace: chain.iter().rev().flat_map(|raised| raised.frames.iter().rev().cloned()).collect(),
            context,
            span: start.map_or(self.span, |start| start.to(self.span)),
            ..Diagnostic::default()
        });
    }
}

/// Returns true if an exception ended its program because nothing caught it on the way to the top.
/// Logged exceptions were caught somewhere below.
fn is_from_the_top(raised: &Raised) -> bool {
    const TOP: [&str; 3] = ["<module>", "_run_module_as_main", "_bootstrap_inner"];
    let at_top = |frame: &Frame| frame.function.as_deref().is_none_or(|name| TOP.contains(&name));
    raised.frames.first().is_none_or(at_top)
}
