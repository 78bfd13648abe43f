//! The digest of everything that a component is built from.
//!
//! Covers: the manifests and `src/` of the plugin, the SDK and the crates of log lines and diffs as far as the plugin
//! uses them, the WIT packages that the SDK binds, the plugin profile, the compiler's flags, the pinned toolchain, and
//! the locked versions of the dependencies that the plugin reaches. Does not cover tests, cases and prose, nor anything
//! that only the host uses.

use super::component;
use anyhow::{Context, ensure};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use toml::{Table, Value};

/// The workspace packages that every plugin is built with: folder and name.
const SHARED: [(&str, &str); 2] =
    [("plugins/sdk", "grimoire-plugin-sdk"), ("host/grimoire-log", "grimoire-log")];
/// Workspace packages that only some plugins are built with.
const OPTIONAL: [(&str, &str); 1] = [("host/grimoire-diff", "grimoire-diff")];
/// The contracts that the SDK binds.
const WIT: &str = "plugins/sdk/wit";

/// SHA-256 as hexadecimal text.
pub(super) fn of_bytes(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The digest of a plugin's sources, independent of the workspace's location.
pub(super) fn of_sources(root: &Path, name: &str) -> anyhow::Result<String> {
    let plugin = format!("plugins/{name}");
    let mut parts = BTreeMap::new();
    let dependencies = direct_dependencies(&read_table(&root.join(&plugin).join("Cargo.toml"))?);
    let mut packages = [&[(plugin.as_str(), name)][..], &SHARED].concat();
    packages.extend(OPTIONAL.into_iter().filter(|(_, name)| dependencies.contains(*name)));
    for (package, _) in &packages {
        add_files(root, &Path::new(package).join("src"), &mut parts)?;
        add_file(root, &Path::new(package).join("Cargo.toml"), &mut parts)?;
    }
    add_files(root, Path::new(WIT), &mut parts)?;
    let workspace = read_table(&root.join("Cargo.toml"))?;
    for profile in ["plugin", "release"] {
        let table = workspace.get("profile").and_then(|profiles| profiles.get(profile));
        parts.insert(format!("profile {profile}"), text_of(table));
    }
    parts.insert("flags".to_owned(), component::FLAGS.join(" "));
    let package = workspace.get("workspace").and_then(|workspace| workspace.get("package"));
    parts.insert("package".to_owned(), text_of(package));
    let toolchain = read_table(&root.join("rust-toolchain.toml"))?;
    let channel = toolchain.get("toolchain").and_then(|toolchain| toolchain.get("channel"));
    parts.insert("toolchain".to_owned(), text_of(channel));
    add_dependencies(root, &workspace, &packages, &mut parts)?;

    let mut hash = Sha256::new();
    for (name, content) in parts {
        for field in [name.as_bytes(), content.as_bytes()] {
            hash.update((field.len() as u64).to_le_bytes());
            hash.update(field);
        }
    }
    Ok(hex::encode(hash.finalize()))
}

fn text_of(value: Option<&Value>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn read_table(path: &Path) -> anyhow::Result<Table> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.parse().with_context(|| format!("{} is broken", path.display()))
}

fn add_files(root: &Path, folder: &Path, parts: &mut BTreeMap<String, String>) -> anyhow::Result<()> {
    let entries =
        fs::read_dir(root.join(folder)).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut entries: Vec<PathBuf> =
        entries.map(|entry| Ok(folder.join(entry?.file_name()))).collect::<anyhow::Result<_>>()?;
    entries.sort();
    for entry in entries {
        if root.join(&entry).is_dir() {
            add_files(root, &entry, parts)?;
        } else if entry.extension().is_some_and(|extension| extension == "rs" || extension == "wit") {
            add_file(root, &entry, parts)?;
        }
    }
    Ok(())
}

fn add_file(root: &Path, path: &Path, parts: &mut BTreeMap<String, String>) -> anyhow::Result<()> {
    let text =
        fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {}", path.display()))?;
    // A checkout on Windows may use other path separators and line ends.
    let name = path.to_string_lossy().replace('\\', "/");
    parts.insert(name, text.replace("\r\n", "\n"));
    Ok(())
}

/// Adds the resolved dependencies of the packages. Dependencies for tests are left out; those of the
/// build (macros) count.
fn add_dependencies(
    root: &Path,
    workspace: &Table,
    packages: &[(&str, &str)],
    parts: &mut BTreeMap<String, String>,
) -> anyhow::Result<()> {
    let lock = read_table(&root.join("Cargo.lock"))?;
    let locked: Vec<&Value> =
        lock.get("package").and_then(Value::as_array).context("Cargo.lock has no packages")?.iter().collect();
    let shared = workspace.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let mut open = Vec::new();
    for (package, name) in packages {
        let manifest = read_table(&root.join(package).join("Cargo.toml"))?;
        for dependency in direct_dependencies(&manifest) {
            if let Some(entry) = shared.and_then(|shared| shared.get(&dependency)) {
                parts.insert(format!("dependency {dependency}"), entry.to_string());
            }
            // The lock file names the version if a package is locked in several versions.
            let reference = references(&locked, name)
                .find(|reference| reference.split(' ').next() == Some(&dependency))
                .with_context(|| format!("Cargo.lock does not know {dependency} of {name}"))?;
            open.push(reference.to_owned());
        }
    }
    let mut seen = BTreeSet::new();
    while let Some(reference) = open.pop() {
        let mut words = reference.split(' ');
        let name = words.next().unwrap_or_default();
        let version = words.next();
        let field =
            |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let entry = locked
            .iter()
            .find(|entry| {
                field(entry, "name") == name
                    && version.is_none_or(|version| field(entry, "version") == version)
            })
            .with_context(|| format!("Cargo.lock does not know {reference}"))?;
        // Packages of the workspace are covered by their files.
        let source = field(entry, "source");
        if source.is_empty() {
            ensure!(
                packages.iter().any(|(_, covered)| *covered == name),
                "{name} is a package of the workspace that the digest does not cover"
            );
            continue;
        }
        let key = format!("locked {name} {}", field(entry, "version"));
        if seen.insert(key.clone()) {
            parts.insert(key, format!("{source} {}", field(entry, "checksum")));
            open.extend(
                entry
                    .get("dependencies")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .map(str::to_owned),
            );
        }
    }
    Ok(())
}

fn references<'a>(locked: &[&'a Value], name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let entry = locked.iter().find(|entry| entry.get("name").and_then(Value::as_str) == Some(name));
    entry
        .and_then(|entry| entry.get("dependencies"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// The names in `[dependencies]`, `[build-dependencies]` and their `[target.…]` forms.
fn direct_dependencies(manifest: &Table) -> BTreeSet<String> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let tables = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table).chain([manifest]);
    tables
        .flat_map(|table| ["dependencies", "build-dependencies"].map(|kind| table.get(kind)))
        .flatten()
        .filter_map(Value::as_table)
        .flat_map(|dependencies| dependencies.keys().cloned())
        .collect()
}
