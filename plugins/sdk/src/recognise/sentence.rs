//! Tools that speak in sentences: which of them are errors, and how far they reach.

use super::panel::{Draft, Reader, Seen};
use crate::{
    Diagnostic, Kind, Role,
    text::{Characters, Needle, closes_generically},
};

/// Lines of one sentence.
const LINES: usize = 24;

/// How far a sentence reaches beyond its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Not at all.
    Line,
    /// It is wrapped: to the next blank line.
    Wrapped,
    /// To the next blank line, each line for itself.
    Paragraph,
    /// The lines below it that are indented deeper, each for itself.
    Indented,
    /// The same, beyond blank lines.
    Block,
}

/// A sentence that says what went wrong.
#[derive(Clone, Copy, Debug)]
pub struct Sentence {
    /// The line as printed, with `*` for what differs.
    form: &'static str,
    /// The length of the form before its first `*`.
    head: usize,
    kind: Kind,
    error_type: &'static str,
    reach: Reach,
    role: Role,
    /// How lines and paragraphs begin that go with it.
    then: &'static [&'static str],
    /// How a line begins that ends it early; empty where none does.
    until: &'static str,
}

impl Sentence {
    /// A sentence of a form, in which `*` stands for any text.
    pub const fn new(form: &'static str, kind: Kind, error_type: &'static str) -> Self {
        let mut head = 0;
        while head < form.len() && form.as_bytes()[head] != b'*' {
            head += 1;
        }
        Self { form, head, kind, error_type, reach: Reach::Line, role: Role::Root, then: &[], until: "" }
    }

    /// A line that begins so ends it.
    #[must_use]
    pub const fn until(self, until: &'static str) -> Self {
        Self { until, ..self }
    }

    /// A line or a paragraph that begins so goes with it.
    #[must_use]
    pub const fn then(self, then: &'static [&'static str]) -> Self {
        Self { then, ..self }
    }

    fn goes_on_with(&self, text: &str) -> bool {
        self.then.iter().any(|start| text.starts_with(start))
    }

    fn fits(&self, text: &str) -> bool {
        text.as_bytes().starts_with(&self.form.as_bytes()[..self.head]) && fits(self.form, text)
    }

    /// How far it goes on.
    #[must_use]
    pub const fn reaches(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    /// It only sums up.
    #[must_use]
    pub const fn summary(self) -> Self {
        Self { role: Role::Summary, ..self }
    }

    /// It follows from something else.
    #[must_use]
    pub const fn consequence(self) -> Self {
        Self { role: Role::Consequence, ..self }
    }
}

/// Reads the sentences of one tool.
#[derive(Debug)]
pub struct Sentences {
    tool: &'static str,
    /// What may stand before a sentence.
    prefixes: &'static [&'static str],
    /// What has to stand before it: one of the prefixes, or nothing.
    prefixed: bool,
    table: &'static [Sentence],
    /// The numbers of those that begin with a fixed text, by its first byte.
    fixed: Vec<(u8, u16)>,
    /// The first bytes of all of them.
    first: [u64; 4],
    /// What the others hold, and their numbers.
    loose: Vec<(Needle, u16)>,
    /// The one that is any text.
    other: Option<u16>,
    open: Option<Open>,
}

/// A sentence being read.
#[derive(Debug)]
struct Open {
    draft: Draft,
    sentence: &'static Sentence,
    indent: usize,
    /// A blank line was seen.
    paused: bool,
}

impl Sentences {
    /// The sentences of a tool, most specific first.
    pub fn new(tool: &'static str, table: &'static [Sentence]) -> Self {
        let (mut fixed, mut first, mut loose, mut other) = (Vec::new(), [0; 4], Vec::new(), None);
        for (number, sentence) in (0..).zip(table) {
            if let Some(&byte) = sentence.form.as_bytes().first().filter(|_| sentence.head > 0) {
                fixed.push((byte, number));
                first[usize::from(byte / 64)] |= 1 << (byte % 64);
            } else if let Some(piece) = sentence.form.split('*').max_by_key(|piece| piece.len())
                && !piece.is_empty()
            {
                loose.push((Needle::new(piece), number));
            } else {
                other = Some(number);
            }
        }
        fixed.sort_unstable();
        Self { tool, prefixes: &[], prefixed: false, table, fixed, first, loose, other, open: None }
    }

    /// May have one of these before it.
    #[must_use]
    pub fn after(self, prefixes: &'static [&'static str]) -> Self {
        Self { prefixes, ..self }
    }

    /// Must have one of these before it.
    #[must_use]
    pub fn only_after(self, prefixes: &'static [&'static str]) -> Self {
        Self { prefixes, prefixed: true, ..self }
    }

    /// The first sentence of the table that a text is.
    fn find(&self, text: &str, characters: Characters) -> Option<&'static Sentence> {
        let byte = *text.as_bytes().first()?;
        let mut found = None;
        if self.first[usize::from(byte / 64)] & 1 << (byte % 64) != 0 {
            let from = self.fixed.partition_point(|(first, _)| *first < byte);
            let same = self.fixed[from..].iter().take_while(|(first, _)| *first == byte);
            found =
                same.map(|(_, number)| *number).find(|&number| self.table[usize::from(number)].fits(text));
        }
        for (needle, number) in &self.loose {
            if found.is_none_or(|found| *number < found)
                && needle.find_among(characters, text).is_some()
                && fits(self.table[usize::from(*number)].form, text)
            {
                found = Some(*number);
            }
        }
        found.or(self.other).map(|number| &self.table[usize::from(number)])
    }

    fn begin(&self, line: &Seen<'_>) -> Option<Open> {
        let first = *line.start.as_bytes().first()?;
        let is_first = |prefix: &&&str| prefix.as_bytes().first() == Some(&first);
        let rest = self.prefixes.iter().filter(is_first).find_map(|prefix| line.start.strip_prefix(prefix));
        if self.prefixed && rest.is_none() {
            return None;
        }
        let text = rest.unwrap_or(line.start).trim_start();
        let sentence = self.find(text, line.characters)?;
        let mut draft = Draft::new(self.tool, sentence.kind, line);
        sentence.error_type.clone_into(&mut draft.found.error_type);
        draft.found.role = sentence.role;
        draft.say(text);
        Some(Open { draft, sentence, indent: line.indent, paused: false })
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().map(|open| open.draft.done()));
    }
}

impl Open {
    /// Whether the line is a part of the sentence.
    fn line(&mut self, line: &Seen<'_>) -> bool {
        let Sentence { reach, then, until, .. } = self.sentence;
        let ends = !until.is_empty() && line.start.starts_with(until)
            || line.indent == 0 && closes_generically(line.start, line.characters);
        if self.draft.lines() >= LINES || ends {
            return false;
        }
        if line.start.is_empty() {
            let waits = matches!(reach, Reach::Block) || !then.is_empty() && !self.paused;
            self.paused = true;
            return waits;
        }
        let with = self.sentence.goes_on_with(line.start);
        let resumed = self.paused && !then.is_empty();
        let goes_on = match reach {
            _ if with => true,
            Reach::Block => line.indent > self.indent,
            _ if resumed => false,
            Reach::Line => false,
            Reach::Wrapped | Reach::Paragraph => true,
            Reach::Indented => line.indent > self.indent,
        };
        if !goes_on {
            return false;
        }
        self.draft.take(line);
        if *reach == Reach::Wrapped && !resumed && !is_item(line.start) {
            self.draft.go_on(line.start);
        } else {
            self.draft.say(line.start);
        }
        self.paused = false;
        true
    }
}

/// An entry of a list is not wrapped text.
fn is_item(start: &str) -> bool {
    start.starts_with("* ") || start.starts_with("- ")
}

impl Reader for Sentences {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let claimed = self.open.as_ref().is_some_and(|open| open.sentence.goes_on_with(line.start));
        if let Some(next) = self.begin(line).filter(|_| !claimed) {
            self.close(out);
            self.open = Some(next);
        } else if self.open.as_mut().is_some_and(|open| !open.line(line)) {
            self.close(out);
        }
        let is_line = |open: &Open| open.sentence.reach == Reach::Line && open.sentence.then.is_empty();
        if self.open.as_ref().is_some_and(is_line) {
            self.close(out);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|open| open.draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}

/// Whether a text is one of the sentences.
pub fn any(table: &[Sentence], text: &str) -> bool {
    table.iter().any(|sentence| sentence.fits(text))
}

/// Whether a text has a form, in which `*` stands for anything.
pub fn fits(form: &str, text: &str) -> bool {
    let mut pieces = form.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut last = None;
    for piece in pieces {
        if let Some(before) = last.replace(piece) {
            let Some(at) = rest.find(before) else { return false };
            rest = &rest[at + before.len()..];
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_anything() {
        for (form, text, expected) in [
            ("no *", "no pot", true),
            ("no *", "yes", false),
            ("no *!", "no pot", false),
            ("no *!", "no pot!", true),
            ("* of *!", "a lid of a pot!", true),
            ("* of *!", "a lid!", false),
            ("a*a", "a", false),
            ("a", "a", true),
            ("a", "ab", false),
        ] {
            assert_eq!(fits(form, text), expected, "{form} {text}");
        }
    }
}
