//! Resources shared by all generations of plugins.

use std::sync::Arc;

use crate::admission::Admission;
use crate::options::Options;
use crate::threads::PluginThreads;

/// Shared by all generations, so that a swap never doubles the resources that plugins may use.
pub(crate) struct Resources {
    pub(crate) options: Arc<Options>,
    /// Limits the number of concurrent scans.
    pub(crate) admission: Admission,
    /// For matchers and embedders. Must be dropped after everything that runs on the threads.
    pub(crate) call_threads: PluginThreads,
    /// For analyzers, likewise.
    pub(crate) scan_threads: PluginThreads,
}
