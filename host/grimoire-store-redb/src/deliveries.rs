//! Deliveries.

use async_trait::async_trait;
use grimoire_domain::Timestamp;
use grimoire_domain::delivery::{Delivery, DeliveryId};
use grimoire_domain::job::{JobId, JobState, NewJob};
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use grimoire_ports::store::{DeliveryOutcome, DeliveryStore};
use redb::{ReadTransaction, ReadableTable, StorageError};

use crate::RedbStore;
use crate::counters::{Counter, Counters};
use crate::failure::{Failure, Outcome};
use crate::jobs::NewJobRecord;
use crate::record::delivery::{EncodedDelivery, decode_delivery, decode_head, id_hash};
use crate::schema::{DELIVERIES, DELIVERY_NUMBERS};
use crate::step::{Noted, Notes, Step};
use crate::table::Table;

/// The tables of deliveries in one transaction.
pub(crate) struct DeliveryTables<'t> {
    numbers: Table<'t, (u64, u64), ()>,
    deliveries: Table<'t, u64, &'static [u8]>,
}

impl<'t> DeliveryTables<'t> {
    pub(crate) fn open(transaction: Noted<'t>) -> Outcome<Self> {
        Ok(Self { numbers: transaction.open(DELIVERY_NUMBERS)?, deliveries: transaction.open(DELIVERIES)? })
    }
}

/// The deliveries of one transaction.
pub(crate) struct Deliveries<'s, 't> {
    pub(crate) tables: &'s mut DeliveryTables<'t>,
    pub(crate) counters: &'s mut Counters,
    pub(crate) notes: &'s mut Notes,
}

impl Deliveries<'_, '_> {
    fn find(&self, id: &DeliveryId) -> Outcome<Known> {
        for number in numbers_of(&*self.tables.numbers, id)? {
            if let Some(found) = self.tables.deliveries.get(number?)?
                && let Some(head) = decode_head(id, found.value())?
            {
                return Ok(head.job.map_or(Known::WithoutJob, Known::WithJob));
            }
        }
        Ok(Known::Not)
    }

    fn add(&mut self, id: &DeliveryId, delivery: EncodedDelivery, job: Option<JobId>) -> Outcome<()> {
        self.notes.wrote = true;
        let number = self.counters.increase(Counter::LastDelivery);
        self.tables.numbers.insert((id_hash(id), number), ())?;
        self.tables.deliveries.insert(number, delivery.with_job(job).as_slice())?;
        Ok(())
    }
}

/// The numbers of the deliveries whose ids have the same hash: one, if it is known.
fn numbers_of<'t>(
    numbers: &'t impl ReadableTable<(u64, u64), ()>,
    id: &DeliveryId,
) -> Outcome<impl Iterator<Item = Result<u64, StorageError>> + 't> {
    let hash = id_hash(id);
    Ok(numbers.range((hash, 0)..=(hash, u64::MAX))?.map(|entry| Ok(entry?.0.value().1)))
}

/// What is known of a delivery.
enum Known {
    Not,
    WithoutJob,
    WithJob(JobId),
}

fn record(
    step: &mut Step<'_>,
    id: &DeliveryId,
    delivery: EncodedDelivery,
    job: Option<NewJobRecord>,
    now: Timestamp,
) -> Outcome<DeliveryOutcome> {
    match step.deliveries()?.find(id)? {
        Known::Not => {
            let job = match job {
                Some(job) => Some(step.jobs()?.enqueue(&job, now)?),
                None => None,
            };
            step.deliveries()?.add(id, delivery, job)?;
            Ok(DeliveryOutcome::Accepted(job))
        }
        Known::WithoutJob => Ok(DeliveryOutcome::Duplicate(None)),
        Known::WithJob(job) => {
            let mut jobs = step.jobs()?;
            match jobs.state(job)? {
                JobState::Queued | JobState::Running | JobState::Succeeded | JobState::Superseded => {
                    Ok(DeliveryOutcome::Duplicate(Some(job)))
                }
                JobState::Dead | JobState::Cancelled => {
                    jobs.requeue(job, now)?;
                    Ok(DeliveryOutcome::Requeued(job))
                }
            }
        }
    }
}

fn read(transaction: &ReadTransaction, id: &DeliveryId) -> Outcome<Delivery> {
    let deliveries = transaction.open_table(DELIVERIES)?;
    for number in numbers_of(&transaction.open_table(DELIVERY_NUMBERS)?, id)? {
        if let Some(found) = deliveries.get(number?)?
            && let Some(delivery) = decode_delivery(id, found.value())?
        {
            return Ok(delivery);
        }
    }
    Err(Failure::refused(ErrorKind::NotFound, format!("there is no delivery {id}")))
}

#[async_trait]
impl DeliveryStore for RedbStore {
    async fn record_delivery_and_enqueue(
        &self,
        delivery: Delivery,
        job: Option<NewJob>,
    ) -> Result<DeliveryOutcome, PortError> {
        let encoded = EncodedDelivery::of(&delivery);
        let Delivery { id, received_at, .. } = delivery;
        let job = job.map(|job| NewJobRecord::of(job, received_at));
        self.write(move |step| record(step, &id, encoded, job, received_at)).await
    }

    async fn get_delivery(&self, id: &DeliveryId) -> Result<Delivery, PortError> {
        self.read(|transaction| read(transaction, id))
    }

    async fn cancel_lane(&self, lane: &str, reason: &str, now: Timestamp) -> Result<Vec<JobId>, PortError> {
        let (lane, reason) = (lane.to_owned(), reason.to_owned());
        self.write(move |step| step.jobs()?.cancel_lane(&lane, &reason, now)).await
    }
}
