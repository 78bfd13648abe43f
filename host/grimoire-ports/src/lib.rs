//! The interfaces between the use cases and the outside world, as object-safe traits: one file per port.
//!
//! Every port has one error type with a `kind()` from the closed list of [`grimoire_domain::kind::ErrorKind`].
//! Adapters implement the traits; the pipeline depends on nothing else. Code that both sides share is next to the
//! trait: [`follower`] keeps derived data up to date. The feature `fakes` adds adapters for tests, the feature
//! `conformance` the suites that every adapter passes.
#![forbid(unsafe_code)]

pub mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod derived_file;
pub mod error;
#[cfg(feature = "fakes")]
pub mod fakes;
pub mod follower;
pub mod github;
pub mod plugins;
pub mod search;
pub mod store;

pub use error::PortError;
