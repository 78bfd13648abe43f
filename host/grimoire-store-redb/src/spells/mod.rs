//! Spells, their revisions and the change log.

pub(crate) mod read;
mod write;

pub(crate) use write::{NewSpell, SpellTables, Spells};

/// The form in which error types and tags are compared: letter case ignored.
fn folded(text: &str) -> String {
    text.to_lowercase()
}
