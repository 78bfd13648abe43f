//! An open store: reads, writes, opening and closing.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use grimoire_ports::PortError;
use grimoire_ports::clock::{Clock, SystemClock};
use redb::backends::InMemoryBackend;
use redb::{Database, ReadTransaction, ReadableDatabase, StorageBackend};

use crate::failure::{Failure, Outcome};
use crate::memory::Memory;
use crate::shared::Shared;
use crate::transaction::Transaction;
use crate::writer::Writer;
use crate::{migrations, open};

/// How a store behaves.
#[derive(Clone)]
pub struct Options {
    /// The most memory that cached pages take, in bytes.
    pub cache_bytes: usize,
    /// How many writes may wait; more are refused with `Unavailable`.
    pub waiting_writes: usize,
    /// The most writes that share one commit: bounds how long the first of them waits. At least 1.
    pub group_limit: usize,
    /// The clock of leases.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    /// 64 MiB of cache, 4,096 waiting writes, groups of 1,024, the machine's clock.
    fn default() -> Self {
        Self {
            cache_bytes: 64 << 20,
            waiting_writes: 4_096,
            group_limit: 1_024,
            clock: Arc::new(SystemClock),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cache_bytes, waiting_writes, group_limit, clock: _ } = self;
        formatter
            .debug_struct("Options")
            .field("cache_bytes", cache_bytes)
            .field("waiting_writes", waiting_writes)
            .field("group_limit", group_limit)
            .finish_non_exhaustive()
    }
}

/// A store in one file. Clones share it. It closes when [`RedbStore::close`] returns or the last clone is
/// dropped.
#[derive(Clone)]
pub struct RedbStore(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    writer: Writer,
}

/// The name in messages of a store that is in no file.
const UNNAMED: &str = "the given storage";

impl RedbStore {
    /// Opens the store in the file at `path`, or creates it, folder included.
    ///
    /// `Unavailable` when another process has it open or the file cannot be reached; `Invalid` when
    /// it is not a store or was written by a newer version. The file is unchanged then.
    pub fn open(path: &Path, options: Options) -> Result<Self, PortError> {
        let name = path.display().to_string();
        Self::start(open::file(path, options.cache_bytes)?, &name, options)
    }

    /// A new store that lives in memory and ends with its last clone.
    pub fn in_memory(options: Options) -> Result<Self, PortError> {
        Self::open_with_backend(InMemoryBackend::new(), options)
    }

    /// Opens the store in `backend`, or creates it where `backend` is empty.
    pub fn open_with_backend(backend: impl StorageBackend, options: Options) -> Result<Self, PortError> {
        Self::start(open::backend(backend, UNNAMED, options.cache_bytes)?, UNNAMED, options)
    }

    fn start(database: Database, name: &str, options: Options) -> Result<Self, PortError> {
        let id = migrations::store_id(&database, name)?;
        let memory = Memory::load(&database.begin_read().map_err(Failure::from)?)?;
        let shared = Arc::new(Shared::new(database, id, options.clock, &memory));
        let writer = Writer::start(Arc::clone(&shared), memory, options.waiting_writes, options.group_limit)
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

    pub(crate) fn shared(&self) -> &Shared {
        &self.0.shared
    }

    /// A point read, on the caller's thread.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&ReadTransaction) -> Outcome<T>) -> Result<T, PortError> {
        self.0.shared.read(read)
    }

    /// A longer read, on the blocking pool.
    pub(crate) async fn scan<T: Send + 'static>(
        &self,
        read: impl FnOnce(&ReadTransaction) -> Outcome<T> + Send + 'static,
    ) -> Result<T, PortError> {
        let shared = Arc::clone(&self.0.shared);
        run_blocking(move || shared.read(read)).await
    }

    /// A write: answered once it is durable.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Outcome<T> + Send + 'static,
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

async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PortError> + Send + 'static,
) -> Result<T, PortError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(PortError::internal("the store could not be read", error)),
    }
}
