//! Reproducible randomness and words: the same in every run.

/// SplitMix64: small, and the same on every machine.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

/// Syllables of made-up words.
const SYLLABLES: [&str; 32] = [
    "ba", "de", "fi", "go", "hu", "ja", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu", "wa", "ze",
    "bri", "cla", "dro", "fle", "gri", "plo", "sta", "tre", "cor", "den", "lar", "min", "tur", "ver", "zon",
];
/// Number of binary orders of magnitude of the vocabulary: 2¹⁵ words.
const ORDERS: u64 = 15;

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x6772_696D_6F69_7265)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is above 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let bound = bound as u64;
        usize::try_from(self.next() % bound).expect("below a usize")
    }

    pub(super) fn pick<'t, T>(&mut self, items: &'t [T]) -> &'t T {
        &items[self.below(items.len())]
    }

    /// A word, distributed by Zipf's law: every order of magnitude of ranks is equally likely.
    pub(super) fn word(&mut self) -> String {
        let order = self.next() % ORDERS;
        let first = 1_u64 << order;
        let rank = first + self.next() % first;
        word(rank)
    }

    /// Words separated by spaces.
    pub(super) fn words(&mut self, count: usize) -> String {
        let words: Vec<String> = (0..count).map(|_| self.word()).collect();
        words.join(" ")
    }

    /// An identifier as in programs, in one of three spellings.
    pub(super) fn identifier(&mut self) -> String {
        let (one, other) = (self.word(), self.word());
        match self.below(3) {
            0 => format!("{one}_{other}"),
            1 => format!("{}{}", capital(&one), capital(&other)),
            _ => format!("{one}::{other}"),
        }
    }
}

fn word(rank: u64) -> String {
    [rank >> 10, rank >> 5, rank]
        .iter()
        .map(|part| SYLLABLES[usize::try_from(part % 32).expect("below 32")])
        .collect()
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    format!("{}{rest}", first.to_ascii_uppercase())
}
