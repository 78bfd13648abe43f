//! The transaction that a group of writes shares.

use grimoire_domain::Timestamp;
use redb::WriteTransaction;

use crate::deliveries::{Deliveries, DeliveryTables};
use crate::effects::Effects;
use crate::failure::Outcome;
use crate::jobs::{JobTables, Jobs};
use crate::memory::Memory;
use crate::outbox::{Outbox, OutboxTable};
use crate::plugins::{PluginTables, Plugins};
use crate::reviews::{ReviewTables, Reviews};
use crate::schema::{META, META_RECOVERED_AT};
use crate::spells::{SpellTables, Spells};

/// The transaction of a group of writes. The writes see each other's effects, readers only after
/// the commit. Tables are opened on first use.
pub(crate) struct Transaction<'t> {
    inner: &'t WriteTransaction,
    memory: &'t mut Memory,
    effects: Effects,
    spells: Option<SpellTables<'t>>,
    deliveries: Option<DeliveryTables<'t>>,
    jobs: Option<JobTables<'t>>,
    reviews: Option<ReviewTables<'t>>,
    outbox: Option<OutboxTable<'t>>,
    plugins: Option<PluginTables<'t>>,
}

impl<'t> Transaction<'t> {
    pub(crate) fn new(inner: &'t WriteTransaction, memory: &'t mut Memory) -> Self {
        Self {
            inner,
            memory,
            effects: Effects::default(),
            spells: None,
            deliveries: None,
            jobs: None,
            reviews: None,
            outbox: None,
            plugins: None,
        }
    }

    pub(crate) fn spells(&mut self) -> Outcome<Spells<'_, 't>> {
        let tables = opened(&mut self.spells, || SpellTables::open(self.inner))?;
        Ok(Spells { tables, counters: &mut self.memory.counters, effects: &mut self.effects })
    }

    pub(crate) fn deliveries(&mut self) -> Outcome<Deliveries<'_, 't>> {
        let tables = opened(&mut self.deliveries, || DeliveryTables::open(self.inner))?;
        Ok(Deliveries { tables, counters: &mut self.memory.counters, effects: &mut self.effects })
    }

    pub(crate) fn jobs(&mut self) -> Outcome<Jobs<'_, 't>> {
        let tables = opened(&mut self.jobs, || JobTables::open(self.inner))?;
        let Memory { counters, schedule } = &mut *self.memory;
        Ok(Jobs { tables, counters, schedule, effects: &mut self.effects })
    }

    pub(crate) fn reviews(&mut self) -> Outcome<Reviews<'_, 't>> {
        let tables = opened(&mut self.reviews, || ReviewTables::open(self.inner))?;
        Ok(Reviews { tables, counters: &mut self.memory.counters, effects: &mut self.effects })
    }

    pub(crate) fn outbox(&mut self) -> Outcome<Outbox<'_, 't>> {
        let table = opened(&mut self.outbox, || OutboxTable::open(self.inner))?;
        Ok(Outbox { table, effects: &mut self.effects })
    }

    pub(crate) fn plugins(&mut self) -> Outcome<Plugins<'_, 't>> {
        let tables = opened(&mut self.plugins, || PluginTables::open(self.inner))?;
        Ok(Plugins { tables, effects: &mut self.effects })
    }

    /// Writes a small value, to test whether writes are possible.
    pub(crate) fn note_recovery(&mut self, now: Timestamp) -> Outcome<()> {
        self.effects.wrote = true;
        self.inner.open_table(META)?.insert(META_RECOVERED_AT, now.to_string().as_str())?;
        Ok(())
    }

    /// Writes the counters and closes the tables; the redb transaction can then be committed.
    pub(crate) fn finish(self) -> Outcome<Effects> {
        if self.effects.wrote {
            self.memory.counters.save(self.inner)?;
        }
        Ok(self.effects)
    }
}

/// Opens a table set unless it is open already.
fn opened<T>(tables: &mut Option<T>, open: impl FnOnce() -> Outcome<T>) -> Outcome<&mut T> {
    // Not `get_or_insert_with`, because opening can fail.
    if tables.is_none() {
        *tables = Some(open()?);
    }
    Ok(tables.as_mut().expect("the tables were opened above"))
}
