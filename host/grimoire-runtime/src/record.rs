//! Statistics of the plugins of one name since the start, over all generations.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use grimoire_domain::Timestamp;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::review::PluginProblem;
use grimoire_ports::plugins::{PluginEvidence, PluginStatistics, PluginTrap};

use crate::log::Logbook;
use crate::problem::Fault;
use crate::usage::{Meters, Usage};

/// Upper bounds of the classes of call durations, in seconds.
const BOUNDS: [f64; 8] = [0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0, f64::INFINITY];

/// Counts the calls of the plugins of one name, and keeps their last log lines and last failure.
pub(crate) struct PluginRecord {
    pub(crate) log: Arc<Logbook>,
    meters: Meters,
    calls: AtomicU64,
    failures: AtomicU64,
    failures_in_a_row: AtomicU64,
    peak_memory: AtomicU64,
    /// The first counts successful calls, then there is one for each reason.
    outcomes: [AtomicU64; 1 + FailureReason::ALL.len()],
    durations: [AtomicU64; BOUNDS.len()],
    last_problem: Mutex<Option<PluginProblem>>,
    last_trap: Mutex<Option<PluginTrap>>,
    last_usage: Mutex<Option<Usage>>,
}

impl PluginRecord {
    pub(crate) fn new(plugin: &str) -> Self {
        Self {
            log: Arc::default(),
            meters: Meters::new(plugin.into()),
            calls: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            failures_in_a_row: AtomicU64::new(0),
            peak_memory: AtomicU64::new(0),
            outcomes: Default::default(),
            durations: Default::default(),
            last_problem: Mutex::default(),
            last_trap: Mutex::default(),
            last_usage: Mutex::default(),
        }
    }

    /// Counts the start of a call.
    pub(crate) fn called(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Records the end of a call after `total`, successful or with a failure reason.
    pub(crate) fn ended(&self, outcome: Option<FailureReason>, total: Duration, usage: &Usage) {
        self.meters.record(outcome, total, usage);
        self.peak_memory.fetch_max(usage.memory as u64, Ordering::Relaxed);
        self.outcomes[outcome.map_or(0, |reason| 1 + reason as usize)].fetch_add(1, Ordering::Relaxed);
        let seconds = total.as_secs_f64();
        let place = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len() - 1);
        self.durations[place].fetch_add(1, Ordering::Relaxed);
        match outcome {
            None => self.failures_in_a_row.store(0, Ordering::Relaxed),
            Some(reason) if reason.is_fault() => {
                self.failures_in_a_row.fetch_add(1, Ordering::Relaxed);
            }
            Some(_) => {}
        }
        *self.last_usage.lock().unwrap_or_else(PoisonError::into_inner) = Some(*usage);
    }

    /// The cost of the call that ended last.
    pub(crate) fn last_usage(&self) -> Option<Usage> {
        *self.last_usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a failed call. One that a resting plugin never saw does not replace the reason of the rest.
    pub(crate) fn failed(&self, problem: &PluginProblem) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let mut last = self.last_problem.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none() || problem.reason != FailureReason::Refused {
            *last = Some(problem.clone());
        }
    }

    /// Records a call that ended with a trap.
    pub(crate) fn trapped(&self, fault: &Fault) {
        let trap = PluginTrap {
            at: Timestamp::now(),
            detail: fault.detail.clone(),
            backtrace: fault.backtrace.clone(),
        };
        *self.last_trap.lock().unwrap_or_else(PoisonError::into_inner) = Some(trap);
    }

    pub(crate) fn statistics(&self) -> PluginStatistics {
        PluginStatistics {
            calls: self.calls.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            failures_in_a_row: self.failures_in_a_row.load(Ordering::Relaxed),
            last_problem: self.last_problem.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            peak_memory: self.peak_memory.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn evidence(&self) -> PluginEvidence {
        let words = std::iter::once("ok").chain(FailureReason::ALL.map(FailureReason::as_str));
        let counts = self.outcomes.iter().map(|count| count.load(Ordering::Relaxed));
        let durations = self.durations.iter().map(|count| count.load(Ordering::Relaxed));
        let log = self.log.lines().into_iter().map(|line| (line.level.as_str(), line.message));
        PluginEvidence {
            outcomes: words.zip(counts).filter(|(_, count)| *count > 0).collect(),
            durations: BOUNDS.into_iter().zip(durations).collect(),
            log: log.collect(),
            last_trap: self.last_trap.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}
