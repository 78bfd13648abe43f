//! What a handler may do while it holds a job.

use grimoire_domain::job::{Job, Lease};
use grimoire_domain::kind::ErrorKind;
use serde_json::Value;

use crate::{Pipeline, PipelineError};

/// Why a handler stops before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Somebody asked: a person, or newer work of the lane.
    Asked,
    /// The job's subject is gone.
    Cancelled,
    /// Newer work replaces it.
    Superseded,
    /// It can never succeed, for this reason.
    Dead(String),
    /// A later claim took the job: nothing may be written any more.
    Lost,
    /// It failed; whether it is tried again depends on the kind.
    Failed(PipelineError),
}

impl<E: Into<PipelineError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// One attempt at one job.
pub(crate) struct JobContext<'a> {
    pub(crate) pipeline: &'a Pipeline,
    pub(crate) job: &'a Job,
    pub(crate) lease: &'a Lease,
    /// Whether the job is given up when this attempt fails: what it can do without, it then does without.
    pub(crate) last_attempt: bool,
}

impl JobContext<'_> {
    /// Tells the story on. `data` is an object.
    pub(crate) async fn event(&self, step: &str, message: &str, data: Value) -> Result<(), Stop> {
        let ports = self.pipeline.ports();
        let told = ports.store.append_event(self.lease, step, message, data, ports.clock.now()).await;
        match told {
            Ok(_) => {
                tracing::info!(step, "{message}");
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Conflict => Err(Stop::Lost),
            Err(error) => Err(error.into()),
        }
    }

    /// Stops here when somebody asked for it. Called between steps.
    pub(crate) async fn checkpoint(&self) -> Result<(), Stop> {
        let job = self.pipeline.ports().store.get_job(self.job.id).await?;
        if job.cancel_requested { Err(Stop::Asked) } else { Ok(()) }
    }
}
