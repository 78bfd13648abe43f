//! The door: everything that the house sees of plugins.

use std::sync::Arc;

use grimoire_domain::review::PluginProblem;
use grimoire_ports::PortError;
use grimoire_ports::plugins::{PluginInventory, PluginStatus};

use crate::admission::Admission;
use crate::compile::{CacheReport, Compiler};
use crate::load::Loader;
use crate::log::LogLine;
use crate::options::{Options, PluginSource};
use crate::registry::Registry;
use crate::threads::PluginThreads;
use crate::{engine, worlds};

/// Loads plugins and runs them: the adapter behind the ports `Analyzers`, `Matchers` and
/// `PluginInventory`.
///
/// Every call gets a fresh instance with limits of its own, on threads of the host's own. Dropping a
/// call's future ends the plugin at its next tick (10 ms) and frees its place.
pub struct PluginHost {
    pub(crate) options: Arc<Options>,
    pub(crate) registry: Registry,
    pub(crate) compiler: Compiler,
    /// Who may begin a scan.
    pub(crate) admission: Admission,
    /// After everything that runs on them.
    pub(crate) threads: PluginThreads,
}

impl PluginHost {
    /// Starts the engine and loads the plugins. One that cannot be loaded is listed in `rejected()`
    /// and disturbs nobody; also the chosen matcher may be missing, and is then refused call by call.
    ///
    /// Blocks while components are compiled: about half a second for each megabyte that is not in the
    /// cache. May be called inside or outside an asynchronous runtime.
    ///
    /// # Errors
    ///
    /// `Internal` when the machine does not give the threads or the memory for an engine.
    pub fn start(options: Options, plugins: Vec<PluginSource>) -> Result<Self, PortError> {
        let internal = |error: wasmtime::Error| {
            let source: Box<dyn std::error::Error + Send + Sync> = format!("{error:?}").into();
            PortError::internal("the plugin host could not start", source)
        };
        let options = Arc::new(Options {
            threads: options.threads.max(1),
            // An artifact needs a place for every analyzer at once.
            max_instances: options.max_instances.max(plugins.len()).max(1),
            ..options
        });
        let engine = engine::start(&options).map_err(internal)?;
        let linker = worlds::linker(&engine).map_err(internal)?;
        let threads = PluginThreads::start(options.threads)
            .map_err(|error| PortError::internal("the plugin host could not start its threads", error))?;
        let compiler = Compiler::new(&engine, &options);
        let loader = Loader { engine: &engine, linker: &linker, compiler: &compiler, options: &options };
        // A thread of its own, because the caller's may belong to another runtime.
        let first = std::thread::scope(|scope| {
            let loading = scope.spawn(|| threads.handle().block_on(loader.load_all(1, plugins)));
            loading.join()
        });
        let first =
            first.map_err(|_| PortError::internal("the plugin host could not start", "loading panicked"))?;
        Ok(Self {
            admission: Admission::new(options.max_instances, first.most_scans(), options.admission_wait),
            registry: Registry::new(first),
            compiler,
            options,
            threads,
        })
    }

    /// What the cache of compiled code did since the start.
    pub fn cache_report(&self) -> CacheReport {
        self.compiler.report()
    }

    /// The last lines that a plugin wrote to its log, oldest first; none for an unknown name.
    pub fn recent_log(&self, plugin: &str) -> Vec<LogLine> {
        self.registry.current().plugins.get(plugin).map(|plugin| plugin.log.lines()).unwrap_or_default()
    }

    /// The most bytes that any call of a plugin held in its memories and tables; none for an unknown
    /// name.
    pub fn peak_memory(&self, plugin: &str) -> Option<u64> {
        self.registry.current().plugins.get(plugin).map(|plugin| plugin.peak_memory())
    }
}

impl PluginInventory for PluginHost {
    fn generation(&self) -> u64 {
        self.registry.current().number
    }

    fn plugins(&self) -> Vec<PluginStatus> {
        self.registry.current().plugins.values().map(|plugin| plugin.status()).collect()
    }

    fn abandoned_compilations(&self) -> usize {
        self.compiler.abandoned()
    }

    fn rejected(&self) -> Vec<PluginProblem> {
        self.registry.current().rejected.clone()
    }
}
