//! The words of a spell as the index takes them in.
//!
//! One dictionary serves all text fields, because dictionaries are what costs most: each word of a spell is
//! one term, and the positions of the term say in which fields it occurs, and how often. The text of a
//! document is made accordingly: words after the position that they share, group by group.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::schema::TEXT_FIELDS;
use crate::terms::{Lengths, SpellTerms};

/// The name under which the index knows [`PackedTokenizer`].
pub(crate) const NAME: &str = "packed";

/// How many bits of a position are the field.
const FIELD_BITS: u32 = 3;
/// Between groups; no token has either.
const GROUP: char = '\n';
const WORD: char = ' ';

const _: () = assert!(TEXT_FIELDS.len() <= 1 << FIELD_BITS);

/// The position of a word that occurs in a field, at least once. Most are small, which keeps files small.
fn position(field: u8, times: u32) -> u32 {
    (times.saturating_sub(1).min(u32::MAX >> (FIELD_BITS + 1)) << FIELD_BITS) | u32::from(field)
}

/// How often a word occurs in each field, by its positions in a document.
pub(crate) fn times(positions: &[u32]) -> [u32; TEXT_FIELDS.len()] {
    let mut times = [0; TEXT_FIELDS.len()];
    for position in positions {
        let field = position & ((1 << FIELD_BITS) - 1);
        // Others come from damaged files only.
        if let Some(times) = times.get_mut(field as usize) {
            *times = (position >> FIELD_BITS) + 1;
        }
    }
    times
}

/// The text of a document. The positions of each word ascend.
pub(crate) fn text(terms: &SpellTerms) -> String {
    let mut counts = terms.counts.clone();
    counts.sort_by_key(|count| position(count.field, count.times));
    let mut text = String::with_capacity(counts.len() * 8);
    let mut group = None;
    for count in counts {
        let position = position(count.field, count.times);
        if group.replace(position) != Some(position) {
            text.push(GROUP);
            text.push_str(&position.to_string());
        }
        text.push(WORD);
        text.push_str(terms.word(count.word));
    }
    text
}

/// The lengths of all fields and whether the spell is active, as one number.
pub(crate) fn marks(lengths: Lengths, active: bool) -> u64 {
    let mut bytes = [0; size_of::<u64>()];
    bytes[..lengths.len()].copy_from_slice(&lengths);
    bytes[lengths.len()] = u8::from(active);
    u64::from_le_bytes(bytes)
}

/// What [`marks`] was made of.
pub(crate) fn unmark(marks: u64) -> (Lengths, bool) {
    let bytes = marks.to_le_bytes();
    let mut lengths = Lengths::default();
    lengths.copy_from_slice(&bytes[..TEXT_FIELDS.len()]);
    (lengths, bytes[TEXT_FIELDS.len()] == 1)
}

/// Reads what [`text`] makes.
#[derive(Clone, Default)]
pub(crate) struct PackedTokenizer {
    token: Token,
}

pub(crate) struct PackedTokens<'t> {
    left: &'t str,
    token: &'t mut Token,
}

impl Tokenizer for PackedTokenizer {
    type TokenStream<'t> = PackedTokens<'t>;

    fn token_stream<'t>(&'t mut self, text: &'t str) -> PackedTokens<'t> {
        self.token.reset();
        PackedTokens { left: text, token: &mut self.token }
    }
}

impl TokenStream for PackedTokens<'_> {
    fn advance(&mut self) -> bool {
        let Some(kind) = self.left.chars().next() else { return false };
        if kind == GROUP {
            let rest = &self.left[1..];
            let end = rest.find(WORD).unwrap_or(rest.len());
            self.token.position = rest[..end].parse().unwrap_or_default();
            self.left = &rest[end..];
        }
        let rest = self.left.get(1..).unwrap_or_default();
        let end = rest.bytes().position(|byte| matches!(byte, b' ' | b'\n')).unwrap_or(rest.len());
        self.token.text.clear();
        self.token.text.push_str(&rest[..end]);
        self.left = &rest[end..];
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use grimoire_domain::Timestamp;
    use grimoire_domain::spell::{Spell, SpellFields, SpellId};
    use proptest::prelude::*;
    use tantivy::tokenizer::TextAnalyzer;

    use super::*;
    use crate::terms::TermCounter;

    fn spell(title: &str, description: &str) -> Spell {
        let mut fields = SpellFields::default();
        for field in [&mut fields.error_type, &mut fields.error_pattern, &mut fields.solution_code] {
            "b".clone_into(field);
        }
        fields.title = format!("b {title}");
        fields.description = format!("a {description}");
        let fields = fields.validate().expect("valid fields");
        Spell { id: SpellId(1), fields, created_at: Timestamp::UNIX_EPOCH, updated_at: None, revision: 1 }
    }

    proptest! {
        #[test]
        fn the_index_reads_what_was_counted(title in "[a-c ]{0,40}", description in "[a-cA-C_: ]{0,99}") {
            let terms = TermCounter::default().count(&spell(&title, &description));
            let mut expected: BTreeMap<String, [u32; TEXT_FIELDS.len()]> = BTreeMap::new();
            for count in &terms.counts {
                let times = expected.entry(terms.word(count.word).to_owned()).or_default();
                times[usize::from(count.field)] = count.times;
            }
            let mut positions: BTreeMap<String, Vec<u32>> = BTreeMap::new();
            TextAnalyzer::from(PackedTokenizer::default()).token_stream(&text(&terms)).process(&mut |token| {
                let position = u32::try_from(token.position).expect("small");
                positions.entry(token.text.clone()).or_default().push(position);
            });
            prop_assert!(positions.values().all(|positions| positions.is_sorted_by(|one, next| one < next)));
            let read: BTreeMap<_, _> =
                positions.into_iter().map(|(word, positions)| (word, times(&positions))).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn marks_say_what_they_were_made_of(lengths: Lengths, active: bool) {
            prop_assert_eq!(unmark(marks(lengths, active)), (lengths, active));
        }
    }
}
