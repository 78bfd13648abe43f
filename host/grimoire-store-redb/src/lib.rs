//! The embedded store: the store port on top of redb.
//!
//! One thread writes (`writer`). It takes all waiting writes, applies them in one redb transaction
//! (`transaction`) and commits it durably, so that one sync serves many callers; each gets its result
//! after the commit. Reads see the last commit and never wait for the writer: point reads run on the
//! caller's thread, scans on the blocking pool.
//!
//! The tables are defined in `schema`, the bytes of their rows in `record`. Domain types are never stored directly,
//! so that they can change freely. Each aggregate (`spells`, `deliveries`, `jobs`, `reviews`, `outbox`) has its own
//! tables, and `port` maps the operations of the port to them.
#![forbid(unsafe_code)]

mod backup;
mod counters;
mod deliveries;
mod effects;
mod failure;
mod jobs;
mod last_commit;
mod memory;
mod migrations;
mod open;
mod outbox;
mod outcomes;
mod overlay;
mod plugins;
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
mod trouble;
mod verify;
mod writer;

pub use backup::restore;
pub use store::{Options, RedbStore};
pub use verify::verify;
