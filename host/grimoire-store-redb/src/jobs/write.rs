//! Writing jobs. Every rule is checked before the first write, so that a refused request leaves no
//! trace in its group.

use grimoire_domain::Timestamp;
use grimoire_domain::job::{Job, JobEvent, JobId, JobState, Lease, NewJob};
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::store::AttemptEnd;
use serde_json::{Value, json};

use super::tables::JobTables;
use crate::counters::Counter;
use crate::failure::{Failure, Outcome};
use crate::memory::Memory;
use crate::record::job::{JobHead, JobRecord, StopRecord, encode_event};
use crate::step::Notes;

/// A job to be enqueued, encoded by the caller, so that the writer's time is not spent on it.
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

/// The jobs of one transaction.
pub(crate) struct Jobs<'s, 't> {
    pub(crate) tables: &'s mut JobTables<'t>,
    pub(crate) memory: &'s mut Memory,
    pub(crate) notes: &'s mut Notes,
}

/// What a change of state says of itself.
struct Telling {
    message: String,
    data: Value,
}

impl Telling {
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
            for id in self.memory.open_jobs.in_lane(lane) {
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
        let id = JobId(self.memory.counters.increase(Counter::LastJob));
        self.put_encoded(id, &new.record.head, &new.bytes, None)?;
        self.notes.jobs = true;
        // The event `queued`: it follows from the job.
        self.notes.events = true;
        Ok(id)
    }

    pub(crate) fn claim(&mut self, now: Timestamp, lease_until: Timestamp) -> Outcome<Option<(Job, Lease)>> {
        loop {
            let Some(id) = self.memory.open_jobs.next_ready(now) else { return Ok(None) };
            let mut record = self.tables.load(id)?;
            // A worker was asked to stop and never answered: nobody takes its work up again.
            if let Some(stop) = record.head.stop.clone() {
                self.turn(id, &mut record, stop.state(), Telling::new(stop.reason), now)?;
                continue;
            }
            let before = record.head.state();
            record.head.fence += 1;
            record.head.attempts += 1;
            record.head.lease_until = Some(lease_until);
            record.head.updated_at = now;
            record.head.set_state(JobState::Running);
            self.put(id, &record, Some(before))?;
            let attempt = record.head.attempts;
            let telling = Telling::with(format!("attempt {attempt} started"), json!({ "attempt": attempt }));
            self.tell(id, "started", telling, now)?;
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
        let (state, telling) = match (end, record.head.stop.clone()) {
            (AttemptEnd::Succeeded, _) => {
                record.head.last_error = None;
                (JobState::Succeeded, Telling::with("done", attempt))
            }
            (AttemptEnd::Dead { error }, _) => {
                record.head.last_error = Some(error.clone());
                (JobState::Dead, Telling::with(error, attempt))
            }
            (AttemptEnd::Superseded, stop) => {
                let reason = stop.map_or_else(|| "replaced by newer work".to_owned(), |stop| stop.reason);
                (JobState::Superseded, Telling::with(reason, attempt))
            }
            // Whoever was asked to stop does not run again, whatever it says of itself.
            (end, Some(stop)) => {
                if let AttemptEnd::Retry { error, .. } = end {
                    record.head.last_error = Some(error);
                }
                (stop.state(), Telling::with(stop.reason, attempt))
            }
            (AttemptEnd::Cancelled, None) => {
                (JobState::Cancelled, Telling::with("stopped on request", attempt))
            }
            (AttemptEnd::Retry { error, at }, None) => {
                record.head.run_at = at;
                record.head.last_error = Some(error.clone());
                let data = json!({ "attempt": record.head.attempts, "run_at": at });
                return self.turn_as(
                    id,
                    &mut record,
                    JobState::Queued,
                    "retrying",
                    Telling::with(error, data),
                    now,
                );
            }
            (AttemptEnd::Released, None) => {
                record.head.attempts -= 1;
                let telling = Telling::with("given back unfinished", attempt);
                return self.turn_as(id, &mut record, JobState::Queued, "released", telling, now);
            }
        };
        self.turn(id, &mut record, state, telling, now)
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
        for id in self.memory.open_jobs.in_lane(lane) {
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

    /// Queues an ended job again, with its attempts at 0.
    pub(crate) fn requeue(&mut self, id: JobId, now: Timestamp) -> Outcome<()> {
        let mut record = self.tables.load(id)?;
        record.head.attempts = 0;
        record.head.run_at = now;
        self.turn(id, &mut record, JobState::Queued, Telling::new("queued again"), now)
    }

    pub(crate) fn append_event(&mut self, lease: &Lease, mut event: JobEvent) -> Outcome<JobEvent> {
        self.held(lease)?;
        event.sequence = self.tables.next_event(lease.job)?;
        self.put_event(lease.job, &event)?;
        Ok(event)
    }

    /// Ends a queued job, or asks a running one to stop. Says whether that changed anything.
    fn stop(&mut self, id: JobId, mut record: JobRecord, stop: StopRecord, now: Timestamp) -> Outcome<bool> {
        match record.head.state() {
            JobState::Queued => {
                let state = stop.state();
                self.turn(id, &mut record, state, Telling::new(stop.reason), now)?;
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

    /// The running job of a lease that is still the newest.
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

    /// Takes a job that does not run any more to a state, and tells of it by the state's name.
    fn turn(
        &mut self,
        id: JobId,
        record: &mut JobRecord,
        state: JobState,
        telling: Telling,
        now: Timestamp,
    ) -> Outcome<()> {
        self.turn_as(id, record, state, state.as_str(), telling, now)
    }

    fn turn_as(
        &mut self,
        id: JobId,
        record: &mut JobRecord,
        state: JobState,
        step: &str,
        telling: Telling,
        now: Timestamp,
    ) -> Outcome<()> {
        let before = record.head.state();
        record.head.set_state(state);
        record.head.updated_at = now;
        record.head.lease_until = None;
        record.head.stop = None;
        self.put(id, record, Some(before))?;
        self.notes.jobs = true;
        self.tell(id, step, telling, now)
    }

    fn tell(&mut self, id: JobId, step: &str, telling: Telling, now: Timestamp) -> Outcome<()> {
        let Telling { message, data } = telling;
        let sequence = self.tables.next_event(id)?;
        self.put_event(id, &JobEvent { sequence, at: now, step: step.to_owned(), message, data })
    }

    fn put_event(&mut self, id: JobId, event: &JobEvent) -> Outcome<()> {
        self.notes.wrote = true;
        self.notes.events = true;
        self.tables.history()?.events.insert((id.0, event.sequence), encode_event(event).as_slice())?;
        Ok(())
    }

    fn put(&mut self, id: JobId, record: &JobRecord, before: Option<JobState>) -> Outcome<()> {
        self.put_encoded(id, &record.head, &record.encode(), before)
    }

    /// Writes a job with everything that is derived from it: indices, counts, schedule.
    fn put_encoded(
        &mut self,
        id: JobId,
        head: &JobHead,
        bytes: &[u8],
        before: Option<JobState>,
    ) -> Outcome<()> {
        self.notes.wrote = true;
        let state = head.state();
        if let Some(ended) = before.filter(|before| before.is_final()) {
            self.tables.remove_ended(id, head, ended)?;
        }
        match head.due() {
            Some(due) => self.tables.put_open(id, head, due, bytes)?,
            None => self.tables.put_ended(id, head, bytes)?,
        }
        let Memory { counters, open_jobs } = &mut *self.memory;
        if let Some(before) = before {
            counters.decrease(Counter::Jobs(before));
        }
        counters.increase(Counter::Jobs(state));
        open_jobs.set(id, head.lane.as_deref(), head.due().map(|due| (state, due)));
        Ok(())
    }
}
