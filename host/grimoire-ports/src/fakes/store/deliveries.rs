//! Deliveries in memory.

use std::cmp::Reverse;

use async_trait::async_trait;
use grimoire_domain::Timestamp;
use grimoire_domain::delivery::{Delivery, DeliveryFacts, DeliveryId, Verdict};
use grimoire_domain::job::{JobState, NewJob};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::{Page, PageRequest};

use super::{MemoryStore, page_of};
use crate::PortError;
use crate::store::{DeliveryFilter, DeliveryOutcome, DeliveryStore};

#[async_trait]
impl DeliveryStore for MemoryStore {
    async fn record_delivery_and_enqueue(
        &self,
        mut delivery: Delivery,
        job: Option<NewJob>,
    ) -> Result<DeliveryOutcome, PortError> {
        let now = delivery.facts.received_at;
        Ok(self.write_jobs(|content| {
            let Some((_, known)) = content.deliveries.get(&delivery.facts.id) else {
                delivery.facts.job = job.map(|job| content.enqueue(job, now));
                let outcome = DeliveryOutcome::Accepted(delivery.facts.job);
                let number = content.deliveries.values().map(|(number, _)| number + 1).max().unwrap_or(1);
                content.deliveries.insert(delivery.facts.id.clone(), (number, delivery));
                return outcome;
            };
            let Some(id) = known.facts.job else { return DeliveryOutcome::Duplicate(None) };
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
        let delivery = self.content().deliveries.get(id).map(|(_, delivery)| delivery.clone());
        delivery.ok_or_else(|| missing(id))
    }

    async fn list_deliveries(
        &self,
        filter: &DeliveryFilter,
        page: PageRequest,
    ) -> Result<Page<DeliveryFacts>, PortError> {
        let content = self.content();
        let mut found: Vec<_> =
            content.deliveries.values().filter(|(_, delivery)| filter.shows(&delivery.facts)).collect();
        found.sort_by_key(|(number, _)| Reverse(*number));
        Ok(page_of(found.into_iter().map(|(_, delivery)| delivery.facts.clone()).collect(), page))
    }

    async fn redeliver(
        &self,
        id: &DeliveryId,
        verdict: Verdict,
        job: Option<NewJob>,
        now: Timestamp,
    ) -> Result<DeliveryOutcome, PortError> {
        self.write_jobs(|content| {
            let (_, known) = content.deliveries.get(id).ok_or_else(|| missing(id))?;
            let before = known.facts.job;
            if let Some(open) = before.filter(|job| !content.jobs[job].job.state.is_final()) {
                return Ok(DeliveryOutcome::Duplicate(Some(open)));
            }
            let job = job.map(|job| content.enqueue(job, now));
            if let Some((_, delivery)) = content.deliveries.get_mut(id) {
                let facts = &mut delivery.facts;
                facts.verdict = verdict;
                facts.redelivered_at = Some(now);
                facts.job = job.or(before);
            }
            Ok(DeliveryOutcome::Accepted(job))
        })
    }

    async fn forget_deliveries(&self, before: Timestamp, limit: usize) -> Result<u64, PortError> {
        let mut content = self.content();
        let newest = content.deliveries.values().map(|(number, _)| *number).max();
        let mut by_number: Vec<_> = content
            .deliveries
            .values()
            .filter(|(number, _)| Some(*number) != newest)
            .map(|(number, delivery)| (*number, delivery.facts.id.clone(), delivery.facts.received_at))
            .collect();
        by_number.sort();
        let old = by_number.into_iter().take_while(|(_, _, received_at)| *received_at < before).take(limit);
        let ids: Vec<DeliveryId> = old.map(|(_, id, _)| id).collect();
        for id in &ids {
            content.deliveries.remove(id);
        }
        Ok(ids.len() as u64)
    }
}

fn missing(id: &DeliveryId) -> PortError {
    PortError::new(ErrorKind::NotFound, format!("there is no delivery {id}"))
}
