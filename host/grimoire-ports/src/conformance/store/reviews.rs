//! Promises about reviews.

use grimoire_domain::job::JobState;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::PageRequest;
use grimoire_domain::publication::{Channel, Publication};
use grimoire_domain::review::{PostedComment, Review};
use grimoire_domain::spell::{Outcomes, SpellId};

use super::samples::{at, publisher, repository, review, review_key};
use super::{Subject, kind_of};
use crate::store::{JobStore, ReviewStore};

/// A second write with the same key replaces the review and keeps the time of the first write.
pub async fn a_review_is_written_by_its_key<S: Subject>(subject: S) {
    let store = subject.store();
    let key = review_key("octo/tools", 7, 'a');
    assert_eq!(kind_of(store.get_review(&key).await), ErrorKind::NotFound);
    store.put_review(review(key.clone(), 1)).await.unwrap();
    let mut second = review(key.clone(), 2);
    second.comment = None;
    store.put_review(second.clone()).await.unwrap();
    second.created_at = at(1);
    assert_eq!(store.get_review(&key).await.unwrap(), second);
    assert_eq!(store.list_reviews(None, PageRequest::default()).await.unwrap().items, [second]);
    assert_eq!(kind_of(store.get_review(&review_key("octo/tools", 7, 'b')).await), ErrorKind::NotFound);
    assert_eq!(kind_of(store.get_review(&review_key("octo/tools", 8, 'a')).await), ErrorKind::NotFound);
}

/// The order of writes counts, not the times in the reviews.
pub async fn the_latest_review_is_the_one_written_last<S: Subject>(subject: S) {
    let store = subject.store();
    let key = |digit| review_key("octo/tools", 7, digit);
    let pull_request = key('a').pull_request;
    assert_eq!(store.latest_review(&pull_request).await.unwrap(), None);
    store.put_review(review(key('a'), 50)).await.unwrap();
    store.put_review(review(key('b'), 10)).await.unwrap();
    store.put_review(review(review_key("octo/tools", 8, 'c'), 60)).await.unwrap();
    store.put_review(review(review_key("octo/tool", 7, 'c'), 60)).await.unwrap();
    assert_eq!(store.latest_review(&pull_request).await.unwrap().unwrap().key, key('b'));
    store.put_review(review(key('a'), 51)).await.unwrap();
    drop(store);
    let subject = subject.reopen().await;
    assert_eq!(subject.store().latest_review(&pull_request).await.unwrap().unwrap().key, key('a'));
}

/// Reviews without a comment are skipped.
pub async fn the_latest_commented_review_has_a_comment<S: Subject>(subject: S) {
    let store = subject.store();
    let key = |digit| review_key("octo/tools", 7, digit);
    let pull_request = key('a').pull_request;
    assert_eq!(store.latest_commented_review(&pull_request).await.unwrap(), None);
    store.put_review(review(key('a'), 10)).await.unwrap();
    store.put_review(Review { comment: None, ..review(key('b'), 20) }).await.unwrap();
    store.put_review(review(review_key("octo/tools", 8, 'c'), 30)).await.unwrap();
    drop(store);
    let subject = subject.reopen().await;
    let told = subject.store().latest_commented_review(&pull_request).await.unwrap();
    assert_eq!(told.unwrap().key, key('a'));
}

/// Reviews of one repository or of all, the last written first.
pub async fn reviews_are_listed_by_their_last_write<S: Subject>(subject: S) {
    let store = subject.store();
    let keys = [
        review_key("octo/tools", 1, 'a'),
        review_key("octo/tools", 2, 'a'),
        review_key("octo/other", 1, 'a'),
    ];
    for key in &keys {
        store.put_review(review(key.clone(), 5)).await.unwrap();
    }
    store.put_review(review(keys[0].clone(), 5)).await.unwrap();
    let listed = async |name: Option<&str>| {
        let name = name.map(repository);
        let page = store.list_reviews(name.as_ref(), PageRequest::default()).await.unwrap();
        assert_eq!(page.total, page.items.len() as u64);
        page.items.into_iter().map(|review| review.key).collect::<Vec<_>>()
    };
    assert_eq!(listed(None).await, [keys[0].clone(), keys[2].clone(), keys[1].clone()]);
    assert_eq!(listed(Some("octo/tools")).await, [keys[0].clone(), keys[1].clone()]);
    assert_eq!(listed(Some("octo/other")).await, [keys[2].clone()]);
    assert!(listed(Some("octo/none")).await.is_empty());
}

/// Every field is returned unchanged, to the last bit, also after a restart.
pub async fn a_review_comes_back_equal<S: Subject>(subject: S) {
    let key = review_key("octo/tools", u64::MAX, 'f');
    let written = review(key.clone(), 3);
    subject.store().put_review(written.clone()).await.unwrap();
    let subject = subject.reopen().await;
    assert_eq!(subject.store().get_review(&key).await.unwrap(), written);
}

/// After a restart, all three are there.
pub async fn a_review_its_publications_and_their_job_are_one_step<S: Subject>(subject: S) {
    let key = review_key("octo/tools", 7, 'a');
    let written = review(key.clone(), 3);
    let store = subject.store();
    let job = store.put_review_and_publish(written.clone(), &Channel::ALL, publisher(&key)).await.unwrap();
    drop(store);
    let subject = subject.reopen().await;
    let store = subject.store();
    assert_eq!(store.get_review(&key).await.unwrap(), written);
    let publication = Publication { review: key.clone(), channel: Channel::Comment, requested_at: at(3) };
    assert_eq!(store.publications(&key.pull_request).await.unwrap(), [publication]);
    let job = store.get_job(job).await.unwrap();
    assert_eq!((job.state, job.spec, job.run_at), (JobState::Queued, publisher(&key), at(3)));
    // Waiting publications share one job.
    let again = store.put_review_and_publish(review(key.clone(), 4), &Channel::ALL, publisher(&key)).await;
    assert_eq!(again.unwrap(), job.id);
    assert_eq!(store.publications(&key.pull_request).await.unwrap().len(), 1);
}

/// Settling twice has the same effect. A publication that was not posted leaves the review unchanged.
pub async fn a_settled_publication_is_gone_and_its_comment_noted<S: Subject>(subject: S) {
    let store = subject.store();
    let (told, silent) = (review_key("octo/tools", 7, 'a'), review_key("octo/tools", 8, 'a'));
    for key in [&told, &silent] {
        let mut review = review(key.clone(), 3);
        review.comment = None;
        store.put_review_and_publish(review, &Channel::ALL, publisher(key)).await.unwrap();
    }
    let posted = PostedComment { id: 12, url: None };
    let publication = store.publications(&told.pull_request).await.unwrap().remove(0);
    for _ in 0..2 {
        store.settle_publication(&publication, Some(posted.clone()), at(5)).await.unwrap();
        assert_eq!(store.publications(&told.pull_request).await.unwrap(), []);
    }
    let noted = store.get_review(&told).await.unwrap();
    assert_eq!((noted.comment, noted.created_at, noted.updated_at), (Some(posted), at(3), at(5)));
    let newest = store.list_reviews(None, PageRequest::default()).await.unwrap().items.remove(0);
    assert_eq!(newest.key, told, "the comment counts as a write");

    let publication = store.publications(&silent.pull_request).await.unwrap().remove(0);
    store.settle_publication(&publication, None, at(6)).await.unwrap();
    assert_eq!(store.publications(&silent.pull_request).await.unwrap(), []);
    let review = store.get_review(&silent).await.unwrap();
    assert_eq!((review.comment, review.updated_at), (None, at(3)));
    let unknown = Publication { review: review_key("octo/tools", 9, 'a'), ..publication };
    assert_eq!(kind_of(store.settle_publication(&unknown, None, at(7)).await), ErrorKind::NotFound);
}

/// A review that is rewritten while the old one is being posted is still to be published.
pub async fn what_is_requested_again_outlives_the_settling_of_what_was<S: Subject>(subject: S) {
    let store = subject.store();
    let key = review_key("octo/tools", 7, 'a');
    store.put_review_and_publish(review(key.clone(), 3), &Channel::ALL, publisher(&key)).await.unwrap();
    let old = store.publications(&key.pull_request).await.unwrap().remove(0);
    store.put_review_and_publish(review(key.clone(), 4), &Channel::ALL, publisher(&key)).await.unwrap();
    store.settle_publication(&old, Some(PostedComment { id: 12, url: None }), at(5)).await.unwrap();
    let left = store.publications(&key.pull_request).await.unwrap();
    assert_eq!(left, [Publication { requested_at: at(4), ..old }]);
}

/// Publications of neighbouring keys are not settled.
pub async fn publications_belong_to_their_pull_request<S: Subject>(subject: S) {
    let store = subject.store();
    let key = |name, number, digit| review_key(name, number, digit);
    let keys = [
        key("octo/tools", 7, 'a'),
        key("octo/tools", 7, 'b'),
        key("octo/tools", 8, 'a'),
        key("octo/tool", 7, 'a'),
        key("octo/toolshed", 7, 'a'),
        key("octo/tools", u64::MAX, 'f'),
    ];
    for key in &keys {
        store.put_review_and_publish(review(key.clone(), 3), &Channel::ALL, publisher(key)).await.unwrap();
    }
    let of = async |pull_request| -> Vec<_> {
        let publications = store.publications(pull_request).await.unwrap();
        publications.into_iter().map(|publication| publication.review).collect()
    };
    assert_eq!(of(&keys[0].pull_request).await, keys[..2]);
    for key in &keys[2..] {
        assert_eq!(of(&key.pull_request).await, std::slice::from_ref(key));
    }
    assert!(of(&key("octo/none", 7, 'a').pull_request).await.is_empty());
}

/// Outcomes are counted in pull requests, whatever other reviews are written.
pub async fn outcomes_follow_the_reviews<S: Subject>(subject: S) {
    let store = subject.store();
    let (offered, unknown) = (SpellId(9), SpellId(8));
    let outcomes = async || {
        let found = store.spell_outcomes(&[unknown, offered]).await.unwrap();
        assert_eq!(found[0], Outcomes::default());
        (found[1].offered, found[1].fixed)
    };
    assert_eq!(outcomes().await, (0, 0));
    let red = |number, digit| review(review_key("octo/tools", number, digit), 1);
    let hinted = |number, digit| {
        let mut review = red(number, digit);
        for error in &mut review.diagnosis.errors {
            error.spells.iter_mut().for_each(|spell| spell.hint = true);
        }
        review
    };
    store.put_review(hinted(9, 'a')).await.unwrap();
    assert_eq!(outcomes().await, (0, 0), "a hint is no fix");
    let green = |number, digit| {
        let mut review = red(number, digit);
        review.diagnosis.errors.clear();
        review.diagnosis.green = true;
        review
    };
    store.put_review(red(1, 'a')).await.unwrap();
    assert_eq!(outcomes().await, (1, 0));
    store.put_review(red(1, 'a')).await.unwrap();
    store.put_review(red(1, 'b')).await.unwrap();
    assert_eq!(outcomes().await, (1, 0), "one pull request counts once");
    store.put_review(green(2, 'a')).await.unwrap();
    assert_eq!(outcomes().await, (1, 0), "nothing was offered there");
    store.put_review_and_publish(green(1, 'c'), &Channel::ALL, publisher(&red(1, 'c').key)).await.unwrap();
    assert_eq!(outcomes().await, (1, 1));
    store.put_review(green(1, 'c')).await.unwrap();
    assert_eq!(outcomes().await, (1, 1));
    let publication = store.publications(&red(1, 'c').key.pull_request).await.unwrap().remove(0);
    let posted = Some(PostedComment { id: 12, url: None });
    store.settle_publication(&publication, posted, at(5)).await.unwrap();
    assert_eq!(outcomes().await, (1, 1));
    store.put_review(red(2, 'b')).await.unwrap();
    store.put_review(red(3, 'a')).await.unwrap();
    assert_eq!(outcomes().await, (3, 1));
    store.put_review(green(3, 'a')).await.unwrap();
    assert_eq!(outcomes().await, (3, 2), "a later run of the same commit passed");
    store.put_review(red(1, 'd')).await.unwrap();
    assert_eq!(outcomes().await, (3, 1), "it is red again");
    drop(store);
    let subject = subject.reopen().await;
    let found = subject.store().spell_outcomes(&[offered]).await.unwrap();
    assert_eq!(found, [Outcomes { offered: 3, fixed: 1 }]);
}
