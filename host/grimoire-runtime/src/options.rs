//! The operator's options and their defaults.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use grimoire_ports::plugins::TrustedKey;

/// Time limits of one call into a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeBudget {
    /// CPU time of the plugin itself, counted in ticks of 10 ms. Waiting for a processor does not
    /// count.
    pub computing: Duration,
    /// Wall-clock time from the call to its end, including waits in host calls.
    pub elapsed: Duration,
}

/// Options for running plugins. Every limit is enforced.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder for compiled code between starts; without one, everything is compiled at every start. The folder
    /// is for Grimoire alone and is made private to its user; one that belongs to another user is not used.
    pub cache_folder: Option<PathBuf>,
    /// Maximum number of calls of one plugin that compute concurrently. Analyzers share one thread
    /// more than this, and matchers and embedders as many, so that a busy plugin leaves room for the
    /// others. Default: the number of processors, at most 4.
    pub threads: usize,
    /// Maximum number of concurrent scans, over all awake analyzers. Raised to `max_analyzers` if lower. Default:
    /// 64.
    pub max_instances: usize,
    /// Maximum number of analyzers of one generation. As many scans are reserved for one artifact at a time.
    /// Default: 32.
    pub max_analyzers: usize,
    /// Maximum total size of all memories and tables of one instance in bytes. Default: 64 MiB.
    pub memory_bytes_per_call: usize,
    /// Maximum number of bytes that one call may return to the host. Default: 32 MiB.
    pub output_bytes_per_call: usize,
    /// Maximum size of all diagnostics of one scan in the host's memory, in bytes. Default: 16 MiB.
    pub output_bytes_per_scan: usize,
    /// Maximum size of all diagnostics of all analyzers of one artifact in bytes. Default: 64 MiB.
    pub output_bytes_per_artifact: usize,
    /// Maximum number of bytes that one call may log. Default: 64 KiB.
    pub log_bytes_per_call: usize,
    /// For one `score`. Default: 1 s computing, 10 s elapsed.
    pub matcher_budget: TimeBudget,
    /// For one `embed` of at most 64 texts. A model takes longer than a matcher. Default: 10 s computing, 30 s elapsed.
    pub embedder_budget: TimeBudget,
    /// For one `feed` (at most 64 KiB) or `finish`. Default: 2 s computing, 10 s elapsed.
    pub feed_budget: TimeBudget,
    /// CPU time of every scan. Default: 5 s.
    pub scan_computing: Duration,
    /// Additional CPU time of a scan for each MiB that it reads. Default: 0.5 s; a shipped analyzer needs a tenth.
    pub scan_computing_per_mebibyte: Duration,
    /// How long a call waits for a slot before it fails as busy. Default: 5 s.
    pub admission_wait: Duration,
    /// How long an artifact's source may stay silent before its scan is aborted. Default: 60 s.
    pub content_wait: Duration,
    /// Maximum size of a component in bytes. Default: 64 MiB.
    pub max_component_bytes: usize,
    /// Wall-clock limit for compiling one component, which is rejected if it takes longer. Its compilation ends by
    /// itself at the lowest priority; while two such ones run, nothing else is compiled. Default: 60 s.
    pub compile_wait: Duration,
    /// Additional time for each MiB of a component. An interpreter with its libraries has 40 MiB, and compilation runs
    /// at low priority. Default: 15 s.
    pub compile_wait_per_mebibyte: Duration,
    /// Number of consecutive failures after which a plugin rests. Default: 5.
    pub failures_before_rest: u32,
    /// Count the instructions of calls, for [`crate::PluginHost::last_call`]. Counting makes plugins slower. Default:
    /// no.
    pub count_fuel: bool,
    /// The operator's configuration of plugins by name, each a JSON object. Default: none.
    pub configurations: BTreeMap<String, String>,
    /// Keys whose components are trusted. Default: none.
    pub trusted_keys: Vec<TrustedKey>,
    /// Require a signature by one of them for installed plugins and those in the operator's folder. Default: no.
    pub require_signed: bool,
    /// The length of the first rest, after which one trial call is made; doubled after every failed
    /// trial, up to 64 times this. Default: 1 s.
    pub first_rest: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_folder: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from).min(4),
            max_instances: 64,
            max_analyzers: 32,
            memory_bytes_per_call: 64 << 20,
            output_bytes_per_call: 32 << 20,
            output_bytes_per_scan: 16 << 20,
            output_bytes_per_artifact: 64 << 20,
            log_bytes_per_call: 64 << 10,
            matcher_budget: TimeBudget {
                computing: Duration::from_secs(1),
                elapsed: Duration::from_secs(10),
            },
            embedder_budget: TimeBudget {
                computing: Duration::from_secs(10),
                elapsed: Duration::from_secs(30),
            },
            feed_budget: TimeBudget { computing: Duration::from_secs(2), elapsed: Duration::from_secs(10) },
            scan_computing: Duration::from_secs(5),
            scan_computing_per_mebibyte: Duration::from_millis(500),
            admission_wait: Duration::from_secs(5),
            content_wait: Duration::from_secs(60),
            max_component_bytes: 64 << 20,
            compile_wait: Duration::from_secs(60),
            compile_wait_per_mebibyte: Duration::from_secs(15),
            failures_before_rest: 5,
            count_fuel: false,
            configurations: BTreeMap::new(),
            trusted_keys: Vec::new(),
            require_signed: false,
            first_rest: Duration::from_secs(1),
        }
    }
}
