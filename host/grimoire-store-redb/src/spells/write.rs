//! Writes of spells. Every rule is checked before the first write, so that a refused request leaves no
//! trace in its group.

use grimoire_domain::Timestamp;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::{ChangeKind, Revision, Sequence, Spell, SpellFields, SpellId, ValidSpell};
use grimoire_ports::store::{ImportSummary, Stamp, Written};
use redb::{ReadableTable, Table, WriteTransaction};

use super::read::missing;
use crate::counters::{Counters, next};
use crate::effects::Effects;
use crate::failure::{Failure, Outcome};
use crate::record::spell::{
    StoredSpell, content_hash, decode_revision, decode_spell, encode_change, encode_revision, encode_spell,
    folded, folded_tags, status_code,
};
use crate::records::Records;
use crate::schema;

/// The tables of spells in a transaction.
pub(crate) struct SpellTables<'t> {
    spells: Records<Table<'t, u64, &'static [u8]>>,
    revisions: Records<Table<'t, (u64, u64), &'static [u8]>>,
    changes: Records<Table<'t, u64, &'static [u8]>>,
    by_key: Table<'t, &'static str, u64>,
    by_error_type: Table<'t, (&'static str, u64), ()>,
    by_tag: Table<'t, (&'static str, u64), ()>,
    statuses: Table<'t, u64, u8>,
    by_content: Table<'t, (u64, u64), ()>,
}

impl<'t> SpellTables<'t> {
    pub(crate) fn open(transaction: &'t WriteTransaction) -> Outcome<Self> {
        Ok(Self {
            spells: Records(transaction.open_table(schema::SPELLS)?),
            revisions: Records(transaction.open_table(schema::SPELL_REVISIONS)?),
            changes: Records(transaction.open_table(schema::SPELL_CHANGES)?),
            by_key: transaction.open_table(schema::SPELLS_BY_KEY)?,
            by_error_type: transaction.open_table(schema::SPELLS_BY_ERROR_TYPE)?,
            by_tag: transaction.open_table(schema::SPELLS_BY_TAG)?,
            statuses: transaction.open_table(schema::SPELL_STATUSES)?,
            by_content: transaction.open_table(schema::SPELLS_BY_CONTENT)?,
        })
    }

    fn find(&self, id: SpellId) -> Outcome<Option<StoredSpell>> {
        match self.spells.get(id.0)? {
            Some(record) => Ok(Some(decode_spell(id, record.bytes())?)),
            None => Ok(None),
        }
    }

    fn find_by_key(&self, key: &str) -> Outcome<Option<SpellId>> {
        Ok(self.by_key.get(key)?.map(|id| SpellId(id.value())))
    }

    /// Returns the existing spell, with the expected revision if one is given.
    fn expect(&self, id: SpellId, expected: Option<u64>) -> Outcome<StoredSpell> {
        let current = self.find(id)?.ok_or_else(|| missing(id))?;
        let revision = current.spell.revision;
        match expected {
            Some(expected) if expected != revision => Err(Failure::refused(
                ErrorKind::Conflict,
                format!("spell {id} is at revision {revision}, not {expected}: read it again"),
            )),
            _ => Ok(current),
        }
    }

    /// The spell that has the key of these fields.
    fn find_by_its_key(&self, fields: &SpellFields) -> Outcome<Option<Spell>> {
        let Some(key) = fields.key.as_deref() else { return Ok(None) };
        let Some(id) = self.find_by_key(key)? else { return Ok(None) };
        Ok(self.find(id)?.map(|stored| stored.spell))
    }

    /// Fails with `Conflict` if a spell other than `except` has the key.
    fn key_is_free(&self, fields: &SpellFields, except: Option<SpellId>) -> Outcome<()> {
        let Some(key) = fields.key.as_deref() else { return Ok(()) };
        match self.find_by_key(key)? {
            Some(holder) if Some(holder) != except => Err(Failure::refused(
                ErrorKind::Conflict,
                format!("spell {holder} has the key {key:?} already"),
            )),
            _ => Ok(()),
        }
    }

    fn put(&mut self, spell: &Spell, record: &[u8]) -> Outcome<()> {
        let id = spell.id.0;
        self.spells.insert(id, record)?;
        self.statuses.insert(id, status_code(spell.fields.status))?;
        match spell.fields.key.as_deref() {
            Some(key) => {
                self.by_key.insert(key, id)?;
            }
            None => {
                self.by_content.insert((content_hash(&spell.fields), id), ())?;
            }
        }
        self.by_error_type.insert((folded(&spell.fields.error_type).as_str(), id), ())?;
        for tag in folded_tags(&spell.fields) {
            self.by_tag.insert((tag.as_str(), id), ())?;
        }
        Ok(())
    }

    /// Removes a spell from every table of existing spells. Its current revision becomes an earlier one.
    fn remove(&mut self, current: &StoredSpell) -> Outcome<()> {
        let spell = &current.spell;
        let id = spell.id.0;
        self.add_revision(spell.id, &current.revision())?;
        self.spells.remove(id)?;
        self.statuses.remove(id)?;
        match spell.fields.key.as_deref() {
            Some(key) => {
                self.by_key.remove(key)?;
            }
            None => {
                self.by_content.remove((content_hash(&spell.fields), id))?;
            }
        }
        self.by_error_type.remove((folded(&spell.fields.error_type).as_str(), id))?;
        for tag in folded_tags(&spell.fields) {
            self.by_tag.remove((tag.as_str(), id))?;
        }
        Ok(())
    }

    fn add_revision(&mut self, id: SpellId, revision: &Revision) -> Outcome<()> {
        self.revisions.insert((id.0, revision.revision), &encode_revision(revision))
    }

    /// The creation time of a deleted spell, and the number of its last revision.
    fn first_and_last(&self, id: SpellId) -> Outcome<(Timestamp, u64)> {
        let mut revisions = self.revisions.range((id.0, 0)..=(id.0, u64::MAX))?;
        let (key, record) = revisions.next().ok_or_else(|| missing(id))??;
        let first = key.value().1;
        let created_at = decode_revision(id, first, record.bytes())?.at;
        let mut last = first;
        for entry in revisions {
            last = entry?.0.value().1;
        }
        Ok((created_at, last))
    }

    /// An existing spell without a key whose fields all equal these.
    fn find_equal(&self, fields: &ValidSpell) -> Outcome<Option<SpellId>> {
        let hash = content_hash(fields);
        for entry in self.by_content.range((hash, 0)..=(hash, u64::MAX))? {
            let id = SpellId(entry?.0.value().1);
            if self.find(id)?.is_some_and(|current| current.spell.fields == *fields) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}

/// A spell to create. The caller encodes it to relieve the writer thread.
pub(crate) struct NewSpell {
    /// With id 0: the writer assigns the id.
    spell: Spell,
    record: Vec<u8>,
}

impl NewSpell {
    pub(crate) fn of(fields: ValidSpell, stamp: &Stamp) -> Self {
        let spell = Spell { id: SpellId(0), fields, created_at: stamp.at, updated_at: None, revision: 1 };
        let record = encode_spell(&spell, &stamp.by);
        Self { spell, record }
    }
}

/// The spells in a transaction.
pub(crate) struct Spells<'s, 't> {
    pub(crate) tables: &'s mut SpellTables<'t>,
    pub(crate) counters: &'s mut Counters,
    pub(crate) effects: &'s mut Effects,
}

impl Spells<'_, '_> {
    pub(crate) fn create(&mut self, new: NewSpell) -> Outcome<Written<Spell>> {
        let NewSpell { mut spell, record } = new;
        if let Some(stored) = self.tables.find_by_its_key(&spell.fields)?
            && stored.fields == spell.fields
        {
            return Ok(Written { value: stored, sequence: Sequence(self.counters.last_change) });
        }
        self.tables.key_is_free(&spell.fields, None)?;
        spell.id = SpellId(next(&mut self.counters.last_spell));
        self.tables.put(&spell, &record)?;
        let sequence = self.log(spell.id, ChangeKind::Created)?;
        Ok(Written { value: spell, sequence })
    }

    pub(crate) fn update(
        &mut self,
        id: SpellId,
        fields: ValidSpell,
        expected: Option<u64>,
        stamp: &Stamp,
    ) -> Outcome<Written<Spell>> {
        let current = self.tables.expect(id, expected)?;
        self.tables.key_is_free(&fields, Some(id))?;
        self.replace(&current, fields, stamp)
    }

    fn replace(
        &mut self,
        current: &StoredSpell,
        fields: ValidSpell,
        stamp: &Stamp,
    ) -> Outcome<Written<Spell>> {
        self.tables.remove(current)?;
        let before = &current.spell;
        let spell = Spell {
            id: before.id,
            fields,
            created_at: before.created_at,
            updated_at: Some(stamp.at),
            revision: before.revision + 1,
        };
        self.tables.put(&spell, &encode_spell(&spell, &stamp.by))?;
        let sequence = self.log(spell.id, ChangeKind::Updated)?;
        Ok(Written { value: spell, sequence })
    }

    pub(crate) fn delete(&mut self, id: SpellId, expected: Option<u64>, stamp: &Stamp) -> Outcome<Sequence> {
        let current = self.tables.expect(id, expected)?;
        self.tables.remove(&current)?;
        let revision = Revision {
            revision: current.spell.revision + 1,
            kind: ChangeKind::Deleted,
            fields: current.spell.fields,
            by: stamp.by.clone(),
            at: stamp.at,
        };
        self.tables.add_revision(id, &revision)?;
        self.log(id, ChangeKind::Deleted)
    }

    pub(crate) fn undelete(
        &mut self,
        id: SpellId,
        fields: ValidSpell,
        stamp: &Stamp,
    ) -> Outcome<Written<Spell>> {
        if self.tables.find(id)?.is_some() {
            return Err(Failure::refused(ErrorKind::Conflict, format!("spell {id} is not deleted")));
        }
        self.tables.key_is_free(&fields, None)?;
        let (created_at, last) = self.tables.first_and_last(id)?;
        let spell = Spell { id, fields, created_at, updated_at: Some(stamp.at), revision: last + 1 };
        self.tables.put(&spell, &encode_spell(&spell, &stamp.by))?;
        let sequence = self.log(id, ChangeKind::Updated)?;
        Ok(Written { value: spell, sequence })
    }

    pub(crate) fn import(
        &mut self,
        batch: Vec<ValidSpell>,
        stamp: &Stamp,
    ) -> Outcome<Written<ImportSummary>> {
        let mut summary = ImportSummary::default();
        for fields in batch {
            let known = match fields.key.as_deref() {
                Some(key) => self.tables.find_by_key(key)?,
                None => self.tables.find_equal(&fields)?,
            };
            let known = match known {
                Some(id) => self.tables.find(id)?,
                None => None,
            };
            match known {
                Some(current) if current.spell.fields == fields => summary.unchanged += 1,
                Some(current) => {
                    self.replace(&current, fields, stamp)?;
                    summary.updated += 1;
                }
                None => {
                    self.create(NewSpell::of(fields, stamp))?;
                    summary.created += 1;
                }
            }
        }
        Ok(Written { value: summary, sequence: Sequence(self.counters.last_change) })
    }

    /// Appends to the change log.
    fn log(&mut self, id: SpellId, kind: ChangeKind) -> Outcome<Sequence> {
        self.effects.wrote = true;
        let sequence = next(&mut self.counters.last_change);
        self.tables.changes.insert(sequence, &encode_change(id, kind))?;
        Ok(Sequence(sequence))
    }
}
