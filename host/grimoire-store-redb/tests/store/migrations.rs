//! Files of every earlier schema version open with all their content. `examples/make_fixture.rs` wrote
//! them, each with the code of its version; `sample.rs` describes their content.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use grimoire_domain::delivery::{DeliveryId, VerdictKind};
use grimoire_domain::job::{JobId, JobState};
use grimoire_domain::page::PageRequest;
use grimoire_domain::spell::{ChangeKind, Outcomes, Sequence, SpellId};
use grimoire_ports::conformance::store::samples::{
    at, delivery, keyed, review, review_key, spell, stamp, versioned,
};
use grimoire_ports::store::{
    DeliveryFilter, DeliveryOutcome, DeliveryStore, ImportSummary, JobCounts, JobStore, Kinds, ReviewStore,
    SpellFilter, SpellStore, Stamp,
};
use grimoire_store_redb::{Options, RedbStore, verify};
use tempfile::TempDir;

use crate::disk::Disk;
use crate::sample::{self, options_at};

/// The length of a lease.
const LEASE: Duration = Duration::from_secs(99);

/// The revisions of a spell: number, kind of change, title, author and time.
async fn history(store: &RedbStore, id: u64) -> Vec<(u64, ChangeKind, String, Stamp)> {
    let revisions = store.spell_revisions(SpellId(id)).await.unwrap();
    let revisions = revisions.into_iter().map(|revision| {
        let title = revision.fields.into_fields().title;
        (revision.revision, revision.kind, title, Stamp { by: revision.by, at: revision.at })
    });
    revisions.collect()
}

async fn holds_everything(path: &Path) {
    let store = RedbStore::open(path, options_at(201)).unwrap();
    let spells = store.list_spells(&SpellFilter::default(), PageRequest::default()).await.unwrap();
    assert_eq!(spells.total, 2);
    assert_eq!(spells.items[0].fields, keyed("kept", "first title"));
    assert_eq!(spells.items[1].fields, spell("without a key, changed"));
    assert_eq!((spells.items[1].revision, spells.items[1].updated_at), (2, Some(at(4))));
    let tagged = SpellFilter { tag: Some("types".to_owned()), ..SpellFilter::default() };
    assert_eq!(store.list_spells(&tagged, PageRequest::default()).await.unwrap(), spells);
    assert_eq!(history(&store, 1).await, [(1, ChangeKind::Created, "first title".to_owned(), stamp(1))]);
    let created = (1, ChangeKind::Created, "without a key".to_owned(), stamp(2));
    let updated = (2, ChangeKind::Updated, "without a key, changed".to_owned(), stamp(4));
    assert_eq!(history(&store, 2).await, [created, updated]);
    let created = (1, ChangeKind::Created, "gone".to_owned(), stamp(3));
    let deleted = (2, ChangeKind::Deleted, "gone".to_owned(), stamp(5));
    assert_eq!(history(&store, 3).await, [created, deleted]);
    assert_eq!(store.changes_after(Sequence(0), 100).await.unwrap().len(), 5);
    assert_eq!(store.last_sequence().await.unwrap(), Sequence(5));

    let id = DeliveryId::parse("newer").unwrap();
    let mut expected = delivery("newer", 11);
    expected.facts.job = Some(JobId(2));
    assert_eq!(store.get_delivery(&id).await.unwrap(), expected);
    let all = store.list_deliveries(&DeliveryFilter::default(), PageRequest::default()).await.unwrap();
    let last = all.items.iter().rev().map(|facts| (facts.id.as_str(), facts.verdict.kind()));
    let accepted = VerdictKind::Accepted;
    assert!(last.take(2).eq([("with-job", accepted), ("newer", accepted)]), "{all:?}");
    let outcomes = store.spell_outcomes(&[SpellId(9), SpellId(1)]).await.unwrap();
    assert_eq!(outcomes, [Outcomes { offered: 1, fixed: 0 }, Outcomes::default()]);
    let states =
        [JobState::Superseded, JobState::Queued, JobState::Running, JobState::Queued, JobState::Dead];
    for (job, state) in (1..).map(JobId).zip(states) {
        assert_eq!(store.get_job(job).await.unwrap().state, state, "job {job}");
    }
    let counts = JobCounts { queued: 2, running: 1, dead: 1, superseded: 1, ..JobCounts::default() };
    assert_eq!(store.count_jobs().await.unwrap(), counts);
    assert_eq!(store.next_claim_at(&Kinds::all()).await.unwrap(), Some(at(77)));
    let retrying = store.get_job(JobId(2)).await.unwrap();
    assert_eq!((retrying.attempts, retrying.failures, retrying.run_at), (1, 1, at(100)));
    assert_eq!(store.get_job(JobId(3)).await.unwrap().failures, 0);
    assert_eq!(store.get_job(JobId(5)).await.unwrap().failures, 1);
    assert_eq!(retrying.last_error.as_deref(), Some("no answer"));
    let events = store.events_after(JobId(2), 0, 10).await.unwrap();
    let steps: Vec<_> = events.iter().map(|event| event.step.as_str()).collect();
    assert_eq!(steps, ["queued", "started", "fetched", "retrying"]);

    let key = review_key("octo/tools", 1, 'b');
    let found = store.get_review(&key).await.unwrap();
    let mut expected = review(key.clone(), 31);
    if found.diagnosis.pages.is_empty() {
        // Earlier versions did not store pages.
        expected.diagnosis.pages.clear();
    }
    if found.diagnosis.routes.is_empty() {
        // Nor did they store routes.
        expected.diagnosis.routes.clear();
    }
    if found.diagnosis.errors.iter().all(|error| error.diagnostic.facts.is_empty()) {
        // Nor did they store facts.
        for error in &mut expected.diagnosis.errors {
            error.diagnostic.facts.clear();
        }
    }
    assert_eq!(found, expected);
    assert_eq!(store.latest_review(&key.pull_request).await.unwrap().unwrap().key, key);
    store.close().await.unwrap();
}

async fn works_on(path: &Path) {
    let store = RedbStore::open(path, options_at(201)).unwrap();
    let batch = vec![keyed("kept", "first title"), spell("without a key, changed"), spell("new")];
    let imported = store.import_spells(batch, stamp(200)).await.unwrap();
    assert_eq!(imported.value, ImportSummary { created: 1, updated: 0, unchanged: 2 });
    assert_eq!(store.get_spell(SpellId(4)).await.unwrap().fields, spell("new"));
    store.update_spell(SpellId(1), keyed("kept", "second title"), None, stamp(201)).await.unwrap();
    store.update_spell(SpellId(1), keyed("kept", "third title"), None, stamp(202)).await.unwrap();
    let written = [(1, "first title"), (2, "second title"), (3, "third title")];
    let titles = history(&store, 1).await.into_iter().map(|(revision, _, title, _)| (revision, title));
    assert!(titles.eq(written.map(|(revision, title)| (revision, title.to_owned()))), "the history is whole");
    let again = store.record_delivery_and_enqueue(delivery("newer", 201), Some(versioned("a", "b"))).await;
    assert_eq!(again.unwrap(), DeliveryOutcome::Duplicate(Some(JobId(2))));
    let (claimed, _) = store.claim_job(&Kinds::all(), LEASE).await.unwrap().unwrap();
    assert_eq!((claimed.id, claimed.attempts), (JobId(2), 2));
    let (claimed, _) = store.claim_job(&Kinds::all(), LEASE).await.unwrap().unwrap();
    assert_eq!((claimed.id, claimed.attempts), (JobId(3), 2));
    // The rest of the lane waits for the retry.
    assert_eq!(store.claim_job(&Kinds::all(), LEASE).await.unwrap(), None);
}

#[tokio::test]
async fn files_of_every_version_open_with_everything_in_them() {
    let folder = TempDir::new().unwrap();
    let mut versions = Vec::new();
    for entry in fs::read_dir(fixtures()).unwrap() {
        let fixture = entry.unwrap();
        let path = folder.path().join(fixture.file_name());
        fs::copy(fixture.path(), &path).unwrap();
        assert_eq!(verify(&path).unwrap().damage, Vec::<String>::new());
        let unchanged = RedbStore::open_unchanged(&path, options_at(201)).unwrap();
        assert_eq!(unchanged.last_sequence().await.unwrap(), Sequence(5), "migrated in memory");
        drop(unchanged);
        assert!(fs::read(&path).unwrap() == fs::read(fixture.path()).unwrap(), "the file is as it was");
        // The second time, nothing is migrated.
        holds_everything(&path).await;
        holds_everything(&path).await;
        works_on(&path).await;
        assert_eq!(verify(&path).unwrap().damage, Vec::<String>::new());
        versions.push(fixture.file_name().into_string().unwrap());
    }
    versions.sort();
    assert_eq!(
        versions,
        ["schema-1.redb", "schema-2.redb", "schema-3.redb"],
        "every earlier version has its file"
    );
}

#[tokio::test]
async fn the_present_version_holds_the_same() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("grimoire.redb");
    sample::write(&path).await;
    holds_everything(&path).await;
    works_on(&path).await;
}

#[tokio::test]
async fn a_migration_that_is_cut_short_at_any_sync_loses_nothing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("image.redb");
    for fixture in ["schema-1.redb", "schema-2.redb", "schema-3.redb"] {
        let content = fs::read(fixtures().join(fixture)).unwrap();
        let mut stop = 0;
        loop {
            let disk = Disk::with_stopping_at(content.clone(), stop);
            let opened = RedbStore::open_with_backend(disk.backend(), Options::default());
            assert!(opened.is_ok() || disk.is_stopped(), "without a stop nothing fails: {opened:?}");
            drop(opened);
            for image in disk.images() {
                fs::write(&path, image).unwrap();
                holds_everything(&path).await;
            }
            if !disk.is_stopped() {
                break;
            }
            stop += 1;
        }
        assert!(stop > 1, "too few syncs to say much: {stop}");
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}
