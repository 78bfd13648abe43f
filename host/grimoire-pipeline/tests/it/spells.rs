//! The spellbook.

use std::collections::BTreeSet;
use std::sync::Mutex;

use futures::TryStreamExt as _;
use grimoire_domain::actor::{Actor, Permission};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::PageRequest;
use grimoire_domain::spell::{SpellFields, SpellId, SpellStatus};
use grimoire_pipeline::{SpellPatch, SpellQuery};
use grimoire_ports::store::SpellFilter;
use proptest::prelude::*;

use crate::world::{World, block_on, moved_value, spell_about};

fn words(q: &str, filter: SpellFilter) -> SpellQuery {
    SpellQuery { q: Some(q.to_owned()), filter }
}

async fn titles(world: &World, query: &SpellQuery, page: PageRequest) -> (Vec<String>, u64) {
    let found = world.pipeline.list_spells(query, page, &Actor::COMMAND_LINE).await.expect("listed");
    (found.items.iter().map(|listed| listed.spell.fields.title.clone()).collect(), found.total)
}

#[tokio::test]
async fn every_broken_field_is_named_at_once() {
    let world = World::new();
    let error =
        world.pipeline.create_spell(SpellFields::default(), &Actor::COMMAND_LINE).await.expect_err("empty");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let fields: Vec<&str> = error.field_errors().iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["title", "description", "error_type", "solution_code", "error_pattern"]);
}

#[tokio::test]
async fn an_export_holds_few_spells_before_they_are_asked_for() {
    let world = World::new();
    let actor = &Actor::COMMAND_LINE;
    for number in 1..=200 {
        world.pipeline.create_spell(spell_about(&format!("thing {number}")), actor).await.expect("stored");
    }
    let mut exported = world.pipeline.export_spells(actor).expect("allowed");
    exported.try_next().await.expect("exported").expect("the first spell");
    for id in 101..=200 {
        world.pipeline.delete_spell(SpellId(id), None, actor).await.expect("deleted");
    }
    let rest: Vec<_> = exported.try_collect().await.expect("exported");
    assert_eq!(rest.len(), 99, "spells that were deleted meanwhile were not read before");
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_keeps_the_rest() {
    let world = World::new();
    let spell = world.moved_value_spell().await;
    let ann = Actor::Token { label: "ann".to_owned(), permission: Permission::Write };
    let patch = SpellPatch { title: Some("Moved".to_owned()), key: Some(None), ..SpellPatch::default() };
    let patched = world.pipeline.patch_spell(spell.id, patch, Some(1), &ann).await.expect("patched").value;
    assert_eq!((patched.fields.title.as_str(), patched.revision), ("Moved", 2));
    assert_eq!(patched.fields.key, None);
    assert_eq!(patched.fields.solution_code, spell.fields.solution_code);
    let stale = SpellPatch { title: Some("Late".to_owned()), ..SpellPatch::default() };
    let error =
        world.pipeline.patch_spell(spell.id, stale, Some(1), &Actor::COMMAND_LINE).await.expect_err("stale");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let revisions = world.pipeline.spell_revisions(spell.id, &Actor::COMMAND_LINE).await.expect("kept");
    assert_eq!(
        revisions.iter().map(|kept| kept.by.as_str()).collect::<Vec<_>>(),
        ["system:command line", "token:ann"]
    );
}

#[tokio::test]
async fn a_patch_that_takes_the_key_of_another_spell_is_a_conflict() {
    let world = World::new();
    world.moved_value_spell().await;
    let other =
        world.pipeline.create_spell(spell_about("linker"), &Actor::COMMAND_LINE).await.expect("valid").value;
    let patch = SpellPatch { key: Some(Some("moved-value".to_owned())), ..SpellPatch::default() };
    let error =
        world.pipeline.patch_spell(other.id, patch, None, &Actor::COMMAND_LINE).await.expect_err("taken");
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn undo_brings_a_revision_back_and_a_deleted_spell_under_a_new_id() {
    let world = World::new();
    let spell = world.moved_value_spell().await;
    let mut changed = moved_value();
    changed.title = "Worse".to_owned();
    world.pipeline.replace_spell(spell.id, changed, None, &Actor::COMMAND_LINE).await.expect("replaced");
    let undone = world.pipeline.restore_spell(spell.id, 1, None, &Actor::COMMAND_LINE).await.expect("undone");
    assert!(!undone.was_deleted);
    let undone = undone.written.value;
    assert_eq!((undone.id, undone.revision), (spell.id, 3));
    assert_eq!(undone.fields, spell.fields);
    let missing = world
        .pipeline
        .restore_spell(spell.id, 9, None, &Actor::COMMAND_LINE)
        .await
        .expect_err("no revision 9");
    assert_eq!(missing.kind(), ErrorKind::NotFound);

    world.pipeline.delete_spell(spell.id, Some(3), &Actor::COMMAND_LINE).await.expect("deleted");
    let back =
        world.pipeline.restore_spell(spell.id, 3, None, &Actor::COMMAND_LINE).await.expect("brought back");
    assert!(back.was_deleted);
    assert_eq!((back.written.value.id, back.written.value.revision), (spell.id, 5));
    assert_eq!(back.written.value.fields, spell.fields);
}

#[tokio::test]
async fn words_and_filters_narrow_a_list_together() {
    let world = World::new();
    for (word, tag) in [("linker", "rust"), ("borrow", "rust"), ("linker", "c")] {
        let mut fields = spell_about(word);
        fields.title = format!("{word} in {tag}");
        fields.tags = BTreeSet::from([tag.to_owned()]);
        world.pipeline.create_spell(fields, &Actor::COMMAND_LINE).await.expect("valid");
    }
    let page = PageRequest::default();
    let rust = SpellFilter { tag: Some("Rust".to_owned()), ..SpellFilter::default() };
    let every = SpellFilter::default();
    let found = titles(&world, &words("linker", every.clone()), page).await;
    assert_eq!(found, (vec!["linker in rust".to_owned(), "linker in c".to_owned()], 2));
    let found = titles(&world, &words("linker", rust.clone()), page).await;
    assert_eq!(found, (vec!["linker in rust".to_owned()], 1));
    let second = PageRequest::new(1, 1).expect("valid");
    let found = titles(&world, &words("in", rust.clone()), second).await;
    assert_eq!(found, (vec!["borrow in rust".to_owned()], 2));
    let blank = words("  ", rust);
    assert_eq!(titles(&world, &blank, page).await.1, 2, "blank words do not search");
    let retired = SpellFilter { status: Some(SpellStatus::Retired), ..every };
    assert_eq!(titles(&world, &words("linker", retired), page).await.1, 0);
}

#[tokio::test]
async fn an_import_names_every_broken_field_of_every_spell_and_writes_nothing() {
    let world = World::new();
    let mut nameless = moved_value();
    nameless.title = String::new();
    let mut endless = spell_about("linker");
    endless.error_pattern = ".*".to_owned();
    let spells = vec![moved_value(), nameless, endless];
    let error =
        world.pipeline.import_spells(spells, &Actor::COMMAND_LINE, &|_, _| {}).await.expect_err("broken");
    let fields: Vec<&str> = error.field_errors().iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["spells[1].key", "spells[1].title", "spells[2].error_pattern"]);
    assert!(error.field_errors()[1].message.contains("moved-value"));
    let empty = world
        .pipeline
        .list_spells(&SpellQuery::default(), PageRequest::default(), &Actor::COMMAND_LINE)
        .await;
    assert_eq!(empty.expect("listed").total, 0);
}

#[tokio::test]
async fn an_import_goes_in_batches_and_a_second_one_changes_nothing() {
    let world = World::new();
    let book: Vec<SpellFields> = (0..1_200)
        .map(|number| SpellFields { key: Some(format!("spell-{number}")), ..spell_about("linker") })
        .collect();
    let heard = Mutex::new(Vec::new());
    let progress = |done, total| heard.lock().expect("not poisoned").push((done, total));
    let first = world
        .pipeline
        .import_spells(book.clone(), &Actor::COMMAND_LINE, &progress)
        .await
        .expect("good")
        .value;
    assert_eq!((first.created, first.updated, first.unchanged), (1_200, 0, 0));
    let heard = heard.into_inner().expect("not poisoned");
    assert_eq!(heard, [(0, 1_200), (500, 1_200), (1_000, 1_200), (1_200, 1_200)]);
    let second =
        world.pipeline.import_spells(book, &Actor::COMMAND_LINE, &|_, _| {}).await.expect("good").value;
    assert_eq!((second.created, second.updated, second.unchanged), (0, 0, 1_200));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn an_export_holds_every_spell_that_exists_once(count in 0_usize..40, deleted: Vec<prop::sample::Index>) {
        block_on(async {
            let world = World::new();
            let mut expected = Vec::new();
            for number in 0..count {
                let fields = spell_about(&format!("word{number}"));
                expected.push(world.pipeline.create_spell(fields, &Actor::COMMAND_LINE).await.expect("valid").value);
            }
            for index in deleted {
                if !expected.is_empty() {
                    let gone = expected.remove(index.index(expected.len()));
                    world.pipeline.delete_spell(gone.id, None, &Actor::COMMAND_LINE).await.expect("deleted");
                }
            }
            let exported: Vec<_> = world.pipeline.export_spells(&Actor::COMMAND_LINE).expect("allowed").try_collect().await.expect("exported");
            prop_assert_eq!(&exported, &expected);
            let ids: Vec<SpellId> = exported.iter().map(|spell| spell.id).collect();
            prop_assert!(ids.is_sorted());
            Ok(())
        })?;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn changes_without_a_condition_never_lose_against_each_other() {
    let world = World::new();
    let spell = world.moved_value_spell().await;
    let changes = (0..200).map(|number| {
        let (pipeline, id) = (world.pipeline.clone(), spell.id);
        tokio::spawn(async move {
            let patch = SpellPatch { title: Some(format!("number {number}")), ..SpellPatch::default() };
            pipeline.patch_spell(id, patch, None, &Actor::COMMAND_LINE).await
        })
    });
    for change in futures::future::join_all(changes).await {
        change.expect("no panic").expect("changed");
    }
    let now = world.pipeline.get_spell(spell.id, &Actor::COMMAND_LINE).await.expect("there");
    assert_eq!(now.revision, 201);
}

#[tokio::test]
async fn a_search_tells_how_well_each_spell_answers_it_and_where() {
    let world = World::new();
    world.moved_value_spell().await;
    let list = async |query: SpellQuery| {
        let listed = world.pipeline.list_spells(&query, PageRequest::default(), &Actor::COMMAND_LINE).await;
        listed.expect("listed").items
    };
    let active = SpellFilter { status: Some(SpellStatus::Active), ..SpellFilter::default() };
    for filter in [SpellFilter::default(), active] {
        let found = list(words("moved", filter)).await;
        let relevance = found[0].relevance.as_ref().expect("something was searched for");
        assert!(relevance.score > 0.0);
        let excerpt = relevance.excerpt.as_ref().expect("the title says it");
        let marked = excerpt.passages.iter().filter(|passage| passage.marked);
        assert_eq!(marked.map(|passage| passage.text.trim()).collect::<Vec<_>>(), ["moved"]);
    }
    assert_eq!(list(SpellQuery::default()).await[0].relevance, None);
}
