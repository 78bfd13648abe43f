//! Promises about spells.

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::PageRequest;
use grimoire_domain::spell::{ChangeKind, Sequence, SpellFields, SpellId, SpellStatus, ValidSpell};

use super::samples::{fields, keyed, spell, stamp};
use super::{Subject, kind_of};
use crate::store::{ImportSummary, SpellFilter, SpellStore};

async fn titles(store: &impl SpellStore, filter: SpellFilter) -> Vec<String> {
    let page = store.list_spells(&filter, PageRequest::default()).await.unwrap();
    assert_eq!(page.total, page.items.len() as u64, "the total is that of the filter");
    page.items.into_iter().map(|spell| spell.fields.title.clone()).collect()
}

/// Ids are 1, 2, 3…, also after a deletion and a restart.
pub async fn spell_ids_count_from_one_and_are_never_reused<S: Subject>(subject: S) {
    let store = subject.store();
    for expected in 1..=3 {
        let written = store.create_spell(spell("any"), stamp(0)).await.unwrap();
        assert_eq!(written.value.id, SpellId(expected));
    }
    store.delete_spell(SpellId(3), None, stamp(1)).await.unwrap();
    assert_eq!(store.create_spell(spell("any"), stamp(2)).await.unwrap().value.id, SpellId(4));
    store.delete_spell(SpellId(4), None, stamp(3)).await.unwrap();
    drop(store);
    let subject = subject.reopen().await;
    assert_eq!(subject.store().create_spell(spell("any"), stamp(4)).await.unwrap().value.id, SpellId(5));
}

/// A key is unique among existing spells, however it was set, and free again after deletion.
pub async fn a_key_belongs_to_one_living_spell<S: Subject>(subject: S) {
    let store = subject.store();
    let first = store.create_spell(keyed("one", "first"), stamp(0)).await.unwrap().value.id;
    assert_eq!(kind_of(store.create_spell(keyed("one", "second"), stamp(1)).await), ErrorKind::Conflict);
    let second = store.create_spell(keyed("two", "second"), stamp(1)).await.unwrap().value.id;
    assert_eq!(
        kind_of(store.update_spell(second, keyed("one", "second"), None, stamp(2)).await),
        ErrorKind::Conflict
    );
    store.update_spell(first, keyed("one", "its own key again"), None, stamp(2)).await.unwrap();
    store.update_spell(first, spell("no key any more"), None, stamp(3)).await.unwrap();
    store.update_spell(second, keyed("one", "second"), None, stamp(4)).await.unwrap();
    store.delete_spell(second, None, stamp(5)).await.unwrap();
    store.create_spell(keyed("one", "third"), stamp(6)).await.unwrap();
    store.create_spell(keyed("two", "fourth"), stamp(6)).await.unwrap();
}

/// Creating a spell with a key again, with equal fields, returns the one that is there and writes nothing: nobody has to
/// know whether a request without an answer was done. Without a key there are two.
pub async fn a_spell_with_a_key_is_created_once<S: Subject>(subject: S) {
    let store = subject.store();
    let first = store.create_spell(keyed("one", "first"), stamp(0)).await.unwrap();
    store.create_spell(spell("other"), stamp(1)).await.unwrap();
    let again = store.create_spell(keyed("one", "first"), stamp(2)).await.unwrap();
    assert_eq!(again.value, first.value);
    assert_eq!(again.sequence, Sequence(2), "nothing was written");
    assert_eq!(store.last_sequence().await.unwrap(), Sequence(2));
    assert_eq!(store.spell_revisions(first.value.id).await.unwrap().len(), 1);
    store.create_spell(spell("other"), stamp(3)).await.unwrap();
    assert_eq!(titles(&store, SpellFilter::default()).await, ["first", "other", "other"]);
    store.delete_spell(first.value.id, None, stamp(4)).await.unwrap();
    let anew = store.create_spell(keyed("one", "first"), stamp(5)).await.unwrap();
    assert_eq!(anew.value.id, SpellId(4), "a deleted spell is not there");
}

/// A deleted spell is restored under its id, only once, and its revision numbers continue.
pub async fn a_deleted_spell_comes_back_under_its_id<S: Subject>(subject: S) {
    let store = subject.store();
    let id = store.create_spell(keyed("one", "first"), stamp(0)).await.unwrap().value.id;
    store.update_spell(id, keyed("one", "second"), None, stamp(1)).await.unwrap();
    let living = kind_of(store.undelete_spell(id, keyed("one", "x"), stamp(2)).await);
    assert_eq!(living, ErrorKind::Conflict);
    let deleted = store.delete_spell(id, None, stamp(2)).await.unwrap();
    let other = store.create_spell(keyed("one", "has its key"), stamp(3)).await.unwrap().value.id;
    let taken = kind_of(store.undelete_spell(id, keyed("one", "first"), stamp(4)).await);
    assert_eq!(taken, ErrorKind::Conflict);
    let back = store.undelete_spell(id, keyed("two", "first"), stamp(4)).await.unwrap();
    assert_eq!((back.value.id, back.value.revision), (id, 4));
    assert_eq!((back.value.created_at, back.value.updated_at), (stamp(0).at, Some(stamp(4).at)));
    assert!(back.sequence > deleted);
    assert_eq!(kind_of(store.undelete_spell(SpellId(9), spell("x"), stamp(5)).await), ErrorKind::NotFound);
    drop(store);

    let subject = subject.reopen().await;
    let store = subject.store();
    assert_eq!(store.get_spell(id).await.unwrap(), back.value);
    assert_eq!(titles(&store, SpellFilter::default()).await, ["first", "has its key"]);
    let revisions = store.spell_revisions(id).await.unwrap();
    let story: Vec<_> = revisions.iter().map(|revision| (revision.revision, revision.kind)).collect();
    let (created, updated, removed) = (ChangeKind::Created, ChangeKind::Updated, ChangeKind::Deleted);
    assert_eq!(story, [(1, created), (2, updated), (3, removed), (4, updated)]);
    let last = store.changes_after(deleted, 10).await.unwrap().pop().unwrap();
    assert_eq!((last.sequence, last.spell, last.kind), (back.sequence, id, updated));
    store.update_spell(other, keyed("one", "its own"), None, stamp(6)).await.unwrap();
}

/// `NotFound` errors name the id.
pub async fn unknown_spells_are_not_found<S: Subject>(subject: S) {
    let store = subject.store();
    let id = SpellId(41);
    let error = store.get_spell(id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("41"), "{error}");
    assert_eq!(kind_of(store.update_spell(id, spell("x"), None, stamp(0)).await), ErrorKind::NotFound);
    assert_eq!(kind_of(store.update_spell(id, spell("x"), Some(1), stamp(0)).await), ErrorKind::NotFound);
    assert_eq!(kind_of(store.delete_spell(id, None, stamp(0)).await), ErrorKind::NotFound);
    assert_eq!(kind_of(store.spell_revisions(id).await), ErrorKind::NotFound);
    assert_eq!(store.last_sequence().await.unwrap(), Sequence(0));
}

/// Revisions grow by one, and `updated_at` is the time of the last change.
pub async fn an_update_makes_a_revision_even_without_a_difference<S: Subject>(subject: S) {
    let store = subject.store();
    let created = store.create_spell(spell("same"), stamp(0)).await.unwrap().value;
    assert_eq!((created.revision, created.updated_at, created.created_at), (1, None, stamp(0).at));
    let updated = store.update_spell(created.id, spell("same"), None, stamp(5)).await.unwrap();
    assert_eq!(updated.sequence, Sequence(2));
    assert_eq!(updated.value.revision, 2);
    assert_eq!(updated.value.updated_at, Some(stamp(5).at));
    assert_eq!(updated.value.created_at, stamp(0).at);
    assert_eq!(store.get_spell(created.id).await.unwrap(), updated.value);
}

/// A stale revision is a `Conflict` for updates and deletions.
pub async fn an_expected_revision_guards_against_lost_updates<S: Subject>(subject: S) {
    let store = subject.store();
    let id = store.create_spell(spell("one"), stamp(0)).await.unwrap().value.id;
    store.update_spell(id, spell("two"), Some(1), stamp(1)).await.unwrap();
    assert_eq!(kind_of(store.update_spell(id, spell("three"), Some(1), stamp(2)).await), ErrorKind::Conflict);
    assert_eq!(kind_of(store.delete_spell(id, Some(3), stamp(2)).await), ErrorKind::Conflict);
    assert_eq!(store.get_spell(id).await.unwrap().fields.title, "two");
    store.delete_spell(id, Some(2), stamp(3)).await.unwrap();
}

/// A rejected write changes nothing, even among accepted concurrent ones.
pub async fn a_refused_write_leaves_no_trace<S: Subject>(subject: S) {
    let store = subject.store();
    store.create_spell(keyed("taken", "holder"), stamp(0)).await.unwrap();
    let writes = (0..40).map(|index| {
        let store = store.clone();
        tokio::spawn(async move {
            let key = if index % 2 == 0 { "taken".to_owned() } else { format!("free-{index}") };
            store.create_spell(keyed(&key, &format!("spell {index}")), stamp(1)).await.is_ok()
        })
    });
    let mut accepted = 0;
    for (index, write) in writes.collect::<Vec<_>>().into_iter().enumerate() {
        let was_accepted = write.await.unwrap();
        assert_eq!(was_accepted, index % 2 == 1);
        accepted += u64::from(was_accepted);
    }
    assert_eq!(accepted, 20);
    assert_eq!(store.last_sequence().await.unwrap(), Sequence(21));
    let changes = store.changes_after(Sequence(0), 100).await.unwrap();
    let mut ids: Vec<u64> = changes.iter().map(|change| change.spell.0).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=21).collect::<Vec<_>>(), "no id was spent on a refusal");
}

/// Every state is kept with author and time, also after deletion and a restart.
pub async fn revisions_tell_the_whole_story<S: Subject>(subject: S) {
    let store = subject.store();
    let id = store.create_spell(keyed("story", "first"), stamp(1)).await.unwrap().value.id;
    store.update_spell(id, keyed("story", "second"), None, stamp(2)).await.unwrap();
    store.delete_spell(id, None, stamp(3)).await.unwrap();
    drop(store);
    let subject = subject.reopen().await;
    let revisions = subject.store().spell_revisions(id).await.unwrap();
    let told: Vec<_> = revisions
        .iter()
        .map(|revision| {
            (
                revision.revision,
                revision.kind,
                revision.fields.title.as_str(),
                revision.by.as_str(),
                revision.at,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (1, ChangeKind::Created, "first", "author-1", stamp(1).at),
            (2, ChangeKind::Updated, "second", "author-2", stamp(2).at),
            (3, ChangeKind::Deleted, "second", "author-3", stamp(3).at),
        ]
    );
}

/// Sequence numbers are 1, 2, 3… without gaps, across rejected writes and restarts, and can be read in batches.
pub async fn the_change_log_is_dense_and_survives<S: Subject>(subject: S) {
    let store = subject.store();
    assert_eq!(store.last_sequence().await.unwrap(), Sequence(0));
    assert_eq!(store.changes_after(Sequence(0), 10).await.unwrap(), []);
    let first = store.create_spell(keyed("a", "a"), stamp(0)).await.unwrap();
    let second = store.create_spell(spell("b"), stamp(1)).await.unwrap();
    let _ = store.create_spell(keyed("a", "refused"), stamp(2)).await.unwrap_err();
    let third = store.update_spell(first.value.id, spell("a2"), None, stamp(3)).await.unwrap();
    let fourth = store.delete_spell(second.value.id, None, stamp(4)).await.unwrap();
    assert_eq!(
        [first.sequence, second.sequence, third.sequence, fourth],
        [Sequence(1), Sequence(2), Sequence(3), Sequence(4)]
    );
    drop(store);
    let subject = subject.reopen().await;
    let store = subject.store();
    assert_eq!(store.last_sequence().await.unwrap(), Sequence(4));
    let changes = store.changes_after(Sequence(0), 100).await.unwrap();
    let told: Vec<_> =
        changes.iter().map(|change| (change.sequence.0, change.spell.0, change.kind)).collect();
    let expected = [
        (1, 1, ChangeKind::Created),
        (2, 2, ChangeKind::Created),
        (3, 1, ChangeKind::Updated),
        (4, 2, ChangeKind::Deleted),
    ];
    assert_eq!(told, expected);
    assert_eq!(store.changes_after(Sequence(1), 2).await.unwrap(), changes[1..3]);
    assert_eq!(store.changes_after(Sequence(4), 2).await.unwrap(), []);
    assert_eq!(store.changes_after(Sequence(u64::MAX), 2).await.unwrap(), []);
    assert_eq!(store.create_spell(spell("c"), stamp(5)).await.unwrap().sequence, Sequence(5));
}

/// Error type and tag ignore letter case, and a spell must match all given fields.
pub async fn filters_fold_case_and_combine<S: Subject>(subject: S) {
    let store = subject.store();
    let add = async |title: &str, error_type: &str, tags: &[&str], status: SpellStatus| {
        let fields = SpellFields {
            error_type: error_type.to_owned(),
            tags: tags.iter().copied().map(str::to_owned).collect(),
            status,
            ..fields(title)
        };
        store.create_spell(fields.validate().unwrap(), stamp(0)).await.unwrap();
    };
    add("one", "TypeError", &["Python", "Ärger"], SpellStatus::Active).await;
    add("two", "typeerror", &["python", "PYTHON"], SpellStatus::Draft).await;
    add("three", "TypeErrors", &["py"], SpellStatus::Active).await;
    add("four", "KeyError", &["python"], SpellStatus::Retired).await;
    let filter = |error_type: Option<&str>, tag: Option<&str>, status| SpellFilter {
        error_type: error_type.map(str::to_owned),
        tag: tag.map(str::to_owned),
        status,
    };
    assert_eq!(titles(&store, filter(None, None, None)).await, ["one", "two", "three", "four"]);
    assert_eq!(titles(&store, filter(Some("TYPEERROR"), None, None)).await, ["one", "two"]);
    assert_eq!(titles(&store, filter(None, Some("pyTHon"), None)).await, ["one", "two", "four"]);
    assert_eq!(titles(&store, filter(None, Some("ärger"), None)).await, ["one"]);
    assert_eq!(titles(&store, filter(None, None, Some(SpellStatus::Active))).await, ["one", "three"]);
    assert_eq!(
        titles(&store, filter(Some("typeError"), Some("python"), Some(SpellStatus::Draft))).await,
        ["two"]
    );
    assert_eq!(titles(&store, filter(None, Some("python"), Some(SpellStatus::Retired))).await, ["four"]);
    assert_eq!(titles(&store, filter(Some("TypeError"), None, Some(SpellStatus::Active))).await, ["one"]);
    assert!(titles(&store, filter(Some("Type"), None, None)).await.is_empty());
    assert!(titles(&store, filter(Some("KeyError"), Some("py"), None)).await.is_empty());
    assert!(titles(&store, filter(Some(""), None, None)).await.is_empty());
}

/// A filter matches the current state of a spell, not earlier ones.
pub async fn filters_follow_changes<S: Subject>(subject: S) {
    let store = subject.store();
    let id = store.create_spell(spell("moving"), stamp(0)).await.unwrap().value.id;
    let tagged = |tag: &str| SpellFilter { tag: Some(tag.to_owned()), ..SpellFilter::default() };
    let changed = SpellFields {
        tags: ["types", "new"].map(str::to_owned).into(),
        error_type: "KeyError".to_owned(),
        status: SpellStatus::Retired,
        ..fields("moved")
    };
    store.update_spell(id, changed.validate().unwrap(), None, stamp(1)).await.unwrap();
    assert!(titles(&store, tagged("python")).await.is_empty());
    assert_eq!(titles(&store, tagged("types")).await, ["moved"]);
    assert_eq!(titles(&store, tagged("NEW")).await, ["moved"]);
    let typed = |name: &str| SpellFilter { error_type: Some(name.to_owned()), ..SpellFilter::default() };
    assert!(titles(&store, typed("TypeError")).await.is_empty());
    assert_eq!(titles(&store, typed("keyerror")).await, ["moved"]);
    let in_status = |status| SpellFilter { status: Some(status), ..SpellFilter::default() };
    assert!(titles(&store, in_status(SpellStatus::Active)).await.is_empty());
    assert_eq!(titles(&store, in_status(SpellStatus::Retired)).await, ["moved"]);
    store.delete_spell(id, None, stamp(2)).await.unwrap();
    for filter in
        [tagged("types"), typed("keyerror"), in_status(SpellStatus::Retired), SpellFilter::default()]
    {
        assert!(titles(&store, filter).await.is_empty());
    }
}

/// Unknown ids are left out and repeated ones returned again, for short and long lists.
pub async fn get_spells_keeps_the_order_asked_for<S: Subject>(subject: S) {
    let store = subject.store();
    store.import_spells((0..200).map(|n| spell(&format!("spell {n}"))).collect(), stamp(0)).await.unwrap();
    let ids = [7, 3, 999, 7, 1].map(SpellId);
    let found = store.get_spells(&ids).await.unwrap();
    assert_eq!(found.iter().map(|spell| spell.id.0).collect::<Vec<_>>(), [7, 3, 7, 1]);
    assert_eq!(found[1].fields.title, "spell 2");
    let many: Vec<_> = (0..=201).rev().map(SpellId).collect();
    let found = store.get_spells(&many).await.unwrap();
    assert_eq!(found.iter().map(|spell| spell.id.0).collect::<Vec<_>>(), (1..=200).rev().collect::<Vec<_>>());
    assert!(store.get_spells(&[]).await.unwrap().is_empty());
}

/// The rules of `import_spells`, with one spell for each.
pub async fn an_import_creates_updates_and_leaves_alone<S: Subject>(subject: S) {
    let store = subject.store();
    store.create_spell(keyed("same", "same"), stamp(0)).await.unwrap();
    store.create_spell(keyed("changes", "before"), stamp(0)).await.unwrap();
    store.create_spell(spell("without a key"), stamp(0)).await.unwrap();
    let batch = vec![
        keyed("same", "same"),
        keyed("changes", "after"),
        keyed("new", "new"),
        spell("without a key"),
        spell("another without a key"),
        keyed("like-the-keyless", "without a key"),
    ];
    let written = store.import_spells(batch, stamp(1)).await.unwrap();
    assert_eq!(written.value, ImportSummary { created: 3, updated: 1, unchanged: 2 });
    assert_eq!(written.sequence, Sequence(7));
    assert_eq!(store.last_sequence().await.unwrap(), Sequence(7));
    let changed = store.get_spell(SpellId(2)).await.unwrap();
    assert_eq!((changed.fields.title.as_str(), changed.revision), ("after", 2));
    assert_eq!(store.get_spell(SpellId(1)).await.unwrap().revision, 1);
    assert_eq!(store.spell_revisions(SpellId(2)).await.unwrap()[1].by, "author-1");
    assert_eq!(
        titles(&store, SpellFilter::default()).await,
        ["same", "after", "without a key", "new", "another without a key", "without a key"]
    );
}

/// A batch that names a key twice, or contains a spell twice, is processed in order.
pub async fn an_import_sees_its_own_batch<S: Subject>(subject: S) {
    let store = subject.store();
    let batch = vec![keyed("k", "one"), spell("twin"), keyed("k", "two"), spell("twin"), keyed("k", "two")];
    let written = store.import_spells(batch, stamp(0)).await.unwrap();
    assert_eq!(written.value, ImportSummary { created: 2, updated: 1, unchanged: 2 });
    assert_eq!(titles(&store, SpellFilter::default()).await, ["two", "twin"]);
    // A deleted spell is not an existing one.
    store.delete_spell(SpellId(2), None, stamp(1)).await.unwrap();
    let written = store.import_spells(vec![spell("twin")], stamp(2)).await.unwrap();
    assert_eq!(written.value, ImportSummary { created: 1, updated: 0, unchanged: 0 });
    // Nor is one whose fields have changed.
    store.update_spell(SpellId(3), spell("changed twin"), None, stamp(3)).await.unwrap();
    let written = store.import_spells(vec![spell("twin"), spell("changed twin")], stamp(4)).await.unwrap();
    assert_eq!(written.value, ImportSummary { created: 1, updated: 0, unchanged: 1 });
}

/// An empty batch, or one without changes, leaves the change log unchanged.
pub async fn an_import_of_nothing_new_changes_nothing<S: Subject>(subject: S) {
    let store = subject.store();
    let written = store.import_spells(Vec::new(), stamp(0)).await.unwrap();
    assert_eq!((written.value, written.sequence), (ImportSummary::default(), Sequence(0)));
    let batch: Vec<ValidSpell> = vec![keyed("a", "a"), spell("b")];
    store.import_spells(batch.clone(), stamp(1)).await.unwrap();
    let again = store.import_spells(batch, stamp(2)).await.unwrap();
    assert_eq!(again.value, ImportSummary { created: 0, updated: 0, unchanged: 2 });
    assert_eq!(again.sequence, Sequence(2));
    assert_eq!(store.get_spell(SpellId(1)).await.unwrap().updated_at, None);
}

/// A batch of two thousand spells, half of them without keys.
pub async fn a_large_import_can_be_repeated<S: Subject>(subject: S) {
    let store = subject.store();
    let batch: Vec<_> = (0..2_000)
        .map(|n| if n % 2 == 0 { keyed(&format!("key-{n}"), "keyed") } else { spell(&format!("spell {n}")) })
        .collect();
    let first = store.import_spells(batch.clone(), stamp(0)).await.unwrap();
    assert_eq!(first.value, ImportSummary { created: 2_000, updated: 0, unchanged: 0 });
    let second = store.import_spells(batch, stamp(1)).await.unwrap();
    assert_eq!(second.value, ImportSummary { created: 0, updated: 0, unchanged: 2_000 });
    let changes = store.changes_after(Sequence(1_990), 100).await.unwrap();
    assert_eq!(changes.len(), 10);
}

/// The store's id is created once.
pub async fn the_store_id_lasts<S: Subject>(subject: S) {
    let id = subject.store().store_id().await.unwrap();
    assert!(!id.is_empty());
    let subject = subject.reopen().await;
    assert_eq!(subject.store().store_id().await.unwrap(), id);
}
