//! Collects the parts of the version: the commit, the engine, the contracts.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new("../..");
    println!("cargo::rustc-env=GRIMOIRE_ENGINE={}", engine(&root.join("Cargo.lock"))?);
    println!("cargo::rustc-env=GRIMOIRE_CONTRACTS={}", contracts(&root.join("wit"))?);
    println!("cargo::rustc-env=GRIMOIRE_COMMIT={}", commit());
    Ok(())
}

/// The version of wasmtime in the lock file.
fn engine(lock: &Path) -> Result<String, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", lock.display());
    let text = fs::read_to_string(lock)?;
    let after = text.split("name = \"wasmtime\"\n").nth(1).ok_or("Cargo.lock has no wasmtime")?;
    let version = after.lines().next().and_then(|line| line.split('"').nth(1));
    Ok(version.ok_or("wasmtime has no version in Cargo.lock")?.to_owned())
}

/// The names and versions of the packages in the folders of `wit`.
fn contracts(folder: &Path) -> Result<String, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut packages = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?.path();
        if !entry.is_dir() {
            continue;
        }
        for file in fs::read_dir(&entry)? {
            let file = file?.path();
            // `deps/` contains copies of other packages.
            if file.is_dir() {
                continue;
            }
            let text = fs::read_to_string(file)?;
            let package = text.lines().find_map(|line| line.strip_prefix("package grimoire:"));
            packages.extend(package.map(|name| name.trim_end_matches(';').replace('@', " ")));
        }
    }
    packages.sort();
    packages.dedup();
    Ok(packages.join(", "))
}

/// The commit of a release build, from git or, where a container is built without the repository, from
/// `GRIMOIRE_COMMIT`.
fn commit() -> String {
    println!("cargo::rerun-if-env-changed=GRIMOIRE_COMMIT");
    if let Ok(commit) = std::env::var("GRIMOIRE_COMMIT") {
        return commit;
    }
    // A development build would be rebuilt for every commit.
    if std::env::var("PROFILE").is_ok_and(|profile| profile != "release") {
        return String::new();
    }
    let git = |arguments: &[&str]| {
        let output =
            Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]).filter(|path| Path::new(path).exists())
    {
        println!("cargo::rerun-if-changed={log}");
    }
    git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_default()
}
