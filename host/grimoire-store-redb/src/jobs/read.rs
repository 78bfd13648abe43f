//! Reading jobs.

use std::iter::Peekable;

use grimoire_domain::job::{Job, JobEvent, JobId, JobState};
use grimoire_domain::page::{Page, PageRequest};
use grimoire_ports::store::JobFilter;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata, StorageError};

use super::missing;
use crate::failure::Outcome;
use crate::record::job::{JobHead, decode_event, decode_head, decode_job, first_event, state_code};
use crate::schema::{JOB_EVENTS, JOBS_BY_LANE, JOBS_BY_STATE, JOBS_ENDED, JOBS_OPEN, OpenJobValue};

/// All jobs of a transaction: a job is in one of the two tables.
struct AllJobs {
    open: ReadOnlyTable<u64, OpenJobValue>,
    ended: ReadOnlyTable<u64, &'static [u8]>,
}

impl AllJobs {
    fn of(transaction: &ReadTransaction) -> Outcome<Self> {
        Ok(Self { open: transaction.open_table(JOBS_OPEN)?, ended: transaction.open_table(JOBS_ENDED)? })
    }

    fn job(&self, id: JobId) -> Outcome<Job> {
        if let Some(found) = self.open.get(id.0)? {
            return Ok(decode_job(id, found.value().3)?);
        }
        let found = self.ended.get(id.0)?.ok_or_else(|| missing(id))?;
        Ok(decode_job(id, found.value())?)
    }

    fn head(&self, id: JobId) -> Outcome<JobHead> {
        if let Some(found) = self.open.get(id.0)? {
            return Ok(decode_head(id, found.value().3)?);
        }
        let found = self.ended.get(id.0)?.ok_or_else(|| missing(id))?;
        Ok(decode_head(id, found.value())?)
    }
}

pub(super) fn job(transaction: &ReadTransaction, id: JobId) -> Outcome<Job> {
    AllJobs::of(transaction)?.job(id)
}

/// Walks the open jobs, which are few, and the smallest index of the others that fits, newest first, and
/// reads the jobs of the page only; the kind is in no index, so that a filter by it reads the head of
/// every job that passes the others.
pub(super) fn list(
    transaction: &ReadTransaction,
    filter: &JobFilter,
    page: PageRequest,
) -> Outcome<Page<Job>> {
    let jobs = AllJobs::of(transaction)?;
    let lane = filter.lane.as_deref();
    let state = filter.state;
    let mut window = Window { jobs: &jobs, kind: filter.kind.as_deref(), page, total: 0, ids: Vec::new() };

    let open = jobs.open.iter()?.rev().filter_map(|entry| match entry {
        Ok((id, value)) => {
            let (code, _, in_lane, _) = value.value();
            let passes =
                state.is_none_or(|state| state_code(state) == code) && (lane.is_none() || lane == in_lane);
            passes.then(|| Ok(id.value()))
        }
        Err(error) => Some(Err(error)),
    });
    let open = open.take(if state.is_none_or(|state| !state.is_final()) { usize::MAX } else { 0 });

    let states = transaction.open_table(JOBS_BY_STATE)?;
    let lanes = transaction.open_table(JOBS_BY_LANE)?;
    let of_lane;
    let of_state;
    let of_all;
    let ended: &mut dyn Iterator<Item = Result<u64, StorageError>> = if let Some(lane) = lane {
        of_lane = lanes.range((lane, 0)..=(lane, u64::MAX))?.rev().map(|entry| Ok(entry?.0.value().1));
        &mut of_lane.filter_map(|id| keep_state(&states, state, id))
    } else if let Some(state) = state {
        let code = state_code(state);
        of_state = states.range((code, 0)..=(code, u64::MAX))?;
        &mut of_state.rev().map(|entry| Ok(entry?.0.value().1))
    } else {
        of_all = jobs.ended.iter()?;
        &mut of_all.rev().map(|entry| Ok(entry?.0.value()))
    };

    let merged = Descending { left: open.peekable(), right: ended.peekable() };
    if filter.lane.is_none() && state.is_none() && filter.kind.is_none() {
        // Their number is known, and the walk ends with the page.
        window.total = jobs.open.len()? + jobs.ended.len()?;
        let skip = usize::try_from(page.skip()).unwrap_or(usize::MAX);
        for id in merged.skip(skip).take(page.limit() as usize) {
            window.ids.push(JobId(id?));
        }
    } else {
        for id in merged {
            window.offer(JobId(id?))?;
        }
    }
    let items = window.ids.iter().map(|id| jobs.job(*id)).collect::<Outcome<_>>()?;
    Ok(Page { items, total: window.total })
}

/// The id, where the job is in the state that is asked for, if any is.
fn keep_state(
    states: &ReadOnlyTable<(u8, u64), ()>,
    state: Option<JobState>,
    id: Result<u64, StorageError>,
) -> Option<Result<u64, StorageError>> {
    let Some(state) = state else { return Some(id) };
    let passes =
        |id: u64| -> Result<bool, StorageError> { Ok(states.get((state_code(state), id))?.is_some()) };
    match id.and_then(|id| Ok((id, passes(id)?))) {
        Ok((id, passes)) => passes.then_some(Ok(id)),
        Err(error) => Some(Err(error)),
    }
}

/// Joins two descending sequences into one.
struct Descending<L: Iterator, R: Iterator> {
    left: Peekable<L>,
    right: Peekable<R>,
}

impl<E, L, R> Iterator for Descending<L, R>
where
    L: Iterator<Item = Result<u64, E>>,
    R: Iterator<Item = Result<u64, E>>,
{
    type Item = Result<u64, E>;

    fn next(&mut self) -> Option<Self::Item> {
        match (self.left.peek(), self.right.peek()) {
            (Some(Ok(left)), Some(Ok(right))) if left < right => self.right.next(),
            (None, _) => self.right.next(),
            _ => self.left.next(),
        }
    }
}

/// Counts what passes and keeps what the page shows.
struct Window<'f> {
    jobs: &'f AllJobs,
    kind: Option<&'f str>,
    page: PageRequest,
    total: u64,
    ids: Vec<JobId>,
}

impl Window<'_> {
    fn offer(&mut self, id: JobId) -> Outcome<()> {
        if let Some(kind) = self.kind
            && self.jobs.head(id)?.kind != kind
        {
            return Ok(());
        }
        if self.total >= self.page.skip() && self.ids.len() < self.page.limit() as usize {
            self.ids.push(id);
        }
        self.total += 1;
        Ok(())
    }
}

pub(super) fn events(
    transaction: &ReadTransaction,
    job: JobId,
    after: u64,
    limit: usize,
) -> Outcome<Vec<JobEvent>> {
    let head = AllJobs::of(transaction)?.head(job)?;
    let mut events = Vec::new();
    let table = transaction.open_table(JOB_EVENTS)?;
    // Files of earlier versions have a row for it.
    if after == 0 && limit > 0 && table.get((job.0, 1))?.is_none() {
        events.push(first_event(&head));
    }
    let Some(first) = after.checked_add(1) else { return Ok(events) };
    for entry in table.range((job.0, first)..=(job.0, u64::MAX))?.take(limit - events.len()) {
        let (key, value) = entry?;
        events.push(decode_event(job, key.value().1, value.value())?);
    }
    Ok(events)
}

pub(super) fn has_event_after(transaction: &ReadTransaction, job: JobId, after: u64) -> Outcome<bool> {
    let Some(next) = after.checked_add(1) else { return Ok(false) };
    if next == 1 {
        // Every job has its first.
        let jobs = AllJobs::of(transaction)?;
        return Ok(jobs.open.get(job.0)?.is_some() || jobs.ended.get(job.0)?.is_some());
    }
    // Sequences have no gaps.
    Ok(transaction.open_table(JOB_EVENTS)?.get((job.0, next))?.is_some())
}
