//! The entry point: everything that other crates see of the plugin host.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use grimoire_ports::plugins::{
    PluginEvidence, PluginSet, PluginSource, PluginStatistics, Plugins, PreparedPlugins,
};
use tokio::sync::watch;
use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::admission::Admission;
use crate::call::Call;
use crate::compile::{CacheReport, Compiler};
use crate::load::Loader;
use crate::log::LogLine;
use crate::options::Options;
use crate::progress::Progress;
use crate::registry::{Generation, Registry};
use crate::resources::Resources;
use crate::threads::{PluginThreads, Work};
use crate::{engine, worlds};

/// Loads plugins and runs them: the adapter behind the port `Plugins`.
///
/// Every call gets a fresh instance with its own limits, on the host's own threads. Dropping the
/// future of a call ends the plugin at its next tick (10 ms) and frees its slot.
pub struct PluginHost {
    pub(crate) registry: Arc<Registry>,
    engine: Engine,
    linker: Linker<Call>,
    compiler: Compiler,
    resources: Arc<Resources>,
    /// Locked while plugins are loaded, so that generations are built one after the other.
    loading: Mutex<()>,
    progress: Progress,
}

impl PluginHost {
    /// Starts the engine without plugins.
    ///
    /// # Errors
    ///
    /// `Internal` if the machine cannot provide the threads or the memory for an engine.
    pub fn new(options: Options) -> Result<Self, PortError> {
        let internal = |error: wasmtime::Error| {
            let source: Box<dyn std::error::Error + Send + Sync> = format!("{error:?}").into();
            PortError::internal("the plugin host could not start", source)
        };
        let options = Arc::new(Options {
            threads: options.threads.max(1),
            // An artifact needs a slot for every analyzer at the same time.
            max_instances: options.max_instances.max(options.max_analyzers).max(1),
            ..options
        });
        let engine = engine::start(&options).map_err(internal)?;
        let linker = worlds::linker(&engine).map_err(internal)?;
        let threads = |work| {
            PluginThreads::start(work, options.threads)
                .map_err(|error| PortError::internal("the plugin host could not start its threads", error))
        };
        let (call_threads, scan_threads) = (threads(Work::Calls)?, threads(Work::Scans)?);
        let compiler = Compiler::new(&engine, &options);
        let admission = Admission::new(options.max_instances, options.max_analyzers, options.admission_wait);
        let resources = Arc::new(Resources { options, admission, call_threads, scan_threads });
        let nothing = Generation::new(0, BTreeMap::new(), Vec::new(), Arc::clone(&resources));
        let registry = Arc::new(Registry::new(nothing));
        Ok(Self {
            registry,
            engine,
            linker,
            compiler,
            resources,
            loading: Mutex::new(()),
            progress: Progress::default(),
        })
    }

    /// Like [`Self::new`], with plugins loaded as by [`Self::load`].
    ///
    /// # Errors
    ///
    /// Those of both functions.
    pub fn start(options: Options, plugins: Vec<PluginSource>) -> Result<Self, PortError> {
        let host = Self::new(options)?;
        host.load(plugins)?;
        Ok(host)
    }

    /// Loads plugins and makes them current, as the next generation. Holders of the previous one continue to use it. A
    /// plugin that cannot be loaded is listed in the set's `rejected()` and does not affect others.
    ///
    /// Blocks while components are compiled: about half a second per megabyte that is not cached. May
    /// be called inside or outside an asynchronous runtime.
    ///
    /// # Errors
    ///
    /// `Internal` if loading panics, `Conflict` if other plugins were loaded meanwhile; the generation before continues
    /// to run.
    pub fn load(&self, plugins: Vec<PluginSource>) -> Result<Arc<dyn PluginSet>, PortError> {
        let prepared = self.make_ready(plugins)?;
        let set = prepared.set();
        Box::new(prepared).run()?;
        Ok(set)
    }

    fn make_ready(&self, plugins: Vec<PluginSource>) -> Result<Prepared, PortError> {
        let _alone = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        let loader = Loader {
            engine: &self.engine,
            linker: &self.linker,
            compiler: &self.compiler,
            resources: &self.resources,
            registry: &self.registry,
            progress: &self.progress,
        };
        let number = self.registry.current().number + 1;
        // A separate thread, because the caller's may belong to another runtime.
        let loaded = std::thread::scope(|scope| {
            let loading = scope
                .spawn(|| self.resources.scan_threads.handle().block_on(loader.load_all(number, plugins)));
            loading.join()
        });
        let generation = Arc::new(
            loaded
                .inspect_err(|_| self.progress.end())
                .map_err(|_| PortError::internal("plugins could not be loaded", "loading panicked"))?,
        );
        self.progress.end();
        self.compiler.keep_only(&[&*generation, &*self.registry.current()]);
        Ok(Prepared { generation, registry: Arc::clone(&self.registry) })
    }

    /// Statistics of the compiled-code cache since the start.
    pub fn cache_report(&self) -> CacheReport {
        self.compiler.report()
    }

    /// The last log lines of the plugins of this name, oldest first; none for an unknown name.
    pub fn recent_log(&self, plugin: &str) -> Vec<LogLine> {
        self.registry.find_record(plugin).map(|record| record.log.lines()).unwrap_or_default()
    }
}

/// A generation that does not run yet.
struct Prepared {
    generation: Arc<Generation>,
    registry: Arc<Registry>,
}

impl PreparedPlugins for Prepared {
    fn set(&self) -> Arc<dyn PluginSet> {
        Arc::clone(&self.generation) as _
    }

    fn run(self: Box<Self>) -> Result<(), PortError> {
        let Self { generation, registry } = *self;
        if registry.replace(generation) {
            return Ok(());
        }
        Err(PortError::new(ErrorKind::Conflict, "other plugins were loaded meanwhile: try again"))
    }
}

impl Plugins for PluginHost {
    fn current(&self) -> Arc<dyn PluginSet> {
        self.registry.current()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.registry.changes()
    }

    fn statistics(&self, plugin: &str) -> PluginStatistics {
        self.registry.find_record(plugin).map(|record| record.statistics()).unwrap_or_default()
    }

    fn evidence(&self, plugin: &str) -> PluginEvidence {
        self.registry.find_record(plugin).map(|record| record.evidence()).unwrap_or_default()
    }

    fn notices(&self) -> Vec<String> {
        let mut notices: Vec<String> = self.progress.notice().into_iter().collect();
        let running = self.compiler.abandoned();
        if running > 0 {
            notices.push(format!(
                "{running} compilations went over their time and still use the processor: restart to end them"
            ));
        }
        notices
    }

    fn prepare(&self, sources: Vec<PluginSource>) -> Result<Box<dyn PreparedPlugins>, PortError> {
        Ok(Box::new(self.make_ready(sources)?))
    }
}
