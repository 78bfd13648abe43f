//! Claims jobs and runs them on workers.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use grimoire_domain::Timestamp;
use grimoire_domain::job::JobId;
use grimoire_ports::PortError;
use grimoire_ports::clock::Clock;
use grimoire_ports::store::{JobStore, Kinds};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::attempt::Attempt;
use crate::environment::{Environment, RunnerSettings};
use crate::job::Queue;
use crate::registry::Registry;

/// The result of one look at the queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// No job is available.
    Idle,
    /// This job was claimed and its attempt has ended.
    Ran(JobId),
}

/// Runs jobs. Cheap to clone.
#[derive(Clone)]
pub struct Runner(Arc<Environment>);

/// The longest time that a worker waits for a wake-up before it looks at its queue again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long a worker waits after a failure of the store.
const AFTER_STORE_FAILURE: Duration = Duration::from_secs(5);

impl Runner {
    /// Creates a runner for the jobs in `store` whose kinds are in `registry`.
    pub fn new(
        store: Arc<dyn JobStore>,
        clock: Arc<dyn Clock>,
        registry: Registry,
        settings: RunnerSettings,
    ) -> Self {
        Self(Arc::new(Environment { store, clock, registry, settings }))
    }

    /// Works until `shutdown`. Then no job is claimed any more, and running jobs that do not finish
    /// within the grace period are given back.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut workers = JoinSet::new();
        for (queue, kinds) in self.queues() {
            let count = self.0.settings.workers.get(&queue).copied().unwrap_or(1).max(1);
            for _ in 0..count {
                let worker = Worker { environment: Arc::clone(&self.0), kinds: kinds.clone() };
                workers.spawn(worker.work(shutdown.clone()));
            }
        }
        while let Some(ended) = workers.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a worker ended unexpectedly");
            }
        }
    }

    /// The kinds that the workers of each queue claim. The first queue also gets every kind unknown
    /// to this process, so that such a job ends as a dead letter instead of waiting forever.
    fn queues(&self) -> Vec<(Queue, Kinds)> {
        let registry = &self.0.registry;
        let names = |queue| registry.kinds_of(queue).into_iter().map(str::to_owned).collect();
        let queues = registry.queues();
        let mut all: Vec<_> = queues.iter().map(|queue| (*queue, Kinds::Only(names(*queue)))).collect();
        if let Some((_, first)) = all.first_mut() {
            let others = queues.iter().skip(1).flat_map(|queue| registry.kinds_of(*queue));
            *first = Kinds::Except(others.map(str::to_owned).collect());
        }
        all
    }

    /// Claims at most one job of any kind and runs one attempt to its end. For tests and for callers with
    /// their own loop. Fails only if the store fails.
    pub async fn tick(&self) -> Result<Tick, PortError> {
        claim_and_run(&self.0, &Kinds::all(), &CancellationToken::new()).await
    }
}

async fn claim_and_run(
    environment: &Environment,
    kinds: &Kinds,
    shutdown: &CancellationToken,
) -> Result<Tick, PortError> {
    let claimed = environment.store.claim_job(kinds, environment.settings.lease).await?;
    let Some((job, lease)) = claimed else { return Ok(Tick::Idle) };
    let span = tracing::info_span!("job", job = job.id.0, kind = job.spec.kind, attempt = job.attempts);
    Attempt { environment, job: &job, lease: &lease }.run(shutdown).instrument(span).await?;
    Ok(Tick::Ran(job.id))
}

/// One worker of a queue.
struct Worker {
    environment: Arc<Environment>,
    kinds: Kinds,
}

impl Worker {
    async fn work(self, shutdown: CancellationToken) {
        let Environment { store, clock, .. } = &*self.environment;
        while !shutdown.is_cancelled() {
            // Polled once before looking at the queue, so that a job enqueued meanwhile is not missed.
            let mut woken = pin!(store.wait_for_job().fuse());
            let enqueued = futures::poll!(&mut woken).is_ready();
            let wait_until = match claim_and_run(&self.environment, &self.kinds, &shutdown).await {
                Ok(Tick::Ran(_)) => continue,
                Ok(Tick::Idle) if enqueued => continue,
                Ok(Tick::Idle) => self.next_look().await,
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the job queue cannot be worked off"
                    );
                    Some(self.environment.after(AFTER_STORE_FAILURE))
                }
            };
            let timer = async {
                match wait_until {
                    Some(moment) => clock.sleep_until(moment).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = woken => {}
                () = timer => {}
            }
        }
    }

    /// When to look at the queue again without a wake-up. A time in the past means that the job waits
    /// for its lane: a wake-up follows when the lane is free, and the delay prevents a busy loop.
    async fn next_look(&self) -> Option<Timestamp> {
        match self.environment.store.next_claim_at(&self.kinds).await {
            Ok(next) => next.map(|moment| moment.max(self.environment.after(LOOK_AGAIN))),
            Err(_) => Some(self.environment.after(AFTER_STORE_FAILURE)),
        }
    }
}
