//! `cargo xtask plugins`: builds `plugins/prebuilt/*.wasm` from the shipped plugins' sources.
//!
//! The components are committed, so that Grimoire builds and runs on a machine without a WASM target.
//! `plugins/prebuilt/digests.toml` records the sources of each component.

mod component;
mod digest;

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only compare the committed components with the digests of their sources: needs no WASM target.
    #[arg(long, conflicts_with = "verify")]
    check: bool,
    /// Build again and compare with the committed components byte by byte; write nothing.
    #[arg(long)]
    verify: bool,
    /// Only these plugins, by package name; all by default.
    #[arg(value_name = "PLUGIN")]
    names: Vec<String>,
}

/// The content of `digests.toml`: digests by plugin.
type Digests = BTreeMap<String, Digest>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Digest {
    /// SHA-256 of `plugins/prebuilt/<name>.wasm`.
    component: String,
    /// SHA-256 over everything that the component is built from.
    sources: String,
    /// The origin of its standard library: another one gives other bytes.
    standard_library: component::StandardLibrary,
}

const HEADER: &str =
    "# Written by `cargo xtask plugins`; never by hand. `cargo xtask plugins --check` compares.\n\n";

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let root = crate::root();
    let names = selected(&root, &arguments.names)?;
    if arguments.check {
        return check(&root);
    }
    if arguments.verify { verify(&root, &names) } else { build(&root, &names) }
}

/// The names of all plugin packages, sorted.
fn plugin_names(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root.join("plugins")).context("cannot list plugins/")? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_plugin = ["analyzer-", "matcher-", "embedder-"].iter().any(|world| name.starts_with(world));
        if is_plugin && entry.path().join("Cargo.toml").is_file() {
            names.push(name);
        }
    }
    names.sort();
    ensure!(!names.is_empty(), "no plugin in plugins/");
    Ok(names)
}

fn selected(root: &Path, wanted: &[String]) -> anyhow::Result<Vec<String>> {
    let all = plugin_names(root)?;
    if let Some(unknown) = wanted.iter().find(|name| !all.contains(name)) {
        bail!("no plugin is called {unknown}; there are {}", all.join(", "));
    }
    Ok(if wanted.is_empty() { all } else { wanted.to_vec() })
}

fn prebuilt(root: &Path) -> PathBuf {
    root.join("plugins/prebuilt")
}

fn read_digests(root: &Path) -> anyhow::Result<Digests> {
    let path = prebuilt(root).join("digests.toml");
    if !path.exists() {
        return Ok(Digests::new());
    }
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is broken", path.display()))
}

#[expect(clippy::print_stdout, reason = "what a command-line task did")]
fn build(root: &Path, names: &[String]) -> anyhow::Result<()> {
    fs::create_dir_all(prebuilt(root))?;
    let builder = component::Builder::new(root)?;
    for name in names {
        // Taken before the build: a concurrent edit makes the digests differ, which is right.
        let sources = digest::of_sources(root, name)?;
        let bytes = builder.build(name)?;
        fs::write(prebuilt(root).join(format!("{name}.wasm")), &bytes)?;
        let digest = Digest {
            component: digest::of_bytes(&bytes),
            sources,
            standard_library: builder.standard_library(),
        };
        println!("{name}: {} KB, sha256 {}", bytes.len().div_ceil(1024), digest.component);
        // Read and written again for each plugin, so that two concurrent runs lose little.
        let mut digests = read_digests(root)?;
        digests.insert(name.clone(), digest);
        let all = plugin_names(root)?;
        digests.retain(|name, _| all.contains(name));
        fs::write(prebuilt(root).join("digests.toml"), format!("{HEADER}{}", toml::to_string(&digests)?))?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what a command-line task did")]
fn verify(root: &Path, names: &[String]) -> anyhow::Result<()> {
    let digests = read_digests(root)?;
    let builder = component::Builder::new(root)?;
    for name in names {
        let known = digests.get(name).with_context(|| format!("{name} is not in digests.toml"))?;
        ensure!(
            known.standard_library == builder.standard_library(),
            "{name} was built with another origin of the standard library: bytes cannot be compared"
        );
        let made = digest::of_bytes(&builder.build(name)?);
        ensure!(made == known.component, "{name}: built {made}, committed {}", known.component);
        println!("{name}: the same bytes");
    }
    Ok(())
}

/// Compares the committed components with their digests and with the sources. Reports every difference.
fn check(root: &Path) -> anyhow::Result<()> {
    let differences = differences(root)?;
    ensure!(
        differences.is_empty(),
        "plugins/prebuilt is not what the sources make:\n  {}\nrun `cargo xtask plugins`",
        differences.join("\n  ")
    );
    Ok(())
}

fn differences(root: &Path) -> anyhow::Result<Vec<String>> {
    let digests = read_digests(root)?;
    let names = plugin_names(root)?;
    let mut differences = Vec::new();
    for name in &names {
        let Some(digest) = digests.get(name) else {
            differences.push(format!("{name}: never built"));
            continue;
        };
        match fs::read(prebuilt(root).join(format!("{name}.wasm"))) {
            Err(error) => differences.push(format!("{name}.wasm: {error}")),
            Ok(bytes) if digest::of_bytes(&bytes) != digest.component => {
                differences.push(format!("{name}.wasm: other bytes than digests.toml says"));
            }
            Ok(_) => {}
        }
        if digest::of_sources(root, name)? != digest.sources {
            differences.push(format!("{name}: the sources changed since it was built"));
        }
    }
    differences.extend(
        digests
            .keys()
            .filter(|name| !names.contains(name))
            .map(|name| format!("{name}: no such plugin any more")),
    );
    for entry in fs::read_dir(prebuilt(root))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.strip_suffix(".wasm").is_some_and(|plugin| !names.iter().any(|name| name == plugin)) {
            differences.push(format!("{name}: belongs to no plugin"));
        }
    }
    Ok(differences)
}

#[cfg(test)]
mod tests;
