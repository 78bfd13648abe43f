//! Natural queries over the shipped spellbook. `cargo xtask eval search` measures the same data in more detail.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use grimoire_domain::page::PageRequest;
use grimoire_domain::spell::{SpellFields, SpellId};
use grimoire_ports::search::SpellSearch as _;
use grimoire_ports::store::SpellStore as _;
use serde::Deserialize;

use crate::support::*;

/// A spell in a spellbook file, as search needs it.
#[derive(Deserialize)]
struct Entry {
    key: String,
    title: String,
    description: String,
    error_type: String,
    error_pattern: String,
    solution_code: String,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Deserialize)]
struct Book {
    spells: Vec<Entry>,
}

/// A row of `tests/search/queries.jsonl`.
#[derive(Deserialize)]
struct Case {
    query: String,
    expected: Vec<String>,
}

fn folder(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn starter() -> Vec<SpellFields> {
    let mut spells = Vec::new();
    for entry in fs::read_dir(folder("../grimoire/spellbook")).expect("the spellbook") {
        let path = entry.expect("a file").path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let book: Book = serde_saphyr::from_str(&fs::read_to_string(&path).expect("read")).expect("YAML");
            spells.extend(book.spells.into_iter().map(|entry| SpellFields {
                key: Some(entry.key),
                title: entry.title,
                description: entry.description,
                error_type: entry.error_type,
                error_pattern: entry.error_pattern,
                solution_code: entry.solution_code,
                tags: entry.tags.into_iter().collect(),
                ..SpellFields::default()
            }));
        }
    }
    spells
}

fn cases() -> Vec<Case> {
    let text = fs::read_to_string(folder("../../tests/search/queries.jsonl")).expect("the queries");
    text.lines().map(|line| serde_json::from_str(line).expect("a case")).collect()
}

#[tokio::test]
async fn natural_queries_find_their_spell() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = TestStore::new("starter");
    let spells: Vec<_> = starter().into_iter().map(valid).collect();
    store.import_spells(spells, stamp()).await.expect("imported");
    let search = open(folder.path(), &store).await;
    settle(&search, &store).await;
    let mut keys: BTreeMap<SpellId, String> = BTreeMap::new();
    for spell in store.memory.all_spells() {
        keys.insert(spell.id, spell.fields.key.clone().expect("every spell that ships has a key"));
    }
    let cases = cases();
    let (mut first, mut among_three) = (0, 0);
    for case in &cases {
        let page = PageRequest::new(0, 3).expect("a page");
        let hits = search.search(&case.query, page).await.expect("answered").hits.items;
        let found: Vec<&str> = hits.iter().map(|hit| &*keys[&hit.spell]).collect();
        let place = found.iter().position(|key| case.expected.iter().any(|expected| expected == key));
        first += usize::from(place == Some(0));
        among_three += usize::from(place.is_some());
        if place != Some(0) {
            println!("{:?} found {found:?} instead of {:?}", case.query, case.expected);
        }
    }
    assert!(cases.len() >= 120, "{} queries", cases.len());
    assert!(first * 100 >= cases.len() * 95, "first for {first} of {}", cases.len());
    assert!(
        among_three * 100 >= cases.len() * 98,
        "among the first three for {among_three} of {}",
        cases.len()
    );
}
