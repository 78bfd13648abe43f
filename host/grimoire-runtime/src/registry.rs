//! Generations: the loaded plugins as one immutable set.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use grimoire_domain::artifact::ArtifactKind;
use grimoire_domain::review::PluginProblem;

use crate::plugin::{Code, Plugin};

/// One set of plugins. A request takes it once and keeps it to its end, so that no answer mixes two.
pub(crate) struct Generation {
    /// From 1.
    pub(crate) number: u64,
    /// By name.
    pub(crate) plugins: BTreeMap<String, Arc<Plugin>>,
    /// What could not be loaded, in the order given.
    pub(crate) rejected: Vec<PluginProblem>,
}

impl Generation {
    /// Analyzers that accept a kind, by name.
    pub(crate) fn analyzers(&self, kind: ArtifactKind) -> Vec<Arc<Plugin>> {
        let accepts = |plugin: &&Arc<Plugin>| match &plugin.code {
            Code::Analyzer { kinds, .. } => kinds.contains(&kind),
            Code::Matcher(_) => false,
        };
        self.plugins.values().filter(accepts).cloned().collect()
    }
}

/// Holds the running generation. Replacing it is one store of a pointer: nobody waits.
pub(crate) struct Registry(ArcSwap<Generation>);

impl Registry {
    pub(crate) fn new(first: Generation) -> Self {
        Self(ArcSwap::from_pointee(first))
    }

    pub(crate) fn current(&self) -> Arc<Generation> {
        self.0.load_full()
    }
}
