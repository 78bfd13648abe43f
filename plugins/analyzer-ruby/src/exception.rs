//! Uncaught exceptions in the interpreter's format:
//!
//! ```text
//! app/pot.rb:3:in 'Pot#fill': undefined method 'lid' for nil (NoMethodError)
//!         from app/pot.rb:9:in '<main>'
//! ```
//!
//! with a backtick before the method in older versions, in reverse order on terminals (`2: from …` before
//! it), with further lines of the message and an excerpt of the source before the frames, and with the
//! causes below it.

use crate::{
    panel::{Draft, Reader, Seen},
    trace::{self, Trace},
};
use grimoire_plugin_sdk::{Confidence, Diagnostic, Kind, Role, text::Needle};

/// Maximum number of message lines before the first frame.
const MESSAGE_LINES: usize = 16;
/// Maximum number of lines of an exception.
const LINES: usize = 300;

/// Reads exceptions.
#[derive(Debug, Default)]
pub(crate) struct Exceptions {
    open: Option<Block>,
    /// The preceding frames of a trace in reverse order.
    before: Trace,
}

#[derive(Debug)]
struct Block {
    draft: Draft,
    trace: Trace,
    /// Lines that belong to the message if frames follow.
    waiting: Vec<String>,
    /// True after frames of this exception or cause.
    framed: bool,
}

/// The interpreter's first line: frame, message, type.
struct Head<'a> {
    place: &'a str,
    message: &'a str,
    error_type: &'a str,
}

fn head<'a>(line: &Seen<'a>) -> Option<Head<'a>> {
    static IN: [Needle; 2] = [Needle::new(":in '"), Needle::new(":in `")];
    static END: Needle = Needle::new("': ");
    let at = IN.iter().find_map(|sign| sign.find_among(line.characters, line.start))?;
    let end = at + END.find(&line.start[at..])?;
    let rest = &line.start[end + END.text().len()..];
    let place = &line.start[..=end];
    if rest == "unhandled exception" {
        return Some(Head { place, message: rest, error_type: "RuntimeError" });
    }
    let (message, error_type) = rest.strip_suffix(')')?.rsplit_once('(')?;
    trace::is_type(error_type).then_some(Head { place, message: message.trim(), error_type })
}

/// Sets the tool that reports through an exception.
fn spoken(draft: &mut Draft) {
    let found = &mut draft.found;
    let fastlane =
        ["FastlaneCore::", "Spaceship::", "Fastlane::"].iter().any(|name| found.error_type.starts_with(name));
    if fastlane {
        "fastlane".clone_into(&mut found.tool);
    } else if found.error_type.starts_with("Pod::") {
        "cocoapods".clone_into(&mut found.tool);
    } else if found.error_type.starts_with("Bundler::") {
        "bundler".clone_into(&mut found.tool);
    } else if found.error_type.starts_with("Gem::") {
        "rubygems".clone_into(&mut found.tool);
    }
    if let Some(message) = found.message.strip_prefix("[!] ") {
        found.message = message.to_owned();
        if found.message.ends_with("see the log above") {
            found.role = Role::Summary;
        }
    }
}

impl Exceptions {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(Block { mut draft, trace, .. }) = self.open.take() else { return };
        draft.found.location = trace.own();
        // Jekyll prints subject and location before this.
        if draft.found.location.is_none() && trace.is_of("/gems/jekyll-") {
            draft.found.role = Role::Consequence;
        }
        draft.found.stack_trace = trace.into_frames();
        if draft.found.message.is_empty() {
            draft.found.message.clone_from(&draft.found.error_type);
        }
        spoken(&mut draft);
        out.push(draft.done());
    }
}

impl Block {
    fn new(head: &Head<'_>, line: &Seen<'_>, before: Trace) -> Self {
        let mut block = Self {
            draft: Draft::new("ruby", Kind::Crash, line),
            trace: Trace::default(),
            waiting: Vec::new(),
            framed: false,
        };
        block.name(head, line);
        let mut before = before.into_frames();
        before.reverse();
        for frame in before {
            block.trace.push(frame);
        }
        block
    }

    /// Sets type and message; finally those of the innermost cause.
    fn name(&mut self, head: &Head<'_>, line: &Seen<'_>) {
        let found = &mut self.draft.found;
        found.kind = trace::kind(head.error_type, Kind::Crash);
        head.error_type.clone_into(&mut found.error_type);
        head.message.clone_into(&mut found.message);
        let frame = Seen { start: head.place, ..*line };
        if let Some(frame) = trace::frame(&frame) {
            self.trace.push(frame);
        }
        self.waiting.clear();
        self.framed = false;
    }

    /// Returns true if the line is a part of it.
    fn line(&mut self, line: &Seen<'_>) -> bool {
        if self.draft.lines() >= LINES {
            return false;
        }
        if line.start.starts_with("from ")
            && let Some(frame) = trace::frame(line)
        {
            let waiting = std::mem::take(&mut self.waiting);
            for (at, text) in waiting.iter().enumerate() {
                // A source line with carets below adds nothing.
                let underlined = waiting.get(at + 1).is_some_and(|next| is_carets(next));
                if !text.trim().is_empty() && !underlined && !is_carets(text) {
                    self.draft.say(text);
                }
            }
            self.trace.push(frame);
            self.framed = true;
            self.draft.take(line);
            return true;
        }
        if line.start.starts_with("... ") && line.start.ends_with(" levels...") {
            self.draft.take(line);
            return true;
        }
        // A cause directly follows the frames.
        if let Some(cause) = head(line)
            && self.framed
        {
            self.draft.take(line);
            self.name(&cause, line);
            return true;
        }
        if self.framed || self.waiting.len() >= MESSAGE_LINES {
            return false;
        }
        self.waiting.push(line.text.to_owned());
        true
    }
}

fn is_carets(text: &str) -> bool {
    text.contains('^') && text.bytes().all(|byte| matches!(byte, b'^' | b' ' | b'\t'))
}

impl Reader for Exceptions {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if self.open.is_some() {
            let is_head = self.open.as_ref().is_some_and(|block| !block.framed) && head(line).is_some();
            if !is_head && self.open.as_mut().is_some_and(|block| block.line(line)) {
                return;
            }
            self.close(out);
        }
        if let Some(head) = head(line) {
            self.open = Some(Block::new(&head, line, std::mem::take(&mut self.before)));
        } else if line.start.contains(": from ")
            && let Some(frame) = trace::frame(line)
        {
            self.before.push(frame);
        } else if !self.before.is_empty() {
            self.before = Trace::default();
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|block| block.draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}

/// Exceptions that another program prints: type and message, with indented frames below.
///
/// ```text
/// bundler: failed to load command: rake (/usr/local/bundle/bin/rake)
/// LoadError: cannot load such file -- kettle
///   /app/Rakefile:3:in `require'
/// ```
#[derive(Debug, Default)]
pub(crate) struct Reported {
    /// True if Bundler said that the program did not start.
    sure: bool,
    open: Option<(Draft, Trace, usize, usize)>,
}

impl Reported {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((mut draft, trace, ..)) = self.open.take() else { return };
        if trace.is_empty() {
            return;
        }
        if !self.sure {
            // Programs also log rescued exceptions.
            draft.found.confidence = Confidence::Likely;
        }
        self.sure = false;
        draft.found.location = trace.own();
        draft.found.stack_trace = trace.into_frames();
        spoken(&mut draft);
        out.push(draft.done());
    }
}

impl Reader for Reported {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some((draft, trace, indent, said)) = &mut self.open {
            let frame = trace::frame(line).filter(|frame| frame.function.is_some() && line.indent > *indent);
            if let Some(frame) = frame {
                trace.push(frame);
                draft.take(line);
                return;
            }
            if trace.is_empty()
                && *said < 6
                && !line.start.is_empty()
                && trace::type_and_message(line.start).is_none()
            {
                *said += 1;
                draft.say(line.start);
                draft.take(line);
                return;
            }
            self.close(out);
        }
        if line.start.starts_with("bundler: failed to load command: ") {
            self.sure = true;
        } else if line.characters.may_have(b':')
            && let Some((error_type, message)) = trace::type_and_message(line.start)
            && !message.is_empty()
        {
            let mut draft = Draft::new("ruby", trace::kind(error_type, Kind::Crash), line);
            error_type.clone_into(&mut draft.found.error_type);
            draft.say(message);
            self.open = Some((draft, Trace::default(), line.indent, 0));
        } else if !line.start.is_empty() {
            self.sure = false;
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, ..)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.sure = false;
    }
}
