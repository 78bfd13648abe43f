//! Promises about reviews.

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::PageRequest;

use super::samples::{at, repository, review, review_key};
use super::{Subject, kind_of};
use crate::store::ReviewStore;

/// The same key again replaces the review and keeps when it was first written.
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

/// Written last, whatever its moments say.
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

/// Last written first, of one repository or of all.
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

/// Every field, to the last bit, also after a restart.
pub async fn a_review_comes_back_equal<S: Subject>(subject: S) {
    let key = review_key("octo/tools", u64::MAX, 'f');
    let written = review(key.clone(), 3);
    subject.store().put_review(written.clone()).await.unwrap();
    let subject = subject.reopen().await;
    assert_eq!(subject.store().get_review(&key).await.unwrap(), written);
}
