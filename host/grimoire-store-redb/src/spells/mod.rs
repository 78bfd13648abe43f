//! Spells, their revisions and the change log.

pub(crate) mod read;
mod write;

pub(crate) use write::{NewSpell, SpellTables, Spells, folded_tags};

/// The normal form for comparing error types and tags, which ignores letter case.
pub(crate) fn folded(text: &str) -> String {
    text.to_lowercase()
}
