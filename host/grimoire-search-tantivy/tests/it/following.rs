//! How the index follows the store.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::Sequence;
use grimoire_ports::follower::FollowerState;
use grimoire_ports::search::SpellSearch as _;
use grimoire_ports::store::SpellStore as _;
use grimoire_search_tantivy::{Options, TantivySearch};

use crate::support::*;

#[tokio::test]
async fn writes_changes_and_deletions_show_once_their_sequence_is_reached() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = TestStore::new("x");
    let search = open(folder.path(), &store).await;
    let (id, written) = store.write(spell("A first widget")).await;
    search.wait_for(written, PATIENCE).await.expect("followed");
    assert_eq!(ids(&found(&search, "widget").await), [id.0]);
    let changed = store.rewrite(id, spell("A gadget now")).await;
    search.wait_for(changed, PATIENCE).await.expect("followed");
    assert_eq!(ids(&found(&search, "widget").await), [0_u64; 0]);
    assert_eq!(ids(&candidates(&search, "gadget").await), [id.0]);
    let deleted = store.remove(id).await;
    search.wait_for(deleted, PATIENCE).await.expect("followed");
    assert_eq!(found(&search, "gadget").await, []);
    let progress = search.progress();
    assert_eq!((progress.sequence, progress.documents), (deleted, 0));
    until(&search, |state| *state == FollowerState::Ready).await;
}

#[tokio::test]
async fn waiting_for_what_was_never_written_times_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = TestStore::new("x");
    let search = open(folder.path(), &store).await;
    let error = search.wait_for(Sequence(1), Duration::from_millis(1)).await.expect_err("nothing is there");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    search.wait_for(Sequence(0), Duration::ZERO).await.expect("reached before anything");
}

#[tokio::test]
async fn a_closed_index_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = TestStore::new("x");
    let search = open(folder.path(), &store).await;
    store.write(spell("A first widget")).await;
    settle(&search, &store).await;
    search.close().await;
    search.close().await;
    let before = found(&search, "widget").await;
    store.set(Log::Held);
    store.write(spell("A second widget")).await;
    store.set(Log::Open);
    let search = open(folder.path(), &store).await;
    let at_once = search.progress();
    assert!(matches!(at_once.state, FollowerState::Ready), "{at_once:?}");
    assert!(at_once.sequence >= Sequence(1));
    settle(&search, &store).await;
    assert_eq!(ids(&before), [1]);
    assert_eq!(ids(&found(&search, "widget").await), [1, 2]);
}

#[tokio::test]
async fn a_store_that_fails_is_told_and_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = TestStore::new("x");
    let search = open(folder.path(), &store).await;
    store.write(spell("A first widget")).await;
    settle(&search, &store).await;
    store.set(Log::Broken);
    let (_, written) = store.write(spell("A second widget")).await;
    until(
        &search,
        |state| matches!(state, FollowerState::Failing(why) if why.contains("the disk is on fire")),
    )
    .await;
    assert_eq!(ids(&found(&search, "widget").await), [1], "what was there is still found");
    store.set(Log::Open);
    search.wait_for(written, PATIENCE).await.expect("followed");
    until(&search, |state| *state == FollowerState::Ready).await;
    assert_eq!(ids(&found(&search, "widget").await), [1, 2]);
}

#[tokio::test]
async fn an_index_that_is_removed_under_the_follower_is_rebuilt() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("search");
    let store = TestStore::new("x");
    let search = open(&root, &store).await;
    store.write(spell("A first widget")).await;
    settle(&search, &store).await;
    fs::remove_dir_all(&root).expect("removed");
    let (_, written) = store.write(spell("A second widget")).await;
    search.wait_for(written, PATIENCE).await.expect("followed");
    assert_eq!(ids(&found(&search, "widget").await), [1, 2]);
    search.close().await;
    let search = open(&root, &store).await;
    assert_eq!(search.progress().state, FollowerState::Ready, "the new index is whole");
}

#[tokio::test]
async fn a_large_import_is_taken_in_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = TestStore::new("x");
    let search = open(folder.path(), &store).await;
    let batch = (0..1_700).map(|number| valid(spell(&format!("Widget number{number}")))).collect();
    store.import_spells(batch, stamp()).await.expect("imported");
    settle(&search, &store).await;
    assert_eq!(search.progress().documents, 1_700);
    assert_eq!(ids(&found(&search, "number1699").await), [1_700]);
}

#[tokio::test]
async fn dropping_the_search_ends_the_follower() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = TestStore::new("x");
    let held: Arc<TestStore> = Arc::new(store.clone());
    let search = TantivySearch::open(folder.path(), held.clone(), Options::default()).await.expect("opened");
    settle(&search, &store).await;
    drop(search);
    let ended = async {
        while Arc::strong_count(&held) > 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.expect("the follower lets go of the store");
}
