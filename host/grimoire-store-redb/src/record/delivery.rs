//! Records of deliveries: a version byte, the job in eight bytes (0: none), the facts as JSON, then the
//! payload. Version 2 has the payload as it was sent. Version 3 has its length in four bytes and the
//! payload as one block of LZ4: GitHub's payloads say every address many times over, and what is not
//! written need not be synced. A payload that does not shrink gets version 2. Version 1 is that of
//! schemas before 3: as version 2, but the id is not among the facts.

use grimoire_domain::Timestamp;
use grimoire_domain::delivery::{Delivery, DeliveryId};
use grimoire_domain::job::JobId;
use grimoire_domain::repository::RepositoryName;
use grimoire_ports::PortError;
use serde::{Deserialize, Serialize};

use super::{append_json, append_part, fnv_1a, split_part, unreadable};

const WITHOUT_ID: u8 = 1;
const PLAIN: u8 = 2;
const COMPRESSED: u8 = 3;
const JOB: std::ops::Range<usize> = 1..9;
/// How much one byte of an LZ4 block stands for at most: a length beyond that is damage, and no memory
/// is taken for it.
const MOST_OF_ONE_BYTE: usize = 255;

#[derive(Serialize, Deserialize)]
struct FactsRecord {
    /// Absent in version 1.
    id: Option<String>,
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
            id: Some(delivery.id.as_str().to_owned()),
            event: delivery.event.clone(),
            action: delivery.action.clone(),
            repository: delivery.repository.as_ref().map(|name| name.as_str().to_owned()),
            received_at: delivery.received_at,
        };
        let payload = &delivery.payload;
        let block = lz4_flex::block::compress(payload);
        let length = u32::try_from(payload.len()).ok().filter(|_| block.len() + 4 < payload.len());
        let mut bytes = Vec::with_capacity(block.len().min(payload.len()) + 256);
        bytes.push(if length.is_some() { COMPRESSED } else { PLAIN });
        bytes.extend_from_slice(&[0; 8]);
        append_part(&mut bytes, |bytes| append_json(bytes, &facts));
        match length {
            Some(length) => {
                bytes.extend_from_slice(&length.to_le_bytes());
                bytes.extend_from_slice(&block);
            }
            None => bytes.extend_from_slice(payload),
        }
        Self(bytes)
    }

    /// The whole record.
    pub(crate) fn with_job(mut self, job: Option<JobId>) -> Vec<u8> {
        self.0[JOB].copy_from_slice(&job.map_or(0, |job| job.0).to_le_bytes());
        self.0
    }
}

/// Where deliveries are looked for: a hash of the id, so that the index is small. Part of the file's
/// format.
pub(crate) fn id_hash(id: &DeliveryId) -> u64 {
    fnv_1a(id.as_str().bytes())
}

/// What the writer reads of a delivery.
pub(crate) struct DeliveryHead {
    pub(crate) job: Option<JobId>,
}

/// The head of a delivery; `None` when the record is another delivery's, whose id has the same hash.
pub(crate) fn decode_head(id: &DeliveryId, bytes: &[u8]) -> Result<Option<DeliveryHead>, PortError> {
    let what = what(id);
    let parts = split(&what, bytes)?;
    Ok((parts.facts.id.as_deref() == Some(id.as_str())).then_some(DeliveryHead { job: parts.job }))
}

/// A delivery; `None` when the record is another delivery's, whose id has the same hash.
pub(crate) fn decode_delivery(id: &DeliveryId, bytes: &[u8]) -> Result<Option<Delivery>, PortError> {
    let what = what(id);
    let parts = split(&what, bytes)?;
    if parts.facts.id.as_deref() != Some(id.as_str()) {
        return Ok(None);
    }
    delivery(&what, id.clone(), parts).map(Some)
}

/// Reads a record of schemas before 3.
pub(crate) fn decode_without_id(id: DeliveryId, bytes: &[u8]) -> Result<Delivery, PortError> {
    let what = what(&id);
    let parts = split(&what, bytes)?;
    delivery(&what, id, parts)
}

fn delivery(what: &str, id: DeliveryId, parts: Parts<'_>) -> Result<Delivery, PortError> {
    let Parts { version, job, facts, payload } = parts;
    let repository = facts.repository.as_deref().map(RepositoryName::parse).transpose();
    Ok(Delivery {
        id,
        event: facts.event,
        action: facts.action,
        repository: repository.map_err(|error| unreadable(what, error))?,
        received_at: facts.received_at,
        job,
        payload: if version == COMPRESSED { decompress(what, payload)? } else { payload.to_vec() },
    })
}

fn what(id: &DeliveryId) -> String {
    format!("delivery {id}")
}

struct Parts<'b> {
    version: u8,
    job: Option<JobId>,
    facts: FactsRecord,
    payload: &'b [u8],
}

fn split<'b>(what: &str, bytes: &'b [u8]) -> Result<Parts<'b>, PortError> {
    let version = *bytes.first().ok_or_else(|| unreadable(what, "the record is empty"))?;
    if !matches!(version, WITHOUT_ID | PLAIN | COMPRESSED) {
        return Err(unreadable(what, format!("record version {version} is not known")));
    }
    let (job, rest) =
        bytes[1..].split_first_chunk::<8>().ok_or_else(|| unreadable(what, "the record is cut short"))?;
    let job = u64::from_le_bytes(*job);
    let (facts, payload) = split_part(what, rest)?;
    let facts = serde_json::from_slice(facts).map_err(|error| unreadable(what, error))?;
    Ok(Parts { version, job: (job != 0).then_some(JobId(job)), facts, payload })
}

fn decompress(what: &str, bytes: &[u8]) -> Result<Vec<u8>, PortError> {
    let (length, block) =
        bytes.split_first_chunk::<4>().ok_or_else(|| unreadable(what, "the record is cut short"))?;
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length / MOST_OF_ONE_BYTE > block.len() {
        return Err(unreadable(what, "its length is wrong"));
    }
    let payload = lz4_flex::block::decompress(block, length).map_err(|error| unreadable(what, error))?;
    if payload.len() == length { Ok(payload) } else { Err(unreadable(what, "its length is wrong")) }
}
