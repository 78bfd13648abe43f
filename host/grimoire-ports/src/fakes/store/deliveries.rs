//! Deliveries in memory.

use async_trait::async_trait;
use grimoire_domain::delivery::{Delivery, DeliveryId};
use grimoire_domain::job::{JobState, NewJob};
use grimoire_domain::kind::ErrorKind;

use super::MemoryStore;
use crate::PortError;
use crate::store::{DeliveryOutcome, DeliveryStore};

#[async_trait]
impl DeliveryStore for MemoryStore {
    async fn record_delivery_and_enqueue(
        &self,
        mut delivery: Delivery,
        job: Option<NewJob>,
    ) -> Result<DeliveryOutcome, PortError> {
        let now = delivery.received_at;
        Ok(self.write_jobs(|content| {
            let Some(known) = content.deliveries.get(&delivery.id) else {
                delivery.job = job.map(|job| content.enqueue(job, now));
                let outcome = DeliveryOutcome::Accepted(delivery.job);
                content.deliveries.insert(delivery.id.clone(), delivery);
                return outcome;
            };
            let Some(id) = known.job else { return DeliveryOutcome::Duplicate(None) };
            match content.jobs[&id].job.state {
                JobState::Queued | JobState::Running | JobState::Succeeded | JobState::Superseded => {
                    DeliveryOutcome::Duplicate(Some(id))
                }
                JobState::Dead | JobState::Cancelled => {
                    content.requeue(id, now);
                    DeliveryOutcome::Requeued(id)
                }
            }
        }))
    }

    async fn get_delivery(&self, id: &DeliveryId) -> Result<Delivery, PortError> {
        let delivery = self.content().deliveries.get(id).cloned();
        delivery.ok_or_else(|| PortError::new(ErrorKind::NotFound, format!("there is no delivery {id}")))
    }
}
