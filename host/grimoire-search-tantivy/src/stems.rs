//! Stems of words by the English rules.

use frostem::{Algorithm, Stemmer};

use crate::words::Word;

/// How many words are remembered by who splits many texts: about two megabytes. Few words make up most of
/// any text, and finding the stem of a word takes ten times as long as remembering it.
const REMEMBERED: usize = 16_384;

/// Finds stems, and remembers those of the words that it met last.
pub(crate) struct Stems {
    stemmer: Stemmer,
    /// How many words are remembered.
    limit: usize,
    /// By the hash of the word; empty before the first. A word that falls into the place of another takes it.
    remembered: Vec<Remembered>,
}

#[derive(Clone, Default)]
struct Remembered {
    word: String,
    stem: String,
    /// Of the stem.
    hash: u64,
}

impl Stems {
    /// For the few words of one text.
    pub(crate) fn for_one_text() -> Self {
        Self::remembering(1)
    }

    /// For a stream of texts.
    pub(crate) fn for_many_texts() -> Self {
        Self::remembering(REMEMBERED)
    }

    fn remembering(limit: usize) -> Self {
        Self { stemmer: Stemmer::new(Algorithm::English), limit, remembered: Vec::new() }
    }

    /// The stem of a word, which is not empty.
    pub(crate) fn of(&mut self, word: &str) -> Word<'_> {
        let Self { stemmer, limit, remembered } = self;
        if remembered.is_empty() {
            remembered.resize(*limit, Remembered::default());
        }
        // The highest bits: tables look at the others.
        let place = Word::new(word).hash >> 40;
        let count = remembered.len() as u64;
        let place = &mut remembered[usize::try_from(place % count).unwrap_or_default()];
        if place.word != word {
            word.clone_into(&mut place.word);
            stemmer.stem(word).as_ref().clone_into(&mut place.stem);
            place.hash = Word::new(&place.stem).hash;
        }
        Word { text: &place.stem, hash: place.hash }
    }
}
