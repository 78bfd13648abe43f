//! Writing jobs. Every rule is checked before the first write, so that a refused request leaves no
//! trace in its group.

use grimoire_domain::Timestamp;
use grimoire_domain::job::{Job, JobEvent, JobId, JobState, Lease, NewJob};
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::store::AttemptEnd;
use redb::{ReadableTable, Table, WriteTransaction};
use serde_json::{Value, json};

use super::missing;
use crate::counters::{Counter, Counters};
use crate::failure::{Failure, Outcome};
use crate::record::job::{JobRecord, StopRecord, encode_event, state_code};
use crate::schema;
use crate::step::{Notes, open};

/// The tables of jobs in one transaction.
pub(crate) struct JobTables<'t> {
    jobs: Table<'t, u64, &'static [u8]>,
    events: Table<'t, (u64, u64), &'static [u8]>,
    by_state: Table<'t, (u8, u64), ()>,
    by_lane: Table<'t, (&'static str, u64), ()>,
    pub(super) open: Table<'t, (Option<&'static str>, u64), (u8, i128)>,
    pub(super) waiting: Table<'t, (i128, u64), ()>,
    pub(super) ready: Table<'t, u64, i128>,
}

impl<'t> JobTables<'t> {
    pub(crate) fn open(transaction: &'t WriteTransaction) -> Outcome<Self> {
        Ok(Self {
            jobs: open(transaction, schema::JOBS)?,
            events: open(transaction, schema::JOB_EVENTS)?,
            by_state: open(transaction, schema::JOBS_BY_STATE)?,
            by_lane: open(transaction, schema::JOBS_BY_LANE)?,
            open: open(transaction, schema::JOBS_OPEN)?,
            waiting: open(transaction, schema::JOBS_WAITING)?,
            ready: open(transaction, schema::JOBS_READY)?,
        })
    }

    fn load(&self, id: JobId) -> Outcome<JobRecord> {
        let found = self.jobs.get(id.0)?.ok_or_else(|| missing(id))?;
        Ok(JobRecord::decode(id, found.value())?)
    }

    fn open_in_lane(&self, lane: &str) -> Outcome<Vec<JobId>> {
        let mut ids = Vec::new();
        for entry in self.open.range((Some(lane), 0)..=(Some(lane), u64::MAX))? {
            ids.push(JobId(entry?.0.value().1));
        }
        Ok(ids)
    }

    fn next_event(&self, job: JobId) -> Outcome<u64> {
        let last = self.events.range((job.0, 0)..=(job.0, u64::MAX))?.next_back().transpose()?;
        Ok(last.map_or(0, |(key, _)| key.value().1) + 1)
    }
}

/// The jobs of one transaction.
pub(crate) struct Jobs<'s, 't> {
    pub(crate) tables: &'s mut JobTables<'t>,
    pub(crate) counters: &'s mut Counters,
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
    pub(crate) fn state(&self, id: JobId) -> Outcome<JobState> {
        Ok(self.tables.load(id)?.head.state())
    }

    pub(crate) fn enqueue(&mut self, spec: NewJob, now: Timestamp) -> Outcome<JobId> {
        let mut joined = None;
        if let (Some(lane), Some(version)) = (&spec.lane, &spec.version) {
            for id in self.tables.open_in_lane(lane)? {
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
            None => self.push(spec, now),
        }
    }

    fn push(&mut self, spec: NewJob, now: Timestamp) -> Outcome<JobId> {
        let id = JobId(self.counters.increase(Counter::LastJob));
        let record = JobRecord::new(spec, now);
        if let Some(lane) = record.head.lane.as_deref() {
            self.tables.by_lane.insert((lane, id.0), ())?;
        }
        self.put(id, &record, None)?;
        let data = json!({});
        let message = "waits for a worker".to_owned();
        self.put_event(id, &JobEvent { sequence: 1, at: now, step: "queued".to_owned(), message, data })?;
        self.notes.jobs = true;
        Ok(id)
    }

    pub(crate) fn claim(&mut self, now: Timestamp, lease_until: Timestamp) -> Outcome<Option<(Job, Lease)>> {
        loop {
            let (next, wrote) = self.tables.next_ready(now)?;
            self.notes.wrote |= wrote;
            let Some(id) = next.map(JobId) else { return Ok(None) };
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
        for id in self.tables.open_in_lane(lane)? {
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
    fn held(&self, lease: &Lease) -> Outcome<JobRecord> {
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
        self.tables.events.insert((id.0, event.sequence), encode_event(event).as_slice())?;
        Ok(())
    }

    /// Writes a job with everything that is derived from it: indices, counts, schedule.
    fn put(&mut self, id: JobId, record: &JobRecord, before: Option<JobState>) -> Outcome<()> {
        self.notes.wrote = true;
        self.tables.jobs.insert(id.0, record.encode().as_slice())?;
        let head = &record.head;
        let state = head.state();
        if before != Some(state) {
            if let Some(before) = before {
                self.tables.by_state.remove((state_code(before), id.0))?;
                self.counters.decrease(Counter::Jobs(before));
            }
            self.tables.by_state.insert((state_code(state), id.0), ())?;
            self.counters.increase(Counter::Jobs(state));
        }
        let lane = head.lane.as_deref();
        let turn_before = self.tables.turn(lane, id.0)?;
        match head.due() {
            Some(due) => {
                let open = (state_code(state), due.as_nanosecond());
                self.tables.open.insert((lane, id.0), open)?;
            }
            None => {
                self.tables.open.remove((lane, id.0))?;
            }
        }
        let turn_after = self.tables.turn(lane, id.0)?;
        self.tables.reschedule(turn_before, turn_after)
    }
}
