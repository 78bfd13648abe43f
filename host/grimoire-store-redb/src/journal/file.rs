//! The store's file behind a journal: its syncs may take their time.

use std::fmt;
use std::io::{self, Error};
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, ThreadId};

use redb::{BackendError, StorageBackend};

/// What the file and the journal before it know of the file's syncs. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct FileSyncs(Arc<State>);

#[derive(Default)]
struct State {
    /// Whether the next sync goes on in the background.
    in_background: AtomicBool,
    /// Whether one is under way: a look that costs less than the lock.
    under_way: AtomicBool,
    thread: Mutex<Option<JoinHandle<io::Result<()>>>>,
    /// The thread that may wait for it.
    patient: Mutex<Option<ThreadId>>,
    /// Whether one has failed: what is on the disk is unknown then, and nothing is promised any more.
    failed: AtomicBool,
}

impl FileSyncs {
    /// Lets the syncs during `work` go on in the background; those after it do not, also where it panics.
    pub(super) fn in_background<T>(&self, work: impl FnOnce() -> T) -> T {
        struct Foreground<'s>(&'s AtomicBool);

        impl Drop for Foreground<'_> {
            fn drop(&mut self) {
                self.0.store(false, Ordering::Relaxed);
            }
        }

        self.0.in_background.store(true, Ordering::Relaxed);
        let _foreground = Foreground(&self.0.in_background);
        work()
    }

    /// Makes this thread the only one that waits for a sync, until what is returned is dropped. Readers that
    /// would make room in the cache for what they read do without it instead.
    pub(crate) fn let_only_this_thread_wait(&self) -> OnlyThisThread {
        *lock(&self.0.patient) = Some(std::thread::current().id());
        OnlyThisThread(self.clone())
    }

    /// Waits for the sync that is under way, if there is one. An error: one has failed.
    pub(super) fn wait(&self) -> io::Result<()> {
        if self.0.under_way.load(Ordering::Acquire) {
            // Held until it has ended: whoever comes second waits as long.
            let mut thread = lock(&self.0.thread);
            let ended = thread.take().map(JoinHandle::join);
            if !matches!(ended, None | Some(Ok(Ok(())))) {
                self.0.failed.store(true, Ordering::Relaxed);
            }
            self.0.under_way.store(false, Ordering::Release);
        }
        if self.0.failed.load(Ordering::Relaxed) {
            return Err(Error::other("a sync of the store failed"));
        }
        Ok(())
    }

    /// As [`FileSyncs::wait`], or `WouldBlock` where this thread must not wait.
    fn wait_or_refuse(&self) -> io::Result<()> {
        if self.0.under_way.load(Ordering::Acquire) {
            let patient = *lock(&self.0.patient);
            if patient.is_some_and(|patient| patient != std::thread::current().id()) {
                return Err(io::ErrorKind::WouldBlock.into());
            }
        }
        self.wait()
    }

    fn sync<F: StorageBackend>(&self, file: &Arc<F>) -> io::Result<()> {
        self.wait()?;
        if !self.0.in_background.load(Ordering::Relaxed) {
            return file.sync_data();
        }
        let file = Arc::clone(file);
        let sync = std::thread::Builder::new().name("store-sync".to_owned());
        let thread = sync.spawn(move || file.sync_data())?;
        *lock(&self.0.thread) = Some(thread);
        self.0.under_way.store(true, Ordering::Release);
        Ok(())
    }
}

/// Lets all threads wait for syncs again when it is dropped.
pub(crate) struct OnlyThisThread(FileSyncs);

impl Drop for OnlyThisThread {
    fn drop(&mut self) {
        *lock(&self.0.0.patient) = None;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The file. While a sync is under way nothing else is written to it: redb takes what it has synced
/// for safe, and may write over what that replaced.
pub(crate) struct JournaledFile<F> {
    file: Arc<F>,
    syncs: FileSyncs,
}

impl<F: StorageBackend> JournaledFile<F> {
    pub(crate) fn new(file: F, syncs: &FileSyncs) -> Self {
        Self { file: Arc::new(file), syncs: syncs.clone() }
    }
}

impl<F: fmt::Debug> fmt::Debug for JournaledFile<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("JournaledFile").field("file", &self.file).finish_non_exhaustive()
    }
}

impl<F: StorageBackend> StorageBackend for JournaledFile<F> {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.syncs.wait()?;
        self.file.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.syncs.sync(&self.file)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.syncs.wait_or_refuse()?;
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        let synced = self.syncs.wait();
        self.file.close().and(synced)
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}
