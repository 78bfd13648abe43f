//! Promises about pages.

use std::collections::BTreeSet;

use grimoire_domain::job::JobState;
use grimoire_domain::page::PageRequest;

use super::jobs::claim;
use super::samples::{at, job, lane_job, review, review_key, spell, stamp};
use super::{Subject, timed};
use crate::store::{AttemptEnd, JobFilter, JobStore, ReviewStore, SpellFilter, SpellStore};

fn page(skip: u64, limit: u32) -> PageRequest {
    PageRequest::new(skip, limit).unwrap()
}

/// All pages together contain every job once, newest first, under every filter.
pub async fn pages_of_jobs_show_each_once<S: Subject>(subject: S) {
    let store = timed(&subject);
    for index in 0..25 {
        let new =
            if index % 3 == 0 { lane_job("lane") } else { job(if index % 2 == 0 { "even" } else { "odd" }) };
        store.enqueue_job(new, at(index)).await.unwrap();
    }
    let filters = [
        (JobFilter::default(), 25),
        (JobFilter { kind: Some("even".to_owned()), ..JobFilter::default() }, 8),
        (JobFilter { lane: Some("lane".to_owned()), ..JobFilter::default() }, 9),
        (JobFilter { state: Some(JobState::Queued), ..JobFilter::default() }, 25),
        (JobFilter { state: Some(JobState::Dead), ..JobFilter::default() }, 0),
    ];
    for (filter, total) in filters {
        let mut seen = Vec::new();
        while (seen.len() as u64) < total {
            let part = store.list_jobs(&filter, page(seen.len() as u64, 4)).await.unwrap();
            assert_eq!(part.total, total, "{filter:?}");
            assert!(!part.items.is_empty(), "{filter:?}");
            seen.extend(part.items.into_iter().map(|job| job.id));
        }
        assert!(seen.is_sorted_by(|left, right| left > right), "{filter:?}: {seen:?}");
        assert_eq!(store.list_jobs(&filter, page(total, 4)).await.unwrap().items.len(), 0);
    }
}

/// A job must match all given fields, with its current state.
pub async fn job_filters_combine<S: Subject>(subject: S) {
    let store = timed(&subject);
    let first = store.enqueue_job(lane_job("a"), at(0)).await.unwrap();
    let second = store.enqueue_job(lane_job("a"), at(0)).await.unwrap();
    let third = store.enqueue_job(lane_job("b"), at(0)).await.unwrap();
    let (_, lease) = claim(&store, 1).await;
    store.end_attempt(&lease, AttemptEnd::Succeeded, at(2)).await.unwrap();
    let ids = async |state: Option<JobState>, kind: Option<&str>, lane: Option<&str>| {
        let filter = JobFilter { state, kind: kind.map(str::to_owned), lane: lane.map(str::to_owned) };
        let page = store.list_jobs(&filter, PageRequest::default()).await.unwrap();
        assert_eq!(page.total, page.items.len() as u64);
        page.items.into_iter().map(|job| job.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(None, None, Some("a")).await, [second, first]);
    assert_eq!(ids(Some(JobState::Queued), None, Some("a")).await, [second]);
    assert_eq!(ids(Some(JobState::Succeeded), Some("work"), Some("a")).await, [first]);
    assert_eq!(ids(Some(JobState::Queued), Some("work"), None).await, [third, second]);
    assert!(ids(Some(JobState::Queued), Some("other"), None).await.is_empty());
    assert!(ids(None, Some("other"), Some("a")).await.is_empty());
    assert!(ids(Some(JobState::Running), None, None).await.is_empty());
}

/// All pages together contain every review once, the last written first.
pub async fn pages_of_reviews_show_each_once<S: Subject>(subject: S) {
    let store = timed(&subject);
    let mut keys = BTreeSet::new();
    for number in 1..=11 {
        let name = if number % 2 == 0 { "octo/even" } else { "octo/odd" };
        let key = review_key(name, number, 'a');
        store.put_review(review(key.clone(), number)).await.unwrap();
        keys.insert(key);
    }
    let mut seen = Vec::new();
    for skip in [0, 4, 8] {
        let part = store.list_reviews(None, page(skip, 4)).await.unwrap();
        assert_eq!(part.total, 11);
        seen.extend(part.items.into_iter().map(|review| review.key));
    }
    assert_eq!(seen.first(), Some(&review_key("octo/odd", 11, 'a')));
    assert_eq!(seen.len(), 11);
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), keys);
}

/// Any offset is allowed, and the total stays the same.
pub async fn a_page_beyond_the_end_is_empty<S: Subject>(subject: S) {
    let store = timed(&subject);
    store.create_spell(spell("only"), stamp(0)).await.unwrap();
    store.enqueue_job(job("only"), at(0)).await.unwrap();
    store.put_review(review(review_key("octo/tools", 1, 'a'), 0)).await.unwrap();
    for skip in [1, 1_000, u64::MAX] {
        let spells = store.list_spells(&SpellFilter::default(), page(skip, 10)).await.unwrap();
        assert_eq!((spells.items.len(), spells.total), (0, 1));
        let tag = SpellFilter { tag: Some("python".to_owned()), ..SpellFilter::default() };
        let spells = store.list_spells(&tag, page(skip, 10)).await.unwrap();
        assert_eq!((spells.items.len(), spells.total), (0, 1));
        let jobs = store.list_jobs(&JobFilter::default(), page(skip, 10)).await.unwrap();
        assert_eq!((jobs.items.len(), jobs.total), (0, 1));
        let reviews = store.list_reviews(None, page(skip, 10)).await.unwrap();
        assert_eq!((reviews.items.len(), reviews.total), (0, 1));
        let name = super::samples::repository("octo/tools");
        let reviews = store.list_reviews(Some(&name), page(skip, 10)).await.unwrap();
        assert_eq!((reviews.items.len(), reviews.total), (0, 1));
    }
}
