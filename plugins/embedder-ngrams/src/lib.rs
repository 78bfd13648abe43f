//! The embedder without a model: texts that share words, or parts of words, get similar vectors.
//!
//! 1. A word is a run of letters or digits; `useState` and `use_state` are two words. Case does not matter.
//! 2. The features of a text are its words, its pairs of neighbouring words, and the runs of 3 to 5 characters of its
//!    words with their ends marked, so that `initialise` and `initialised` have most of them in common.
//! 3. A feature counts more the rarer it is. There is no corpus to count in, so [`COMMON`] lists what stands in every
//!    log and every documentation, and long words count more than short ones. A feature that occurs n times counts
//!    1 + ln n times.
//! 4. Every feature is hashed to a few components with signs (feature hashing): the dot product of two vectors
//!    approximates that of all features.
//!
//! It recognises spellings, not meanings: `cannot find` and `not found` stay strangers.
#![deny(unsafe_code)]

use std::collections::HashMap;

use grimoire_plugin_sdk::embedder::normalise;
use grimoire_plugin_sdk::{Failure, Subject};

/// The number of components of a vector.
pub const DIMENSION: usize = 512;
/// Number of components that a feature is hashed to.
const PLACES: u32 = 2;
/// Numbers of characters of the parts of words.
const PARTS: std::ops::RangeInclusive<usize> = 3..=5;
/// Maximum number of words of a text that count; the first ones say most.
const WORDS: usize = 512;
/// Maximum length of a word in characters; longer ones, such as digests and encoded data, are left out.
const LONGEST: usize = 40;
/// The weight of a word in [`COMMON`].
const OF_COMMON: f32 = 0.2;
/// The weight of a pair of words.
const OF_PAIR: f32 = 0.5;
/// The weight of all parts of a word together.
const OF_PARTS: f32 = 2.0;

/// Words that stand in every log or documentation, sorted.
pub const COMMON: &[&str] = &[
    "a", "about", "all", "also", "an", "and", "any", "are", "as", "at", "be", "because", "been", "but", "by",
    "can", "code", "could", "did", "do", "does", "error", "example", "fail", "failed", "failure", "file",
    "for", "from", "had", "has", "have", "help", "here", "if", "in", "info", "instead", "into", "is", "it",
    "its", "line", "may", "more", "no", "not", "note", "of", "on", "one", "only", "or", "other", "should",
    "so", "some", "such", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this",
    "those", "to", "use", "used", "using", "warning", "was", "were", "what", "when", "where", "which",
    "while", "will", "with", "would", "you", "your",
];

/// Embeds texts. Spells and errors are read in the same way.
///
/// # Errors
///
/// None: any text has a vector.
#[allow(clippy::unnecessary_wraps, reason = "every embedder has this signature")]
pub fn embed(_: Subject, texts: &[String]) -> Result<Vec<Vec<f32>>, Failure> {
    Ok(texts.iter().map(|text| vector(text)).collect())
}

/// The vector of a text: of length 1, or zero if the text has no words.
pub fn vector(text: &str) -> Vec<f32> {
    let mut features: HashMap<u64, (f32, f32)> = HashMap::new();
    let mut add = |feature: u64, weight: f32| {
        features.entry(feature).or_insert((weight, 0.0)).1 += 1.0;
    };
    let words = words(text);
    for (place, word) in words.iter().enumerate() {
        let rarity = rarity(word);
        let whole = hash(b'w', word);
        add(whole, rarity);
        if let Some(next) = words.get(place + 1) {
            // The order counts: `string to number` is not `number to string`.
            let pair = mix(whole.rotate_left(17) ^ hash(b'p', next));
            add(pair, OF_PAIR * (rarity * self::rarity(next)).sqrt());
        }
        let parts = parts(word);
        let weight = OF_PARTS * rarity / (parts.len().max(1) as f32).sqrt();
        for part in parts {
            add(part, weight);
        }
    }
    let mut sums = vec![0.0_f32; DIMENSION];
    // Sorted, because the order of additions changes the last bits of a sum.
    let mut features: Vec<_> = features.into_iter().collect();
    features.sort_unstable_by_key(|(feature, _)| *feature);
    for (feature, (weight, count)) in features {
        let weight = weight * (1.0 + count.ln());
        let mut bits = feature;
        for _ in 0..PLACES {
            bits = mix(bits);
            let place = usize::try_from(bits % DIMENSION as u64).unwrap_or_default();
            sums[place] += if bits >> 63 == 0 { weight } else { -weight };
        }
    }
    normalise(&mut sums);
    sums
}

/// The words of a text in lower case, at most [`WORDS`].
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|run| !run.is_empty())
        .flat_map(split_case)
        .filter(|word| word.chars().count() <= LONGEST)
        .map(str::to_lowercase)
        .take(WORDS)
        .collect()
}

/// The words of a name such as `useState`, `HTTPServer` or `E0382`. Letters and digits stay together.
fn split_case(run: &str) -> Vec<&str> {
    let characters: Vec<(usize, char)> = run.char_indices().collect();
    let mut words = Vec::new();
    let mut start = 0;
    for (place, pair) in characters.windows(2).enumerate() {
        let [(_, before), (at, here)] = [pair[0], pair[1]];
        let lower_follows = characters.get(place + 2).is_some_and(|(_, next)| next.is_lowercase());
        let begins = here.is_uppercase() && (before.is_lowercase() || before.is_uppercase() && lower_follows);
        if begins {
            words.push(&run[start..at]);
            start = at;
        }
    }
    words.push(&run[start..]);
    words
}

/// How much a word says, from [`OF_COMMON`] to 1.5.
fn rarity(word: &str) -> f32 {
    if COMMON.binary_search(&word).is_ok() || word.bytes().all(|byte| byte.is_ascii_digit()) {
        return OF_COMMON;
    }
    match word.chars().count() {
        1 => 0.3,
        2 => 0.6,
        length => (0.7 + 0.1 * length as f32).min(1.5),
    }
}

/// The parts of a word, with `<` and `>` at its ends; none for a word that is no longer than one of them.
fn parts(word: &str) -> Vec<u64> {
    let marked: Vec<char> = std::iter::once('<').chain(word.chars()).chain(std::iter::once('>')).collect();
    let mut parts = Vec::new();
    for length in PARTS.take_while(|length| *length < marked.len()) {
        parts.extend(marked.windows(length).map(|part| hash_of(b'g', part.iter().copied())));
    }
    parts
}

fn hash(kind: u8, word: &str) -> u64 {
    hash_of(kind, word.chars())
}

/// FNV-1a over the characters, the same on every machine.
fn hash_of(kind: u8, characters: impl Iterator<Item = char>) -> u64 {
    let step = |hash: u64, value: u64| (hash ^ value).wrapping_mul(0x0000_0100_0000_01b3);
    let start = step(0xcbf2_9ce4_8422_2325, u64::from(kind));
    mix(characters.fold(start, |hash, character| step(hash, u64::from(u32::from(character)))))
}

/// Spreads the bits of a hash (the end of MurmurHash3).
fn mix(mut bits: u64) -> u64 {
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^ (bits >> 33)
}

grimoire_plugin_sdk::export_embedder!(DIMENSION, crate::embed);
