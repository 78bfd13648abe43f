//! Deliveries.

use async_trait::async_trait;
use grimoire_domain::Timestamp;
use grimoire_domain::delivery::{Delivery, DeliveryId};
use grimoire_domain::job::{JobId, JobState, NewJob};
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use grimoire_ports::store::{DeliveryOutcome, DeliveryStore};
use redb::{ReadableTable, Table, WriteTransaction};

use crate::RedbStore;
use crate::failure::{Failure, Outcome};
use crate::record::delivery::{EncodedDelivery, decode_delivery, decode_job};
use crate::schema::DELIVERIES;
use crate::step::{Step, open};

/// The table of deliveries in one transaction.
pub(crate) struct DeliveryTables<'t> {
    deliveries: Table<'t, &'static str, &'static [u8]>,
}

impl<'t> DeliveryTables<'t> {
    pub(crate) fn open(transaction: &'t WriteTransaction) -> Outcome<Self> {
        Ok(Self { deliveries: open(transaction, DELIVERIES)? })
    }

    fn find(&self, id: &DeliveryId) -> Outcome<Known> {
        Ok(match self.deliveries.get(id.as_str())? {
            Some(found) => decode_job(id, found.value())?.map_or(Known::WithoutJob, Known::WithJob),
            None => Known::Not,
        })
    }
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
    job: Option<NewJob>,
    now: Timestamp,
) -> Outcome<DeliveryOutcome> {
    match step.deliveries()?.find(id)? {
        Known::Not => {
            let mut jobs = step.jobs()?;
            let job = job.map(|job| jobs.enqueue(job, now)).transpose()?;
            jobs.notes.wrote = true;
            let record = delivery.with_job(job);
            step.deliveries()?.deliveries.insert(id.as_str(), record.as_slice())?;
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

#[async_trait]
impl DeliveryStore for RedbStore {
    async fn record_delivery_and_enqueue(
        &self,
        delivery: Delivery,
        job: Option<NewJob>,
    ) -> Result<DeliveryOutcome, PortError> {
        let encoded = EncodedDelivery::of(&delivery);
        let Delivery { id, received_at, .. } = delivery;
        self.write(move |step| record(step, &id, encoded, job, received_at)).await
    }

    async fn get_delivery(&self, id: &DeliveryId) -> Result<Delivery, PortError> {
        self.read(|transaction| {
            let found = transaction.open_table(DELIVERIES)?.get(id.as_str())?;
            let found = found
                .ok_or_else(|| Failure::refused(ErrorKind::NotFound, format!("there is no delivery {id}")))?;
            Ok(decode_delivery(id.clone(), found.value())?)
        })
    }

    async fn cancel_lane(&self, lane: &str, reason: &str, now: Timestamp) -> Result<Vec<JobId>, PortError> {
        let (lane, reason) = (lane.to_owned(), reason.to_owned());
        self.write(move |step| step.jobs()?.cancel_lane(&lane, &reason, now)).await
    }
}
