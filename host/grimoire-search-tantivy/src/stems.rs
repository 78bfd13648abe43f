//! Stems of words by the English rules.

use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, TextAnalyzer, TokenStream as _};

use crate::words::Word;

/// How many words are remembered by who splits many texts: about half a megabyte. Few words make up most of
/// any text, and finding the stem of a word takes ten times as long as remembering it.
const REMEMBERED: usize = 8_192;

/// Finds stems, and remembers those of the words that it met last.
pub(crate) struct Stems {
    analyzer: TextAnalyzer,
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
        let analyzer =
            TextAnalyzer::builder(RawTokenizer::default()).filter(Stemmer::new(Language::English)).build();
        Self { analyzer, limit, remembered: Vec::new() }
    }

    /// The stem of a word, which is not empty.
    pub(crate) fn of(&mut self, word: &str) -> Word<'_> {
        let Self { analyzer, limit, remembered } = self;
        if remembered.is_empty() {
            remembered.resize(*limit, Remembered::default());
        }
        // The highest bits: tables look at the others.
        let place = Word::new(word).hash >> 40;
        let count = remembered.len() as u64;
        let place = &mut remembered[usize::try_from(place % count).unwrap_or_default()];
        if place.word != word {
            word.clone_into(&mut place.word);
            place.stem.clear();
            analyzer.token_stream(word).process(&mut |token| place.stem.push_str(&token.text));
            place.hash = Word::new(&place.stem).hash;
        }
        Word { text: &place.stem, hash: place.hash }
    }
}
