//! Tables whose changes are noted for the journal.

use std::borrow::Borrow;
use std::ops::Deref;

use grimoire_domain::kind::ErrorKind;
use redb::{Key, StorageError, TableDefinition, TableHandle as _, Value, WriteTransaction};

use crate::failure::{Failure, Outcome};
use crate::journal::{Change, Record, changes};
use crate::schema::JOURNALED;

/// A table in a transaction, which notes what is changed in it. Everything that a group of writes changes
/// is changed through one.
pub(crate) struct Table<'t, K: Key + 'static, V: Value + 'static> {
    inner: redb::Table<'t, K, V>,
    number: u8,
    record: &'t Record,
}

impl<'t, K: Key + 'static, V: Value + 'static> Table<'t, K, V> {
    pub(crate) fn open(
        transaction: &'t WriteTransaction,
        record: &'t Record,
        definition: TableDefinition<'_, K, V>,
    ) -> Outcome<Self> {
        let number = number_of(definition.name());
        Ok(Self { inner: transaction.open_table(definition)?, number, record })
    }

    /// Writes a row over the one that was there.
    pub(crate) fn insert<'k, 'v>(
        &mut self,
        key: impl Borrow<K::SelfType<'k>>,
        value: impl Borrow<V::SelfType<'v>>,
    ) -> Result<(), StorageError> {
        let (key, value) = (key.borrow(), value.borrow());
        self.record.insert(self.number, K::as_bytes(key).as_ref(), V::as_bytes(value).as_ref());
        self.inner.insert(key, value).map(drop)
    }

    /// Takes a row away, if it is there.
    pub(crate) fn remove<'k>(&mut self, key: impl Borrow<K::SelfType<'k>>) -> Result<(), StorageError> {
        let key = key.borrow();
        self.record.remove(self.number, K::as_bytes(key).as_ref());
        self.inner.remove(key).map(drop)
    }
}

/// Reads are redb's.
impl<'t, K: Key + 'static, V: Value + 'static> Deref for Table<'t, K, V> {
    type Target = redb::Table<'t, K, V>;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

fn number_of(name: &str) -> u8 {
    let found = JOURNALED.iter().position(|table| table.name() == name);
    let number = found.expect("every table that groups write is numbered");
    u8::try_from(number).expect("there are few tables")
}

/// Makes the changes again that the content of a record tells of.
pub(crate) fn replay(transaction: &WriteTransaction, content: &[u8]) -> Outcome<()> {
    // Table by table: each is opened once, and changes of different tables do not meet.
    let mut by_table = vec![Vec::new(); JOURNALED.len()];
    for change in changes(content) {
        by_table.get_mut(usize::from(change.table)).ok_or_else(|| unknown(change.table))?.push(change);
    }
    for (table, changes) in JOURNALED.iter().zip(by_table) {
        if !changes.is_empty() {
            table.replay(transaction, &changes)?;
        }
    }
    Ok(())
}

fn unknown(table: u8) -> Failure {
    let message =
        format!("the store's journal has changes to table {table}, which this version does not know");
    Failure::refused(ErrorKind::Invalid, message)
}

/// A table of any type, as the journal knows it.
pub(crate) trait Journaled: Sync {
    fn name(&self) -> &str;

    fn replay(&self, transaction: &WriteTransaction, changes: &[Change<'_>]) -> Outcome<()>;
}

impl<K: Key + 'static, V: Value + 'static> Journaled for TableDefinition<'static, K, V>
where
    Self: Sync,
{
    fn name(&self) -> &str {
        redb::TableHandle::name(self)
    }

    fn replay(&self, transaction: &WriteTransaction, changes: &[Change<'_>]) -> Outcome<()> {
        let mut table = transaction.open_table(*self)?;
        for change in changes {
            let key = K::from_bytes(change.key);
            match change.value {
                Some(value) => table.insert(key, V::from_bytes(value)).map(drop)?,
                None => table.remove(key).map(drop)?,
            }
        }
        Ok(())
    }
}
