//! The plugin host: wasmtime with limits, validation and a compiled-code cache.
//!
//! [`PluginHost`] loads components and runs them behind the ports of `grimoire-ports`. Types of
//! wasmtime never leave this crate. A call goes through these steps:
//!
//! 1. The caller takes the current generation (`registry`) and uses its `score`, `analyze` and
//!    `embed` throughout.
//! 2. `probes` finds the text that concerns an analyzer, `window` the pages around it, and `admission` gives
//!    each scan a permit; `lane` is one analyzer's part.
//! 3. `plugin` counts the call; `breaker` rejects it if the plugin keeps failing.
//! 4. `threads` runs it on the plugins' own threads, after a bounded wait in a queue.
//! 5. `call` creates a store with all limits set: memory (`limits`), time, log (`log`), output.
//! 6. `worlds` creates a fresh instance in the store and calls it, in the version of the component. Both are
//!    dropped when the call (for analyzers: the scan) ends, so text of one repository cannot reach another's
//!    call, results do not depend on history, and a trap has no lasting effect.
//! 7. `validate` checks every bound of the contract; `problem` names what went wrong; `usage` and
//!    `record` count the resources used.
//!
//! Before that, at the start, `preflight` inspects a component, `compile` gets its code from the `cache`
//! or compiles it in the `background`, and `load` instantiates it once.
#![deny(unsafe_code)] // one exception, in `compile`: code from the authenticated cache

mod admission;
mod analyze;
mod background;
mod breaker;
mod cache;
mod call;
mod compile;
mod digest;
mod embed;
mod engine;
mod host;
mod inert_wasi;
mod inspect;
mod lane;
mod limits;
mod load;
mod log;
pub mod measure;
mod options;
mod plugin;
mod preflight;
mod probes;
mod problem;
mod progress;
mod read;
mod record;
mod registry;
mod rejection;
mod resources;
mod score;
pub mod signature;
mod threads;
mod usage;
mod validate;
mod window;
mod worlds;

pub use compile::CacheReport;
pub use grimoire_ports::plugins::{ComponentSource, PluginSource};
pub use host::PluginHost;
pub use inspect::{Inspection, inspect};
pub use log::{LogLevel, LogLine};
pub use options::{Options, TimeBudget};
pub use preflight::{CASE_SECTION, MAX_CASE_BYTES};
pub use read::read_component;
