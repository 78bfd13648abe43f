//! Records of jobs and their events. A job is a version byte, everything but its payload as JSON, and
//! the payload as JSON: a change of state does not read or write the payload anew.

use grimoire_domain::Timestamp;
use grimoire_domain::job::{Job, JobEvent, JobId, JobState, NewJob};
use grimoire_ports::PortError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{append_json, append_part, content, decode, encode, split_part, unreadable};

const VERSION: u8 = 1;
const EVENT_VERSION: u8 = 1;

/// A job as the store sees it.
#[derive(Debug, Clone)]
pub(crate) struct JobRecord {
    pub(crate) head: JobHead,
    /// JSON.
    payload: Vec<u8>,
}

/// Everything but the payload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct JobHead {
    pub(crate) kind: String,
    pub(crate) lane: Option<String>,
    pub(crate) version: Option<String>,
    state: u8,
    pub(crate) attempts: u32,
    pub(crate) run_at: Timestamp,
    created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) last_error: Option<String>,
    /// Grows with every claim.
    pub(crate) fence: u64,
    /// While running.
    pub(crate) lease_until: Option<Timestamp>,
    /// While running and asked to stop.
    pub(crate) stop: Option<StopRecord>,
}

/// Why a running job was asked to stop.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StopRecord {
    /// Whether newer work replaced it; otherwise somebody asked.
    pub(crate) superseded: bool,
    /// In words.
    pub(crate) reason: String,
}

impl StopRecord {
    /// What becomes of the job when it stops.
    pub(crate) fn state(&self) -> JobState {
        if self.superseded { JobState::Superseded } else { JobState::Cancelled }
    }
}

impl JobRecord {
    pub(crate) fn new(spec: NewJob, now: Timestamp) -> Self {
        let mut payload = Vec::new();
        append_json(&mut payload, &spec.payload);
        let head = JobHead {
            kind: spec.kind,
            lane: spec.lane,
            version: spec.version,
            state: state_code(JobState::Queued),
            attempts: 0,
            run_at: now,
            created_at: now,
            updated_at: now,
            last_error: None,
            fence: 0,
            lease_until: None,
            stop: None,
        };
        Self { head, payload }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.payload.len() + 384);
        bytes.push(VERSION);
        append_part(&mut bytes, |bytes| append_json(bytes, &self.head));
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    pub(crate) fn decode(id: JobId, bytes: &[u8]) -> Result<Self, PortError> {
        let (head, payload) = split(id, bytes)?;
        Ok(Self { head, payload: payload.to_vec() })
    }

    pub(crate) fn job(&self, id: JobId) -> Result<Job, PortError> {
        job_of(id, self.head.clone(), &self.payload)
    }
}

/// Reads a whole job.
pub(crate) fn decode_job(id: JobId, bytes: &[u8]) -> Result<Job, PortError> {
    let (head, payload) = split(id, bytes)?;
    job_of(id, head, payload)
}

/// Reads the head of a job only.
pub(crate) fn decode_head(id: JobId, bytes: &[u8]) -> Result<JobHead, PortError> {
    Ok(split(id, bytes)?.0)
}

fn split(id: JobId, bytes: &[u8]) -> Result<(JobHead, &[u8]), PortError> {
    let what = format!("job {id}");
    let (head, payload) = split_part(&what, content(VERSION, &what, bytes)?)?;
    let head: JobHead = serde_json::from_slice(head).map_err(|error| unreadable(&what, error))?;
    if state_of(head.state).is_none() {
        return Err(unreadable(&what, "unknown state"));
    }
    Ok((head, payload))
}

fn job_of(id: JobId, head: JobHead, payload: &[u8]) -> Result<Job, PortError> {
    let payload = serde_json::from_slice(payload).map_err(|error| unreadable(&format!("job {id}"), error))?;
    Ok(Job {
        id,
        state: head.state(),
        spec: NewJob { kind: head.kind, lane: head.lane, version: head.version, payload },
        attempts: head.attempts,
        run_at: head.run_at,
        created_at: head.created_at,
        updated_at: head.updated_at,
        last_error: head.last_error,
        cancel_requested: head.stop.is_some(),
    })
}

impl JobHead {
    pub(crate) fn state(&self) -> JobState {
        state_of(self.state).expect("the state was checked when the record was read")
    }

    pub(crate) fn set_state(&mut self, state: JobState) {
        self.state = state_code(state);
    }

    /// When its time comes, its lane aside. `None` once it has ended.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        match self.state() {
            JobState::Queued => Some(self.run_at),
            JobState::Running => self.lease_until,
            JobState::Succeeded | JobState::Dead | JobState::Cancelled | JobState::Superseded => None,
        }
    }
}

/// Codes are part of the file's format: never reuse one.
pub(crate) fn state_code(state: JobState) -> u8 {
    match state {
        JobState::Queued => 0,
        JobState::Running => 1,
        JobState::Succeeded => 2,
        JobState::Dead => 3,
        JobState::Cancelled => 4,
        JobState::Superseded => 5,
    }
}

fn state_of(code: u8) -> Option<JobState> {
    JobState::ALL.into_iter().find(|state| state_code(*state) == code)
}

#[derive(Serialize, Deserialize)]
struct EventRecord {
    at: Timestamp,
    step: String,
    message: String,
    data: Value,
}

/// The first event of a job, which follows from the job. Its wording is that of every version.
pub(crate) fn first_event(head: &JobHead) -> JobEvent {
    JobEvent {
        sequence: 1,
        at: head.created_at,
        step: "queued".to_owned(),
        message: "waits for a worker".to_owned(),
        data: Value::Object(serde_json::Map::new()),
    }
}

pub(crate) fn encode_event(event: &JobEvent) -> Vec<u8> {
    let record = EventRecord {
        at: event.at,
        step: event.step.clone(),
        message: event.message.clone(),
        data: event.data.clone(),
    };
    encode(EVENT_VERSION, &record)
}

pub(crate) fn decode_event(job: JobId, sequence: u64, bytes: &[u8]) -> Result<JobEvent, PortError> {
    let what = format!("event {sequence} of job {job}");
    let EventRecord { at, step, message, data } = decode(EVENT_VERSION, &what, bytes)?;
    Ok(JobEvent { sequence, at, step, message, data })
}
