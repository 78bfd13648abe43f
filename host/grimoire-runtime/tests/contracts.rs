//! The contracts agree with their documentation. Nothing is released yet: the first release freezes each
//! package's text, and this test then requires the frozen copy.

mod support;

use std::fs;

use grimoire_runtime::Options;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use support::guests::{Group, encode};
use support::root;

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

const WORLDS: [&str; 4] = ["types", "analyzer", "matcher", "embedder"];

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

/// A later addition: another function of the matcher beside the old ones, and another interface.
fn with_additions(text: &str) -> String {
    text.replace("    score: func(", "    explain: func(id: u64) -> list<u8>;\n\n    score: func(")
        .replace("interface log {", "interface clock { now: func() -> u64; }\n\ninterface log {")
        .replace("0.1.0", "0.1.1")
}

/// What rule 4 of `wit/README.md` relies on: a component that was built before an addition still fits a host that offers
/// it, both in what it imports and in what it exports; one that was built for the addition and needs it does not fit a
/// host without it, which the preflight says in words.
#[test]
fn a_component_fits_the_next_version_and_not_the_other_way_round() {
    const MATCHER: &str = "(func $score (param i32) (result i32)
        (call $log (i32.const 0) (i32.const 0) (i32.const 0))
        (call $verdict (i32.const 0) (f64.const 0.5)))";
    let old = encode(Group::Matcher, MATCHER, str::to_owned);
    let with_explain = format!(
        "{MATCHER}(func $explain (param i64) (result i32) (i32.const 1456))
         (export \"grimoire:matcher/match-spells@0.1.0#explain\" (func $explain))"
    );
    let new = encode(Group::Matcher, &with_explain, with_additions);

    let engine = Engine::default();
    let fits = |component: &[u8], version: &str, wanted: &[&str]| {
        let component = Component::new(&engine, component).expect("it compiles");
        let mut linker = Linker::<()>::new(&engine);
        for interface in ["types", "log"] {
            let mut instance =
                linker.instance(&format!("grimoire:types/{interface}@{version}")).expect("a name");
            if interface == "log" {
                instance.func_new("write", |_, _, _, _| Ok(())).expect("a function");
            }
        }
        let mut store = Store::new(&engine, ());
        let Ok(instance) = linker.instantiate(&mut store, &component) else { return false };
        let name = format!("grimoire:matcher/match-spells@{version}");
        let Some(interface) = instance.get_export_index(&mut store, None, &name) else { return false };
        wanted.iter().all(|name| instance.get_export_index(&mut store, Some(&interface), name).is_some())
    };
    assert!(fits(&old, "0.1.0", &["describe", "configure", "score"]));
    assert!(fits(&old, "0.1.1", &["describe", "configure", "score"]), "a host that has learned more");
    assert!(!fits(&old, "0.1.1", &["explain"]), "the host asks before it calls what is new");
    assert!(!fits(&old, "0.2.0", &["score"]), "a break is another package");
    assert!(fits(&new, "0.1.1", &["describe", "configure", "score", "explain"]));

    let refused =
        grimoire_runtime::inspect(&new, &Options::default()).expect_err("it is newer than this host");
    assert!(refused.contains("run a newer Grimoire, or build the plugin against that"), "{refused}");
    assert!(grimoire_runtime::inspect(&old, &Options::default()).is_ok());
}
