//! Jobs.

pub(crate) mod read;
mod schedule;
mod tables;
mod write;

pub(crate) use schedule::{KindSummary, Schedule};
pub(crate) use tables::JobTables;
pub(crate) use write::{Jobs, NewJobRecord};

use grimoire_domain::job::JobId;
use grimoire_domain::kind::ErrorKind;

use crate::failure::Failure;

fn missing(id: JobId) -> Failure {
    Failure::refused(ErrorKind::NotFound, format!("there is no job {id}"))
}
