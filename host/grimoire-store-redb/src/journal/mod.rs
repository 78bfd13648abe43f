//! A journal in front of the file, so that one sync of many scattered pages is one write in one place.
//!
//! redb writes the pages of a commit all over its file, and a disk takes ten times as long to sync
//! these as to sync the same bytes in one piece. So a sync appends what was written since the last
//! one to the journal and syncs that. The file is written as well, where readers find it, but the system may
//! take its time: the file is synced only when half of the journal is full, beside the writes that
//! go to the other half. After a crash the journal is written into the file again, in order, before
//! redb sees it: redo logging of whole writes (Mohan et al., “ARIES”, 1992), as in SQLite's WAL.
//!
//! Why that is safe: a half is used again only after a sync of the file that came after everything
//! in it. So after a crash the file has what the journal does not have any more, replaying gives it all
//! that was synced, and of what was written later any part may be there: exactly what redb expects to find
//! behind a sync. A record that was cut short tells by its checksum; it was never acknowledged.

mod format;

use std::fmt;
use std::io::{self, Error};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use redb::{BackendError, StorageBackend};

use format::{
    BLOCK, CHECKED, Fields, HEAD_SLOTS, Head, LENGTH, RECORD_HEADER, RECORD_MAGIC, Record, SMALLEST_HALF,
    WRITE, damaged, read_if_there,
};

/// The memory that is kept from one record to the next.
const KEPT: usize = 1 << 20;

/// A file with a journal in front of it.
pub(crate) struct Journaled<F> {
    file: Arc<F>,
    journal: Mutex<Journal>,
}

impl<F: StorageBackend> Journaled<F> {
    /// Writes what the journal holds into the file, and goes on with both. `bytes` is the size of the
    /// journal. Nobody else may have either open.
    ///
    /// `InvalidData` when the journal is not one or is damaged in the middle; nothing is changed then.
    pub(crate) fn open(file: F, journal: impl StorageBackend, bytes: u64) -> io::Result<Self> {
        let half = (bytes / 2 / BLOCK as u64 * BLOCK as u64).max(SMALLEST_HALF);
        let journal = Journal::open(&file, Box::new(journal), half)?;
        Ok(Self { file: Arc::new(file), journal: Mutex::new(journal) })
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: fmt::Debug> fmt::Debug for Journaled<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Journaled").field("file", &self.file).finish_non_exhaustive()
    }
}

impl<F: StorageBackend> StorageBackend for Journaled<F> {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut journal = self.journal();
        self.file.set_len(length)?;
        journal.note(LENGTH, length, &[]);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.journal().sync(&self.file)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut journal = self.journal();
        self.file.write(offset, data)?;
        journal.note(WRITE, offset, data);
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        let emptied = self.journal().close(&*self.file);
        self.file.close().and(emptied)
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

/// The journal itself: a block of heads and two halves.
struct Journal {
    storage: Box<dyn StorageBackend>,
    /// The number of the newest head; 0 when there is none.
    head: u64,
    /// Bytes in each half.
    half: u64,
    /// The half that is written, 0 or 1, and how far.
    current: u64,
    position: u64,
    /// The sequence of its first record.
    first: u64,
    /// Records before it are in the file, and synced.
    valid_from: u64,
    /// The sequence of the next record.
    next: u64,
    /// The record that is being made, with room for its header.
    record: Vec<u8>,
    /// Whether the record has outgrown a half: then the file itself is synced.
    outgrown: bool,
    /// The sync of the file after which the other half is free.
    freeing: Option<JoinHandle<io::Result<()>>>,
    /// Whether a sync has failed: what is on the disk is unknown then, and nothing is promised any more.
    failed: bool,
}

impl Journal {
    fn open(file: &impl StorageBackend, storage: Box<dyn StorageBackend>, half: u64) -> io::Result<Self> {
        let head = Head::read(&*storage)?;
        let mut journal = Self {
            storage,
            head: head.map_or(0, |head| head.number),
            half: head.map_or(half, |head| head.half),
            current: 0,
            position: 0,
            first: head.map_or(1, |head| head.valid_from),
            valid_from: head.map_or(1, |head| head.valid_from),
            next: head.map_or(1, |head| head.valid_from),
            record: vec![0; RECORD_HEADER],
            outgrown: false,
            freeing: None,
            failed: false,
        };
        if head.is_some() {
            journal.replay(file)?;
        }
        if head.is_none_or(|head| head.half != half) {
            journal.resize(half)?;
        }
        Ok(journal)
    }

    /// Writes all records into the file.
    fn replay(&mut self, file: &impl StorageBackend) -> io::Result<()> {
        let mut starts = Vec::new();
        for number in [0, 1] {
            if let Some(record) = self.read_record(number, 0, None)? {
                starts.push((record.sequence, number));
            }
        }
        starts.sort_unstable();
        if starts.is_empty() {
            return Ok(());
        }
        for (sequence, number) in starts {
            if sequence != self.next {
                return Err(damaged("a record is missing between its halves"));
            }
            let mut position = 0;
            while let Some(record) = self.read_record(number, position, Some(self.next))? {
                record.apply(file)?;
                position += record.length();
                self.next += 1;
            }
        }
        let records = self.next - self.valid_from;
        tracing::info!(records, "the store was not closed cleanly: its journal is written into it");
        self.empty(file)
    }

    /// The record at a place, unless there is none, or none with that sequence.
    fn read_record(&self, number: u64, position: u64, expected: Option<u64>) -> io::Result<Option<Record>> {
        let Some(left) = self.half.checked_sub(position + RECORD_HEADER as u64) else { return Ok(None) };
        let start = self.offset(number, position);
        let mut header = [0; RECORD_HEADER];
        if !read_if_there(&*self.storage, start, &mut header)? {
            return Ok(None);
        }
        let mut fields = Fields(&header);
        let (magic, checksum) = (fields.u32(), fields.u32());
        let (sequence, length) = (fields.u64(), fields.u64());
        let wanted = expected.is_none_or(|expected| expected == sequence);
        if magic != RECORD_MAGIC || !wanted || sequence < self.valid_from || length > left {
            return Ok(None);
        }
        let Ok(length) = usize::try_from(length) else { return Ok(None) };
        let mut content = vec![0; length];
        if !read_if_there(&*self.storage, start + RECORD_HEADER as u64, &mut content)? {
            return Ok(None);
        }
        let mut sum = crc32fast::Hasher::new();
        sum.update(&header[CHECKED..]);
        sum.update(&content);
        Ok((sum.finalize() == checksum).then_some(Record { sequence, content }))
    }

    fn offset(&self, number: u64, position: u64) -> u64 {
        BLOCK as u64 + number * self.half + position
    }

    /// Makes the halves longer or shorter, when no record is left in them.
    fn resize(&mut self, half: u64) -> io::Result<()> {
        let (before, after) = (self.storage.len()?, BLOCK as u64 + 2 * half);
        self.storage.set_len(after)?;
        // Written in full: a sync is faster where the file does not grow.
        let zeros = vec![0; 1 << 20];
        let mut offset = before.min(after);
        while offset < after {
            let count = (after - offset).min(zeros.len() as u64);
            self.storage.write(offset, &zeros[..usize::try_from(count).unwrap_or(zeros.len())])?;
            offset += count;
        }
        self.storage.sync_data()?;
        self.half = half;
        self.write_head()
    }

    /// Adds to the record that is being made.
    fn note(&mut self, kind: u8, number: u64, data: &[u8]) {
        if self.outgrown {
            return;
        }
        if self.record.len() + data.len() + 17 > usize::try_from(self.half).unwrap_or(usize::MAX) {
            self.outgrown = true;
            self.clear();
            return;
        }
        self.record.push(kind);
        self.record.extend_from_slice(&number.to_le_bytes());
        if kind == WRITE {
            self.record.extend_from_slice(&(data.len() as u64).to_le_bytes());
            self.record.extend_from_slice(data);
        }
    }

    fn clear(&mut self) {
        self.record.clear();
        self.record.shrink_to(KEPT);
        self.record.resize(RECORD_HEADER, 0);
    }

    fn sync<F: StorageBackend>(&mut self, file: &Arc<F>) -> io::Result<()> {
        if self.failed {
            return Err(Error::other("a sync has failed before: the store has to be opened again"));
        }
        let synced = self.try_sync(file);
        self.failed = synced.is_err();
        synced
    }

    fn try_sync<F: StorageBackend>(&mut self, file: &Arc<F>) -> io::Result<()> {
        if self.freeing.as_ref().is_some_and(JoinHandle::is_finished) {
            self.wait_until_free()?;
        }
        if self.outgrown {
            return self.empty(&**file);
        }
        if self.record.len() == RECORD_HEADER {
            return Ok(());
        }
        let length = (self.record.len() - RECORD_HEADER) as u64;
        self.record[8..16].copy_from_slice(&self.next.to_le_bytes());
        self.record[16..24].copy_from_slice(&length.to_le_bytes());
        let checksum = crc32fast::hash(&self.record[CHECKED..]);
        self.record[..4].copy_from_slice(&RECORD_MAGIC.to_le_bytes());
        self.record[4..8].copy_from_slice(&checksum.to_le_bytes());
        self.record.resize(self.record.len().next_multiple_of(BLOCK), 0);
        let length = self.record.len() as u64;
        if self.position + length > self.half {
            self.turn(file)?;
        }
        self.storage.write(self.offset(self.current, self.position), &self.record)?;
        self.storage.sync_data()?;
        self.position += length;
        self.next += 1;
        self.clear();
        Ok(())
    }

    /// Goes to the other half, and has the file synced so that this one becomes free.
    fn turn<F: StorageBackend>(&mut self, file: &Arc<F>) -> io::Result<()> {
        if self.valid_from < self.first {
            self.wait_until_free()?;
            // Said before the half is written again: what is left of its records then is no gap.
            self.valid_from = self.first;
            self.write_head()?;
        }
        let file = Arc::clone(file);
        let sync = std::thread::Builder::new().name("store-sync".to_owned());
        self.freeing = Some(sync.spawn(move || file.sync_data())?);
        self.current = 1 - self.current;
        self.position = 0;
        self.first = self.next;
        Ok(())
    }

    fn wait_until_free(&mut self) -> io::Result<()> {
        match self.freeing.take() {
            Some(thread) => {
                thread.join().unwrap_or_else(|_| Err(Error::other("the sync of the store panicked")))
            }
            None => Ok(()),
        }
    }

    /// Syncs the file, after which no record is needed any more.
    fn empty(&mut self, file: &impl StorageBackend) -> io::Result<()> {
        self.wait_until_free()?;
        file.sync_data()?;
        self.valid_from = self.next;
        self.write_head()?;
        self.current = 0;
        self.position = 0;
        self.first = self.next;
        self.outgrown = false;
        self.clear();
        Ok(())
    }

    fn close(&mut self, file: &impl StorageBackend) -> io::Result<()> {
        let written = self.next != self.valid_from || self.outgrown || self.record.len() > RECORD_HEADER;
        if self.failed {
            return self.wait_until_free();
        }
        if written { self.empty(file) } else { Ok(()) }
    }

    fn write_head(&mut self) -> io::Result<()> {
        self.head += 1;
        let head = Head { number: self.head, half: self.half, valid_from: self.valid_from };
        let slot = HEAD_SLOTS[usize::from(self.head.is_multiple_of(2))];
        self.storage.write(slot, &head.bytes())?;
        self.storage.sync_data()
    }
}
