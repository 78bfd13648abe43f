//! One attempt: runs a job under its lease and decides how the job continues.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use grimoire_domain::job::{Job, Lease};
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use grimoire_ports::store::AttemptEnd;
use tokio_util::sync::CancellationToken;

use crate::backoff::jittered;
use crate::context::JobContext;
use crate::environment::Environment;
use crate::outcome::Stop;

/// Jobs that were postponed together are spread over this time.
const SPREAD: Duration = Duration::from_secs(5);

/// A claimed job.
pub(crate) struct Attempt<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) job: &'a Job,
    pub(crate) lease: &'a Lease,
}

impl Attempt<'_> {
    /// Runs the job to the end of the attempt. Fails only if the store fails.
    pub(crate) async fn run(&self, shutdown: &CancellationToken) -> Result<(), PortError> {
        let Environment { store, clock, settings, .. } = self.environment;
        let allowed = settings.allowed_failures();
        let context = JobContext {
            store: store.as_ref(),
            clock: clock.as_ref(),
            job: self.job,
            lease: self.lease,
            last_attempt: self.job.failures.saturating_add(1) >= allowed,
        };
        let end = if self.job.failures >= allowed {
            // The process died during each of several attempts. The job is not tried again, because
            // it may be the cause.
            let error =
                format!("given up: {allowed} attempts ended without an answer, as if the process had died");
            AttemptEnd::Dead { error }
        } else {
            match self.under_lease(&context, shutdown).await {
                Some(result) => match self.judge(result) {
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
        match store.end_attempt(self.lease, end, clock.now()).await {
            Err(error) if error.kind() == ErrorKind::Conflict => {
                tracing::warn!("the lease was lost: a later claim has the job");
                Ok(())
            }
            other => other,
        }
    }

    /// Runs the job while renewing its lease. `None` if the grace period ran out.
    async fn under_lease(
        &self,
        context: &JobContext<'_>,
        shutdown: &CancellationToken,
    ) -> Option<Result<(), Stop>> {
        let work = async {
            let progress = self.environment.registry.run(context).await?;
            context.tell(progress).await
        };
        let grace = async {
            shutdown.cancelled().await;
            self.environment.clock.sleep_until(self.environment.after(self.environment.settings.grace)).await;
        };
        tokio::select! {
            biased;
            result = AssertUnwindSafe(work).catch_unwind() => Some(result.unwrap_or_else(|_| {
                Err(Stop::Failed(PortError::new(ErrorKind::Internal, "the code of the job panicked")))
            })),
            () = self.keep_alive() => Some(Err(Stop::Lost)),
            () = grace => None,
        }
    }

    /// Renews the lease until it is lost.
    async fn keep_alive(&self) {
        let Environment { store, clock, settings, .. } = self.environment;
        let mut until = self.lease.until;
        loop {
            clock.sleep_until(self.environment.after(settings.heartbeat)).await;
            let renewed = self.environment.after(settings.lease);
            match store.renew_lease(self.lease, settings.lease).await {
                Ok(_) => until = renewed,
                Err(error) if error.kind() == ErrorKind::Conflict || clock.now() >= until => return,
                Err(error) => tracing::warn!(%error, "the lease could not be renewed yet"),
            }
        }
    }

    /// Turns the result of an attempt into its end. `None` if another worker has the job now.
    fn judge(&self, result: Result<(), Stop>) -> Option<AttemptEnd> {
        let end = match result {
            Ok(()) => AttemptEnd::Succeeded,
            // The store knows the cause: newer work makes the job superseded.
            Err(Stop::CancelRequested | Stop::Cancelled) => AttemptEnd::Cancelled,
            Err(Stop::Superseded) => AttemptEnd::Superseded,
            Err(Stop::Dead(error)) => AttemptEnd::Dead { error },
            Err(Stop::Lost) => {
                tracing::warn!("the lease was lost: a later claim has the job");
                return None;
            }
            Err(Stop::Postponed(error)) => self.postponed(&error),
            Err(Stop::Failed(error)) => self.failed(&error),
        };
        Some(end)
    }

    /// Postpones the job, never earlier than asked, and with a spread so that jobs do not all return at once.
    fn postponed(&self, error: &PortError) -> AttemptEnd {
        let settings = &self.environment.settings;
        let wait = error.retry_after().unwrap_or(settings.postponement);
        let spread = jittered(SPREAD, settings.seed, self.job.id, self.job.attempts);
        AttemptEnd::Postponed { reason: error.to_string(), at: self.environment.after(wait + spread) }
    }

    fn failed(&self, error: &PortError) -> AttemptEnd {
        tracing::warn!(error = error as &dyn std::error::Error, "attempt failed");
        if !error.kind().is_transient() {
            return AttemptEnd::Dead { error: error.to_string() };
        }
        let settings = &self.environment.settings;
        let failure = self.job.failures.saturating_add(1);
        let Some(base) = settings.backoff.get(failure.saturating_sub(1) as usize) else {
            return AttemptEnd::Dead { error: format!("given up after {failure} failed attempts: {error}") };
        };
        let delay =
            jittered(*base, settings.seed, self.job.id, failure).max(error.retry_after().unwrap_or_default());
        AttemptEnd::Retry { error: error.to_string(), at: self.environment.after(delay) }
    }
}
