//! The plugin host: wasmtime with limits, validation and a compiled-code cache.
//!
//! [`PluginHost`] loads components and runs them behind the ports of `grimoire-ports`. Types of
//! wasmtime never leave this crate. One call takes this way:
//!
//! 1. `score` or `analyze` takes the running generation (`registry`) and keeps it to the end.
//! 2. `probes` finds what analyzers may have something to say on, `window` what is around it, and `admission`
//!    gives each scan a place; `lane` is one analyzer's part.
//! 3. `plugin` counts the call; `breaker` turns it away when the plugin keeps failing.
//! 4. `threads` carries it to the plugins' own threads, where it waits for its turn, with a limit.
//! 5. `instance_policy` says how long an instance lives; `call` makes its store with all limits armed:
//!    memory (`limits`), time, log (`log`), output.
//! 6. `worlds` makes a fresh instance and calls it, in the version that the component has.
//! 7. `validate` checks every bound of the contract; `problem` names what went wrong; `usage` counts
//!    what it took.
//!
//! Before that, at start: `preflight` looks at a component, `compile` finds its code in the `cache` or has
//! it made in the `background`, `load` tries it once.
#![deny(unsafe_code)] // one exception, in `compile`: code from the authenticated cache

mod admission;
mod analyze;
mod background;
mod breaker;
mod cache;
mod call;
mod compile;
mod digest;
mod engine;
mod host;
mod instance_policy;
mod lane;
mod lifeless;
mod limits;
mod load;
mod log;
pub mod measure;
mod options;
mod plugin;
mod preflight;
mod probes;
mod problem;
mod registry;
mod score;
mod threads;
mod usage;
mod validate;
mod window;
mod worlds;

pub use compile::CacheReport;
pub use host::PluginHost;
pub use log::{LogLevel, LogLine};
pub use options::{Options, PluginSource, TimeBudget};
pub use problem::Reason;
