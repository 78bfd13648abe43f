//! An open store: reads, writes, opening and closing.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use grimoire_ports::PortError;
use grimoire_ports::clock::{Clock, SystemClock};
use redb::backends::InMemoryBackend;
use redb::{Database, ReadTransaction, ReadableDatabase, StorageBackend};

use crate::failure::{Failure, Outcome};
use crate::last_commit::LastCommit;
use crate::memory::Memory;
use crate::overlay::Overlay;
use crate::shared::{Place, Shared};
use crate::transaction::Transaction;
use crate::writer::Writer;
use crate::{migrations, open};

/// Options of a store.
#[derive(Clone)]
pub struct Options {
    /// Maximum size of the page cache in bytes.
    pub cache_bytes: usize,
    /// Maximum number of queued writes; further ones are rejected with `Unavailable`.
    pub waiting_writes: usize,
    /// Maximum number of writes that share a commit, which bounds the latency of the first of them. At least 1.
    pub group_limit: usize,
    /// The clock of leases.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    /// 64 MiB of cache, 4,096 queued writes, groups of 1,024, the machine's clock.
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

/// The name in messages of a store without a file.
const UNNAMED: &str = "the given storage";

impl RedbStore {
    /// Opens the store in the file at `path`, or creates it, including its folder.
    ///
    /// Fails with `Unavailable` if another process has it open or the file cannot be accessed, and with `Invalid`
    /// if it is not a store or was written by a newer version. The file is then unchanged.
    pub fn open(path: &Path, options: Options) -> Result<Self, PortError> {
        let (file, cache_bytes) = (path.to_owned(), options.cache_bytes);
        let database = open::file(path, cache_bytes)?;
        let place = Place {
            file: Some(file.clone()),
            reopen: Some(Box::new(move || open::file_again(&file, cache_bytes))),
        };
        Self::start(database, &path.display().to_string(), place, options)
    }

    /// Opens the store in an existing file without changing the file: all writes are kept in memory and are lost with
    /// the last clone. Fails as [`RedbStore::open`] does, and with `Unavailable` if there is no file.
    pub fn open_unchanged(path: &Path, options: Options) -> Result<Self, PortError> {
        let failed = |error| open::cannot_open(path, &error);
        let file = open::open_read_only(path).map_err(failed)?;
        let overlay = Overlay::new(file).map_err(|error| failed(error.into()))?;
        let name = path.display().to_string();
        let database = open::backend(LastCommit(overlay), &name, options.cache_bytes)?;
        Self::start(database, &name, Place { file: None, reopen: None }, options)
    }

    /// A new store in memory, which ends with its last clone.
    pub fn in_memory(options: Options) -> Result<Self, PortError> {
        Self::open_with_backend(InMemoryBackend::new(), options)
    }

    /// Opens the store in `backend`, or creates it if `backend` is empty. After a failure of the backend, the
    /// store fails until it is reopened.
    pub fn open_with_backend(backend: impl StorageBackend, options: Options) -> Result<Self, PortError> {
        let database = open::backend(LastCommit(backend), UNNAMED, options.cache_bytes)?;
        Self::start(database, UNNAMED, Place { file: None, reopen: None }, options)
    }

    /// Opens the store in the storage that `backends` gives access to, or creates it there. After a failure
    /// of the storage, the store reopens it through another backend.
    pub fn open_with_backends<B: StorageBackend>(
        backends: impl Fn() -> B + Send + Sync + 'static,
        options: Options,
    ) -> Result<Self, PortError> {
        let cache_bytes = options.cache_bytes;
        let database = open::backend(LastCommit(backends()), UNNAMED, cache_bytes)?;
        let reopen = move || open::backend(backends(), UNNAMED, cache_bytes);
        Self::start(database, UNNAMED, Place { file: None, reopen: Some(Box::new(reopen)) }, options)
    }

    fn start(database: Database, name: &str, place: Place, options: Options) -> Result<Self, PortError> {
        let id = migrations::store_id(&database, name)?;
        let memory = Memory::load(&database.begin_read().map_err(Failure::from)?)?;
        let shared = Arc::new(Shared::new(database, id, place, options.clock, &memory));
        let writer = Writer::start(Arc::clone(&shared), memory, options.waiting_writes, options.group_limit)
            .map_err(|error| PortError::internal("the store's writer could not be started", error))?;
        Ok(Self(Arc::new(Inner { shared, writer })))
    }

    /// Finishes pending writes, rejects new ones and closes the file, so that the next start needs
    /// no repair. Later calls fail with `Unavailable`. May be called twice.
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

    /// A write, which returns once it is durable.
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
