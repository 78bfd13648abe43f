//! The spellbook of the data, converted to the product's form.

use std::collections::BTreeSet;
use std::path::Path;

use grimoire_domain::spell::SpellFields;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::eval::data::rows;

/// The documentation of one rule.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    pub(super) spell_id: String,
    title: String,
    description: String,
    error_type: String,
    /// A regular expression: a message that was once seen, with `.+?` for the variable parts; may be empty.
    error_pattern: String,
    /// May be empty.
    solution_code: String,
    tags: BTreeSet<String>,
}

/// A pattern that matches nothing and has no words, for documentation without one, because spells must have one.
const NO_PATTERN: &str = r"[^\s\S]";

/// Reads the spells.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Row>> {
    rows(path)?.collect()
}

/// The spells of the book, or those of an altered copy, which are numbered from 1.
pub(super) fn spells(book: &[Row], copy: usize) -> Vec<SpellFields> {
    let words: Vec<&str> = if copy == 0 { Vec::new() } else { vocabulary(book) };
    let altered = |place: usize, text: &str| match copy {
        0 => text.to_owned(),
        _ => alter(text, &words, &mut Choices::new(copy, place)),
    };
    let spell = |(place, row): (usize, &Row)| {
        let or_title = |text: &str| if text.trim().is_empty() { row.title.clone() } else { text.to_owned() };
        let pattern = match row.error_pattern.trim() {
            "" => NO_PATTERN.to_owned(),
            pattern if copy == 0 => pattern.to_owned(),
            // With other words in between it is no longer a regular expression.
            pattern => format!("text:{}", altered(place, pattern)),
        };
        SpellFields {
            key: Some(if copy == 0 { format!("rule-{place}") } else { format!("copy-{copy}-{place}") }),
            title: altered(place, &row.title).chars().take(255).collect(),
            description: altered(place, &row.description),
            error_type: row.error_type.clone(),
            error_pattern: pattern,
            solution_code: altered(place, &or_title(&row.solution_code)),
            tags: row.tags.clone(),
            ..SpellFields::default()
        }
    };
    book.iter().enumerate().map(spell).collect()
}

/// The index in the book of a spell's key.
pub(super) fn place(key: &str) -> Option<usize> {
    key.strip_prefix("rule-")?.parse().ok()
}

/// The words of all titles and descriptions, with duplicates.
fn vocabulary(book: &[Row]) -> Vec<&str> {
    book.iter()
        .flat_map(|row| row.title.split_whitespace().chain(row.description.split_whitespace()))
        .collect()
}

/// Replaces every other word by a random one, and keeps the lines.
fn alter(text: &str, words: &[&str], choices: &mut Choices) -> String {
    let lines = text.lines().map(|line| {
        let altered = line.split_whitespace().map(|word| match choices.next() {
            choice if choice % 2 == 0 => {
                let place = usize::try_from(choice >> 1).unwrap_or_default() % words.len();
                words[place]
            }
            _ => word,
        });
        altered.collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Pseudo-random numbers that are the same in every run.
struct Choices {
    seed: [u8; 32],
    next: usize,
}

impl Choices {
    fn new(copy: usize, place: usize) -> Self {
        Self { seed: Sha256::digest(format!("{copy} {place}")).into(), next: 0 }
    }

    fn next(&mut self) -> u64 {
        if self.next == 4 {
            self.seed = Sha256::digest(self.seed).into();
            self.next = 0;
        }
        let bytes = self.seed[8 * self.next..].first_chunk().copied().unwrap_or_default();
        self.next += 1;
        u64::from_le_bytes(bytes)
    }
}
