//! Results of steps and attempts.

use grimoire_ports::PortError;
use serde_json::Value;

/// An event of a job, as returned by a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// A short stable name, such as `fetched`.
    pub step: &'static str,
    /// One sentence for display; no secrets.
    pub message: String,
    /// Machine-readable facts; an object.
    pub data: Value,
}

impl Progress {
    /// Creates an event.
    pub fn new(step: &'static str, message: impl Into<String>, data: Value) -> Self {
        Self { step, message: message.into(), data }
    }
}

/// Why an attempt ends before its job is done.
#[derive(Debug)]
pub enum Stop {
    /// The job was asked to stop: by a person, or because of newer work of its lane.
    CancelRequested,
    /// The job's subject is gone.
    Cancelled,
    /// Newer work replaces it.
    Superseded,
    /// The job can never succeed, for this reason.
    Dead(String),
    /// A later claim took the job: this attempt must not write any more.
    Lost,
    /// The attempt failed. It is retried after a delay if the kind of the error is transient.
    Failed(PortError),
    /// The attempt was not possible, because of a rate limit or because everything is busy. Never
    /// counted as a failure.
    Postponed(PortError),
}

impl From<PortError> for Stop {
    fn from(error: PortError) -> Self {
        if error.kind().is_congestion() { Self::Postponed(error) } else { Self::Failed(error) }
    }
}
