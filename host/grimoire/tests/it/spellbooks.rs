//! Spellbook files: the shipped one, import and export.

use std::collections::BTreeSet;

use grimoire_domain::pattern::ErrorPattern;

use crate::process::Place;

#[test]
fn the_starter_spellbook_is_right_with_all_its_samples() {
    let ended = Place::new().run(&["spells", "check", "starter"], b"");
    assert_eq!(ended.code(), 0, "{}", ended.complaint());
}

#[test]
fn a_spellbook_is_kept_without_plugins() {
    let place = Place::new();
    let cache = place.path().join("cache");
    let run = |arguments: &[&str]| {
        let ended = place.grimoire(arguments).env("XDG_CACHE_HOME", &cache).output().expect("it ends");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        String::from_utf8_lossy(&ended.stdout).into_owned()
    };
    let fields = "description: d\nerror_type: quux\nerror_pattern: the quux is gone\nsolution_code: s\n";
    place.file("one.yaml", format!("title: The quux is gone\n{fields}"));
    run(&["spells", "add", "one.yaml"]);
    assert!(run(&["spells", "search", "quux"]).contains("The quux is gone"));
    let compiled = std::fs::read_dir(cache.join("grimoire/compiled")).into_iter().flatten().flatten();
    assert_eq!(compiled.filter(|entry| entry.path().extension() == Some("code".as_ref())).count(), 0);
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
        "c",
        "cpp",
        "docker",
        "git",
        "github-actions",
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

/// A pattern that matches another spell's samples shows a wrong fix. A general spell may match together with a
/// special one (any missing module, and one that the language removed) if the special one is more specific.
#[test]
fn no_pattern_of_the_starter_spellbook_outdoes_another_on_its_own_samples() {
    let spells = grimoire::spellbook::starter().expect("it parses");
    let patterns: Vec<_> = spells
        .iter()
        .map(|spell| ErrorPattern::parse(&spell.error_pattern).expect("another test names what is wrong"))
        .collect();
    let specificity =
        |index: usize, text: &str| patterns[index].find(text).map(|found| patterns[index].specificity(found));
    // Thousands of patterns meet ten thousand texts; a search for their literals rules out nearly all.
    let needles: Vec<Option<Vec<String>>> = patterns
        .iter()
        .map(|pattern| pattern.needles()?.into_iter().map(|needle| String::from_utf8(needle).ok()).collect())
        .collect();
    let may_match = |index: usize, lower: &str| {
        needles[index].as_ref().is_none_or(|needles| needles.iter().any(|needle| lower.contains(needle)))
    };
    let mut faults = Vec::new();
    for (owner, spell) in spells.iter().enumerate() {
        for text in &spell.samples.must_match {
            let own = specificity(owner, text).unwrap_or_default();
            let lower = text.to_lowercase();
            for other in (0..spells.len()).filter(|other| *other != owner && may_match(*other, &lower)) {
                // A general spell yields to every other one, a hint to every fix.
                let is_only = |tag: &str| spells[other].tags.contains(tag) && !spell.tags.contains(tag);
                let yields = is_only("general") || is_only("hint");
                if !yields && specificity(other, text).is_some_and(|told| told >= own) {
                    faults.push(format!("{:?} hits a sample of {:?}: {text}", spells[other].key, spell.key));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Output of successful runs: warnings, retries, names of tests that mention errors, skipped ones.
#[test]
fn no_pattern_of_the_starter_spellbook_hits_a_green_log() {
    let green = include_str!("green/logs.txt");
    let spells = grimoire::spellbook::starter().expect("it parses");
    let mut faults = Vec::new();
    for spell in &spells {
        let pattern = ErrorPattern::parse(&spell.error_pattern).expect("another test names what is wrong");
        let found = green.lines().chain([green]).find_map(|text| pattern.find(text));
        faults.extend(found.map(|found| format!("{:?} finds {found}", spell.key)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
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
fn an_export_imports_as_the_same_book_in_every_notation() {
    let place = Place::new();
    assert_eq!(place.run(&["spells", "import", "starter"], b"").code(), 0);
    for name in ["book.yaml", "book.json", "book.md"] {
        assert_eq!(place.run(&["spells", "export", name], b"").code(), 0);
        let again = place.run(&["spells", "import", name], b"");
        assert!(again.output().starts_with("0 created, 0 updated, "), "{name}: {}", again.output());
    }
}

#[test]
fn an_export_replaces_no_file_unless_it_is_told_to() {
    let place = Place::new();
    let spell = "{key: one, title: t, description: d, error_type: e, error_pattern: quux, solution_code: s}";
    place.file("book.yaml", format!("version: 1\nspells:\n  - {spell}\n"));
    assert_eq!(place.run(&["spells", "import", "book.yaml"], b"").code(), 0);
    let notes = place.file("notes.md", "my own notes");
    let refused = place.run(&["spells", "export", "notes.md"], b"");
    assert_eq!(refused.code(), 64, "{}", refused.complaint());
    assert!(
        refused.complaint().contains("notes.md exists already: --force replaces it"),
        "{}",
        refused.complaint()
    );
    assert_eq!(std::fs::read_to_string(&notes).expect("it is still there"), "my own notes");
    let forced = place.run(&["spells", "export", "notes.md", "--force"], b"");
    assert_eq!(forced.code(), 0, "{}", forced.complaint());
    let exported = std::fs::read_to_string(&notes).expect("it is still there");
    assert!(exported.contains("quux") && !exported.contains("my own notes"), "{exported}");
    // A device has nothing to lose.
    let printed = place.run(&["spells", "export", "/dev/stdout", "--notation", "json"], b"");
    assert!(printed.output().contains("\"spells\""), "{}{}", printed.output(), printed.complaint());
}

#[test]
fn a_spell_that_covers_its_code_does_so_after_an_export() {
    let place = Place::new();
    let head = "title: t, description: d, error_type: zz-991, error_pattern: quux, solution_code: s";
    let book = format!(
        "version: 1\nspells:\n  - {{key: one, {head}, covers_code: true}}\n  - {{key: two, {head}}}\n"
    );
    place.file("book.yaml", &book);
    assert_eq!(place.run(&["spells", "import", "book.yaml"], b"").code(), 0);
    for name in ["again.yaml", "again.json", "again.md"] {
        assert_eq!(place.run(&["spells", "export", name], b"").code(), 0);
        let again = std::fs::read_to_string(place.path().join(name)).expect("it was written");
        let spells = grimoire::spellbook::parse(name, &again).expect("it parses");
        let covers = |key: &str| {
            let spell = spells.iter().find(|spell| spell.key.as_deref() == Some(key));
            spell.unwrap_or_else(|| panic!("{key} is missing in {again}")).covers_code
        };
        assert!(covers("one") && !covers("two"), "{again}");
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
