//! A single integration test binary, so that everything is linked once.

mod architecture;
mod generated;
mod github;
mod log;
mod plugin_safety;
mod stories;
