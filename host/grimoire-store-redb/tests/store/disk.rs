//! A disk in memory that outlives the stores on it, tracks which writes were synced, and can be stopped.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

/// The number of bytes that a disk writes atomically.
const SECTOR: u64 = 512;

/// The disk. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The content as a running process reads it.
    content: Vec<u8>,
    /// The content that certainly survives a power loss.
    synced: Vec<u8>,
    /// The changes since the last sync, any of which may survive too.
    pending: Vec<Change>,
    /// Number of syncs.
    syncs: u64,
    /// The sync at which the power fails.
    stops_at: Option<u64>,
    stopped: bool,
    /// Maximum number of sectors, if limited.
    capacity: Option<usize>,
    /// All sectors ever written.
    taken: BTreeSet<u64>,
}

#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write(offset, data) => {
                let start = index(*offset);
                let end = start + data.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[start..end].copy_from_slice(data);
            }
            Self::Length(length) => content.resize(index(*length), 0),
        }
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("test disks are small")
}

impl Disk {
    /// A disk with this content.
    pub(crate) fn with(content: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State { synced: content.clone(), content, ..State::default() })))
    }

    /// An empty disk whose power fails at this sync, counted from 0.
    pub(crate) fn stopping_at(sync: u64) -> Self {
        Self::with_stopping_at(Vec::new(), sync)
    }

    /// A disk with this content whose power fails at this sync, counted from 0.
    pub(crate) fn with_stopping_at(content: Vec<u8>, sync: u64) -> Self {
        let disk = Self::with(content);
        disk.state().stops_at = Some(sync);
        disk
    }

    /// Limits the free space to this many bytes.
    pub(crate) fn leave_room_for(&self, bytes: u64) {
        let mut state = self.state();
        state.capacity = Some(state.taken.len() + index(bytes / SECTOR));
    }

    /// A storage backend on this disk.
    pub(crate) fn backend(&self) -> impl StorageBackend + use<> {
        Backend(self.clone())
    }

    /// The content as a running process reads it.
    pub(crate) fn content(&self) -> Vec<u8> {
        self.state().content.clone()
    }

    pub(crate) fn syncs(&self) -> u64 {
        self.state().syncs
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    /// The possible contents after a power loss: the synced content with none of the later changes,
    /// with all of them, with the first half, the second half, and every other one.
    pub(crate) fn images(&self) -> Vec<Vec<u8>> {
        let state = self.state();
        let count = state.pending.len();
        let survives: [&dyn Fn(usize) -> bool; 5] =
            [&|_| false, &|_| true, &|change| change < count / 2, &|change| change >= count / 2, &|change| {
                change % 2 == 0
            }];
        let image = |survives: &&dyn Fn(usize) -> bool| {
            let mut image = state.synced.clone();
            for (number, change) in state.pending.iter().enumerate() {
                if survives(number) {
                    change.apply(&mut image);
                }
            }
            image
        };
        let mut images: Vec<_> = survives.iter().map(image).collect();
        images.sort_unstable();
        images.dedup();
        images
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics with the disk locked")
    }

    fn running(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.state();
        if state.stopped { Err(power_is_gone()) } else { Ok(state) }
    }
}

fn power_is_gone() -> io::Error {
    io::Error::other("the power is gone")
}

#[derive(Debug)]
struct Backend(Disk);

impl Backend {
    fn take(&self, sector: u64) -> io::Result<()> {
        let mut state = self.0.running()?;
        let is_full = state.capacity.is_some_and(|capacity| state.taken.len() >= capacity);
        if is_full && !state.taken.contains(&sector) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.taken.insert(sector);
        Ok(())
    }

    fn change(&self, change: Change) -> io::Result<()> {
        let mut state = self.0.running()?;
        change.apply(&mut state.content);
        state.pending.push(change);
        Ok(())
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.running()?.content.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.0.running()?;
        let start = index(offset);
        let found = state.content.get(start..start + out.len());
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.change(Change::Length(length))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.0.running()?;
        if state.stops_at == Some(state.syncs) {
            state.stopped = true;
            return Err(power_is_gone());
        }
        state.syncs += 1;
        let State { content, synced, pending, .. } = &mut *state;
        synced.clone_from(content);
        pending.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        // A disk writes whole sectors, and any subset of a larger write.
        let mut written = 0;
        while written < data.len() {
            let start = offset + written as u64;
            let sector = index(SECTOR - start % SECTOR).min(data.len() - written);
            self.take(start / SECTOR)?;
            self.change(Change::Write(start, data[written..written + sector].to_vec()))?;
            written += sector;
        }
        Ok(())
    }
}

/// A storage backend that calls a function before each sync.
pub(crate) struct Hooked<B, F> {
    storage: B,
    before_sync: F,
}

impl<B: StorageBackend, F: Fn() + Send + Sync + 'static> Hooked<B, F> {
    pub(crate) fn new(storage: B, before_sync: F) -> Self {
        Self { storage, before_sync }
    }
}

impl<B: StorageBackend, F> fmt::Debug for Hooked<B, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Hooked").field("storage", &self.storage).finish_non_exhaustive()
    }
}

impl<B: StorageBackend, F: Fn() + Send + Sync + 'static> StorageBackend for Hooked<B, F> {
    fn len(&self) -> io::Result<u64> {
        self.storage.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.storage.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.storage.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        (self.before_sync)();
        self.storage.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.storage.write(offset, data)
    }
}
