//! Records of deliveries: a version byte, the job in eight bytes (0: none), the facts as JSON, then
//! the payload as it was sent.

use grimoire_domain::Timestamp;
use grimoire_domain::delivery::{Delivery, DeliveryId};
use grimoire_domain::job::JobId;
use grimoire_domain::repository::RepositoryName;
use grimoire_ports::PortError;
use serde::{Deserialize, Serialize};

use super::{append_json, append_part, content, split_part, unreadable};

const VERSION: u8 = 1;
const JOB: std::ops::Range<usize> = 1..9;

#[derive(Serialize, Deserialize)]
struct FactsRecord {
    event: String,
    action: Option<String>,
    repository: Option<String>,
    received_at: Timestamp,
}

/// A delivery ready to be written but for its job: made by the caller, so that the writer's time is
/// not spent on it.
pub(crate) struct EncodedDelivery(Vec<u8>);

impl EncodedDelivery {
    pub(crate) fn of(delivery: &Delivery) -> Self {
        let facts = FactsRecord {
            event: delivery.event.clone(),
            action: delivery.action.clone(),
            repository: delivery.repository.as_ref().map(|name| name.as_str().to_owned()),
            received_at: delivery.received_at,
        };
        let mut bytes = Vec::with_capacity(delivery.payload.len() + 256);
        bytes.push(VERSION);
        bytes.extend_from_slice(&[0; 8]);
        append_part(&mut bytes, |bytes| append_json(bytes, &facts));
        bytes.extend_from_slice(&delivery.payload);
        Self(bytes)
    }

    /// The whole record.
    pub(crate) fn with_job(mut self, job: Option<JobId>) -> Vec<u8> {
        self.0[JOB].copy_from_slice(&job.map_or(0, |job| job.0).to_le_bytes());
        self.0
    }
}

/// Only the job of a delivery.
pub(crate) fn decode_job(id: &DeliveryId, bytes: &[u8]) -> Result<Option<JobId>, PortError> {
    let (job, _) = split_job(id, bytes)?;
    Ok(job)
}

pub(crate) fn decode_delivery(id: DeliveryId, bytes: &[u8]) -> Result<Delivery, PortError> {
    let what = format!("delivery {id}");
    let (job, rest) = split_job(&id, bytes)?;
    let (facts, payload) = split_part(&what, rest)?;
    let facts: FactsRecord = serde_json::from_slice(facts).map_err(|error| unreadable(&what, error))?;
    let repository = facts.repository.as_deref().map(RepositoryName::parse).transpose();
    Ok(Delivery {
        id,
        event: facts.event,
        action: facts.action,
        repository: repository.map_err(|error| unreadable(&what, error))?,
        received_at: facts.received_at,
        job,
        payload: payload.to_vec(),
    })
}

fn split_job<'b>(id: &DeliveryId, bytes: &'b [u8]) -> Result<(Option<JobId>, &'b [u8]), PortError> {
    let what = format!("delivery {id}");
    let (job, rest) = content(VERSION, &what, bytes)?
        .split_first_chunk::<8>()
        .ok_or_else(|| unreadable(&what, "the record is cut short"))?;
    let job = u64::from_le_bytes(*job);
    Ok(((job != 0).then_some(JobId(job)), rest))
}
