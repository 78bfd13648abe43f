//! The use cases with the committed components, wired as in the program.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures::StreamExt as _;
use grimoire_domain::actor::Actor;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::spell::SpellId;
use grimoire_github::Gate;
use grimoire_pipeline::{AnalysisReport, Pipeline, Ports, Settings};
use grimoire_ports::clock::SystemClock;
use grimoire_ports::search::SpellSearch as _;
use grimoire_ports::store::SpellStore as _;
use grimoire_runtime::{Options, PluginHost, PluginSource};
use grimoire_search_tantivy::TantivySearch;
use grimoire_store_redb::RedbStore;
use tempfile::TempDir;

/// Number of bytes of a log that are passed at once, like from a network.
const CHUNK: usize = 64 << 10;

/// Time limit for the index.
const INDEXING: Duration = Duration::from_secs(1_800);

/// The use cases, and the resources to close afterwards.
pub(super) struct Components {
    pipeline: Pipeline,
    search: Arc<TantivySearch>,
    store: RedbStore,
    _folder: TempDir,
}

impl Components {
    /// Loads the components of `plugins/prebuilt/`, with an empty spellbook.
    pub(super) async fn start(
        settings: Settings,
        options: grimoire_search_tantivy::Options,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let store =
            RedbStore::open(&folder.path().join("grimoire.redb"), grimoire_store_redb::Options::default())?;
        let index = folder.path().join("index");
        let search = TantivySearch::open(&index, Arc::new(store.clone()), options).await?;
        let search = Arc::new(search);
        let plugins = tokio::task::spawn_blocking(load).await??;
        let plugins = Arc::new(plugins);
        let ports = Ports {
            store: Arc::new(store.clone()),
            search: search.clone(),
            plugins,
            derived_files: None,
            plugin_files: Arc::new(Vec::new()),
            gate: Arc::new(Gate::insecure()),
            github: None,
            clock: Arc::new(SystemClock),
        };
        Ok(Self { pipeline: Pipeline::new(ports, settings), search, store, _folder: folder })
    }

    /// The use cases.
    pub(super) fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// Waits until the index has all spells, so that every query sees the same.
    pub(super) async fn wait_for_index(&self) -> anyhow::Result<()> {
        let last = self.store.last_sequence().await?;
        Ok(self.search.wait_for(last, INDEXING).await?)
    }

    /// The candidates of the search for a diagnostic, best first.
    pub(super) async fn candidates(
        &self,
        diagnostic: &Diagnostic,
        limit: usize,
    ) -> anyhow::Result<Vec<SpellId>> {
        let found = self.search.candidates(diagnostic, limit).await?;
        Ok(found.hits.into_iter().map(|hit| hit.spell).collect())
    }

    /// Analyzes a log.
    pub(super) async fn analyze(&self, name: &str, log: String) -> anyhow::Result<AnalysisReport> {
        let artifact =
            Artifact { kind: ArtifactKind::Log, name: name.to_owned(), size: Some(log.len() as u64) };
        let log = bytes::Bytes::from(log);
        let chunks: Vec<_> =
            (0..log.len()).step_by(CHUNK).map(|at| Ok(log.slice(at..log.len().min(at + CHUNK)))).collect();
        let report = self
            .pipeline
            .judge(&Actor::COMMAND_LINE)?
            .analyze(&artifact, futures::stream::iter(chunks).boxed())
            .await;
        report.with_context(|| format!("case {name}"))
    }

    /// Closes the resources.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.search.close().await;
        Ok(self.store.close().await?)
    }
}

fn load() -> anyhow::Result<PluginHost> {
    let folder = crate::root().join("plugins").join("prebuilt");
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm")
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
        {
            let is_last_resort = name == "analyzer-guess";
            sources.push(PluginSource::new(name, std::fs::read(&path)?).last_resort(is_last_resort));
        }
    }
    sources.sort_by(|left, right| left.name.cmp(&right.name));
    let cache_folder = Some(crate::root().join("target").join("eval-compiled"));
    Ok(PluginHost::start(Options { cache_folder, ..Options::default() }, sources)?)
}
