//! The tables of jobs in a write.

use grimoire_domain::job::{JobEvent, JobId, JobState};
use grimoire_domain::kind::ErrorKind;
use redb::{ReadableTable, Table, WriteTransaction};

use crate::failure::{Failure, Outcome};
use crate::record::job::{JobHead, JobRecord, encode_event, state_code};
use crate::records::Records;
use crate::schema;

/// The tables of jobs in a transaction.
pub(crate) struct JobTables<'t> {
    open: Records<Table<'t, u64, &'static [u8]>>,
    ended: Records<Table<'t, u64, &'static [u8]>>,
    by_state: Table<'t, (u8, u64), ()>,
    by_lane: Table<'t, (&'static str, u64), ()>,
    events: Records<Table<'t, (u64, u64), &'static [u8]>>,
}

impl<'t> JobTables<'t> {
    pub(crate) fn open(transaction: &'t WriteTransaction) -> Outcome<Self> {
        Ok(Self {
            open: Records(transaction.open_table(schema::JOBS_OPEN)?),
            ended: Records(transaction.open_table(schema::JOBS_ENDED)?),
            by_state: transaction.open_table(schema::JOBS_BY_STATE)?,
            by_lane: transaction.open_table(schema::JOBS_BY_LANE)?,
            events: Records(transaction.open_table(schema::JOB_EVENTS)?),
        })
    }

    pub(super) fn load(&self, id: JobId) -> Outcome<JobRecord> {
        let record = match self.open.get(id.0)? {
            Some(record) => record,
            None => self.ended.get(id.0)?.ok_or_else(|| missing(id))?,
        };
        Ok(JobRecord::decode(id, record.bytes())?)
    }

    /// Writes a job to the table and the indices of its state. `before` is the job's state in the
    /// tables; `None` for a new job.
    pub(super) fn put(
        &mut self,
        id: JobId,
        head: &JobHead,
        record: &[u8],
        before: Option<JobState>,
    ) -> Outcome<()> {
        if let Some(before) = before {
            if before.is_final() {
                self.remove_ended(id, head, before)?;
            } else if head.state().is_final() {
                self.open.remove(id.0)?;
            }
        }
        if head.state().is_final() {
            self.ended.insert(id.0, record)?;
            self.by_state.insert((state_code(head.state()), id.0), ())?;
            if let Some(lane) = head.lane.as_deref() {
                self.by_lane.insert((lane, id.0), ())?;
            }
        } else {
            self.open.insert(id.0, record)?;
        }
        Ok(())
    }

    fn remove_ended(&mut self, id: JobId, head: &JobHead, state: JobState) -> Outcome<()> {
        self.ended.remove(id.0)?;
        self.by_state.remove((state_code(state), id.0))?;
        if let Some(lane) = head.lane.as_deref() {
            self.by_lane.remove((lane, id.0))?;
        }
        Ok(())
    }

    /// The sequence number of a job's next event.
    pub(super) fn next_event(&self, job: JobId) -> Outcome<u64> {
        let last = self.events.0.range((job.0, 0)..=(job.0, u64::MAX))?.next_back().transpose()?;
        // The first event is derived from the job and has no row.
        Ok(last.map_or(1, |(key, _)| key.value().1) + 1)
    }

    pub(super) fn put_event(&mut self, job: JobId, event: &JobEvent) -> Outcome<()> {
        self.events.insert((job.0, event.sequence), &encode_event(event))
    }
}

/// The failure for a job that does not exist.
pub(super) fn missing(id: JobId) -> Failure {
    Failure::refused(ErrorKind::NotFound, format!("there is no job {id}"))
}
