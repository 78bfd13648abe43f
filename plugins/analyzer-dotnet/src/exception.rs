//! .NET exceptions with their inner exceptions and frames.
//!
//! ```text
//! Unhandled exception. System.InvalidOperationException: the pot is empty
//!  ---> System.IO.FileNotFoundException: water.txt
//!    at Kettle.Water.Fetch() in /src/Water.cs:line 8
//!    --- End of inner exception stack trace ---
//!    at Kettle.Pot.Pour(Int32 cups) in /src/Pot.cs:line 14
//! ```

use crate::{
    Record, Step,
    frames::{frame, own_place},
    session::Session,
    text::Text,
};
use grimoire_plugin_sdk::{
    Diagnostic, Frame, Kind, Severity, Span,
    text::{Beginnings, Context},
};

/// Maximum number of message lines before the first frame.
const MESSAGE_LINES: usize = 24;
/// Frames kept.
const FRAMES: usize = 48;

/// An exception being read.
#[derive(Debug)]
pub(crate) struct Block {
    /// The innermost exception so far, and its message or that of an outer one.
    name: String,
    message: String,
    in_message: bool,
    /// True while reading frames of inner exceptions: those of the outermost come last.
    inner: bool,
    inner_frames: Vec<Frame>,
    frames: Vec<Frame>,
    /// True if it ended the program.
    certain: bool,
    lines: usize,
    context: Context,
    span: Span,
}

impl Block {
    pub(crate) fn start(text: &Text<'_>) -> Option<Self> {
        static UNHANDLED: Beginnings = Beginnings::new(&[
            "Unhandled exception. ",
            "Unhandled Exception: ",
            "Unhandled exception: ",
            "Fatal error. ",
            "Process terminated. ",
            "Stack overflow.",
            "Out of memory.",
        ]);
        let line = text.words;
        let unhandled = UNHANDLED.position(line);
        // Checked before anything is allocated: nearly all lines do not match.
        if unhandled.is_none() && thrown(line.split(" ---> ").next()?, false).is_none() {
            return None;
        }
        let mut context = Context::default();
        context.push(text.raw);
        let mut block = Self {
            name: String::new(),
            message: String::new(),
            in_message: true,
            inner: false,
            inner_frames: Vec::new(),
            frames: Vec::new(),
            certain: unhandled.is_some(),
            lines: 0,
            context,
            span: text.span,
        };
        match unhandled {
            // The runtime's own format: frames follow, without a type.
            Some(at @ (5 | 6)) => {
                let name = if at == 5 { "StackOverflow" } else { "OutOfMemory" };
                name.clone_into(&mut block.name);
                line.clone_into(&mut block.message);
                Some(block)
            }
            Some(at) => {
                let rest = line.split_once(['.', ':']).map_or("", |(_, rest)| rest.trim());
                if !block.read(rest, true) {
                    if at < 3 || rest.is_empty() {
                        return None;
                    }
                    rest.clone_into(&mut block.message);
                }
                Some(block)
            }
            None => block.read(line, false).then_some(block),
        }
    }

    /// Reads a type with its message, and inner ones in the same line.
    fn read(&mut self, text: &str, certain: bool) -> bool {
        let mut parts = text.split(" ---> ");
        let Some((name, message)) = parts.next().and_then(|part| thrown(part, certain)) else { return false };
        self.take_thrown(name, message);
        for part in parts {
            if let Some((name, message)) = thrown(part, true) {
                self.take_thrown(name, message);
                self.inner = true;
            }
        }
        true
    }

    fn take_thrown(&mut self, name: &str, message: &str) {
        name.clone_into(&mut self.name);
        if !message.is_empty() {
            message.clone_into(&mut self.message);
        }
        self.in_message = true;
        self.lines = 0;
    }

    fn take(&mut self, text: &Text<'_>) -> Step {
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        Step::Taken
    }
}

impl Record for Block {
    fn line(&mut self, text: &Text<'_>) -> Step {
        let line = text.words;
        if let Some(frame) = frame(line) {
            self.in_message = false;
            let frames = if self.inner { &mut self.inner_frames } else { &mut self.frames };
            if frames.len() < FRAMES {
                frames.push(frame);
            }
            return self.take(text);
        }
        if let Some(inner) = line.strip_prefix("---> ") {
            let inner = inner
                .strip_prefix("(Inner Exception #")
                .and_then(|rest| rest.split_once(") "))
                .map_or(inner, |(_, rest)| rest);
            if self.read(inner, true) {
                self.inner = true;
                return self.take(text);
            }
        }
        if line.starts_with("--- End of inner exception") {
            self.inner = false;
            return self.take(text);
        }
        if line.starts_with("--- End of stack trace") || line.starts_with("--- End of") {
            return self.take(text);
        }
        if text.is_blank() && self.in_message && self.certain && self.lines < 4 {
            self.lines += 1;
            return Step::Waits;
        }
        if text.is_blank() { Step::Over } else { Step::Foreign }
    }

    fn also(&mut self, text: &Text<'_>) -> bool {
        let is_mine = self.in_message && self.lines < MESSAGE_LINES;
        if is_mine {
            self.lines += 1;
            if !self.message.is_empty() {
                self.message.push('\n');
            }
            self.message.push_str(text.words);
            self.take(text);
        }
        is_mine
    }

    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let mut block = *self;
        let has_frames = !block.frames.is_empty() || !block.inner_frames.is_empty();
        if !has_frames && !block.certain {
            return;
        }
        // Without a stack, only the first line belongs to it.
        let message = if has_frames {
            block.message.as_str()
        } else {
            block.message.lines().next().unwrap_or_default()
        };
        let message = if message.trim().is_empty() { block.name.clone() } else { message.trim().to_owned() };
        if message.is_empty() {
            return;
        }
        let location = own_place(&block.frames, None).or_else(|| own_place(&block.inner_frames, None));
        let simple = block.name.rsplit('.').next().unwrap_or_default();
        block.frames.append(&mut block.inner_frames);
        let found = Diagnostic {
            tool: "dotnet".to_owned(),
            error_type: if simple.is_empty() { "fatal" } else { simple }.to_owned(),
            message,
            severity: Severity::Error,
            kind: if simple.contains("OutOfMemory") { Kind::Resource } else { Kind::Crash },
            location,
            stack_trace: block.frames,
            context: block.context.take(),
            span: block.span,
            ..Diagnostic::default()
        };
        if block.certain {
            session.report(found, out);
        } else {
            session.hold(found);
        }
    }
}

/// A qualified .NET type, and the text after `: ` or ` : `.
pub(crate) fn thrown(text: &str, certain: bool) -> Option<(&str, &str)> {
    // Types begin with a capital letter, and so does one of their parts.
    if !text.starts_with(|c: char| c.is_ascii_uppercase() || c == '_') {
        return None;
    }
    let end = text.bytes().position(|byte| matches!(byte, b':' | b' ' | b'(')).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let (_, last) = name.rsplit_once('.').or(certain.then_some(("", name)))?;
    let shaped = name.len() <= 200
        && name.split(['.', '+']).all(|part| {
            part.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
                && part.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'`'))
        });
    let named = ["Exception", "Error", "Failure"].iter().any(|ending| last.ends_with(ending))
        || last.contains("Exception");
    let message = match rest.trim_start() {
        "" => "",
        rest if rest.starts_with(": ") || rest == ":" => rest[1..].trim(),
        // `System.Net.Sockets.SocketException (111): Connection refused`.
        rest if rest.starts_with('(') => rest.split_once("): ").map_or(rest, |(_, message)| message),
        _ => return None,
    };
    (shaped && named).then_some((name, message))
}
