//! The contracts agree with their documentation. Nothing is released yet: the first release freezes each
//! package's text, and this test then requires the frozen copy.

mod support;

use std::fs;

use support::root;

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

const WORLDS: [&str; 3] = ["types", "analyzer", "matcher"];

/// The version of a package, from its text.
fn version(world: &str) -> String {
    let path = format!("wit/{world}/{world}.wit");
    let text = text(&path);
    let package = text.lines().find_map(|line| line.strip_prefix(&format!("package grimoire:{world}@")));
    package.and_then(|rest| rest.strip_suffix(';')).unwrap_or_else(|| panic!("{path}: no package")).to_owned()
}

#[test]
fn packages_have_the_version_that_the_policy_says_is_not_released() {
    let policy = text("wit/README.md");
    let unreleased = policy
        .lines()
        .find_map(|line| line.strip_prefix("Not released: `")?.split_once('`'))
        .map(|(version, _)| version.to_owned())
        .expect("the policy says which version is not released");
    for world in WORLDS {
        assert_eq!(version(world), unreleased, "{world}: say in wit/README.md what is released");
    }
    assert!(
        !root().join("wit/frozen").exists(),
        "wit/frozen comes with the first release: bind it, and say so in wit/README.md"
    );
}

#[test]
fn packages_use_each_other_in_their_present_versions() {
    for world in WORLDS {
        let text = text(&format!("wit/{world}/{world}.wit"));
        for used in text.split("grimoire:types/").skip(1) {
            let (_, rest) = used.split_once('@').expect("a version");
            assert!(rest.starts_with(&version("types")), "{world} uses grimoire:types/{used:.30}");
        }
    }
}
