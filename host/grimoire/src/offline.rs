//! The use cases without a server: the same components in the command's process.

use std::path::PathBuf;
use std::time::Duration;

use grimoire_domain::actor::Actor;
use grimoire_domain::spell::SpellFields;
use grimoire_pipeline::Pipeline;

use crate::config::Config;
use crate::console::announced;
use crate::spellbook;
use crate::wiring::{Components, Purpose, Storage};

/// How long the index may take to follow the latest writes.
const INDEXING: Duration = Duration::from_secs(60);

/// The spells to match against.
#[derive(Debug)]
pub(crate) enum Spellbook {
    /// No spells: nothing is matched.
    None,
    /// The spellbook in the data folder, created if missing.
    DataFolder,
    /// The spells of these files.
    Files(Vec<PathBuf>),
}

impl Spellbook {
    /// The shipped spells.
    pub(crate) fn starter() -> Self {
        Self::Files(vec![PathBuf::from(spellbook::STARTER_NAME)])
    }
}

/// The use cases with the components of this process.
pub(crate) struct Offline {
    pipeline: Pipeline,
    components: Components,
}

impl Offline {
    /// The use cases.
    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// Closes the store and the index.
    pub(crate) async fn stop(self) {
        self.components.close().await;
    }
}

/// Opens or creates what the spellbook needs and starts the plugins. Fails with `Unavailable` if another process
/// has the data folder open.
pub(crate) async fn start(config: &Config, spellbook: Spellbook) -> anyhow::Result<Offline> {
    start_as(Purpose::Command, config, spellbook).await
}

/// Like [`start`], but without plugins, for a command that only reads and writes spells.
pub(crate) async fn start_for_spells(config: &Config, spellbook: Spellbook) -> anyhow::Result<Offline> {
    start_as(Purpose::SpellCommand, config, spellbook).await
}

async fn start_as(purpose: Purpose, config: &Config, spellbook: Spellbook) -> anyhow::Result<Offline> {
    let (storage, spells) = match spellbook {
        Spellbook::DataFolder => (Storage::Configured, Vec::new()),
        Spellbook::None => (Storage::Temporary, Vec::new()),
        Spellbook::Files(files) => {
            let mut spells = Vec::new();
            for file in &files {
                spells.extend(spellbook::read(file)?);
            }
            (Storage::Temporary, spells)
        }
    };
    let components = Components::start(config, storage, purpose).await?;
    match ready(&components, spells).await {
        Ok(pipeline) => Ok(Offline { pipeline, components }),
        Err(error) => {
            components.close().await;
            Err(error)
        }
    }
}

/// Opens the data folder for a command about plugins, which works even if plugins are missing that the settings need.
pub(crate) async fn start_for_plugins(config: &Config) -> anyhow::Result<Offline> {
    let components = Components::start(config, Storage::Configured, Purpose::PluginCommand).await?;
    Ok(Offline { pipeline: components.pipeline(), components })
}

/// Imports the spells and waits until searches find them.
async fn ready(components: &Components, spells: Vec<SpellFields>) -> anyhow::Result<Pipeline> {
    let pipeline = components.pipeline();
    if !spells.is_empty() {
        pipeline.import_spells(spells, &Actor::COMMAND_LINE, &|_, _| {}).await?;
    }
    let last = components.store.last_sequence().await?;
    announced(pipeline.wait_until_searchable(last, INDEXING), "indexing the spellbook…").await?;
    Ok(pipeline)
}
