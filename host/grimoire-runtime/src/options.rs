//! What an operator may choose, with the defaults.

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

/// A component to load.
#[derive(Debug, Clone)]
pub struct PluginSource {
    /// Its name: 1 to 64 lower-case letters, digits and hyphens, such as `matcher-hybrid`.
    pub name: String,
    /// The component's bytes.
    pub component: Cow<'static, [u8]>,
}

impl PluginSource {
    /// A component under a name.
    pub fn new(name: impl Into<String>, component: impl Into<Cow<'static, [u8]>>) -> Self {
        Self { name: name.into(), component: component.into() }
    }
}

/// How long one call into a plugin may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeBudget {
    /// Time in which the plugin itself computes, counted in ticks of 10 ms. Waiting for a processor
    /// does not count.
    pub computing: Duration,
    /// Time on the clock from the call to its end, also while the plugin waits in a host call.
    pub elapsed: Duration,
}

/// How plugins are run. Every field is enforced.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where compiled code is kept between starts; none: everything is compiled at every start. The
    /// folder is Grimoire's alone and is made private to its user.
    pub cache_folder: Option<PathBuf>,
    /// The name of the matcher that judges. Default: `matcher-hybrid`.
    pub active_matcher: String,
    /// How many calls of one plugin compute at a time. One thread more than this serves all
    /// plugins, so that one that hogs its share leaves room for the others. Default: the number of
    /// processors, at most 4.
    pub threads: usize,
    /// How many scans are under way at a time, over all analyzers that are awake. Raised to the number of
    /// analyzers where it is lower; as many are kept for one artifact at a time. Default: 48.
    pub max_instances: usize,
    /// Bytes of all memories and tables of one instance together. Default: 64 MiB.
    pub memory_bytes_per_call: usize,
    /// Bytes that one call may hand back to the host. Default: 32 MiB.
    pub output_bytes_per_call: usize,
    /// Bytes that one call may write to its log. Default: 64 KiB.
    pub log_bytes_per_call: usize,
    /// For one `score`. Default: 1 s computing, 10 s elapsed.
    pub matcher_budget: TimeBudget,
    /// For one `feed` (at most 256 KiB) or `finish`. Default: 2 s computing, 10 s elapsed.
    pub feed_budget: TimeBudget,
    /// Computing time of a whole scan. Default: 60 s.
    pub scan_computing: Duration,
    /// How long a call waits for a free place before it is turned away as busy. Default: 5 s.
    pub admission_wait: Duration,
    /// How long an artifact's source may stay silent before its scan is given up. Default: 60 s.
    pub content_wait: Duration,
    /// Bytes of a component. Default: 64 MiB.
    pub max_component_bytes: usize,
    /// Time on the clock for compiling one component. One that takes longer is refused, and ends by
    /// itself at the lowest priority; while two such ones run, nothing else is compiled. Default: 60 s.
    pub compile_wait: Duration,
    /// After this many failures in a row a plugin rests. Default: 5.
    pub failures_before_rest: u32,
    /// How long it rests the first time, before one call tries it again; doubled after every failed
    /// try, up to 64 times this. Default: 1 s.
    pub first_rest: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_folder: None,
            active_matcher: "matcher-hybrid".to_owned(),
            threads: std::thread::available_parallelism().map_or(1, usize::from).min(4),
            max_instances: 48,
            memory_bytes_per_call: 64 << 20,
            output_bytes_per_call: 32 << 20,
            log_bytes_per_call: 64 << 10,
            matcher_budget: TimeBudget {
                computing: Duration::from_secs(1),
                elapsed: Duration::from_secs(10),
            },
            feed_budget: TimeBudget { computing: Duration::from_secs(2), elapsed: Duration::from_secs(10) },
            scan_computing: Duration::from_secs(60),
            admission_wait: Duration::from_secs(5),
            content_wait: Duration::from_secs(60),
            max_component_bytes: 64 << 20,
            compile_wait: Duration::from_secs(60),
            failures_before_rest: 5,
            first_rest: Duration::from_secs(1),
        }
    }
}
