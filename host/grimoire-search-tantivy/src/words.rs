//! Words, each kept once and known by a number.

use std::hash::{BuildHasher as _, RandomState};

use hashbrown::HashTable;

/// Words by numbers from 0 on, in the order in which they came.
#[derive(Default)]
pub(crate) struct Words {
    /// All words, one after the other.
    text: String,
    /// Where each word ends.
    ends: Vec<u32>,
    numbers: HashTable<u32>,
    /// Seeded by chance: nobody can choose words that meet in the table.
    hasher: RandomState,
}

impl Words {
    /// The number of a word, which is kept from now on.
    pub(crate) fn keep(&mut self, word: &str) -> u32 {
        let Self { text, ends, numbers, hasher } = self;
        let is_word = |&number: &u32| get(text, ends, number) == word;
        let hash_again = |&number: &u32| hasher.hash_one(get(text, ends, number));
        // A block of spells has a bounded text, of less than 4 GB.
        let next = u32::try_from(ends.len()).unwrap_or(u32::MAX);
        match numbers.entry(hasher.hash_one(word), is_word, hash_again) {
            hashbrown::hash_table::Entry::Occupied(known) => return *known.get(),
            hashbrown::hash_table::Entry::Vacant(place) => drop(place.insert(next)),
        }
        text.push_str(word);
        ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        next
    }

    /// The number of a word, if it is kept.
    pub(crate) fn find(&self, word: &str) -> Option<u32> {
        let is_word = |&number: &u32| self.get(number) == word;
        self.numbers.find(self.hasher.hash_one(word), is_word).copied()
    }

    /// The word of a number that was given out.
    pub(crate) fn get(&self, number: u32) -> &str {
        get(&self.text, &self.ends, number)
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

    /// How much memory they take, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>() + self.numbers.allocation_size()
    }

    /// Gives back what was reserved for further words.
    pub(crate) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

fn get<'a>(text: &'a str, ends: &[u32], number: u32) -> &'a str {
    let number = number as usize;
    let start = number.checked_sub(1).map_or(0, |before| ends[before] as usize);
    &text[start..ends[number] as usize]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_word_is_kept_once(words in prop::collection::vec("[a-cé]{0,3}", 0..60)) {
            let mut kept = Words::default();
            let mut distinct: Vec<&str> = Vec::new();
            for word in &words {
                prop_assert_eq!(kept.find(word).is_some(), distinct.contains(&word.as_str()));
                if !distinct.contains(&word.as_str()) {
                    distinct.push(word);
                }
                let number = kept.keep(word);
                prop_assert_eq!(kept.get(number), word);
                prop_assert_eq!(kept.find(word), Some(number));
            }
            kept.shrink();
            prop_assert_eq!(kept.iter().collect::<Vec<_>>(), distinct);
        }
    }
}
