//! Spells in memory.

use async_trait::async_trait;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::spell::{ChangeKind, Revision, Sequence, Spell, SpellChange, SpellId, ValidSpell};

use super::{Content, MemoryStore, page_of};
use crate::PortError;
use crate::store::{ImportSummary, SpellFilter, SpellStore, Stamp, Written};

/// A spell with its history. Records are never removed, so that ids are not reused.
#[derive(Debug)]
pub(super) struct SpellRecord {
    /// Absent once deleted.
    current: Option<Spell>,
    revisions: Vec<Revision>,
}

impl Content {
    fn last_sequence(&self) -> Sequence {
        Sequence(self.changes.len() as u64)
    }

    fn live_spells(&self) -> impl Iterator<Item = &Spell> {
        self.spells.values().filter_map(|record| record.current.as_ref())
    }

    fn with_key(&self, key: &str) -> Option<&Spell> {
        self.live_spells().find(|spell| spell.fields.key.as_deref() == Some(key))
    }

    /// Fails with `Conflict` if a spell other than `except` has the key.
    fn key_is_free(&self, fields: &ValidSpell, except: Option<SpellId>) -> Result<(), PortError> {
        match fields.key.as_deref().and_then(|key| self.with_key(key)) {
            Some(holder) if Some(holder.id) != except => Err(PortError::new(
                ErrorKind::Conflict,
                format!("spell {} has the key {:?} already", holder.id, fields.key.as_deref().unwrap_or("")),
            )),
            _ => Ok(()),
        }
    }

    /// Returns the existing spell, with the expected revision if one is given.
    fn expect_spell(&self, id: SpellId, expected: Option<u64>) -> Result<&Spell, PortError> {
        let spell = self
            .spells
            .get(&id)
            .and_then(|record| record.current.as_ref())
            .ok_or_else(|| PortError::new(ErrorKind::NotFound, format!("there is no spell {id}")))?;
        match expected {
            Some(expected) if expected != spell.revision => Err(PortError::new(
                ErrorKind::Conflict,
                format!("spell {id} is at revision {}, not {expected}: read it again", spell.revision),
            )),
            _ => Ok(spell),
        }
    }

    fn log(&mut self, id: SpellId, revision: Revision) -> Sequence {
        let sequence = Sequence(self.last_sequence().0 + 1);
        self.changes.push(SpellChange { sequence, spell: id, kind: revision.kind });
        self.spells.get_mut(&id).expect("the record was put before").revisions.push(revision);
        sequence
    }

    fn create(&mut self, fields: ValidSpell, stamp: &Stamp) -> Written<Spell> {
        let id = SpellId(self.spells.last_key_value().map_or(0, |(id, _)| id.0) + 1);
        let spell = Spell { id, fields, created_at: stamp.at, updated_at: None, revision: 1 };
        self.spells.insert(id, SpellRecord { current: Some(spell.clone()), revisions: Vec::new() });
        let sequence = self.log(id, revision_of(&spell, ChangeKind::Created, stamp));
        Written { value: spell, sequence }
    }

    /// Replaces the fields of a spell that must exist.
    fn replace(&mut self, id: SpellId, fields: ValidSpell, stamp: &Stamp) -> Written<Spell> {
        let current = self.spells.get_mut(&id).and_then(|record| record.current.as_mut());
        let spell = current.expect("the caller has seen this spell");
        spell.fields = fields;
        spell.revision += 1;
        spell.updated_at = Some(stamp.at);
        let spell = spell.clone();
        let sequence = self.log(id, revision_of(&spell, ChangeKind::Updated, stamp));
        Written { value: spell, sequence }
    }
}

fn revision_of(spell: &Spell, kind: ChangeKind, stamp: &Stamp) -> Revision {
    Revision {
        revision: spell.revision,
        kind,
        fields: spell.fields.clone(),
        by: stamp.by.clone(),
        at: stamp.at,
    }
}

fn passes(spell: &Spell, filter: &SpellFilter) -> bool {
    let folded = |text: &str| text.to_lowercase();
    filter.error_type.as_deref().is_none_or(|wanted| folded(wanted) == folded(&spell.fields.error_type))
        && filter
            .tag
            .as_deref()
            .is_none_or(|wanted| spell.fields.tags.iter().any(|tag| folded(tag) == folded(wanted)))
        && filter.status.is_none_or(|wanted| wanted == spell.fields.status)
}

impl MemoryStore {
    /// Every spell by ascending id, without async.
    pub fn all_spells(&self) -> Vec<Spell> {
        self.content().live_spells().cloned().collect()
    }

    /// The newest sequence number, without async.
    pub fn sequence(&self) -> Sequence {
        self.content().last_sequence()
    }

    /// Changes the content and wakes all followers of the change log.
    fn write_spells<T>(
        &self,
        write: impl FnOnce(&mut Content) -> Result<T, PortError>,
    ) -> Result<T, PortError> {
        let mut content = self.content();
        let written = write(&mut content)?;
        self.0.sequence.send_replace(content.last_sequence());
        Ok(written)
    }
}

#[async_trait]
impl SpellStore for MemoryStore {
    async fn create_spell(&self, fields: ValidSpell, stamp: Stamp) -> Result<Written<Spell>, PortError> {
        self.write_spells(|content| {
            let stored = fields.key.as_deref().and_then(|key| content.with_key(key));
            if let Some(stored) = stored.filter(|stored| stored.fields == fields) {
                return Ok(Written { value: stored.clone(), sequence: content.last_sequence() });
            }
            content.key_is_free(&fields, None)?;
            Ok(content.create(fields, &stamp))
        })
    }

    async fn get_spell(&self, id: SpellId) -> Result<Spell, PortError> {
        self.content().expect_spell(id, None).cloned()
    }

    async fn get_spells(&self, ids: &[SpellId]) -> Result<Vec<Spell>, PortError> {
        let content = self.content();
        Ok(ids.iter().filter_map(|id| content.spells.get(id)?.current.clone()).collect())
    }

    async fn list_spells(&self, filter: &SpellFilter, page: PageRequest) -> Result<Page<Spell>, PortError> {
        let content = self.content();
        Ok(page_of(content.live_spells().filter(|spell| passes(spell, filter)).cloned().collect(), page))
    }

    async fn update_spell(
        &self,
        id: SpellId,
        fields: ValidSpell,
        expected: Option<u64>,
        stamp: Stamp,
    ) -> Result<Written<Spell>, PortError> {
        self.write_spells(|content| {
            content.expect_spell(id, expected)?;
            content.key_is_free(&fields, Some(id))?;
            Ok(content.replace(id, fields, &stamp))
        })
    }

    async fn delete_spell(
        &self,
        id: SpellId,
        expected: Option<u64>,
        stamp: Stamp,
    ) -> Result<Sequence, PortError> {
        self.write_spells(|content| {
            let mut last = content.expect_spell(id, expected)?.clone();
            last.revision += 1;
            let record = content.spells.get_mut(&id).expect("the spell was found above");
            record.current = None;
            Ok(content.log(id, revision_of(&last, ChangeKind::Deleted, &stamp)))
        })
    }

    async fn undelete_spell(
        &self,
        id: SpellId,
        fields: ValidSpell,
        stamp: Stamp,
    ) -> Result<Written<Spell>, PortError> {
        self.write_spells(|content| {
            content.key_is_free(&fields, Some(id))?;
            let record = content.spells.get_mut(&id);
            let record = record.ok_or_else(|| {
                PortError::new(ErrorKind::NotFound, format!("there never was a spell {id}"))
            })?;
            if record.current.is_some() {
                return Err(PortError::new(ErrorKind::Conflict, format!("spell {id} is not deleted")));
            }
            let (first, last) = (record.revisions.first(), record.revisions.last());
            let spell = Spell {
                id,
                fields,
                created_at: first.map_or(stamp.at, |first| first.at),
                updated_at: Some(stamp.at),
                revision: last.map_or(0, |last| last.revision) + 1,
            };
            record.current = Some(spell.clone());
            let sequence = content.log(id, revision_of(&spell, ChangeKind::Updated, &stamp));
            Ok(Written { value: spell, sequence })
        })
    }

    async fn spell_revisions(&self, id: SpellId) -> Result<Vec<Revision>, PortError> {
        let content = self.content();
        let record = content.spells.get(&id);
        record
            .map(|record| record.revisions.clone())
            .ok_or_else(|| PortError::new(ErrorKind::NotFound, format!("there never was a spell {id}")))
    }

    async fn import_spells(
        &self,
        batch: Vec<ValidSpell>,
        stamp: Stamp,
    ) -> Result<Written<ImportSummary>, PortError> {
        self.write_spells(|content| {
            let mut summary = ImportSummary::default();
            for fields in batch {
                let known = match fields.key.as_deref() {
                    Some(key) => content.with_key(key),
                    None => content.live_spells().find(|spell| spell.fields == fields),
                };
                match known.map(|spell| (spell.id, spell.fields == fields)) {
                    Some((_, true)) => summary.unchanged += 1,
                    Some((id, false)) => {
                        content.replace(id, fields, &stamp);
                        summary.updated += 1;
                    }
                    None => {
                        content.create(fields, &stamp);
                        summary.created += 1;
                    }
                }
            }
            Ok(Written { value: summary, sequence: content.last_sequence() })
        })
    }

    async fn changes_after(&self, after: Sequence, limit: usize) -> Result<Vec<SpellChange>, PortError> {
        let content = self.content();
        Ok(content.changes.iter().filter(|change| change.sequence > after).take(limit).cloned().collect())
    }

    async fn last_sequence(&self) -> Result<Sequence, PortError> {
        Ok(self.sequence())
    }

    async fn wait_for_change(&self, after: Sequence) {
        // The sender is owned by `self`, so waiting cannot fail.
        let _ = self.0.sequence.subscribe().wait_for(|sequence| *sequence > after).await;
    }

    async fn store_id(&self) -> Result<String, PortError> {
        Ok(self.0.id.clone())
    }
}
