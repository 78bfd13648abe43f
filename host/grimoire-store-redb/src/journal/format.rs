//! What stands in a journal: heads, records, and numbers in little-endian order.

use std::io::{self, Error, ErrorKind};

use redb::StorageBackend;

/// Records start at multiples of it, so that no write touches the disk's block of an earlier record.
pub(super) const BLOCK: usize = 4_096;
/// The smallest half.
pub(super) const SMALLEST_HALF: u64 = 2 * BLOCK as u64;

/// The first block has two heads, written in turn, so that one of them is always whole.
const HEAD_SLOTS: [u64; 2] = [0, 512];
const HEAD_MAGIC: u64 = u64::from_le_bytes(*b"GRIMJRN2");
/// The magic of journals that kept pages instead of changes, before schema 4.
const PAGES_MAGIC: u64 = u64::from_le_bytes(*b"GRIMJRN1");
/// Magic, checksum of the rest, number of the head, bytes of a half, store.
const HEAD_LENGTH: usize = 8 + 4 + 8 + 8 + 8;

const RECORD_MAGIC: u32 = u32::from_le_bytes(*b"GJR2");
/// Magic, checksum of the rest, sequence, length of the content.
pub(super) const RECORD_HEADER: usize = 4 + 4 + 8 + 8;
const CHECKED: usize = 8;

/// What the journal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Heads are numbered from 1; the highest counts.
    pub(super) number: u64,
    /// Bytes in each half.
    pub(super) half: u64,
    /// A hash of the identity of the store that it belongs to.
    pub(super) store: u64,
}

/// What stands at the beginning of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning {
    /// Nothing yet.
    New,
    /// The newest head.
    Head(Head),
    /// That of a journal of pages.
    Pages,
}

impl Beginning {
    /// `InvalidData` when it is none of a journal.
    pub(super) fn read(storage: &dyn StorageBackend) -> io::Result<Self> {
        let mut newest: Option<Head> = None;
        let mut is_new = true;
        for offset in HEAD_SLOTS {
            let mut bytes = [0; HEAD_LENGTH];
            if !read_if_there(storage, offset, &mut bytes)? || bytes == [0; HEAD_LENGTH] {
                continue;
            }
            if Fields(&bytes).u64() == PAGES_MAGIC {
                return Ok(Self::Pages);
            }
            is_new = false;
            let found = Head::parse(&bytes);
            if found.is_some_and(|found| newest.is_none_or(|newest| found.number > newest.number)) {
                newest = found;
            }
        }
        match newest {
            Some(head) => Ok(Self::Head(head)),
            None if is_new => Ok(Self::New),
            None => Err(damaged("it has no head")),
        }
    }
}

impl Head {
    fn parse(bytes: &[u8; HEAD_LENGTH]) -> Option<Self> {
        let mut fields = Fields(bytes);
        let (magic, checksum) = (fields.u64(), fields.u32());
        let head = Self { number: fields.u64(), half: fields.u64(), store: fields.u64() };
        let whole = magic == HEAD_MAGIC
            && checksum == crc32fast::hash(&bytes[12..])
            && head.half >= SMALLEST_HALF
            && head.half.is_multiple_of(BLOCK as u64);
        whole.then_some(head)
    }

    pub(super) fn write(self, storage: &dyn StorageBackend) -> io::Result<()> {
        let mut bytes = [0; HEAD_LENGTH];
        bytes[..8].copy_from_slice(&HEAD_MAGIC.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.number.to_le_bytes());
        bytes[20..28].copy_from_slice(&self.half.to_le_bytes());
        bytes[28..].copy_from_slice(&self.store.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[12..]);
        bytes[8..12].copy_from_slice(&checksum.to_le_bytes());
        storage.write(HEAD_SLOTS[usize::from(self.number.is_multiple_of(2))], &bytes)
    }
}

/// Writes the header into the room that `record` begins with, and fills its last block.
pub(super) fn seal(record: &mut Vec<u8>, sequence: u64) {
    let length = (record.len() - RECORD_HEADER) as u64;
    record[8..16].copy_from_slice(&sequence.to_le_bytes());
    record[16..24].copy_from_slice(&length.to_le_bytes());
    let checksum = crc32fast::hash(&record[CHECKED..]);
    record[..4].copy_from_slice(&RECORD_MAGIC.to_le_bytes());
    record[4..8].copy_from_slice(&checksum.to_le_bytes());
    record.resize(sealed_length(record.len()), 0);
}

/// The bytes that a record, header included, takes in a half.
pub(super) fn sealed_length(length: usize) -> usize {
    length.next_multiple_of(BLOCK)
}

/// A record that was read.
pub(super) struct Found {
    pub(super) sequence: u64,
    pub(super) content: Vec<u8>,
}

impl Found {
    /// The record at an offset, of at most `room` bytes; `None` when there is none, or none that is whole and has
    /// the expected sequence.
    pub(super) fn read(
        storage: &dyn StorageBackend,
        offset: u64,
        room: u64,
        expected: Option<u64>,
    ) -> io::Result<Option<Self>> {
        let mut header = [0; RECORD_HEADER];
        if room < RECORD_HEADER as u64 || !read_if_there(storage, offset, &mut header)? {
            return Ok(None);
        }
        let mut fields = Fields(&header);
        let (magic, checksum) = (fields.u32(), fields.u32());
        let (sequence, length) = (fields.u64(), fields.u64());
        let wanted = expected.is_none_or(|expected| expected == sequence);
        if magic != RECORD_MAGIC || !wanted || length > room - RECORD_HEADER as u64 {
            return Ok(None);
        }
        let Ok(length) = usize::try_from(length) else { return Ok(None) };
        let mut content = vec![0; length];
        if !read_if_there(storage, offset + RECORD_HEADER as u64, &mut content)? {
            return Ok(None);
        }
        let mut sum = crc32fast::Hasher::new();
        sum.update(&header[CHECKED..]);
        sum.update(&content);
        Ok((sum.finalize() == checksum).then_some(Self { sequence, content }))
    }

    /// The bytes that it takes in a half.
    pub(super) fn length(&self) -> u64 {
        sealed_length(RECORD_HEADER + self.content.len()) as u64
    }
}

/// Numbers in little-endian order, one after the other; zeros behind the end.
pub(super) struct Fields<'b>(pub(super) &'b [u8]);

impl<'b> Fields<'b> {
    pub(super) fn take(&mut self, count: usize) -> &'b [u8] {
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

    pub(super) fn u8(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }
}

pub(super) fn damaged(how: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("the journal is damaged: {how}"))
}

/// Reads, unless the storage ends before.
fn read_if_there(storage: &dyn StorageBackend, offset: u64, out: &mut [u8]) -> io::Result<bool> {
    if storage.len()? < offset + out.len() as u64 {
        return Ok(false);
    }
    storage.read(offset, out).map(|()| true)
}
