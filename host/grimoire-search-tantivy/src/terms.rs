//! The words of one spell, counted: what memory and the index take in.

use grimoire_domain::spell::{Spell, SpellId};
use tantivy::fieldnorm::FieldNormReader;

use crate::schema::{TEXT_FIELDS, is_active};
use crate::tokens::Tokenizer;
use crate::words::{Word, WordList, Words};

/// The length of each text field in tokens, rounded so that it takes one byte.
pub(crate) type Lengths = [u8; TEXT_FIELDS.len()];

/// The tokens of one spell, counted.
pub(crate) struct SpellTerms {
    pub(crate) id: SpellId,
    pub(crate) active: bool,
    pub(crate) lengths: Lengths,
    /// Every token once.
    words: WordList,
    /// Their hashes.
    hashes: Vec<u64>,
    /// How often each occurs in each field, the fields in their order.
    pub(crate) counts: Vec<Count>,
}

/// How often a token occurs in a field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count {
    /// Its number among the words of the spell.
    pub(crate) word: u32,
    /// The place of the field in [`TEXT_FIELDS`].
    pub(crate) field: u8,
    pub(crate) times: u32,
}

impl SpellTerms {
    /// Every token once, in the order of their numbers.
    pub(crate) fn words(&self) -> impl Iterator<Item = Word<'_>> {
        self.words.iter().zip(&self.hashes).map(|(text, &hash)| Word { text, hash })
    }

    /// The token with a number.
    pub(crate) fn word(&self, number: u32) -> &str {
        self.words.get(number)
    }
}

/// Splits spells into tokens and counts these.
pub(crate) struct TermCounter {
    tokenizer: Tokenizer,
    /// Of the spell at hand.
    words: Words,
    hashes: Vec<u64>,
    counts: Vec<Count>,
    /// Where in `counts` each word was met last.
    places: Vec<usize>,
}

impl Default for TermCounter {
    fn default() -> Self {
        let tokenizer = Tokenizer::for_many_texts();
        let (words, hashes, counts, places) = (Words::default(), Vec::new(), Vec::new(), Vec::new());
        Self { tokenizer, words, hashes, counts, places }
    }
}

impl TermCounter {
    /// The tokens of a spell.
    pub(crate) fn count(&mut self, spell: &Spell) -> SpellTerms {
        self.count_wanted(spell, |_| true)
    }

    /// Those of its tokens that are wanted.
    pub(crate) fn count_wanted(&mut self, spell: &Spell, wanted: impl Fn(&str) -> bool) -> SpellTerms {
        let Self { tokenizer, words, hashes, counts, places } = self;
        words.clear();
        hashes.clear();
        counts.clear();
        places.clear();
        let mut lengths = [0_u8; TEXT_FIELDS.len()];
        for ((field, text_field), rounded) in (0_u8..).zip(&TEXT_FIELDS).zip(&mut lengths) {
            let mut length = 0;
            tokenizer.each_token(&(text_field.text)(spell), |token| {
                length += 1;
                if !wanted(token.text) {
                    return;
                }
                let word = words.keep(token);
                let next = counts.len();
                if places.len() < words.len() {
                    places.push(next);
                    hashes.push(token.hash);
                }
                let place = &mut places[word as usize];
                match counts.get_mut(*place).filter(|count| count.field == field) {
                    Some(count) => count.times += 1,
                    None => {
                        *place = next;
                        counts.push(Count { word, field, times: 1 });
                    }
                }
            });
            *rounded = FieldNormReader::fieldnorm_to_id(length);
        }
        SpellTerms {
            id: spell.id,
            active: is_active(spell),
            lengths,
            words: words.list().clone(),
            hashes: hashes.clone(),
            counts: counts.clone(),
        }
    }
}
