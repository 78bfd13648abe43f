//! The use cases without a server: the same components in the command's own process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use grimoire_domain::spell::SpellFields;
use grimoire_github::Gate;
use grimoire_pipeline::{Pipeline, Ports};
use grimoire_ports::clock::SystemClock;
use grimoire_ports::follower::Pace;
use grimoire_ports::store::Store;
use grimoire_search_tantivy::TantivySearch;
use tempfile::TempDir;

use crate::config::{Config, StorageUrl};
use crate::{cli, spellbook, wiring};

/// How long the index may take to follow what was just written.
const INDEXING: Duration = Duration::from_secs(60);

/// Which spells are matched against.
#[derive(Debug)]
pub(crate) enum Spellbook {
    /// None: nothing is matched.
    None,
    /// Those of the data folder; those that ship where there is none or a server holds it.
    DataFolder,
    /// Those of the data folder, or an error.
    ExclusiveDataFolder,
    /// Those of these files.
    Files(Vec<PathBuf>),
}

/// The use cases over components of this process.
pub(crate) struct Offline {
    pipeline: Pipeline,
    store: Arc<dyn Store>,
    search: Arc<TantivySearch>,
    /// Removed when dropped: the store and index of a spellbook that is not kept.
    _temporary: Option<TempDir>,
}

impl Offline {
    /// The use cases.
    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// Closes the store and the index.
    pub(crate) async fn stop(self) {
        self.search.close().await;
        if let Err(error) = self.store.close().await {
            tracing::error!(%error, "the store did not close well");
        }
    }
}

/// Opens or makes what the spellbook needs and starts the plugins.
pub(crate) async fn start(config: &Config, spellbook: Spellbook) -> anyhow::Result<Offline> {
    let StorageUrl::Redb(path) = &config.storage;
    let (store, index, temporary, import) = match spellbook {
        Spellbook::ExclusiveDataFolder => {
            (wiring::open_store(config)?, config.data_folder.join("index"), None, Vec::new())
        }
        Spellbook::DataFolder if path.exists() => match wiring::open_store(config) {
            Ok(store) => (store, config.data_folder.join("index"), None, Vec::new()),
            Err(error) => {
                anstream::eprintln!(
                    "grimoire: {error:#}; matching against the starter spellbook instead (--spellbook FILE picks another)"
                );
                temporary_store(starter()?)?
            }
        },
        Spellbook::DataFolder => temporary_store(starter()?)?,
        Spellbook::None => temporary_store(Vec::new())?,
        Spellbook::Files(files) => {
            let mut spells = Vec::new();
            for file in &files {
                spells.extend(cli::read_spellbook(file)?);
            }
            temporary_store(spells)?
        }
    };
    // The command waits for what it imports: no commit waits for further writes.
    let pace = Pace { commit_interval: Duration::ZERO, ..Pace::default() };
    let search = wiring::open_search(&index, Arc::clone(&store), pace).await?;
    let plugins = wiring::start_plugins(config).await?;
    let ports = Ports {
        store: Arc::clone(&store),
        search: Arc::clone(&search) as _,
        analyzers: Arc::clone(&plugins) as _,
        matchers: Arc::clone(&plugins) as _,
        inventory: plugins,
        gate: Arc::new(Gate::insecure()),
        github: None,
        clock: Arc::new(SystemClock),
    };
    let pipeline = Pipeline::new(ports, wiring::pipeline_settings(config));
    if !import.is_empty() {
        pipeline.import_spells(import, "import", &|_, _| {}).await?;
    }
    let last = store.last_sequence().await?;
    pipeline.wait_until_searchable(last, INDEXING).await?;
    Ok(Offline { pipeline, store, search, _temporary: temporary })
}

type Parts = (Arc<dyn Store>, PathBuf, Option<TempDir>, Vec<SpellFields>);

fn temporary_store(spells: Vec<SpellFields>) -> anyhow::Result<Parts> {
    let folder = tempfile::Builder::new()
        .prefix("grimoire-")
        .tempdir()
        .context("a temporary folder cannot be made")?;
    let store = wiring::temporary_store()?;
    let index = folder.path().join("index");
    Ok((store, index, Some(folder), spells))
}

fn starter() -> anyhow::Result<Vec<SpellFields>> {
    spellbook::starter()
}
