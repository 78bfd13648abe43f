//! The schedule: the open jobs, and the one that a claim takes next.
//!
//! Only the first open job of a lane can be claimed. While it is queued, no younger job of the lane starts
//! before it; while it runs, it holds the lane until its lease ends. It is due when its own time has come
//! and no lease of the lane is valid. So each lane has one slot in the schedule, and so does each open job
//! without a lane. Each kind of job has its own slots, so a claim finds the smallest due id among its
//! kinds without looking at others.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use grimoire_domain::Timestamp;
use grimoire_domain::job::{JobId, JobState};
use grimoire_ports::store::Kinds;
use redb::ReadTransaction;

use crate::failure::Outcome;
use crate::record::job::JobRecord;
use crate::records::Records;
use crate::schema::JOBS_OPEN;

/// The open jobs. Times are in nanoseconds since 1970.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    jobs: HashMap<u64, OpenJob>,
    lanes: HashMap<Arc<str>, Lane>,
    /// Jobs with a slot, by kind.
    kinds: BTreeMap<Arc<str>, Slots>,
}

#[derive(Debug)]
struct OpenJob {
    kind: Arc<str>,
    lane: Option<Arc<str>>,
    running: bool,
    /// The job's own time: `run_at`, or the end of its lease.
    due: i128,
}

/// The open jobs of a lane; never empty.
#[derive(Debug, Default)]
struct Lane {
    open: BTreeSet<u64>,
    running: BTreeSet<u64>,
}

/// A slot of the schedule: a job, and the time from which it may be claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Slot {
    kind: Arc<str>,
    moment: i128,
    id: u64,
}

/// The slots of a kind; never empty.
#[derive(Debug, Default)]
struct Slots {
    /// Slots by time.
    waiting: BTreeSet<(i128, u64)>,
    /// Slots whose time a claim has seen pass, moved here from `waiting`: a claim takes the first,
    /// however many are due.
    ready: BTreeMap<u64, i128>,
}

/// A kind's slots, as readers see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KindSummary {
    pub(crate) name: Arc<str>,
    /// The earliest time; if several have passed, any of them.
    pub(crate) next_claim: i128,
    /// True if a claim has seen the time of some job pass. The clock may have been set back since, so
    /// only another claim can tell whether a job is due.
    pub(crate) seen_due: bool,
}

impl Slots {
    /// The smallest due id.
    fn next_ready(&mut self, now: i128) -> Option<u64> {
        while let Some((moment, id)) = self.waiting.first().copied().filter(|(moment, _)| *moment <= now) {
            self.waiting.pop_first();
            self.ready.insert(id, moment);
        }
        // If the clock has been set back since, the job waits again.
        while let Some((&id, &moment)) = self.ready.first_key_value() {
            if moment <= now {
                return Some(id);
            }
            self.ready.pop_first();
            self.waiting.insert((moment, id));
        }
        None
    }

    fn next_moment(&self) -> Option<i128> {
        let ready = self.ready.first_key_value().map(|(_, moment)| *moment);
        let waiting = self.waiting.first().map(|(moment, _)| *moment);
        ready.into_iter().chain(waiting).min()
    }
}

impl Schedule {
    /// Loads all open jobs.
    pub(crate) fn load(transaction: &ReadTransaction) -> Outcome<Self> {
        let mut open = Self::default();
        let table = Records(transaction.open_table(JOBS_OPEN)?);
        for entry in table.rows()? {
            let (id, record) = entry?;
            let head = JobRecord::decode(JobId(id.value()), record.bytes())?.head;
            if let Some(due) = head.due() {
                let running = head.state() == JobState::Running;
                open.add(id.value(), &head.kind, head.lane.as_deref(), running, due.as_nanosecond());
            }
        }
        let lanes = open.lanes.values().filter_map(|lane| open.slot_of_lane(lane));
        let alone = open.jobs.iter().filter(|(_, job)| job.lane.is_none());
        let alone = alone.map(|(id, job)| job.slot(job.due, *id));
        let slots: Vec<Slot> = lanes.chain(alone).collect();
        for slot in slots {
            open.insert(slot);
        }
        Ok(open)
    }

    /// Number of running jobs.
    pub(crate) fn running(&self) -> u64 {
        self.jobs.values().filter(|job| job.running).count() as u64
    }

    /// Number of queued jobs.
    pub(crate) fn queued(&self) -> u64 {
        self.jobs.len() as u64 - self.running()
    }

    /// The open jobs of a lane, oldest first.
    pub(super) fn in_lane(&self, lane: &str) -> Vec<JobId> {
        self.lanes.get(lane).map_or_else(Vec::new, |lane| lane.open.iter().copied().map(JobId).collect())
    }

    /// Adds or changes a job, or removes an ended one (`None`).
    pub(super) fn set(
        &mut self,
        id: JobId,
        kind: &str,
        lane: Option<&str>,
        open: Option<(JobState, Timestamp)>,
    ) {
        let id = id.0;
        let before = self.slot(lane, id);
        self.remove(id);
        if let Some((state, due)) = open {
            self.add(id, kind, lane, state == JobState::Running, due.as_nanosecond());
        }
        let after = self.slot(lane, id);
        self.reschedule(before, after);
    }

    fn add(&mut self, id: u64, kind: &str, lane: Option<&str>, running: bool, due: i128) {
        let kind = match self.kinds.get_key_value(kind) {
            Some((kind, _)) => Arc::clone(kind),
            None => Arc::from(kind),
        };
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
        self.jobs.insert(id, OpenJob { kind, lane, running, due });
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

    /// The slot of a lane, or of job `id` without a lane.
    fn slot(&self, lane: Option<&str>, id: u64) -> Option<Slot> {
        match lane {
            Some(lane) => self.slot_of_lane(self.lanes.get(lane)?),
            None => self.jobs.get(&id).map(|job| job.slot(job.due, id)),
        }
    }

    fn slot_of_lane(&self, lane: &Lane) -> Option<Slot> {
        let first = *lane.open.first()?;
        let moments = lane.running.iter().chain([&first]).filter_map(|id| self.jobs.get(id));
        let moment = moments.map(|job| job.due).max()?;
        Some(self.jobs.get(&first)?.slot(moment, first))
    }

    /// Moves a slot of the schedule.
    fn reschedule(&mut self, before: Option<Slot>, after: Option<Slot>) {
        if before == after {
            return;
        }
        if let Some(Slot { kind, moment, id }) = before
            && let Some(slots) = self.kinds.get_mut(&kind)
        {
            if !slots.waiting.remove(&(moment, id)) {
                slots.ready.remove(&id);
            }
            if slots.waiting.is_empty() && slots.ready.is_empty() {
                self.kinds.remove(&kind);
            }
        }
        if let Some(slot) = after {
            self.insert(slot);
        }
    }

    fn insert(&mut self, Slot { kind, moment, id }: Slot) {
        self.kinds.entry(kind).or_default().waiting.insert((moment, id));
    }

    /// The smallest due id among these kinds.
    pub(super) fn next_ready(&mut self, kinds: &Kinds, now: Timestamp) -> Option<JobId> {
        let now = now.as_nanosecond();
        let asked_for = self.kinds.iter_mut().filter(|(kind, _)| kinds.contains(kind));
        asked_for.filter_map(|(_, slots)| slots.next_ready(now)).min().map(JobId)
    }

    /// The slots of all kinds, as readers see them.
    pub(crate) fn kinds(&self) -> Vec<KindSummary> {
        let summary = |(kind, slots): (&Arc<str>, &Slots)| {
            let next_claim = slots.next_moment()?;
            Some(KindSummary { name: Arc::clone(kind), next_claim, seen_due: !slots.ready.is_empty() })
        };
        self.kinds.iter().filter_map(summary).collect()
    }
}

impl OpenJob {
    fn slot(&self, moment: i128, id: u64) -> Slot {
        Slot { kind: Arc::clone(&self.kind), moment, id }
    }
}
