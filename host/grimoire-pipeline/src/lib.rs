//! The use cases of Grimoire as operations, and the jobs that they enqueue.
//!
//! [`Pipeline`] is the only entry point: HTTP routes and command-line commands call its methods and
//! nothing below. It reaches the outside world through [`Ports`] only, so that its tests need
//! neither a real store nor a plugin host. [`Pipeline::runner`] runs the jobs.
#![forbid(unsafe_code)]

mod analyze;
mod archive;
mod backup;
mod deliveries;
mod diagnose;
mod error;
mod failure_policy;
mod health;
mod import;
mod ingest;
mod jobs;
mod judge;
mod log_ends;
mod log_pass;
mod merge;
mod pattern_book;
mod pattern_scan;
mod pattern_set;
mod patterns;
mod plugins;
mod prepared;
mod products;
mod rank;
mod render;
mod retrieve;
mod reviews;
mod settings;
mod settle;
mod spellbook;
mod spells;
mod unite;
mod utf16;
mod vectors;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use grimoire_ports::clock::Clock;
use grimoire_ports::derived_file::DerivedFiles;
use grimoire_ports::github::{GitHub, WebhookGate};
use grimoire_ports::plugins::{PluginFiles, Plugins};
use grimoire_ports::search::SpellSearch;
use grimoire_ports::store::Store;

pub use analyze::AnalysisReport;
pub use archive::{Archive, ArchivedFile};
pub use error::PipelineError;
pub use failure_policy::{FailurePolicy, UnknownFailurePolicy};
pub use health::{Health, HealthPart, HealthStatus};
pub use ingest::{Ingested, Receipt, WebhookRequest};
pub use jobs::JobEvents;
pub use jobs::queues::{QUICK, REVIEWS};
pub use jobs::review_pull_request::ReviewRequest;
pub use judge::Judge;
pub use merge::CountedDiagnostic;
pub use pattern_scan::PatternScan;
pub use plugins::{
    ANALYZER_ROUTES, MATCHER_ROUTES, PluginDetails, PluginRequest, PluginStatus, PluginUpload, RecordRequest,
    find_chosen,
};
pub use prepared::Preparation;
pub use rank::{ExplainedSpell, Explanation, MatchReport, MatcherPart};
pub use render::{Folded, Group, Links, fold, markdown};
pub use settings::Settings;
pub use spellbook::{
    ApiSpell, Notation, SpellbookWriter, parse as parse_spellbook, parse_spell, render_spell,
};
pub use spells::{ListedSpell, Relevance, Restored, SpellPatch, SpellQuery};
pub use unite::unite;

use pattern_book::PatternBook;
use patterns::PatternCache;
use prepared::PreparedBook;
use products::ProductBook;
use spells::PatchLocks;
use vectors::{Embedder, VectorBook};

/// The ports that the use cases need.
#[derive(Clone)]
pub struct Ports {
    /// Stores spells, deliveries, jobs and reviews.
    pub store: Arc<dyn Store>,
    /// Finds spells by keywords.
    pub search: Arc<dyn SpellSearch>,
    /// Extract diagnostics from artifacts, and judge which spells fit them.
    pub plugins: Arc<dyn Plugins>,
    /// Keep what plugins make of spells between starts; absent where nothing is kept.
    pub derived_files: Option<Arc<dyn DerivedFiles>>,
    /// Finds the plugins outside the store: the shipped ones and those in the operator's folder.
    pub plugin_files: Arc<dyn PluginFiles>,
    /// Verifies and parses webhook requests.
    pub gate: Arc<dyn WebhookGate>,
    /// Calls GitHub; absent without a token.
    pub github: Option<Arc<dyn GitHub>>,
    /// Provides the time.
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
    /// Absent without an embedder.
    vectors: Option<VectorBook>,
    /// By matcher.
    prepared: HashMap<String, PreparedBook>,
    patch_locks: PatchLocks,
    plugin_lock: tokio::sync::Mutex<()>,
    /// The reason why the present state of the operator's plugin folder was refused.
    folder_problem: std::sync::Mutex<Option<String>>,
    /// Number of spells that a new store is being filled with.
    filling: AtomicUsize,
    plugin_watch: plugins::Watch,
    questions: plugins::Questions,
    artifacts: plugins::Artifacts,
}

impl Pipeline {
    /// The use cases with these ports.
    pub fn new(ports: Ports, settings: Settings) -> Self {
        let patterns = PatternCache::new(settings.pattern_cache);
        let book = PatternBook::new(ports.store.clone());
        let vectors = settings.embedder.as_deref().map(|embedder| {
            let file = ports.derived_files.as_ref().map(|files| files.file("vectors"));
            ProductBook::new(&ports, Embedder(embedder.to_owned()), file)
        });
        let prepared = prepared::books(&ports, &settings);
        Self(Arc::new(Inner {
            ports,
            settings,
            patterns,
            book,
            vectors,
            prepared,
            patch_locks: PatchLocks::default(),
            plugin_lock: tokio::sync::Mutex::default(),
            folder_problem: std::sync::Mutex::default(),
            filling: AtomicUsize::new(0),
            plugin_watch: plugins::Watch::default(),
            questions: plugins::Questions::default(),
            artifacts: plugins::Artifacts::default(),
        }))
    }

    /// The operator's settings.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The plugins of this process. To run them, use [`Pipeline::judge`].
    pub fn plugins(&self) -> &dyn Plugins {
        self.0.ports.plugins.as_ref()
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

    fn vector_book(&self) -> Option<&VectorBook> {
        self.0.vectors.as_ref()
    }

    fn prepared_books(&self) -> &HashMap<String, PreparedBook> {
        &self.0.prepared
    }
}
