//! Properties that hold for any sequence of writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use grimoire_domain::spell::{SpellFields, SpellId, SpellStatus};
use grimoire_ports::search::{Hit, SpellSearch as _};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::*;

/// One write.
#[derive(Debug, Clone)]
enum Write {
    Create(SpellFields),
    /// Updates the n-th existing spell.
    Update(usize, SpellFields),
    Delete(usize),
}

const WORDS: [&str; 9] =
    ["widget", "gadget", "E0382", "unusedVars", "no-such-rule", "std::io", "moved", "moving", "value"];

/// A phrase, exclusions, misspelt words, prefixes, a synonym, names with joiners.
const TYPED: [&str; 9] = [
    "\"moved value\"",
    "value -gadget",
    "moving -\"widget gadget\"",
    "gadgit wigdet ",
    "mov",
    "unused var",
    "no such rule std",
    "unusedVars, std::io and \"E0382\"",
    "npe moving segfault",
];

fn fields() -> impl Strategy<Value = SpellFields> {
    let words = |most| proptest::collection::vec(proptest::sample::select(&WORDS[..]), 1..most);
    let status = prop_oneof![3 => Just(SpellStatus::Active), 1 => Just(SpellStatus::Draft)];
    (words(4), words(9), proptest::sample::select(&WORDS[..]), status).prop_map(
        |(title, description, error_type, status)| SpellFields {
            description: description.join(" "),
            error_type: error_type.to_owned(),
            status,
            ..spell(&title.join(" "))
        },
    )
}

fn write() -> impl Strategy<Value = Write> {
    prop_oneof![
        3 => fields().prop_map(Write::Create),
        1 => (any::<usize>(), fields()).prop_map(|(which, fields)| Write::Update(which, fields)),
        1 => any::<usize>().prop_map(Write::Delete),
    ]
}

/// Runs a property in a single runtime, because each case is slow compared with its generation.
fn check<S: Strategy>(strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases: 100, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(strategy, test).unwrap_or_else(|failure| panic!("{failure}"));
}

async fn apply(store: &TestStore, living: &mut Vec<SpellId>, write: Write) {
    match write {
        Write::Create(fields) => living.push(store.write(fields).await.0),
        Write::Update(which, fields) if !living.is_empty() => {
            store.rewrite(living[which % living.len()], fields).await;
        }
        Write::Delete(which) if !living.is_empty() => {
            let id = living.swap_remove(which % living.len());
            store.remove(id).await;
        }
        Write::Update(..) | Write::Delete(_) => {}
    }
}

async fn answers(
    search: &grimoire_search_tantivy::TantivySearch,
) -> BTreeMap<&'static str, (Vec<Hit>, Vec<Hit>)> {
    let mut all = BTreeMap::new();
    for word in WORDS {
        all.insert(word, (found(search, word).await, candidates(search, word).await));
    }
    let mixed = diagnostic("E0382", Some("E0382"), "moved value", "std::io");
    let mixed = search.candidates(&mixed, 64).await.expect("answered").hits;
    all.insert("mixed", (found(search, "value of wid").await, mixed));
    for typed in TYPED {
        all.insert(typed, (found(search, typed).await, Vec::new()));
    }
    all
}

/// Property 6: a deleted spell is gone from search and from the candidates, and every existing one
/// is there. The answers of an index are the same to the last bit, whatever its history.
#[test]
fn property_6_deleted_spells_are_gone_and_history_does_not_matter() {
    let runtime = runtime();
    check(&proptest::collection::vec(write(), 1..25), |writes| {
        runtime.block_on(async {
            let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
            let store = TestStore::new("x");
            let search = open(folders[0].path(), &store).await;
            let mut living = Vec::new();
            for (index, write) in writes.into_iter().enumerate() {
                apply(&store, &mut living, write).await;
                // Some writes share a commit, others do not.
                if index % 12 == 6 {
                    settle(&search, &store).await;
                }
            }
            settle(&search, &store).await;
            let mut everything = ids(&found(&search, "the tool prints").await);
            everything.sort_unstable();
            living.sort_unstable();
            prop_assert_eq!(&everything, &living.iter().map(|id| id.0).collect::<Vec<_>>());
            let followed = answers(&search).await;
            for (found, candidates) in followed.values() {
                prop_assert!(found.iter().chain(candidates).all(|hit| living.contains(&hit.spell)));
                for hits in [found, candidates] {
                    let ordered = hits.is_sorted_by(|left, right| {
                        right.score.total_cmp(&left.score).then(left.spell.cmp(&right.spell)).is_lt()
                    });
                    prop_assert!(ordered, "{:?}", hits);
                }
            }
            store.set(Log::Held);
            let rebuilt = open(folders[1].path(), &store).await;
            prop_assert_eq!(&answers(&rebuilt).await, &followed, "from the store");
            store.set(Log::Open);
            settle(&rebuilt, &store).await;
            prop_assert_eq!(answers(&rebuilt).await, followed);
            search.close().await;
            rebuilt.close().await;
            Ok(())
        })
    });
}

/// Concurrent writes and searches: no write is lost, no foreign spell is found, and the sequence that
/// searches see never decreases.
#[test]
fn writes_from_many_sides_are_all_taken_in() {
    let runtime = runtime();
    let sides = proptest::collection::vec(proptest::collection::vec(write(), 1..8), 2..5);
    check(&sides, |sides| {
        runtime.block_on(async {
            let folder = tempfile::tempdir().expect("a folder");
            let store = TestStore::new("x");
            let search = Arc::new(open(folder.path(), &store).await);
            let mut writers = Vec::new();
            for writes in sides {
                let store = store.clone();
                writers.push(tokio::spawn(async move {
                    let mut living = Vec::new();
                    for write in writes {
                        apply(&store, &mut living, write).await;
                        tokio::task::yield_now().await;
                    }
                    living
                }));
            }
            let watcher = {
                let search = search.clone();
                tokio::spawn(async move {
                    let mut last = search.progress().sequence;
                    for _ in 0..20 {
                        candidates(&search, "widget moved").await;
                        let now = search.progress().sequence;
                        assert!(now >= last, "{now:?} after {last:?}");
                        last = now;
                    }
                })
            };
            let mut living = Vec::new();
            for writer in writers {
                living.extend(writer.await.expect("written"));
            }
            watcher.await.expect("searched");
            settle(&search, &store).await;
            let mut everything = ids(&found(&search, "the tool prints").await);
            everything.sort_unstable();
            living.sort_unstable();
            prop_assert_eq!(everything, living.iter().map(|id| id.0).collect::<Vec<_>>());
            search.close().await;
            Ok(())
        })
    });
}
