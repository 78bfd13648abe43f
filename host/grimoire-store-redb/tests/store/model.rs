//! Sequences of operations, run on the store and on the memory store: same results, same content,
//! also across restarts.

use std::fmt::{Debug, Write as _};
use std::sync::Arc;
use std::time::Duration;

use grimoire_domain::Timestamp;
use grimoire_domain::delivery::{DeliveryId, Verdict};
use grimoire_domain::job::{JobEvent, JobId, Lease, NewJob};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::PageRequest;
use grimoire_domain::publication::{Channel, Publication};
use grimoire_domain::review::PostedComment;
use grimoire_domain::spell::{Sequence, SpellFields, SpellId, SpellStatus, ValidSpell};
use grimoire_ports::PortError;
use grimoire_ports::conformance::store::samples::{
    at, delivery, fields, job, publisher, review, review_key, stamp,
};
use grimoire_ports::fakes::{ManualClock, MemoryStore};
use grimoire_ports::store::{AttemptEnd, DeliveryFilter, JobFilter, JobStore, Kinds, SpellFilter, Store};
use grimoire_store_redb::{Options, RedbStore};
use proptest::prelude::*;
use serde_json::json;

use crate::disk::Disk;

/// Small ranges everywhere, so that operations collide.
#[derive(Debug, Clone)]
enum Operation {
    Create(Text),
    Update(u64, Text, Option<u64>),
    Delete(u64, Option<u64>),
    Import(Vec<Text>),
    Deliver(u8, Option<Work>),
    Redeliver(u8, Option<Work>),
    Forget(u64, usize),
    CancelLane(u8),
    Enqueue(Work),
    /// Only jobs of this kind, if given.
    Claim(Option<u8>, u64),
    Renew(usize, u64),
    End(usize, AttemptKind, u64),
    Append(usize),
    Cancel(u64),
    Retry(u64),
    /// The last field says whether all runs passed.
    Review(u64, char, bool),
    Publish(u64, char),
    /// Settles the publications of a pull request, or those requested at the given time.
    Settle(u64, char, Option<u64>, bool),
    Advance(u64),
    SetBack(u64),
    Reopen,
}

#[derive(Debug, Clone)]
struct Text {
    key: Option<u8>,
    title: u8,
    tag: u8,
    status: SpellStatus,
}

impl Text {
    fn spell(&self) -> ValidSpell {
        let fields = SpellFields {
            key: self.key.map(|key| format!("key-{key}")),
            tags: [format!("Tag-{}", self.tag), format!("tag-{}", self.tag / 2)].into(),
            error_type: format!("Type{}", self.title % 2),
            status: self.status,
            ..fields(&format!("title {}", self.title))
        };
        fields.validate().unwrap()
    }
}

#[derive(Debug, Clone)]
struct Work {
    lane: Option<u8>,
    version: Option<u8>,
    kind: u8,
}

impl Work {
    fn job(&self) -> NewJob {
        NewJob {
            lane: self.lane.map(|lane| format!("lane-{lane}")),
            version: self.version.map(|version| format!("version-{version}")),
            ..job(&format!("kind-{}", self.kind))
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum AttemptKind {
    Succeeded,
    Postponed,
    Retry,
    Dead,
    Cancelled,
    Superseded,
    Released,
}

impl AttemptKind {
    fn end(self, retry_at: Timestamp) -> AttemptEnd {
        let error = "it failed".to_owned();
        match self {
            Self::Succeeded => AttemptEnd::Succeeded,
            Self::Postponed => AttemptEnd::Postponed { reason: error, at: retry_at },
            Self::Retry => AttemptEnd::Retry { error, at: retry_at },
            Self::Dead => AttemptEnd::Dead { error },
            Self::Cancelled => AttemptEnd::Cancelled,
            Self::Superseded => AttemptEnd::Superseded,
            Self::Released => AttemptEnd::Released,
        }
    }
}

/// One kind, or all kinds.
fn kinds(kind: Option<u8>) -> Kinds {
    kind.map_or_else(Kinds::all, |kind| Kinds::Only([format!("kind-{kind}")].into()))
}

fn any_operation() -> impl Strategy<Value = Operation> {
    let status = prop_oneof![Just(SpellStatus::Draft), Just(SpellStatus::Active), Just(SpellStatus::Retired)];
    let text = (prop::option::of(0_u8..3), 0_u8..4, 0_u8..4, status)
        .prop_map(|(key, title, tag, status)| Text { key, title, tag, status });
    let work = (prop::option::weighted(0.8, 0_u8..2), prop::option::weighted(0.6, 0_u8..3), 0_u8..2)
        .prop_map(|(lane, version, kind)| Work { lane, version, kind });
    let end = prop_oneof![
        Just(AttemptKind::Succeeded),
        Just(AttemptKind::Postponed),
        Just(AttemptKind::Retry),
        Just(AttemptKind::Dead),
        Just(AttemptKind::Cancelled),
        Just(AttemptKind::Superseded),
        Just(AttemptKind::Released),
    ];
    let revision = prop::option::weighted(0.3, 1_u64..3);
    prop_oneof![
        3 => text.clone().prop_map(Operation::Create),
        2 => (1_u64..6, text.clone(), revision.clone()).prop_map(|(id, text, expected)| Operation::Update(id, text, expected)),
        1 => (1_u64..6, revision).prop_map(|(id, expected)| Operation::Delete(id, expected)),
        1 => prop::collection::vec(text, 0..5).prop_map(Operation::Import),
        3 => (0_u8..6, prop::option::weighted(0.8, work.clone())).prop_map(|(id, work)| Operation::Deliver(id, work)),
        1 => (0_u8..6, prop::option::weighted(0.8, work.clone())).prop_map(|(id, work)| Operation::Redeliver(id, work)),
        1 => (0_u64..200, 1_usize..4).prop_map(|(before, limit)| Operation::Forget(before, limit)),
        1 => (0_u8..2).prop_map(Operation::CancelLane),
        5 => work.prop_map(Operation::Enqueue),
        8 => (prop::option::of(0_u8..2), 1_u64..40).prop_map(|(kind, length)| Operation::Claim(kind, length)),
        1 => (0_usize..8, 0_u64..60).prop_map(|(lease, until)| Operation::Renew(lease, until)),
        6 => (0_usize..8, end, 0_u64..20).prop_map(|(lease, end, wait)| Operation::End(lease, end, wait)),
        1 => (0_usize..8).prop_map(Operation::Append),
        2 => (1_u64..12).prop_map(Operation::Cancel),
        2 => (1_u64..12).prop_map(Operation::Retry),
        2 => (1_u64..3, prop_oneof![Just('a'), Just('b')], any::<bool>())
            .prop_map(|(number, digit, green)| Operation::Review(number, digit, green)),
        2 => (1_u64..3, prop_oneof![Just('a'), Just('b')]).prop_map(|(number, digit)| Operation::Publish(number, digit)),
        2 => (1_u64..3, prop_oneof![Just('a'), Just('b')], prop::option::weighted(0.2, 0_u64..50), any::<bool>())
            .prop_map(|(number, digit, requested, posted)| Operation::Settle(number, digit, requested, posted)),
        4 => (1_u64..30).prop_map(Operation::Advance),
        1 => (1_u64..30).prop_map(Operation::SetBack),
        1 => Just(Operation::Reopen),
    ]
}

/// The outcome of a call as far as the port promises it: values, and the kinds of errors.
fn outcome_of<T: Debug>(result: Result<T, PortError>) -> Result<String, ErrorKind> {
    result.map(|value| format!("{value:?}")).map_err(|error| error.kind())
}

/// Events without their wording, which differs between stores.
fn without_wording(events: Vec<JobEvent>) -> Vec<(u64, Timestamp, String)> {
    events.into_iter().map(|event| (event.sequence, event.at, event.step)).collect()
}

/// Runs an operation. Leases are collected in the order of the claims.
async fn act(
    store: &impl Store,
    operation: &Operation,
    seconds: u64,
    leases: &mut Vec<Lease>,
) -> Result<String, ErrorKind> {
    let now = at(seconds);
    let lease = |index: usize| leases.get(index % leases.len().max(1)).cloned();
    match operation {
        Operation::Create(text) => outcome_of(store.create_spell(text.spell(), stamp(seconds)).await),
        Operation::Update(id, text, expected) => {
            outcome_of(store.update_spell(SpellId(*id), text.spell(), *expected, stamp(seconds)).await)
        }
        Operation::Delete(id, expected) => {
            outcome_of(store.delete_spell(SpellId(*id), *expected, stamp(seconds)).await)
        }
        Operation::Import(texts) => {
            outcome_of(store.import_spells(texts.iter().map(Text::spell).collect(), stamp(seconds)).await)
        }
        Operation::Deliver(id, work) => {
            let delivery = delivery(&format!("delivery-{id}"), seconds);
            outcome_of(store.record_delivery_and_enqueue(delivery, work.as_ref().map(Work::job)).await)
        }
        Operation::Redeliver(id, work) => {
            let id = DeliveryId::parse(&format!("delivery-{id}")).unwrap();
            let verdict = Verdict::Ignored(format!("at {seconds}"));
            outcome_of(store.redeliver(&id, verdict, work.as_ref().map(Work::job), now).await)
        }
        Operation::Forget(before, limit) => outcome_of(store.forget_deliveries(at(*before), *limit).await),
        Operation::CancelLane(lane) => {
            outcome_of(store.cancel_lane(&format!("lane-{lane}"), "closed", now).await)
        }
        Operation::Enqueue(work) => outcome_of(store.enqueue_job(work.job(), now).await),
        Operation::Claim(kind, length) => {
            let claimed = store.claim_job(&kinds(*kind), Duration::from_secs(*length)).await;
            if let Ok(Some((_, lease))) = &claimed {
                leases.push(lease.clone());
            }
            outcome_of(claimed)
        }
        Operation::Renew(index, length) => match lease(*index) {
            Some(lease) => outcome_of(store.renew_lease(&lease, Duration::from_secs(*length)).await),
            None => Ok(String::new()),
        },
        Operation::End(index, end, wait) => match lease(*index) {
            Some(lease) => outcome_of(store.end_attempt(&lease, end.end(at(seconds + wait)), now).await),
            None => Ok(String::new()),
        },
        Operation::Append(index) => match lease(*index) {
            Some(lease) => {
                outcome_of(store.append_event(&lease, "step", "message", json!({ "n": 1 }), now).await)
            }
            None => Ok(String::new()),
        },
        Operation::Cancel(id) => outcome_of(store.cancel_job(JobId(*id), now).await),
        Operation::Retry(id) => outcome_of(store.retry_job(JobId(*id), now).await),
        Operation::Review(number, digit, green) => {
            let mut review = review(review_key("octo/tools", *number, *digit), seconds);
            review.diagnosis.green = *green;
            if *green {
                review.diagnosis.errors.clear();
            }
            outcome_of(store.put_review(review).await)
        }
        Operation::Publish(number, digit) => {
            let review = review(review_key("octo/tools", *number, *digit), seconds);
            let publisher = publisher(&review.key);
            outcome_of(store.put_review_and_publish(review, &Channel::ALL, publisher).await)
        }
        Operation::Settle(number, digit, requested, posted) => {
            let key = review_key("octo/tools", *number, *digit);
            let found = store.publications(&key.pull_request).await.unwrap();
            let requested_at = match requested {
                Some(seconds) => at(*seconds),
                None => found.first().map_or(now, |publication| publication.requested_at),
            };
            let publication = Publication { review: key, channel: Channel::Comment, requested_at };
            let posted = posted.then_some(PostedComment { id: seconds, url: None });
            outcome_of(store.settle_publication(&publication, posted, now).await)
        }
        Operation::Advance(_) | Operation::SetBack(_) | Operation::Reopen => Ok(String::new()),
    }
}

/// Everything readable in a store.
pub(crate) async fn content(store: &impl Store, latest: Timestamp) -> String {
    let page = PageRequest::new(0, 1_000).unwrap();
    let mut shown = String::new();
    let mut show = |what: &dyn Debug| writeln!(shown, "{what:?}").expect("a string takes everything");
    let mut spell_filters = vec![SpellFilter::default()];
    for tag in 0..4 {
        spell_filters.push(SpellFilter { tag: Some(format!("TAG-{tag}")), ..SpellFilter::default() });
    }
    for status in [SpellStatus::Draft, SpellStatus::Active, SpellStatus::Retired] {
        spell_filters.push(SpellFilter {
            status: Some(status),
            error_type: Some("type1".to_owned()),
            ..SpellFilter::default()
        });
    }
    for filter in spell_filters {
        show(&store.list_spells(&filter, page).await.unwrap());
    }
    show(&store.changes_after(Sequence(0), usize::MAX).await.unwrap());
    show(&store.last_sequence().await.unwrap());
    for id in (1..).map(SpellId) {
        match store.spell_revisions(id).await {
            Ok(revisions) => show(&revisions),
            Err(_) => break,
        }
    }
    let jobs = store.list_jobs(&JobFilter::default(), page).await.unwrap();
    for job in &jobs.items {
        show(&without_wording(store.events_after(job.id, 0, usize::MAX).await.unwrap()));
    }
    show(&jobs);
    for lane in 0..2 {
        let filter = JobFilter { lane: Some(format!("lane-{lane}")), ..JobFilter::default() };
        show(&store.list_jobs(&filter, page).await.unwrap());
    }
    show(&store.count_jobs().await.unwrap());
    // Of several past times, any may be returned.
    show(&store.next_claim_at(&Kinds::all()).await.unwrap().map(|moment| moment.max(latest)));
    let reviews = store.list_reviews(None, page).await.unwrap();
    for review in &reviews.items {
        show(&store.publications(&review.key.pull_request).await.unwrap());
    }
    show(&reviews);
    show(&store.spell_outcomes(&[SpellId(8), SpellId(9)]).await.unwrap());
    let deliveries = store.list_deliveries(&DeliveryFilter::default(), page).await.unwrap();
    for facts in &deliveries.items {
        show(&store.get_delivery(&facts.id).await.unwrap());
    }
    show(&deliveries);
    shown
}

async fn compare(operations: Vec<Operation>) {
    let disk = Disk::default();
    let clock = ManualClock::default();
    let open = || {
        let options = Options { clock: Arc::new(clock.clone()), ..Options::default() };
        RedbStore::open_with_backend(disk.backend(), options).unwrap()
    };
    let (mut store, model) = (open(), MemoryStore::with_clock(clock.clone()));
    let (mut leases, mut model_leases) = (Vec::new(), Vec::new());
    let mut seconds = 100;
    // Claims have seen every time up to this one pass, even if the clock was set back since.
    let mut latest = seconds;
    for operation in operations {
        match operation {
            Operation::Advance(by) => seconds += by,
            Operation::SetBack(by) => seconds -= by.min(seconds),
            Operation::Reopen => {
                store.close().await.unwrap();
                store = open();
            }
            _ => {}
        }
        clock.set(at(seconds));
        let answer = act(&store, &operation, seconds, &mut leases).await;
        let expected = act(&model, &operation, seconds, &mut model_leases).await;
        assert_eq!(answer, expected, "{operation:?}");
        latest = latest.max(seconds);
        let now = at(latest);
        for kinds in [Kinds::all(), kinds(Some(0))] {
            let next = store.next_claim_at(&kinds).await.unwrap().map(|moment| moment.max(now));
            let expected = model.next_claim_at(&kinds).await.unwrap().map(|moment| moment.max(now));
            assert_eq!(next, expected, "{kinds:?} after {operation:?}");
        }
    }
    assert_eq!(content(&store, at(latest)).await, content(&model, at(latest)).await);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_does_what_the_memory_store_does(operations in prop::collection::vec(any_operation(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(compare(operations));
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_hides_no_job_that_is_due() {
    let clock = ManualClock::default();
    let options = Options { clock: Arc::new(clock.clone()), ..Options::default() };
    let store = RedbStore::open_with_backend(Disk::default().backend(), options).unwrap();
    let claim_at = async |seconds| {
        clock.set(at(seconds));
        store.claim_job(&Kinds::all(), Duration::from_secs(60)).await.unwrap()
    };
    for run_at in [5, 30, 10] {
        store.enqueue_job(job("work"), at(run_at)).await.unwrap();
    }
    // This claim sees the times of all three pass.
    let (first, _) = claim_at(40).await.unwrap();
    assert_eq!(first.id, JobId(1));
    let (due, _) = claim_at(20).await.unwrap();
    assert_eq!(due.id, JobId(3));
    assert_eq!(claim_at(20).await, None);
    assert_eq!(store.next_claim_at(&Kinds::all()).await.unwrap(), Some(at(30)));
}
