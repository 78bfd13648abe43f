//! The log of webhook requests: reading it, handling a request again, and deleting old requests.

use std::time::Duration;

use grimoire_domain::actor::{Actor, Permission};
use grimoire_domain::delivery::{Delivery, DeliveryFacts, DeliveryId};
use grimoire_domain::kind::{ErrorKind, Resource};
use grimoire_domain::page::{Page, PageRequest};
use grimoire_ports::PortError;
use grimoire_ports::store::{DeliveryFilter, DeliveryOutcome};

use crate::ingest::{Ingested, Receipt};
use crate::{Pipeline, PipelineError};

/// The maximum number of deliveries that one write deletes, because other writes wait for it.
const FORGOTTEN_AT_ONCE: usize = 500;

impl Pipeline {
    /// A page of webhook requests without their payloads, the latest arrival first.
    pub async fn list_deliveries(
        &self,
        filter: &DeliveryFilter,
        page: PageRequest,
        actor: &Actor,
    ) -> Result<Page<DeliveryFacts>, PipelineError> {
        actor.require(Permission::Read)?;
        Ok(self.ports().store.list_deliveries(filter, page).await?)
    }

    /// One webhook request. `NotFound`.
    pub async fn get_delivery(&self, id: &DeliveryId, actor: &Actor) -> Result<Delivery, PipelineError> {
        actor.require(Permission::Read)?;
        self.ports().store.get_delivery(id).await.map_err(about(id))
    }

    /// Handles a stored webhook request as if it had just arrived: the verdict is decided again, and the work is queued
    /// again under the rules for new work. `Duplicate` while its job is queued or running; `NotFound`; `Invalid` if the
    /// payload can no longer be parsed.
    #[tracing::instrument(skip_all, fields(delivery = id.as_str(), %actor))]
    pub async fn redeliver(&self, id: &DeliveryId, actor: &Actor) -> Result<Ingested, PipelineError> {
        actor.require(Permission::Write)?;
        let ports = self.ports();
        let Delivery { facts, payload } = ports.store.get_delivery(id).await.map_err(about(id))?;
        let event = ports.gate.parse(&facts.event, &payload)?;
        let (job, verdict) = self.decide(&event).await?.into_parts();
        let outcome = ports.store.redeliver(id, verdict.clone(), job, ports.clock.now()).await;
        let outcome = outcome.map_err(about(id))?;
        let job_id = match outcome {
            DeliveryOutcome::Accepted(job) | DeliveryOutcome::Duplicate(job) => job,
            DeliveryOutcome::Requeued(job) => Some(job),
        };
        let receipt = Receipt { event: facts.event, action: facts.action, delivery_id: facts.id, job_id };
        let ingested = match outcome {
            DeliveryOutcome::Duplicate(_) => Ingested::Duplicate(receipt),
            DeliveryOutcome::Accepted(_) | DeliveryOutcome::Requeued(_) => Ingested::of(verdict, receipt),
        };
        tracing::info!(status = ingested.status(), job = job_id.map(|job| job.0), "webhook handled again");
        Ok(ingested)
    }

    /// Deletes webhook requests that arrived longer ago than `age`; their jobs and reviews stay. Returns the number of
    /// deleted requests.
    #[tracing::instrument(skip_all, fields(%actor))]
    pub async fn forget_deliveries(&self, age: Duration, actor: &Actor) -> Result<u64, PipelineError> {
        actor.require(Permission::Admin)?;
        let ports = self.ports();
        let before = ports.clock.now().checked_sub(age).map_err(|error| {
            PipelineError::new(ErrorKind::Invalid, format!("deliveries cannot be kept that long: {error}"))
        })?;
        let mut forgotten = 0;
        loop {
            let gone = ports.store.forget_deliveries(before, FORGOTTEN_AT_ONCE).await?;
            forgotten += gone;
            if gone < FORGOTTEN_AT_ONCE as u64 {
                return Ok(forgotten);
            }
        }
    }
}

/// Adds the id to the error about a delivery that the store does not have.
fn about(id: &DeliveryId) -> impl Fn(PortError) -> PipelineError {
    move |error| PipelineError::asking_for(Resource::Delivery, id, error)
}
