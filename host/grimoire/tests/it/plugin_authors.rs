//! The workflow of plugin authors, with the real program and components in several languages. The sources are below
//! `examples/plugins/`; `.ci/plugins-from-source` builds them.

use std::path::{Path, PathBuf};

use crate::guests::{Group, component};
use crate::process::{Ended, Place};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

/// A component that was built from the example with this name.
fn built(name: &str) -> Vec<u8> {
    let path = root().join("tests/fixtures/plugins").join(format!("{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The cases that all examples of a world share.
fn cases(world: &str) -> String {
    let folder = root().join("examples/plugins").join(format!("{world}-rust/cases"));
    let file = std::fs::read_dir(folder).expect("a folder").next().expect("a file").expect("a file").path();
    std::fs::read_to_string(file).expect("text")
}

/// A place with a component `plugin.wasm` and the cases of its world.
fn place(name: &str) -> Place {
    let place = Place::new();
    place.file("plugin.wasm", built(name));
    let world = name.split('-').next().expect("a world");
    place.file("cases.md", cases(world));
    place
}

fn run(place: &Place, arguments: &str) -> Ended {
    let words: Vec<&str> = arguments.split(' ').collect();
    place.run(&words, b"")
}

#[track_caller]
fn well(place: &Place, arguments: &str) -> String {
    let ended = run(place, arguments);
    assert_eq!(ended.code(), 0, "{arguments}\n{}\n{}", ended.output(), ended.complaint());
    ended.output()
}

/// The exit code and the error message, on one line.
fn refused(place: &Place, arguments: &str) -> (i32, String) {
    let ended = run(place, arguments);
    (ended.code(), ended.complaint().trim_end().to_owned())
}

const FIXTURES: [&str; 2] = ["analyzer-c", "matcher-c"];

#[test]
fn examples_answer_their_cases() {
    for name in FIXTURES {
        let place = place(name);
        let output = well(&place, "plugin test plugin.wasm --cases cases.md");
        assert_eq!(output, "2 of 2 cases are answered as expected\n", "{name}");
        let looked_at = well(&place, "plugin inspect plugin.wasm");
        assert!(looked_at.contains(&format!("name         {name}\n")), "{looked_at}");
        assert!(!looked_at.contains("wasi:"), "{name} needs nothing of WASI: {looked_at}");
        well(&place, "plugin check plugin.wasm");
    }
}

#[test]
fn examples_stand_hostile_inputs() {
    for name in FIXTURES {
        let output = well(&place(name), "plugin conformance plugin.wasm --cases cases.md");
        assert!(!output.contains("FAILED"), "{name}: {output}");
    }
}

#[test]
fn another_answer_is_a_difference_until_it_is_blessed() {
    let place = place("matcher-c");
    let right = cases("matcher");
    place.file("cases.md", right.replacen("0.9000 | shown", "0.1000 | shown", 1));
    let ended = run(&place, "plugin test plugin.wasm --cases cases.md");
    assert_eq!(ended.code(), 65);
    assert!(ended.output().contains("cases.md:5 is not answered as expected"), "{}", ended.output());
    assert!(ended.output().contains("  -0.1000 | shown | Put the lid on\n"), "{}", ended.output());
    assert!(ended.output().contains("  +0.9000 | shown | Put the lid on\n"), "{}", ended.output());
    assert!(
        ended
            .output()
            .ends_with("1 of 2 cases are answered as expected; --bless accepts the answers of the others\n")
    );
    well(&place, "plugin test plugin.wasm --cases cases.md --bless");
    let now = std::fs::read_to_string(place.path().join("cases.md")).expect("text");
    assert_eq!(now, right);
}

#[test]
fn a_component_is_tried_on_a_log_without_being_installed() {
    let place = place("analyzer-c");
    place.file("build.log", "brewing\nkettle: error K042 in src/pot.k:12:5: lid is missing\n");
    let with = well(&place, "analyze --plugin plugin.wasm build.log");
    assert!(with.contains("error[K042]: lid is missing\n  --> src/pot.k:12:5  (kettle)"), "{with}");
    let without = run(&place, "analyze build.log");
    assert!(!without.output().contains("(kettle)"), "{}", without.output());

    place.file("plugin.wasm", built("matcher-c"));
    place.file("rust.log", "error[E0382]: borrow of moved value: `x`\n --> src/main.rs:4:7\n");
    let matched = well(&place, "match --plugin plugin.wasm --spellbook starter rust.log");
    assert!(matched.contains("pattern: the spell's pattern was found"), "{matched}");
}

#[test]
fn instructions_are_counted_alike_every_time() {
    let place = place("matcher-c");
    place.file("again.wasm", built("matcher-c"));
    let output = well(&place, "plugin bench plugin.wasm again.wasm --cases cases.md --calls 3");
    let line = output.lines().find(|line| line.contains("instructions")).expect("a line");
    let words: Vec<&str> = line.split_whitespace().rev().take(3).collect();
    assert_eq!(words[0], "1.00", "{output}");
    assert_eq!(words[1], words[2], "{output}");
    assert!(words[1].parse::<u64>().expect("a number") > 1_000, "{output}");
}

#[test]
fn what_is_no_plugin_is_refused_in_words() {
    let place = Place::new();
    place.file("plugin.wasm", b"\0asm\x01\0\0\0");
    let (code, complaint) = refused(&place, "plugin check plugin.wasm");
    assert_eq!(code, 65);
    assert!(
        complaint.contains("plugin.wasm: a plugin is a WebAssembly component; this is a core module"),
        "{complaint}"
    );
    let (code, complaint) = refused(&place, "plugin check");
    assert_eq!(code, 65, "{complaint}");
    assert!(complaint.contains("it has no plugin.toml; `grimoire plugin new` creates one"), "{complaint}");
    let (code, complaint) = refused(&place, "match --plugin plugin.wasm");
    assert_eq!(code, 65);
    assert!(complaint.contains("this is a core module"), "{complaint}");
}

#[test]
fn a_hostile_plugin_does_not_conform_and_its_failure_is_told() {
    let place = Place::new();
    place.file("plugin.wasm", component(Group::Matcher, "duplicate_index"));
    place.file("cases.md", cases("matcher"));
    let ended = run(&place, "plugin conformance plugin.wasm --cases cases.md");
    assert_eq!(ended.code(), 65);
    assert!(ended.output().contains("invalid_output: "), "{}", ended.output());
    let ended = run(&place, "plugin test plugin.wasm --cases cases.md");
    assert_eq!(ended.code(), 65);
    assert!(ended.output().contains("is not answered\n  invalid_output"), "{}", ended.output());
}

#[test]
fn a_failure_is_told_with_what_the_plugin_said_and_where_it_was() {
    let place = Place::new();
    place.file("cases.md", cases("matcher"));
    for (group, name, told) in [
        (
            Group::Wasi,
            "prints_and_aborts",
            "    log: Traceback (most recent call last):\n    log: KeyError: [31m'lid'\n",
        ),
        (Group::Matcher, "panics", "    log: panicked at src/lib.rs:7:9: ⏎ index out of bounds\n    at "),
        (
            Group::Matcher,
            "deep_recursion",
            "  trap: call stack exhausted: recursion too deep\n    at deeper (",
        ),
    ] {
        place.file("plugin.wasm", component(group, name));
        let ended = run(&place, "plugin test plugin.wasm --cases cases.md");
        assert_eq!(ended.code(), 65);
        assert!(ended.output().contains(told), "{name}: {}", ended.output());
    }
}

#[test]
fn every_new_plugin_is_whole() {
    let place = Place::new();
    for world in ["analyzer", "matcher", "embedder"] {
        for language in ["rust", "python", "javascript", "c"] {
            let name = format!("my-{world}-{language}");
            let output = well(&place, &format!("plugin new {name} --world {world} --lang {language}"));
            assert!(output.contains("grimoire plugin build"), "{output}");
            let read = |file: &str| std::fs::read_to_string(place.path().join(&name).join(file));
            let manifest = read("plugin.toml").expect("a manifest");
            assert!(manifest.contains(&format!("name = \"{name}\"")), "{manifest}");
            assert!(!manifest.contains("wit ="), "its contract lies beside it: {manifest}");
            let contract =
                std::fs::read_to_string(root().join(format!("wit/{world}/{world}.wit"))).expect("text");
            assert_eq!(read(&format!("wit/{world}.wit")).expect("the contract"), contract);
            assert!(read("README.md").expect("a page").contains("grimoire plugin build"));
            if language == "rust" {
                let manifest = read("Cargo.toml").expect("a manifest");
                assert!(manifest.contains("grimoire-plugin-sdk = { git = "), "{manifest}");
            }
        }
    }
    let (code, complaint) = refused(&place, "plugin new my-matcher-c --world matcher --lang c");
    assert_eq!(code, 65);
    assert!(complaint.contains("my-matcher-c is there already and not empty"), "{complaint}");
    let (_, complaint) = refused(&place, "plugin new Mine --world matcher --lang c");
    assert!(complaint.contains("lower-case letters"), "{complaint}");
}

#[test]
fn a_missing_toolchain_is_named_with_the_command_that_gets_it() {
    let place = Place::new();
    for (language, missing, remedy) in [
        ("python", "componentize-py is missing", ".venv/bin/pip install componentize-py"),
        ("javascript", "componentize-qjs is missing", "npm install"),
        ("c", "a C compiler for WebAssembly (zig, or WASI_SDK_PATH) is missing", "pip install ziglang"),
        ("rust", "cargo (https://rustup.rs) is missing", "rustup target add wasm32-unknown-unknown"),
    ] {
        well(&place, &format!("plugin new my-{language} --world matcher --lang {language}"));
        // The program runs with an empty path.
        let (code, complaint) = refused(&place, &format!("plugin build my-{language}"));
        assert_eq!(code, 65, "{complaint}");
        assert!(complaint.contains(missing) && complaint.contains(remedy), "{complaint}");
    }
}
