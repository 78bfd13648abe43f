//! Records of deliveries: a version byte, the job in eight bytes (0: none), the facts as JSON, then the
//! payload, raw or compressed. GitHub's payloads repeat every URL many times, so most shrink; one that
//! does not is stored raw.

use std::collections::BTreeMap;
use std::time::Duration;

use grimoire_domain::Timestamp;
use grimoire_domain::delivery::{Delivery, DeliveryFacts, DeliveryId, Verdict};
use grimoire_domain::job::JobId;
use grimoire_domain::repository::RepositoryName;
use grimoire_ports::PortError;
use serde::{Deserialize, Serialize};

use super::{append_json, append_part, fnv_1a, split_part, unreadable};

/// The version of a record with a raw payload.
const PLAIN: u8 = 1;
/// The version of a record whose payload is stored as its length in four bytes and one LZ4 block.
const COMPRESSED: u8 = 2;
/// The range of the job in the record.
const JOB: std::ops::Range<usize> = 1..9;
/// The maximum expansion factor of LZ4. A greater length means damage, and no memory is reserved for it.
const MAXIMUM_EXPANSION: usize = 255;

#[derive(Serialize, Deserialize)]
struct FactsRecord {
    id: String,
    event: String,
    action: Option<String>,
    repository: Option<String>,
    received_at: Timestamp,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Absent in records of earlier versions: the verdict follows from the job and the event then.
    #[serde(default)]
    verdict: Option<VerdictRecord>,
    #[serde(default)]
    decided_in_us: Option<u64>,
    #[serde(default)]
    redelivered_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum VerdictRecord {
    Accepted,
    Ping,
    Ignored(String),
}

impl VerdictRecord {
    fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Accepted => Self::Accepted,
            Verdict::Ping => Self::Ping,
            Verdict::Ignored(reason) => Self::Ignored(reason.clone()),
        }
    }
}

impl From<VerdictRecord> for Verdict {
    fn from(record: VerdictRecord) -> Self {
        match record {
            VerdictRecord::Accepted => Self::Accepted,
            VerdictRecord::Ping => Self::Ping,
            VerdictRecord::Ignored(reason) => Self::Ignored(reason),
        }
    }
}

/// A delivery as stored, without its job. The caller encodes it to relieve the writer thread.
pub(crate) struct EncodedDelivery(Vec<u8>);

impl EncodedDelivery {
    pub(crate) fn of(delivery: &Delivery) -> Self {
        let facts = FactsRecord::of(&delivery.facts);
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

    /// The complete record.
    pub(crate) fn with_job(mut self, job: Option<JobId>) -> Vec<u8> {
        self.0[JOB].copy_from_slice(&job.map_or(0, |job| job.0).to_le_bytes());
        self.0
    }
}

/// The record with changed facts. `None` if it belongs to another delivery whose id has the same hash.
pub(crate) fn redelivered(
    id: &DeliveryId,
    bytes: &[u8],
    verdict: &Verdict,
    job: Option<JobId>,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, PortError> {
    let Parts { version, mut facts, payload, .. } = split(&name_of(id), bytes)?;
    if facts.id != id.as_str() {
        return Ok(None);
    }
    facts.verdict = Some(VerdictRecord::of(verdict));
    facts.redelivered_at = Some(now);
    let mut changed = Vec::with_capacity(bytes.len() + 64);
    changed.push(version);
    changed.extend_from_slice(&[0; 8]);
    append_part(&mut changed, |changed| append_json(changed, &facts));
    changed.extend_from_slice(payload);
    Ok(Some(EncodedDelivery(changed).with_job(job)))
}

/// The key of the index by id: a hash keeps the index small. Part of the file format.
pub(crate) fn id_hash(id: &DeliveryId) -> u64 {
    fnv_1a(id.as_str().bytes())
}

/// The part of a delivery that the writer needs.
pub(crate) struct DeliveryHead {
    pub(crate) job: Option<JobId>,
}

/// Decodes the head of a delivery. `None` if the record is another delivery's, whose id has the same hash.
pub(crate) fn decode_head(id: &DeliveryId, bytes: &[u8]) -> Result<Option<DeliveryHead>, PortError> {
    let Parts { job, facts, .. } = split(&name_of(id), bytes)?;
    Ok((facts.id == id.as_str()).then_some(DeliveryHead { job }))
}

/// The indexed parts of a record: the hash of its id, and its job.
pub(crate) fn decode_index_parts(number: u64, bytes: &[u8]) -> Result<(u64, Option<JobId>), PortError> {
    let Parts { job, facts, .. } = split(&format!("delivery number {number}"), bytes)?;
    Ok((fnv_1a(facts.id.bytes()), job))
}

/// The facts about the delivery with a number, without its payload.
pub(crate) fn decode_facts(number: u64, bytes: &[u8]) -> Result<DeliveryFacts, PortError> {
    let name = format!("delivery number {number}");
    let Parts { job, facts, .. } = split(&name, bytes)?;
    facts.into_facts(&name, job)
}

/// Decodes a delivery. `None` if the record is another delivery's, whose id has the same hash.
pub(crate) fn decode_delivery(id: &DeliveryId, bytes: &[u8]) -> Result<Option<Delivery>, PortError> {
    let name = name_of(id);
    let Parts { version, job, facts, payload } = split(&name, bytes)?;
    if facts.id != id.as_str() {
        return Ok(None);
    }
    Ok(Some(Delivery {
        facts: facts.into_facts(&name, job)?,
        payload: if version == COMPRESSED { decompress(&name, payload)? } else { payload.to_vec() },
    }))
}

impl FactsRecord {
    fn of(facts: &DeliveryFacts) -> Self {
        Self {
            id: facts.id.as_str().to_owned(),
            event: facts.event.clone(),
            action: facts.action.clone(),
            repository: facts.repository.as_ref().map(|name| name.as_str().to_owned()),
            received_at: facts.received_at,
            headers: facts.headers.clone(),
            verdict: Some(VerdictRecord::of(&facts.verdict)),
            decided_in_us: facts.decided_in.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX)),
            redelivered_at: facts.redelivered_at,
        }
    }

    fn into_facts(self, name: &str, job: Option<JobId>) -> Result<DeliveryFacts, PortError> {
        let verdict = match self.verdict {
            Some(verdict) => verdict.into(),
            None if job.is_some() => Verdict::Accepted,
            None if self.event == "ping" => Verdict::Ping,
            None => Verdict::Ignored("an earlier version did not keep the reason".to_owned()),
        };
        let repository = self.repository.as_deref().map(RepositoryName::parse).transpose();
        Ok(DeliveryFacts {
            id: DeliveryId::parse(&self.id).map_err(|error| unreadable(name, error))?,
            event: self.event,
            action: self.action,
            repository: repository.map_err(|error| unreadable(name, error))?,
            headers: self.headers,
            verdict,
            received_at: self.received_at,
            decided_in: self.decided_in_us.map(Duration::from_micros),
            redelivered_at: self.redelivered_at,
            job,
        })
    }
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
