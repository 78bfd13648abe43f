//! Records of jobs and their events.

use grimoire_domain::Timestamp;
use grimoire_domain::job::{Job, JobEvent, JobId, JobState, NewJob};
use grimoire_ports::PortError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::{decode, encode, unreadable};

const VERSION: u8 = 2;
const EVENT_VERSION: u8 = 1;

/// A job as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct JobRecord {
    pub(crate) head: JobHead,
    /// Not parsed by the store: a state change copies it.
    payload: Box<RawValue>,
}

/// All fields but the payload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct JobHead {
    pub(crate) kind: String,
    pub(crate) lane: Option<String>,
    pub(crate) version: Option<String>,
    state: u8,
    pub(crate) attempts: u32,
    pub(crate) failures: u32,
    pub(crate) run_at: Timestamp,
    created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) last_error: Option<String>,
    /// Incremented by every claim.
    pub(crate) fence: u64,
    /// Set while running.
    pub(crate) lease_until: Option<Timestamp>,
    /// Set while running and asked to stop.
    pub(crate) stop: Option<StopRecord>,
}

/// Why a running job was asked to stop.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StopRecord {
    /// True if newer work replaced the job; otherwise it was cancelled.
    pub(crate) superseded: bool,
    /// The reason as a sentence.
    pub(crate) reason: String,
}

impl StopRecord {
    /// The state of the job after it has stopped.
    pub(crate) fn state(&self) -> JobState {
        if self.superseded { JobState::Superseded } else { JobState::Cancelled }
    }
}

impl JobRecord {
    pub(crate) fn new(spec: NewJob, now: Timestamp) -> Self {
        let head = JobHead {
            kind: spec.kind,
            lane: spec.lane,
            version: spec.version,
            state: state_code(JobState::Queued),
            attempts: 0,
            failures: 0,
            run_at: now,
            created_at: now,
            updated_at: now,
            last_error: None,
            fence: 0,
            lease_until: None,
            stop: None,
        };
        let payload = to_raw_value(&spec.payload).expect("a JSON value is JSON");
        Self { head, payload }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        encode(VERSION, self)
    }

    pub(crate) fn decode(id: JobId, bytes: &[u8]) -> Result<Self, PortError> {
        let name = format!("job {id}");
        let record: Self = decode(VERSION, &name, bytes)?;
        match state_of(record.head.state) {
            Some(_) => Ok(record),
            None => Err(unreadable(&name, "unknown state")),
        }
    }

    pub(crate) fn job(&self, id: JobId) -> Result<Job, PortError> {
        let head = self.head.clone();
        let payload = serde_json::from_str(self.payload.get())
            .map_err(|error| unreadable(&format!("job {id}"), error))?;
        Ok(Job {
            id,
            state: head.state(),
            spec: NewJob { kind: head.kind, lane: head.lane, version: head.version, payload },
            attempts: head.attempts,
            failures: head.failures,
            run_at: head.run_at,
            created_at: head.created_at,
            updated_at: head.updated_at,
            last_error: head.last_error,
            cancel_requested: head.stop.is_some(),
        })
    }
}

impl JobHead {
    pub(crate) fn state(&self) -> JobState {
        state_of(self.state).expect("the state was checked when the record was read")
    }

    pub(crate) fn set_state(&mut self, state: JobState) {
        self.state = state_code(state);
    }

    /// The earliest time at which the job may be claimed, ignoring its lane. `None` once it has ended.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        match self.state() {
            JobState::Queued => Some(self.run_at),
            JobState::Running => self.lease_until,
            JobState::Succeeded | JobState::Dead | JobState::Cancelled | JobState::Superseded => None,
        }
    }
}

/// Codes are part of the file format: never reuse one.
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

/// The first event of a job, which is not stored because it is derived from the job.
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
    let name = format!("event {sequence} of job {job}");
    let EventRecord { at, step, message, data } = decode(EVENT_VERSION, &name, bytes)?;
    Ok(JobEvent { sequence, at, step, message, data })
}
