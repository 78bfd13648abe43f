//! The schedule: the open jobs, and which of them a claim takes next.
//!
//! Only the first open job of a lane can be claimed. While it is queued, no younger job of the lane starts
//! before it; while it runs, it holds the lane until its lease ends. It is due when its own time has come
//! and no lease of the lane is live. Therefore a lane has one slot in the schedule, as has an open job
//! without a lane, and a claim takes the smallest id that is due without looking at the others.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use grimoire_domain::Timestamp;
use grimoire_domain::job::{JobId, JobState};
use redb::ReadTransaction;

use crate::failure::Outcome;
use crate::record::job::JobRecord;
use crate::records::Records;
use crate::schema::JOBS_OPEN;

/// The open jobs. Moments are nanoseconds since 1970.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    jobs: HashMap<u64, OpenJob>,
    lanes: HashMap<Arc<str>, Lane>,
    /// The slots by moment.
    waiting: BTreeSet<(i128, u64)>,
    /// Those whose moment a claim has seen pass, moved here from `waiting`: a claim takes the first,
    /// however many are due.
    ready: BTreeMap<u64, i128>,
}

#[derive(Debug)]
struct OpenJob {
    lane: Option<Arc<str>>,
    running: bool,
    /// Its own time: `run_at`, or the end of its lease.
    due: i128,
}

/// The open jobs of a lane; never empty.
#[derive(Debug, Default)]
struct Lane {
    open: BTreeSet<u64>,
    running: BTreeSet<u64>,
}

/// A slot of the schedule: the job, and the moment from which it may be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    moment: i128,
    id: u64,
}

impl Schedule {
    /// Reads all open jobs.
    pub(crate) fn load(transaction: &ReadTransaction) -> Outcome<Self> {
        let mut open = Self::default();
        let table = Records(transaction.open_table(JOBS_OPEN)?);
        for entry in table.rows()? {
            let (id, record) = entry?;
            let head = JobRecord::decode(JobId(id.value()), record.bytes())?.head;
            if let Some(due) = head.due() {
                let running = head.state() == JobState::Running;
                open.add(id.value(), head.lane.as_deref(), running, due.as_nanosecond());
            }
        }
        let lanes = open.lanes.values().filter_map(|lane| open.slot_of_lane(lane));
        let alone = open.jobs.iter().filter(|(_, job)| job.lane.is_none());
        let alone = alone.map(|(id, job)| Slot { moment: job.due, id: *id });
        open.waiting = lanes.chain(alone).map(|slot| (slot.moment, slot.id)).collect();
        Ok(open)
    }

    /// How many jobs run.
    pub(crate) fn running(&self) -> u64 {
        self.jobs.values().filter(|job| job.running).count() as u64
    }

    /// How many jobs are queued.
    pub(crate) fn queued(&self) -> u64 {
        self.jobs.len() as u64 - self.running()
    }

    /// The open jobs of a lane, oldest first.
    pub(super) fn in_lane(&self, lane: &str) -> Vec<JobId> {
        self.lanes.get(lane).map_or_else(Vec::new, |lane| lane.open.iter().copied().map(JobId).collect())
    }

    /// Adds or changes a job, or removes it once it has ended (`None`).
    pub(super) fn set(&mut self, id: JobId, lane: Option<&str>, open: Option<(JobState, Timestamp)>) {
        let id = id.0;
        let before = self.slot(lane, id);
        self.remove(id);
        if let Some((state, due)) = open {
            self.add(id, lane, state == JobState::Running, due.as_nanosecond());
        }
        let after = self.slot(lane, id);
        self.reschedule(before, after);
    }

    fn add(&mut self, id: u64, lane: Option<&str>, running: bool, due: i128) {
        let lane = lane.map(|name| {
            let name = match self.lanes.get_key_value(name) {
                Some((name, _)) => Arc::clone(name),
                None => Arc::from(name),
            };
            let lane = self.lanes.entry(Arc::clone(&name)).or_default();
            lane.open.insert(id);
            if running {
                lane.running.insert(id);
            }
            name
        });
        self.jobs.insert(id, OpenJob { lane, running, due });
    }

    fn remove(&mut self, id: u64) {
        let Some(OpenJob { lane: Some(name), .. }) = self.jobs.remove(&id) else { return };
        if let Some(lane) = self.lanes.get_mut(&name) {
            lane.open.remove(&id);
            lane.running.remove(&id);
            if lane.open.is_empty() {
                self.lanes.remove(&name);
            }
        }
    }

    /// The slot of a lane, or of the job `id` without one.
    fn slot(&self, lane: Option<&str>, id: u64) -> Option<Slot> {
        match lane {
            Some(lane) => self.slot_of_lane(self.lanes.get(lane)?),
            None => self.jobs.get(&id).map(|job| Slot { moment: job.due, id }),
        }
    }

    fn slot_of_lane(&self, lane: &Lane) -> Option<Slot> {
        let first = *lane.open.first()?;
        let moments = lane.running.iter().chain([&first]).filter_map(|id| self.jobs.get(id));
        moments.map(|job| job.due).max().map(|moment| Slot { moment, id: first })
    }

    /// Moves a slot of the schedule.
    fn reschedule(&mut self, before: Option<Slot>, after: Option<Slot>) {
        if before == after {
            return;
        }
        if let Some(Slot { moment, id }) = before
            && !self.waiting.remove(&(moment, id))
        {
            self.ready.remove(&id);
        }
        if let Some(Slot { moment, id }) = after {
            self.waiting.insert((moment, id));
        }
    }

    /// The smallest id that is due.
    pub(super) fn next_ready(&mut self, now: Timestamp) -> Option<JobId> {
        let now = now.as_nanosecond();
        while let Some((moment, id)) = self.waiting.first().copied().filter(|(moment, _)| *moment <= now) {
            self.waiting.pop_first();
            self.ready.insert(id, moment);
        }
        // The clock may have been set back since: then a job waits again.
        while let Some((&id, &moment)) = self.ready.first_key_value() {
            if moment <= now {
                return Some(JobId(id));
            }
            self.ready.pop_first();
            self.waiting.insert((moment, id));
        }
        None
    }

    /// Whether a claim has seen the moment of some job pass.
    pub(crate) fn seen_due(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The earliest moment of the schedule. If several have passed, any of them.
    pub(crate) fn next_moment(&self) -> Option<i128> {
        let ready = self.ready.first_key_value().map(|(_, moment)| *moment);
        let waiting = self.waiting.first().map(|(moment, _)| *moment);
        ready.into_iter().chain(waiting).min()
    }
}
