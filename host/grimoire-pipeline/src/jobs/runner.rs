//! Claims jobs, keeps their leases, and decides what their failures mean.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use futures::FutureExt as _;
use grimoire_domain::Timestamp;
use grimoire_domain::job::{Job, JobId, Lease};
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::store::AttemptEnd;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::backoff::jittered;
use super::context::{JobContext, Stop};
use crate::{Pipeline, PipelineError};

/// How jobs are worked off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunnerSettings {
    /// How many jobs run at the same time; from 1. Default 2.
    pub workers: usize,
    /// For how long a claim holds without a sign of life. Default 60 s.
    pub lease: Duration,
    /// How often a running job gives a sign of life; well below `lease`. Default 15 s.
    pub heartbeat: Duration,
    /// The delays before the second, third… attempt, each varied by up to a fifth. A job that fails
    /// once more after the last is a dead letter. Default 5 s, 25 s, 125 s.
    pub backoff: Vec<Duration>,
    /// How long to wait when GitHub limits the rate and does not say until when. Default 60 s.
    pub rate_limit_wait: Duration,
    /// How long a running job may go on after the shutdown began, before it is given back. Default 20 s.
    pub grace: Duration,
    /// What the variation of delays is drawn from.
    pub seed: u64,
}

impl Default for RunnerSettings {
    fn default() -> Self {
        Self {
            workers: 2,
            lease: Duration::from_secs(60),
            heartbeat: Duration::from_secs(15),
            backoff: [5, 25, 125].map(Duration::from_secs).to_vec(),
            rate_limit_wait: Duration::from_secs(60),
            grace: Duration::from_secs(20),
            seed: 0,
        }
    }
}

/// What one look at the queue did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// No job may run now.
    Idle,
    /// This job was claimed and its attempt has ended.
    Ran(JobId),
}

/// Works off jobs. Cheap to clone.
#[derive(Clone)]
pub struct Runner {
    pipeline: Pipeline,
    settings: RunnerSettings,
}

/// After this long without a wake-up, a worker looks at the queue again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// After a failure of the store, a worker waits this long.
const AFTER_STORE_FAILURE: Duration = Duration::from_secs(5);

impl Runner {
    /// A runner of the pipeline's jobs.
    pub fn new(pipeline: Pipeline, settings: RunnerSettings) -> Self {
        Self { pipeline, settings }
    }

    /// Works until `shutdown`; then no job is claimed any more, running ones may finish within the
    /// grace period, and those that do not are given back unharmed.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut workers = JoinSet::new();
        for _ in 0..self.settings.workers.max(1) {
            workers.spawn(self.clone().work(shutdown.clone()));
        }
        while let Some(ended) = workers.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a worker ended unexpectedly");
            }
        }
    }

    /// Claims at most one job and runs one attempt of it to its end. For tests and for callers that
    /// bring their own loop. An error only when the store fails.
    pub async fn tick(&self) -> Result<Tick, PipelineError> {
        self.claim_and_run(&CancellationToken::new()).await
    }

    async fn work(self, shutdown: CancellationToken) {
        let ports = self.pipeline.ports();
        while !shutdown.is_cancelled() {
            // Polled once before the queue is looked at: what is enqueued meanwhile is not missed.
            let mut woken = pin!(ports.store.wait_for_job().fuse());
            let enqueued = futures::poll!(&mut woken).is_ready();
            let wait_until = match self.claim_and_run(&shutdown).await {
                Ok(Tick::Ran(_)) => continue,
                Ok(Tick::Idle) if enqueued => continue,
                Ok(Tick::Idle) => self.next_look().await,
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the job queue cannot be worked off"
                    );
                    Some(self.after(AFTER_STORE_FAILURE))
                }
            };
            let timer = async {
                match wait_until {
                    Some(moment) => ports.clock.sleep_until(moment).await,
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

    /// When to look at the queue again without a wake-up. A moment that has passed means that the
    /// job waits for its lane: its turn comes with a wake-up, and the delay keeps this from spinning.
    async fn next_look(&self) -> Option<Timestamp> {
        match self.pipeline.ports().store.next_claim_at().await {
            Ok(next) => next.map(|moment| moment.max(self.after(LOOK_AGAIN))),
            Err(_) => Some(self.after(AFTER_STORE_FAILURE)),
        }
    }

    fn after(&self, delay: Duration) -> Timestamp {
        let now = self.pipeline.ports().clock.now();
        now.saturating_add(delay).unwrap_or(Timestamp::MAX)
    }

    async fn claim_and_run(&self, shutdown: &CancellationToken) -> Result<Tick, PipelineError> {
        let ports = self.pipeline.ports();
        let claimed = ports.store.claim_job(self.settings.lease).await?;
        let Some((job, lease)) = claimed else { return Ok(Tick::Idle) };
        let span = tracing::info_span!("job", job = job.id.0, kind = job.spec.kind, attempt = job.attempts);
        self.run_claimed(&job, &lease, shutdown).instrument(span).await?;
        Ok(Tick::Ran(job.id))
    }

    async fn run_claimed(
        &self,
        job: &Job,
        lease: &Lease,
        shutdown: &CancellationToken,
    ) -> Result<(), PipelineError> {
        let ports = self.pipeline.ports();
        let allowed = self.allowed_attempts();
        // Never more than there were attempts: the story is read only where it decides something.
        let failures = if job.attempts < allowed { job.attempts } else { self.failures(job).await? };
        let context = JobContext { pipeline: &self.pipeline, job, lease, last_attempt: failures >= allowed };
        let end = if failures > allowed {
            Self::exhausted(allowed)
        } else {
            match self.attempt(&context, shutdown).await {
                Some(result) => match self.judge(&context, result).await? {
                    Some(end) => end,
                    None => return Ok(()),
                },
                None => AttemptEnd::Released,
            }
        };
        match &end {
            AttemptEnd::Retry { error, at } => {
                tracing::warn!(%error, %at, "attempt failed, to be tried again");
            }
            AttemptEnd::Dead { error } => tracing::error!(%error, "job failed for good"),
            other => tracing::info!(end = ?other, "attempt ended"),
        }
        match ports.store.end_attempt(lease, end, ports.clock.now()).await {
            Err(error) if error.kind() == ErrorKind::Conflict => {
                tracing::warn!("the lease was lost: a later claim has the job");
                Ok(())
            }
            other => Ok(other?),
        }
    }

    /// A job whose workers died on it again and again is not run once more: it may be what kills them.
    fn exhausted(allowed: u32) -> AttemptEnd {
        let error =
            format!("given up: {allowed} attempts ended without an answer, as if the process had died");
        AttemptEnd::Dead { error }
    }

    fn allowed_attempts(&self) -> u32 {
        u32::try_from(self.settings.backoff.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// How many attempts of a job count, this one included: those that met a rate limit do not.
    async fn failures(&self, job: &Job) -> Result<u32, PipelineError> {
        let store = &self.pipeline.ports().store;
        let mut after = 0;
        let mut limited = 0;
        loop {
            let events = store.events_after(job.id, after, 1_000).await?;
            let Some(last) = events.last() else { break };
            after = last.sequence;
            for event in &events {
                match event.step.as_str() {
                    "queued" => limited = 0, // Queued anew by hand: the count began again.
                    RATE_LIMITED => limited += 1,
                    _ => {}
                }
            }
        }
        Ok(job.attempts.saturating_sub(limited))
    }

    /// Runs the handler while its lease is kept alive. `None`: the grace period ran out.
    async fn attempt(
        &self,
        context: &JobContext<'_>,
        shutdown: &CancellationToken,
    ) -> Option<Result<(), Stop>> {
        let handled = AssertUnwindSafe(super::handle(context)).catch_unwind();
        let grace = async {
            shutdown.cancelled().await;
            self.pipeline.ports().clock.sleep_until(self.after(self.settings.grace)).await;
        };
        tokio::select! {
            biased;
            result = handled => Some(result.unwrap_or_else(|_| {
                Err(Stop::Failed(PipelineError::new(ErrorKind::Internal, "the handler of the job panicked")))
            })),
            () = self.keep_alive(context) => Some(Err(Stop::Lost)),
            () = grace => None,
        }
    }

    /// Renews the lease until it is lost.
    async fn keep_alive(&self, context: &JobContext<'_>) {
        let ports = self.pipeline.ports();
        let mut until = context.lease.until;
        loop {
            ports.clock.sleep_until(self.after(self.settings.heartbeat)).await;
            let renewed = self.after(self.settings.lease);
            match ports.store.renew_lease(context.lease, self.settings.lease).await {
                Ok(_) => until = renewed,
                Err(error) if error.kind() == ErrorKind::Conflict || ports.clock.now() >= until => return,
                Err(error) => tracing::warn!(%error, "the lease could not be renewed yet"),
            }
        }
    }

    /// What the end of a handler means for its job. `None`: the job is somebody else's now.
    async fn judge(
        &self,
        context: &JobContext<'_>,
        result: Result<(), Stop>,
    ) -> Result<Option<AttemptEnd>, PipelineError> {
        let error = match result {
            Ok(()) => return Ok(Some(AttemptEnd::Succeeded)),
            // The store remembers who asked: newer work makes it superseded.
            Err(Stop::Asked | Stop::Cancelled) => return Ok(Some(AttemptEnd::Cancelled)),
            Err(Stop::Superseded) => return Ok(Some(AttemptEnd::Superseded)),
            Err(Stop::Dead(error)) => return Ok(Some(AttemptEnd::Dead { error })),
            Err(Stop::Lost) => {
                tracing::warn!("the lease was lost: a later claim has the job");
                return Ok(None);
            }
            Err(Stop::Failed(error)) => error,
        };
        tracing::warn!(error = &error as &dyn std::error::Error, "attempt failed");
        if !error.kind().is_transient() {
            return Ok(Some(AttemptEnd::Dead { error: error.to_string() }));
        }
        let failure = self.failures(context.job).await?;
        if error.kind() == ErrorKind::TooManyRequests {
            let wait = error.retry_after().unwrap_or(self.settings.rate_limit_wait);
            // Never earlier than asked, and not all waiting jobs at once.
            let spread =
                jittered(Duration::from_secs(5), self.settings.seed, context.job.id, context.job.attempts);
            let data = serde_json::json!({ "seconds": wait.as_secs() });
            match context
                .event(RATE_LIMITED, "GitHub limits the rate: waiting does not count as a failure", data)
                .await
            {
                Ok(()) => {}
                Err(Stop::Failed(error)) => return Err(error),
                Err(_) => return Ok(None),
            }
            return Ok(Some(AttemptEnd::Retry { error: error.to_string(), at: self.after(wait + spread) }));
        }
        let Some(base) = self.settings.backoff.get(failure.saturating_sub(1) as usize) else {
            let error = format!("given up after {failure} attempts: {error}");
            return Ok(Some(AttemptEnd::Dead { error }));
        };
        let delay = jittered(*base, self.settings.seed, context.job.id, failure)
            .max(error.retry_after().unwrap_or_default());
        Ok(Some(AttemptEnd::Retry { error: error.to_string(), at: self.after(delay) }))
    }
}

/// The event of an attempt that met a rate limit.
const RATE_LIMITED: &str = "rate_limited";
