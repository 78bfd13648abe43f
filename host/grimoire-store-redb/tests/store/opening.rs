//! Opening: a file that is not a store is rejected with a clear message and left unchanged.

use std::fs;
use std::path::Path;

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::SpellId;
use grimoire_ports::PortError;
use grimoire_ports::conformance::store::samples::{spell, stamp};
use grimoire_ports::store::SpellStore;
use grimoire_store_redb::{Options, RedbStore};
use redb::{Database, ReadOnlyDatabase, TableDefinition};
use tempfile::TempDir;

fn open(path: &Path) -> Result<RedbStore, PortError> {
    RedbStore::open(path, Options::default())
}

#[tokio::test]
async fn folders_are_made_and_two_stores_differ() {
    let folder = TempDir::new().unwrap();
    let first = open(&folder.path().join("a/b/grimoire.redb")).unwrap();
    let second = open(&folder.path().join("grimoire.redb")).unwrap();
    assert_ne!(first.store_id().await.unwrap(), second.store_id().await.unwrap());
    let mut names: Vec<_> =
        fs::read_dir(folder.path().join("a/b")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["grimoire.redb"], "nothing is left beside it");
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_store() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("grimoire.redb");
    open(&path).unwrap();
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o077, 0);
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), b"x").unwrap();
    let path = folder.path().join("file/grimoire.redb");
    let error = open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
}

#[tokio::test]
async fn an_empty_file_becomes_a_store() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("grimoire.redb");
    fs::write(&path, b"").unwrap();
    open(&path).unwrap().create_spell(spell("one"), stamp(0)).await.unwrap();
    open(&path).unwrap().get_spell(SpellId(1)).await.unwrap();
}

#[tokio::test]
async fn a_file_in_use_is_refused_with_its_path_and_a_remedy() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("grimoire.redb");
    let holder = open(&path).unwrap();
    let error = open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let message = error.to_string();
    assert!(message.contains(path.to_str().unwrap()), "{message}");
    assert!(message.contains("another process") && message.contains("stop"), "{message}");
    // The process that has the file open is not affected, and the file is free once it closes it.
    holder.create_spell(spell("one"), stamp(0)).await.unwrap();
    holder.close().await.unwrap();
    open(&path).unwrap();
}

fn assert_refused_and_unchanged(path: &Path, words: &[&str]) {
    let before = fs::read(path).unwrap();
    let error = open(path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
    for word in words {
        assert!(error.to_string().contains(word), "{error}");
    }
    assert!(fs::read(path).unwrap() == before, "the file was changed");
}

#[test]
fn a_file_that_is_no_database_is_refused_and_unchanged() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("notes.txt");
    for content in [b"hello".to_vec(), b"hello ".repeat(100), vec![0; 4_096], b"text\n".repeat(100_000)] {
        fs::write(&path, content).unwrap();
        assert_refused_and_unchanged(&path, &["notes.txt", "not a Grimoire store"]);
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_without_waiting_for_its_other_end() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("pipe.redb");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let error = grimoire_store_redb::verify(&path).unwrap_err();
    assert!(error.to_string().contains("pipe.redb is not a Grimoire store"), "{error}");
}

const META: TableDefinition<'_, &str, &str> = TableDefinition::new("meta");

fn write_database(path: &Path, table: TableDefinition<'_, &str, &str>, key: &str, value: &str) {
    let database = Database::create(path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(table).unwrap().insert(key, value).unwrap();
    transaction.commit().unwrap();
}

#[test]
fn a_database_of_something_else_is_refused_and_unchanged() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("other.redb");
    write_database(&path, TableDefinition::new("customers"), "1", "x");
    assert_refused_and_unchanged(&path, &["not a Grimoire store"]);
    let path = folder.path().join("similar.redb");
    write_database(&path, META, "schema_version", "not a number");
    assert_refused_and_unchanged(&path, &["not a Grimoire store"]);
}

#[test]
fn a_store_from_before_the_first_version_is_named_as_one() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("grimoire.redb");
    write_database(&path, META, "schema", "5");
    assert_refused_and_unchanged(&path, &["grimoire.redb", "development version", "move the file away"]);
}

#[tokio::test]
async fn a_store_of_an_unknown_version_is_refused_and_unchanged() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("grimoire.redb");
    let store = open(&path).unwrap();
    store.create_spell(spell("one"), stamp(0)).await.unwrap();
    store.close().await.unwrap();
    write_database(&path, META, "schema_version", "999");
    assert_refused_and_unchanged(&path, &["grimoire.redb", "version 999", "newer Grimoire"]);
    write_database(&path, META, "schema_version", "0");
    assert_refused_and_unchanged(&path, &["grimoire.redb", "not a Grimoire store"]);
}

#[tokio::test]
async fn a_closed_or_dropped_store_needs_no_repair() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("grimoire.redb");
    let store = open(&path).unwrap();
    store.create_spell(spell("one"), stamp(0)).await.unwrap();
    let clone = store.clone();
    store.close().await.unwrap();
    // Opening without write access works only for a file that was closed cleanly.
    ReadOnlyDatabase::open(&path).expect("closed cleanly");
    assert_eq!(clone.get_spell(SpellId(1)).await.unwrap_err().kind(), ErrorKind::Unavailable);
    let store = open(&path).unwrap();
    store.create_spell(spell("two"), stamp(0)).await.unwrap();
    drop(store);
    ReadOnlyDatabase::open(&path).expect("closed cleanly");
}

#[tokio::test]
async fn a_store_opened_unchanged_keeps_what_is_written_to_itself() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("grimoire.redb");
    let store = open(&path).unwrap();
    store.create_spell(spell("kept"), stamp(1)).await.unwrap();
    store.close().await.unwrap();
    let before = fs::read(&path).unwrap();
    let unchanged = RedbStore::open_unchanged(&path, Options::default()).unwrap();
    assert_eq!(unchanged.create_spell(spell("passing"), stamp(2)).await.unwrap().value.id, SpellId(2));
    assert_eq!(unchanged.get_spell(SpellId(1)).await.unwrap().fields, spell("kept"));
    unchanged.close().await.unwrap();
    assert!(fs::read(&path).unwrap() == before, "the file is as it was");
    let missing = RedbStore::open_unchanged(&folder.path().join("nowhere"), Options::default());
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(!folder.path().join("nowhere").exists());
}
