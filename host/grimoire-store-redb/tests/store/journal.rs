//! What is promised of the journal beside the file.

use std::fs;
use std::path::Path;

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::SpellId;
use grimoire_ports::PortError;
use grimoire_ports::conformance::store::samples::{spell, stamp};
use grimoire_ports::store::SpellStore as _;
use grimoire_store_redb::{Options, RedbStore};
use tempfile::TempDir;

use crate::disk::Disk;

fn open(path: &Path) -> Result<RedbStore, PortError> {
    RedbStore::open(path, Options::default())
}

/// A folder as a crash leaves it: files that were not closed, with a written spell.
async fn crashed() -> TempDir {
    let (running, left) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = open(&running.path().join("grimoire.redb")).unwrap();
    store.create_spell(spell("written"), stamp(1)).await.unwrap();
    for name in ["grimoire.redb", "grimoire.redb.journal"] {
        fs::copy(running.path().join(name), left.path().join(name)).unwrap();
    }
    left
}

#[tokio::test]
async fn what_only_the_journal_has_is_in_the_store_after_a_crash() {
    let (file, journal) = (Disk::default(), Disk::default());
    let options = Options { journal_bytes: 1 << 20, ..Options::default() };
    let store = RedbStore::open_with_journal(file.backend(), journal.backend(), options).unwrap();
    let synced = file.syncs();
    for number in 0..5 {
        store.create_spell(spell(&format!("written {number}")), stamp(1)).await.unwrap();
    }
    assert_eq!(file.syncs(), synced, "the journal is synced, not the file");
    // Nothing that was written to the file since reached the disk, and the next journal is longer.
    let (file, journal) = (Disk::with(file.synced()), Disk::with(journal.synced()));
    let options = Options { journal_bytes: 2 << 20, ..options };
    let store = RedbStore::open_with_journal(file.backend(), journal.backend(), options).unwrap();
    for number in 0..5 {
        let found = store.get_spell(SpellId(number + 1)).await.unwrap();
        assert_eq!(found.fields.title, format!("written {number}"));
    }
    store.create_spell(spell("afterwards"), stamp(2)).await.unwrap();
}

#[tokio::test]
async fn files_that_were_not_closed_are_opened() {
    let folder = crashed().await;
    let store = open(&folder.path().join("grimoire.redb")).unwrap();
    assert_eq!(store.get_spell(SpellId(1)).await.unwrap().fields.title, "written");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_leads_to_the_store_with_its_journal() {
    let (folder, elsewhere) = (crashed().await, TempDir::new().unwrap());
    let link = elsewhere.path().join("link.redb");
    std::os::unix::fs::symlink(folder.path().join("grimoire.redb"), &link).unwrap();
    let store = open(&link).unwrap();
    assert_eq!(store.get_spell(SpellId(1)).await.unwrap().fields.title, "written");
    assert!(!elsewhere.path().join("link.redb.journal").exists());
}

#[tokio::test]
async fn a_closed_store_does_without_its_journal() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("grimoire.redb");
    let store = open(&path).unwrap();
    store.create_spell(spell("written"), stamp(1)).await.unwrap();
    store.close().await.unwrap();
    fs::remove_file(folder.path().join("grimoire.redb.journal")).unwrap();
    let store = open(&path).unwrap();
    assert_eq!(store.get_spell(SpellId(1)).await.unwrap().fields.title, "written");
}

#[tokio::test]
async fn a_store_that_was_not_closed_asks_for_its_journal() {
    let folder = crashed().await;
    let (path, journal) = (folder.path().join("grimoire.redb"), folder.path().join("grimoire.redb.journal"));
    let kept = fs::read(&journal).unwrap();
    fs::remove_file(&journal).unwrap();
    for _ in 0..2 {
        let error = open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("put it back, or make an empty file of that name"), "{error}");
    }
    fs::write(&journal, &kept).unwrap();
    assert_eq!(open(&path).unwrap().get_spell(SpellId(1)).await.unwrap().fields.title, "written");
}

#[tokio::test]
async fn without_its_journal_a_store_is_as_its_file_says() {
    let folder = crashed().await;
    let path = folder.path().join("grimoire.redb");
    fs::write(folder.path().join("grimoire.redb.journal"), b"").unwrap();
    let store = open(&path).unwrap();
    assert_eq!(store.get_spell(SpellId(1)).await.unwrap_err().kind(), ErrorKind::NotFound);
    store.create_spell(spell("after it"), stamp(2)).await.unwrap();
}

#[tokio::test]
async fn the_journal_of_another_store_is_refused() {
    let (folder, other) = (crashed().await, crashed().await);
    fs::copy(other.path().join("grimoire.redb.journal"), folder.path().join("grimoire.redb.journal"))
        .unwrap();
    let error = open(&folder.path().join("grimoire.redb")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("grimoire.redb.journal"), "{error}");
}

#[tokio::test]
async fn a_journal_of_pages_is_left_to_the_version_that_wrote_it() {
    let folder = crashed().await;
    let (path, journal) = (folder.path().join("grimoire.redb"), folder.path().join("grimoire.redb.journal"));
    fs::write(&journal, [b"GRIMJRN1".as_slice(), &[7; 4_088]].concat()).unwrap();
    let error = open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("start that version once more and stop it"), "{error}");
    // Once closed, nobody needs it.
    fs::write(&journal, b"").unwrap();
    open(&path).unwrap().close().await.unwrap();
    fs::write(&journal, [b"GRIMJRN1".as_slice(), &[7; 4_088]].concat()).unwrap();
    open(&path).unwrap().create_spell(spell("goes on"), stamp(2)).await.unwrap();
    assert_eq!(open(&path).unwrap().get_spell(SpellId(1)).await.unwrap().fields.title, "goes on");
}

#[tokio::test]
async fn a_damaged_journal_is_named_and_nothing_is_changed() {
    let folder = crashed().await;
    let (path, journal) = (folder.path().join("grimoire.redb"), folder.path().join("grimoire.redb.journal"));
    let before = fs::read(&path).unwrap();
    let mut damaged = fs::read(&journal).unwrap();
    damaged[..1_024].fill(b'x');
    fs::write(&journal, &damaged).unwrap();
    let error = open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("grimoire.redb.journal is damaged"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_journal_without_its_store_is_no_new_store() {
    let folder = crashed().await;
    let path = folder.path().join("grimoire.redb");
    fs::remove_file(&path).unwrap();
    let error = open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("put the store back"), "{error}");
    assert!(!path.exists());
}
