//! Spells, their revisions and the change log.

pub(crate) mod read;
mod write;

pub(crate) use write::{NewSpell, SpellTables, Spells};
