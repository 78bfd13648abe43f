//! Generations: the loaded plugins as one immutable set, and the state that outlives them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use grimoire_domain::review::PluginProblem;
use grimoire_ports::plugins::{CaseFile, LoadedPlugin, PluginSet};
use tokio::sync::watch;

use crate::plugin::{Code, Plugin};
use crate::probes::ProbeSet;
use crate::record::PluginRecord;
use crate::resources::Resources;

/// One set of plugins, with everything needed to run them: it works as long as it is referenced.
pub(crate) struct Generation {
    /// From 1; 0 is the empty set before the first.
    pub(crate) number: u64,
    /// Plugins by name.
    pub(crate) plugins: BTreeMap<String, Arc<Plugin>>,
    /// Plugins that could not be loaded, in the given order.
    pub(crate) rejected: Vec<PluginProblem>,
    /// Searches the probes of all analyzers, by their numbers.
    pub(crate) watch: ProbeSet,
    pub(crate) resources: Arc<Resources>,
}

impl Generation {
    pub(crate) fn new(
        number: u64,
        plugins: BTreeMap<String, Arc<Plugin>>,
        rejected: Vec<PluginProblem>,
        resources: Arc<Resources>,
    ) -> Self {
        let watch =
            ProbeSet::new(plugins.values().enumerate().filter_map(|(number, plugin)| match &plugin.code {
                Code::Analyzer { probes, .. } => Some((number, &probes[..])),
                Code::Matcher { .. } | Code::Embedder { .. } => None,
            }));
        Self { number, plugins, rejected, watch, resources }
    }

    /// The analyzers, with their indices, by name: either those of last resort or the others.
    pub(crate) fn analyzers(&self, last_resort: bool) -> impl Iterator<Item = (usize, Arc<Plugin>)> {
        self.plugins.values().cloned().enumerate().filter(move |(_, plugin)| {
            matches!(&plugin.code, Code::Analyzer { is_last_resort, .. } if *is_last_resort == last_resort)
        })
    }
}

impl PluginSet for Generation {
    fn generation(&self) -> u64 {
        self.number
    }

    fn plugins(&self) -> Vec<LoadedPlugin> {
        self.plugins.values().map(|plugin| plugin.loaded()).collect()
    }

    fn rejected(&self) -> Vec<PluginProblem> {
        self.rejected.clone()
    }

    fn cases(&self, plugin: &str) -> Vec<CaseFile> {
        self.plugins.get(plugin).map(|plugin| plugin.cases.clone()).unwrap_or_default()
    }
}

/// The current generation, and the records of all plugins ever loaded, which are kept across generations.
pub(crate) struct Registry {
    current: ArcSwap<Generation>,
    /// The number of the current generation.
    number: watch::Sender<u64>,
    records: Mutex<BTreeMap<String, Arc<PluginRecord>>>,
}

impl Registry {
    pub(crate) fn new(first: Generation) -> Self {
        let number = watch::Sender::new(first.number);
        Self { current: ArcSwap::from_pointee(first), number, records: Mutex::default() }
    }

    pub(crate) fn current(&self) -> Arc<Generation> {
        self.current.load_full()
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.number.subscribe()
    }

    /// Replaces the running generation, unless it is no longer the one that `next` was prepared to follow. This only
    /// exchanges a pointer, so nobody waits.
    pub(crate) fn replace(&self, next: Arc<Generation>) -> bool {
        for (name, plugin) in &next.plugins {
            plugin.count_into(self.record(name));
        }
        let running = self.current.load();
        let number = next.number;
        let is_replaced = running.number + 1 == number
            && Arc::ptr_eq(&self.current.compare_and_swap(&running, next), &running);
        if is_replaced {
            self.number.send_replace(number);
        }
        is_replaced
    }

    /// Returns the record of a name; creates one for a new name.
    pub(crate) fn record(&self, name: &str) -> Arc<PluginRecord> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(records.entry(name.to_owned()).or_insert_with(|| Arc::new(PluginRecord::new())))
    }

    /// Returns the record of a name, if there is one.
    pub(crate) fn find_record(&self, name: &str) -> Option<Arc<PluginRecord>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}
