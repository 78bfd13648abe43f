//! The dependencies in `ARCHITECTURE.md` are those that cargo builds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Crates that may depend on anything, and that no shipped crate depends on.
const FREE: [&str; 3] = ["grimoire-tests", "grimoire-examples", "xtask"];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .expect("cargo metadata runs")
}

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ARCHITECTURE.md");
    std::fs::read_to_string(path).expect("ARCHITECTURE.md can be read")
}

/// The rows of the table whose header starts with `header`: the first cell, and the names in the second.
fn table(header: &str) -> BTreeMap<String, BTreeSet<String>> {
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    document()
        .lines()
        .skip_while(|line| !line.starts_with(header))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').collect();
            (names(cells[1]).pop_first().expect("a crate in the first cell"), names(cells[2]))
        })
        .collect()
}

/// The names of a package's normal and build dependencies.
fn imports(package: &Package) -> BTreeSet<String> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .map(|dependency| dependency.name.clone())
        .collect()
}

#[test]
fn every_edge_between_our_crates_is_in_the_table() {
    let metadata = metadata();
    let ours: BTreeSet<String> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    let allowed = table("| crate | may import |");
    for package in metadata.packages.iter().filter(|package| !FREE.contains(&package.name.as_str())) {
        let name = package.name.to_string();
        let row = allowed.get(&name).unwrap_or_else(|| panic!("{name} has no row in ARCHITECTURE.md"));
        let edges: BTreeSet<String> = imports(package).intersection(&ours).cloned().collect();
        assert_eq!(
            &edges, row,
            "{name} imports what the left shows, ARCHITECTURE.md allows what the right shows"
        );
    }
    for name in allowed.keys() {
        assert!(ours.contains(name), "ARCHITECTURE.md names {name}, which does not exist");
    }
}

#[test]
fn foreign_crates_stay_where_the_table_says() {
    for (foreign, places) in table("| foreign crate | only in |") {
        for package in &metadata().packages {
            let name = package.name.as_str();
            let imported = imports(package).contains(&foreign);
            assert!(!imported || places.contains(name), "{name} must not know {foreign}");
        }
    }
}

/// The binary's composition root is the only place that knows the adapters.
#[test]
fn the_binary_names_its_adapters_in_one_file() {
    const ADAPTERS: [&str; 4] =
        ["grimoire_github::", "grimoire_runtime::", "grimoire_search_tantivy::", "grimoire_store_redb::"];
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/grimoire/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("src/wiring.rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                let named = ADAPTERS.iter().find(|adapter| text.contains(**adapter));
                assert_eq!(named, None, "{} names an adapter: only wiring.rs may", path.display());
            }
        }
    }
}

#[test]
fn what_is_free_to_import_is_imported_by_nothing_that_ships() {
    for package in metadata().packages.iter().filter(|package| !FREE.contains(&package.name.as_str())) {
        for free in FREE {
            assert!(!imports(package).contains(free), "{} must not import {free}", package.name);
        }
    }
}

#[test]
fn every_path_that_the_walk_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = document();
    let paths = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| ["host/", "plugins/", "tests/", "wit/"].iter().any(|folder| word.starts_with(folder)))
        .filter(|word| !word.contains(['<', '*', ' ']));
    let missing: Vec<&str> = paths.filter(|path| !root.join(path).exists()).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md names what does not exist: {missing:?}");
}
