//! Spells, their revisions and the change log.

pub(crate) mod read;
mod write;

pub(crate) use write::{NewSpell, SpellTables, Spells, folded_tags};

/// The form in which error types and tags are compared: letter case ignored.
pub(crate) fn folded(text: &str) -> String {
    text.to_lowercase()
}
