//! Deliveries.

use async_trait::async_trait;
use grimoire_domain::Timestamp;
use grimoire_domain::delivery::{Delivery, DeliveryId};
use grimoire_domain::job::{JobId, JobState, NewJob};
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use grimoire_ports::store::{DeliveryOutcome, DeliveryStore};
use redb::{ReadTransaction, ReadableTable, Table, WriteTransaction};

use crate::RedbStore;
use crate::counters::{Counter, Counters};
use crate::failure::{Failure, Outcome};
use crate::jobs::NewJobRecord;
use crate::record::delivery::{EncodedDelivery, decode_delivery, decode_job};
use crate::schema::{DELIVERIES, DELIVERY_NUMBERS};
use crate::step::{Notes, Step, open};

/// The tables of deliveries in one transaction.
pub(crate) struct DeliveryTables<'t> {
    numbers: Table<'t, &'static str, u64>,
    deliveries: Table<'t, u64, &'static [u8]>,
}

impl<'t> DeliveryTables<'t> {
    pub(crate) fn open(transaction: &'t WriteTransaction) -> Outcome<Self> {
        Ok(Self { numbers: open(transaction, DELIVERY_NUMBERS)?, deliveries: open(transaction, DELIVERIES)? })
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
        let Some(number) = self.tables.numbers.get(id.as_str())? else { return Ok(Known::Not) };
        let found = self.tables.deliveries.get(number.value())?.ok_or_else(|| without_record(id))?;
        Ok(decode_job(id, found.value())?.map_or(Known::WithoutJob, Known::WithJob))
    }

    fn add(&mut self, id: &DeliveryId, delivery: EncodedDelivery, job: Option<JobId>) -> Outcome<()> {
        self.notes.wrote = true;
        let number = self.counters.increase(Counter::LastDelivery);
        self.tables.numbers.insert(id.as_str(), number)?;
        self.tables.deliveries.insert(number, delivery.with_job(job).as_slice())?;
        Ok(())
    }
}

fn without_record(id: &DeliveryId) -> PortError {
    PortError::internal(format!("delivery {id} cannot be read from the store"), "its number has no record")
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
    let number = transaction.open_table(DELIVERY_NUMBERS)?.get(id.as_str())?;
    let number = number
        .ok_or_else(|| Failure::refused(ErrorKind::NotFound, format!("there is no delivery {id}")))?
        .value();
    let found = transaction.open_table(DELIVERIES)?.get(number)?.ok_or_else(|| without_record(id))?;
    Ok(decode_delivery(id.clone(), found.value())?)
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
