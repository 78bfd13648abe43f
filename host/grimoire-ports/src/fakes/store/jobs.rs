//! Jobs in memory.

use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use grimoire_domain::Timestamp;
use grimoire_domain::job::{Job, JobEvent, JobId, JobState, Lease, NewJob};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::{Page, PageRequest};
use serde_json::{Value, json};

use super::job_record::{JobRecord, StopCause};
use super::{Content, MemoryStore, page_of};
use crate::PortError;
use crate::store::{AttemptEnd, JobCounts, JobFilter, JobStore, Kinds};

fn not_found(id: JobId) -> PortError {
    PortError::new(ErrorKind::NotFound, format!("there is no job {id}"))
}

impl Content {
    fn push_job(&mut self, spec: NewJob, now: Timestamp) -> JobId {
        let id = JobId(self.jobs.len() as u64 + 1);
        let job = Job {
            id,
            spec,
            state: JobState::Queued,
            attempts: 0,
            failures: 0,
            run_at: now,
            created_at: now,
            updated_at: now,
            last_error: None,
            cancel_requested: false,
        };
        let mut record = JobRecord { job, fence: 0, lease_until: None, stop: None, events: Vec::new() };
        record.event("queued", "waits for a worker", json!({}), now);
        self.jobs.insert(id, record);
        id
    }

    pub(super) fn enqueue(&mut self, spec: NewJob, now: Timestamp) -> JobId {
        let (Some(lane), Some(version)) = (&spec.lane, &spec.version) else {
            return self.push_job(spec, now);
        };
        for id in self.open_in_lane(lane) {
            if self.jobs[&id].job.spec.version.as_ref().is_some_and(|other| other != version) {
                self.stop(id, StopCause::Superseded, &format!("replaced by work on {version}"), now);
            }
        }
        let same = self.jobs.values().find(|record| {
            record.job.state == JobState::Queued
                && record.job.attempts == 0
                && record.job.spec.lane == spec.lane
                && record.job.spec.kind == spec.kind
                && record.job.spec.version == spec.version
        });
        match same {
            Some(record) => record.job.id,
            None => self.push_job(spec, now),
        }
    }

    pub(super) fn open_in_lane(&self, lane: &str) -> Vec<JobId> {
        let open = self
            .jobs
            .values()
            .filter(|record| !record.job.state.is_final() && record.job.spec.lane.as_deref() == Some(lane));
        open.map(|record| record.job.id).collect()
    }

    /// Ends a queued job, or asks a running one to stop. Returns whether anything changed.
    pub(super) fn stop(&mut self, id: JobId, cause: StopCause, reason: &str, now: Timestamp) -> bool {
        let record = self.jobs.get_mut(&id).expect("the caller has seen this job");
        match record.job.state {
            JobState::Queued => {
                record.change_state(cause.state(), cause.state().as_str(), reason, json!({}), now);
                true
            }
            JobState::Running if record.stop.is_none() => {
                record.stop = Some((cause, reason.to_owned()));
                record.job.cancel_requested = true;
                record.job.updated_at = now;
                true
            }
            _ => false,
        }
    }

    pub(super) fn requeue(&mut self, id: JobId, now: Timestamp) {
        let record = self.jobs.get_mut(&id).expect("the caller has seen this job");
        record.job.attempts = 0;
        record.job.failures = 0;
        record.job.run_at = now;
        record.change_state(JobState::Queued, "queued", "queued again", json!({}), now);
    }

    /// Returns true if the lane allows a due job to run.
    fn lane_is_free(&self, record: &JobRecord, now: Timestamp) -> bool {
        let Some(lane) = &record.job.spec.lane else { return true };
        !self.jobs.values().any(|other| {
            other.job.id != record.job.id
                && other.job.spec.lane.as_ref() == Some(lane)
                && (other.is_live(now) || (!other.job.state.is_final() && other.job.id < record.job.id))
        })
    }

    fn next_runnable(&self, kinds: &Kinds, now: Timestamp) -> Option<JobId> {
        let may_run = |record: &&JobRecord| {
            kinds.contains(&record.job.spec.kind)
                && record.due().is_some_and(|due| due <= now)
                && self.lane_is_free(record, now)
        };
        self.jobs.values().find(may_run).map(|record| record.job.id)
    }

    fn held(&mut self, lease: &Lease) -> Result<&mut JobRecord, PortError> {
        let record = self.jobs.get_mut(&lease.job).ok_or_else(|| not_found(lease.job))?;
        if record.job.state == JobState::Running && record.fence == lease.fence {
            Ok(record)
        } else {
            let message =
                format!("the lease on job {} is lost: it was claimed again or has ended", lease.job);
            Err(PortError::new(ErrorKind::Conflict, message))
        }
    }
}

impl MemoryStore {
    /// The store clock's current time, and the end of a lease of this length.
    fn lease_from_now(&self, length: Duration) -> (Timestamp, Timestamp) {
        let now = self.0.clock.now();
        (now, now.saturating_add(length).unwrap_or(Timestamp::MAX))
    }

    /// Changes jobs and wakes everybody who waits for a job or an event.
    pub(super) fn write_jobs<T>(&self, write: impl FnOnce(&mut Content) -> T) -> T {
        let written = write(&mut self.content());
        self.0.jobs.notify_waiters();
        self.0.events.notify_waiters();
        written
    }
}

#[async_trait]
impl JobStore for MemoryStore {
    async fn enqueue_job(&self, job: NewJob, now: Timestamp) -> Result<JobId, PortError> {
        Ok(self.write_jobs(|content| content.enqueue(job, now)))
    }

    async fn claim_job(&self, kinds: &Kinds, lease: Duration) -> Result<Option<(Job, Lease)>, PortError> {
        let (now, lease_until) = self.lease_from_now(lease);
        let mut content = self.content();
        let claimed = loop {
            let Some(id) = content.next_runnable(kinds, now) else { break None };
            let record = content.jobs.get_mut(&id).expect("the job was found above");
            // The worker was asked to stop and never answered, so the job ends instead of being claimed again.
            if let Some((cause, reason)) = record.stop.take() {
                record.change_state(cause.state(), cause.state().as_str(), reason, json!({}), now);
                continue;
            }
            // The previous worker let its lease expire.
            if record.job.state == JobState::Running {
                record.job.failures += 1;
            }
            record.fence += 1;
            record.job.attempts += 1;
            record.lease_until = Some(lease_until);
            let attempt = record.job.attempts;
            let message = format!("attempt {attempt} started");
            record.change_state(JobState::Running, "started", message, json!({ "attempt": attempt }), now);
            let lease = Lease { job: id, fence: record.fence, until: lease_until };
            break Some((record.job.clone(), lease));
        };
        drop(content);
        self.0.events.notify_waiters();
        Ok(claimed)
    }

    async fn next_claim_at(&self, kinds: &Kinds) -> Result<Option<Timestamp>, PortError> {
        let content = self.content();
        // A job becomes available only when some job becomes due.
        let mut moments: Vec<_> = content.jobs.values().filter_map(JobRecord::due).collect();
        moments.sort_unstable();
        Ok(moments.into_iter().find(|moment| content.next_runnable(kinds, *moment).is_some()))
    }

    fn wait_for_job<'store, 'wait>(&'store self) -> Pin<Box<dyn Future<Output = ()> + Send + 'wait>>
    where
        'store: 'wait,
        Self: 'wait,
    {
        // Created by the call, not by the first poll, so that no wake-up in between is missed.
        let notified = self.0.jobs.notified();
        Box::pin(notified)
    }

    async fn renew_lease(&self, lease: &Lease, length: Duration) -> Result<bool, PortError> {
        let (_, until) = self.lease_from_now(length);
        let mut content = self.content();
        let record = content.held(lease)?;
        record.lease_until = Some(until);
        Ok(record.job.cancel_requested)
    }

    async fn end_attempt(&self, lease: &Lease, end: AttemptEnd, now: Timestamp) -> Result<(), PortError> {
        self.write_jobs(|content| {
            let record = content.held(lease)?;
            let attempt = json!({ "attempt": record.job.attempts });
            match (end, record.stop.take()) {
                (AttemptEnd::Succeeded, _) => {
                    record.job.last_error = None;
                    record.change_state(JobState::Succeeded, "succeeded", "done", attempt, now);
                }
                (AttemptEnd::Dead { error }, _) => {
                    record.job.failures += 1;
                    record.job.last_error = Some(error.clone());
                    record.change_state(JobState::Dead, "dead", error, attempt, now);
                }
                (AttemptEnd::Superseded, stop) => {
                    let message =
                        stop.map_or_else(|| "replaced by newer work".to_owned(), |(_, reason)| reason);
                    record.change_state(JobState::Superseded, "superseded", message, attempt, now);
                }
                // A job that was asked to stop does not run again, whatever end the worker reports.
                (end, Some((cause, reason))) => {
                    if let AttemptEnd::Retry { error, .. } = end {
                        record.job.failures += 1;
                        record.job.last_error = Some(error);
                    }
                    record.change_state(cause.state(), cause.state().as_str(), reason, attempt, now);
                }
                (AttemptEnd::Cancelled, None) => {
                    record.change_state(JobState::Cancelled, "cancelled", "stopped on request", attempt, now);
                }
                (AttemptEnd::Postponed { reason, at }, None) => {
                    record.job.run_at = at;
                    record.job.last_error = Some(reason.clone());
                    let data = json!({ "attempt": record.job.attempts, "run_at": at });
                    record.change_state(JobState::Queued, "postponed", reason, data, now);
                }
                (AttemptEnd::Retry { error, at }, None) => {
                    record.job.failures += 1;
                    record.job.run_at = at;
                    record.job.last_error = Some(error.clone());
                    let data = json!({ "attempt": record.job.attempts, "run_at": at });
                    record.change_state(JobState::Queued, "retrying", error, data, now);
                }
                (AttemptEnd::Released, None) => {
                    record.change_state(JobState::Queued, "released", "given back unfinished", attempt, now);
                }
            }
            Ok(())
        })
    }

    async fn cancel_job(&self, id: JobId, now: Timestamp) -> Result<Job, PortError> {
        self.write_jobs(|content| {
            let state = content.jobs.get(&id).ok_or_else(|| not_found(id))?.job.state;
            if state.is_final() {
                let message = format!("job {id} has ended already: it is {}", state.as_str());
                return Err(PortError::new(ErrorKind::Conflict, message));
            }
            content.stop(id, StopCause::Cancelled, "cancelled on request", now);
            Ok(content.jobs[&id].job.clone())
        })
    }

    async fn cancel_lane(&self, lane: &str, reason: &str, now: Timestamp) -> Result<Vec<JobId>, PortError> {
        Ok(self.write_jobs(|content| {
            let open = content.open_in_lane(lane);
            open.into_iter().filter(|id| content.stop(*id, StopCause::Cancelled, reason, now)).collect()
        }))
    }

    async fn retry_job(&self, id: JobId, now: Timestamp) -> Result<Job, PortError> {
        self.write_jobs(|content| {
            let state = content.jobs.get(&id).ok_or_else(|| not_found(id))?.job.state;
            match state {
                JobState::Dead | JobState::Cancelled | JobState::Superseded => {
                    content.requeue(id, now);
                    Ok(content.jobs[&id].job.clone())
                }
                JobState::Queued | JobState::Running | JobState::Succeeded => Err(PortError::new(
                    ErrorKind::Conflict,
                    format!(
                        "job {id} is {}: only dead, cancelled and superseded jobs are retried",
                        state.as_str()
                    ),
                )),
            }
        })
    }

    async fn get_job(&self, id: JobId) -> Result<Job, PortError> {
        self.content().jobs.get(&id).map(|record| record.job.clone()).ok_or_else(|| not_found(id))
    }

    async fn list_jobs(&self, filter: &JobFilter, page: PageRequest) -> Result<Page<Job>, PortError> {
        let content = self.content();
        let jobs = content.jobs.values().rev().map(|record| &record.job);
        let wanted = jobs.filter(|job| {
            filter.state.is_none_or(|state| state == job.state)
                && filter.kind.as_ref().is_none_or(|kind| *kind == job.spec.kind)
                && filter.lane.as_ref().is_none_or(|lane| job.spec.lane.as_ref() == Some(lane))
        });
        Ok(page_of(wanted.cloned().collect(), page))
    }

    async fn count_jobs(&self) -> Result<JobCounts, PortError> {
        let mut counts = JobCounts::default();
        for record in self.content().jobs.values() {
            *counts.of_mut(record.job.state) += 1;
        }
        Ok(counts)
    }

    async fn append_event(
        &self,
        lease: &Lease,
        step: &str,
        message: &str,
        data: Value,
        now: Timestamp,
    ) -> Result<JobEvent, PortError> {
        let event = self.content().held(lease)?.event(step, message, data, now);
        self.0.events.notify_waiters();
        Ok(event)
    }

    async fn events_after(&self, job: JobId, after: u64, limit: usize) -> Result<Vec<JobEvent>, PortError> {
        let content = self.content();
        let record = content.jobs.get(&job).ok_or_else(|| not_found(job))?;
        Ok(record.events.iter().filter(|event| event.sequence > after).take(limit).cloned().collect())
    }

    async fn wait_for_event(&self, job: JobId, after: u64) {
        loop {
            // Created before looking, so that an event between looking and waiting is not missed.
            let notified = self.0.events.notified();
            if self.content().jobs.get(&job).is_some_and(|record| record.events.len() as u64 > after) {
                return;
            }
            notified.await;
        }
    }
}
