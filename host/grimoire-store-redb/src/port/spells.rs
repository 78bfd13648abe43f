use async_trait::async_trait;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::spell::{Revision, Sequence, Spell, SpellChange, SpellId, ValidSpell};
use grimoire_ports::PortError;
use grimoire_ports::store::{ImportSummary, SpellFilter, SpellStore, Stamp, Written};

use crate::RedbStore;
use crate::spells::{NewSpell, read};

/// Maximum number of spells read on the caller's thread; more are read on the blocking pool.
const READ_IN_PLACE: usize = 64;

#[async_trait]
impl SpellStore for RedbStore {
    async fn create_spell(&self, fields: ValidSpell, stamp: Stamp) -> Result<Written<Spell>, PortError> {
        let new = NewSpell::of(fields, &stamp);
        self.write(move |transaction| transaction.spells()?.create(new)).await
    }

    async fn get_spell(&self, id: SpellId) -> Result<Spell, PortError> {
        self.read(|transaction| read::spell(transaction, id))
    }

    async fn get_spells(&self, ids: &[SpellId]) -> Result<Vec<Spell>, PortError> {
        if ids.len() <= READ_IN_PLACE {
            return self.read(|transaction| read::spells(transaction, ids));
        }
        let ids = ids.to_vec();
        self.scan(move |transaction| read::spells(transaction, &ids)).await
    }

    async fn list_spells(&self, filter: &SpellFilter, page: PageRequest) -> Result<Page<Spell>, PortError> {
        let filter = filter.clone();
        self.scan(move |transaction| read::list(transaction, &filter, page)).await
    }

    async fn update_spell(
        &self,
        id: SpellId,
        fields: ValidSpell,
        expected: Option<u64>,
        stamp: Stamp,
    ) -> Result<Written<Spell>, PortError> {
        self.write(move |transaction| transaction.spells()?.update(id, fields, expected, &stamp)).await
    }

    async fn delete_spell(
        &self,
        id: SpellId,
        expected: Option<u64>,
        stamp: Stamp,
    ) -> Result<Sequence, PortError> {
        self.write(move |transaction| transaction.spells()?.delete(id, expected, &stamp)).await
    }

    async fn undelete_spell(
        &self,
        id: SpellId,
        fields: ValidSpell,
        stamp: Stamp,
    ) -> Result<Written<Spell>, PortError> {
        self.write(move |transaction| transaction.spells()?.undelete(id, fields, &stamp)).await
    }

    async fn spell_revisions(&self, id: SpellId) -> Result<Vec<Revision>, PortError> {
        self.scan(move |transaction| read::revisions(transaction, id)).await
    }

    async fn import_spells(
        &self,
        batch: Vec<ValidSpell>,
        stamp: Stamp,
    ) -> Result<Written<ImportSummary>, PortError> {
        self.write(move |transaction| transaction.spells()?.import(batch, &stamp)).await
    }

    async fn changes_after(&self, after: Sequence, limit: usize) -> Result<Vec<SpellChange>, PortError> {
        self.scan(move |transaction| read::changes(transaction, after, limit)).await
    }

    async fn last_sequence(&self) -> Result<Sequence, PortError> {
        // The writer publishes it before it answers; reading it from the file would need a transaction.
        self.shared().summary()?;
        Ok(*self.shared().sequence.borrow())
    }

    async fn wait_for_change(&self, after: Sequence) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.shared().sequence.subscribe().wait_for(|sequence| *sequence > after).await;
    }

    async fn store_id(&self) -> Result<String, PortError> {
        Ok(self.shared().id.clone())
    }
}
