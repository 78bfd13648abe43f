//! Tools that report in sentences: which sentences are errors, and how many lines they span.

use super::panel::{Draft, Reader, Seen};
use crate::{
    Confidence, Diagnostic, Kind, Role,
    text::{Characters, Needle, closes_generically},
};

/// Maximum number of lines of one sentence.
const LINES: usize = 24;

/// How far a sentence extends beyond its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It ends with the line.
    Line,
    /// It is wrapped, up to the next blank line.
    Wrapped,
    /// Up to the next blank line, each line separately.
    Paragraph,
    /// The more deeply indented lines below it, each separately.
    Indented,
    /// The same, across blank lines.
    Block,
}

/// A sentence that states an error.
#[derive(Clone, Copy, Debug)]
pub struct Sentence {
    /// The line as printed, with `*` for variable parts.
    form: &'static str,
    /// The length of the form before its first `*`.
    head: usize,
    kind: Kind,
    error_type: &'static str,
    reach: Reach,
    role: Role,
    confidence: Confidence,
    /// Beginnings of lines and paragraphs that belong to it.
    then: &'static [&'static str],
    /// The beginning of a line that ends it early; empty if there is none.
    until: &'static str,
}

impl Sentence {
    /// A sentence of a form, in which `*` stands for any text.
    pub const fn new(form: &'static str, kind: Kind, error_type: &'static str) -> Self {
        let mut head = 0;
        while head < form.len() && form.as_bytes()[head] != b'*' {
            head += 1;
        }
        Self {
            form,
            head,
            kind,
            error_type,
            reach: Reach::Line,
            role: Role::Root,
            confidence: Confidence::Certain,
            then: &[],
            until: "",
        }
    }

    /// Sets the beginning of a line that ends it.
    #[must_use]
    pub const fn until(self, until: &'static str) -> Self {
        Self { until, ..self }
    }

    /// Sets the beginnings of lines and paragraphs that belong to it.
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

    /// Sets how far it extends.
    #[must_use]
    pub const fn reaches(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    /// Marks it as a summary.
    #[must_use]
    pub const fn summary(self) -> Self {
        Self { role: Role::Summary, ..self }
    }

    /// Marks it as a consequence.
    #[must_use]
    pub const fn consequence(self) -> Self {
        Self { role: Role::Consequence, ..self }
    }

    /// Marks it as something that is also said aside, by a program whose caller goes on without it: beside an error that
    /// another tool is certain about it counts less.
    #[must_use]
    pub const fn aside(self) -> Self {
        Self { confidence: Confidence::Likely, ..self }
    }
}

/// Recognises the sentences of one tool.
#[derive(Debug)]
pub struct Sentences {
    tool: &'static str,
    /// Prefixes that may precede a sentence.
    prefixes: &'static [&'static str],
    /// True if one of the prefixes must precede it.
    prefixed: bool,
    table: &'static [Sentence],
    /// The numbers of sentences that begin with a fixed text, by its first byte.
    fixed: Vec<(u8, u16)>,
    /// The first bytes of all of them.
    first: [u64; 4],
    /// Literals of the other sentences, with their numbers.
    loose: Vec<(Needle, u16)>,
    /// The sentence that matches any text.
    other: Option<u16>,
    open: Option<Open>,
}

/// A sentence being read.
#[derive(Debug)]
struct Open {
    draft: Draft,
    sentence: &'static Sentence,
    indent: usize,
    /// True after a blank line.
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

    /// Allows one of these prefixes.
    #[must_use]
    pub fn after(self, prefixes: &'static [&'static str]) -> Self {
        Self { prefixes, ..self }
    }

    /// Requires one of these prefixes.
    #[must_use]
    pub fn only_after(self, prefixes: &'static [&'static str]) -> Self {
        Self { prefixes, prefixed: true, ..self }
    }

    /// The first sentence of the table that matches a text.
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
        draft.found.confidence = sentence.confidence;
        draft.say(text);
        Some(Open { draft, sentence, indent: line.indent, paused: false })
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().map(|open| open.draft.done()));
    }
}

impl Open {
    /// Returns true if the line is a part of the sentence.
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

/// A list item is not wrapped text.
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

/// Returns true if a text is one of the sentences.
pub fn any(table: &[Sentence], text: &str) -> bool {
    table.iter().any(|sentence| sentence.fits(text))
}

/// Returns true if a text matches a form, in which `*` stands for anything.
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
