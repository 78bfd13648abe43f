//! What may be chosen.

use grimoire_ports::follower::Pace;

/// How the index works. The defaults are right for most.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many terms of a diagnostic are searched at most, beside its code and error type: those
    /// that tell most, by their place in it and their rarity.
    pub maximum_terms: usize,
    /// How many spells the searched terms may have in sum; others are left out: the
    /// bound on the time of a query, whatever the size of the spellbook.
    pub maximum_occurrences: u64,
    /// How much memory the writer may use before it writes a segment, in bytes: at least 15,000,000.
    pub writer_memory: usize,
    /// How soon changes are committed, and how failures are tried again.
    pub pace: Pace,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            maximum_terms: 32,
            maximum_occurrences: 32_000,
            writer_memory: 16_000_000,
            pace: Pace::default(),
        }
    }
}
