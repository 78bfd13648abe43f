//! What the use cases need of the world, as object-safe traits: one file per need.
//!
//! Every port has one error type with a `kind()` from the closed list of
//! [`grimoire_domain::kind::ErrorKind`]. Adapters implement the traits; the pipeline sees nothing else.
//! What both sides share of a need stands beside its trait: [`follower`] keeps derived data up to date.
//! Feature `fakes` adds adapters for tests, feature `conformance` the suites that every adapter passes.
#![forbid(unsafe_code)]

pub mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod error;
#[cfg(feature = "fakes")]
pub mod fakes;
pub mod follower;
pub mod github;
pub mod plugins;
pub mod search;
pub mod store;

pub use error::PortError;
