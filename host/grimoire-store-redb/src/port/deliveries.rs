use async_trait::async_trait;
use grimoire_domain::Timestamp;
use grimoire_domain::delivery::{Delivery, DeliveryFacts, DeliveryId, Verdict};
use grimoire_domain::job::{JobState, NewJob};
use grimoire_domain::page::{Page, PageRequest};
use grimoire_ports::PortError;
use grimoire_ports::store::{DeliveryFilter, DeliveryOutcome, DeliveryStore};

use crate::RedbStore;
use crate::deliveries::{list, missing, read};
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
        let DeliveryFacts { id, received_at, .. } = delivery.facts;
        let job = job.map(|job| NewJobRecord::of(job, received_at));
        self.write(move |transaction| record(transaction, &id, encoded, job, received_at)).await
    }

    async fn get_delivery(&self, id: &DeliveryId) -> Result<Delivery, PortError> {
        self.read(|transaction| read(transaction, id))
    }

    async fn list_deliveries(
        &self,
        filter: &DeliveryFilter,
        page: PageRequest,
    ) -> Result<Page<DeliveryFacts>, PortError> {
        let filter = filter.clone();
        self.scan(move |transaction| list(transaction, &filter, page)).await
    }

    async fn redeliver(
        &self,
        id: &DeliveryId,
        verdict: Verdict,
        job: Option<NewJob>,
        now: Timestamp,
    ) -> Result<DeliveryOutcome, PortError> {
        let id = id.clone();
        let job = job.map(|job| NewJobRecord::of(job, now));
        self.write(move |transaction| handle_again(transaction, &id, &verdict, job, now)).await
    }

    async fn forget_deliveries(&self, before: Timestamp, limit: usize) -> Result<u64, PortError> {
        self.write(move |transaction| transaction.deliveries()?.forget(before, limit)).await
    }
}

fn handle_again(
    transaction: &mut Transaction<'_>,
    id: &DeliveryId,
    verdict: &Verdict,
    job: Option<NewJobRecord>,
    now: Timestamp,
) -> Outcome<DeliveryOutcome> {
    let DeliveryHead { job: before } = transaction.deliveries()?.find(id)?.ok_or_else(|| missing(id))?;
    if let Some(before) = before
        && !transaction.jobs()?.state(before)?.is_final()
    {
        return Ok(DeliveryOutcome::Duplicate(Some(before)));
    }
    let job = match job {
        Some(job) => Some(transaction.jobs()?.enqueue(&job, now)?),
        None => None,
    };
    transaction.deliveries()?.redeliver(id, verdict, job.or(before), now)?;
    Ok(DeliveryOutcome::Accepted(job))
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
