//! Spellbook files: the one that ships, import and export.

use std::collections::BTreeSet;

use grimoire_domain::pattern::ErrorPattern;

use crate::process::Place;

#[test]
fn the_starter_spellbook_is_right_with_all_its_samples() {
    let ended = Place::new().run(&["spells", "check", "starter"], b"");
    assert_eq!(ended.code(), 0, "{}", ended.complaint());
}

#[test]
fn the_starter_spellbook_covers_every_promised_field() {
    let spells = grimoire::spellbook::starter().expect("it parses");
    assert!(spells.len() >= 400, "{} spells", spells.len());
    for tag in [
        "rust",
        "python",
        "javascript",
        "typescript",
        "go",
        "java",
        "kotlin",
        "csharp",
        "c",
        "cpp",
        "ruby",
        "php",
        "docker",
        "kubernetes",
        "terraform",
        "ansible",
        "git",
        "shell",
        "github-actions",
        "gitlab-ci",
    ] {
        assert!(spells.iter().any(|spell| spell.tags.contains(tag)), "no spell is tagged {tag}");
    }
    for spell in &spells {
        let key = spell.key.as_deref().expect("every spell has a key");
        assert!(spell.samples.must_match.len() >= 2, "{key} has too little that it must match");
        assert!(spell.samples.must_not_match.len() >= 2, "{key} has too little that it must not match");
    }
}

#[test]
fn every_key_and_title_of_the_starter_spellbook_is_unique() {
    let spells = grimoire::spellbook::starter().expect("it parses");
    let keys: BTreeSet<_> = spells.iter().map(|spell| spell.key.as_deref()).collect();
    let titles: BTreeSet<_> = spells.iter().map(|spell| spell.title.as_str()).collect();
    assert_eq!(keys.len(), spells.len());
    assert_eq!(titles.len(), spells.len());
}

/// A pattern that hits what another spell is for shows a wrong fix.
#[test]
fn no_pattern_of_the_starter_spellbook_hits_the_samples_of_another_spell() {
    let spells = grimoire::spellbook::starter().expect("it parses");
    let patterns: Vec<_> = spells
        .iter()
        .map(|spell| (spell, ErrorPattern::parse(&spell.error_pattern).expect("it is checked by another test")))
        .collect();
    let mut clashes = Vec::new();
    for other in &spells {
        for text in &other.samples.must_match {
            for (spell, pattern) in &patterns {
                if spell.key != other.key && pattern.find(text).is_some() {
                    clashes.push(format!("{:?} hits a sample of {:?}: {text}", spell.key, other.key));
                }
            }
        }
    }
    assert!(clashes.is_empty(), "{}", clashes.join("\n"));
}

#[test]
fn importing_twice_changes_nothing_the_second_time() {
    let place = Place::new();
    let first = place.run(&["spells", "import", "starter"], b"");
    assert_eq!(first.code(), 0, "{}", first.complaint());
    assert!(first.output().contains(" created, 0 updated, 0 unchanged"), "{}", first.output());
    let second = place.run(&["spells", "import", "starter"], b"");
    assert!(second.output().starts_with("0 created, 0 updated, "), "{}", second.output());
}

#[test]
fn an_export_imports_as_the_same_book_in_both_notations() {
    let place = Place::new();
    assert_eq!(place.run(&["spells", "import", "starter"], b"").code(), 0);
    for name in ["book.yaml", "book.json"] {
        assert_eq!(place.run(&["spells", "export", name], b"").code(), 0);
        let again = place.run(&["spells", "import", name], b"");
        assert!(again.output().starts_with("0 created, 0 updated, "), "{name}: {}", again.output());
    }
}

#[test]
fn a_bad_spellbook_is_refused_whole_and_every_problem_is_named() {
    let place = Place::new();
    place.file(
        "bad.yaml",
        "version: 1\nspells:\n  - {key: one, title: '', description: d, error_type: e, error_pattern: '.*', solution_code: s}\n  \
         - {key: two, title: t, description: d, error_type: e, error_pattern: '(', solution_code: s}\n",
    );
    let ended = place.run(&["spells", "import", "bad.yaml"], b"");
    assert_eq!(ended.code(), 65);
    for part in ["one", "title", "matches everything", "two", "not a valid regular expression"] {
        assert!(ended.complaint().contains(part), "{part} is missing in {}", ended.complaint());
    }
    place.file("typo.yaml", "version: 1\nspells:\n  - {titel: x}\n");
    let typo = place.run(&["spells", "import", "typo.yaml"], b"");
    assert_eq!(typo.code(), 65);
    assert!(
        typo.complaint().contains("titel") && typo.complaint().contains("typo.yaml"),
        "{}",
        typo.complaint()
    );
}
