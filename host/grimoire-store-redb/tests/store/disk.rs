//! A disk in memory that outlives the stores on it, knows what was synced, and can be stopped.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

/// The bytes that a disk writes all or none of.
const SECTOR: u64 = 512;

/// The disk. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    state: Arc<Mutex<State>>,
    power: Arc<Mutex<Power>>,
}

/// What a disk hangs on, and those beside it.
#[derive(Debug, Default)]
struct Power {
    /// How many syncs there were, of all disks together.
    syncs: u64,
    /// The sync at which the power goes.
    stops_at: Option<u64>,
    stopped: bool,
}

#[derive(Debug, Default)]
struct State {
    /// What a running process reads.
    content: Vec<u8>,
    /// What is left after a loss of power, whatever happened to the rest.
    synced: Vec<u8>,
    /// What happened since the last sync: any part of it may be left too.
    pending: Vec<Change>,
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
    /// A disk with this on it.
    pub(crate) fn with(content: Vec<u8>) -> Self {
        let state = State { synced: content.clone(), content, ..State::default() };
        Self { state: Arc::new(Mutex::new(state)), ..Self::default() }
    }

    /// An empty disk whose power goes at the sync with this number, from 0.
    pub(crate) fn stopping_at(sync: u64) -> Self {
        Self::with_stopping_at(Vec::new(), sync)
    }

    /// A disk with this on it whose power goes at the sync with this number, from 0.
    pub(crate) fn with_stopping_at(content: Vec<u8>, sync: u64) -> Self {
        let disk = Self::with(content);
        disk.power().stops_at = Some(sync);
        disk
    }

    /// Another disk, empty, that loses its power together with this one.
    pub(crate) fn beside(&self) -> Self {
        Self { state: Arc::default(), power: Arc::clone(&self.power) }
    }

    /// Something for a store to live on.
    pub(crate) fn backend(&self) -> impl StorageBackend + use<> {
        Backend(self.clone())
    }

    pub(crate) fn syncs(&self) -> u64 {
        self.power().syncs
    }

    /// What is left of it when the power goes and nothing but what was synced survives.
    pub(crate) fn synced(&self) -> Vec<u8> {
        self.state().synced.clone()
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.power().stopped
    }

    /// What may be found after the power went: the synced content with nothing of what came after,
    /// with all of it, with the first half, the second half, and every other change.
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
        self.state.lock().expect("no test panics with the disk in hand")
    }

    fn power(&self) -> MutexGuard<'_, Power> {
        self.power.lock().expect("no test panics with the power in hand")
    }

    fn running(&self) -> io::Result<MutexGuard<'_, State>> {
        // The state first, so that nothing changes between the question and the use.
        let state = self.state();
        if self.is_stopped() { Err(io::Error::other("the power is gone")) } else { Ok(state) }
    }
}

#[derive(Debug)]
struct Backend(Disk);

impl Backend {
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
        let mut power = self.0.power();
        if power.stops_at == Some(power.syncs) {
            power.stopped = true;
        }
        if power.stopped {
            return Err(io::Error::other("the power is gone"));
        }
        power.syncs += 1;
        let State { content, synced, pending, .. } = &mut *state;
        synced.clone_from(content);
        pending.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        // A disk writes whole sectors, and of a longer piece any of them.
        let mut written = 0;
        while written < data.len() {
            let start = offset + written as u64;
            let sector = index(SECTOR - start % SECTOR).min(data.len() - written);
            self.change(Change::Write(start, data[written..written + sector].to_vec()))?;
            written += sector;
        }
        Ok(())
    }
}

/// What a storage is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Write,
    Sync,
}

/// A storage that calls a function before each of its writes and syncs.
pub(crate) struct Hooked<B, F> {
    storage: B,
    before: F,
}

impl<B: StorageBackend, F: Fn(Deed) + Send + Sync + 'static> Hooked<B, F> {
    pub(crate) fn new(storage: B, before: F) -> Self {
        Self { storage, before }
    }
}

impl<B: StorageBackend, F> fmt::Debug for Hooked<B, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Hooked").field("storage", &self.storage).finish_non_exhaustive()
    }
}

impl<B: StorageBackend, F: Fn(Deed) + Send + Sync + 'static> StorageBackend for Hooked<B, F> {
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
        (self.before)(Deed::Sync);
        self.storage.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        (self.before)(Deed::Write);
        self.storage.write(offset, data)
    }
}
