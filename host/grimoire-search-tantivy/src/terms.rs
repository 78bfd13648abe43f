//! The words of one spell, counted: what memory and the index take in.

use grimoire_domain::spell::{Spell, SpellId};
use tantivy::tokenizer::TextAnalyzer;

use crate::schema::{TEXT_FIELDS, is_active};
use crate::tokens;
use crate::words::Words;

/// The tokens of one spell, counted.
pub(crate) struct SpellTerms {
    pub(crate) id: SpellId,
    pub(crate) active: bool,
    /// How many tokens each text field has.
    pub(crate) lengths: [u32; TEXT_FIELDS.len()],
    /// Every token once.
    pub(crate) words: Words,
    /// How often each occurs in each field, the fields in their order.
    pub(crate) counts: Vec<Count>,
}

/// How often a token occurs in a field.
#[derive(Clone, Copy)]
pub(crate) struct Count {
    /// Its number in [`SpellTerms::words`].
    pub(crate) word: u32,
    /// The place of the field in [`TEXT_FIELDS`].
    pub(crate) field: u8,
    pub(crate) times: u32,
}

impl SpellTerms {
    /// Counts the tokens of a spell that are wanted.
    pub(crate) fn of(analyzer: &mut TextAnalyzer, spell: &Spell, wanted: impl Fn(&str) -> bool) -> Self {
        let mut lengths = [0_u32; TEXT_FIELDS.len()];
        let mut words = Words::default();
        let mut counts: Vec<Count> = Vec::new();
        // Where in `counts` each word was met last.
        let mut places: Vec<usize> = Vec::new();
        for ((field, text_field), length) in (0_u8..).zip(&TEXT_FIELDS).zip(&mut lengths) {
            tokens::each_token(analyzer, &(text_field.text)(spell), |token| {
                *length += 1;
                if !wanted(token) {
                    return;
                }
                let word = words.keep(token);
                let next = counts.len();
                if places.len() < words.len() {
                    places.push(next);
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
        }
        Self { id: spell.id, active: is_active(spell), lengths, words, counts }
    }
}
