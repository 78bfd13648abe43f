//! Makes redb open a file at its newest commit.
//!
//! redb keeps the last two commits, and one byte of the header selects the current one. No checksum covers this byte,
//! so a flipped bit in it would silently undo an acknowledged commit. If the commit that is not selected is newer,
//! either that happened, or the power failed between writing the commit and selecting it. In both cases the newer
//! commit is the right one if it is intact. redb compares both commits and verifies the newer one if the header says
//! that the file was not closed and that commits have one phase, so this backend presents such a header.

use std::io;
use std::ops::Bound;

use redb::{BackendError, StorageBackend};

/// The layout of redb's file format 3: the magic number, the byte with the flags, and two commits of one size.
const MAGIC: &[u8] = b"redb\x1a\n\xa9\r\n";
const FLAGS: usize = MAGIC.len();
const COMMITS: [usize; 2] = [64, 192];
const TRANSACTION_ID: usize = 104;
const HEADER_BYTES: usize = 320;

const SECOND_COUNTS: u8 = 1;
const NOT_CLOSED: u8 = 2;
const TWO_PHASES: u8 = 4;

/// A backend whose header never selects an older commit than the newest. Don't use it to reopen a file after a failed
/// write: there the newer commit belongs to writes that were reported as failed.
#[derive(Debug)]
pub(crate) struct LastCommit<B>(pub(crate) B);

impl<B: StorageBackend> LastCommit<B> {
    /// Returns whether the header is damaged: a store that was closed names its last commit.
    pub(crate) fn is_damaged(&self) -> io::Result<bool> {
        if self.0.len()? < HEADER_BYTES as u64 {
            return Ok(false);
        }
        let mut header = [0; HEADER_BYTES];
        self.0.read(0, &mut header)?;
        Ok(names_older(&header) && header[FLAGS] & NOT_CLOSED == 0)
    }
}

/// Returns whether a header names an older commit than the last one.
fn names_older(header: &[u8]) -> bool {
    let id = |commit: usize| {
        let start = COMMITS[commit] + TRANSACTION_ID;
        u64::from_le_bytes(header[start..start + 8].try_into().unwrap_or_default())
    };
    let named = usize::from(header[FLAGS] & SECOND_COUNTS);
    header.starts_with(MAGIC) && id(1 - named) > id(named)
}

impl<B: StorageBackend> StorageBackend for LastCommit<B> {
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)?;
        if offset == 0 && out.len() >= HEADER_BYTES && names_older(out) {
            out[FLAGS] = (out[FLAGS] | NOT_CLOSED) & !TWO_PHASES;
        }
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.0.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.query_lock_range(start, end)
    }
}
