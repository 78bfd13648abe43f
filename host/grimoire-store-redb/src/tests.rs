//! Situations that callers cannot cause: writes that fail midway.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, and the line says enough")]

use std::sync::Arc;
use std::time::Duration;

use grimoire_domain::job::JobId;
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::conformance::store::samples::{at, delivery, job, lane_job, spell, stamp};
use grimoire_ports::fakes::ManualClock;
use grimoire_ports::store::{AttemptEnd, DeliveryStore, JobCounts, JobStore, Kinds, SpellStore};

use crate::failure::{Failure, Outcome};
use crate::jobs::NewJobRecord;
use crate::spells::NewSpell;
use crate::transaction::Transaction;
use crate::{Options, RedbStore};

/// Changes everything that is kept in memory.
fn change_much(transaction: &mut Transaction<'_>) -> Outcome<()> {
    transaction.jobs()?.enqueue(&NewJobRecord::of(job("undone"), at(1)), at(1))?;
    transaction.jobs()?.enqueue(&NewJobRecord::of(lane_job("lane"), at(1)), at(1))?;
    let (claimed, lease) = transaction.jobs()?.claim(&Kinds::all(), at(50), at(60))?.expect("a job is due");
    assert_eq!(claimed.id, JobId(1));
    transaction.jobs()?.end(&lease, AttemptEnd::Succeeded, at(51))?;
    transaction.spells()?.create(NewSpell::of(spell("undone"), &stamp(1)))?;
    Ok(())
}

#[tokio::test]
async fn what_is_kept_in_memory_is_undone_with_a_group_that_fails() {
    let clock = ManualClock::default();
    let options = Options { clock: Arc::new(clock.clone()), ..Options::default() };
    let store = RedbStore::in_memory(options).unwrap();
    let claim_at = async |seconds| {
        clock.set(at(seconds));
        store.claim_job(&Kinds::all(), Duration::from_secs(60)).await.unwrap()
    };
    store.enqueue_job(lane_job("lane"), at(10)).await.unwrap();
    store.enqueue_job(job("running"), at(5)).await.unwrap();
    let (_, lease) = claim_at(6).await.unwrap();
    let counts = store.count_jobs().await.unwrap();

    let broken = store.write(|transaction| {
        change_much(transaction)?;
        Err::<(), _>(Failure::Broken(redb::Error::Corrupted("for the test".to_owned())))
    });
    assert_eq!(broken.await.unwrap_err().kind(), ErrorKind::Internal);
    let panicked = store.write(|transaction| -> Outcome<()> {
        change_much(transaction)?;
        panic!("for the test");
    });
    assert_eq!(panicked.await.unwrap_err().kind(), ErrorKind::Internal);

    assert_eq!(store.count_jobs().await.unwrap(), counts);
    assert_eq!(store.next_claim_at(&Kinds::all()).await.unwrap(), Some(at(10)));
    // The next group shows the writer's state.
    assert_eq!(store.enqueue_job(lane_job("lane"), at(11)).await.unwrap(), JobId(3));
    assert_eq!(store.create_spell(spell("first"), stamp(2)).await.unwrap().sequence.0, 1);
    store.record_delivery_and_enqueue(delivery("one", 12), None).await.unwrap();
    let (claimed, first) = claim_at(20).await.unwrap();
    assert_eq!((claimed.id, claimed.attempts), (JobId(1), 1));
    assert_eq!(claim_at(21).await, None, "the lane and the lease hold");
    for lease in [lease, first] {
        store.end_attempt(&lease, AttemptEnd::Succeeded, at(22)).await.unwrap();
    }
    let (claimed, _) = claim_at(23).await.unwrap();
    assert_eq!(claimed.id, JobId(3));
    assert_eq!(
        store.count_jobs().await.unwrap(),
        JobCounts { running: 1, succeeded: 2, ..JobCounts::default() }
    );
}
