//! Configuration from the command line.

use std::path::PathBuf;

use super::setting::Setting;
use crate::plugin_files::TriedPlugin;

/// Configuration from the command line.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// The file to read instead of `grimoire.toml`; it must exist.
    pub file: Option<PathBuf>,
    /// Values as text, by the keys of their settings.
    values: Vec<(&'static str, String)>,
    /// A plugin to try, which is no setting.
    pub(crate) tried_plugin: Option<TriedPlugin>,
}

impl Overrides {
    /// Only the file to read, if one is named.
    pub(crate) fn of_file(file: Option<PathBuf>) -> Self {
        Self { file, ..Self::default() }
    }

    /// Sets a setting; the value is parsed like that of any other layer.
    pub(crate) fn set<T>(&mut self, setting: &Setting<T>, value: &impl ToString) {
        self.values.push((setting.definition.key, value.to_string()));
    }

    /// The keys and values, in the order in which they were set.
    pub(super) fn values(&self) -> &[(&'static str, String)] {
        &self.values
    }
}
