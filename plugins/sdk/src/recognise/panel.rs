//! Several recognisers in parallel: each sees every line, and none can take a line away from another.
//!
//! If findings of two recognisers overlap, the root of a failure takes precedence over a summary, and
//! otherwise the finding of the earlier recogniser. A finding is held while a record is open that may
//! cover it.

use crate::{
    Diagnostic, Kind, Line, Marker, Role, Severity, Span,
    text::{Characters, Context, trim},
};

/// One line in the form that recognisers get.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The text without trailing white space.
    pub text: &'a str,
    /// The text without surrounding white space.
    pub start: &'a str,
    /// Number of leading white space characters; a tab counts as one.
    pub indent: usize,
    /// The characters of the line: most lines lack those that most recognisers search for.
    pub characters: Characters,
    /// The byte range of the raw line.
    pub span: Span,
}

impl<'a> Seen<'a> {
    /// A line of a log, or a part of one.
    pub fn new(text: &'a str, span: Span) -> Self {
        let text = text.trim_end();
        let start = trim(text);
        Self { text, start, indent: text.len() - start.len(), characters: Characters::of(text), span }
    }
}

/// Recognises one format of one tool.
pub trait Reader {
    /// Reads the next line and adds the diagnostics that are complete.
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>);

    /// The offset in the log of the start of the record being read.
    fn open(&self) -> Option<u64> {
        None
    }

    /// Ends the step or the log: adds the diagnostics that were still open.
    fn finish(&mut self, _: &mut Vec<Diagnostic>) {}
}

/// A recogniser of single lines.
pub struct Lines(pub fn(&Seen<'_>) -> Option<Diagnostic>);

impl Reader for Lines {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        out.extend(self.0(line));
    }
}

/// A finding that a still open record may cover, with the number of its recogniser.
type Held = (usize, Diagnostic);

/// The recognisers of an analyzer, most specific first.
pub struct Panel {
    readers: Vec<Box<dyn Reader>>,
    held: Vec<Held>,
    /// The findings of one recogniser in one line.
    said: Vec<Diagnostic>,
    /// True after the step's output was interrupted by the runner's own lines.
    interrupted: bool,
    /// Removes the prefix that a tool adds to the lines of the tools it runs.
    strip: fn(&str) -> &str,
}

impl Panel {
    /// Maximum number of held findings.
    const HELD: usize = 256;

    /// A panel of recognisers, most specific first.
    pub fn new(readers: Vec<Box<dyn Reader>>) -> Self {
        Self { readers, held: Vec::new(), said: Vec::new(), interrupted: false, strip: |text| text }
    }

    /// Sets another function to remove prefixes.
    #[must_use]
    pub fn stripping(self, strip: fn(&str) -> &str) -> Self {
        Self { strip, ..self }
    }

    /// Reads the next line and adds the diagnostics that are complete.
    pub fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        if line.echoed {
            if !self.interrupted {
                self.interrupted = true;
                self.finish(out);
            }
            return;
        }
        self.interrupted = false;
        match line.marker {
            None => {}
            // With a location it is an annotation, which is read as such.
            Some(Marker::Error) if line.properties.is_empty() => {}
            Some(_) => return,
        }
        for text in line.text.split('\n') {
            self.text(&Seen::new((self.strip)(unquoted(text)), line.span));
        }
        if !self.held.is_empty() {
            let open = self.readers.iter().filter_map(|reader| reader.open()).min().unwrap_or(u64::MAX);
            self.release(if self.held.len() > Self::HELD { u64::MAX } else { open }, out);
        }
    }

    fn text(&mut self, line: &Seen<'_>) {
        for (number, reader) in self.readers.iter_mut().enumerate() {
            reader.line(line, &mut self.said);
            for found in self.said.drain(..) {
                hold(&mut self.held, number, found);
            }
        }
    }

    /// Ends the log: adds the diagnostics that were still open.
    pub fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        for (number, reader) in self.readers.iter_mut().enumerate() {
            reader.finish(&mut self.said);
            for found in self.said.drain(..) {
                hold(&mut self.held, number, found);
            }
        }
        self.release(u64::MAX, out);
    }

    /// Reports the findings that end before that byte.
    fn release(&mut self, before: u64, out: &mut Vec<Diagnostic>) {
        let first = out.len();
        out.extend(self.held.extract_if(.., |(_, found)| found.span.end <= before).map(|(_, found)| found));
        out[first..].sort_by_key(|found| (found.span.start, found.span.end));
    }
}

/// Removes the quotation mark of a web page.
fn unquoted(text: &str) -> &str {
    text.strip_prefix("> ").unwrap_or(if text == ">" { "" } else { text })
}

/// Adds a finding, unless it overlaps one of higher precedence; removes those of lower precedence.
fn hold(held: &mut Vec<Held>, number: usize, found: Diagnostic) {
    let rank = |(number, found): &Held| (found.severity < Severity::Error, found.role != Role::Root, *number);
    let new = (number, found);
    let overlaps = |(other, old): &Held| {
        *other != number && old.span.start < new.1.span.end && new.1.span.start < old.span.end
    };
    if held.iter().any(|old| overlaps(old) && rank(old) <= rank(&new)) {
        return;
    }
    held.retain(|old| !overlaps(old));
    held.push(new);
}

/// A diagnostic being read.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Its known fields.
    pub found: Diagnostic,
    context: Context,
    /// Number of lines read: the excerpt may be full before a record is too long.
    lines: usize,
}

impl Draft {
    /// Starts with a line.
    pub fn new(tool: &str, kind: Kind, line: &Seen<'_>) -> Self {
        let mut draft = Self {
            found: Diagnostic { tool: tool.to_owned(), kind, span: line.span, ..Diagnostic::default() },
            context: Context::default(),
            lines: 1,
        };
        draft.context.push(line.text);
        draft
    }

    /// Adds a line to the excerpt.
    pub fn take(&mut self, line: &Seen<'_>) {
        self.context.push(line.text);
        self.lines += 1;
        self.found.span = self.found.span.to(line.span);
    }

    /// Adds a line to the message.
    pub fn say(&mut self, text: &str) {
        self.append("\n", text);
    }

    /// Continues the message's last line.
    pub fn go_on(&mut self, text: &str) {
        self.append(" ", text);
    }

    fn append(&mut self, divider: &str, text: &str) {
        let message = &mut self.found.message;
        if message.len() > 4096 {
            return;
        }
        if !message.is_empty() {
            message.push_str(divider);
        }
        message.push_str(text.trim());
    }

    /// Number of lines read.
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// The offset of its start.
    pub fn since(&self) -> u64 {
        self.found.span.start
    }

    /// The diagnostic; its code is its error type if it has no other.
    pub fn done(mut self) -> Diagnostic {
        self.found.context = self.context.take();
        typed(self.found)
    }
}

/// A diagnostic of one line.
pub fn single(tool: &str, kind: Kind, message: &str, line: &Seen<'_>) -> Diagnostic {
    Diagnostic {
        tool: tool.to_owned(),
        kind,
        message: message.trim().to_owned(),
        context: line.text.to_owned(),
        span: line.span,
        ..Diagnostic::default()
    }
}

/// Sets the error type to the code if it has none, else to its kind.
pub fn typed(mut found: Diagnostic) -> Diagnostic {
    if found.error_type.is_empty() {
        found.error_type = found.code.clone().unwrap_or_else(|| format!("{:?}", found.kind).to_lowercase());
    }
    found
}
