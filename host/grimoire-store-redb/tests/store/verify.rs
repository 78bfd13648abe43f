//! Damage is found, and never read as a wrong value.

use std::fs;
use std::path::Path;

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::SpellId;
use grimoire_ports::conformance::store::samples::at;
use grimoire_ports::store::SpellStore;
use grimoire_store_redb::{Options, RedbStore, verify};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use redb::{Database, ReadableTable, TableDefinition};
use tempfile::TempDir;

use crate::model::content;
use crate::sample;

const SPELLS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("spells");
const STATUSES: TableDefinition<'_, u64, u8> = TableDefinition::new("spell_statuses");

async fn sample_store() -> (TempDir, std::path::PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("grimoire.redb");
    sample::write(&path).await;
    sample::write_publication(&path).await;
    (folder, path)
}

/// Changes the file in a way that no store would.
fn tamper(path: &Path, change: impl FnOnce(&redb::WriteTransaction)) {
    let database = Database::open(path).unwrap();
    let transaction = database.begin_write().unwrap();
    change(&transaction);
    transaction.commit().unwrap();
}

/// The only problem of a file.
fn problem(path: &Path) -> String {
    let verification = verify(path).unwrap();
    assert_eq!(verification.damage.len(), 1, "{verification:?}");
    verification.damage[0].clone()
}

#[tokio::test]
async fn a_whole_store_is_all_right_and_stays_as_it_is() {
    let (_folder, path) = sample_store().await;
    let before = fs::read(&path).unwrap();
    let verification = verify(&path).unwrap();
    assert_eq!(verification.damage, Vec::<String>::new());
    // Two existing spells, three earlier revisions, five changes, three deliveries, five jobs, eleven
    // events beside the first of each job, two reviews; then a review with its publication and its job.
    assert!(verification.records > 20, "{verification:?}");
    assert!(fs::read(&path).unwrap() == before, "the file was changed");
}

#[tokio::test]
async fn a_store_that_was_not_closed_can_be_verified() {
    let (folder, path) = sample_store().await;
    let store = RedbStore::open(&path, Options::default()).unwrap();
    assert_eq!(verify(&path).unwrap_err().kind(), ErrorKind::Unavailable, "it is open");
    let crashed = folder.path().join("crashed.redb");
    fs::copy(&path, &crashed).unwrap();
    store.close().await.unwrap();
    assert_eq!(verify(&crashed).unwrap().damage, Vec::<String>::new());
}

#[tokio::test]
async fn a_changed_record_is_an_error_with_its_table_and_key() {
    let (_folder, path) = sample_store().await;
    tamper(&path, |transaction| {
        let mut spells = transaction.open_table(SPELLS).unwrap();
        let mut record = spells.get(1).unwrap().unwrap().value().to_vec();
        let place = record.windows(5).position(|part| part == b"first").unwrap();
        record[place] = b'F';
        spells.insert(1, record.as_slice()).unwrap();
    });
    assert!(problem(&path).contains("key 1 of table spells"));
    let store = RedbStore::open(&path, Options::default()).unwrap();
    let error = store.get_spell(SpellId(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.to_string().contains("key 1 of table spells"), "{error}");
    store.get_spell(SpellId(2)).await.expect("the others are whole");
}

#[tokio::test]
async fn a_record_under_another_key_is_an_error() {
    let (_folder, path) = sample_store().await;
    tamper(&path, |transaction| {
        let mut spells = transaction.open_table(SPELLS).unwrap();
        let record = spells.get(2).unwrap().unwrap().value().to_vec();
        spells.insert(1, record.as_slice()).unwrap();
    });
    let store = RedbStore::open(&path, Options::default()).unwrap();
    assert_eq!(store.get_spell(SpellId(1)).await.unwrap_err().kind(), ErrorKind::Internal);
}

#[tokio::test]
async fn indices_that_disagree_with_their_records_are_found() {
    let (_folder, path) = sample_store().await;
    tamper(&path, |transaction| {
        transaction.open_table(STATUSES).unwrap().insert(1, 2).unwrap();
    });
    assert!(problem(&path).contains("spell 1 is not in all of its indices"));
    tamper(&path, |transaction| {
        let mut statuses = transaction.open_table(STATUSES).unwrap();
        statuses.insert(1, 1).unwrap();
        statuses.insert(7, 1).unwrap();
    });
    assert!(problem(&path).contains("spell_statuses has 3 rows instead of 2"));
}

#[tokio::test]
async fn outcomes_that_disagree_with_the_reviews_are_found() {
    const OUTCOMES: TableDefinition<'_, u64, (u64, u64)> = TableDefinition::new("spell_outcomes");
    const OFFERS: TableDefinition<'_, (&str, u64, u64), ()> = TableDefinition::new("spell_offers");
    let (_folder, path) = sample_store().await;
    tamper(&path, |transaction| {
        transaction.open_table(OUTCOMES).unwrap().insert(9, (2, 1)).unwrap();
    });
    assert!(problem(&path).contains("the outcomes of spell 9 are not 2 and 0"));
    tamper(&path, |transaction| {
        transaction.open_table(OUTCOMES).unwrap().insert(9, (3, 0)).unwrap();
        transaction.open_table(OFFERS).unwrap().insert(("octo/tools", 77, 9), ()).unwrap();
    });
    assert!(problem(&path).contains("octo/tools#77 was offered a spell and has no review"));
}

#[tokio::test]
async fn a_lost_record_is_found() {
    let (_folder, path) = sample_store().await;
    tamper(&path, |transaction| {
        const REVISIONS: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("spell_revisions");
        transaction.open_table(REVISIONS).unwrap().remove((2, 1)).unwrap();
    });
    let damage = verify(&path).unwrap().damage;
    assert!(damage.iter().any(|problem| problem == "spell 2 has lost revisions"), "{damage:?}");
}

/// Everything readable in the store of a file; panics if it cannot be opened or read.
async fn content_of(path: &Path) -> String {
    let store = RedbStore::open(path, sample::options_at(sample::LATEST)).unwrap();
    let content = content(&store, at(sample::LATEST)).await;
    store.close().await.unwrap();
    content
}

/// Flips a bit of the file: either the damage is found, or no readable value has changed.
async fn is_found_or_harmless(whole: &[u8], expected: &str, path: &Path, offset: usize, bit: u8) {
    let mut flipped = whole.to_vec();
    flipped[offset] ^= 1 << bit;
    fs::write(path, &flipped).unwrap();
    if verify(path).is_ok_and(|verification| verification.damage.is_empty()) {
        assert_eq!(content_of(path).await, expected, "bit {bit} of byte {offset} was not found");
    }
}

#[tokio::test]
async fn any_flipped_bit_of_the_header_is_found_or_harmless() {
    let (folder, path) = sample_store().await;
    let whole = fs::read(&path).unwrap();
    let expected = content_of(&path).await;
    let flipped = folder.path().join("flipped.redb");
    for offset in 0..320 {
        let bit = u8::try_from(offset % 8).unwrap();
        is_found_or_harmless(&whole, &expected, &flipped, offset, bit).await;
    }
}

#[test]
fn any_flipped_bit_is_found_or_harmless() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (folder, path) = runtime.block_on(sample_store());
    let whole = fs::read(&path).unwrap();
    // Most of a small file is empty: only nonzero bytes are tested.
    let places: Vec<_> = (0..whole.len()).filter(|offset| whole[*offset] != 0).collect();
    let expected = runtime.block_on(content_of(&path));
    let flipped = folder.path().join("flipped.redb");
    let config = ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() };
    let result = TestRunner::new(config).run(&(any::<Index>(), 0_u8..8), |(place, bit)| {
        runtime.block_on(is_found_or_harmless(&whole, &expected, &flipped, *place.get(&places), bit));
        Ok(())
    });
    result.unwrap();
}

#[test]
fn a_file_that_is_no_store_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("notes.txt");
    fs::write(&path, b"text\n".repeat(10_000)).unwrap();
    let error = verify(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("notes.txt"), "{error}");
    assert_eq!(verify(&folder.path().join("missing")).unwrap_err().kind(), ErrorKind::Unavailable);
}
