//! What stands in a journal: heads, records, and numbers in little-endian order.

use std::io::{self, Error, ErrorKind};

use redb::StorageBackend;

/// Records start at multiples of it, so that no write touches the disk's block of an earlier record.
pub(super) const BLOCK: usize = 4_096;
/// The smallest half.
pub(super) const SMALLEST_HALF: u64 = 2 * BLOCK as u64;

/// The first block has two heads, written in turn, so that one of them is always whole.
pub(super) const HEAD_SLOTS: [u64; 2] = [0, 512];
const HEAD_MAGIC: u64 = u64::from_le_bytes(*b"GRIMJRN1");
/// Magic, checksum of the rest, number of the head, bytes of a half, first valid sequence.
const HEAD_LENGTH: usize = 8 + 4 + 8 + 8 + 8;

pub(super) const RECORD_MAGIC: u32 = u32::from_le_bytes(*b"GJR1");
/// Magic, checksum of the rest, sequence, length of the content.
pub(super) const RECORD_HEADER: usize = 4 + 4 + 8 + 8;
pub(super) const CHECKED: usize = 8;

/// Within a record: a write, with its offset and its length before the bytes.
pub(super) const WRITE: u8 = 0;
/// A new length of the file.
pub(super) const LENGTH: u8 = 1;

/// What the journal is.
#[derive(Clone, Copy)]
pub(super) struct Head {
    /// Heads are numbered from 1; the highest counts.
    pub(super) number: u64,
    pub(super) half: u64,
    pub(super) valid_from: u64,
}

impl Head {
    /// The newest head; `None` when the journal is new.
    pub(super) fn read(storage: &dyn StorageBackend) -> io::Result<Option<Self>> {
        let mut newest: Option<Self> = None;
        let mut is_new = true;
        for offset in HEAD_SLOTS {
            let mut bytes = [0; HEAD_LENGTH];
            if !read_if_there(storage, offset, &mut bytes)? || bytes == [0; HEAD_LENGTH] {
                continue;
            }
            is_new = false;
            let found = Self::parse(&bytes);
            if found.is_some_and(|found| newest.is_none_or(|newest| found.number > newest.number)) {
                newest = found;
            }
        }
        if newest.is_some() || is_new { Ok(newest) } else { Err(damaged("it has no head")) }
    }

    fn parse(bytes: &[u8; HEAD_LENGTH]) -> Option<Self> {
        let mut fields = Fields(bytes);
        let (magic, checksum) = (fields.u64(), fields.u32());
        let head = Self { number: fields.u64(), half: fields.u64(), valid_from: fields.u64() };
        let whole = magic == HEAD_MAGIC
            && checksum == crc32fast::hash(&bytes[12..])
            && head.half >= SMALLEST_HALF
            && head.half.is_multiple_of(BLOCK as u64);
        whole.then_some(head)
    }

    pub(super) fn bytes(self) -> [u8; HEAD_LENGTH] {
        let mut bytes = [0; HEAD_LENGTH];
        bytes[..8].copy_from_slice(&HEAD_MAGIC.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.number.to_le_bytes());
        bytes[20..28].copy_from_slice(&self.half.to_le_bytes());
        bytes[28..].copy_from_slice(&self.valid_from.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[12..]);
        bytes[8..12].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }
}

/// What was written between two syncs.
pub(super) struct Record {
    pub(super) sequence: u64,
    pub(super) content: Vec<u8>,
}

impl Record {
    /// The bytes that it takes in a half.
    pub(super) fn length(&self) -> u64 {
        (RECORD_HEADER + self.content.len()).next_multiple_of(BLOCK) as u64
    }

    pub(super) fn apply(&self, file: &impl StorageBackend) -> io::Result<()> {
        let mut fields = Fields(&self.content);
        while !fields.0.is_empty() {
            let (kind, number) = (fields.take(1)[0], fields.u64());
            if kind == LENGTH {
                file.set_len(number)?;
                continue;
            }
            let length = fields.u64();
            let data = fields.take(usize::try_from(length).unwrap_or(usize::MAX));
            let end = number + data.len() as u64;
            if file.len()? < end {
                file.set_len(end)?;
            }
            file.write(number, data)?;
        }
        Ok(())
    }
}

/// Numbers in little-endian order, one after the other; zeros behind the end.
pub(super) struct Fields<'b>(pub(super) &'b [u8]);

impl<'b> Fields<'b> {
    fn take(&mut self, count: usize) -> &'b [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        let taken = self.take(N);
        bytes[..taken.len()].copy_from_slice(taken);
        bytes
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    pub(super) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }
}

/// Reads, unless the storage ends before.
pub(super) fn read_if_there(storage: &dyn StorageBackend, offset: u64, out: &mut [u8]) -> io::Result<bool> {
    if storage.len()? < offset + out.len() as u64 {
        return Ok(false);
    }
    storage.read(offset, out).map(|()| true)
}

pub(super) fn damaged(how: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("the journal is damaged: {how}"))
}
