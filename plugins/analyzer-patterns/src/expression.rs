//! Expressions in JavaScript's syntax, for an engine that works in linear time.
//!
//! Problem matchers are written for engines that backtrack, and in a syntax that differs from the engine's in what may
//! be escaped and what a bracket means inside of brackets. So an expression is parsed here and written again. What the
//! engine cannot do is refused by name, with its place.

mod characters;

use std::fmt;

use regex_lite::{Regex, RegexBuilder};

use crate::literals::Needed;

/// Longest expression, in bytes.
pub(crate) const MOST_BYTES: usize = 2_048;
/// Most memory that a compiled expression may take, in bytes.
const MOST_COMPILED: usize = 64 << 10;
/// Most repetitions that a count may ask for.
const MOST_REPEATS: u32 = 1_000;
/// Deepest nesting of groups.
const DEPTH: u32 = 32;

/// A compiled expression.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    pub(crate) regex: Regex,
    /// The groups with their names, from 1.
    pub(crate) groups: Vec<Option<String>>,
    pub(crate) needed: Needed,
}

/// Why an expression is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    reason: String,
    /// The place of the mistake: the number of the character, from 1.
    at: Option<usize>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(formatter, "{} at character {at}", self.reason),
            None => formatter.write_str(&self.reason),
        }
    }
}

impl Refusal {
    /// A mistake at the character with this index.
    fn at(at: usize, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), at: Some(at + 1) }
    }

    fn whole(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), at: None }
    }
}

impl Expression {
    /// Compiles an expression.
    pub(crate) fn compile(source: &str) -> Result<Self, Refusal> {
        if source.is_empty() {
            return Err(Refusal::whole("is empty"));
        }
        if source.len() > MOST_BYTES {
            let bytes = source.len();
            return Err(Refusal::whole(format!("has {bytes} bytes, may have at most {MOST_BYTES}")));
        }
        let mut parser = Parser {
            characters: source.chars().collect(),
            at: 0,
            written: String::with_capacity(source.len() + 16),
            groups: Vec::new(),
            folds_case: false,
        };
        let seen = parser.alternatives(0)?;
        if parser.at < parser.characters.len() {
            return Err(parser.refuse("a closing parenthesis without an opening one"));
        }
        let Parser { written, groups, folds_case, .. } = parser;
        let mut builder = RegexBuilder::new(&written);
        // The parser has bounded the nesting already, and the engine counts a little differently.
        let built = builder.size_limit(MOST_COMPILED).nest_limit(4 * DEPTH).build();
        let regex = built.map_err(|error| {
            let words = error.to_string();
            Refusal::whole(if words.contains("size") {
                format!("is too large: compiled it takes more than {} KiB; repeat less", MOST_COMPILED >> 10)
            } else {
                words
            })
        })?;
        Ok(Self { regex, groups, needed: if folds_case { Needed::default() } else { seen.needed() } })
    }
}

/// What is known of the texts that a part matches.
#[derive(Debug, Default)]
struct Facts {
    /// The one text that it matches.
    exact: Option<String>,
    needed: Needed,
}

impl Facts {
    /// Anything.
    fn unknown() -> Self {
        Self::default()
    }

    fn exact(text: String) -> Self {
        Self { exact: Some(text), needed: Needed::default() }
    }

    fn needed(self) -> Needed {
        match self.exact {
            Some(text) => Needed::text(&text),
            None => self.needed,
        }
    }
}

/// How often an item occurs in a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeats {
    Once,
    AtLeastOnce,
    Optional,
}

/// The digits of a count, and the place after it.
struct Count<'a> {
    least: &'a [char],
    most: Option<&'a [char]>,
    end: usize,
}

struct Parser {
    characters: Vec<char>,
    at: usize,
    /// The expression in the engine's syntax.
    written: String,
    groups: Vec<Option<String>>,
    /// True if some of it ignores case.
    folds_case: bool,
}

impl Parser {
    fn refuse(&self, reason: impl Into<String>) -> Refusal {
        Refusal::at(self.at, reason)
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn rest_starts_with(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(index, c)| self.characters.get(self.at + index) == Some(&c))
    }

    /// Takes the next character if it is this one.
    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn literal(&mut self, c: char) -> Facts {
        let text = c.to_string();
        self.written.push_str(&regex_lite::escape(&text));
        Facts::exact(text)
    }

    /// Alternatives up to the end or a closing parenthesis.
    fn alternatives(&mut self, depth: u32) -> Result<Facts, Refusal> {
        if depth > DEPTH {
            return Err(self.refuse(format!("groups are nested more than {DEPTH} deep")));
        }
        let mut seen = vec![self.sequence(depth)?];
        while self.take('|') {
            self.written.push('|');
            seen.push(self.sequence(depth)?);
        }
        Ok(if seen.len() == 1 {
            seen.remove(0)
        } else {
            let needed = Needed::one_of(seen.into_iter().map(Facts::needed).collect());
            Facts { exact: None, needed }
        })
    }

    fn sequence(&mut self, depth: u32) -> Result<Facts, Refusal> {
        let (mut run, mut is_exact, mut needed) = (String::new(), true, Needed::default());
        while let Some(c) = self.peek().filter(|c| !matches!(c, '|' | ')')) {
            let start = self.at;
            let asserts =
                matches!(c, '^' | '$') || self.rest_starts_with("\\b") || self.rest_starts_with("\\B");
            let item = self.item(depth)?;
            let repeats = self.repeats(start, asserts)?;
            // What only asserts a place leaves the text around it in one piece.
            if asserts {
                continue;
            }
            match item {
                Facts { exact: Some(text), .. } if repeats == Repeats::Once => run.push_str(&text),
                item => {
                    is_exact = false;
                    let item = if repeats == Repeats::Optional { Needed::default() } else { item.needed() };
                    needed = needed.better(Needed::text(&std::mem::take(&mut run))).better(item);
                }
            }
        }
        Ok(if is_exact {
            Facts::exact(run)
        } else {
            Facts { exact: None, needed: needed.better(Needed::text(&run)) }
        })
    }

    /// One item without what repeats it.
    fn item(&mut self, depth: u32) -> Result<Facts, Refusal> {
        let Some(c) = self.peek() else { return Ok(Facts::exact(String::new())) };
        match c {
            '(' => self.group(depth),
            '[' => self.class(),
            '\\' => self.escape(),
            '*' | '+' | '?' => Err(self.refuse(format!("{c} has nothing to repeat"))),
            '.' | '^' | '$' => {
                self.at += 1;
                self.written.push(c);
                Ok(Facts::unknown())
            }
            '{' if self.count(self.at).is_some() => Err(self.refuse("a count has nothing to repeat")),
            _ => {
                self.at += 1;
                Ok(self.literal(c))
            }
        }
    }

    /// The count `{1,3}` at this place. Another brace is a character.
    fn count(&self, at: usize) -> Option<Count<'_>> {
        if self.characters.get(at) != Some(&'{') {
            return None;
        }
        let digits = |from: usize| {
            let length = self.characters[from..].iter().take_while(|c| c.is_ascii_digit()).count();
            &self.characters[from..from + length]
        };
        let least = digits(at + 1);
        let end = at + 1 + least.len();
        match self.characters.get(end) {
            _ if least.is_empty() => None,
            Some('}') => Some(Count { least, most: Some(least), end: end + 1 }),
            Some(',') => {
                let most = digits(end + 1);
                let end = end + 1 + most.len();
                let most = Some(most).filter(|most| !most.is_empty());
                (self.characters.get(end) == Some(&'}')).then_some(Count { least, most, end: end + 1 })
            }
            _ => None,
        }
    }

    /// How often the item that began at `start` occurs.
    fn repeats(&mut self, start: usize, asserts: bool) -> Result<Repeats, Refusal> {
        let place = self.at;
        let (least, end) = match self.peek() {
            Some('*' | '?') => (0, self.at + 1),
            Some('+') => (1, self.at + 1),
            _ => match self.count(self.at) {
                None => return Ok(Repeats::Once),
                Some(Count { least, most, end }) => {
                    let number = |digits: &[char]| {
                        let digits: String = digits.iter().collect();
                        let number = digits.parse().ok().filter(|&number: &u32| number <= MOST_REPEATS);
                        number.ok_or_else(|| self.refuse(format!("a count above {MOST_REPEATS}")))
                    };
                    let (least, most) = (number(least)?, most.map(number).transpose()?);
                    if most.is_some_and(|most| most < least) {
                        return Err(self.refuse("a count whose numbers are out of order"));
                    }
                    (least, end)
                }
            },
        };
        if asserts {
            return Err(Refusal::at(start, "something without text cannot be repeated"));
        }
        self.at = end;
        self.take('?');
        self.written.extend(&self.characters[place..self.at]);
        if matches!(self.peek(), Some('*' | '+' | '?')) || self.count(self.at).is_some() {
            return Err(self.refuse("a repetition of a repetition"));
        }
        Ok(if least == 0 { Repeats::Optional } else { Repeats::AtLeastOnce })
    }

    fn group(&mut self, depth: u32) -> Result<Facts, Refusal> {
        let start = self.at;
        self.at += 1;
        if !self.take('?') {
            self.groups.push(None);
            self.written.push('(');
            return self.inside(start, depth);
        }
        for (sign, what) in [
            ("=", "a look-ahead, (?="),
            ("!", "a negative look-ahead, (?!"),
            ("<=", "a look-behind, (?<="),
            ("<!", "a negative look-behind, (?<!"),
            (">", "an atomic group, (?>"),
        ] {
            if self.rest_starts_with(sign) {
                let reason = format!("{what}, which an engine in linear time has not,");
                return Err(Refusal::at(start, reason));
            }
        }
        if self.take(':') {
            self.written.push_str("(?:");
            return self.inside(start, depth);
        }
        if self.rest_starts_with("<") || self.rest_starts_with("P<") {
            self.take('P');
            self.at += 1;
            let name = self.until('>', "the name of a group has no end")?;
            let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !is_name {
                let reason = format!("{name:?} is no name of letters, digits and underscores, for the group");
                return Err(Refusal::at(start, reason));
            }
            if self.groups.iter().any(|group| group.as_ref() == Some(&name)) {
                return Err(Refusal::at(start, format!("a second group with the name {name}")));
            }
            self.groups.push(Some(name));
            self.written.push('(');
            return self.inside(start, depth);
        }
        let flags: String =
            self.characters[self.at..].iter().take_while(|c| matches!(c, 'i' | 's' | 'm' | '-')).collect();
        self.at += flags.len();
        let on = flags.split('-').next().unwrap_or_default();
        let is_closed = matches!(self.peek(), Some(':' | ')'));
        if flags.is_empty() || !is_closed {
            return Err(Refusal::at(start, "a group (? of an unknown kind"));
        }
        self.folds_case |= on.contains('i');
        self.written.push_str("(?");
        self.written.push_str(&flags);
        if self.take(')') {
            self.written.push(')');
            return Ok(Facts::exact(String::new()));
        }
        self.at += 1;
        self.written.push(':');
        self.inside(start, depth)
    }

    /// The content of a group, and its end.
    fn inside(&mut self, start: usize, depth: u32) -> Result<Facts, Refusal> {
        let seen = self.alternatives(depth + 1)?;
        if !self.take(')') {
            return Err(Refusal::at(start, "a group without an end"));
        }
        self.written.push(')');
        Ok(seen)
    }

    /// The text up to this character, which is taken too.
    fn until(&mut self, end: char, reason: &str) -> Result<String, Refusal> {
        let length = self.characters[self.at..].iter().position(|&c| c == end);
        let length = length.ok_or_else(|| self.refuse(reason))?;
        let text = self.characters[self.at..self.at + length].iter().collect();
        self.at += length + 1;
        Ok(text)
    }
}

#[cfg(test)]
mod tests;
