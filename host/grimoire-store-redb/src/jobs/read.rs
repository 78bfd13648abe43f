//! Reading jobs.

use grimoire_domain::job::{Job, JobEvent, JobId, JobState};
use grimoire_domain::page::{Page, PageRequest};
use grimoire_ports::store::JobFilter;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata};

use super::missing;
use crate::counters::Counter;
use crate::failure::Outcome;
use crate::record::job::{decode_event, decode_head, decode_job, state_code};
use crate::schema::{JOB_EVENTS, JOBS, JOBS_BY_LANE, JOBS_BY_STATE};

pub(super) fn job(transaction: &ReadTransaction, id: JobId) -> Outcome<Job> {
    let found = transaction.open_table(JOBS)?.get(id.0)?.ok_or_else(|| missing(id))?;
    Ok(decode_job(id, found.value())?)
}

pub(super) fn count(transaction: &ReadTransaction) -> Outcome<[u64; 6]> {
    let mut counts = [0; 6];
    for (count, state) in counts.iter_mut().zip(JobState::ALL) {
        *count = Counter::Jobs(state).read(transaction)?;
    }
    Ok(counts)
}

/// Walks the smallest index that fits, newest first, and reads the jobs of the page only; the kind is
/// in no index, so that a filter by it reads the head of every job that passes the others.
pub(super) fn list(
    transaction: &ReadTransaction,
    filter: &JobFilter,
    page: PageRequest,
) -> Outcome<Page<Job>> {
    let mut window = Window {
        jobs: transaction.open_table(JOBS)?,
        kind: filter.kind.as_deref(),
        page,
        total: 0,
        ids: Vec::new(),
    };
    let states = transaction.open_table(JOBS_BY_STATE)?;
    let state = filter.state.map(state_code);
    if let Some(lane) = filter.lane.as_deref() {
        let lanes = transaction.open_table(JOBS_BY_LANE)?;
        for entry in lanes.range((lane, 0)..=(lane, u64::MAX))?.rev() {
            let id = entry?.0.value().1;
            let passes = match state {
                Some(state) => states.get((state, id))?.is_some(),
                None => true,
            };
            if passes {
                window.offer(id)?;
            }
        }
    } else if let Some(state) = state {
        for entry in states.range((state, 0)..=(state, u64::MAX))?.rev() {
            window.offer(entry?.0.value().1)?;
        }
    } else if filter.kind.is_some() {
        let jobs = transaction.open_table(JOBS)?;
        for entry in jobs.iter()?.rev() {
            window.offer(entry?.0.value())?;
        }
    } else {
        window.fill_from_all()?;
    }
    let mut items = Vec::with_capacity(window.ids.len());
    for id in window.ids {
        if let Some(found) = window.jobs.get(id.0)? {
            items.push(decode_job(id, found.value())?);
        }
    }
    Ok(Page { items, total: window.total })
}

/// Counts what passes and keeps what the page shows.
struct Window<'f> {
    jobs: ReadOnlyTable<u64, &'static [u8]>,
    kind: Option<&'f str>,
    page: PageRequest,
    total: u64,
    ids: Vec<JobId>,
}

impl Window<'_> {
    fn offer(&mut self, id: u64) -> Outcome<()> {
        if let Some(kind) = self.kind {
            let Some(found) = self.jobs.get(id)? else { return Ok(()) };
            if decode_head(JobId(id), found.value())?.kind != kind {
                return Ok(());
            }
        }
        if self.total >= self.page.skip() && self.ids.len() < self.page.limit() as usize {
            self.ids.push(JobId(id));
        }
        self.total += 1;
        Ok(())
    }

    /// All jobs: their number is known, and the walk ends with the page.
    fn fill_from_all(&mut self) -> Outcome<()> {
        self.total = self.jobs.len()?;
        if self.page.skip() < self.total {
            let skip = usize::try_from(self.page.skip()).unwrap_or(usize::MAX);
            for entry in self.jobs.iter()?.rev().skip(skip).take(self.page.limit() as usize) {
                self.ids.push(JobId(entry?.0.value()));
            }
        }
        Ok(())
    }
}

pub(super) fn events(
    transaction: &ReadTransaction,
    job: JobId,
    after: u64,
    limit: usize,
) -> Outcome<Vec<JobEvent>> {
    if transaction.open_table(JOBS)?.get(job.0)?.is_none() {
        return Err(missing(job));
    }
    let mut events = Vec::new();
    let Some(first) = after.checked_add(1) else { return Ok(events) };
    let table = transaction.open_table(JOB_EVENTS)?;
    for entry in table.range((job.0, first)..=(job.0, u64::MAX))?.take(limit) {
        let (key, value) = entry?;
        events.push(decode_event(job, key.value().1, value.value())?);
    }
    Ok(events)
}

pub(super) fn has_event_after(transaction: &ReadTransaction, job: JobId, after: u64) -> Outcome<bool> {
    let Some(next) = after.checked_add(1) else { return Ok(false) };
    // Sequences have no gaps.
    Ok(transaction.open_table(JOB_EVENTS)?.get((job.0, next))?.is_some())
}
