//! The open jobs and which of them is next.
//!
//! Of each lane only its first open job can be claimed: when it is queued, older work does not wait
//! behind younger; when it runs, it holds the lane until its lease ends. Its moment has come when its
//! own time has and no lease of the lane is live. So a lane has one place in the schedule, an open job
//! without a lane has one of its own, and a claim takes the smallest id whose moment has come, without
//! looking at those that wait.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use grimoire_domain::Timestamp;
use grimoire_domain::job::{JobId, JobState};
use redb::{ReadTransaction, ReadableTable};

use crate::failure::Outcome;
use crate::record::job::state_code;
use crate::schema::JOBS_OPEN;

/// The open jobs. Moments are nanoseconds since 1970.
#[derive(Debug, Default)]
pub(crate) struct OpenJobs {
    jobs: HashMap<u64, OpenJob>,
    lanes: HashMap<Arc<str>, Lane>,
    /// The next job of each lane, and each open job without one, by the moment from which it may be
    /// claimed.
    waiting: BTreeSet<(i128, u64)>,
    /// Those whose moment a claim has seen pass; they are not in `waiting` any more. Claims take the
    /// first, however many are due.
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

/// Who may be claimed from when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Turn {
    moment: i128,
    id: u64,
}

impl OpenJobs {
    /// Reads all of them.
    pub(crate) fn load(transaction: &ReadTransaction) -> Outcome<Self> {
        let mut open = Self::default();
        for entry in transaction.open_table(JOBS_OPEN)?.iter()? {
            let (id, value) = entry?;
            let (state, due, lane, _) = value.value();
            open.add(id.value(), lane, state == state_code(JobState::Running), due);
        }
        let lanes = open.lanes.values().filter_map(|lane| open.turn_of(lane));
        let alone = open.jobs.iter().filter(|(_, job)| job.lane.is_none());
        let alone = alone.map(|(id, job)| Turn { moment: job.due, id: *id });
        open.waiting = lanes.chain(alone).map(|turn| (turn.moment, turn.id)).collect();
        Ok(open)
    }

    /// For each of them, whether it runs.
    pub(crate) fn running(&self) -> impl Iterator<Item = bool> {
        self.jobs.values().map(|job| job.running)
    }

    /// The open jobs of a lane, oldest first.
    pub(super) fn in_lane(&self, lane: &str) -> Vec<JobId> {
        self.lanes.get(lane).map_or_else(Vec::new, |lane| lane.open.iter().copied().map(JobId).collect())
    }

    /// Takes note of a job's state and time: adds, changes, or (`None`: it has ended) removes it.
    pub(super) fn set(&mut self, id: JobId, lane: Option<&str>, open: Option<(JobState, Timestamp)>) {
        let id = id.0;
        let before = self.turn(lane, id);
        self.remove(id);
        if let Some((state, due)) = open {
            self.add(id, lane, state == JobState::Running, due.as_nanosecond());
        }
        let after = self.turn(lane, id);
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

    /// The place in the schedule of a lane, or of the job `id` where it has none.
    fn turn(&self, lane: Option<&str>, id: u64) -> Option<Turn> {
        match lane {
            Some(lane) => self.turn_of(self.lanes.get(lane)?),
            None => self.jobs.get(&id).map(|job| Turn { moment: job.due, id }),
        }
    }

    fn turn_of(&self, lane: &Lane) -> Option<Turn> {
        let first = *lane.open.first()?;
        let moments = lane.running.iter().chain([&first]).filter_map(|id| self.jobs.get(id));
        moments.map(|job| job.due).max().map(|moment| Turn { moment, id: first })
    }

    /// Moves a place in the schedule.
    fn reschedule(&mut self, before: Option<Turn>, after: Option<Turn>) {
        if before == after {
            return;
        }
        if let Some(Turn { moment, id }) = before
            && !self.waiting.remove(&(moment, id))
        {
            self.ready.remove(&id);
        }
        if let Some(Turn { moment, id }) = after {
            self.waiting.insert((moment, id));
        }
    }

    /// The smallest id whose moment has come.
    pub(super) fn next_ready(&mut self, now: Timestamp) -> Option<JobId> {
        let now = now.as_nanosecond();
        while let Some((moment, id)) = self.waiting.first().copied().filter(|(moment, _)| *moment <= now) {
            self.waiting.pop_first();
            self.ready.insert(id, moment);
        }
        // The clock may have been set back since a moment was seen to pass: such wait again.
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

    /// The earliest moment of the schedule; where several have passed already, that of one of them.
    pub(crate) fn next_moment(&self) -> Option<i128> {
        let ready = self.ready.first_key_value().map(|(_, moment)| *moment);
        let waiting = self.waiting.first().map(|(moment, _)| *moment);
        ready.into_iter().chain(waiting).min()
    }
}
