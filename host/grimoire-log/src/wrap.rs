//! Removes what wraps every line of a log that was copied from somewhere: an indentation, the numbers of
//! a table, a blank line after each line.
//!
//! The first line decides whether a wrapping is possible, and the first line without it that there is
//! none: an indented stack trace or code excerpt in a log keeps its form.

/// Number of consecutive lines followed by a blank one from which blank lines no longer count as paragraphs.
const DOUBLED: u32 = 4;

/// The state of the possible wrappings.
pub(super) struct Wrap {
    indent: Indent,
    /// The number of the last line; `None` if lines are not numbered.
    number: Option<u32>,
    spacing: Spacing,
    begun: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Indent {
    None,
    Tab,
    Blanks,
}

/// Tracks whether a blank line follows every line of text.
enum Spacing {
    Single,
    /// True so far, for this many lines.
    Double(u32),
    /// The same, right after a line of text.
    Text(u32),
}

impl Default for Wrap {
    fn default() -> Self {
        Self { indent: Indent::None, number: None, spacing: Spacing::Double(0), begun: false }
    }
}

impl Wrap {
    /// The line without its indentation and number.
    pub(super) fn unwrap<'a>(&mut self, raw: &'a [u8]) -> &'a [u8] {
        if self.begun && self.indent == Indent::None && self.number.is_none() || raw.trim_ascii().is_empty() {
            return raw;
        }
        if !self.begun {
            self.begun = true;
            self.indent = match raw {
                [b'\t', ..] => Indent::Tab,
                [b' ', b' ', b' ', b' ', ..] => Indent::Blanks,
                _ => Indent::None,
            };
            if self.indent == Indent::None {
                self.number = numbered(raw).map(|(number, _)| number);
            }
        }
        let rest = match self.indent {
            Indent::None => return self.unnumbered(raw),
            Indent::Tab => raw.strip_prefix(b"\t"),
            Indent::Blanks => raw.strip_prefix(b"    "),
        };
        if rest.is_none() {
            self.indent = Indent::None;
        }
        rest.unwrap_or(raw)
    }

    fn unnumbered<'a>(&mut self, raw: &'a [u8]) -> &'a [u8] {
        match numbered(raw) {
            Some((number, rest)) if self.number.is_some_and(|last| last <= number) => {
                self.number = Some(number);
                rest
            }
            // The rule below the header of a table.
            None if raw.starts_with(b"-- |") => raw,
            _ => {
                self.number = None;
                raw
            }
        }
    }

    /// Returns true if a cleaned line is blank only because of the spacing.
    pub(super) fn is_spacing(&mut self, is_blank: bool) -> bool {
        let (next, is_spacing) = match (&self.spacing, is_blank) {
            (Spacing::Single, _) | (Spacing::Text(_), false) => (Spacing::Single, false),
            (Spacing::Text(count), true) => (Spacing::Double(count + 1), *count >= DOUBLED),
            // A blank line is followed by text, or by a blank line of the log itself.
            (Spacing::Double(count), _) => (Spacing::Text(*count), false),
        };
        self.spacing = next;
        is_spacing
    }
}

/// `30 | text`: returns the number and the text.
fn numbered(raw: &[u8]) -> Option<(u32, &[u8])> {
    let digits = raw.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = raw[digits..].strip_prefix(b" |")?;
    let number = std::str::from_utf8(&raw[..digits]).ok()?.parse().ok()?;
    Some((number, rest.strip_prefix(b" ").unwrap_or(rest)))
}
