//! The interface of a running attempt to its runner.

use grimoire_domain::job::{Job, Lease};
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::clock::Clock;
use grimoire_ports::store::JobStore;

use crate::outcome::{Progress, Stop};

/// One attempt of one job.
pub struct JobContext<'a> {
    pub(crate) store: &'a dyn JobStore,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) job: &'a Job,
    pub(crate) lease: &'a Lease,
    pub(crate) last_attempt: bool,
}

impl JobContext<'_> {
    /// The job in the state in which it was claimed.
    pub fn job(&self) -> &Job {
        self.job
    }

    /// True if a failure makes the job a dead letter. The job should then do without optional input.
    pub fn is_last_attempt(&self) -> bool {
        self.last_attempt
    }

    /// Appends an event to the job during the attempt.
    pub async fn tell(&self, progress: Progress) -> Result<(), Stop> {
        let Progress { step, message, data } = progress;
        match self.store.append_event(self.lease, step, &message, data, self.clock.now()).await {
            Ok(_) => {
                tracing::info!(step, "{message}");
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Conflict => Err(Stop::Lost),
            Err(error) => Err(error.into()),
        }
    }

    /// Fails with [`Stop::CancelRequested`] if the job was asked to stop. Called between steps.
    pub async fn checkpoint(&self) -> Result<(), Stop> {
        if self.store.get_job(self.job.id).await?.cancel_requested {
            Err(Stop::CancelRequested)
        } else {
            Ok(())
        }
    }
}
