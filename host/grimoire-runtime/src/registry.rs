//! Generations: the loaded plugins as one immutable set.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use grimoire_domain::artifact::ArtifactKind;
use grimoire_domain::review::PluginProblem;

use crate::plugin::{Code, Plugin};
use crate::probes::Watch;

/// One set of plugins. A request takes it once and keeps it to its end, so that no answer mixes two.
pub(crate) struct Generation {
    /// From 1.
    pub(crate) number: u64,
    /// By name.
    pub(crate) plugins: BTreeMap<String, Arc<Plugin>>,
    /// What could not be loaded, in the order given.
    pub(crate) rejected: Vec<PluginProblem>,
    /// Looks for the probes of all analyzers, by their numbers.
    pub(crate) watch: Watch,
}

impl Generation {
    pub(crate) fn new(
        number: u64,
        plugins: BTreeMap<String, Arc<Plugin>>,
        rejected: Vec<PluginProblem>,
    ) -> Self {
        let watch =
            Watch::new(plugins.values().enumerate().filter_map(|(number, plugin)| match &plugin.code {
                Code::Analyzer { probes, .. } => Some((number, &probes[..])),
                Code::Matcher(_) => None,
            }));
        Self { number, plugins, rejected, watch }
    }

    /// Analyzers that accept a kind with their numbers, by name. The contract knows a report as text.
    pub(crate) fn analyzers(&self, kind: ArtifactKind) -> impl Iterator<Item = (usize, Arc<Plugin>)> {
        let kind = if kind == ArtifactKind::Report { ArtifactKind::Text } else { kind };
        let accepts = move |plugin: &Plugin| match &plugin.code {
            Code::Analyzer { kinds, .. } => kinds.contains(&kind),
            Code::Matcher(_) => false,
        };
        self.plugins.values().cloned().enumerate().filter(move |(_, plugin)| accepts(plugin))
    }

    /// How many scans one artifact can need at most.
    pub(crate) fn most_scans(&self) -> usize {
        self.plugins.values().filter(|plugin| matches!(plugin.code, Code::Analyzer { .. })).count()
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
