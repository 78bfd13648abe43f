//! The sources of plugins.

use std::borrow::Cow;
use std::path::PathBuf;

use crate::PortError;

/// The origin of a plugin, the strongest last: of several plugins with one name, the one with the strongest origin
/// runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PluginOrigin {
    /// It is part of the program.
    Shipped,
    /// It is a file in the operator's folder.
    Folder,
    /// It was installed and is stored in the store.
    Installed,
    /// One command tries it, without installing it.
    Tried,
}

impl PluginOrigin {
    /// The stable word: `shipped`, `folder`, `installed` or `tried`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shipped => "shipped",
            Self::Folder => "folder",
            Self::Installed => "installed",
            Self::Tried => "tried",
        }
    }
}

/// A component to load.
#[derive(Debug, Clone)]
pub struct PluginSource {
    /// Its name: 1 to 64 lower-case letters, digits and hyphens, such as `matcher-hybrid`.
    pub name: String,
    /// The location of its component.
    pub component: ComponentSource,
    /// Its origin.
    pub origin: PluginOrigin,
    /// The origin of the plugin that would run under this name without it.
    pub replaces: Option<PluginOrigin>,
    /// True for an analyzer of last resort: it is called only where the others found no cause.
    pub is_last_resort: bool,
}

/// The location of a component.
#[derive(Debug, Clone)]
pub enum ComponentSource {
    /// In memory.
    Bytes(Cow<'static, [u8]>),
    /// In a file. It is read when the plugin is loaded, and only if it is a regular file of an allowed size.
    File(PathBuf),
}

impl PluginSource {
    /// A shipped component under a name.
    pub fn new(name: impl Into<String>, component: impl Into<Cow<'static, [u8]>>) -> Self {
        Self {
            name: name.into(),
            component: ComponentSource::Bytes(component.into()),
            origin: PluginOrigin::Shipped,
            replaces: None,
            is_last_resort: false,
        }
    }

    /// A file in the operator's folder, under a name.
    pub fn file(name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            component: ComponentSource::File(path.into()),
            origin: PluginOrigin::Folder,
            replaces: None,
            is_last_resort: false,
        }
    }

    /// An installed component under a name.
    pub fn installed(name: impl Into<String>, component: Vec<u8>) -> Self {
        Self { origin: PluginOrigin::Installed, ..Self::new(name, component) }
    }

    /// A file that one command tries, under a name.
    pub fn tried(name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self { origin: PluginOrigin::Tried, ..Self::file(name, path) }
    }

    /// The same source as an analyzer of last resort, or as an ordinary one.
    #[must_use]
    pub fn last_resort(self, is_last_resort: bool) -> Self {
        Self { is_last_resort, ..self }
    }
}

/// Returns one source per name: the one with the strongest origin, which records the origin that it replaces and is of
/// last resort if the replaced one is. Sorted by origin, then in the given order.
pub fn strongest(mut sources: Vec<PluginSource>) -> Vec<PluginSource> {
    sources.sort_by_key(|source| source.origin);
    let mut chosen: Vec<PluginSource> = Vec::new();
    for mut source in sources {
        if let Some(place) = chosen.iter().position(|weaker| weaker.name == source.name) {
            let weaker = chosen.remove(place);
            source.replaces = Some(weaker.origin);
            source.is_last_resort |= weaker.is_last_resort;
        }
        chosen.push(source);
    }
    chosen
}

/// Finds the plugins outside the store: the shipped ones and those in the operator's folder.
pub trait PluginFiles: Send + Sync {
    /// All of them, one per name. May block; `Unavailable` if the folder cannot be read.
    fn find(&self) -> Result<Vec<PluginSource>, PortError>;
}

/// A fixed list.
impl PluginFiles for Vec<PluginSource> {
    fn find(&self) -> Result<Vec<PluginSource>, PortError> {
        Ok(strongest(self.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_origin_of_a_name_is_chosen_and_knows_what_it_replaces() {
        let sources = vec![
            PluginSource::installed("b", vec![3]),
            PluginSource::new("a", vec![1]),
            PluginSource::new("b", vec![1]).last_resort(true),
            PluginSource::file("c", "c.wasm"),
            PluginSource::file("b", "b.wasm"),
        ];
        let chosen: Vec<_> = strongest(sources)
            .into_iter()
            .map(|source| (source.name, source.origin, source.replaces, source.is_last_resort))
            .collect();
        assert_eq!(
            chosen,
            [
                ("a".to_owned(), PluginOrigin::Shipped, None, false),
                ("c".to_owned(), PluginOrigin::Folder, None, false),
                ("b".to_owned(), PluginOrigin::Installed, Some(PluginOrigin::Folder), true),
            ]
        );
    }
}
