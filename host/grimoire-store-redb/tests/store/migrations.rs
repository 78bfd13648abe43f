//! Files of every schema version open for ever, with everything in them. `examples/make_fixture.rs`
//! wrote them, each with the code of its time.

use std::fs;
use std::path::Path;

use grimoire_domain::delivery::{Delivery, DeliveryId};
use grimoire_domain::diagnostic::{Confidence, Diagnostic, Kind, Role, Severity};
use grimoire_domain::job::{JobId, JobState};
use grimoire_domain::page::PageRequest;
use grimoire_domain::review::Review;
use grimoire_domain::spell::{ChangeKind, Sequence, SpellId};
use grimoire_ports::conformance::store::samples::{
    at, delivery, keyed, review, review_key, spell, stamp, versioned,
};
use grimoire_ports::store::{
    DeliveryOutcome, DeliveryStore, ImportSummary, JobStore, ReviewStore, SpellFilter, SpellStore, Stamp,
};
use grimoire_store_redb::{Options, RedbStore};
use tempfile::TempDir;

use crate::disk::Disk;

/// The revisions of a spell: number, what happened, the title, by whom and when.
async fn history(store: &RedbStore, id: u64) -> Vec<(u64, ChangeKind, String, Stamp)> {
    let revisions = store.spell_revisions(SpellId(id)).await.unwrap();
    let told = revisions.into_iter().map(|revision| {
        let title = revision.fields.into_fields().title;
        (revision.revision, revision.kind, title, Stamp { by: revision.by, at: revision.at })
    });
    told.collect()
}

/// A sample as it was when the files were written: its first five errors, of which nobody had said what kind
/// they are.
fn without_kinds(mut review: Review) -> Review {
    review.diagnosis.errors.truncate(5);
    for error in &mut review.diagnosis.errors {
        let severity = error.diagnostic.severity;
        error.diagnostic = Diagnostic {
            kind: Kind::Unknown,
            role: if severity < Severity::Error { Role::Warning } else { Role::Root },
            confidence: Confidence::Certain,
            test: None,
            ..error.diagnostic.clone()
        };
    }
    review
}

async fn holds_everything(path: &Path) {
    let store = RedbStore::open(path, Options::default()).unwrap();
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
    let expected = Delivery { job: Some(JobId(2)), ..delivery("newer", 11) };
    assert_eq!(store.get_delivery(&id).await.unwrap(), expected);
    let states =
        [JobState::Superseded, JobState::Queued, JobState::Running, JobState::Queued, JobState::Dead];
    for (job, state) in (1..).map(JobId).zip(states) {
        assert_eq!(store.get_job(job).await.unwrap().state, state, "job {job}");
    }
    assert_eq!(store.count_jobs().await.unwrap(), [2, 1, 0, 1, 0, 1]);
    assert_eq!(store.next_claim_at().await.unwrap(), Some(at(77)));
    let retrying = store.get_job(JobId(2)).await.unwrap();
    assert_eq!((retrying.attempts, retrying.run_at), (1, at(100)));
    assert_eq!(retrying.last_error.as_deref(), Some("no answer"));
    let events = store.events_after(JobId(2), 0, 10).await.unwrap();
    let steps: Vec<_> = events.iter().map(|event| event.step.as_str()).collect();
    assert_eq!(steps, ["queued", "started", "fetched", "retrying"]);

    let key = review_key("octo/tools", 1, 'b');
    assert_eq!(store.get_review(&key).await.unwrap(), without_kinds(review(key.clone(), 31)));
    assert_eq!(store.latest_review(&key.pull_request).await.unwrap().unwrap().key, key);
    store.close().await.unwrap();
}

async fn works_on(path: &Path) {
    let store = RedbStore::open(path, Options::default()).unwrap();
    let batch = vec![keyed("kept", "first title"), spell("without a key, changed"), spell("new")];
    let imported = store.import_spells(batch, stamp(200)).await.unwrap();
    assert_eq!(imported.value, ImportSummary { created: 1, updated: 0, unchanged: 2 });
    assert_eq!(store.get_spell(SpellId(4)).await.unwrap().fields, spell("new"));
    store.update_spell(SpellId(1), keyed("kept", "second title"), None, stamp(201)).await.unwrap();
    store.update_spell(SpellId(1), keyed("kept", "third title"), None, stamp(202)).await.unwrap();
    let written = [(1, "first title"), (2, "second title"), (3, "third title")];
    let told = history(&store, 1).await.into_iter().map(|(revision, _, title, _)| (revision, title));
    assert!(told.eq(written.map(|(revision, title)| (revision, title.to_owned()))), "the history is whole");
    let again = store.record_delivery_and_enqueue(delivery("newer", 201), Some(versioned("a", "b"))).await;
    assert_eq!(again.unwrap(), DeliveryOutcome::Duplicate(Some(JobId(2))));
    let (claimed, _) = store.claim_job(at(201), at(300)).await.unwrap().unwrap();
    assert_eq!((claimed.id, claimed.attempts), (JobId(2), 2));
    let (claimed, _) = store.claim_job(at(201), at(300)).await.unwrap().unwrap();
    assert_eq!((claimed.id, claimed.attempts), (JobId(3), 2));
    // The rest of the lane waits for the retry.
    assert_eq!(store.claim_job(at(201), at(300)).await.unwrap(), None);
}

#[tokio::test]
async fn files_of_every_version_open_with_everything_in_them() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folder = TempDir::new().unwrap();
    let mut versions = Vec::new();
    for entry in fs::read_dir(fixtures).unwrap() {
        let fixture = entry.unwrap();
        if fixture.file_type().unwrap().is_dir() {
            continue;
        }
        let path = folder.path().join(fixture.file_name());
        fs::copy(fixture.path(), &path).unwrap();
        // Once migrating, once migrated.
        holds_everything(&path).await;
        holds_everything(&path).await;
        works_on(&path).await;
        versions.push(fixture.file_name().into_string().unwrap());
    }
    versions.sort();
    let expected = ["schema-1.redb", "schema-2.redb", "schema-3.redb", "schema-4.redb", "schema-5.redb"];
    assert_eq!(versions, expected, "every version has its file");
}

#[tokio::test]
async fn journals_of_every_version_are_done_again() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/crashed");
    let folder = TempDir::new().unwrap();
    for version in [4, 5] {
        for name in [format!("schema-{version}.redb"), format!("schema-{version}.redb.journal")] {
            fs::copy(fixtures.join(&name), folder.path().join(&name)).unwrap();
        }
        let path = folder.path().join(format!("schema-{version}.redb"));
        holds_everything(&path).await;
        works_on(&path).await;
    }
}

#[tokio::test]
async fn a_migration_that_is_cut_short_at_any_sync_loses_nothing() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("image.redb");
    // A store that has a journal since the migration began, with nothing in it.
    let journal = folder.path().join("image.redb.journal");
    for name in ["schema-1.redb", "schema-2.redb"] {
        let content = fs::read(fixtures.join(name)).unwrap();
        let mut stop = 0;
        loop {
            let disk = Disk::with_stopping_at(content.clone(), stop);
            let opened = RedbStore::open_with_backend(disk.backend(), Options::default());
            assert!(opened.is_ok() || disk.is_stopped(), "without a stop nothing fails: {opened:?}");
            drop(opened);
            let stopped = disk.is_stopped();
            for image in disk.images() {
                fs::write(&path, image).unwrap();
                fs::write(&journal, b"").unwrap();
                holds_everything(&path).await;
            }
            if !stopped {
                break;
            }
            stop += 1;
        }
        assert!(stop > 1, "{name} migrates with too few syncs to say much: {stop}");
    }
}
