//! The numbered properties of the store, each over at least a hundred cases.

use std::collections::BTreeMap;

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::PageRequest;
use grimoire_domain::spell::{SpellStatus, ValidSpell};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::samples::{any_spell, stamp};
use super::{Subject, kind_of};
use crate::store::{SpellFilter, SpellStore};

/// Runs `check` over `cases` inputs on one store.
fn for_all<S: Subject, V: std::fmt::Debug, C>(
    make: impl FnOnce() -> S,
    cases: u32,
    strategy: impl Strategy<Value = V>,
    check: impl Fn(S::Store, V) -> C,
) where
    C: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let subject = make();
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let result = runner.run(&strategy, |value| {
        runtime.block_on(check(subject.store(), value));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

async fn delete_all(store: &impl SpellStore) {
    loop {
        let page = store.list_spells(&SpellFilter::default(), PageRequest::default()).await.unwrap();
        if page.items.is_empty() {
            return;
        }
        for spell in page.items {
            store.delete_spell(spell.id, None, stamp(9)).await.unwrap();
        }
    }
}

/// Property 3: all pages together contain every spell exactly once.
pub fn property_3_pages_return_every_spell_once<S: Subject>(make: impl FnOnce() -> S) {
    let strategy = (prop::collection::vec((any_spell(), any::<bool>()), 0..12), 1_u32..6, any::<bool>());
    for_all(make, 100, strategy, async |store, (spells, limit, only_active)| {
        delete_all(&store).await;
        let mut expected = BTreeMap::new();
        let mut filter = SpellFilter::default();
        if only_active {
            filter.status = Some(SpellStatus::Active);
        }
        for (spell, keep) in spells {
            let written = store.create_spell(spell, stamp(1)).await.unwrap().value;
            if !keep {
                store.delete_spell(written.id, None, stamp(2)).await.unwrap();
            } else if filter.status.is_none_or(|status| status == written.fields.status) {
                expected.insert(written.id, written);
            }
        }
        let mut walked = Vec::new();
        loop {
            let request = PageRequest::new(walked.len() as u64, limit).unwrap();
            let page = store.list_spells(&filter, request).await.unwrap();
            assert_eq!(page.total, expected.len() as u64);
            assert!(page.items.len() <= limit as usize);
            if page.items.is_empty() {
                break;
            }
            walked.extend(page.items);
        }
        assert_eq!(walked, expected.into_values().collect::<Vec<_>>());
    });
}

/// Property 4: a stored spell is returned with every field unchanged.
pub fn property_4_a_stored_spell_is_returned_with_every_field_equal<S: Subject>(make: impl FnOnce() -> S) {
    for_all(make, 128, any_spell(), async |store, fields: ValidSpell| {
        let written = store.create_spell(fields.clone(), stamp(1)).await.unwrap();
        let read = store.get_spell(written.value.id).await.unwrap();
        assert_eq!(read.fields, fields);
        assert_eq!(read, written.value);
        let revisions = store.spell_revisions(read.id).await.unwrap();
        assert_eq!(revisions.len(), 1);
        assert_eq!(revisions[0].fields, fields);
    });
}

/// Property 5: a get after a create or an update returns the written fields.
pub fn property_5_create_and_update_round_trip<S: Subject>(make: impl FnOnce() -> S) {
    for_all(make, 128, (any_spell(), any_spell()), async |store, (first, second)| {
        let created = store.create_spell(first.clone(), stamp(1)).await.unwrap().value;
        assert_eq!(store.get_spell(created.id).await.unwrap().fields, first);
        let updated = store.update_spell(created.id, second.clone(), Some(1), stamp(2)).await.unwrap().value;
        let read = store.get_spell(created.id).await.unwrap();
        assert_eq!(read, updated);
        assert_eq!(read.fields, second);
        assert_eq!((read.created_at, read.updated_at), (stamp(1).at, Some(stamp(2).at)));
    });
}

/// Property 6: a deleted spell is gone from get and list, under every filter that matched it.
pub fn property_6_a_deleted_spell_is_gone<S: Subject>(make: impl FnOnce() -> S) {
    for_all(make, 128, (any_spell(), any_spell()), async |store, (goes, stays)| {
        delete_all(&store).await;
        let gone = store.create_spell(goes.clone(), stamp(1)).await.unwrap().value.id;
        let stayed = store.create_spell(stays, stamp(1)).await.unwrap().value;
        store.delete_spell(gone, None, stamp(2)).await.unwrap();
        assert_eq!(kind_of(store.get_spell(gone).await), ErrorKind::NotFound);
        assert_eq!(store.get_spells(&[gone, stayed.id]).await.unwrap(), [stayed]);
        let mut filters = vec![
            SpellFilter::default(),
            SpellFilter { status: Some(goes.status), ..SpellFilter::default() },
            SpellFilter { error_type: Some(goes.error_type.clone()), ..SpellFilter::default() },
        ];
        filters.extend(
            goes.tags.iter().map(|tag| SpellFilter { tag: Some(tag.clone()), ..SpellFilter::default() }),
        );
        for filter in filters {
            let page = store.list_spells(&filter, PageRequest::default()).await.unwrap();
            assert!(page.items.iter().all(|spell| spell.id != gone), "{filter:?}");
            assert_eq!(page.total, page.items.len() as u64, "{filter:?}");
        }
    });
}
