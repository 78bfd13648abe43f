//! The embedded store: redb behind the store port.
//!
//! One thread writes. It takes everything that waits, does it in one transaction and syncs once, so
//! that a sync serves many callers; every caller is answered after the commit. What is synced is a
//! journal of the changes (`journal`); the file follows. Reads see the last commit and never wait for a
//! writer: point reads run where they are called, scans on the blocking
//! pool.
//!
//! What is stored are versioned records (`record`) in the tables of `schema`; domain types never
//! reach the disk, so that they can change freely.
#![forbid(unsafe_code)]

mod counters;
mod deliveries;
mod failure;
mod jobs;
mod journal;
mod memory;
mod migrations;
mod open;
mod record;
mod reviews;
mod schema;
mod spells;
mod step;
mod table;
#[cfg(test)]
mod tests;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::Sequence;
use grimoire_ports::PortError;
use redb::backends::InMemoryBackend;
use redb::{Database, ReadTransaction, ReadableDatabase, StorageBackend};
use tokio::sync::{Notify, watch};

use crate::counters::Counter;
use crate::failure::{Failure, Outcome};
use crate::memory::{Memory, Summary};
use crate::open::Opened;
use crate::record::fnv_1a;
use crate::step::Step;
use crate::writer::Writer;

/// How a store behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The most memory that cached pages take, in bytes.
    pub cache_bytes: usize,
    /// How many writes may wait; more are refused with `Unavailable`.
    pub waiting_writes: usize,
    /// The most writes that share one sync: bounds how long the first of them waits. At least 1.
    pub group_limit: usize,
    /// The size of the journal, in bytes. With a longer one more groups of writes share the pages that all
    /// of them change, and a start after a crash has more to do again.
    pub journal_bytes: u64,
}

impl Default for Options {
    /// 64 MiB of cache, 4,096 waiting writes, groups of 1,024, 32 MiB of journal.
    fn default() -> Self {
        Self { cache_bytes: 64 << 20, waiting_writes: 4_096, group_limit: 1_024, journal_bytes: 32 << 20 }
    }
}

/// A store in one file. Clones share it. It closes when [`RedbStore::close`] returns or the last
/// clone is dropped.
#[derive(Clone)]
pub struct RedbStore(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    writer: Writer,
}

/// What readers and the writer share.
struct Shared {
    /// Readers hold the lock while they read; closing takes the database out. The writer holds its
    /// own transactions, never this lock, while it works.
    database: std::sync::RwLock<Option<Database>>,
    id: String,
    sequence: watch::Sender<Sequence>,
    summary: Mutex<Summary>,
    jobs: Notify,
    events: Notify,
}

impl RedbStore {
    /// Opens the store in the file at `path`, or makes it, folder included. A file beside it, with
    /// `.journal` added to its name, holds what was written last: they belong together.
    ///
    /// `Unavailable` when another process has it open or the file cannot be reached; `Invalid` when
    /// it is not a store or was written by a newer version. The file is unchanged then.
    pub fn open(path: &Path, options: Options) -> Result<Self, PortError> {
        Self::start(open::file(path, options)?, options)
    }

    /// A new store that lives in memory and ends with its last clone.
    pub fn in_memory(options: Options) -> Result<Self, PortError> {
        Self::open_with_backend(InMemoryBackend::new(), options)
    }

    /// Opens the store that `backend` holds, or makes it where `backend` is empty, with a journal before
    /// it as [`RedbStore::open`] keeps one. `Invalid` when the journal is damaged.
    pub fn open_with_journal(
        backend: impl StorageBackend,
        journal: impl StorageBackend,
        options: Options,
    ) -> Result<Self, PortError> {
        Self::start(open::journaled(backend, journal, options)?, options)
    }

    /// Opens the store that `backend` holds, or makes it where `backend` is empty. Every sync is one
    /// of the backend.
    pub fn open_with_backend(backend: impl StorageBackend, options: Options) -> Result<Self, PortError> {
        Self::start(open::backend(backend, options)?, options)
    }

    fn start(opened: Opened, options: Options) -> Result<Self, PortError> {
        let Opened { database, journal } = opened;
        // Version 4 is the first whose journal has changes, and the tables are its. A later version with other
        // tables has to do again what is left of them before it migrates.
        migrations::bring_up_to_date(&database)?;
        let id = migrations::store_id(&database)?;
        let journal = match journal {
            Some(journal) => Some(journal.join(&database, fnv_1a(id.bytes()), table::replay)?),
            None => None,
        };
        let memory = Memory::load(&database.begin_read().map_err(Failure::from)?)?;
        let shared = Arc::new(Shared {
            database: std::sync::RwLock::new(Some(database)),
            id,
            sequence: watch::Sender::new(Sequence(memory.counters.get(Counter::LastChange))),
            summary: Mutex::new(memory.summary()),
            jobs: Notify::new(),
            events: Notify::new(),
        });
        let writer = Writer::start(Arc::clone(&shared), memory, journal, options)
            .map_err(|error| PortError::internal("the store's writer could not be started", error))?;
        Ok(Self(Arc::new(Inner { shared, writer })))
    }

    /// Finishes the writes that wait, refuses new ones and closes the file, so that the next start
    /// has nothing to repair. Later calls of anything are `Unavailable`. May be called twice.
    pub async fn close(&self) -> Result<(), PortError> {
        let inner = Arc::clone(&self.0);
        run_blocking(move || {
            inner.close();
            Ok(())
        })
        .await
    }

    /// A point read, done here and now.
    fn read<T>(&self, read: impl FnOnce(&ReadTransaction) -> Outcome<T>) -> Result<T, PortError> {
        self.0.shared.read(read)
    }

    /// What the writer told of the last commit. `Unavailable` once the store is closed.
    fn summary(&self) -> Result<Summary, PortError> {
        let shared = &self.0.shared;
        if shared.database.read().unwrap_or_else(PoisonError::into_inner).is_none() {
            return Err(closed());
        }
        Ok(*shared.summary.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A longer read, done on the blocking pool.
    async fn scan<T: Send + 'static>(
        &self,
        read: impl FnOnce(&ReadTransaction) -> Outcome<T> + Send + 'static,
    ) -> Result<T, PortError> {
        let shared = Arc::clone(&self.0.shared);
        run_blocking(move || shared.read(read)).await
    }

    /// A write: answered once it is on the disk.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Step<'_>) -> Outcome<T> + Send + 'static,
    ) -> Result<T, PortError> {
        self.0.writer.write(work).await
    }
}

impl fmt::Debug for RedbStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RedbStore").field("id", &self.0.shared.id).finish_non_exhaustive()
    }
}

impl Inner {
    fn close(&self) {
        self.writer.stop();
        self.shared.close();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn read<T>(&self, read: impl FnOnce(&ReadTransaction) -> Outcome<T>) -> Result<T, PortError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or_else(closed)?;
        let transaction = database.begin_read().map_err(Failure::from)?;
        Ok(read(&transaction)?)
    }

    /// Waits for the readers and closes the file.
    fn close(&self) {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        drop(database.take());
    }
}

fn closed() -> PortError {
    PortError::new(ErrorKind::Unavailable, "the store is closed: the service is shutting down")
}

async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PortError> + Send + 'static,
) -> Result<T, PortError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(PortError::internal("the store could not be read", error)),
    }
}
