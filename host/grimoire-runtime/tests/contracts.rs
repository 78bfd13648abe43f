//! Released contracts never change.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use support::root;

fn digest(path: &Path) -> String {
    hex::encode(Sha256::digest(fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))))
}

/// Path → digest, as recorded.
fn recorded() -> BTreeMap<String, String> {
    let sums = fs::read_to_string(root().join("wit/frozen/SHA256SUMS")).expect("the recorded digests");
    let entry = |line: &str| {
        let (digest, path) = line.split_once("  ").expect("a digest and a path");
        (path.to_owned(), digest.to_owned())
    };
    sums.lines().map(entry).collect()
}

#[test]
fn frozen_text_is_what_was_released() {
    let folder = root().join("wit/frozen");
    let mut present = BTreeMap::new();
    for package in fs::read_dir(&folder).expect("the folder") {
        let package = package.expect("an entry");
        if !package.file_type().expect("a type").is_dir() {
            continue;
        }
        for file in fs::read_dir(package.path()).expect("a package") {
            let path = file.expect("an entry").path();
            let name = path.strip_prefix(&folder).expect("inside").to_str().expect("text").to_owned();
            present.insert(name, digest(&path));
        }
    }
    assert_eq!(present, recorded());
}

#[test]
fn working_text_under_a_released_number_is_the_released_text() {
    for world in ["types", "analyzer", "matcher"] {
        let working = root().join(format!("wit/{world}/{world}.wit"));
        let text = fs::read_to_string(&working).expect("the working text");
        let package =
            text.lines().find_map(|line| line.strip_prefix("package grimoire:")).expect("a package");
        let frozen = package.trim_end_matches(';').replace('@', "-");
        if let Some(digest_of_release) = recorded().get(&format!("{frozen}/{world}.wit")) {
            assert_eq!(&digest(&working), digest_of_release, "{world}: change the version with the text");
        }
    }
}
