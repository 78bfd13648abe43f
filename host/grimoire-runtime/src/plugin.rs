//! A loaded plugin: its code, its name, its record.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use grimoire_domain::artifact::ArtifactKind;
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use grimoire_ports::plugins::PluginStatus;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::{Engine, Store};

use crate::breaker::{Attempt, Breaker};
use crate::call::Call;
use crate::log::{LogLevel, Logbook};
use crate::options::Options;
use crate::preflight::World;
use crate::problem::{Fault, Reason};
use crate::usage::{Meters, Usage};
use crate::worlds::{analyzer, matcher};

/// Its code, linked and typed.
#[derive(Clone)]
pub(crate) enum Code {
    Analyzer {
        code: analyzer::v0_1::Analyzer,
        kinds: Vec<ArtifactKind>,
        /// None: it is always awake.
        probes: Vec<String>,
    },
    Matcher(matcher::v0_1::Matcher),
}

/// A plugin of one generation.
pub(crate) struct Plugin {
    pub(crate) name: Arc<str>,
    pub(crate) identity: PluginIdentity,
    pub(crate) version: Option<String>,
    pub(crate) from_cache: bool,
    pub(crate) code: Code,
    pub(crate) log: Arc<Logbook>,
    engine: Engine,
    options: Arc<Options>,
    /// Who may compute: no plugin gets more threads than its share.
    turns: Arc<Semaphore>,
    breaker: Arc<Breaker>,
    meters: Meters,
    calls: AtomicU64,
    failures: AtomicU64,
    peak_memory: AtomicU64,
    last_problem: Mutex<Option<PluginProblem>>,
}

impl Plugin {
    pub(crate) fn new(
        engine: &Engine,
        options: &Arc<Options>,
        identity: PluginIdentity,
        version: Option<String>,
        from_cache: bool,
        code: Code,
    ) -> Self {
        let name: Arc<str> = identity.name.as_str().into();
        Self {
            meters: Meters::new(Arc::clone(&name)),
            name,
            identity,
            version,
            from_cache,
            code,
            log: Arc::default(),
            engine: engine.clone(),
            options: Arc::clone(options),
            turns: Arc::new(Semaphore::new(options.threads.max(1))),
            breaker: Arc::new(Breaker::new(options.failures_before_rest, options.first_rest)),
            calls: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            peak_memory: AtomicU64::new(0),
            last_problem: Mutex::default(),
        }
    }

    pub(crate) fn world(&self) -> World {
        match self.code {
            Code::Analyzer { .. } => World::Analyzer,
            Code::Matcher(_) => World::Matcher,
        }
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// A store for one call.
    pub(crate) fn store(&self) -> Store<Call> {
        self.world().instance_policy().store(&self.engine, &self.options, &self.name, &self.log)
    }

    /// Counts a call and lets it through, unless the plugin rests.
    pub(crate) fn admit(&self) -> Result<Attempt, Fault> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.breaker.admit(Instant::now()).map_err(|left| {
            let milliseconds = left.as_millis();
            Fault::new(Reason::Refused, format!("rests after repeated failures, {milliseconds} ms more"))
        })
    }

    /// Waits for leave to compute.
    pub(crate) async fn turn(&self) -> Result<OwnedSemaphorePermit, Fault> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        match tokio::time::timeout(self.options.admission_wait, turn).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => {
                let milliseconds = self.options.admission_wait.as_millis();
                Err(Fault::new(Reason::Busy, format!("no free place within {milliseconds} ms")))
            }
        }
    }

    /// Counts how a call ended, with what it used up since `started`, and names its problem if it
    /// failed.
    pub(crate) fn ended(
        &self,
        started: Instant,
        usage: &Usage,
        attempt: Option<Attempt>,
        fault: Option<Fault>,
    ) -> Option<PluginProblem> {
        self.meters.record(fault.as_ref().map(|fault| fault.reason), started.elapsed(), usage);
        self.peak_memory.fetch_max(usage.memory as u64, Ordering::Relaxed);
        let Some(fault) = fault else {
            if let Some(attempt) = attempt {
                attempt.succeeded();
            }
            return None;
        };
        Some(self.failed(attempt, fault))
    }

    /// Records that a call failed. What is not the plugin's fault does not count against it.
    fn failed(&self, attempt: Option<Attempt>, fault: Fault) -> PluginProblem {
        let is_fault = fault.reason.is_fault();
        let problem = fault.of(&self.name);
        if is_fault {
            tracing::warn!(
                plugin = problem.plugin,
                reason = problem.reason,
                detail = problem.detail,
                "plugin failed"
            );
            let rest = attempt.and_then(|attempt| attempt.failed(Instant::now()));
            if let Some(rest) = rest {
                let seconds = rest.as_secs_f32();
                tracing::warn!(plugin = problem.plugin, seconds, "plugin rests after repeated failures");
            }
        }
        if problem.reason != Reason::Unsupported.as_str() {
            self.failures.fetch_add(1, Ordering::Relaxed);
            let mut last = self.last_problem.lock().unwrap_or_else(PoisonError::into_inner);
            // A call that a resting plugin never saw must not hide why it rests.
            if last.is_none() || problem.reason != Reason::Refused.as_str() {
                *last = Some(problem.clone());
            }
        }
        problem
    }

    /// Keeps a plugin's own words about its failure where operators look for them.
    pub(crate) fn note(&self, words: &str) {
        self.log.note(&self.name, LogLevel::Warn, words);
    }

    pub(crate) fn peak_memory(&self) -> u64 {
        self.peak_memory.load(Ordering::Relaxed)
    }

    pub(crate) fn status(&self) -> PluginStatus {
        PluginStatus {
            identity: self.identity.clone(),
            version: self.version.clone(),
            world: self.world().package().to_owned(),
            calls: self.calls.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            last_problem: self.last_problem.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            from_cache: self.from_cache,
        }
    }
}
