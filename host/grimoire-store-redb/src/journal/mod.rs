//! A journal beside the file, so that a group of writes is synced in one place and as little as it is.
//!
//! A commit of redb rewrites the pages on the way to every row, all over its file; syncing them takes a
//! disk ten times as long as syncing the same bytes in one piece, and making and writing them is most of
//! the processor time. So a group is kept as a record of the rows that it changed: the record is
//! written and synced, the transaction is committed in memory only. Each time half of the journal is
//! full, redb writes what has gathered to its file, once for many groups; the sync of that goes on beside
//! the writes that go to the other half. After a crash the records that the file lacks are done again, in
//! order: logical redo logging with checkpoints (Mohan et al., “ARIES”, 1992).
//!
//! Why that is safe: a transaction is shown to readers after its record was synced. The file says up to
//! which record it has everything ([`META_JOURNALED`], written by each checkpoint with the rows), and is one whole
//! checkpoint or the one before, whenever the power goes: nothing is written to it while a checkpoint is
//! being synced ([`JournaledFile`]), and redb never writes over pages of its last synced commit. A half is used again only
//! after the sync of a checkpoint that has everything in it. Records say what rows are, not how they
//! change, so that doing some twice does no harm. A record that was cut short tells by its checksum; it
//! was never acknowledged.

mod file;
mod format;
mod record;
mod storage;

use std::io::{self, Error};

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use redb::{Database, Durability, ReadTransaction, StorageBackend, WriteTransaction};

pub(crate) use file::{FileSyncs, JournaledFile};
pub(crate) use record::{Change, Record, changes};

use crate::failure::{Failure, Outcome};
use crate::schema::{META, META_JOURNALED};
use storage::{Halves, Kept};

/// A journal that was found, or made, and not looked into yet.
pub(crate) struct Found {
    storage: Box<dyn StorageBackend>,
    beginning: format::Beginning,
    half: u64,
    syncs: FileSyncs,
    /// What messages call it.
    name: String,
}

impl Found {
    /// Looks at the beginning of a journal of `bytes` for a file with these syncs. `InvalidData` when it is
    /// not a journal.
    pub(crate) fn look(
        name: String,
        storage: impl StorageBackend,
        bytes: u64,
        syncs: FileSyncs,
    ) -> io::Result<Self> {
        let beginning = format::Beginning::read(&storage)?;
        let half = (bytes / 2 / format::BLOCK as u64 * format::BLOCK as u64).max(format::SMALLEST_HALF);
        Ok(Self { storage: Box::new(storage), beginning, half, syncs, name })
    }

    /// Whether a version before schema 4 made it: it is needed unless the store was closed.
    pub(crate) fn is_of_pages(&self) -> bool {
        self.beginning == format::Beginning::Pages
    }

    /// Does again what the file of the store `store` lacks, and goes on with both. `replay` makes a
    /// change in a transaction. `Invalid` when the journal is another store's or damaged in the middle.
    pub(crate) fn join(
        self,
        database: &Database,
        store: u64,
        replay: impl FnMut(&WriteTransaction, &[u8]) -> Outcome<()>,
    ) -> Outcome<Journal> {
        let Self { storage, beginning, half, syncs, name } = self;
        let broken = |error| unusable(&name, error);
        let journaled = {
            let transaction = redb::ReadableDatabase::begin_read(database)?;
            journaled(&transaction)?
        };
        let mut halves = Halves::new(storage, beginning, store).map_err(broken)?;
        let redone = redo(&halves, database, journaled, replay, &broken)?;
        if redone > journaled {
            let records = redone - journaled;
            tracing::info!(records, "the store was not closed: what its journal holds was done again");
        }
        halves.start(half, redone).map_err(broken)?;
        Ok(Journal { halves, syncs, journaled: redone, failed: false })
    }
}

/// The last record that the file has.
fn journaled(transaction: &ReadTransaction) -> Outcome<u64> {
    let meta = transaction.open_table(META)?;
    let found = meta.get(META_JOURNALED)?;
    Ok(found.and_then(|text| text.value().parse().ok()).unwrap_or(0))
}

fn write_journaled(transaction: &WriteTransaction, sequence: u64) -> Outcome<()> {
    transaction.open_table(META)?.insert(META_JOURNALED, sequence.to_string().as_str())?;
    Ok(())
}

/// Makes the changes of all records after `journaled` in one transaction; the last record.
fn redo(
    halves: &Halves,
    database: &Database,
    journaled: u64,
    mut replay: impl FnMut(&WriteTransaction, &[u8]) -> Outcome<()>,
    broken: &impl Fn(Error) -> Failure,
) -> Outcome<u64> {
    let mut records = halves.records_after(journaled).map_err(broken)?;
    let Some(mut record) = records.next().map_err(broken)? else { return Ok(journaled) };
    let transaction = database.begin_write()?;
    let mut last = journaled;
    loop {
        replay(&transaction, &record)?;
        last += 1;
        match records.next().map_err(broken)? {
            Some(next) => record = next,
            None => break,
        }
    }
    write_journaled(&transaction, last)?;
    transaction.commit()?;
    Ok(last)
}

fn unusable(name: &str, error: Error) -> Failure {
    if error.kind() == io::ErrorKind::InvalidData {
        return damaged(name, &error).into();
    }
    Failure::Broken(redb::Error::Io(error))
}

/// What is said of a journal of this name that is of no use.
pub(crate) fn damaged(name: &str, error: &Error) -> PortError {
    let message = format!("{name} is damaged: restore it together with its store from a backup");
    PortError::new(ErrorKind::Invalid, message).with_source(error.to_string())
}

/// The journal of an open store.
pub(crate) struct Journal {
    halves: Halves,
    syncs: FileSyncs,
    /// The last record that the file has, synced or on its way.
    journaled: u64,
    /// Whether a write has failed: what is on the disk is unknown then, and nothing is promised any more.
    failed: bool,
}

impl Journal {
    /// The syncs of the file.
    pub(crate) fn syncs(&self) -> &FileSyncs {
        &self.syncs
    }

    /// Makes a transaction durable whose changes are in `record`, then visible. An error: it may be either;
    /// nothing can be written until the store was opened again.
    pub(crate) fn commit(
        &mut self,
        transaction: WriteTransaction,
        record: &mut Record,
    ) -> Result<(), redb::Error> {
        if self.failed {
            let message = "a write has failed before: the store has to be opened again";
            return Err(redb::Error::Io(Error::other(message)));
        }
        let committed = self.try_commit(transaction, record);
        self.failed = committed.is_err();
        committed
    }

    fn try_commit(
        &mut self,
        mut transaction: WriteTransaction,
        record: &mut Record,
    ) -> Result<(), redb::Error> {
        let syncs = &self.syncs;
        match self.halves.keep(record, || syncs.wait())? {
            Kept::InHalf => {
                transaction.set_durability(Durability::None)?;
                Ok(transaction.commit()?)
            }
            Kept::AsFirstOfHalf(sequence) => {
                save_journaled(&transaction, sequence)?;
                self.journaled = sequence;
                self.syncs.in_background(|| Ok(transaction.commit()?))
            }
            Kept::Nowhere(sequence) => {
                save_journaled(&transaction, sequence)?;
                transaction.commit()?;
                self.journaled = sequence;
                self.halves.restart(sequence);
                Ok(())
            }
        }
    }

    /// Brings the file up to the last record, so that the next start finds nothing to do again.
    pub(crate) fn finish(&mut self, database: &Database) -> Result<(), redb::Error> {
        let last = self.halves.last();
        if self.failed || last == self.journaled {
            return Ok(());
        }
        let transaction = database.begin_write()?;
        save_journaled(&transaction, last)?;
        transaction.commit()?;
        self.journaled = last;
        self.halves.restart(last);
        Ok(())
    }
}

fn save_journaled(transaction: &WriteTransaction, sequence: u64) -> Result<(), redb::Error> {
    write_journaled(transaction, sequence).map_err(|failure| match failure {
        Failure::Broken(error) => error,
        Failure::Refused(error) => redb::Error::Corrupted(error.to_string()),
    })
}
