use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use grimoire_domain::Timestamp;
use grimoire_domain::job::{Job, JobEvent, JobId, Lease, NewJob};
use grimoire_domain::page::{Page, PageRequest};
use grimoire_ports::PortError;
use grimoire_ports::store::{AttemptEnd, JobCounts, JobFilter, JobStore, Kinds};
use serde_json::Value;

use crate::RedbStore;
use crate::jobs::{NewJobRecord, read};

#[async_trait]
impl JobStore for RedbStore {
    async fn enqueue_job(&self, job: NewJob, now: Timestamp) -> Result<JobId, PortError> {
        let job = NewJobRecord::of(job, now);
        self.write(move |transaction| transaction.jobs()?.enqueue(&job, now)).await
    }

    async fn claim_job(&self, kinds: &Kinds, lease: Duration) -> Result<Option<(Job, Lease)>, PortError> {
        // An idle runner asks often and finds nothing, so this checks the summary before it queues a write.
        if !self.shared().summary()?.may_have_due(kinds, self.shared().clock.now()) {
            return Ok(None);
        }
        let (kinds, clock) = (kinds.clone(), Arc::clone(&self.shared().clock));
        // The time of the write itself, which may have waited in the queue.
        self.write(move |transaction| {
            let now = clock.now();
            transaction.jobs()?.claim(&kinds, now, after(now, lease))
        })
        .await
    }

    async fn next_claim_at(&self, kinds: &Kinds) -> Result<Option<Timestamp>, PortError> {
        let next = self.shared().summary()?.next_claim(kinds);
        let moment = next.map(Timestamp::from_nanosecond).transpose();
        moment.map_err(|error| PortError::internal("the schedule of jobs cannot be read", error))
    }

    fn wait_for_job<'store, 'wait>(&'store self) -> Pin<Box<dyn Future<Output = ()> + Send + 'wait>>
    where
        'store: 'wait,
        Self: 'wait,
    {
        // Created by the call, not by the first poll, so that no notification in between is missed.
        let notified = self.shared().jobs.notified();
        Box::pin(notified)
    }

    async fn renew_lease(&self, lease: &Lease, length: Duration) -> Result<bool, PortError> {
        let (lease, clock) = (lease.clone(), Arc::clone(&self.shared().clock));
        self.write(move |transaction| transaction.jobs()?.renew(&lease, after(clock.now(), length))).await
    }

    async fn end_attempt(&self, lease: &Lease, end: AttemptEnd, now: Timestamp) -> Result<(), PortError> {
        let lease = lease.clone();
        self.write(move |transaction| transaction.jobs()?.end(&lease, end, now)).await
    }

    async fn cancel_job(&self, id: JobId, now: Timestamp) -> Result<Job, PortError> {
        self.write(move |transaction| transaction.jobs()?.cancel(id, now)).await
    }

    async fn cancel_lane(&self, lane: &str, reason: &str, now: Timestamp) -> Result<Vec<JobId>, PortError> {
        let (lane, reason) = (lane.to_owned(), reason.to_owned());
        self.write(move |transaction| transaction.jobs()?.cancel_lane(&lane, &reason, now)).await
    }

    async fn retry_job(&self, id: JobId, now: Timestamp) -> Result<Job, PortError> {
        self.write(move |transaction| transaction.jobs()?.retry(id, now)).await
    }

    async fn get_job(&self, id: JobId) -> Result<Job, PortError> {
        self.read(|transaction| read::job(transaction, id))
    }

    async fn list_jobs(&self, filter: &JobFilter, page: PageRequest) -> Result<Page<Job>, PortError> {
        let filter = filter.clone();
        self.scan(move |transaction| read::list(transaction, &filter, page)).await
    }

    async fn count_jobs(&self) -> Result<JobCounts, PortError> {
        Ok(self.shared().summary()?.jobs)
    }

    async fn append_event(
        &self,
        lease: &Lease,
        step: &str,
        message: &str,
        data: Value,
        now: Timestamp,
    ) -> Result<JobEvent, PortError> {
        let event =
            JobEvent { sequence: 0, at: now, step: step.to_owned(), message: message.to_owned(), data };
        let lease = lease.clone();
        self.write(move |transaction| transaction.jobs()?.append_event(&lease, event)).await
    }

    async fn events_after(&self, job: JobId, after: u64, limit: usize) -> Result<Vec<JobEvent>, PortError> {
        self.scan(move |transaction| read::events(transaction, job, after, limit)).await
    }

    async fn wait_for_event(&self, job: JobId, after: u64) {
        loop {
            // Created before looking, so that an event between looking and waiting is not missed.
            let notified = self.shared().events.notified();
            match self.read(|transaction| read::has_event_after(transaction, job, after)) {
                Ok(false) => notified.await,
                Ok(true) => return,
                // The caller's next read will return the error.
                Err(error) => {
                    tracing::debug!(%error, %job, "waiting for an event ends early");
                    return;
                }
            }
        }
    }
}

/// Adds a duration to a time.
fn after(moment: Timestamp, length: Duration) -> Timestamp {
    moment.saturating_add(length).unwrap_or(Timestamp::MAX)
}
