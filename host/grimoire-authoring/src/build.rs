//! Builds a component from a plugin's folder, with the language's own toolchain.

mod c;
mod javascript;
mod python;
mod rust;
mod tool;

use std::path::{Path, PathBuf};

use grimoire_ports::PortError;
use grimoire_ports::plugins::CaseFile;
use grimoire_runtime::MAX_CASE_BYTES;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wit_component::ComponentEncoder;

use crate::manifest::{Language, Manifest};
use crate::{cases, component, file_error, invalid, read_text, write};

/// The result of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The component's file.
    pub path: PathBuf,
    /// The description of the component.
    pub description: component::Description,
}

/// The path of the component that building a plugin writes.
pub fn output(folder: &Path, manifest: &Manifest) -> PathBuf {
    folder.join("build").join(format!("{}.wasm", manifest.name))
}

/// Builds the plugin in a folder and checks the result. `say` gets each command that is run.
///
/// # Errors
///
/// `NotFound` if the toolchain is missing, with the command that installs it; `Invalid` if the toolchain refuses the
/// sources, with its output; `Invalid` if the result does not fit the host.
pub fn build(folder: &Path, say: &mut dyn FnMut(&str)) -> Result<Built, PortError> {
    let manifest = Manifest::read(folder)?;
    let wit = folder.join(&manifest.wit);
    if !wit.is_dir() {
        return Err(invalid(format!(
            "{} is not a folder, but must contain the contract: `grimoire plugin wit {} {}` writes it",
            wit.display(),
            manifest.world,
            wit.display()
        )));
    }
    let path = output(folder, &manifest);
    std::fs::create_dir_all(folder.join("build")).map_err(|error| file_error(&path, "written", error))?;
    let cases = own_cases(folder, &manifest, say)?;
    let work = Work { folder, manifest: &manifest, wit: &wit, say };
    let mut made = match manifest.language {
        Language::Rust => rust::build(work)?,
        Language::Python => python::build(work)?,
        Language::JavaScript => javascript::build(work)?,
        Language::C => c::build(work)?,
    };
    component::label(&mut made, &manifest, &cases);
    // Written before it is checked, so that `grimoire plugin inspect` and other tools can examine a rejected component.
    write(&path, &made)?;
    let description = check(&path, &manifest)?;
    Ok(Built { path, description })
}

/// The cases that go into the component, so that servers can hold it against them: as many files as fit.
fn own_cases(
    folder: &Path,
    manifest: &Manifest,
    say: &mut dyn FnMut(&str),
) -> Result<Vec<CaseFile>, PortError> {
    let place = folder.join("cases");
    let files = if place.is_dir() { cases::files(&place)? } else { Vec::new() };
    let (mut carried, mut left) = (Vec::new(), MAX_CASE_BYTES);
    for file in files {
        let text = read_text(&file)?;
        cases::parse(&file, &text, manifest.world).map_err(invalid)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match left.checked_sub(text.len()) {
            Some(rest) => {
                left = rest;
                carried.push(CaseFile { name, text });
            }
            None => say(&format!(
                "{name} is left out: a component carries at most {} KiB of cases",
                MAX_CASE_BYTES >> 10
            )),
        }
    }
    Ok(carried)
}

/// Reads the component of a folder and compares it with the manifest.
///
/// # Errors
///
/// `NotFound` if there is none, or `Invalid` with what does not fit.
pub fn check(path: &Path, manifest: &Manifest) -> Result<component::Description, PortError> {
    let (_, description) = component::read(path)?;
    let world = manifest.world;
    if !description.found.world.starts_with(&format!("grimoire:{world}@")) {
        return Err(invalid(format!(
            "{}: the manifest says that it is of the world {world}; the component implements {}",
            path.display(),
            description.found.world
        )));
    }
    if description.manifest.as_ref().is_some_and(|built_with| built_with != manifest) {
        return Err(invalid(format!(
            "{}: the manifest has changed since it was built: `grimoire plugin build` builds it again",
            path.display()
        )));
    }
    Ok(description)
}

/// A build in progress.
struct Work<'a> {
    folder: &'a Path,
    manifest: &'a Manifest,
    wit: &'a Path,
    say: &'a mut dyn FnMut(&str),
}

impl Work<'_> {
    /// The path of an intermediate file.
    fn intermediate(&self, name: &str) -> PathBuf {
        self.folder.join("build").join(name)
    }

    /// Reads a file that a tool has written.
    fn take(path: &Path) -> Result<Vec<u8>, PortError> {
        std::fs::read(path).map_err(|error| file_error(path, "read", error))
    }
}

/// Encodes a core module as a component. Imports of WASI preview 1 become imports of preview 2.
fn encode(module: &[u8]) -> Result<Vec<u8>, PortError> {
    let mut encoder = ComponentEncoder::default();
    encoder = encoder.module(module).map_err(|error| unfit(&error))?.validate(true);
    encoder = encoder
        .adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER)
        .map_err(|error| unfit(&error))?;
    encoder.encode().map_err(|error| unfit(&error))
}

fn unfit(error: &impl std::fmt::Debug) -> PortError {
    // The chain of causes, but not the backtrace, which the alternate form would add.
    let text = format!("{error:?}");
    let text = text.split("\nStack backtrace:").next().unwrap_or_default().trim();
    invalid(format!(
        "no component can be made of the module: {text}\nIt must export everything that its world requires."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_go_into_the_component_as_far_as_they_fit() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            std::fs::write(folder.path().join("cases").join(name), text).expect("a file can be written");
        };
        std::fs::create_dir(folder.path().join("cases")).expect("a folder can be made");
        let case = "```log\na\n```\n```expected\n```\n";
        file("a.md", case);
        file("b.md", &format!("{case}{}", " ".repeat(MAX_CASE_BYTES)));
        file("c.md", case);
        file("notes.txt", "no case");
        let manifest = "name = \"a-b\"\nversion = \"0.1.0\"\ndescription = \"\"\nworld = \"analyzer\"\nlanguage = \"c\"\n";
        let manifest = Manifest::parse(manifest).expect("a manifest");
        let mut said = Vec::new();
        let carried = own_cases(folder.path(), &manifest, &mut |line| said.push(line.to_owned()));
        let carried = carried.expect("they can be read");
        let names: Vec<_> = carried.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["a.md", "c.md"]);
        assert_eq!(said, ["b.md is left out: a component carries at most 256 KiB of cases"]);

        let fixture =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/plugins/analyzer-c.wasm");
        let mut made = std::fs::read(fixture).expect("a component");
        component::label(&mut made, &manifest, &carried);
        assert_eq!(component::describe(&made).expect("it is whole").found.cases, 2);

        file("a.md", "```log\na\n```\n");
        let error = own_cases(folder.path(), &manifest, &mut |_| {}).expect_err("nothing is expected");
        assert!(error.to_string().contains("a.md:1: no block `expected` follows"), "{error}");
    }
}
