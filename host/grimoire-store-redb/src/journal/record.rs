//! The changes of a group of writes, as a record of the journal keeps them.

use std::cell::RefCell;

use super::format::{Fields, RECORD_HEADER, seal, sealed_length};

/// The memory that is kept from one record to the next.
const KEPT: usize = 1 << 20;

/// Kinds of changes. Part of the journal's format.
const INSERT: u8 = 0;
const REMOVE: u8 = 1;

/// A record in the making. The tables of a transaction share it.
#[derive(Debug)]
pub(crate) struct Record {
    /// Begins with room for the header. `None`: nobody wants to know.
    bytes: Option<RefCell<Vec<u8>>>,
}

impl Record {
    /// An empty record.
    pub(crate) fn new() -> Self {
        Self { bytes: Some(RefCell::new(vec![0; RECORD_HEADER])) }
    }

    /// Forgets everything at once: for a store without a journal.
    pub(crate) fn of_nothing() -> Self {
        Self { bytes: None }
    }

    pub(crate) fn insert(&self, table: u8, key: &[u8], value: &[u8]) {
        self.add([INSERT, table], [key, value]);
    }

    pub(crate) fn remove(&self, table: u8, key: &[u8]) {
        self.add([REMOVE, table], [key]);
    }

    fn add<const PARTS: usize>(&self, kind: [u8; 2], parts: [&[u8]; PARTS]) {
        let Some(bytes) = &self.bytes else { return };
        let mut bytes = bytes.borrow_mut();
        bytes.extend_from_slice(&kind);
        for part in parts {
            let length = u32::try_from(part.len()).expect("redb takes at most 3 GiB");
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(part);
        }
    }

    pub(crate) fn clear(&mut self) {
        if let Some(bytes) = &mut self.bytes {
            let bytes = bytes.get_mut();
            bytes.clear();
            bytes.shrink_to(KEPT);
            bytes.resize(RECORD_HEADER, 0);
        }
    }

    /// The bytes that it takes in the journal.
    pub(super) fn length(&mut self) -> u64 {
        self.bytes.as_mut().map_or(0, |bytes| sealed_length(bytes.get_mut().len()) as u64)
    }

    /// What goes to the journal.
    pub(super) fn sealed(&mut self, sequence: u64) -> &[u8] {
        let Some(bytes) = &mut self.bytes else { return &[] };
        let bytes = bytes.get_mut();
        seal(bytes, sequence);
        bytes
    }
}

/// A change to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change<'r> {
    /// The table's number.
    pub(crate) table: u8,
    pub(crate) key: &'r [u8],
    /// `None`: the row is gone.
    pub(crate) value: Option<&'r [u8]>,
}

/// The changes in the content of a record, in their order. The content's checksum held.
pub(crate) fn changes(content: &[u8]) -> impl Iterator<Item = Change<'_>> {
    let mut fields = Fields(content);
    std::iter::from_fn(move || {
        if fields.0.is_empty() {
            return None;
        }
        let (kind, table) = (fields.u8(), fields.u8());
        let mut part = || {
            let length = fields.u32();
            fields.take(usize::try_from(length).unwrap_or(usize::MAX))
        };
        let key = part();
        let value = (kind == INSERT).then(part);
        Some(Change { table, key, value })
    })
}
