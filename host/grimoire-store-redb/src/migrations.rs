//! Brings a file of any earlier version to the present one, one version at a time, each in one
//! transaction: a crash between two leaves a whole file of the version reached.

use grimoire_domain::delivery::DeliveryId;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::SpellId;
use grimoire_ports::PortError;
use redb::{
    Database, Key, ReadTransaction, ReadableDatabase, ReadableTable, Table, TableDefinition, TableError,
    Value, WriteTransaction,
};

use crate::failure::{Failure, Outcome};
use crate::record::delivery::{EncodedDelivery, decode_without_id, id_hash};
use crate::record::spell::{content_hash, decode_spell};
use crate::schema::{self, META, META_JOURNALED, META_SCHEMA, META_STORE_ID, VERSION};

/// A step from one version to the next.
type Migration = fn(&WriteTransaction) -> Outcome<()>;

/// The step at index `n` goes from version `n + 1` to `n + 2`.
const MIGRATIONS: [Migration; VERSION as usize - 1] =
    [index_spells_by_content, keep_open_jobs_and_payloads_apart, begin_journal, keep_spells_once];

/// `Invalid` when the database is not a store, or one of a newer version.
pub(crate) fn check(database: &impl ReadableDatabase) -> Result<(), PortError> {
    let transaction = database.begin_read().map_err(Failure::from)?;
    version(&transaction)?;
    Ok(())
}

/// Makes the tables of a new store, or migrates an old one.
pub(crate) fn bring_up_to_date(database: &Database) -> Outcome<()> {
    let Some(version) = version(&database.begin_read()?)? else { return in_one_step(database, create) };
    for from in version..VERSION {
        tracing::info!(from, to = from + 1, "migrating the store");
        in_one_step(database, |transaction| {
            MIGRATIONS[from as usize - 1](transaction)?;
            write_version(transaction, from + 1)
        })?;
    }
    Ok(())
}

/// The identity of a store.
pub(crate) fn store_id(database: &Database) -> Outcome<String> {
    let id = database.begin_read()?.open_table(META)?.get(META_STORE_ID)?;
    id.map(|id| id.value().to_owned()).ok_or_else(not_a_store)
}

/// The version of a store; `None` for an empty database, which is about to become one.
fn version(transaction: &ReadTransaction) -> Outcome<Option<u32>> {
    let meta = match transaction.open_table(META) {
        Ok(meta) => meta,
        Err(TableError::TableDoesNotExist(_)) if transaction.list_tables()?.next().is_none() => {
            return Ok(None);
        }
        Err(TableError::Storage(error)) => return Err(error.into()),
        Err(_) => return Err(not_a_store()),
    };
    let version = meta.get(META_SCHEMA)?.ok_or_else(not_a_store)?;
    match version.value().parse() {
        Ok(version) if (1..=VERSION).contains(&version) => Ok(Some(version)),
        Ok(version) if version > VERSION => Err(Failure::refused(
            ErrorKind::Invalid,
            format!(
                "the store has schema version {version} and this Grimoire knows versions up to {VERSION}: run \
                 the newer Grimoire that wrote it, or give another database"
            ),
        )),
        _ => Err(not_a_store()),
    }
}

fn not_a_store() -> Failure {
    Failure::refused(
        ErrorKind::Invalid,
        "the file is a database, but not a Grimoire store: give another path, or move the file away",
    )
}

fn in_one_step(database: &Database, work: impl FnOnce(&WriteTransaction) -> Outcome<()>) -> Outcome<()> {
    let transaction = database.begin_write()?;
    work(&transaction)?;
    transaction.commit()?;
    Ok(())
}

fn open_table<'t, K: Key + 'static, V: Value + 'static>(
    transaction: &'t WriteTransaction,
    definition: TableDefinition<'_, K, V>,
) -> Outcome<Table<'t, K, V>> {
    Ok(transaction.open_table(definition)?)
}

fn write_version(transaction: &WriteTransaction, version: u32) -> Outcome<()> {
    open_table(transaction, META)?.insert(META_SCHEMA, version.to_string().as_str())?;
    Ok(())
}

/// Makes every table, so that readers find it.
fn create(transaction: &WriteTransaction) -> Outcome<()> {
    write_version(transaction, VERSION)?;
    let id = uuid::Uuid::new_v4().to_string();
    open_table(transaction, META)?.insert(META_STORE_ID, id.as_str())?;
    begin_journal(transaction)?;
    open_table(transaction, schema::COUNTERS)?;
    open_table(transaction, schema::SPELLS)?;
    open_table(transaction, schema::SPELL_REVISIONS)?;
    open_table(transaction, schema::SPELL_CHANGES)?;
    open_table(transaction, schema::SPELLS_BY_KEY)?;
    open_table(transaction, schema::SPELLS_BY_ERROR_TYPE)?;
    open_table(transaction, schema::SPELLS_BY_TAG)?;
    open_table(transaction, schema::SPELL_STATUSES)?;
    open_table(transaction, schema::SPELLS_BY_CONTENT)?;
    open_table(transaction, schema::DELIVERY_NUMBERS)?;
    open_table(transaction, schema::DELIVERIES)?;
    create_job_tables(transaction)?;
    open_table(transaction, schema::REVIEWS)?;
    open_table(transaction, schema::REVIEWS_BY_WRITE)?;
    open_table(transaction, schema::REVIEWS_BY_REPOSITORY)?;
    open_table(transaction, schema::REVIEWS_BY_PULL_REQUEST)?;
    Ok(())
}

fn create_job_tables(transaction: &WriteTransaction) -> Outcome<()> {
    open_table(transaction, schema::JOBS_OPEN)?;
    open_table(transaction, schema::JOBS_ENDED)?;
    open_table(transaction, schema::JOBS_BY_STATE)?;
    open_table(transaction, schema::JOBS_BY_LANE)?;
    open_table(transaction, schema::JOB_EVENTS)?;
    Ok(())
}

/// To version 2: spells without a key can be found by what they say.
fn index_spells_by_content(transaction: &WriteTransaction) -> Outcome<()> {
    let spells = open_table(transaction, schema::SPELLS)?;
    let mut index = open_table(transaction, schema::SPELLS_BY_CONTENT)?;
    for entry in spells.iter()? {
        let (id, bytes) = entry?;
        let spell = decode_spell(SpellId(id.value()), bytes.value())?;
        if spell.fields.key.is_none() {
            index.insert((content_hash(&spell.fields), id.value()), ())?;
        }
    }
    Ok(())
}

/// Tables that version 3 has no more.
mod before_3 {
    use redb::TableDefinition;

    /// Deliveries by id.
    pub(super) const DELIVERIES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("deliveries");
    /// Queued and running jobs by lane: the state, and when the job's time comes.
    pub(super) const JOBS_OPEN: TableDefinition<'_, (Option<&str>, u64), (u8, i128)> =
        TableDefinition::new("jobs_open");
    pub(super) const JOBS_WAITING: TableDefinition<'_, (i128, u64), ()> =
        TableDefinition::new("jobs_waiting");
    pub(super) const JOBS_READY: TableDefinition<'_, u64, i128> = TableDefinition::new("jobs_ready");
    /// What follows from other tables since.
    pub(super) const COUNTERS: [&str; 6] =
        ["last_spell", "last_change", "last_job", "last_review_write", "jobs_queued", "jobs_running"];
}

/// To version 3: deliveries have numbers, open jobs a table of their own. Rows go over one by one, and
/// pages that the cache has no room for go to the disk meanwhile: memory does not grow with the file.
fn keep_open_jobs_and_payloads_apart(transaction: &WriteTransaction) -> Outcome<()> {
    number_deliveries(transaction)?;
    move_open_jobs(transaction)?;
    let mut counters = open_table(transaction, schema::COUNTERS)?;
    for name in before_3::COUNTERS {
        counters.remove(name)?;
    }
    Ok(())
}

fn number_deliveries(transaction: &WriteTransaction) -> Outcome<()> {
    {
        let old = open_table(transaction, before_3::DELIVERIES)?;
        let mut numbers = open_table(transaction, schema::DELIVERY_NUMBERS)?;
        let mut deliveries = open_table(transaction, schema::DELIVERIES)?;
        for (entry, number) in old.iter()?.zip(1..) {
            let (id, record) = entry?;
            let id = DeliveryId::parse(id.value())
                .map_err(|error| PortError::internal("a delivery cannot be read from the store", error))?;
            numbers.insert((id_hash(&id), number), ())?;
            let delivery = decode_without_id(id, record.value())?;
            let record = EncodedDelivery::of(&delivery).with_job(delivery.job);
            deliveries.insert(number, record.as_slice())?;
        }
    }
    transaction.delete_table(before_3::DELIVERIES)?;
    Ok(())
}

fn move_open_jobs(transaction: &WriteTransaction) -> Outcome<()> {
    create_job_tables(transaction)?;
    {
        let old = open_table(transaction, before_3::JOBS_OPEN)?;
        let mut open = open_table(transaction, schema::JOBS_OPEN)?;
        let mut ended = open_table(transaction, schema::JOBS_ENDED)?;
        let mut by_state = open_table(transaction, schema::JOBS_BY_STATE)?;
        let mut by_lane = open_table(transaction, schema::JOBS_BY_LANE)?;
        for entry in old.iter()? {
            let (key, value) = entry?;
            let (lane, id) = key.value();
            let (state, due) = value.value();
            if let Some(record) = ended.remove(id)? {
                open.insert(id, (state, due, lane, record.value()))?;
            }
            by_state.remove((state, id))?;
            if let Some(lane) = lane {
                by_lane.remove((lane, id))?;
            }
        }
    }
    transaction.delete_table(before_3::JOBS_OPEN)?;
    transaction.delete_table(before_3::JOBS_WAITING)?;
    transaction.delete_table(before_3::JOBS_READY)?;
    Ok(())
}

/// To version 4: the file says how far it has what its journal holds. Earlier versions would not do the rest
/// again.
fn begin_journal(transaction: &WriteTransaction) -> Outcome<()> {
    open_table(transaction, META)?.insert(META_JOURNALED, "0")?;
    Ok(())
}

/// To version 5: a spell that is written says who wrote it and has no row among the revisions before it is
/// replaced. What is there stays as it is, but earlier versions would miss revisions and give ids again.
#[allow(clippy::unnecessary_wraps, reason = "a migration like the others")]
fn keep_spells_once(_: &WriteTransaction) -> Outcome<()> {
    Ok(())
}
