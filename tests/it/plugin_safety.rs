//! `docs/plugin-safety.md` names a test for everything that a hostile plugin can try, and the test exists.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The pairs of file and test in the last column of the page's tables.
fn named() -> Vec<(String, String)> {
    let page = std::fs::read_to_string(root().join("docs/plugin-safety.md")).expect("the page");
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.contains(".rs` "));
    rows.flat_map(|row| {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().expect("a column");
        let words: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!words.is_empty() && words.len().is_multiple_of(2), "pairs of a file and a test: {row}");
        words.chunks(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect::<Vec<_>>()
    })
    .collect()
}

fn text(file: &str) -> String {
    let path =
        if file.contains('/') { file.to_owned() } else { format!("host/grimoire-runtime/tests/{file}") };
    std::fs::read_to_string(root().join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_row_of_the_page_names_a_test_that_exists() {
    let named = named();
    assert!(named.len() > 70, "only {} tests are named", named.len());
    for (file, test) in named {
        let text = text(&file);
        let is_there = text.contains(&format!("fn {test}(")) || text.contains(&format!("(\"{test}\", "));
        assert!(is_there, "{file} has neither a test nor a guest {test}");
    }
}
