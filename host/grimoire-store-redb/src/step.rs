//! One transaction that serves a group of writes.

use grimoire_domain::spell::Sequence;
use redb::{Key, TableDefinition, Value, WriteTransaction};

use crate::Shared;
use crate::counters::Counter;
use crate::deliveries::{Deliveries, DeliveryTables};
use crate::failure::Outcome;
use crate::jobs::{JobTables, Jobs};
use crate::journal::Record;
use crate::memory::Memory;
use crate::reviews::{ReviewTables, Reviews};
use crate::spells::{SpellTables, Spells};
use crate::table::Table;

/// A transaction with the record of what it changes: tables are opened where they are first needed, once.
#[derive(Clone, Copy)]
pub(crate) struct Noted<'t> {
    transaction: &'t WriteTransaction,
    record: &'t Record,
}

impl<'t> Noted<'t> {
    pub(crate) fn new(transaction: &'t WriteTransaction, record: &'t Record) -> Self {
        Self { transaction, record }
    }

    pub(crate) fn open<K: Key + 'static, V: Value + 'static>(
        self,
        definition: TableDefinition<'_, K, V>,
    ) -> Outcome<Table<'t, K, V>> {
        Table::open(self.transaction, self.record, definition)
    }
}

/// Whom a group has news for.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Whether anything was written at all: a group of refusals needs no sync.
    pub(crate) wrote: bool,
    /// Whether a job was enqueued, retried, released or ended.
    pub(crate) jobs: bool,
    /// Whether a job has a new event.
    pub(crate) events: bool,
}

/// What the writes of a group work on: they see each other's effects, and nobody else does before
/// the commit.
pub(crate) struct Step<'t> {
    transaction: Noted<'t>,
    memory: &'t mut Memory,
    notes: Notes,
    spells: Option<SpellTables<'t>>,
    deliveries: Option<DeliveryTables<'t>>,
    jobs: Option<JobTables<'t>>,
    reviews: Option<ReviewTables<'t>>,
}

impl<'t> Step<'t> {
    pub(crate) fn begin(transaction: Noted<'t>, memory: &'t mut Memory) -> Self {
        Self {
            transaction,
            memory,
            notes: Notes::default(),
            spells: None,
            deliveries: None,
            jobs: None,
            reviews: None,
        }
    }

    pub(crate) fn spells(&mut self) -> Outcome<Spells<'_, 't>> {
        let tables = opened(&mut self.spells, || SpellTables::open(self.transaction))?;
        Ok(Spells { tables, counters: &mut self.memory.counters, notes: &mut self.notes })
    }

    pub(crate) fn deliveries(&mut self) -> Outcome<Deliveries<'_, 't>> {
        let tables = opened(&mut self.deliveries, || DeliveryTables::open(self.transaction))?;
        Ok(Deliveries { tables, counters: &mut self.memory.counters, notes: &mut self.notes })
    }

    pub(crate) fn jobs(&mut self) -> Outcome<Jobs<'_, 't>> {
        let tables = opened(&mut self.jobs, || JobTables::open(self.transaction))?;
        Ok(Jobs { tables, memory: self.memory, notes: &mut self.notes })
    }

    pub(crate) fn reviews(&mut self) -> Outcome<Reviews<'_, 't>> {
        let tables = opened(&mut self.reviews, || ReviewTables::open(self.transaction))?;
        Ok(Reviews { tables, counters: &mut self.memory.counters, notes: &mut self.notes })
    }

    /// Closes the tables and writes what is kept back until the end. `None`: there is nothing to
    /// commit.
    pub(crate) fn finish(self) -> Outcome<Option<News>> {
        if !self.notes.wrote {
            return Ok(None);
        }
        self.memory.counters.save(self.transaction)?;
        let sequence = Sequence(self.memory.counters.get(Counter::LastChange));
        Ok(Some(News { sequence, notes: self.notes }))
    }
}

/// Opens what is not open yet.
pub(crate) fn opened<T>(slot: &mut Option<T>, open: impl FnOnce() -> Outcome<T>) -> Outcome<&mut T> {
    // Not `get_or_insert_with`, because opening can fail.
    if slot.is_none() {
        *slot = Some(open()?);
    }
    Ok(slot.as_mut().expect("the tables were opened above"))
}

/// What to tell those who wait, once the group is committed.
#[derive(Debug)]
pub(crate) struct News {
    sequence: Sequence,
    notes: Notes,
}

impl News {
    pub(crate) fn tell(&self, shared: &Shared) {
        shared.sequence.send_if_modified(|sequence| {
            let grown = self.sequence > *sequence;
            *sequence = self.sequence;
            grown
        });
        if self.notes.jobs {
            shared.jobs.notify_waiters();
        }
        if self.notes.events {
            shared.events.notify_waiters();
        }
    }
}
