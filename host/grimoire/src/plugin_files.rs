//! The plugins outside the store: the shipped ones and those in the operator's folder.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use grimoire_authoring::{World, component};
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use grimoire_ports::plugins::{PluginFiles, PluginSource, strongest};

use crate::shipped;

/// Finds the plugins outside the store.
#[derive(Debug, Clone)]
pub(crate) struct FoundPlugins {
    /// The operator's folder, if there is one.
    pub(crate) folder: Option<PathBuf>,
    /// The plugin that this command tries.
    pub(crate) tried: Option<TriedPlugin>,
    /// The names in the settings, among which those of the shipped plugins that are loaded on request.
    pub(crate) chosen: Vec<String>,
}

/// A plugin that one command tries without installing it.
#[derive(Debug, Clone)]
pub(crate) struct TriedPlugin {
    /// The name in its manifest, else one made from the file's name.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) world: Option<World>,
}

impl TriedPlugin {
    /// Reads the component and makes all checks that need no compilation.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let (_, description) = component::read(path)?;
        let name = match description.manifest {
            Some(manifest) => manifest.name,
            None => name_of(path),
        };
        Ok(Self { name, path: path.to_owned(), world: World::of_package(description.found.world) })
    }
}

/// A valid plugin name made from a file's name.
fn name_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = stem.chars().map(plain).take(64).collect();
    if name.is_empty() { "plugin".to_owned() } else { name }
}

/// A state of the folder for comparison: the name, length and times of every component in it.
pub(crate) type FolderState = Vec<(String, u64, Option<SystemTime>, Option<SystemTime>)>;

impl FoundPlugins {
    /// The name and the path of every `.wasm` entry in the folder, by name.
    fn files(&self) -> io::Result<Vec<(String, PathBuf)>> {
        let Some(folder) = &self.folder else { return Ok(Vec::new()) };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "wasm")
                && let Some(name) = path.file_stem()
            {
                // A name that is not UTF-8 is rejected later, like all invalid plugin names.
                files.push((name.to_string_lossy().into_owned(), path));
            }
        }
        files.sort();
        Ok(files)
    }

    /// The present state of the folder, as far as it is visible without reading components.
    pub(crate) fn state(&self) -> io::Result<FolderState> {
        let state = |(name, path): (String, PathBuf)| {
            let metadata = std::fs::metadata(path).ok();
            let of =
                |read: fn(&Metadata) -> io::Result<SystemTime>| metadata.as_ref().and_then(|m| read(m).ok());
            let length = metadata.as_ref().map_or(0, Metadata::len);
            (name, length, of(Metadata::modified), of(Metadata::created))
        };
        Ok(self.files()?.into_iter().map(state).collect())
    }
}

impl PluginFiles for FoundPlugins {
    fn find(&self) -> Result<Vec<PluginSource>, PortError> {
        let files = self.files().map_err(|error| {
            let folder = self.folder.as_deref().unwrap_or(Path::new("")).display();
            PortError::new(
                ErrorKind::Unavailable,
                format!("{folder} (plugins.folder) cannot be read: {error}"),
            )
        })?;
        let is_loaded = |name: &str| {
            !shipped::ON_REQUEST.contains(&name) || self.chosen.iter().any(|chosen| chosen == name)
        };
        let shipped = shipped::PLUGINS.iter().filter(|(name, _)| is_loaded(name));
        let shipped = shipped.map(|(name, component)| PluginSource::new(*name, *component));
        let files = files.into_iter().map(|(name, path)| PluginSource::file(name, path));
        let in_its_turn = |source: PluginSource| {
            let is_last_resort = shipped::LAST_RESORT.contains(&source.name.as_str());
            source.last_resort(is_last_resort)
        };
        let tried =
            self.tried.iter().map(|tried| PluginSource::tried(tried.name.clone(), tried.path.clone()));
        Ok(strongest(shipped.chain(files).chain(tried).map(in_its_turn).collect()))
    }
}

/// The names of all plugins outside the store.
pub(crate) fn names(folder: Option<&Path>) -> Result<BTreeSet<String>, PortError> {
    let chosen = shipped::ON_REQUEST.iter().map(|name| (*name).to_owned()).collect();
    let found = FoundPlugins { folder: folder.map(Path::to_owned), tried: None, chosen }.find()?;
    Ok(found.into_iter().map(|source| source.name).collect())
}
