//! Tables of records: every value begins with a checksum of its key and its record, which every read
//! verifies. redb has page checksums, but verifies them only after a crash.

use std::borrow::Borrow;
use std::ops::RangeBounds;

use grimoire_ports::PortError;
use redb::{AccessGuard, Key, ReadableTable, StorageError, Table, TableHandle, Value};

use crate::failure::{Failure, Outcome};

/// Length of a checksum in bytes.
const CHECKSUM: usize = 4;

/// A table of records in a transaction. `T` is redb's table.
pub(crate) struct Records<T>(pub(crate) T);

/// A record with a verified checksum.
pub(crate) struct Record<'t>(AccessGuard<'t, &'static [u8]>);

impl Record<'_> {
    /// The record without its checksum.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0.value()[CHECKSUM..]
    }
}

impl<T: TableHandle> Records<T> {
    pub(crate) fn get<'k, K: Key + 'static>(
        &self,
        key: impl Borrow<K::SelfType<'k>>,
    ) -> Outcome<Option<Record<'_>>>
    where
        T: ReadableTable<K, &'static [u8]>,
    {
        match self.0.get(key.borrow())? {
            Some(value) => Ok(Some(self.checked::<K>(key.borrow(), value)?)),
            None => Ok(None),
        }
    }

    /// The rows with keys in `range`, in order.
    pub(crate) fn range<'k, K: Key + 'static, B: Borrow<K::SelfType<'k>> + 'k>(
        &self,
        range: impl RangeBounds<B> + 'k,
    ) -> Outcome<impl DoubleEndedIterator<Item = Outcome<(AccessGuard<'_, K>, Record<'_>)>>>
    where
        T: ReadableTable<K, &'static [u8]>,
    {
        Ok(self.0.range(range)?.map(|row| self.checked_row(row)))
    }

    /// All rows in order.
    pub(crate) fn rows<K: Key + 'static>(
        &self,
    ) -> Outcome<impl Iterator<Item = Outcome<(AccessGuard<'_, K>, Record<'_>)>>>
    where
        T: ReadableTable<K, &'static [u8]>,
    {
        Ok(self.0.iter()?.map(|row| self.checked_row(row)))
    }

    fn checked_row<'t, K: Key + 'static>(
        &self,
        row: Result<(AccessGuard<'t, K>, AccessGuard<'t, &'static [u8]>), StorageError>,
    ) -> Outcome<(AccessGuard<'t, K>, Record<'t>)> {
        let (key, value) = row?;
        let record = self.checked::<K>(&key.value(), value)?;
        Ok((key, record))
    }

    fn checked<'t, K: Key + 'static>(
        &self,
        key: &K::SelfType<'_>,
        value: AccessGuard<'t, &'static [u8]>,
    ) -> Outcome<Record<'t>> {
        match value.value().split_first_chunk::<CHECKSUM>() {
            Some((sum, record)) if u32::from_le_bytes(*sum) == checksum::<K>(key, record) => {
                Ok(Record(value))
            }
            _ => Err(Failure::Refused(PortError::internal(
                format!(
                    "the store is damaged at key {key:?} of table {}: run `grimoire verify`, and restore the \
                     store from a backup",
                    self.0.name()
                ),
                "the checksum of the record is wrong",
            ))),
        }
    }
}

impl<K: Key + 'static> Records<Table<'_, K, &'static [u8]>> {
    pub(crate) fn insert<'k>(&mut self, key: impl Borrow<K::SelfType<'k>>, record: &[u8]) -> Outcome<()> {
        let key = key.borrow();
        let sum = checksum::<K>(key, record);
        let mut value = self.0.insert_reserve(key, CHECKSUM + record.len())?;
        let (head, rest) = value.as_mut().split_at_mut(CHECKSUM);
        head.copy_from_slice(&sum.to_le_bytes());
        rest.copy_from_slice(record);
        Ok(())
    }

    pub(crate) fn remove<'k>(&mut self, key: impl Borrow<K::SelfType<'k>>) -> Outcome<()> {
        self.0.remove(key)?;
        Ok(())
    }
}

/// The checksum includes the key, so that a record under a wrong key is noticed.
fn checksum<K: Value>(key: &K::SelfType<'_>, record: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(K::as_bytes(key).as_ref());
    sum.update(record);
    sum.finalize()
}
