//! The events of a job as a stream.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt as _};
use grimoire_domain::job::{JobEvent, JobId};
use grimoire_ports::PortError;
use grimoire_ports::store::JobStore;

/// Events of one job, oldest first.
pub type JobEvents = BoxStream<'static, Result<JobEvent, PortError>>;

/// Maximum number of events that are read at once.
const BATCH: usize = 100;

/// Streams the events of a job after number `after` (0: all), both existing and future ones, until the
/// job has ended and its last event was returned. To resume, pass the number of the last event
/// received. Fails with `NotFound`.
pub async fn events(store: Arc<dyn JobStore>, job: JobId, after: u64) -> Result<JobEvents, PortError> {
    store.get_job(job).await?;
    let start = Reader { store, job, after, read: VecDeque::new() };
    Ok(stream::try_unfold(start, |mut reader| async move {
        let next = reader.next().await?;
        Ok(next.map(|event| (event, reader)))
    })
    .boxed())
}

struct Reader {
    store: Arc<dyn JobStore>,
    job: JobId,
    after: u64,
    read: VecDeque<JobEvent>,
}

impl Reader {
    async fn next(&mut self) -> Result<Option<JobEvent>, PortError> {
        loop {
            if let Some(event) = self.read.pop_front() {
                self.after = event.sequence;
                return Ok(Some(event));
            }
            // The state is read before the events. If the job ends in between, its last event was
            // appended in the same step and is among the events read.
            let ended = self.store.get_job(self.job).await?.state.is_final();
            self.read = self.store.events_after(self.job, self.after, BATCH).await?.into();
            if self.read.is_empty() {
                if ended {
                    return Ok(None);
                }
                self.store.wait_for_event(self.job, self.after).await;
            }
        }
    }
}
