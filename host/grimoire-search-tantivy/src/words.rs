//! Words, each kept once and known by a number.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Seeded by chance: nobody can choose words that meet in a table. The same for all tables, so that a word
/// that goes through several of them is hashed once.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// A word with its hash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word<'t> {
    pub(crate) text: &'t str,
    pub(crate) hash: u64,
}

impl<'t> Word<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, hash: HASHER.hash_one(text) }
    }
}

/// Words by numbers from 0 on, in the order in which they came.
#[derive(Default)]
pub(crate) struct Words {
    list: WordList,
    numbers: HashTable<u32>,
}

/// Words by numbers, of which none is looked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct WordList {
    /// All words, one after the other.
    text: String,
    /// Where each word ends.
    ends: Vec<u32>,
}

impl WordList {
    /// The word of a number that was given out.
    pub(crate) fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.text[start..self.ends[number] as usize]
    }

    /// Every word, in the order of the numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.text[start as usize..end as usize])
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Takes a word in as the next one.
    pub(crate) fn push(&mut self, word: &str) {
        self.text.push_str(word);
        // Of a bounded number of spells, each with a bounded text: less than 4 GB.
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }
}

impl Words {
    /// The number of a word, which is kept from now on.
    pub(crate) fn keep(&mut self, word: Word<'_>) -> u32 {
        let Self { list, numbers } = self;
        let next = u32::try_from(list.len()).unwrap_or(u32::MAX);
        let is_word = |&number: &u32| list.get(number) == word.text;
        let hash_again = |&number: &u32| Word::new(list.get(number)).hash;
        match numbers.entry(word.hash, is_word, hash_again) {
            Entry::Occupied(known) => return *known.get(),
            Entry::Vacant(place) => drop(place.insert(next)),
        }
        list.push(word.text);
        next
    }

    /// The number of a word, if it is kept.
    pub(crate) fn find(&self, word: Word<'_>) -> Option<u32> {
        self.numbers.find(word.hash, |&number| self.list.get(number) == word.text).copied()
    }

    /// The words themselves.
    pub(crate) fn list(&self) -> &WordList {
        &self.list
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// How much memory they take, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.list.text.capacity()
            + self.list.ends.capacity() * size_of::<u32>()
            + self.numbers.allocation_size()
    }

    /// Forgets all words, and keeps the room that they took.
    pub(crate) fn clear(&mut self) {
        self.list.text.clear();
        self.list.ends.clear();
        self.numbers.clear();
    }

    /// Gives back what was reserved for further words.
    pub(crate) fn shrink(&mut self) {
        self.list.text.shrink_to_fit();
        self.list.ends.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_word_is_kept_once(words in prop::collection::vec("[a-cé]{0,3}", 0..60)) {
            let mut kept = Words::default();
            kept.keep(Word::new("before"));
            kept.clear();
            let mut distinct: Vec<&str> = Vec::new();
            for word in &words {
                prop_assert_eq!(kept.find(Word::new(word)).is_some(), distinct.contains(&word.as_str()));
                if !distinct.contains(&word.as_str()) {
                    distinct.push(word);
                }
                let number = kept.keep(Word::new(word));
                prop_assert_eq!(kept.list().get(number), word);
                prop_assert_eq!(kept.find(Word::new(word)), Some(number));
            }
            kept.shrink();
            prop_assert_eq!(kept.list().iter().collect::<Vec<_>>(), distinct);
        }
    }
}
