//! A file opened for reading only: what redb writes when it opens and checks a database stays in memory.

use std::collections::BTreeMap;
use std::io;
use std::ops::{Bound, Range};
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

const BLOCK: u64 = 4_096;

#[derive(Debug)]
pub(crate) struct Overlay {
    file: FileBackend,
    content: Mutex<Content>,
}

#[derive(Debug)]
struct Content {
    length: u64,
    /// How much of the file still counts; less than its length after the overlay was truncated.
    file_length: u64,
    /// The written blocks, by number.
    blocks: BTreeMap<u64, Vec<u8>>,
}

impl Overlay {
    pub(crate) fn new(file: FileBackend) -> io::Result<Self> {
        let length = file.len()?;
        let content = Content { length, file_length: length, blocks: BTreeMap::new() };
        Ok(Self { file, content: Mutex::new(content) })
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current content of a block; zeros beyond the end.
    fn block(&self, content: &Content, number: u64) -> io::Result<Vec<u8>> {
        if let Some(block) = content.blocks.get(&number) {
            return Ok(block.clone());
        }
        let mut block = vec![0; index(BLOCK)];
        let start = number * BLOCK;
        let there = content.file_length.saturating_sub(start).min(BLOCK);
        if there > 0 {
            self.file.read(start, &mut block[..index(there)])?;
        }
        Ok(block)
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("offsets within a block are small")
}

/// Splits `length` bytes at `offset` into parts: the block, the start in the block, and the range of the bytes.
fn parts(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let start = offset + done as u64;
        let within = index(start % BLOCK);
        let count = (length - done).min(index(BLOCK) - within);
        let part = (start / BLOCK, within, done..done + count);
        done += count;
        (count > 0).then_some(part)
    })
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.content().length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let content = self.content();
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > content.length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (number, within, range) in parts(offset, out.len()) {
            let block = self.block(&content, number)?;
            let count = range.len();
            out[range].copy_from_slice(&block[within..within + count]);
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut content = self.content();
        content.length = length;
        content.file_length = content.file_length.min(length);
        content.blocks.retain(|number, block| {
            let kept = length.saturating_sub(number * BLOCK).min(BLOCK);
            block[index(kept)..].fill(0);
            kept > 0
        });
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    // The file is only read, so a shared lock is always enough. It fails while another process has the
    // file open for writing.

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
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

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut content = self.content();
        content.length = content.length.max(offset + data.len() as u64);
        for (number, within, range) in parts(offset, data.len()) {
            let mut block = self.block(&content, number)?;
            block[within..within + range.len()].copy_from_slice(&data[range]);
            content.blocks.insert(number, block);
        }
        Ok(())
    }
}
