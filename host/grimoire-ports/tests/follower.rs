//! The follower of the change log, with a memory store and data that fails on demand.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use grimoire_domain::Timestamp;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::spell::{Sequence, SpellFields, SpellId, ValidSpell};
use grimoire_ports::PortError;
use grimoire_ports::fakes::MemoryStore;
use grimoire_ports::follower::{Changes, Derived, Follower, FollowerState, Pace, Position};
use grimoire_ports::store::{SpellStore, Stamp};
use tokio::sync::watch;

/// Longer than anything takes on a busy machine; only failing tests wait that long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The content of the derived data, and the calls that it got.
struct Titles {
    position: Result<Position, String>,
    committed: BTreeMap<u64, String>,
    written: BTreeMap<u64, Option<String>>,
    /// Number of upcoming commits that fail.
    broken_commits: u32,
    /// The size of each applied batch.
    batches: Vec<usize>,
    commits: u32,
    restarts: u32,
    /// Number of times that the follower waited for a failure.
    waits: u32,
}

impl Default for Titles {
    fn default() -> Self {
        Self {
            position: Err("it is missing".to_owned()),
            committed: BTreeMap::new(),
            written: BTreeMap::new(),
            broken_commits: 0,
            batches: Vec::new(),
            commits: 0,
            restarts: 0,
            waits: 0,
        }
    }
}

/// The titles of all spells, shared with the test.
#[derive(Clone, Default)]
struct DerivedTitles(Arc<Mutex<Titles>>, Arc<tokio::sync::Notify>);

impl DerivedTitles {
    fn look<T>(&self, look: impl FnOnce(&mut Titles) -> T) -> T {
        look(&mut self.0.lock().expect("no test panicked"))
    }

    fn titles(&self) -> Vec<String> {
        self.look(|titles| titles.committed.values().cloned().collect())
    }
}

#[async_trait]
impl Derived for DerivedTitles {
    const NAME: &'static str = "titles";

    fn position(&self) -> Result<Position, String> {
        self.look(|titles| titles.position.clone())
    }

    fn discard(&mut self, reason: String) {
        self.look(|titles| titles.position = Err(reason));
    }

    async fn restart(&mut self) -> Result<(), PortError> {
        self.look(|titles| {
            titles.committed.clear();
            titles.written.clear();
            titles.restarts += 1;
        });
        Ok(())
    }

    async fn apply(&mut self, changes: Changes) -> Result<(), PortError> {
        self.look(|titles| {
            titles.batches.push(changes.written.len() + changes.deleted.len());
            let written = changes.written.iter().map(|spell| (spell.id.0, Some(spell.fields.title.clone())));
            titles.written.extend(written);
            titles.written.extend(changes.deleted.iter().map(|id| (id.0, None)));
        });
        Ok(())
    }

    async fn commit(&mut self, position: Position) -> Result<(), PortError> {
        self.look(|titles| {
            let written = std::mem::take(&mut titles.written);
            if titles.broken_commits > 0 {
                titles.broken_commits -= 1;
                return Err(PortError::new(ErrorKind::Internal, "the disk is full"));
            }
            for (id, title) in written {
                match title {
                    Some(title) => drop(titles.committed.insert(id, title)),
                    None => drop(titles.committed.remove(&id)),
                }
            }
            titles.commits += 1;
            titles.position = Ok(position);
            Ok(())
        })
    }

    async fn failed(&self) {
        self.look(|titles| titles.waits += 1);
        self.1.notified().await;
    }
}

fn stamp() -> Stamp {
    Stamp { by: "test".to_owned(), at: Timestamp::UNIX_EPOCH }
}

fn titled(title: &str) -> ValidSpell {
    let fields = SpellFields {
        title: title.to_owned(),
        description: "Why it happens.".to_owned(),
        error_type: "Failure".to_owned(),
        error_pattern: "text:what the tool prints".to_owned(),
        solution_code: "Do this.".to_owned(),
        ..SpellFields::default()
    };
    fields.validate().expect("valid fields")
}

async fn write(store: &MemoryStore, title: &str) -> (SpellId, Sequence) {
    let written = store.create_spell(titled(title), stamp()).await.expect("created");
    (written.value.id, written.sequence)
}

async fn import(store: &MemoryStore, count: usize) {
    let batch = (0..count).map(|number| titled(&format!("Spell {number}"))).collect();
    store.import_spells(batch, stamp()).await.expect("imported");
}

/// No delays and no interval between commits.
const EAGER: Pace =
    Pace { commit_interval: Duration::ZERO, first_pause: Duration::ZERO, longest_pause: Duration::ZERO };
const LAZY: Pace = Pace { commit_interval: Duration::from_secs(3_600), ..EAGER };

fn follow(store: &MemoryStore, titles: &DerivedTitles, pace: Pace) -> Follower<DerivedTitles> {
    Follower::new(Arc::new(store.clone()), titles.clone(), pace)
}

#[tokio::test]
async fn writes_changes_and_deletions_are_applied() {
    let (store, titles) = (MemoryStore::new(), DerivedTitles::default());
    let mut follower = follow(&store, &titles, EAGER);
    let progress = follower.progress();
    follower.catch_up().await.expect("an empty store");
    assert_eq!(titles.titles(), [""; 0]);
    assert_eq!(progress.borrow().state, FollowerState::Ready);
    let (first, _) = write(&store, "first").await;
    let (second, _) = write(&store, "second").await;
    follower.catch_up().await.expect("applied");
    assert_eq!(titles.titles(), ["first", "second"]);
    store.update_spell(first, titled("changed"), None, stamp()).await.expect("updated");
    let last = store.delete_spell(second, None, stamp()).await.expect("deleted");
    follower.catch_up().await.expect("applied");
    assert_eq!(titles.titles(), ["changed"]);
    assert_eq!(progress.borrow().sequence, last);
    assert_eq!(titles.look(|titles| titles.restarts), 1, "only what was never there is rebuilt");
}

#[tokio::test]
async fn a_spell_that_changed_often_is_applied_once_a_batch() {
    let (store, titles) = (MemoryStore::new(), DerivedTitles::default());
    let (id, _) = write(&store, "first").await;
    for _ in 0..20 {
        store.update_spell(id, titled("again"), None, stamp()).await.expect("updated");
    }
    follow(&store, &titles, EAGER).catch_up().await.expect("applied");
    assert_eq!(titles.look(|titles| titles.batches.clone()), [1]);
}

#[tokio::test]
async fn a_rebuild_commits_only_the_whole() {
    let (store, titles) = (MemoryStore::new(), DerivedTitles::default());
    import(&store, 2_500).await;
    follow(&store, &titles, EAGER).catch_up().await.expect("rebuilt");
    assert_eq!(titles.look(|titles| (titles.batches.clone(), titles.commits)), (vec![1_000, 1_000, 500], 1));
}

#[tokio::test]
async fn changes_within_one_interval_share_a_commit() {
    for (pace, commits) in [(EAGER, 3), (LAZY, 1)] {
        let (store, titles) = (MemoryStore::new(), DerivedTitles::default());
        let mut follower = follow(&store, &titles, pace);
        follower.catch_up().await.expect("an empty store");
        titles.look(|titles| titles.commits = 0);
        import(&store, 2_500).await;
        follower.catch_up().await.expect("applied");
        assert_eq!(titles.look(|titles| titles.commits), commits);
        assert_eq!(titles.titles().len(), 2_500);
    }
}

#[tokio::test]
async fn data_that_is_not_of_this_store_is_rebuilt() {
    let store = MemoryStore::new();
    write(&store, "first").await;
    write(&store, "second").await;
    let titles = DerivedTitles::default();
    follow(&store, &titles, EAGER).catch_up().await.expect("rebuilt");
    let position = titles.position().expect("committed");
    let change = |sequence| {
        position.change.clone().map(|change| grimoire_domain::spell::SpellChange {
            spell: SpellId(77),
            sequence: Sequence(sequence),
            ..change
        })
    };
    for (wrong, reason) in [
        (Position { store: "another".to_owned(), ..position.clone() }, "it was made from another store"),
        (
            Position { sequence: Sequence(9), ..position.clone() },
            "it is ahead of the store, at change 9 of 2",
        ),
        (Position { change: change(2), ..position.clone() }, "it followed other changes than the store has"),
    ] {
        titles.look(|titles| titles.position = Ok(wrong));
        let mut follower = follow(&store, &titles, EAGER);
        follower.compare().await.expect("compared");
        let shown = follower.progress().borrow().clone();
        let state = FollowerState::Rebuilding { done: 0, total: 2, reason: reason.to_owned() };
        assert_eq!((shown.sequence, shown.state), (Sequence(0), state));
        follower.catch_up().await.expect("rebuilt");
        assert_eq!(titles.position().as_ref(), Ok(&position));
    }
    let before = titles.look(|titles| titles.restarts);
    follow(&store, &titles, EAGER).catch_up().await.expect("nothing to do");
    assert_eq!(titles.look(|titles| titles.restarts), before, "its own data is gone on from");
}

#[tokio::test]
async fn one_failure_is_tried_again_and_two_in_a_row_rebuild() {
    for (broken_commits, restarts) in [(1, 0), (2, 1)] {
        let (store, titles) = (MemoryStore::new(), DerivedTitles::default());
        let mut follower = follow(&store, &titles, EAGER);
        follower.catch_up().await.expect("an empty store");
        titles.look(|titles| (titles.broken_commits, titles.restarts) = (broken_commits, 0));
        let (_, last) = write(&store, "first").await;
        run_until(follower, last).await;
        assert_eq!(titles.titles(), ["first"]);
        assert_eq!(titles.look(|titles| titles.restarts), restarts);
    }
}

#[tokio::test]
async fn data_that_fails_while_it_is_used_is_rebuilt_at_once() {
    let (store, titles) = (MemoryStore::new(), DerivedTitles::default());
    write(&store, "first").await;
    let follower = follow(&store, &titles, EAGER);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(follower.run(stopped));
    until(&titles, |titles| titles.waits > 0).await;
    titles.look(|titles| titles.position = Err("it failed".to_owned()));
    titles.1.notify_one();
    until(&titles, |titles| titles.restarts == 2).await;
    stop.send_replace(true);
    running.await.expect("it ends by itself");
}

async fn until(titles: &DerivedTitles, wanted: impl Fn(&Titles) -> bool) {
    let reached = async {
        while !titles.look(|titles| wanted(titles)) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, reached).await.expect("it comes about");
}

/// Runs a follower until it has committed `sequence`, then stops it.
async fn run_until(follower: Follower<DerivedTitles>, sequence: Sequence) {
    let mut progress = follower.progress();
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(follower.run(stopped));
    let reached = progress.wait_for(|progress| progress.sequence >= sequence);
    tokio::time::timeout(PATIENCE, reached).await.expect("in time").expect("it runs");
    stop.send_replace(true);
    running.await.expect("it ends by itself");
}
