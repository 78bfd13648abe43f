//! Where plugins come from: those that ship inside the program, and an operator's folder.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use grimoire_runtime::PluginSource;

use crate::shipped;

/// Every plugin: the shipped ones, each replaced by a file of the folder that has its name, and the
/// folder's others, by name.
pub(crate) fn read(folder: Option<&Path>) -> anyhow::Result<Vec<PluginSource>> {
    let mut sources: Vec<PluginSource> = shipped::PLUGINS
        .iter()
        .map(|(name, component)| PluginSource::new(*name, Cow::Borrowed(*component)))
        .collect();
    for (name, path) in files(folder)? {
        let component = std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        sources.retain(|source| source.name != name);
        sources.push(PluginSource::new(name, Cow::Owned(component)));
    }
    Ok(sources)
}

/// The names of all plugins that [`read`] would give.
pub(crate) fn names(folder: Option<&Path>) -> anyhow::Result<BTreeSet<String>> {
    let shipped = shipped::PLUGINS.iter().map(|(name, _)| (*name).to_owned());
    Ok(shipped.chain(files(folder)?.into_iter().map(|(name, _)| name)).collect())
}

/// Name and path of every `.wasm` file of a folder, by name.
fn files(folder: Option<&Path>) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let Some(folder) = folder else { return Ok(Vec::new()) };
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("plugins.folder: {} cannot be read", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm")
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
        {
            files.push((name.to_owned(), path));
        }
    }
    files.sort();
    Ok(files)
}
