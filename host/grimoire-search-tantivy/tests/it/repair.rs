//! An unusable index is noticed and rebuilt, while the store answers searches.

use std::fs;
use std::path::{Path, PathBuf};

use grimoire_ports::follower::FollowerState;
use grimoire_ports::search::{Hit, SpellSearch as _};
use grimoire_ports::store::SpellStore as _;
use grimoire_search_tantivy::TantivySearch;

use crate::support::*;

/// Builds an index of a few spells in `folder` and closes it; returns the store and the index's answers.
async fn prepared(folder: &Path) -> (TestStore, Vec<Vec<Hit>>) {
    let store = TestStore::new("the store");
    for title in ["A first widget", "The second widget", "A gadget", "Something else", "A widget of a gadget"]
    {
        store.write(spell(title)).await;
    }
    let gone = store.write(spell("A deleted widget")).await.0;
    let search = open(folder, &store).await;
    settle(&search, &store).await;
    store.remove(gone).await;
    settle(&search, &store).await;
    let answers = answers(&search).await;
    search.close().await;
    (store, answers)
}

async fn answers(search: &TantivySearch) -> Vec<Vec<Hit>> {
    vec![
        found(search, "widget").await,
        found(search, "gadget wid").await,
        found(search, "wigdet -second").await,
        found(search, "\"widget of a gadget\"").await,
        candidates(search, "a gadget failed").await,
        candidates(search, "the tool prints: second").await,
    ]
}

/// Opens the folder and checks that the index is rebuilt for this reason, with the same answers
/// before (from the store) and after (from the new index).
async fn expect_repair(folder: &Path, store: &TestStore, reason: &str, expected: &[Vec<Hit>]) {
    let search = open_held(folder, store).await;
    match search.progress().state {
        FollowerState::Rebuilding { reason: told, .. } => assert!(told.contains(reason), "{told}"),
        other => panic!("{other:?} instead of {reason}"),
    }
    assert_eq!(answers(&search).await, expected, "from the store");
    store.set(Log::Open);
    settle(&search, store).await;
    until(&search, |state| *state == FollowerState::Ready).await;
    assert_eq!(answers(&search).await, expected, "from the new index");
    search.close().await;
    let search = open(folder, store).await;
    assert_eq!(search.progress().state, FollowerState::Ready);
    search.close().await;
}

/// Opens the folder while the change log is held, except where opening itself reads it.
async fn open_held(folder: &Path, store: &TestStore) -> TantivySearch {
    let search = open(folder, store);
    tokio::pin!(search);
    store.set(Log::Open);
    let search = (&mut search).await;
    // The current-thread runtime has not run the follower yet: it was spawned, and nothing was awaited since.
    store.set(Log::Held);
    search
}

/// The data files of an index.
fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).expect("read").map(|entry| entry.expect("an entry").path());
    let is_data = |path: &PathBuf| {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        !hidden && fs::metadata(path).expect("read").len() > 0
    };
    paths.filter(is_data).collect()
}

/// Changes the metadata of the last commit.
fn edit_payload(folder: &Path, edit: impl Fn(&mut serde_json::Value)) {
    let path = folder.join("meta.json");
    let mut meta: serde_json::Value = serde_json::from_slice(&fs::read(&path).expect("read")).expect("JSON");
    let text = meta["payload"].as_str().expect("a payload").to_owned();
    let mut payload = serde_json::from_str(&text).expect("JSON");
    edit(&mut payload);
    meta["payload"] = payload.to_string().into();
    fs::write(path, meta.to_string()).expect("written");
}

#[tokio::test]
async fn a_missing_index_is_built() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, expected) = prepared(folder.path()).await;
    fs::remove_dir_all(folder.path()).expect("removed");
    expect_repair(folder.path(), &store, "it is missing", &expected).await;
}

#[tokio::test]
async fn an_index_that_has_seen_next_to_nothing_leaves_the_answer_to_the_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = TestStore::new("the store");
    let search = open(folder.path(), &store).await;
    until(&search, |state| *state == FollowerState::Ready).await;
    search.close().await;
    for title in ["A first widget", "A second widget", "A gadget"] {
        store.write(spell(title)).await;
    }
    let search = open_held(folder.path(), &store).await;
    assert_eq!(search.progress().state, FollowerState::Ready, "it is whole, and behind");
    assert_eq!(ids(&found(&search, "widget").await), [1, 2]);
    store.set(Log::Open);
    settle(&search, &store).await;
    assert_eq!(ids(&found(&search, "widget").await), [1, 2]);
}

#[tokio::test]
async fn every_damaged_file_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, expected) = prepared(folder.path()).await;
    let mut extensions: Vec<_> =
        files(folder.path()).iter().map(|file| file.extension().expect("an extension").to_owned()).collect();
    extensions.sort();
    extensions.dedup();
    assert!(extensions.len() >= 5, "{extensions:?}");
    for extension in extensions {
        // A rebuilt index has no deleted spells, so their file can be damaged only once.
        let mut files = files(folder.path()).into_iter();
        let Some(path) = files.find(|path| path.extension() == Some(&extension)) else { continue };
        let mut bytes = fs::read(&path).expect("read");
        bytes[0] ^= 0x20;
        fs::write(&path, bytes).expect("written");
        expect_repair(folder.path(), &store, "it is damaged", &expected).await;
    }
}

/// Files left behind by an interrupted rebuild are removed, those of another program are not.
#[tokio::test]
async fn what_else_lies_in_the_folder_stays_when_an_index_is_built() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, answers) = prepared(folder.path()).await;
    let index =
        files(folder.path()).into_iter().find(|file| file.extension().is_some_and(|kind| kind == "idx"));
    fs::remove_file(folder.path().join("meta.json")).expect("removed");
    fs::create_dir(folder.path().join("letters")).expect("made");
    for name in ["letters/one.txt", "notes.json", "0123456789abcdef.idx"] {
        fs::write(folder.path().join(name), "mine").expect("written");
    }
    expect_repair(folder.path(), &store, "missing", &answers).await;
    for name in ["letters/one.txt", "notes.json", "0123456789abcdef.idx"] {
        assert_eq!(fs::read_to_string(folder.path().join(name)).expect("it is there"), "mine");
    }
    assert!(!index.expect("words").exists(), "the files of the other index are gone");
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_is_removed_or_written_through_a_link() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, answers) = prepared(&folder.path().join("before")).await;
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).expect("made");
    fs::write(elsewhere.join("meta.json"), "mine").expect("written");
    std::os::unix::fs::symlink(&elsewhere, folder.path().join("index")).expect("linked");
    let search = open(&folder.path().join("index"), &store).await;
    until(&search, |state| matches!(state, FollowerState::Failing(_))).await;
    assert_eq!(self::answers(&search).await, answers, "from the store");
    search.close().await;
    assert_eq!(fs::read_dir(&elsewhere).expect("readable").count(), 1);
    assert_eq!(fs::read_to_string(elsewhere.join("meta.json")).expect("it is there"), "mine");
}

#[tokio::test]
async fn truncated_removed_and_foreign_files_are_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, expected) = prepared(folder.path()).await;
    fs::write(folder.path().join("meta.json"), "{}").expect("written");
    expect_repair(folder.path(), &store, "it is damaged", &expected).await;
    for file in files(folder.path()).into_iter().filter(|file| !file.ends_with("meta.json")) {
        fs::remove_file(file).expect("removed");
    }
    expect_repair(folder.path(), &store, "it is damaged", &expected).await;
    edit_payload(folder.path(), |payload| *payload = serde_json::Value::Null);
    expect_repair(folder.path(), &store, "does not say what it holds", &expected).await;
}

#[tokio::test]
async fn another_schema_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, expected) = prepared(folder.path()).await;
    edit_payload(folder.path(), |payload| payload["version"] = 0.into());
    expect_repair(folder.path(), &store, "schema version 0", &expected).await;
}

#[tokio::test]
async fn another_store_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, expected) = prepared(folder.path()).await;
    edit_payload(folder.path(), |payload| payload["store"] = "another".into());
    expect_repair(folder.path(), &store, "another store", &expected).await;
}

#[tokio::test]
async fn a_store_that_was_set_back_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, expected) = prepared(folder.path()).await;
    edit_payload(folder.path(), |payload| payload["sequence"] = 1_000.into());
    expect_repair(folder.path(), &store, "ahead of the store, at change 1000 of 7", &expected).await;
}

#[tokio::test]
async fn a_store_that_was_set_back_and_written_to_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, _) = prepared(folder.path()).await;
    let store = TestStore::new("the store");
    for number in 0..20 {
        store.write(spell(&format!("Other spell {number}"))).await;
    }
    let search = open_held(folder.path(), &store).await;
    match search.progress().state {
        FollowerState::Rebuilding { reason, .. } => assert!(reason.contains("other changes"), "{reason}"),
        other => panic!("{other:?}"),
    }
    store.set(Log::Open);
    settle(&search, &store).await;
    assert_eq!(found(&search, "widget").await, []);
    assert_eq!(found(&search, "other").await.len(), 20);
}

#[tokio::test]
async fn progress_shows_while_an_index_is_rebuilt() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = TestStore::new("x");
    let batch = (0..1_200).map(|number| valid(spell(&format!("Widget {number}")))).collect();
    store.memory.import_spells(batch, stamp()).await.expect("imported");
    let search = open_held(folder.path(), &store).await;
    let told = search.progress();
    assert!(matches!(told.state, FollowerState::Rebuilding { done: 0, total: 1_200, .. }), "{told:?}");
    let answer = search.candidates(&diagnostic("", None, "widget", ""), 3).await.expect("answered");
    assert_eq!((answer.hits.len(), answer.sequence.0), (3, 1_200), "answered from the store");
    store.set(Log::Open);
    settle(&search, &store).await;
    assert_eq!(search.progress().documents, 1_200);
}
