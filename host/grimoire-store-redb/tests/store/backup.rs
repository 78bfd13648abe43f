//! Backups: complete despite concurrent writes, and the same store after restoring.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::{Sequence, SpellId};
use grimoire_ports::conformance::store::samples::{at, spell, stamp};
use grimoire_ports::store::{SpellStore, Store};
use grimoire_store_redb::{Options, RedbStore, restore, verify};
use tempfile::TempDir;

use crate::model::content;
use crate::sample;

fn open(path: &Path) -> RedbStore {
    RedbStore::open(path, sample::options_at(sample::LATEST)).unwrap()
}

#[tokio::test]
async fn a_restored_store_shows_what_the_first_showed() {
    let folder = TempDir::new().unwrap();
    let [path, backup, restored] =
        ["first.redb", "backup.redb", "new/grimoire.redb"].map(|name| folder.path().join(name));
    sample::write(&path).await;
    sample::write_publication(&path).await;
    let store = open(&path);
    store.back_up(&backup).await.unwrap();
    assert_eq!(verify(&backup).unwrap(), {
        store.close().await.unwrap();
        verify(&path).unwrap()
    });
    fs::create_dir(restored.parent().unwrap()).unwrap();
    assert_eq!(restore(&backup, &restored, false).unwrap(), None);
    let (first, second) = (open(&path), open(&restored));
    assert_eq!(content(&second, at(sample::LATEST)).await, content(&first, at(sample::LATEST)).await);
    assert_eq!(second.store_id().await.unwrap(), first.store_id().await.unwrap());
    let next = second.create_spell(spell("next"), stamp(40)).await.unwrap();
    assert_eq!(next.value.id, SpellId(4), "ids go on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_writes_is_the_store_of_one_moment() {
    let folder = TempDir::new().unwrap();
    let (path, backup) = (folder.path().join("grimoire.redb"), folder.path().join("backup.redb"));
    let store = open(&path);
    store.create_spell(spell("0"), stamp(0)).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (store, done) = (store.clone(), Arc::clone(&done));
        async move {
            let mut written = 1;
            while !done.load(Ordering::Relaxed) {
                store.create_spell(spell(&written.to_string()), stamp(0)).await.unwrap();
                written += 1;
            }
            written
        }
    });
    store.wait_for_change(Sequence(3)).await;
    store.back_up(&backup).await.unwrap();
    store.wait_for_change(store.last_sequence().await.unwrap()).await;
    done.store(true, Ordering::Relaxed);
    let written = writer.await.unwrap();

    assert_eq!(verify(&backup).unwrap().damage, Vec::<String>::new());
    let copy = open(&backup);
    let last = copy.last_sequence().await.unwrap().0;
    assert!((3..written).contains(&last), "{last} of {written}");
    for id in 1..=last {
        assert_eq!(copy.get_spell(SpellId(id)).await.unwrap().fields.title, (id - 1).to_string());
    }
    assert_eq!(copy.get_spell(SpellId(last + 1)).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_backup_replaces_no_file() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("notes.txt");
    fs::write(&file, b"mine").unwrap();
    let store = RedbStore::in_memory(Options::default()).unwrap();
    assert_eq!(store.back_up(&file).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}

#[tokio::test]
async fn a_store_is_replaced_only_on_request_and_put_aside() {
    let folder = TempDir::new().unwrap();
    let [path, backup] = ["grimoire.redb", "backup.redb"].map(|name| folder.path().join(name));
    let store = open(&path);
    store.create_spell(spell("old"), stamp(0)).await.unwrap();
    store.back_up(&backup).await.unwrap();
    store.create_spell(spell("after the backup"), stamp(0)).await.unwrap();
    let refused = restore(&backup, &path, true).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "the store is open");
    store.close().await.unwrap();
    assert_eq!(restore(&backup, &path, false).unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(open(&path).last_sequence().await.unwrap(), Sequence(2));
    let aside = restore(&backup, &path, true).unwrap().expect("the old store is kept");
    assert_eq!(open(&path).last_sequence().await.unwrap(), Sequence(1));
    assert_eq!(open(&aside).last_sequence().await.unwrap(), Sequence(2));
    assert_ne!(restore(&backup, &path, true).unwrap().unwrap(), aside, "the first one stays");
}

#[tokio::test]
async fn a_damaged_backup_is_not_restored() {
    let folder = TempDir::new().unwrap();
    let [path, backup, target] =
        ["grimoire.redb", "backup.redb", "target.redb"].map(|name| folder.path().join(name));
    sample::write(&path).await;
    sample::write_publication(&path).await;
    let store = open(&path);
    store.back_up(&backup).await.unwrap();
    let mut bytes = fs::read(&backup).unwrap();
    let place = bytes.windows(11).position(|part| part == b"first title").unwrap();
    bytes[place] = b'F';
    fs::write(&backup, bytes).unwrap();
    let error = restore(&backup, &target, false).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("backup.redb is damaged"), "{error}");
    assert!(!target.exists());
}
