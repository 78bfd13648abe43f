//! The tables of jobs in a write.

use grimoire_domain::Timestamp;
use grimoire_domain::job::{JobId, JobState};
use redb::ReadableTable;

use super::missing;
use crate::failure::Outcome;
use crate::record::job::{JobHead, JobRecord, state_code};
use crate::schema::{self, OpenJobValue};
use crate::step::{Noted, opened};
use crate::table::Table;

/// The tables of jobs in one transaction. A new job needs the first only.
pub(crate) struct JobTables<'t> {
    transaction: Noted<'t>,
    open: Table<'t, u64, OpenJobValue>,
    history: Option<HistoryTables<'t>>,
}

/// What is written once a job has begun.
pub(super) struct HistoryTables<'t> {
    ended: Table<'t, u64, &'static [u8]>,
    by_state: Table<'t, (u8, u64), ()>,
    by_lane: Table<'t, (&'static str, u64), ()>,
    pub(super) events: Table<'t, (u64, u64), &'static [u8]>,
}

impl<'t> JobTables<'t> {
    pub(crate) fn open(transaction: Noted<'t>) -> Outcome<Self> {
        Ok(Self { transaction, open: transaction.open(schema::JOBS_OPEN)?, history: None })
    }

    pub(super) fn history(&mut self) -> Outcome<&mut HistoryTables<'t>> {
        opened(&mut self.history, || {
            Ok(HistoryTables {
                ended: self.transaction.open(schema::JOBS_ENDED)?,
                by_state: self.transaction.open(schema::JOBS_BY_STATE)?,
                by_lane: self.transaction.open(schema::JOBS_BY_LANE)?,
                events: self.transaction.open(schema::JOB_EVENTS)?,
            })
        })
    }

    pub(super) fn load(&mut self, id: JobId) -> Outcome<JobRecord> {
        if let Some(found) = self.open.get(id.0)? {
            return Ok(JobRecord::decode(id, found.value().3)?);
        }
        let found = self.history()?.ended.get(id.0)?.ok_or_else(|| missing(id))?;
        Ok(JobRecord::decode(id, found.value())?)
    }

    /// Writes a job that goes on, or is new.
    pub(super) fn put_open(
        &mut self,
        id: JobId,
        head: &JobHead,
        due: Timestamp,
        bytes: &[u8],
    ) -> Outcome<()> {
        let value = (state_code(head.state()), due.as_nanosecond(), head.lane.as_deref(), bytes);
        self.open.insert(id.0, value)?;
        Ok(())
    }

    /// Writes a job that has ended.
    pub(super) fn put_ended(&mut self, id: JobId, head: &JobHead, bytes: &[u8]) -> Outcome<()> {
        self.open.remove(id.0)?;
        let history = self.history()?;
        history.ended.insert(id.0, bytes)?;
        history.by_state.insert((state_code(head.state()), id.0), ())?;
        if let Some(lane) = head.lane.as_deref() {
            history.by_lane.insert((lane, id.0), ())?;
        }
        Ok(())
    }

    /// Takes a job that had ended in a state out of the tables of those.
    pub(super) fn remove_ended(&mut self, id: JobId, head: &JobHead, state: JobState) -> Outcome<()> {
        let history = self.history()?;
        history.ended.remove(id.0)?;
        history.by_state.remove((state_code(state), id.0))?;
        if let Some(lane) = head.lane.as_deref() {
            history.by_lane.remove((lane, id.0))?;
        }
        Ok(())
    }

    pub(super) fn next_event(&mut self, job: JobId) -> Outcome<u64> {
        let events = &self.history()?.events;
        let last = events.range((job.0, 0)..=(job.0, u64::MAX))?.next_back().transpose()?;
        // The first follows from the job and has no row.
        Ok(last.map_or(1, |(key, _)| key.value().1) + 1)
    }
}
