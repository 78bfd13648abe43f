//! The journal's two halves: which is written, how far, and what is found in them after a crash.

use std::io;

use redb::StorageBackend;

use super::format::{BLOCK, Beginning, Found, Head, damaged};
use super::record::Record;

/// Where a record was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// Behind others.
    InHalf,
    /// As the first of a half, with this sequence: once the file has everything up to it, the other half is
    /// free.
    AsFirstOfHalf(u64),
    /// It is longer than a half. This sequence was spent on it.
    Nowhere(u64),
}

/// A block of heads and two halves.
pub(super) struct Halves {
    storage: Box<dyn StorageBackend>,
    head: Head,
    /// The half that is written, 0 or 1, and how far.
    current: u64,
    position: u64,
    /// The sequence of the next record. Records are numbered from 1.
    next: u64,
}

impl Halves {
    /// What is in `storage`. `InvalidData` when it belongs to another store.
    pub(super) fn new(
        storage: Box<dyn StorageBackend>,
        beginning: Beginning,
        store: u64,
    ) -> io::Result<Self> {
        let head = match beginning {
            Beginning::Head(head) if head.store == store => head,
            Beginning::Head(_) => return Err(damaged("it belongs to another store")),
            // Its pages are in the file, or nobody would have come here.
            Beginning::New | Beginning::Pages => Head { number: 0, half: 0, store },
        };
        Ok(Self { storage, head, current: 0, position: 0, next: 1 })
    }

    /// The records after one, in their order.
    pub(super) fn records_after(&self, sequence: u64) -> io::Result<Records<'_>> {
        let mut starts = Vec::new();
        if self.head.number > 0 {
            for number in [0, 1] {
                if let Some(first) = self.read(number, 0, None)? {
                    starts.push((first.sequence, number));
                }
            }
        }
        starts.sort_unstable();
        starts.reverse();
        Ok(Records { halves: self, after: sequence, starts, place: None, expected: sequence + 1 })
    }

    fn read(&self, number: u64, position: u64, expected: Option<u64>) -> io::Result<Option<Found>> {
        let room = self.head.half.saturating_sub(position);
        Found::read(&*self.storage, self.offset(number, position), room, expected)
    }

    fn offset(&self, number: u64, position: u64) -> u64 {
        BLOCK as u64 + number * self.head.half + position
    }

    /// Begins to write, with halves of `half` bytes, once the file has everything up to the record `last`.
    pub(super) fn start(&mut self, half: u64, last: u64) -> io::Result<()> {
        if self.head.half != half {
            self.resize(half)?;
        }
        self.restart(last);
        Ok(())
    }

    /// Goes back to the beginning, once the file has everything up to the record `last`.
    pub(super) fn restart(&mut self, last: u64) {
        self.current = 0;
        self.position = 0;
        self.next = last + 1;
    }

    fn resize(&mut self, half: u64) -> io::Result<()> {
        let (before, after) = (self.storage.len()?, BLOCK as u64 + 2 * half);
        self.storage.set_len(after)?;
        // Written in full: a sync is faster where the file does not grow.
        let zeros = vec![0; 1 << 20];
        let mut offset = if self.head.number == 0 { 0 } else { before.min(after) };
        while offset < after {
            let count = (after - offset).min(zeros.len() as u64);
            self.storage.write(offset, &zeros[..usize::try_from(count).unwrap_or(zeros.len())])?;
            offset += count;
        }
        self.storage.sync_data()?;
        self.head = Head { number: self.head.number + 1, half, ..self.head };
        self.head.write(&*self.storage)?;
        self.storage.sync_data()
    }

    /// Writes a record and syncs it. `free` is called before the other half is written, and returns when
    /// the file has what is in it.
    pub(super) fn keep(
        &mut self,
        record: &mut Record,
        free: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<Kept> {
        let sequence = self.next;
        let length = record.length();
        if length > self.head.half {
            free()?;
            self.next += 1;
            return Ok(Kept::Nowhere(sequence));
        }
        let turns = self.position + length > self.head.half;
        if turns {
            free()?;
            self.current = 1 - self.current;
            self.position = 0;
        }
        self.storage.write(self.offset(self.current, self.position), record.sealed(sequence))?;
        self.storage.sync_data()?;
        self.position += length;
        self.next += 1;
        Ok(if turns { Kept::AsFirstOfHalf(sequence) } else { Kept::InHalf })
    }

    /// The sequence of the last record; 0 when there was none ever.
    pub(super) fn last(&self) -> u64 {
        self.next - 1
    }
}

/// Records of both halves, one after the other.
pub(super) struct Records<'h> {
    halves: &'h Halves,
    after: u64,
    /// The halves that have records, with their first sequence, the newest first.
    starts: Vec<(u64, u64)>,
    /// Where the next record is: the half, and the position in it.
    place: Option<(u64, u64)>,
    /// The sequence of the next record.
    expected: u64,
}

impl Records<'_> {
    /// The content of the next record. `InvalidData` when one is missing before others.
    pub(super) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let (number, position) = match self.place {
                Some(place) => place,
                None => match self.starts.pop() {
                    Some((first, _)) if first > self.expected.max(self.after + 1) => {
                        return Err(damaged("records are missing in it"));
                    }
                    // A half may begin with records that the file has.
                    Some((first, number)) => {
                        self.expected = first;
                        (number, 0)
                    }
                    None => return Ok(None),
                },
            };
            let Some(found) = self.halves.read(number, position, Some(self.expected))? else {
                self.place = None;
                continue;
            };
            self.place = Some((number, position + found.length()));
            self.expected += 1;
            if found.sequence > self.after {
                return Ok(Some(found.content));
            }
        }
    }
}
