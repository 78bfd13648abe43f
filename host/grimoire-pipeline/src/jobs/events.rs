//! A job's story as it happens.

use std::collections::VecDeque;

use futures::stream::{self, BoxStream, StreamExt as _};
use grimoire_domain::job::{JobEvent, JobId};

use crate::{Pipeline, PipelineError};

/// Events of one job, oldest first.
pub type JobEvents = BoxStream<'static, Result<JobEvent, PipelineError>>;

/// Events that are read at once.
const BATCH: usize = 100;

impl Pipeline {
    /// The events of a job after the one with the number `after` (0: all), those that are there and
    /// those that will be, until the job has ended and its last event was told. To resume, pass the
    /// number of the last event received. `NotFound`.
    pub async fn events(&self, job: JobId, after: u64) -> Result<JobEvents, PipelineError> {
        self.get_job(job).await?;
        let start = Reader { pipeline: self.clone(), job, after, read: VecDeque::new() };
        Ok(stream::try_unfold(start, |mut reader| async move {
            let next = reader.next().await?;
            Ok(next.map(|event| (event, reader)))
        })
        .boxed())
    }
}

struct Reader {
    pipeline: Pipeline,
    job: JobId,
    after: u64,
    read: VecDeque<JobEvent>,
}

impl Reader {
    async fn next(&mut self) -> Result<Option<JobEvent>, PipelineError> {
        let store = &self.pipeline.ports().store;
        loop {
            if let Some(event) = self.read.pop_front() {
                self.after = event.sequence;
                return Ok(Some(event));
            }
            // The state is read before the events: a job that ends in between has appended its last
            // event in the same step, so that the events read hold it.
            let ended = store.get_job(self.job).await?.state.is_final();
            self.read = store.events_after(self.job, self.after, BATCH).await?.into();
            if self.read.is_empty() {
                if ended {
                    return Ok(None);
                }
                store.wait_for_event(self.job, self.after).await;
            }
        }
    }
}
