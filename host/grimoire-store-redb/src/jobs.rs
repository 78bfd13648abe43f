//! Jobs.

pub(crate) mod read;
mod schedule;
mod tables;
mod write;

pub(crate) use schedule::{KindSummary, Schedule};
pub(crate) use tables::JobTables;
pub(crate) use write::{Jobs, NewJobRecord};
