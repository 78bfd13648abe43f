use async_trait::async_trait;
use grimoire_domain::Timestamp;
use grimoire_domain::delivery::{Delivery, DeliveryId};
use grimoire_domain::job::{JobState, NewJob};
use grimoire_ports::PortError;
use grimoire_ports::store::{DeliveryOutcome, DeliveryStore};

use crate::RedbStore;
use crate::deliveries::read;
use crate::failure::Outcome;
use crate::jobs::NewJobRecord;
use crate::record::delivery::{DeliveryHead, EncodedDelivery};
use crate::transaction::Transaction;

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
        self.write(move |transaction| record(transaction, &id, encoded, job, received_at)).await
    }

    async fn get_delivery(&self, id: &DeliveryId) -> Result<Delivery, PortError> {
        self.read(|transaction| read(transaction, id))
    }
}

fn record(
    transaction: &mut Transaction<'_>,
    id: &DeliveryId,
    delivery: EncodedDelivery,
    job: Option<NewJobRecord>,
    now: Timestamp,
) -> Outcome<DeliveryOutcome> {
    match transaction.deliveries()?.find(id)? {
        None => {
            let job = match job {
                Some(job) => Some(transaction.jobs()?.enqueue(&job, now)?),
                None => None,
            };
            transaction.deliveries()?.add(id, delivery, job)?;
            Ok(DeliveryOutcome::Accepted(job))
        }
        Some(DeliveryHead { job: None }) => Ok(DeliveryOutcome::Duplicate(None)),
        Some(DeliveryHead { job: Some(job) }) => {
            let mut jobs = transaction.jobs()?;
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
