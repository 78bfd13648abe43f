//! Reads of jobs and their events.

use grimoire_domain::job::{Job, JobEvent, JobId, JobState};
use grimoire_domain::page::{Page, PageRequest};
use grimoire_ports::store::JobFilter;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata};

use super::tables::missing;
use crate::failure::Outcome;
use crate::record::job::{JobRecord, decode_event, first_event, state_code};
use crate::records::Records;
use crate::schema::{JOB_EVENTS, JOBS_BY_LANE, JOBS_BY_STATE, JOBS_ENDED, JOBS_OPEN};

/// All jobs of a transaction: each is in one of the two tables.
struct AllJobs {
    open: Records<ReadOnlyTable<u64, &'static [u8]>>,
    ended: Records<ReadOnlyTable<u64, &'static [u8]>>,
}

impl AllJobs {
    fn of(transaction: &ReadTransaction) -> Outcome<Self> {
        Ok(Self {
            open: Records(transaction.open_table(JOBS_OPEN)?),
            ended: Records(transaction.open_table(JOBS_ENDED)?),
        })
    }

    fn record(&self, id: JobId) -> Outcome<JobRecord> {
        let record = match self.open.get(id.0)? {
            Some(record) => record,
            None => self.ended.get(id.0)?.ok_or_else(|| missing(id))?,
        };
        Ok(JobRecord::decode(id, record.bytes())?)
    }

    fn contains(&self, id: JobId) -> Outcome<bool> {
        Ok(self.open.get(id.0)?.is_some() || self.ended.get(id.0)?.is_some())
    }
}

pub(crate) fn job(transaction: &ReadTransaction, id: JobId) -> Outcome<Job> {
    Ok(AllJobs::of(transaction)?.record(id)?.job(id)?)
}

/// Lists jobs. Without a filter, only the newest ids of both tables are read, up to the page. With a
/// filter, the ids come from the narrowest index; the kind is in no index, so a filter by kind reads
/// every job that matches the rest.
pub(crate) fn list(
    transaction: &ReadTransaction,
    filter: &JobFilter,
    page: PageRequest,
) -> Outcome<Page<Job>> {
    let jobs = AllJobs::of(transaction)?;
    let skip = usize::try_from(page.skip()).unwrap_or(usize::MAX);
    let limit = page.limit() as usize;
    let (mut ids, total) = if *filter == JobFilter::default() {
        let newest = skip.saturating_add(limit);
        let mut ids = Vec::new();
        for table in [&jobs.open.0, &jobs.ended.0] {
            for entry in table.iter()?.rev().take(newest) {
                ids.push(entry?.0.value());
            }
        }
        (ids, jobs.open.0.len()? + jobs.ended.0.len()?)
    } else {
        let mut ids = open_ids(&jobs, filter)?;
        ids.extend(ended_ids(transaction, &jobs, filter)?);
        let total = ids.len() as u64;
        (ids, total)
    };
    ids.sort_unstable_by(|one, other| other.cmp(one));
    let mut items = Vec::new();
    for id in ids.into_iter().skip(skip).take(limit).map(JobId) {
        items.push(jobs.record(id)?.job(id)?);
    }
    Ok(Page { items, total })
}

/// The open jobs that match the filter. There are few: all of them are read.
fn open_ids(jobs: &AllJobs, filter: &JobFilter) -> Outcome<Vec<u64>> {
    let mut ids = Vec::new();
    if filter.state.is_some_and(JobState::is_final) {
        return Ok(ids);
    }
    for entry in jobs.open.rows()? {
        let (id, record) = entry?;
        let head = JobRecord::decode(JobId(id.value()), record.bytes())?.head;
        if filter.state.is_none_or(|state| state == head.state())
            && (filter.lane.is_none() || filter.lane == head.lane)
            && filter.kind.as_ref().is_none_or(|kind| *kind == head.kind)
        {
            ids.push(id.value());
        }
    }
    Ok(ids)
}

/// The ended jobs that match the filter.
fn ended_ids(transaction: &ReadTransaction, jobs: &AllJobs, filter: &JobFilter) -> Outcome<Vec<u64>> {
    let mut ids = Vec::new();
    let by_state = transaction.open_table(JOBS_BY_STATE)?;
    if let Some(lane) = filter.lane.as_deref() {
        let by_lane = transaction.open_table(JOBS_BY_LANE)?;
        for entry in by_lane.range((lane, 0)..=(lane, u64::MAX))? {
            let id = entry?.0.value().1;
            let passes = match filter.state {
                Some(state) => by_state.get((state_code(state), id))?.is_some(),
                None => true,
            };
            if passes {
                ids.push(id);
            }
        }
    } else if let Some(code) = filter.state.map(state_code) {
        for entry in by_state.range((code, 0)..=(code, u64::MAX))? {
            ids.push(entry?.0.value().1);
        }
    } else {
        for entry in jobs.ended.0.iter()? {
            ids.push(entry?.0.value());
        }
    }
    let Some(kind) = &filter.kind else { return Ok(ids) };
    let mut of_kind = Vec::new();
    for id in ids {
        if jobs.record(JobId(id))?.head.kind == *kind {
            of_kind.push(id);
        }
    }
    Ok(of_kind)
}

pub(crate) fn events(
    transaction: &ReadTransaction,
    job: JobId,
    after: u64,
    limit: usize,
) -> Outcome<Vec<JobEvent>> {
    let record = AllJobs::of(transaction)?.record(job)?;
    let mut events = Vec::new();
    if after == 0 && limit > 0 {
        events.push(first_event(&record.head));
    }
    let Some(first) = after.checked_add(1) else { return Ok(events) };
    let table = Records(transaction.open_table(JOB_EVENTS)?);
    for entry in table.range((job.0, first)..=(job.0, u64::MAX))?.take(limit - events.len()) {
        let (key, record) = entry?;
        events.push(decode_event(job, key.value().1, record.bytes())?);
    }
    Ok(events)
}

pub(crate) fn has_event_after(transaction: &ReadTransaction, job: JobId, after: u64) -> Outcome<bool> {
    if after == 0 {
        // Every job has its first event.
        return AllJobs::of(transaction)?.contains(job);
    }
    let Some(next) = after.checked_add(1) else { return Ok(false) };
    // Sequence numbers have no gaps.
    Ok(Records(transaction.open_table(JOB_EVENTS)?).get((job.0, next))?.is_some())
}
