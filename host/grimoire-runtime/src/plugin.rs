//! A loaded plugin: its code, its name, and its record.

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use grimoire_ports::plugins::embedder::VectorSpace;
use grimoire_ports::plugins::{CaseFile, LoadedPlugin, PluginDescription, PluginOrigin, Signer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::{Engine, Store};

use crate::breaker::{Attempt, Breaker};
use crate::call::{self, Call};
use crate::log::LogLevel;
use crate::options::Options;
use crate::preflight::World;
use crate::problem::Fault;
use crate::record::{PluginRecord, Version};
use crate::usage::{Meters, Usage};
use crate::worlds::{analyzer, embedder, matcher};

/// The plugin's code, linked and typed.
#[derive(Clone)]
pub(crate) enum Code {
    Analyzer {
        code: analyzer::v0_1::Analyzer,
        /// Empty: the analyzer is always awake.
        probes: Vec<String>,
        /// True if it is called only where the other analyzers found no cause.
        is_last_resort: bool,
    },
    Matcher {
        code: matcher::v0_1::Matcher,
        /// The form of what it prepares, if it prepares spells.
        prepares: Option<String>,
    },
    Embedder {
        code: embedder::v0_1::Embedder,
        /// The space of its vectors.
        space: VectorSpace,
    },
}

/// The facts about a plugin, without its code.
pub(crate) struct Facts {
    pub(crate) identity: PluginIdentity,
    pub(crate) description: PluginDescription,
    pub(crate) settings: Option<Arc<str>>,
    pub(crate) from_cache: bool,
    pub(crate) origin: PluginOrigin,
    pub(crate) replaces: Option<PluginOrigin>,
    pub(crate) signer: Signer,
    /// The golden cases that its component carries.
    pub(crate) cases: Vec<CaseFile>,
}

/// Where the calls of a plugin are counted.
struct Counting {
    record: Arc<PluginRecord>,
    meters: Meters,
}

/// A loaded plugin, in one generation or several.
pub(crate) struct Plugin {
    pub(crate) name: Arc<str>,
    pub(crate) identity: PluginIdentity,
    pub(crate) description: PluginDescription,
    /// The operator's configuration, as JSON.
    pub(crate) settings: Option<Arc<str>>,
    pub(crate) from_cache: bool,
    pub(crate) origin: PluginOrigin,
    pub(crate) replaces: Option<PluginOrigin>,
    signer: Signer,
    pub(crate) cases: Vec<CaseFile>,
    pub(crate) code: Code,
    counting: ArcSwap<Counting>,
    engine: Engine,
    options: Arc<Options>,
    /// Permits to compute: no plugin gets more threads than its share.
    turns: Arc<Semaphore>,
    breaker: Arc<Breaker>,
}

impl Plugin {
    pub(crate) fn new(engine: &Engine, options: &Arc<Options>, facts: Facts, code: Code) -> Self {
        let Facts { identity, description, settings, from_cache, origin, replaces, signer, cases } = facts;
        Self {
            name: identity.name.as_str().into(),
            identity,
            description,
            settings,
            from_cache,
            origin,
            replaces,
            signer,
            cases,
            code,
            counting: ArcSwap::from_pointee(Counting {
                record: Arc::new(PluginRecord::new()),
                meters: Meters::on_trial(),
            }),
            engine: engine.clone(),
            options: Arc::clone(options),
            turns: Arc::new(Semaphore::new(options.threads.max(1))),
            breaker: Arc::new(Breaker::new(options.failures_before_rest, options.first_rest)),
        }
    }

    /// Marks the plugin as running: its calls are counted in this record from now on.
    pub(crate) fn count_into(&self, record: Arc<PluginRecord>) {
        let meters = Meters::new(&self.name, &self.identity.digest, self.world().package());
        self.counting.store(Arc::new(Counting { record, meters }));
    }

    pub(crate) fn world(&self) -> World {
        match self.code {
            Code::Analyzer { .. } => World::Analyzer,
            Code::Matcher { .. } => World::Matcher,
            Code::Embedder { .. } => World::Embedder,
        }
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// Creates a store for one call.
    pub(crate) fn store(&self) -> Store<Call> {
        call::store(&self.engine, &self.options, &self.name, &self.counting.load().record.log)
    }

    /// Counts a call and admits it, unless the plugin rests.
    pub(crate) fn admit(&self) -> Result<Attempt, Fault> {
        self.counting.load().record.called();
        self.breaker.admit(Instant::now()).map_err(|left| {
            let milliseconds = left.as_millis();
            Fault::new(
                FailureReason::Refused,
                format!("rests after repeated failures, {milliseconds} ms more"),
            )
        })
    }

    /// Waits for a permit to compute.
    pub(crate) async fn turn(&self) -> Result<OwnedSemaphorePermit, Fault> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        match tokio::time::timeout(self.options.admission_wait, turn).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => {
                let milliseconds = self.options.admission_wait.as_millis();
                Err(Fault::new(FailureReason::Busy, format!("no free place within {milliseconds} ms")))
            }
        }
    }

    /// Records the end of a call and the resources used since `started`, and returns its problem if
    /// it failed.
    pub(crate) fn ended(
        &self,
        started: Instant,
        usage: &Usage,
        attempt: Option<Attempt>,
        fault: Option<Fault>,
    ) -> Option<PluginProblem> {
        let counting = self.counting.load();
        let (outcome, total) = (fault.as_ref().map(|fault| fault.reason), started.elapsed());
        let version = Version { digest: &self.identity.digest, world: self.world().package() };
        counting.record.ended(version, outcome, total, usage);
        counting.meters.record(outcome, total, usage);
        let Some(fault) = fault else {
            if let Some(attempt) = attempt {
                attempt.succeeded();
            }
            return None;
        };
        Some(self.failed(attempt, fault))
    }

    /// Records a failed call. Failures that are not the plugin's fault do not count against it.
    fn failed(&self, attempt: Option<Attempt>, fault: Fault) -> PluginProblem {
        let is_fault = fault.reason.is_fault();
        if fault.reason == FailureReason::Trap {
            let backtrace = fault.backtrace.join("; ");
            tracing::debug!(plugin = %self.name, backtrace, "plugin ended with a trap");
            self.counting.load().record.trapped(&fault);
        }
        let problem = fault.of(&self.name);
        if is_fault {
            tracing::warn!(
                plugin = problem.plugin,
                reason = %problem.reason,
                detail = problem.detail,
                "plugin failed"
            );
            let rest = attempt.and_then(|attempt| attempt.failed(Instant::now()));
            if let Some(rest) = rest {
                let seconds = rest.as_secs_f32();
                tracing::warn!(plugin = problem.plugin, seconds, "plugin rests after repeated failures");
            }
        }
        if problem.reason.is_failure() {
            self.counting.load().record.failed(&problem);
        }
        problem
    }

    /// Adds the plugin's own description of its failure to its log, for operators.
    pub(crate) fn note(&self, words: &str) {
        self.counting.load().record.log.note(&self.name, LogLevel::Warn, words);
    }

    /// The checks that every running plugin has passed, in order.
    fn verified(&self) -> Vec<String> {
        vec![
            "size".to_owned(),
            "form, counts, imports and world (preflight)".to_owned(),
            format!("signature ({})", self.signer),
            "compiled within its time".to_owned(),
            "types of its exports".to_owned(),
            "one instance within the limits of a call".to_owned(),
            match &self.settings {
                Some(_) => "its description and its configuration".to_owned(),
                None => "its description".to_owned(),
            },
        ]
    }

    pub(crate) fn loaded(&self) -> LoadedPlugin {
        LoadedPlugin {
            identity: self.identity.clone(),
            description: self.description.clone(),
            world: self.world().package().to_owned(),
            from_cache: self.from_cache,
            origin: self.origin,
            replaces: self.replaces,
            signer: self.signer.clone(),
            verified: self.verified(),
        }
    }
}
