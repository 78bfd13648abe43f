//! The state that readers and the writer thread share.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::Sequence;
use grimoire_ports::PortError;
use grimoire_ports::clock::Clock;
use redb::{Database, ReadTransaction, ReadableDatabase};
use tokio::sync::{Notify, watch};

use crate::effects::Effects;
use crate::failure::{Failure, Outcome};
use crate::memory::{Memory, Summary};

pub(crate) struct Shared {
    /// `None` once the store is closed. Readers hold the lock while they read, the writer while it
    /// begins a transaction.
    database: RwLock<Option<Database>>,
    /// The identity of the store.
    pub(crate) id: String,
    /// The clock of leases.
    pub(crate) clock: Arc<dyn Clock>,
    /// The newest sequence of the change log, as of the last commit.
    pub(crate) sequence: watch::Sender<Sequence>,
    summary: Mutex<Summary>,
    /// Notified when a job may have become claimable.
    pub(crate) jobs: Notify,
    /// Notified when a job has a new event.
    pub(crate) events: Notify,
}

impl Shared {
    pub(crate) fn new(database: Database, id: String, clock: Arc<dyn Clock>, memory: &Memory) -> Self {
        Self {
            database: RwLock::new(Some(database)),
            id,
            clock,
            sequence: watch::Sender::new(memory.last_change()),
            summary: Mutex::new(memory.summary()),
            jobs: Notify::new(),
            events: Notify::new(),
        }
    }

    /// Calls `work` with the open database.
    pub(crate) fn with_database<T, E: From<redb::Error>>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, E>,
    ) -> Result<T, E> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        work(database.as_ref().ok_or(redb::Error::DatabaseClosed)?)
    }

    /// Reads the last commit.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&ReadTransaction) -> Outcome<T>) -> Result<T, PortError> {
        Ok(self.with_database(|database| read(&database.begin_read().map_err(Failure::from)?))?)
    }

    /// The writer's summary of the last commit. `Unavailable` once the store is closed.
    pub(crate) fn summary(&self) -> Result<Summary, PortError> {
        if self.database.read().unwrap_or_else(PoisonError::into_inner).is_none() {
            return Err(closed());
        }
        Ok(*self.summary.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_summary(&self, summary: Summary) {
        *self.summary.lock().unwrap_or_else(PoisonError::into_inner) = summary;
    }

    /// Wakes those who wait for what a commit has changed.
    pub(crate) fn signal(&self, last_change: Sequence, effects: Effects) {
        self.sequence.send_if_modified(|sequence| {
            let grown = last_change > *sequence;
            *sequence = last_change;
            grown
        });
        if effects.jobs {
            self.jobs.notify_waiters();
        }
        if effects.events {
            self.events.notify_waiters();
        }
    }

    /// Waits for the readers and closes the file.
    pub(crate) fn close(&self) {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        drop(database.take());
    }
}

pub(crate) fn closed() -> PortError {
    PortError::new(ErrorKind::Unavailable, "the store is closed: the service is shutting down")
}
