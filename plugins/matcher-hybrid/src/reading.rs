//! What is read of a spell: from its texts, or from what was prepared of them. Both give the same, to the last bit.
//!
//! Texts are prepared as what is searched for in them (tokens, grams, names of codes), because splitting and hashing
//! them is most of the work of a call.

use std::borrow::Cow;
use std::collections::BTreeMap;

use grimoire_plugin_sdk::{Failure, Form, Spell};

use crate::codes::{NameHash, family, name_hash, names};
use crate::features::FIELDS;
use crate::grams::{Seen, Slot};
use crate::tokens::{Token, Word, is_stop_word, words};

/// Maximum number of bytes of a field that are read. A good spell says what it is for within the first 8 KiB.
const READ: usize = 8192;
/// Number of bytes at the start of a description whose grams are compared.
const LEAD: usize = 160;
/// The size of a token with its count.
const ENTRY: usize = size_of::<Token>() + size_of::<u16>();

/// A spell as the features need it.
pub(crate) struct Reading<'a> {
    pub(crate) error_type: &'a str,
    /// The [`names`] of codes.
    pub(crate) names: Cow<'a, [NameHash]>,
    /// Those of them that belong to a [`family`].
    pub(crate) codes: Vec<&'a str>,
    /// The grams of title and pattern.
    pub(crate) head: Cow<'a, [Slot]>,
    /// The grams of the start of the description.
    pub(crate) lead: Cow<'a, [Slot]>,
    pub(crate) words: Words<'a>,
}

/// The words of the fields, and after them those of the tags.
pub(crate) enum Words<'a> {
    Written(&'a Spell),
    Counted([Counted<'a>; FIELDS + 1]),
}

/// The words of one field.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counted<'a> {
    /// The number of words.
    pub(crate) length: u32,
    /// The number of those that say something.
    pub(crate) telling: u32,
    entries: &'a [[u8; ENTRY]],
}

impl Counted<'_> {
    /// The distinct tokens that say something, with their counts.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = (Token, u16)> {
        self.entries
            .iter()
            .map(|[token @ .., low, high]| (Token::from_le_bytes(*token), u16::from_le_bytes([*low, *high])))
    }
}

impl<'a> Reading<'a> {
    pub(crate) fn of(form: &'a Form, seen: &mut Seen) -> Result<Self, Failure> {
        match form {
            Form::Written(spell) => Ok(Self::written(spell, seen)),
            Form::Prepared(bytes) => Parser(bytes).reading().ok_or_else(|| {
                Failure::InvalidInput("a prepared spell that this matcher did not prepare".to_owned())
            }),
        }
    }

    pub(crate) fn written(spell: &'a Spell, seen: &mut Seen) -> Self {
        let lead = &spell.description[..spell.description.floor_char_boundary(LEAD)];
        Self {
            error_type: &spell.error_type,
            names: names(spell).map(name_hash).collect(),
            codes: names(spell).filter(|name| family(name).is_some()).collect(),
            head: seen.slots(&[&spell.title, &spell.error_pattern]).into(),
            lead: seen.slots(&[lead]).into(),
            words: Words::Written(spell),
        }
    }
}

/// Calls `each` with every word of a field, in order; after the fields come the tags.
pub(crate) fn each_word(spell: &Spell, field: usize, mut each: impl FnMut(Word<'_>)) {
    let text = match field {
        0 => &spell.title,
        1 => &spell.error_pattern,
        2 => &spell.description,
        3 => &spell.solution_code,
        _ => return spell.tags.iter().for_each(|tag| words(tag, &mut each)),
    };
    let text = &text[..text.floor_char_boundary(READ)];
    if field == 1 { literal_parts(text, |part| words(part, &mut each)) } else { words(text, each) }
}

/// Reads a spell once for all errors.
pub fn prepare(spell: &Spell) -> Vec<u8> {
    let reading = Reading::written(spell, &mut Seen::default());
    let mut bytes = Vec::with_capacity(2048);
    put_text(&mut bytes, reading.error_type);
    put_all(&mut bytes, &reading.names);
    put_number(&mut bytes, reading.codes.len());
    for code in reading.codes {
        put_text(&mut bytes, code);
    }
    put_all(&mut bytes, &reading.head);
    put_all(&mut bytes, &reading.lead);
    for field in 0..=FIELDS {
        let (mut length, mut telling, mut counts) = (0, 0, BTreeMap::<Token, u16>::new());
        each_word(spell, field, |word| {
            length += 1;
            let (token, _) = word.token();
            // No error is searched for these.
            if !is_stop_word(token) {
                telling += 1;
                let count = counts.entry(token).or_default();
                *count = count.saturating_add(1);
            }
        });
        for number in [length, telling, counts.len()] {
            put_number(&mut bytes, number);
        }
        for (token, count) in counts {
            bytes.extend(token.to_le_bytes());
            bytes.extend(count.to_le_bytes());
        }
    }
    bytes
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_number(bytes, text.len());
    bytes.extend_from_slice(text.as_bytes());
}

fn put_all<const SIZE: usize>(bytes: &mut Vec<u8>, items: &[[u8; SIZE]]) {
    put_number(bytes, items.len());
    bytes.extend_from_slice(items.as_flattened());
}

/// The host cuts every text to 16 KiB, so that no number is too large; what is prepared of others is not used.
fn put_number(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend(u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

/// The rest of what was prepared.
struct Parser<'a>(&'a [u8]);

impl<'a> Parser<'a> {
    fn reading(mut self) -> Option<Reading<'a>> {
        let (error_type, names) = (self.text()?, self.all()?.into());
        let count = self.number()?;
        let codes = (0..count).map(|_| self.text()).collect::<Option<_>>()?;
        let (head, lead) = (self.all()?.into(), self.all()?.into());
        let mut fields = [Counted::default(); FIELDS + 1];
        for field in &mut fields {
            *field = self.counted()?;
        }
        let words = Words::Counted(fields);
        self.0.is_empty().then_some(Reading { error_type, names, codes, head, lead, words })
    }

    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        std::str::from_utf8(self.bytes(length)?).ok()
    }

    fn all<const SIZE: usize>(&mut self) -> Option<&'a [[u8; SIZE]]> {
        let count = usize::try_from(self.number()?).ok()?;
        let (items, _) = self.bytes(count.checked_mul(SIZE)?)?.as_chunks();
        Some(items)
    }

    fn counted(&mut self) -> Option<Counted<'a>> {
        let (length, telling) = (self.number()?, self.number()?);
        Some(Counted { length, telling, entries: self.all()? })
    }
}

/// The literal parts of a regular expression: escapes such as `\b` and `\s` and the letters of group
/// names are left out.
fn literal_parts(pattern: &str, mut each: impl FnMut(&str)) {
    let bytes = pattern.as_bytes();
    let (mut start, mut at) = (0, 0);
    while at < bytes.len() {
        if bytes[at] == b'\\' {
            if bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric) {
                each(&pattern[start..at]);
                start = at + 2;
            }
            at += 2;
        } else if bytes[at..].starts_with(b"(?") {
            each(&pattern[start..at]);
            at += bytes[at..]
                .iter()
                .position(|byte| matches!(byte, b':' | b'>' | b')' | b'=' | b'!'))
                .unwrap_or(1)
                + 1;
            start = at;
        } else {
            at += 1;
        }
    }
    each(pattern.get(start..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::tokens;

    #[test]
    fn patterns_give_their_literal_words() {
        let mut words = Vec::new();
        literal_parts(r"(?i)\bcannot find\s+(?P<name>\w+) in \\path (?:crate|root)", |part| {
            tokens(part, |token| words.push(token));
        });
        let mut expected = Vec::new();
        tokens("cannot find in path crate root", |token| expected.push(token));
        assert_eq!(words, expected);
    }

    #[test]
    fn what_was_cut_or_lengthened_is_refused() {
        let spell = Spell { title: "Lost kettle".into(), tags: vec!["tea".into()], ..Spell::default() };
        let (prepared, mut seen) = (prepare(&spell), Seen::default());
        assert!(Reading::of(&Form::Prepared(prepared.clone()), &mut seen).is_ok());
        for length in 0..prepared.len() {
            assert!(
                Reading::of(&Form::Prepared(prepared[..length].to_vec()), &mut seen).is_err(),
                "{length}"
            );
        }
        assert!(Reading::of(&Form::Prepared([&prepared[..], b"x"].concat()), &mut seen).is_err());
    }
}
