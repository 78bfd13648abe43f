//! Options of the search.

use grimoire_ports::follower::Pace;

/// Options of the index. The defaults fit most uses.
#[derive(Debug, Clone)]
pub struct Options {
    /// Maximum number of terms of a diagnostic that are searched besides its code and error type:
    /// the most specific ones, by position in the diagnostic and rarity.
    pub maximum_terms: usize,
    /// Maximum number of spells that contain the searched terms, summed over the terms; further
    /// terms are left out. Bounds the time of a query independently of the spellbook's size.
    pub maximum_occurrences: u64,
    /// Memory that the writer may use before it writes a segment, in bytes: at least 15,000,000.
    pub writer_memory: usize,
    /// The interval of commits, and the delays after failures.
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
