//! What is found, and in which order.

use grimoire_domain::page::PageRequest;
use grimoire_domain::spell::{SpellFields, SpellStatus};
use grimoire_ports::search::SpellSearch as _;

use crate::support::*;

/// A search over some spells that differ in what they are about.
async fn library(folder: &tempfile::TempDir) -> (TestStore, grimoire_search_tantivy::TantivySearch) {
    let store = TestStore::new("library");
    for fields in [
        full_spell(
            "Use of a moved value",
            "E0382",
            r"use of moved value: `\w+`",
            "Ownership has moved.",
            "rust,borrow",
        ),
        full_spell(
            "Cannot find a name",
            "TS2304",
            r"Cannot find name '\w+'",
            "TypeScript knows no such name.",
            "typescript",
        ),
        full_spell(
            "Module not found",
            "ModuleNotFoundError",
            r"No module named '[\w.]+'",
            "Install it: os.path is no package.",
            "python",
        ),
        full_spell(
            "Unused variable",
            "no-unused-vars",
            "is assigned a value but never used",
            "Remove the unusedVariable.",
            "eslint",
        ),
        full_spell(
            "Needless return",
            "clippy::needless_return",
            "unneeded `return` statement",
            "Drop the keyword.",
            "rust,clippy",
        ),
        full_spell(
            "Connection refused",
            "ECONNREFUSED",
            "connect ECONNREFUSED",
            "Nothing listens at std::net::TcpStream.",
            "node,network",
        ),
    ] {
        store.write(fields).await;
    }
    let search = open(folder.path(), &store).await;
    settle(&search, &store).await;
    (store, search)
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[tokio::test]
async fn the_right_spell_comes_first_by_code_by_type_and_by_words() {
    let folder = folder();
    let (_store, search) = library(&folder).await;
    for (case, expected) in [
        (diagnostic("E0382", Some("E0382"), "value used here after move", ""), 1),
        (diagnostic("", None, "error[E0382]: something", ""), 1),
        (diagnostic("", Some("ts2304"), "?", ""), 2),
        (diagnostic("ModuleNotFoundError", None, "requests", ""), 3),
        (diagnostic("", None, "No module named 'requests'", ""), 3),
        (diagnostic("no_unused_vars", None, "'x' is defined", ""), 4),
        (diagnostic("", None, "'x' is assigned a value but never used", ""), 4),
        (diagnostic("", Some("needless-return"), "?", ""), 5),
        (diagnostic("", None, "failed", "Error: connect ECONNREFUSED 127.0.0.1:5432"), 6),
    ] {
        let hits = search.candidates(&case, 64).await.expect("answered").hits;
        assert_eq!(ids(&hits).first(), Some(&expected), "{case:?} found {hits:?}");
    }
}

#[tokio::test]
async fn typed_words_find_parts_of_identifiers_and_unfinished_words() {
    let folder = folder();
    let (_store, search) = library(&folder).await;
    for (query, expected) in [
        ("moved value", 1),
        ("E0382", 1),
        ("typesc", 2),
        ("os.path", 3),
        ("unusedVariable", 4),
        ("clippy needless_return", 5),
        ("TcpStream", 6),
        ("std::net", 6),
        ("ECONNREF", 6),
    ] {
        assert_eq!(ids(&found(&search, query).await).first(), Some(&expected), "{query}");
    }
    assert_eq!(found(&search, "quetzalcoatl").await, []);
}

#[tokio::test]
async fn only_active_spells_are_candidates_and_search_finds_all() {
    let folder = folder();
    let store = TestStore::new("x");
    let with = |status| SpellFields { status, ..spell("Flaky widget") };
    for status in [SpellStatus::Draft, SpellStatus::Active, SpellStatus::Retired] {
        store.write(with(status)).await;
    }
    let search = open(folder.path(), &store).await;
    settle(&search, &store).await;
    assert_eq!(ids(&candidates(&search, "widget").await), [2]);
    assert_eq!(ids(&found(&search, "widget").await), [1, 2, 3]);
    assert_eq!(search.progress().documents, 1);
    store.rewrite(grimoire_domain::spell::SpellId(2), with(SpellStatus::Retired)).await;
    store.rewrite(grimoire_domain::spell::SpellId(1), with(SpellStatus::Active)).await;
    settle(&search, &store).await;
    assert_eq!(ids(&candidates(&search, "widget").await), [1]);
}

#[tokio::test]
async fn equal_scores_are_ordered_by_id_and_pages_cut_that_order() {
    let folder = folder();
    let store = TestStore::new("x");
    for _ in 0..30 {
        store.write(spell("The same words")).await;
    }
    let search = open(folder.path(), &store).await;
    settle(&search, &store).await;
    let all: Vec<u64> = (1..=30).collect();
    assert_eq!(ids(&found(&search, "same words").await), all);
    assert_eq!(ids(&candidates(&search, "same words").await), all);
    let limited = search.candidates(&diagnostic("", None, "same words", ""), 7).await.expect("answered").hits;
    assert_eq!(ids(&limited), all[..7]);
    let none = search.candidates(&diagnostic("", None, "same words", ""), 0).await.expect("answered").hits;
    assert_eq!(none, []);
    let mut walked = Vec::new();
    for skip in (0..40).step_by(8) {
        let page = PageRequest::new(skip, 8).expect("a page");
        let page = search.search("same words", page).await.expect("answered");
        assert_eq!(page.total, 30);
        walked.extend(ids(&page.items));
    }
    assert_eq!(walked, all);
    let beyond = PageRequest::new(u64::MAX, 1).expect("a page");
    assert_eq!(search.search("same", beyond).await.expect("answered").items, []);
}

#[tokio::test]
async fn any_text_is_a_query() {
    let folder = folder();
    let (_store, search) = library(&folder).await;
    let long = "word ".repeat(20_000);
    let one_word = "a".repeat(100_000);
    let everything = "use of moved value E0382 cannot find name module ".repeat(200);
    for text in [
        "",
        " ",
        "\"unclosed",
        "(((",
        "title:",
        "AND OR NOT",
        "+ - ! ~ ^ [a TO b] {*}",
        "*",
        "\0\u{1b}[31m\u{202E}",
        "数据 🦀 é",
        "\\",
        &long,
        &one_word,
        &everything,
    ] {
        found(&search, text).await;
        candidates(&search, text).await;
        search.candidates(&diagnostic(text, Some(text), text, text), 64).await.expect("answered");
    }
    assert_eq!(ids(&found(&search, &everything).await).first(), Some(&1));
}
