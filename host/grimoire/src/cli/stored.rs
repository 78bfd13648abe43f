//! Spells for commands, from the data folder or from a service.

use grimoire_domain::spell::{Spell, SpellFields, SpellId, SpellStatus};

/// A stored spell.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StoredSpell {
    pub(super) id: SpellId,
    pub(super) revision: u64,
    pub(super) fields: SpellFields,
}

impl From<Spell> for StoredSpell {
    fn from(spell: Spell) -> Self {
        Self { id: spell.id, revision: spell.revision, fields: spell.fields.into_fields() }
    }
}

/// A filter for lists of spells. Absent fields match every spell.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    /// Words to search for.
    pub(super) words: Option<String>,
    pub(super) error_type: Option<String>,
    pub(super) tag: Option<String>,
    pub(super) status: Option<SpellStatus>,
}
