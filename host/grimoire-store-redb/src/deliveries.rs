//! Deliveries.

use grimoire_domain::Timestamp;
use grimoire_domain::delivery::{Delivery, DeliveryFacts, DeliveryId, Verdict};
use grimoire_domain::job::JobId;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_ports::store::DeliveryFilter;
use redb::{ReadTransaction, ReadableTable, ReadableTableMetadata, StorageError, Table, WriteTransaction};

use crate::counters::{Counters, next};
use crate::effects::Effects;
use crate::failure::{Failure, Outcome};
use crate::record::delivery::{
    DeliveryHead, EncodedDelivery, decode_delivery, decode_facts, decode_head, id_hash, redelivered,
};
use crate::records::Records;
use crate::schema::{DELIVERIES, DELIVERIES_BY_ID};

/// The tables of deliveries in a transaction.
pub(crate) struct DeliveryTables<'t> {
    records: Records<Table<'t, u64, &'static [u8]>>,
    by_id: Table<'t, (u64, u64), ()>,
}

impl<'t> DeliveryTables<'t> {
    pub(crate) fn open(transaction: &'t WriteTransaction) -> Outcome<Self> {
        Ok(Self {
            records: Records(transaction.open_table(DELIVERIES)?),
            by_id: transaction.open_table(DELIVERIES_BY_ID)?,
        })
    }
}

/// The deliveries in a transaction.
pub(crate) struct Deliveries<'s, 't> {
    pub(crate) tables: &'s mut DeliveryTables<'t>,
    pub(crate) counters: &'s mut Counters,
    pub(crate) effects: &'s mut Effects,
}

impl Deliveries<'_, '_> {
    /// The head of a delivery; `None` if it is new.
    pub(crate) fn find(&self, id: &DeliveryId) -> Outcome<Option<DeliveryHead>> {
        for number in numbers_of(&self.tables.by_id, id)? {
            if let Some(record) = self.tables.records.get(number?)?
                && let Some(head) = decode_head(id, record.bytes())?
            {
                return Ok(Some(head));
            }
        }
        Ok(None)
    }

    /// Records that a delivery is handled again. A delivery that is not stored is ignored.
    pub(crate) fn redeliver(
        &mut self,
        id: &DeliveryId,
        verdict: &Verdict,
        job: Option<JobId>,
        now: Timestamp,
    ) -> Outcome<()> {
        let numbers: Vec<u64> = numbers_of(&self.tables.by_id, id)?.collect::<Result<_, _>>()?;
        for number in numbers {
            let changed = match self.tables.records.get(number)? {
                Some(record) => redelivered(id, record.bytes(), verdict, job, now)?,
                None => None,
            };
            if let Some(changed) = changed {
                self.effects.wrote = true;
                self.tables.records.insert(number, &changed)?;
            }
        }
        Ok(())
    }

    /// Deletes at most `limit` of the oldest deliveries that arrived before a moment, but never the newest, because the
    /// counter of numbers is restored from it.
    pub(crate) fn forget(&mut self, before: Timestamp, limit: usize) -> Outcome<u64> {
        let mut old = Vec::new();
        for row in self.tables.records.range(..self.counters.last_delivery)?.take(limit) {
            let (number, record) = row?;
            let facts = decode_facts(number.value(), record.bytes())?;
            if facts.received_at >= before {
                break;
            }
            old.push((number.value(), id_hash(&facts.id)));
        }
        for (number, hash) in &old {
            self.effects.wrote = true;
            self.tables.records.remove(*number)?;
            self.tables.by_id.remove((*hash, *number))?;
        }
        Ok(old.len() as u64)
    }

    pub(crate) fn add(
        &mut self,
        id: &DeliveryId,
        delivery: EncodedDelivery,
        job: Option<JobId>,
    ) -> Outcome<()> {
        self.effects.wrote = true;
        let number = next(&mut self.counters.last_delivery);
        self.tables.by_id.insert((id_hash(id), number), ())?;
        self.tables.records.insert(number, &delivery.with_job(job))?;
        Ok(())
    }
}

/// The numbers of the deliveries with the same hash of their ids: usually one, if the delivery is stored.
fn numbers_of<'t>(
    by_id: &'t impl ReadableTable<(u64, u64), ()>,
    id: &DeliveryId,
) -> Outcome<impl Iterator<Item = Result<u64, StorageError>> + 't> {
    let hash = id_hash(id);
    Ok(by_id.range((hash, 0)..=(hash, u64::MAX))?.map(|entry| Ok(entry?.0.value().1)))
}

pub(crate) fn read(transaction: &ReadTransaction, id: &DeliveryId) -> Outcome<Delivery> {
    let records = Records(transaction.open_table(DELIVERIES)?);
    for number in numbers_of(&transaction.open_table(DELIVERIES_BY_ID)?, id)? {
        if let Some(record) = records.get(number?)?
            && let Some(delivery) = decode_delivery(id, record.bytes())?
        {
            return Ok(delivery);
        }
    }
    Err(missing(id))
}

/// A list without a filter reads only its page; one with a filter reads every delivery.
pub(crate) fn list(
    transaction: &ReadTransaction,
    filter: &DeliveryFilter,
    page: PageRequest,
) -> Outcome<Page<DeliveryFacts>> {
    let records = Records(transaction.open_table(DELIVERIES)?);
    let skip = usize::try_from(page.skip()).unwrap_or(usize::MAX);
    let limit = page.limit() as usize;
    let newest_first = records.range::<u64, u64>(..)?.rev();
    let facts = newest_first.map(|row| {
        let (number, record) = row?;
        Ok(decode_facts(number.value(), record.bytes())?)
    });
    if *filter == DeliveryFilter::default() {
        let items = facts.skip(skip).take(limit).collect::<Outcome<_>>()?;
        return Ok(Page { items, total: records.0.len()? });
    }
    let (mut items, mut total) = (Vec::new(), 0);
    for facts in facts {
        let facts = facts?;
        if filter.shows(&facts) {
            if total >= skip && items.len() < limit {
                items.push(facts);
            }
            total += 1;
        }
    }
    Ok(Page { items, total: total as u64 })
}

pub(crate) fn missing(id: &DeliveryId) -> Failure {
    Failure::refused(ErrorKind::NotFound, format!("there is no delivery {id}"))
}
