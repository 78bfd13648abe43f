use super::*;

/// Keeps `plugins/prebuilt/` in step with the sources; needs no WASM target.
#[test]
fn the_prebuilt_plugins_are_those_of_the_sources() {
    check(&crate::root()).expect("plugins/prebuilt is up to date");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folder");
    for entry in fs::read_dir(from).expect("folder") {
        let entry = entry.expect("entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("file");
        }
    }
}

/// A copy of all files that digests cover.
fn workspace() -> tempfile::TempDir {
    let copied = tempfile::tempdir().expect("temporary folder");
    let root = crate::root();
    for folder in ["plugins", "wit", "host/grimoire-diff", "host/grimoire-log"] {
        copy(&root.join(folder), &copied.path().join(folder));
    }
    for file in ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml"] {
        fs::copy(root.join(file), copied.path().join(file)).expect("file");
    }
    copied
}

fn edit(path: &Path, change: impl FnOnce(String) -> String) {
    let text = fs::read_to_string(path).expect("text file");
    fs::write(path, change(text)).expect("writable");
}

#[test]
fn the_digest_follows_what_the_component_is_made_of() {
    let workspace = workspace();
    let root = workspace.path();
    let digest = || digest::of_sources(root, "analyzer-rust").expect("digest");
    let mut last = digest();
    assert_eq!(last, digest::of_sources(&crate::root(), "analyzer-rust").expect("digest"), "no matter where");
    for file in [
        "plugins/analyzer-rust/src/lib.rs",
        "plugins/sdk/src/value.rs",
        "host/grimoire-log/src/clean.rs",
        "plugins/sdk/wit/matcher/matcher.wit",
    ] {
        edit(&root.join(file), |text| text + "\n");
        let next = digest();
        assert_ne!(next, last, "{file}");
        last = next;
    }
    edit(&root.join("Cargo.toml"), |text| {
        text.replace("[profile.plugin]\n", "[profile.plugin]\ndebug-assertions = true\n")
    });
    assert_ne!(digest(), last, "the profile");
    last = digest();
    edit(&root.join("Cargo.lock"), |text| {
        text.replacen("name = \"memchr\"\nversion = \"", "name = \"memchr\"\nversion = \"9", 1)
    });
    assert_ne!(digest(), last, "a dependency");
}

#[test]
fn the_digest_does_not_follow_the_host() {
    let workspace = workspace();
    let root = workspace.path();
    let before = digest::of_sources(root, "analyzer-rust").expect("digest");
    edit(&root.join("Cargo.toml"), |text| text.replace("[profile.dev]\n", "[profile.dev]\nopt-level = 1\n"));
    edit(&root.join("Cargo.lock"), |text| {
        text.replacen("name = \"tantivy\"\nversion = \"", "name = \"tantivy\"\nversion = \"9", 1)
    });
    fs::write(root.join("plugins/analyzer-generic/src/other.rs"), "// another plugin").expect("writable");
    fs::write(root.join("plugins/analyzer-rust/README.md"), "prose").expect("writable");
    assert_eq!(before, digest::of_sources(root, "analyzer-rust").expect("digest"));
}

#[test]
fn every_difference_is_named() {
    let workspace = workspace();
    let root = workspace.path();
    edit(&root.join("plugins/analyzer-rust/src/lib.rs"), |text| text + "\n");
    fs::write(prebuilt(root).join("analyzer-generic.wasm"), "other").expect("writable");
    fs::write(prebuilt(root).join("analyzer-gone.wasm"), "old").expect("writable");
    let found = differences(root).expect("readable").join("\n");
    for part in [
        "analyzer-rust: the sources changed",
        "analyzer-generic.wasm: other bytes",
        "analyzer-gone.wasm: belongs",
    ] {
        assert!(found.contains(part), "{part} in {found}");
    }
}
