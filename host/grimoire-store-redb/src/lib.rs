//! The embedded store: redb behind the store port.
//!
//! One thread writes (`writer`). It takes every write that waits, applies all of them in one redb
//! transaction (`transaction`) and commits it durably, so that one sync serves many callers; each is
//! answered after the commit. Reads see the last commit and never wait for the writer: point reads run on
//! the caller's thread, scans on the blocking pool.
//!
//! The tables are in `schema`, the bytes of their rows in `record`. Domain types never reach the disk,
//! so that they can change freely. Each aggregate (`spells`, `deliveries`, `jobs`, `reviews`) has its own
//! tables, and `port` maps the port's verbs to them.
#![forbid(unsafe_code)]

mod backup;
mod counters;
mod deliveries;
mod effects;
mod failure;
mod jobs;
mod memory;
mod migrations;
mod open;
mod overlay;
mod port;
mod record;
mod records;
mod reviews;
mod schema;
mod shared;
mod spells;
mod store;
#[cfg(test)]
mod tests;
mod transaction;
mod verify;
mod writer;

pub use backup::restore;
pub use store::{Options, RedbStore};
pub use verify::{Verification, verify};
