//! Writes of jobs. Every rule is checked before the first write, so that a refused request leaves no
//! trace in its group.

use grimoire_domain::Timestamp;
use grimoire_domain::job::{Job, JobEvent, JobId, JobState, Lease, NewJob};
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::store::{AttemptEnd, Kinds};
use serde_json::{Value, json};

use super::schedule::Schedule;
use super::tables::JobTables;
use crate::counters::{Counters, next};
use crate::effects::Effects;
use crate::failure::{Failure, Outcome};
use crate::record::job::{JobHead, JobRecord, StopRecord};

/// A job to enqueue. The caller encodes it to relieve the writer thread.
pub(crate) struct NewJobRecord {
    record: JobRecord,
    bytes: Vec<u8>,
}

impl NewJobRecord {
    pub(crate) fn of(spec: NewJob, now: Timestamp) -> Self {
        let record = JobRecord::new(spec, now);
        Self { bytes: record.encode(), record }
    }
}

/// The jobs in a transaction.
pub(crate) struct Jobs<'s, 't> {
    pub(crate) tables: &'s mut JobTables<'t>,
    pub(crate) counters: &'s mut Counters,
    pub(crate) schedule: &'s mut Schedule,
    pub(crate) effects: &'s mut Effects,
}

/// The text of a state change's event.
struct EventText {
    message: String,
    data: Value,
}

impl EventText {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), data: json!({}) }
    }

    fn with(message: impl Into<String>, data: Value) -> Self {
        Self { message: message.into(), data }
    }
}

impl Jobs<'_, '_> {
    pub(crate) fn state(&mut self, id: JobId) -> Outcome<JobState> {
        Ok(self.tables.load(id)?.head.state())
    }

    pub(crate) fn enqueue(&mut self, new: &NewJobRecord, now: Timestamp) -> Outcome<JobId> {
        let spec = &new.record.head;
        let mut joined = None;
        if let (Some(lane), Some(version)) = (&spec.lane, &spec.version) {
            for id in self.schedule.in_lane(lane) {
                let record = self.tables.load(id)?;
                let head = &record.head;
                if head.version.as_ref().is_some_and(|other| other != version) {
                    let reason = format!("replaced by work on {version}");
                    self.stop(id, record, StopRecord { superseded: true, reason }, now)?;
                } else if head.version.is_some()
                    && head.kind == spec.kind
                    && head.state() == JobState::Queued
                    && head.attempts == 0
                    && joined.is_none()
                {
                    joined = Some(id);
                }
            }
        }
        match joined {
            Some(id) => Ok(id),
            None => self.push(new),
        }
    }

    fn push(&mut self, new: &NewJobRecord) -> Outcome<JobId> {
        let id = JobId(next(&mut self.counters.last_job));
        self.put_encoded(id, &new.record.head, &new.bytes, None)?;
        self.effects.jobs = true;
        // The event `queued` is not stored.
        self.effects.events = true;
        Ok(id)
    }

    pub(crate) fn claim(
        &mut self,
        kinds: &Kinds,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Outcome<Option<(Job, Lease)>> {
        loop {
            let Some(id) = self.schedule.next_ready(kinds, now) else { return Ok(None) };
            let mut record = self.tables.load(id)?;
            // The worker was asked to stop and never answered, so the job ends instead of being claimed again.
            if let Some(stop) = record.head.stop.clone() {
                self.change_state(id, &mut record, stop.state(), EventText::new(stop.reason), now)?;
                continue;
            }
            let before = record.head.state();
            // The previous worker let its lease expire.
            if before == JobState::Running {
                record.head.failures += 1;
            }
            record.head.fence += 1;
            record.head.attempts += 1;
            record.head.lease_until = Some(lease_until);
            record.head.updated_at = now;
            record.head.set_state(JobState::Running);
            self.put(id, &record, Some(before))?;
            let attempt = record.head.attempts;
            let text = EventText::with(format!("attempt {attempt} started"), json!({ "attempt": attempt }));
            self.add_event(id, "started", text, now)?;
            let lease = Lease { job: id, fence: record.head.fence, until: lease_until };
            return Ok(Some((record.job(id)?, lease)));
        }
    }

    pub(crate) fn renew(&mut self, lease: &Lease, until: Timestamp) -> Outcome<bool> {
        let mut record = self.held(lease)?;
        record.head.lease_until = Some(until);
        self.put(lease.job, &record, Some(JobState::Running))?;
        Ok(record.head.stop.is_some())
    }

    pub(crate) fn end(&mut self, lease: &Lease, end: AttemptEnd, now: Timestamp) -> Outcome<()> {
        let id = lease.job;
        let mut record = self.held(lease)?;
        let attempt = json!({ "attempt": record.head.attempts });
        let (state, text) = match (end, record.head.stop.clone()) {
            (AttemptEnd::Succeeded, _) => {
                record.head.last_error = None;
                (JobState::Succeeded, EventText::with("done", attempt))
            }
            (AttemptEnd::Dead { error }, _) => {
                record.head.failures += 1;
                record.head.last_error = Some(error.clone());
                (JobState::Dead, EventText::with(error, attempt))
            }
            (AttemptEnd::Superseded, stop) => {
                let reason = stop.map_or_else(|| "replaced by newer work".to_owned(), |stop| stop.reason);
                (JobState::Superseded, EventText::with(reason, attempt))
            }
            // A job that was asked to stop does not run again, whatever end the worker reports.
            (end, Some(stop)) => {
                if let AttemptEnd::Retry { error, .. } = end {
                    record.head.failures += 1;
                    record.head.last_error = Some(error);
                }
                (stop.state(), EventText::with(stop.reason, attempt))
            }
            (AttemptEnd::Cancelled, None) => {
                (JobState::Cancelled, EventText::with("stopped on request", attempt))
            }
            (AttemptEnd::Postponed { reason, at }, None) => {
                return self.queue_for(id, &mut record, "postponed", reason, at, now);
            }
            (AttemptEnd::Retry { error, at }, None) => {
                record.head.failures += 1;
                return self.queue_for(id, &mut record, "retrying", error, at, now);
            }
            (AttemptEnd::Released, None) => {
                let text = EventText::with("given back unfinished", attempt);
                return self.change_state_as(id, &mut record, JobState::Queued, "released", text, now);
            }
        };
        self.change_state(id, &mut record, state, text, now)
    }

    pub(crate) fn cancel(&mut self, id: JobId, now: Timestamp) -> Outcome<Job> {
        let record = self.tables.load(id)?;
        let state = record.head.state();
        if state.is_final() {
            let message = format!("job {id} has ended already: it is {}", state.as_str());
            return Err(Failure::refused(ErrorKind::Conflict, message));
        }
        let stop = StopRecord { superseded: false, reason: "cancelled on request".to_owned() };
        self.stop(id, record, stop, now)?;
        Ok(self.tables.load(id)?.job(id)?)
    }

    pub(crate) fn cancel_lane(&mut self, lane: &str, reason: &str, now: Timestamp) -> Outcome<Vec<JobId>> {
        let mut touched = Vec::new();
        for id in self.schedule.in_lane(lane) {
            let record = self.tables.load(id)?;
            let stop = StopRecord { superseded: false, reason: reason.to_owned() };
            if self.stop(id, record, stop, now)? {
                touched.push(id);
            }
        }
        Ok(touched)
    }

    pub(crate) fn retry(&mut self, id: JobId, now: Timestamp) -> Outcome<Job> {
        let state = self.state(id)?;
        match state {
            JobState::Dead | JobState::Cancelled | JobState::Superseded => {
                self.requeue(id, now)?;
                Ok(self.tables.load(id)?.job(id)?)
            }
            JobState::Queued | JobState::Running | JobState::Succeeded => Err(Failure::refused(
                ErrorKind::Conflict,
                format!(
                    "job {id} is {}: only dead, cancelled and superseded jobs are retried",
                    state.as_str()
                ),
            )),
        }
    }

    /// Queues a job whose attempt has ended, for a later time.
    fn queue_for(
        &mut self,
        id: JobId,
        record: &mut JobRecord,
        step: &str,
        reason: String,
        at: Timestamp,
        now: Timestamp,
    ) -> Outcome<()> {
        record.head.run_at = at;
        record.head.last_error = Some(reason.clone());
        let data = json!({ "attempt": record.head.attempts, "run_at": at });
        self.change_state_as(id, record, JobState::Queued, step, EventText::with(reason, data), now)
    }

    /// Queues an ended job again, with its attempts and failures set to 0.
    pub(crate) fn requeue(&mut self, id: JobId, now: Timestamp) -> Outcome<()> {
        let mut record = self.tables.load(id)?;
        record.head.attempts = 0;
        record.head.failures = 0;
        record.head.run_at = now;
        self.change_state(id, &mut record, JobState::Queued, EventText::new("queued again"), now)
    }

    pub(crate) fn append_event(&mut self, lease: &Lease, mut event: JobEvent) -> Outcome<JobEvent> {
        self.held(lease)?;
        event.sequence = self.tables.next_event(lease.job)?;
        self.put_event(lease.job, &event)?;
        Ok(event)
    }

    /// Ends a queued job, or asks a running one to stop. Returns whether anything changed.
    fn stop(&mut self, id: JobId, mut record: JobRecord, stop: StopRecord, now: Timestamp) -> Outcome<bool> {
        match record.head.state() {
            JobState::Queued => {
                let state = stop.state();
                self.change_state(id, &mut record, state, EventText::new(stop.reason), now)?;
                Ok(true)
            }
            JobState::Running if record.head.stop.is_none() => {
                record.head.stop = Some(stop);
                record.head.updated_at = now;
                self.put(id, &record, Some(JobState::Running))?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Returns the running job of a lease, which must still be the newest.
    fn held(&mut self, lease: &Lease) -> Outcome<JobRecord> {
        let record = self.tables.load(lease.job)?;
        if record.head.state() == JobState::Running && record.head.fence == lease.fence {
            Ok(record)
        } else {
            let message =
                format!("the lease on job {} is lost: it was claimed again or has ended", lease.job);
            Err(Failure::refused(ErrorKind::Conflict, message))
        }
    }

    /// Moves a job that no longer runs to a state, with an event named like the state.
    fn change_state(
        &mut self,
        id: JobId,
        record: &mut JobRecord,
        state: JobState,
        text: EventText,
        now: Timestamp,
    ) -> Outcome<()> {
        self.change_state_as(id, record, state, state.as_str(), text, now)
    }

    fn change_state_as(
        &mut self,
        id: JobId,
        record: &mut JobRecord,
        state: JobState,
        step: &str,
        text: EventText,
        now: Timestamp,
    ) -> Outcome<()> {
        let before = record.head.state();
        record.head.set_state(state);
        record.head.updated_at = now;
        record.head.lease_until = None;
        record.head.stop = None;
        self.put(id, record, Some(before))?;
        self.effects.jobs = true;
        self.add_event(id, step, text, now)
    }

    fn add_event(&mut self, id: JobId, step: &str, text: EventText, now: Timestamp) -> Outcome<()> {
        let EventText { message, data } = text;
        let sequence = self.tables.next_event(id)?;
        self.put_event(id, &JobEvent { sequence, at: now, step: step.to_owned(), message, data })
    }

    fn put_event(&mut self, id: JobId, event: &JobEvent) -> Outcome<()> {
        self.effects.wrote = true;
        self.effects.events = true;
        self.tables.put_event(id, event)
    }

    fn put(&mut self, id: JobId, record: &JobRecord, before: Option<JobState>) -> Outcome<()> {
        self.put_encoded(id, &record.head, &record.encode(), before)
    }

    /// Writes a job with all derived data: indices, counts, schedule.
    fn put_encoded(
        &mut self,
        id: JobId,
        head: &JobHead,
        bytes: &[u8],
        before: Option<JobState>,
    ) -> Outcome<()> {
        self.effects.wrote = true;
        self.tables.put(id, head, bytes, before)?;
        if let Some(before) = before {
            *self.counters.jobs.of_mut(before) -= 1;
        }
        let state = head.state();
        *self.counters.jobs.of_mut(state) += 1;
        self.schedule.set(id, &head.kind, head.lane.as_deref(), head.due().map(|due| (state, due)));
        Ok(())
    }
}
