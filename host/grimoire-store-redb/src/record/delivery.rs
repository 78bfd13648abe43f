//! Records of deliveries: a version byte, the job in eight bytes (0: none), the facts as JSON, then the
//! payload, as it came or compressed. GitHub's payloads repeat every address many times, so that most
//! shrink; one that does not is stored as it came.

use grimoire_domain::Timestamp;
use grimoire_domain::delivery::{Delivery, DeliveryId};
use grimoire_domain::job::JobId;
use grimoire_domain::repository::RepositoryName;
use grimoire_ports::PortError;
use serde::{Deserialize, Serialize};

use super::{append_json, append_part, fnv_1a, split_part, unreadable};

/// The version of a record whose payload stands as it came.
const PLAIN: u8 = 1;
/// The version of a record whose payload is its length in four bytes and one block of LZ4.
const COMPRESSED: u8 = 2;
/// The place of the job in the record.
const JOB: std::ops::Range<usize> = 1..9;
/// The most that LZ4 can make of one byte. A length beyond that is damage, and no memory is reserved for it.
const MAXIMUM_EXPANSION: usize = 255;

#[derive(Serialize, Deserialize)]
struct FactsRecord {
    id: String,
    event: String,
    action: Option<String>,
    repository: Option<String>,
    received_at: Timestamp,
}

/// A delivery as it is stored, but for its job. The caller encodes it, so that the writer thread does not
/// have to.
pub(crate) struct EncodedDelivery(Vec<u8>);

impl EncodedDelivery {
    pub(crate) fn of(delivery: &Delivery) -> Self {
        let facts = FactsRecord {
            id: delivery.id.as_str().to_owned(),
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

/// The key of the index by id: a hash, so that the index is small. Part of the file's format.
pub(crate) fn id_hash(id: &DeliveryId) -> u64 {
    fnv_1a(id.as_str().bytes())
}

/// The part of a delivery that the writer reads.
pub(crate) struct DeliveryHead {
    pub(crate) job: Option<JobId>,
}

/// The head of a delivery. `None`: the record is of another delivery, whose id has the same hash.
pub(crate) fn decode_head(id: &DeliveryId, bytes: &[u8]) -> Result<Option<DeliveryHead>, PortError> {
    let Parts { job, facts, .. } = split(&name_of(id), bytes)?;
    Ok((facts.id == id.as_str()).then_some(DeliveryHead { job }))
}

/// The parts of a record that index it: the hash of its id, and its job.
pub(crate) fn decode_index_parts(number: u64, bytes: &[u8]) -> Result<(u64, Option<JobId>), PortError> {
    let Parts { job, facts, .. } = split(&format!("delivery number {number}"), bytes)?;
    Ok((fnv_1a(facts.id.bytes()), job))
}

/// A delivery. `None`: the record is of another delivery, whose id has the same hash.
pub(crate) fn decode_delivery(id: &DeliveryId, bytes: &[u8]) -> Result<Option<Delivery>, PortError> {
    let name = name_of(id);
    let Parts { version, job, facts, payload } = split(&name, bytes)?;
    if facts.id != id.as_str() {
        return Ok(None);
    }
    let repository = facts.repository.as_deref().map(RepositoryName::parse).transpose();
    Ok(Some(Delivery {
        id: id.clone(),
        event: facts.event,
        action: facts.action,
        repository: repository.map_err(|error| unreadable(&name, error))?,
        received_at: facts.received_at,
        job,
        payload: if version == COMPRESSED { decompress(&name, payload)? } else { payload.to_vec() },
    }))
}

fn name_of(id: &DeliveryId) -> String {
    format!("delivery {id}")
}

struct Parts<'b> {
    version: u8,
    job: Option<JobId>,
    facts: FactsRecord,
    payload: &'b [u8],
}

fn split<'b>(name: &str, bytes: &'b [u8]) -> Result<Parts<'b>, PortError> {
    let version = *bytes.first().ok_or_else(|| unreadable(name, "the record is empty"))?;
    if !matches!(version, PLAIN | COMPRESSED) {
        return Err(unreadable(name, format!("record version {version} is not known")));
    }
    let (job, rest) =
        bytes[1..].split_first_chunk::<8>().ok_or_else(|| unreadable(name, "the record is cut short"))?;
    let job = u64::from_le_bytes(*job);
    let (facts, payload) = split_part(name, rest)?;
    let facts = serde_json::from_slice(facts).map_err(|error| unreadable(name, error))?;
    Ok(Parts { version, job: (job != 0).then_some(JobId(job)), facts, payload })
}

fn decompress(name: &str, bytes: &[u8]) -> Result<Vec<u8>, PortError> {
    let (length, block) =
        bytes.split_first_chunk::<4>().ok_or_else(|| unreadable(name, "the record is cut short"))?;
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length / MAXIMUM_EXPANSION > block.len() {
        return Err(unreadable(name, "its length is wrong"));
    }
    let payload = lz4_flex::block::decompress(block, length).map_err(|error| unreadable(name, error))?;
    if payload.len() == length { Ok(payload) } else { Err(unreadable(name, "its length is wrong")) }
}
