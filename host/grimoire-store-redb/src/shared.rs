//! The state that readers and the writer thread share.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::Sequence;
use grimoire_ports::PortError;
use grimoire_ports::clock::Clock;
use redb::{Database, ReadTransaction, ReadableDatabase};
use tokio::sync::{Notify, watch};

use crate::effects::Effects;
use crate::failure::{Failure, Outcome};
use crate::memory::{Memory, Summary};
use crate::trouble::Trouble;

/// Opens the store's storage again.
pub(crate) type Reopen = Box<dyn Fn() -> Result<Database, PortError> + Send + Sync>;

/// The storage of a store.
pub(crate) struct Place {
    /// The path, if the storage is a file.
    pub(crate) file: Option<PathBuf>,
    pub(crate) reopen: Option<Reopen>,
}

pub(crate) struct Shared {
    /// `None` once the store is closed, and while it cannot be reopened. Readers hold the lock while
    /// they read, the writer while it begins a transaction.
    database: RwLock<Option<Database>>,
    place: Place,
    /// Why writes are not possible, if they are not.
    trouble: Mutex<Option<Trouble>>,
    /// The id of the store.
    pub(crate) id: String,
    /// The clock of leases.
    pub(crate) clock: Arc<dyn Clock>,
    /// The newest sequence number of the change log, as of the last commit.
    pub(crate) sequence: watch::Sender<Sequence>,
    summary: Mutex<Summary>,
    /// Notified when a job may have become available.
    pub(crate) jobs: Notify,
    /// Notified when a job has a new event.
    pub(crate) events: Notify,
}

impl Shared {
    pub(crate) fn new(
        database: Database,
        id: String,
        place: Place,
        clock: Arc<dyn Clock>,
        memory: &Memory,
    ) -> Self {
        Self {
            database: RwLock::new(Some(database)),
            place,
            trouble: Mutex::new(None),
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
        match self.with_database(|database| read(&database.begin_read().map_err(Failure::from)?)) {
            Err(Failure::Broken(error)) => {
                self.note_trouble(&error);
                Err(self.trouble().unwrap_or_else(|| Failure::Broken(error).into()))
            }
            other => Ok(other?),
        }
    }

    fn lock_trouble(&self) -> MutexGuard<'_, Option<Trouble>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why writes are not possible; `None` if they are, as far as is known.
    pub(crate) fn trouble(&self) -> Option<PortError> {
        self.lock_trouble().as_ref().map(Trouble::error)
    }

    /// Records an error after which the storage must be reopened.
    pub(crate) fn note_trouble(&self, error: &redb::Error) {
        let mut trouble = self.lock_trouble();
        // A follow-up error is less informative than the first one.
        let known = trouble.as_ref().is_some_and(|trouble| !trouble.reopened);
        if !(known && matches!(error, redb::Error::PreviousIo))
            && let Some(new) = Trouble::of(error, self.place.file.as_deref(), self.clock.now())
        {
            *trouble = Some(new);
        }
    }

    pub(crate) fn clear_trouble(&self) {
        if self.lock_trouble().take().is_some() {
            tracing::info!("the store can be written again");
        }
    }

    /// Reopens the storage after trouble, unless that was just done or tried. Fails while writes are not
    /// possible. Called by the writer only.
    pub(crate) fn recover(&self) -> Result<(), PortError> {
        let now = self.clock.now();
        let error = {
            let mut trouble = self.lock_trouble();
            let Some(trouble) = trouble.as_mut().filter(|trouble| !trouble.reopened) else { return Ok(()) };
            if !trouble.may_retry(now) {
                return Err(trouble.error());
            }
            trouble.wait(now);
            trouble.error()
        };
        let Some(reopen) = &self.place.reopen else { return Err(error) };
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // The old database holds the lock of the file.
        drop(database.take());
        match reopen() {
            Ok(reopened) => {
                *database = Some(reopened);
                if let Some(trouble) = self.lock_trouble().as_mut() {
                    trouble.reopened = true;
                }
                Ok(())
            }
            Err(cause) => {
                tracing::warn!(
                    error = &cause as &dyn std::error::Error,
                    "the store cannot be opened again yet"
                );
                Err(error)
            }
        }
    }

    /// The writer's summary of the last commit. Fails with `Unavailable` once the store is closed.
    pub(crate) fn summary(&self) -> Result<Summary, PortError> {
        let is_open = self.database.read().unwrap_or_else(PoisonError::into_inner).is_some();
        if !is_open && self.trouble().is_none() {
            return Err(closed());
        }
        Ok(self.summary.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    pub(crate) fn set_summary(&self, summary: Summary) {
        *self.summary.lock().unwrap_or_else(PoisonError::into_inner) = summary;
    }

    /// Wakes everybody who waits for effects of a commit.
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
