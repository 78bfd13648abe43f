//! State that the workers of a runner share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use grimoire_domain::Timestamp;
use grimoire_ports::clock::Clock;
use grimoire_ports::store::JobStore;

use crate::job::Queue;
use crate::registry::Registry;

/// Settings of a runner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunnerSettings {
    /// Number of jobs of a queue that run concurrently, from 1. Queues without an entry have one worker.
    pub workers: BTreeMap<Queue, usize>,
    /// The length of a lease. Default 60 s.
    pub lease: Duration,
    /// The interval at which a running job renews its lease; well below `lease`. Default 15 s.
    pub heartbeat: Duration,
    /// The delays before the second, third… attempt, each varied by up to a fifth. A job that fails
    /// after the last delay is a dead letter. Default 5 s, 25 s, 125 s.
    pub backoff: Vec<Duration>,
    /// How long a job is postponed that could not be tried, if the error names no time. Default 60 s.
    pub postponement: Duration,
    /// How long a running job may continue after the start of a shutdown before it is given back. Default 20 s.
    pub grace: Duration,
    /// The seed for the variation of delays.
    pub seed: u64,
}

impl Default for RunnerSettings {
    fn default() -> Self {
        Self {
            workers: BTreeMap::new(),
            lease: Duration::from_secs(60),
            heartbeat: Duration::from_secs(15),
            backoff: [5, 25, 125].map(Duration::from_secs).to_vec(),
            postponement: Duration::from_secs(60),
            grace: Duration::from_secs(20),
            seed: 0,
        }
    }
}

impl RunnerSettings {
    /// Number of failed attempts that make a dead letter; from 1.
    pub(crate) fn allowed_failures(&self) -> u32 {
        u32::try_from(self.backoff.len()).unwrap_or(u32::MAX).saturating_add(1)
    }
}

pub(crate) struct Environment {
    pub(crate) store: Arc<dyn JobStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) registry: Registry,
    pub(crate) settings: RunnerSettings,
}

impl Environment {
    /// The time `delay` from now.
    pub(crate) fn after(&self, delay: Duration) -> Timestamp {
        self.clock.now().saturating_add(delay).unwrap_or(Timestamp::MAX)
    }
}
