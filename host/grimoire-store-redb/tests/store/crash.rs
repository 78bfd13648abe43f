//! Simulates a power loss at each sync of a workload in turn: acknowledged writes are there
//! afterwards, whatever else has reached the disk, and the store is consistent and usable.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use grimoire_domain::delivery::DeliveryId;
use grimoire_domain::job::{JobId, JobState};
use grimoire_domain::page::PageRequest;
use grimoire_domain::publication::Channel;
use grimoire_domain::review::ReviewKey;
use grimoire_domain::spell::{Sequence, Spell, SpellId, SpellStatus};
use grimoire_ports::PortError;
use grimoire_ports::conformance::store::samples::{
    at, delivery, job, keyed, publisher, review, review_key, spell, stamp, versioned,
};
use grimoire_ports::fakes::ManualClock;
use grimoire_ports::store::{
    AttemptEnd, DeliveryOutcome, DeliveryStore, JobFilter, JobStore, Kinds, ReviewStore, SpellFilter,
    SpellStore,
};
use grimoire_store_redb::{Options, RedbStore};
use serde_json::json;

use crate::disk::Disk;

/// The promises of the store so far.
#[derive(Default)]
struct Acknowledged {
    /// The last state of each spell; `None` once deleted.
    spells: BTreeMap<SpellId, Option<Spell>>,
    sequence: Sequence,
    deliveries: BTreeMap<DeliveryId, Option<JobId>>,
    /// The minimum number of events of each job.
    events: BTreeMap<JobId, u64>,
    /// Jobs that have ended.
    ended: BTreeMap<JobId, JobState>,
    reviews: Vec<ReviewKey>,
}

/// Runs a bit of everything, until the power fails or the work is done.
async fn work(store: &RedbStore, promised: &mut Acknowledged) -> Result<(), PortError> {
    let batch = vec![keyed("imported", "imported"), spell("imported without a key")];
    promised.sequence = store.import_spells(batch, stamp(0)).await?.sequence;
    for id in [1, 2].map(SpellId) {
        promised.spells.insert(id, Some(store.get_spell(id).await?));
    }
    for round in 0..4_u64 {
        let created = store.create_spell(keyed(&format!("key-{round}"), "created"), stamp(1)).await?;
        let id = created.value.id;
        promised.sequence = created.sequence;
        promised.spells.insert(id, Some(created.value));

        let new = delivery(&format!("delivery-{round}"), 2);
        let delivery_id = new.facts.id.clone();
        // Every round is a push to the same pull request: it supersedes the work of the last round.
        let version = format!("sha-{round}");
        let outcome = store.record_delivery_and_enqueue(new, Some(versioned("pull/1", &version))).await?;
        let DeliveryOutcome::Accepted(Some(job_id)) = outcome else { panic!("{outcome:?}") };
        promised.deliveries.insert(delivery_id, Some(job_id));
        promised.events.insert(job_id, 1);

        let (claimed, lease) = store.claim_job(&Kinds::all(), LEASE).await?.expect("a job is due");
        promised.events.insert(claimed.id, 2);
        let event = store.append_event(&lease, "fetched", "x", json!({}), at(4)).await?;
        promised.events.insert(claimed.id, event.sequence);
        let (end, state) = match round {
            0 => (AttemptEnd::Succeeded, Some(JobState::Succeeded)),
            1 => (AttemptEnd::Retry { error: "x".to_owned(), at: at(9) }, None),
            _ => (AttemptEnd::Dead { error: "x".to_owned() }, Some(JobState::Dead)),
        };
        store.end_attempt(&lease, end, at(5)).await?;
        promised.events.insert(claimed.id, 4);
        promised.ended.extend(state.map(|state| (claimed.id, state)));

        let updated = store.update_spell(id, spell("updated"), None, stamp(6)).await?;
        promised.sequence = updated.sequence;
        promised.spells.insert(id, Some(updated.value));
        if round % 2 == 1 {
            promised.sequence = store.delete_spell(id, None, stamp(7)).await?;
            promised.spells.insert(id, None);
        }
        let key = review_key("octo/tools", round, 'a');
        store.put_review_and_publish(review(key.clone(), 8), &Channel::ALL, publisher(&key)).await?;
        promised.reviews.push(key);
    }
    // Many at once, so that power losses also hit groups.
    let many: Vec<_> = (0..12)
        .map(|index| {
            let store = store.clone();
            tokio::spawn(async move {
                let new = delivery(&format!("many-{index}"), 9);
                let id = new.facts.id.clone();
                let outcome = store.record_delivery_and_enqueue(new, Some(job("work"))).await?;
                Ok::<_, PortError>((id, outcome))
            })
        })
        .collect();
    let mut failure = None;
    for call in many {
        match call.await.expect("the call does not panic") {
            Ok((id, DeliveryOutcome::Accepted(job))) => {
                promised.deliveries.insert(id, job);
            }
            Ok((_, outcome)) => panic!("{outcome:?}"),
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(()), Err)
}

/// The length of a lease.
const LEASE: Duration = Duration::from_secs(60);

fn open(disk: &Disk, seconds: u64) -> Result<RedbStore, PortError> {
    let clock = Arc::new(ManualClock::new(at(seconds)));
    RedbStore::open_with_backend(disk.backend(), Options { clock, ..Options::default() })
}

#[tokio::test]
async fn every_acknowledged_write_survives_a_stop_at_every_sync() {
    let mut stop = 0;
    loop {
        let disk = Disk::stopping_at(stop);
        let mut promised = Acknowledged::default();
        let mut was_open = false;
        if let Ok(store) = open(&disk, 3) {
            was_open = true;
            let result = work(&store, &mut promised).await;
            assert!(result.is_ok() || disk.is_stopped(), "without a stop nothing fails: {result:?}");
            store.close().await.expect("closing reports no failure");
        }
        for (number, image) in disk.images().into_iter().enumerate() {
            let store = match open(&Disk::with(image), 1_000) {
                Ok(store) => store,
                // A store that never opened has promised nothing. Files are created elsewhere and moved
                // into place, so that nobody finds an incomplete one.
                Err(_) if !was_open => continue,
                Err(error) => panic!("stop {stop}, image {number}: {error:?}"),
            };
            promised_is_there(&store, &promised).await;
            is_whole(&store).await;
            goes_on(&store).await;
        }
        if !disk.is_stopped() {
            break;
        }
        stop += 1;
    }
    assert!(stop > 30, "the workload has too few syncs to say much: {stop}");
}

async fn promised_is_there(store: &RedbStore, promised: &Acknowledged) {
    assert!(store.last_sequence().await.unwrap() >= promised.sequence);
    for (id, expected) in &promised.spells {
        let revisions = store.spell_revisions(*id).await.unwrap();
        match expected {
            // A later change may have reached the disk without being acknowledged.
            Some(spell) => assert_eq!(revisions[index(spell.revision) - 1].fields, spell.fields),
            None => assert!(store.get_spell(*id).await.is_err()),
        }
    }
    for (id, job) in &promised.deliveries {
        assert_eq!(store.get_delivery(id).await.unwrap().facts.job, *job);
        let again = delivery(id.as_str(), 50);
        let outcome = store.record_delivery_and_enqueue(again, Some(versioned("x", "y"))).await.unwrap();
        assert!(!matches!(outcome, DeliveryOutcome::Accepted(_)), "{id} is known: {outcome:?}");
    }
    for (job, count) in &promised.events {
        assert!(store.events_after(*job, 0, 1_000).await.unwrap().len() >= index(*count), "job {job}");
    }
    for key in &promised.reviews {
        store.get_review(key).await.unwrap();
        assert_eq!(store.publications(&key.pull_request).await.unwrap().len(), 1);
    }
    for (job, state) in &promised.ended {
        let found = store.get_job(*job).await.unwrap().state;
        // The redelivery above has queued failed jobs again.
        let requeued = *state == JobState::Dead && found == JobState::Queued;
        assert!(found == *state || requeued, "job {job} is {found:?}");
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("the workload is small")
}

/// Checks that derived data agrees with its source.
async fn is_whole(store: &RedbStore) {
    let all_pages = PageRequest::new(0, 1_000).unwrap();
    let spells = store.list_spells(&SpellFilter::default(), all_pages).await.unwrap();
    assert_eq!(spells.total, spells.items.len() as u64);
    let mut by_status = 0;
    for status in [SpellStatus::Draft, SpellStatus::Active, SpellStatus::Retired] {
        let filter = SpellFilter { status: Some(status), ..SpellFilter::default() };
        by_status += store.list_spells(&filter, all_pages).await.unwrap().items.len();
    }
    assert_eq!(by_status, spells.items.len());
    let tagged = SpellFilter { tag: Some("Python".to_owned()), ..SpellFilter::default() };
    assert_eq!(store.list_spells(&tagged, all_pages).await.unwrap().items, spells.items);
    for spell in &spells.items {
        let revisions = store.spell_revisions(spell.id).await.unwrap();
        assert_eq!(revisions.last().unwrap().fields, spell.fields);
        assert_eq!(revisions.len() as u64, spell.revision);
    }
    let changes = store.changes_after(Sequence(0), usize::MAX).await.unwrap();
    assert_eq!(changes.len() as u64, store.last_sequence().await.unwrap().0);
    for (position, change) in changes.iter().enumerate() {
        assert_eq!(change.sequence, Sequence(position as u64 + 1));
    }
    let jobs = store.list_jobs(&JobFilter::default(), all_pages).await.unwrap().items;
    let counts = store.count_jobs().await.unwrap();
    for state in JobState::ALL {
        let count = counts.of(state);
        assert_eq!(jobs.iter().filter(|job| job.state == state).count() as u64, count);
        let filter = JobFilter { state: Some(state), ..JobFilter::default() };
        assert_eq!(store.list_jobs(&filter, all_pages).await.unwrap().total, count);
    }
    for job in &jobs {
        let events = store.events_after(job.id, 0, 1_000).await.unwrap();
        let dense = events.iter().zip(1..).all(|(event, sequence)| event.sequence == sequence);
        assert!(dense && !events.is_empty(), "job {}", job.id);
    }
}

/// Checks that all open jobs can be finished, and that new writes succeed.
async fn goes_on(store: &RedbStore) {
    while let Some((_, lease)) = store.claim_job(&Kinds::all(), LEASE).await.unwrap() {
        store.end_attempt(&lease, AttemptEnd::Succeeded, at(1_001)).await.unwrap();
    }
    assert_eq!(store.count_jobs().await.unwrap().open(), 0, "nothing is stuck");
    assert_eq!(store.next_claim_at(&Kinds::all()).await.unwrap(), None);
    let written = store.create_spell(keyed("after-the-crash", "new"), stamp(9)).await.unwrap();
    assert_eq!(written.sequence, store.last_sequence().await.unwrap());
}
