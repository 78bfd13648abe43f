//! Deliveries.

use grimoire_domain::delivery::{Delivery, DeliveryId};
use grimoire_domain::job::JobId;
use grimoire_domain::kind::ErrorKind;
use redb::{ReadTransaction, ReadableTable, StorageError, Table, WriteTransaction};

use crate::counters::{Counters, next};
use crate::effects::Effects;
use crate::failure::{Failure, Outcome};
use crate::record::delivery::{DeliveryHead, EncodedDelivery, decode_delivery, decode_head, id_hash};
use crate::records::Records;
use crate::schema::{DELIVERIES, DELIVERIES_BY_ID};

/// The tables of deliveries in one transaction.
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

/// The deliveries of one transaction.
pub(crate) struct Deliveries<'s, 't> {
    pub(crate) tables: &'s mut DeliveryTables<'t>,
    pub(crate) counters: &'s mut Counters,
    pub(crate) effects: &'s mut Effects,
}

impl Deliveries<'_, '_> {
    /// The head of a delivery. `None` when it is new.
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

/// The numbers of the deliveries whose ids have the same hash: one, if the delivery is stored.
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
    Err(Failure::refused(ErrorKind::NotFound, format!("there is no delivery {id}")))
}
