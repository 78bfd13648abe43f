//! Brings a file of any earlier version to the present one, one version at a time, each in one
//! transaction: a crash between two leaves a whole file of the version reached.

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::{Sequence, SpellId};
use grimoire_ports::PortError;
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable, TableError, WriteTransaction};

use crate::counters::Counter;
use crate::failure::{Failure, Outcome};
use crate::record::spell::{content_hash, decode_spell};
use crate::schema::{self, META, META_SCHEMA, META_STORE_ID, VERSION};
use crate::step;

/// A step from one version to the next.
type Migration = fn(&WriteTransaction) -> Outcome<()>;

/// The step at index `n` goes from version `n + 1` to `n + 2`.
const MIGRATIONS: [Migration; VERSION as usize - 1] = [index_spells_by_content];

/// What is known of a store once it is open.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) store_id: String,
    pub(crate) sequence: Sequence,
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
    Ok(Facts { store_id, sequence: Sequence(Counter::LastChange.read(&transaction)?) })
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
    step::open(transaction, schema::DELIVERIES)?;
    step::open(transaction, schema::JOBS)?;
    step::open(transaction, schema::JOB_EVENTS)?;
    step::open(transaction, schema::JOBS_BY_STATE)?;
    step::open(transaction, schema::JOBS_BY_LANE)?;
    step::open(transaction, schema::JOBS_OPEN)?;
    step::open(transaction, schema::JOBS_WAITING)?;
    step::open(transaction, schema::JOBS_READY)?;
    step::open(transaction, schema::REVIEWS)?;
    step::open(transaction, schema::REVIEWS_BY_WRITE)?;
    step::open(transaction, schema::REVIEWS_BY_REPOSITORY)?;
    step::open(transaction, schema::REVIEWS_BY_PULL_REQUEST)?;
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
