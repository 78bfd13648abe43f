//! Search results and their order.

use grimoire_domain::page::PageRequest;
use grimoire_domain::spell::{SpellFields, SpellId, SpellStatus};
use grimoire_ports::search::{Passage, SpellSearch as _};
use grimoire_ports::store::SpellStore as _;

use crate::support::*;

/// A search over some spells with different subjects.
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
    store.rewrite(SpellId(2), with(SpellStatus::Retired)).await;
    store.rewrite(SpellId(1), with(SpellStatus::Active)).await;
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
        let page = search.search("same words", page).await.expect("answered").hits;
        assert_eq!(page.total, 30);
        walked.extend(ids(&page.items));
    }
    assert_eq!(walked, all);
    let beyond = PageRequest::new(u64::MAX, 1).expect("a page");
    assert_eq!(search.search("same", beyond).await.expect("answered").hits.items, []);
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

/// Number of spells that a query finds.
async fn total(search: &grimoire_search_tantivy::TantivySearch, query: &str) -> u64 {
    let page = PageRequest::new(0, 1).expect("a page");
    search.search(query, page).await.expect("answered").hits.total
}

#[tokio::test]
async fn most_words_have_to_match_and_the_total_counts_those_that_do() {
    let folder = folder();
    let store = TestStore::new("x");
    for title in ["alpha beta gamma", "alpha beta", "alpha", "gamma-delta.beta"] {
        store.write(spell(title)).await;
    }
    let search = open(folder.path(), &store).await;
    settle(&search, &store).await;
    for (query, expected) in [
        ("alpha ", 3),
        ("alpha beta ", 2),
        ("alpha beta gamma ", 3),
        ("how do I fix the alpha with beta ", 2),
        ("alpha quetzalcoatl ", 3),
        ("alpha delta ", 4),
        ("alpha 'gamma' ", 3),
        ("alpha src/components/delta ", 3),
        ("\"beta gamma\"", 1),
        ("\"gamma beta\"", 0),
        ("\"gamma delta\"", 1),
        ("\"delta beta\" gamma", 1),
        ("\"beta quetzalcoatl\"", 3),
        ("alpha -gamma", 2),
        ("alpha -\"beta gamma\"", 2),
        ("beta -alpha", 1),
        ("-delta", 1),
        ("quetzalcoatl", 0),
    ] {
        assert_eq!(total(&search, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn completions_of_the_last_word_count_as_one_word() {
    let folder = folder();
    let store = TestStore::new("x");
    for title in
        ["A widget, its partition, partner, party and particle", "The widget party", "Parts of a widget"]
    {
        store.write(spell(title)).await;
    }
    let search = open(folder.path(), &store).await;
    settle(&search, &store).await;
    assert_eq!(ids(&found(&search, "widget part").await), [3, 2, 1], "the word itself comes first");
    assert_eq!(ids(&found(&search, "widget party").await), [2, 1]);
    assert_eq!(ids(&found(&search, "widget part ").await), [3], "a finished word is not completed");
}

#[tokio::test]
async fn misspelt_words_are_corrected_and_codes_are_not() {
    let folder = folder();
    let store = TestStore::new("x");
    for title in
        ["Permission denied", "Kubernetes rollout", "Conflicting dependency", "Error E0382", "A node"]
    {
        store.write(spell(title)).await;
    }
    let search = open(folder.path(), &store).await;
    settle(&search, &store).await;
    for (query, expected) in [
        ("permision ", &[1][..]),
        ("pemrission denied", &[1]),
        ("kuberntes", &[2]),
        ("kubbernettes ", &[2]),
        ("dependancy ", &[3]),
        ("nodee ", &[5]),
        ("E0383 ", &[]),
        ("nod3 ", &[]),
        ("nde ", &[]),
    ] {
        assert_eq!(ids(&found(&search, query).await), expected, "{query}");
    }
}

#[tokio::test]
async fn names_with_symbols_abbreviations_and_codes_find_what_they_mean() {
    let folder = folder();
    let store = TestStore::new("x");
    for (title, error_type, tags) in [
        ("No matching function for a call", "compile", "cpp"),
        ("Type or namespace not found", "CS0246", "csharp,dotnet"),
        ("JavaScript heap out of memory", "heap", "node"),
        ("NullPointerException with a message", "NullPointerException", "java"),
        ("Pod is not scheduled", "Pending", "kubernetes"),
        ("Invalid read, SIGSEGV", "signal", "c"),
        ("Environment variable not present", "panic", "rust"),
        ("Certificate has expired", "TLS", "network"),
        ("Authentication failed", "401", "git"),
        ("Permission denied on the socket", "socket", "docker"),
        ("Container killed, exit code 137", "137", "docker"),
        ("ES module cannot be resolved", "ERR_MODULE_NOT_FOUND", "esm"),
        ("Argument is not assignable", "TS2345", "typescript"),
        ("Cannot write /etc/resolv.conf", "path", "linux"),
        ("A warning is an error (-Werror)", "gcc", "c"),
        ("The C library is too old: GLIBC is missing symbols", "link", "c"),
        ("The linker cannot find a library: -lquux", "link", "cpp"),
    ] {
        store.write(full_spell(title, error_type, "text:what it prints", "Why.", tags)).await;
    }
    let search = open(folder.path(), &store).await;
    settle(&search, &store).await;
    for (query, expected) in [
        ("C++", 1),
        ("c++ matching function", 1),
        ("C#", 2),
        (".NET", 2),
        (".net namespace", 2),
        ("node.js oom", 3),
        ("nodejs heap", 3),
        ("NPE", 4),
        ("null pointer exception", 4),
        ("k8s pending", 5),
        ("segfault", 6),
        ("segmentation fault ", 6),
        ("env var", 7),
        ("expired cert", 8),
        ("git auth", 9),
        ("docker perm", 10),
        ("exit code 137", 11),
        ("ERR_MODULE_NOT_FOUND", 12),
        ("ts2345", 13),
        ("/etc/resolv.conf", 14),
        ("resolv.conf", 14),
        ("-Werror", 15),
        ("warning -Werror", 15),
        ("cannot find -lquux", 17),
        ("GLIBC_2.34 not found", 16),
    ] {
        assert_eq!(ids(&found(&search, query).await).first(), Some(&expected), "{query}");
    }
}

/// The excerpt of a spell for a query, with the marks in brackets, and its field.
async fn excerpt(
    search: &grimoire_search_tantivy::TantivySearch,
    store: &TestStore,
    query: &str,
) -> (&'static str, String) {
    let page = PageRequest::new(0, 1).expect("a page");
    let results = search.search(query, page).await.expect("answered");
    let spell = store.get_spell(results.hits.items[0].spell).await.expect("stored");
    let excerpt = search.excerpt(&spell, &results.terms).expect("it was found by something");
    let marked = |passage: &Passage| {
        if passage.marked { format!("[{}]", passage.text) } else { passage.text.clone() }
    };
    (excerpt.field, excerpt.passages.iter().map(marked).collect())
}

#[tokio::test]
async fn an_excerpt_marks_what_was_searched_for() {
    let folder = folder();
    let store = TestStore::new("x");
    let long = "Nothing of interest stands here. ".repeat(20);
    let description =
        format!("{long}Set <b>STACK_SIZE</b> for Kubernetes, or the é-widget's environment variables.");
    store.write(full_spell("A widget", "E0382", "text:what it prints", &description, "rust")).await;
    let search = open(folder.path(), &store).await;
    settle(&search, &store).await;
    for (query, field, expected) in [
        ("stack-size", "description", "<b>[STACK_SIZE]</b>"),
        ("k8s wid", "description", "for [Kubernetes], or the é-[widget]'s"),
        ("env var", "description", "[environment] [variables]"),
        ("kuberntes ", "description", "[Kubernetes]"),
        ("\"the é-widget\"", "description", "the [é]-[widget]'s"),
        ("E0382", "error_type", "[E0382]"),
    ] {
        let (found_in, text) = excerpt(&search, &store, query).await;
        assert_eq!(found_in, field, "{query}");
        assert!(text.contains(expected), "{query}: {text}");
        assert!(text.len() < 300, "{query}: {text}");
    }
    let spell = store.get_spell(SpellId(1)).await.expect("stored");
    assert_eq!(search.excerpt(&spell, &["quetzalcoatl".to_owned()].into()), None);
}

#[tokio::test]
async fn the_same_letters_are_the_same_word() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = TestStore::new("x");
    store.write(spell("The re\u{301}sume\u{301} is missing")).await;
    store.write(spell("The r\u{E9}sum\u{E9} is empty")).await;
    let search = open(folder.path(), &store).await;
    settle(&search, &store).await;
    assert_eq!(ids(&found(&search, "r\u{E9}sum\u{E9}").await), [1, 2]);
}
