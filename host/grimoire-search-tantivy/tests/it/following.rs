//! How the index keeps up with the store.

use std::fs;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::Sequence;
use grimoire_ports::search::{IndexState, SpellSearch as _};

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
    until(&search, |state| *state == IndexState::Ready).await;
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
    assert!(matches!(at_once.state, IndexState::Ready), "{at_once:?}");
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
    until(&search, |state| matches!(state, IndexState::Failing(why) if why.contains("the disk is on fire")))
        .await;
    assert_eq!(ids(&found(&search, "widget").await), [1], "what was there is still found");
    store.set(Log::Open);
    search.wait_for(written, PATIENCE).await.expect("followed");
    until(&search, |state| *state == IndexState::Ready).await;
    assert_eq!(ids(&found(&search, "widget").await), [1, 2]);
}

#[tokio::test]
async fn an_index_that_is_removed_under_the_follower_is_made_anew() {
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
    search.wait_until_committed(written, PATIENCE).await.expect("made anew");
    assert_eq!(ids(&found(&search, "widget").await), [1, 2]);
    search.close().await;
    let search = open(&root, &store).await;
    assert_eq!(search.progress().state, IndexState::Ready, "the new index was put into use");
}

/// Showing a commit takes what searches read and then the progress: who asks for a commit must not take
/// them the other way round.
#[test]
fn asking_for_commits_while_they_are_shown_stops_nobody() {
    let (done, is_done) = mpsc::channel();
    // Of its own, for a runtime whose threads wait for each other does not end.
    thread::spawn(move || {
        runtime().block_on(async {
            let folder = tempfile::tempdir().expect("a folder");
            let store = TestStore::new("x");
            let search = Arc::new(open(folder.path(), &store).await);
            let asking = {
                let search = search.clone();
                tokio::spawn(async move {
                    while search.wait_until_committed(Sequence(150), Duration::ZERO).await.is_err() {
                        tokio::task::yield_now().await;
                    }
                })
            };
            for number in 0..150 {
                let (_, written) = store.write(spell(&format!("Widget {number}"))).await;
                search.wait_until_committed(written, PATIENCE).await.expect("committed");
            }
            asking.await.expect("committed");
            search.close().await;
        });
        done.send(()).expect("the test waits");
    });
    is_done.recv_timeout(PATIENCE).expect("nobody waits for ever");
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

/// A commit for each of many small parts makes the index wait the longest for what is to be committed, and
/// as many segments.
#[tokio::test]
async fn what_was_written_at_once_shares_a_commit() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = TestStore::new("x");
    let seldom = Options { commit_interval: Duration::from_secs(1), ..options() };
    let search = open_with(folder.path(), &store, seldom).await;
    until(&search, |state| *state == IndexState::Ready).await;
    let batch = (0..2_900).map(|number| valid(spell(&format!("Widget number{number}")))).collect();
    let last = store.import_spells(batch, stamp()).await.expect("imported").sequence;
    search.wait_until_committed(last, PATIENCE).await.expect("committed");
    let name = fs::read_to_string(folder.path().join("CURRENT")).expect("there is an index");
    let files = fs::read_dir(folder.path().join(name.trim())).expect("read");
    let segments = files.filter(|file| {
        file.as_ref().is_ok_and(|file| file.path().extension().is_some_and(|kind| kind == "store"))
    });
    // One, or a few on a slow machine; a commit for each part of 500 would be six.
    assert!((1..6).contains(&segments.count()));
}

#[tokio::test]
async fn what_is_written_is_found_before_the_index_has_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = TestStore::new("x");
    let (first, _) = store.write(spell("A first widget")).await;
    let search = open_with(folder.path(), &store, never_commits()).await;
    until(&search, |state| *state == IndexState::Ready).await;
    let (second, _) = store.write(spell("A second widget")).await;
    assert_eq!(ids(&found(&search, "widget").await), [1, 2]);
    store.rewrite(first, spell("A gadget now")).await;
    assert_eq!(ids(&found(&search, "widget").await), [2]);
    assert_eq!(ids(&found(&search, "gadget").await), [1]);
    store.remove(second).await;
    let last = store.remove(first).await;
    assert_eq!(found(&search, "widget gadget").await, []);
    let answer = search.candidates(&diagnostic("", None, "widget", ""), 3).await.expect("answered");
    assert_eq!(answer.sequence, last);
    let error = search.wait_until_committed(last, Duration::from_millis(1)).await.expect_err("not yet");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    search.close().await;
    let search = open_with(folder.path(), &store, never_commits()).await;
    search.wait_until_committed(last, PATIENCE).await.expect("closing took in what was left");
}

#[tokio::test]
async fn changes_beyond_what_memory_may_hold_are_found_once_they_are_committed() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = TestStore::new("x");
    let none = Options { recent_memory: 0, ..never_commits() };
    let search = open_with(folder.path(), &store, none).await;
    until(&search, |state| *state == IndexState::Ready).await;
    store.write(spell("A widget")).await;
    assert_eq!(found(&search, "widget").await, []);
    assert_eq!(search.progress().sequence, Sequence(0));
    search.close().await;
    let some = Options { recent_memory: 0, ..options() };
    let search = open_with(folder.path(), &store, some).await;
    store.write(spell("Another widget")).await;
    settle(&search, &store).await;
    assert_eq!(ids(&found(&search, "widget").await), [1, 2]);
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
