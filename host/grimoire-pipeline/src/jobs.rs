//! Durable work: the kinds of jobs, one file each, and the operations on jobs.

mod annotations;
pub(crate) mod close_pull_request;
mod evidence;
mod head;
mod publish_review;
pub(crate) mod queues;
mod reading;
mod reports;
pub(crate) mod review_pull_request;

use std::sync::Arc;

use futures::stream::{BoxStream, StreamExt as _};
use grimoire_domain::actor::{Actor, Permission};
use grimoire_domain::job::{Job, JobEvent, JobId};
use grimoire_domain::kind::Resource;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_jobs::{Registry, Runner, RunnerSettings};
use grimoire_ports::PortError;
use grimoire_ports::store::{JobFilter, JobStore};

use self::close_pull_request::ClosePullRequest;
use self::publish_review::PublishReview;
use self::review_pull_request::ReviewPullRequest;
use crate::{Pipeline, PipelineError};

/// All kinds of jobs.
fn kinds(pipeline: &Pipeline) -> Registry {
    Registry::new()
        .with(ReviewPullRequest(pipeline.clone()))
        .with(PublishReview(pipeline.clone()))
        .with(ClosePullRequest(pipeline.clone()))
}

/// Events of one job, oldest first.
pub type JobEvents = BoxStream<'static, Result<JobEvent, PipelineError>>;

impl Pipeline {
    /// The runner for the jobs that these operations enqueue.
    pub fn runner(&self, settings: RunnerSettings) -> Runner {
        let ports = self.ports();
        let store: Arc<dyn JobStore> = ports.store.clone();
        Runner::new(store, ports.clock.clone(), kinds(self), settings)
    }

    /// Lists jobs by descending id. Dead letters are those in state `dead`.
    pub async fn list_jobs(
        &self,
        filter: &JobFilter,
        page: PageRequest,
        actor: &Actor,
    ) -> Result<Page<Job>, PipelineError> {
        actor.require(Permission::Read)?;
        Ok(self.ports().store.list_jobs(filter, page).await?)
    }

    /// Returns a job. Fails with `NotFound`.
    pub async fn get_job(&self, id: JobId, actor: &Actor) -> Result<Job, PipelineError> {
        actor.require(Permission::Read)?;
        self.ports().store.get_job(id).await.map_err(about(id))
    }

    /// Cancels a queued job, or asks a running one to stop. Fails with `NotFound`; with `Conflict` if it ended.
    #[tracing::instrument(skip_all, fields(job = id.0, %actor))]
    pub async fn cancel_job(&self, id: JobId, actor: &Actor) -> Result<Job, PipelineError> {
        actor.require(Permission::Write)?;
        self.ports().store.cancel_job(id, self.ports().clock.now()).await.map_err(about(id))
    }

    /// Queues a dead, cancelled or superseded job again. Fails with `NotFound`; with `Conflict` in other states.
    #[tracing::instrument(skip_all, fields(job = id.0, %actor))]
    pub async fn retry_job(&self, id: JobId, actor: &Actor) -> Result<Job, PipelineError> {
        actor.require(Permission::Write)?;
        self.ports().store.retry_job(id, self.ports().clock.now()).await.map_err(about(id))
    }

    /// Streams the events of a job after number `after` (0: all), both existing and future ones,
    /// until the job has ended and its last event was returned. To resume, pass the number of the
    /// last event received. Fails with `NotFound`.
    pub async fn events(&self, job: JobId, after: u64, actor: &Actor) -> Result<JobEvents, PipelineError> {
        actor.require(Permission::Read)?;
        let store: Arc<dyn JobStore> = self.ports().store.clone();
        let events = grimoire_jobs::events(store, job, after).await.map_err(about(job))?;
        Ok(events.map(|event| event.map_err(PipelineError::from)).boxed())
    }
}

/// Adds the job's id to a store's error.
fn about(id: JobId) -> impl Fn(PortError) -> PipelineError {
    move |error| PipelineError::asking_for(Resource::Job, id, error)
}
