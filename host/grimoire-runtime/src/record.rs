//! Statistics of the plugins of one name since the start, over all generations.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use grimoire_domain::Timestamp;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::review::PluginProblem;
use grimoire_ports::plugins::{Histogram, PluginCalls, PluginEvidence, PluginStatistics, PluginTrap};

use crate::log::Logbook;
use crate::problem::Fault;
use crate::usage::Usage;

/// Bounds of durations in seconds.
const SECONDS: [f64; 8] = [0.000_1, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0];
/// Bounds of the time to create an instance, in seconds.
const FINE_SECONDS: [f64; 7] = [0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.01];
/// Bounds of sizes in bytes.
const BYTES: [f64; 8] =
    [1_024.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0, 67_108_864.0];
/// Bounds of numbers of calls to the host.
const COUNTS: [f64; 5] = [0.0, 1.0, 10.0, 100.0, 1_000.0];
/// Number of versions whose costs are kept, of any number that one process may run.
const KEPT_VERSIONS: usize = 4;

/// A version of a plugin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Version<'a> {
    pub(crate) digest: &'a str,
    pub(crate) world: &'static str,
}

fn no_calls(version: Version<'_>, outcome: &'static str) -> PluginCalls {
    PluginCalls {
        digest: version.digest.to_owned(),
        world: version.world,
        outcome,
        calls: 0,
        seconds: Histogram::new(&SECONDS),
        instantiation: Histogram::new(&FINE_SECONDS),
        guest: Histogram::new(&SECONDS),
        memory: Histogram::new(&BYTES),
        host_calls: Histogram::new(&COUNTS),
        output: Histogram::new(&BYTES),
    }
}

/// Keeps the versions that were first called last.
fn forget_old_versions(costs: &mut Vec<PluginCalls>) {
    let mut versions: Vec<&str> = Vec::new();
    for of in &*costs {
        if !versions.contains(&of.digest.as_str()) {
            versions.push(&of.digest);
        }
    }
    if versions.len() > KEPT_VERSIONS {
        let oldest = versions[0].to_owned();
        costs.retain(|of| of.digest != oldest);
    }
}

/// Counts the calls of the plugins of one name, and keeps their last log lines and last failure.
pub(crate) struct PluginRecord {
    pub(crate) log: Arc<Logbook>,
    calls: AtomicU64,
    failures: AtomicU64,
    failures_in_a_row: AtomicU64,
    peak_memory: AtomicU64,
    /// The first counts successful calls, then there is one for each reason.
    outcomes: [AtomicU64; 1 + FailureReason::ALL.len()],
    costs: Mutex<Vec<PluginCalls>>,
    last_problem: Mutex<Option<PluginProblem>>,
    last_trap: Mutex<Option<PluginTrap>>,
    last_usage: Mutex<Option<Usage>>,
}

impl PluginRecord {
    pub(crate) fn new() -> Self {
        Self {
            log: Arc::default(),
            calls: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            failures_in_a_row: AtomicU64::new(0),
            peak_memory: AtomicU64::new(0),
            outcomes: Default::default(),
            costs: Mutex::default(),
            last_problem: Mutex::default(),
            last_trap: Mutex::default(),
            last_usage: Mutex::default(),
        }
    }

    /// Counts the start of a call.
    pub(crate) fn called(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Records the end of a call of a version after `total`, successful or with a failure reason.
    pub(crate) fn ended(
        &self,
        version: Version<'_>,
        outcome: Option<FailureReason>,
        total: Duration,
        usage: &Usage,
    ) {
        self.peak_memory.fetch_max(usage.memory as u64, Ordering::Relaxed);
        self.outcomes[outcome.map_or(0, |reason| 1 + reason as usize)].fetch_add(1, Ordering::Relaxed);
        self.cost(version, outcome.map_or("ok", FailureReason::as_str), total, usage);
        match outcome {
            None => self.failures_in_a_row.store(0, Ordering::Relaxed),
            Some(reason) if reason.is_fault() => {
                self.failures_in_a_row.fetch_add(1, Ordering::Relaxed);
            }
            Some(_) => {}
        }
        *self.last_usage.lock().unwrap_or_else(PoisonError::into_inner) = Some(*usage);
    }

    fn cost(&self, version: Version<'_>, outcome: &'static str, total: Duration, usage: &Usage) {
        let mut costs = self.costs.lock().unwrap_or_else(PoisonError::into_inner);
        let known = costs.iter().position(|of| of.digest == version.digest && of.outcome == outcome);
        let place = known.unwrap_or_else(|| {
            costs.push(no_calls(version, outcome));
            forget_old_versions(&mut costs);
            costs.len() - 1
        });
        let of = &mut costs[place];
        of.calls += 1;
        of.seconds.record(total.as_secs_f64());
        // A call that was turned away used nothing, and its zeros would distort the other figures.
        if let Some(instantiation) = usage.instantiation {
            of.instantiation.record(instantiation.as_secs_f64());
            of.guest.record(usage.guest.as_secs_f64());
            of.memory.record(usage.memory as f64);
            of.host_calls.record(usage.host_calls as f64);
            of.output.record(usage.output as f64);
        }
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
            last_words: fault.last_words.clone(),
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
        let log = self.log.lines().into_iter().map(|line| (line.level.as_str(), line.message));
        PluginEvidence {
            outcomes: words.zip(counts).filter(|(_, count)| *count > 0).collect(),
            calls: self.costs.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            log: log.collect(),
            last_trap: self.last_trap.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(record: &PluginRecord, digest: &str, outcome: Option<FailureReason>, usage: &Usage) {
        let version = Version { digest, world: "grimoire:matcher@0.1.0" };
        record.ended(version, outcome, Duration::from_millis(3), usage);
    }

    #[test]
    fn costs_are_counted_by_version_and_outcome() {
        let record = PluginRecord::new();
        let usage = Usage {
            instantiation: Some(Duration::from_micros(30)),
            guest: Duration::from_millis(2),
            fuel: None,
            memory: 200 << 10,
            output: 100,
            host_calls: 1,
        };
        ended(&record, "a", None, &usage);
        ended(&record, "a", None, &Usage { host_calls: 5_000, ..usage });
        ended(&record, "a", Some(FailureReason::Busy), &Usage::default());
        ended(&record, "b", None, &usage);
        let costs = record.evidence().calls;
        let counted: Vec<_> = costs.iter().map(|of| (of.digest.as_str(), of.outcome, of.calls)).collect();
        assert_eq!(counted, [("a", "ok", 2), ("a", "busy", 1), ("b", "ok", 1)]);
        let class = |histogram: &Histogram, bound: f64| {
            histogram
                .classes
                .iter()
                .find(|(upper, _)| upper.total_cmp(&bound).is_eq())
                .map(|(_, count)| *count)
        };
        assert_eq!(class(&costs[0].seconds, 0.005), Some(2));
        assert_eq!(class(&costs[0].instantiation, 0.000_05), Some(2));
        assert_eq!(class(&costs[0].memory, 262_144.0), Some(2));
        assert_eq!(class(&costs[0].host_calls, 1.0), Some(1));
        assert_eq!(class(&costs[0].host_calls, f64::INFINITY), Some(1));
        assert!((costs[0].output.sum - 200.0).abs() < f64::EPSILON);
        assert_eq!((costs[1].seconds.count(), costs[1].memory.count()), (1, 0), "it got no instance");
    }

    #[test]
    fn only_the_last_versions_are_kept() {
        let record = PluginRecord::new();
        for version in 0..100 {
            ended(&record, &version.to_string(), None, &Usage::default());
            ended(&record, &version.to_string(), Some(FailureReason::Trap), &Usage::default());
        }
        let evidence = record.evidence();
        let kept: Vec<_> = evidence.calls.iter().map(|of| of.digest.as_str()).collect();
        assert_eq!(kept, ["96", "96", "97", "97", "98", "98", "99", "99"]);
        assert_eq!(evidence.outcomes, [("ok", 100), ("trap", 100)].into());
    }
}
