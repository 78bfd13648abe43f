//! Migrates a file from an earlier schema version to the current one. Each step is one transaction, so
//! that a crash between two steps leaves a complete file of the version reached.

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use redb::{
    Database, Key, ReadTransaction, ReadableDatabase, ReadableTable as _, TableDefinition, TableError, Value,
    WriteTransaction,
};

use crate::failure::{Failure, Outcome};
use crate::outcomes;
use crate::record::job_v2;
use crate::records::Records;
use crate::schema::{
    self, META, META_STORE_ID, META_VERSION, META_VERSION_OF_OLD, TableVisitor, VERSION, visit_tables,
};

/// A step from one version to the next.
type Migration = fn(&WriteTransaction) -> Outcome<()>;

/// The step at index `n` goes from version `n + 1` to `n + 2`.
const MIGRATIONS: [Migration; VERSION as usize - 1] =
    [add_checksums, count_failures, keep_plugins_and_outcomes];

/// Fails with `Invalid` if the database is not a store or has an unknown version. `name` is the file's
/// name in messages.
pub(crate) fn check(database: &impl ReadableDatabase, name: &str) -> Result<(), PortError> {
    let transaction = database.begin_read().map_err(Failure::from)?;
    version(&transaction, name)?;
    Ok(())
}

/// Creates the tables of a new store, or migrates an old one.
pub(crate) fn bring_up_to_date(database: &Database, name: &str) -> Outcome<()> {
    let Some(version) = version(&database.begin_read()?, name)? else {
        return in_transaction(database, create);
    };
    for from in version..VERSION {
        tracing::info!(from, to = from + 1, "migrating the store");
        in_transaction(database, |transaction| {
            MIGRATIONS[from as usize - 1](transaction)?;
            write_version(transaction, from + 1)
        })?;
    }
    Ok(())
}

/// The id of a store.
pub(crate) fn store_id(database: &Database, name: &str) -> Outcome<String> {
    let id = database.begin_read()?.open_table(META)?.get(META_STORE_ID)?;
    id.map(|id| id.value().to_owned()).ok_or_else(|| not_a_store(name))
}

/// The version of a store; `None` for an empty database, which is about to become one.
fn version(transaction: &ReadTransaction, name: &str) -> Outcome<Option<u32>> {
    let meta = match transaction.open_table(META) {
        Ok(meta) => meta,
        Err(TableError::TableDoesNotExist(_)) if transaction.list_tables()?.next().is_none() => {
            return Ok(None);
        }
        Err(TableError::Storage(error)) => return Err(error.into()),
        Err(_) => return Err(not_a_store(name)),
    };
    let Some(version) = meta.get(META_VERSION)? else {
        let is_old = meta.get(META_VERSION_OF_OLD)?.is_some();
        return Err(if is_old { too_old(name) } else { not_a_store(name) });
    };
    match version.value().parse() {
        Ok(version) if (1..=VERSION).contains(&version) => Ok(Some(version)),
        Ok(version) if version > VERSION => Err(Failure::refused(
            ErrorKind::Invalid,
            format!(
                "{name} is a store of schema version {version} and this Grimoire knows versions up to \
                 {VERSION}: run the newer Grimoire that wrote it, or give another path"
            ),
        )),
        _ => Err(not_a_store(name)),
    }
}

fn too_old(name: &str) -> Failure {
    Failure::refused(
        ErrorKind::Invalid,
        format!(
            "{name} is a store of a development version of Grimoire, from before schema version 1, and cannot be \
             read: move the file away to start a new store"
        ),
    )
}

fn not_a_store(name: &str) -> Failure {
    Failure::refused(
        ErrorKind::Invalid,
        format!(
            "{name} is a redb database, but not a Grimoire store: give another path, or move the file away"
        ),
    )
}

fn in_transaction(database: &Database, work: impl FnOnce(&WriteTransaction) -> Outcome<()>) -> Outcome<()> {
    let transaction = database.begin_write()?;
    work(&transaction)?;
    transaction.commit()?;
    Ok(())
}

fn write_version(transaction: &WriteTransaction, version: u32) -> Outcome<()> {
    transaction.open_table(META)?.insert(META_VERSION, version.to_string().as_str())?;
    Ok(())
}

fn create(transaction: &WriteTransaction) -> Outcome<()> {
    visit_tables(&mut Creation(transaction))?;
    write_version(transaction, VERSION)?;
    let id = uuid::Uuid::new_v4().to_string();
    transaction.open_table(META)?.insert(META_STORE_ID, id.as_str())?;
    Ok(())
}

/// Creates tables, so that readers find them.
struct Creation<'t>(&'t WriteTransaction);

impl TableVisitor for Creation<'_> {
    fn visit<K: Key + 'static, V: Value + 'static>(
        &mut self,
        table: TableDefinition<'static, K, V>,
    ) -> Outcome<()> {
        self.0.open_table(table)?;
        Ok(())
    }
}

/// To version 4: adds tables for installed plugins and for outcomes of spells, which are computed from the reviews.
fn keep_plugins_and_outcomes(transaction: &WriteTransaction) -> Outcome<()> {
    transaction.open_table(schema::PLUGINS)?;
    transaction.open_table(schema::PLUGIN_COMPONENTS)?;
    transaction.open_table(schema::PLUGIN_RECEIPTS)?;
    outcomes::count_all(transaction)
}

/// To version 3: adds the outbox, and a count of failed attempts to jobs, computed from their events.
fn count_failures(transaction: &WriteTransaction) -> Outcome<()> {
    transaction.open_table(schema::OUTBOX)?;
    count_failures_in(transaction, schema::JOBS_OPEN)?;
    count_failures_in(transaction, schema::JOBS_ENDED)
}

fn count_failures_in(transaction: &WriteTransaction, definition: schema::ByNumber) -> Outcome<()> {
    let old = schema::ByNumber::new("without_failures");
    transaction.rename_table(definition, old)?;
    {
        let old = Records(transaction.open_table(old)?);
        let events = Records(transaction.open_table(schema::JOB_EVENTS)?);
        let mut jobs = Records(transaction.open_table(definition)?);
        for row in old.rows()? {
            let (id, record) = row?;
            let mut failures = job_v2::Failures::default();
            for event in events.range((id.value(), 0)..=(id.value(), u64::MAX))? {
                let (_, event) = event?;
                failures.count(event.bytes())?;
            }
            jobs.insert(id.value(), &job_v2::with_failures(record.bytes(), &failures)?)?;
        }
    }
    transaction.delete_table(old)?;
    Ok(())
}

/// To version 2: records begin with a checksum.
fn add_checksums(transaction: &WriteTransaction) -> Outcome<()> {
    add_checksums_to(transaction, schema::SPELLS)?;
    add_checksums_to(transaction, schema::SPELL_REVISIONS)?;
    add_checksums_to(transaction, schema::SPELL_CHANGES)?;
    add_checksums_to(transaction, schema::DELIVERIES)?;
    add_checksums_to(transaction, schema::JOBS_OPEN)?;
    add_checksums_to(transaction, schema::JOBS_ENDED)?;
    add_checksums_to(transaction, schema::JOB_EVENTS)?;
    add_checksums_to(transaction, schema::REVIEWS)
}

/// Moves rows one by one, so that memory use does not grow with the file.
fn add_checksums_to<K: Key + 'static>(
    transaction: &WriteTransaction,
    definition: TableDefinition<'static, K, &'static [u8]>,
) -> Outcome<()> {
    let old = TableDefinition::<K, &[u8]>::new("without_checksums");
    transaction.rename_table(definition, old)?;
    {
        let old = transaction.open_table(old)?;
        let mut records = Records(transaction.open_table(definition)?);
        for row in old.iter()? {
            let (key, record) = row?;
            records.insert(key.value(), record.value())?;
        }
    }
    transaction.delete_table(old)?;
    Ok(())
}
