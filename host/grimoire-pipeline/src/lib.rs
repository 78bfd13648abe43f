//! The use cases of Grimoire as verbs, and the durable job runner.
//!
//! [`Pipeline`] is the one door: HTTP routes and command-line commands call its methods and nothing
//! below them. It sees the world through [`Ports`] only, so that its tests build neither a store nor
//! a plugin host. [`Runner`] works off the jobs that the verbs enqueue.
#![forbid(unsafe_code)]

mod analyze;
mod archive;
mod backup;
mod diagnose;
mod error;
mod failure_policy;
mod health;
mod import;
mod ingest;
mod jobs;
mod log_pass;
mod merge;
mod pattern_book;
mod pattern_scan;
mod pattern_set;
mod patterns;
mod rank;
mod render;
mod retrieve;
mod reviews;
mod settings;
mod settle;
mod spells;
mod unite;

use std::sync::Arc;

use grimoire_ports::clock::Clock;
use grimoire_ports::github::{GitHub, WebhookGate};
use grimoire_ports::plugins::PluginInventory;
use grimoire_ports::plugins::analyzer::Analyzers;
use grimoire_ports::plugins::matcher::Matchers;
use grimoire_ports::search::SpellSearch;
use grimoire_ports::store::Store;

pub use analyze::{AnalysisReport, CountedDiagnostic};
pub use archive::{Archive, ArchivedFile};
pub use error::PipelineError;
pub use failure_policy::{FailurePolicy, UnknownFailurePolicy};
pub use health::{Health, HealthPart, HealthStatus};
pub use ingest::{Ingested, Receipt, WebhookRequest};
pub use jobs::events::JobEvents;
pub use jobs::runner::{Runner, RunnerSettings, Tick};
pub use jobs::{REVIEW_PULL_REQUEST, ReviewRequest};
pub use pattern_scan::PatternScan;
pub use rank::{ExplainedSpell, Explanation, MatchReport};
pub use render::{Folded, Group, fold, markdown};
pub use settings::Settings;
pub use spells::{SpellPatch, SpellQuery};
pub use unite::unite;

use pattern_book::PatternBook;
use patterns::PatternCache;

/// What the use cases need of the world.
#[derive(Clone)]
pub struct Ports {
    /// Keeps spells, deliveries, jobs and reviews.
    pub store: Arc<dyn Store>,
    /// Finds spells by words.
    pub search: Arc<dyn SpellSearch>,
    /// Extract diagnostics from artifacts.
    pub analyzers: Arc<dyn Analyzers>,
    /// Judge which spells fit a diagnostic.
    pub matchers: Arc<dyn Matchers>,
    /// Tells which plugins are loaded.
    pub inventory: Arc<dyn PluginInventory>,
    /// Judges and reads webhook requests.
    pub gate: Arc<dyn WebhookGate>,
    /// Calls GitHub; absent without a token.
    pub github: Option<Arc<dyn GitHub>>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// The use cases. Cheap to clone; all clones share one state.
#[derive(Clone)]
pub struct Pipeline(Arc<Inner>);

struct Inner {
    ports: Ports,
    settings: Settings,
    patterns: PatternCache,
    book: PatternBook,
}

impl Pipeline {
    /// The use cases over these ports.
    pub fn new(ports: Ports, settings: Settings) -> Self {
        let patterns = PatternCache::new(settings.pattern_cache);
        let book = PatternBook::new(ports.store.clone());
        Self(Arc::new(Inner { ports, settings, patterns, book }))
    }

    /// What the operator chose.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// What is loaded: generation, plugins, and files that were refused.
    pub fn inventory(&self) -> &dyn PluginInventory {
        self.0.ports.inventory.as_ref()
    }

    fn ports(&self) -> &Ports {
        &self.0.ports
    }

    fn patterns(&self) -> &PatternCache {
        &self.0.patterns
    }

    fn book(&self) -> &PatternBook {
        &self.0.book
    }
}
