//! The trait of a kind of job.

use std::fmt;

use grimoire_domain::job::NewJob;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::JobContext;
use crate::outcome::{Progress, Stop};

/// A kind of job.
pub trait Job: Send + Sync + 'static {
    /// The name in the store and in responses; it never changes.
    const KIND: &'static str;
    /// The queue whose workers run it. Not stored: it may change between versions.
    const QUEUE: Queue;
    /// The job's input, stored as JSON.
    type Payload: Serialize + DeserializeOwned + Send + Sync;

    /// The lane of a job with this payload. Without one it runs independently of all others.
    fn lane(payload: &Self::Payload) -> Option<Lane>;

    /// Runs one attempt. Returns the last event, which the runner appends to the job.
    fn run(
        &self,
        context: &JobContext<'_>,
        payload: Self::Payload,
    ) -> impl Future<Output = Result<Progress, Stop>> + Send;
}

/// A queue: kinds of jobs that share workers. A slow kind delays only the kinds of its own queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Queue(pub &'static str);

impl fmt::Display for Queue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

/// The ordering of jobs relative to each other. See [`NewJob`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Jobs of one lane run one at a time, in order of their ids.
    pub name: String,
    /// A job with another version replaces older jobs of the lane.
    pub version: Option<String>,
}

/// A job of kind `J`, ready to be enqueued.
///
/// # Panics
/// If the payload cannot be serialised as JSON, which is a defect of its type.
pub fn new_job<J: Job>(payload: &J::Payload) -> NewJob {
    let (lane, version) = match J::lane(payload) {
        Some(Lane { name, version }) => (Some(name), version),
        None => (None, None),
    };
    let payload = serde_json::to_value(payload).expect("payloads have string keys and finite numbers");
    NewJob { kind: J::KIND.to_owned(), lane, version, payload }
}
