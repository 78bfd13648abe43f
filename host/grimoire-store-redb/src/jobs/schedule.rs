//! Which job is next.
//!
//! Of each lane only its first open job can be claimed: when it is queued, older work does not wait
//! behind younger; when it runs, it holds the lane until its lease ends. Its moment has come when its
//! own time has and no lease of the lane is live. So a lane has one place in the schedule, an open job
//! without a lane has one of its own, and a claim takes the smallest id whose moment has come, without
//! looking at those that wait.

use std::collections::BTreeMap;

use grimoire_domain::Timestamp;
use grimoire_domain::job::JobState;
use grimoire_ports::PortError;
use redb::{ReadTransaction, ReadableTable};

use super::write::JobTables;
use crate::failure::Outcome;
use crate::record::job::state_code;
use crate::schema::{JOBS_READY, JOBS_WAITING};

/// Who may be claimed from when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    /// Nanoseconds since 1970.
    moment: i128,
    id: u64,
}

impl JobTables<'_> {
    /// The place in the schedule of a lane, or of the job `id` where it has none.
    pub(super) fn turn(&self, lane: Option<&str>, id: u64) -> Outcome<Option<Turn>> {
        if lane.is_none() {
            let open = self.open.get((None, id))?;
            return Ok(open.map(|open| Turn { moment: open.value().1, id }));
        }
        let mut turn: Option<Turn> = None;
        for entry in self.open.range((lane, 0)..=(lane, u64::MAX))? {
            let (key, value) = entry?;
            let (state, due) = value.value();
            match &mut turn {
                None => turn = Some(Turn { moment: due, id: key.value().1 }),
                Some(first) if state == state_code(JobState::Running) => first.moment = first.moment.max(due),
                Some(_) => {}
            }
        }
        Ok(turn)
    }

    /// Moves a place in the schedule.
    pub(super) fn reschedule(&mut self, before: Option<Turn>, after: Option<Turn>) -> Outcome<()> {
        if before == after {
            return Ok(());
        }
        if let Some(Turn { moment, id }) = before
            && self.waiting.remove((moment, id))?.is_none()
        {
            self.ready.remove(id)?;
        }
        if let Some(Turn { moment, id }) = after {
            self.waiting.insert((moment, id), ())?;
        }
        Ok(())
    }

    /// The smallest id whose moment has come. Also says whether the schedule was written.
    pub(super) fn next_ready(&mut self, now: Timestamp) -> Outcome<(Option<u64>, bool)> {
        let now = now.as_nanosecond();
        let mut moved = BTreeMap::new();
        for entry in self.waiting.range(..=(now, u64::MAX))? {
            let (moment, id) = entry?.0.value();
            moved.insert(id, moment);
        }
        for (id, moment) in &moved {
            self.waiting.remove((*moment, *id))?;
            self.ready.insert(*id, *moment)?;
        }
        // The clock may have been set back since a moment was seen to pass: such wait again.
        let mut early = Vec::new();
        let mut next = None;
        for entry in self.ready.iter()? {
            let (id, moment) = entry?;
            if moment.value() <= now {
                next = Some(id.value());
                break;
            }
            early.push((id.value(), moment.value()));
        }
        for (id, moment) in &early {
            self.ready.remove(*id)?;
            self.waiting.insert((*moment, *id), ())?;
        }
        Ok((next, !moved.is_empty() || !early.is_empty()))
    }
}

/// Whether a claim at `now` has a chance.
pub(super) fn may_have_due(transaction: &ReadTransaction, now: Timestamp) -> Outcome<bool> {
    if transaction.open_table(JOBS_READY)?.first()?.is_some() {
        return Ok(true);
    }
    let waiting = transaction.open_table(JOBS_WAITING)?;
    let first = waiting.first()?;
    Ok(first.is_some_and(|(key, _)| key.value().0 <= now.as_nanosecond()))
}

/// The earliest moment of the schedule; where several have passed already, that of one of them.
pub(super) fn next_moment(transaction: &ReadTransaction) -> Outcome<Option<Timestamp>> {
    let ready = transaction.open_table(JOBS_READY)?.first()?.map(|(_, moment)| moment.value());
    let waiting = transaction.open_table(JOBS_WAITING)?.first()?.map(|(key, _)| key.value().0);
    let moment = ready.into_iter().chain(waiting).min();
    let moment = moment.map(Timestamp::from_nanosecond).transpose();
    Ok(moment.map_err(|error| PortError::internal("the schedule of jobs cannot be read", error))?)
}
