//! Brings a file of any earlier version to the present one, one version at a time, each in one
//! transaction: a crash between two leaves a whole file of the version reached.

use grimoire_domain::delivery::DeliveryId;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::SpellId;
use grimoire_ports::PortError;
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable, TableError, WriteTransaction};

use crate::failure::{Failure, Outcome};
use crate::memory::Memory;
use crate::record::delivery::{EncodedDelivery, decode_without_id, id_hash};
use crate::record::spell::{content_hash, decode_spell};
use crate::schema::{self, META, META_SCHEMA, META_STORE_ID, VERSION};
use crate::step;

/// A step from one version to the next.
type Migration = fn(&WriteTransaction) -> Outcome<()>;

/// The step at index `n` goes from version `n + 1` to `n + 2`.
const MIGRATIONS: [Migration; VERSION as usize - 1] =
    [index_spells_by_content, keep_open_jobs_and_payloads_apart];

/// What is known of a store once it is open.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) store_id: String,
    pub(crate) memory: Memory,
}

/// `Invalid` when the database is not a store, or one of a newer version.
pub(crate) fn check(database: &impl ReadableDatabase) -> Result<(), PortError> {
    let transaction = database.begin_read().map_err(Failure::from)?;
    version(&transaction)?;
    Ok(())
}

/// Makes the tables of a new store, or migrates an old one.
pub(crate) fn bring_up_to_date(database: &Database) -> Result<Facts, PortError> {
    Ok(try_bring_up_to_date(database)?)
}

fn try_bring_up_to_date(database: &Database) -> Outcome<Facts> {
    let version = version(&database.begin_read()?)?;
    match version {
        None => in_one_step(database, create)?,
        Some(version) => {
            for from in version..VERSION {
                tracing::info!(from, to = from + 1, "migrating the store");
                in_one_step(database, |transaction| {
                    MIGRATIONS[from as usize - 1](transaction)?;
                    write_version(transaction, from + 1)
                })?;
            }
        }
    }
    let transaction = database.begin_read()?;
    let store_id = transaction.open_table(META)?.get(META_STORE_ID)?;
    let store_id = store_id.map(|id| id.value().to_owned()).ok_or_else(not_a_store)?;
    Ok(Facts { store_id, memory: Memory::load(&transaction)? })
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

fn write_version(transaction: &WriteTransaction, version: u32) -> Outcome<()> {
    step::open(transaction, META)?.insert(META_SCHEMA, version.to_string().as_str())?;
    Ok(())
}

/// Makes every table, so that readers find it.
fn create(transaction: &WriteTransaction) -> Outcome<()> {
    write_version(transaction, VERSION)?;
    let id = uuid::Uuid::new_v4().to_string();
    step::open(transaction, META)?.insert(META_STORE_ID, id.as_str())?;
    step::open(transaction, schema::COUNTERS)?;
    step::open(transaction, schema::SPELLS)?;
    step::open(transaction, schema::SPELL_REVISIONS)?;
    step::open(transaction, schema::SPELL_CHANGES)?;
    step::open(transaction, schema::SPELLS_BY_KEY)?;
    step::open(transaction, schema::SPELLS_BY_ERROR_TYPE)?;
    step::open(transaction, schema::SPELLS_BY_TAG)?;
    step::open(transaction, schema::SPELL_STATUSES)?;
    step::open(transaction, schema::SPELLS_BY_CONTENT)?;
    step::open(transaction, schema::DELIVERY_NUMBERS)?;
    step::open(transaction, schema::DELIVERIES)?;
    create_job_tables(transaction)?;
    step::open(transaction, schema::REVIEWS)?;
    step::open(transaction, schema::REVIEWS_BY_WRITE)?;
    step::open(transaction, schema::REVIEWS_BY_REPOSITORY)?;
    step::open(transaction, schema::REVIEWS_BY_PULL_REQUEST)?;
    Ok(())
}

fn create_job_tables(transaction: &WriteTransaction) -> Outcome<()> {
    step::open(transaction, schema::JOBS_OPEN)?;
    step::open(transaction, schema::JOBS_ENDED)?;
    step::open(transaction, schema::JOBS_BY_STATE)?;
    step::open(transaction, schema::JOBS_BY_LANE)?;
    step::open(transaction, schema::JOB_EVENTS)?;
    Ok(())
}

/// To version 2: spells without a key can be found by what they say.
fn index_spells_by_content(transaction: &WriteTransaction) -> Outcome<()> {
    let spells = step::open(transaction, schema::SPELLS)?;
    let mut index = step::open(transaction, schema::SPELLS_BY_CONTENT)?;
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
    let mut counters = step::open(transaction, schema::COUNTERS)?;
    for name in before_3::COUNTERS {
        counters.remove(name)?;
    }
    Ok(())
}

fn number_deliveries(transaction: &WriteTransaction) -> Outcome<()> {
    {
        let old = step::open(transaction, before_3::DELIVERIES)?;
        let mut numbers = step::open(transaction, schema::DELIVERY_NUMBERS)?;
        let mut deliveries = step::open(transaction, schema::DELIVERIES)?;
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
        let old = step::open(transaction, before_3::JOBS_OPEN)?;
        let mut open = step::open(transaction, schema::JOBS_OPEN)?;
        let mut ended = step::open(transaction, schema::JOBS_ENDED)?;
        let mut by_state = step::open(transaction, schema::JOBS_BY_STATE)?;
        let mut by_lane = step::open(transaction, schema::JOBS_BY_LANE)?;
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
