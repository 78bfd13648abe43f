//! New plugins. They are the repository's examples under another name, so that every template is built and tested
//! there.

use std::path::{Path, PathBuf};

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;

use crate::manifest::{Language, World, check_name};
use crate::{invalid, write};

/// Where a Rust plugin gets the SDK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sdk {
    /// A checkout of Grimoire.
    Folder(PathBuf),
    /// A repository that git can reach.
    Repository(String),
}

impl Sdk {
    /// Reads a folder, or else the address of a repository. The root of a checkout stands for the SDK in it.
    pub fn of(place: &str) -> Self {
        let folder = Path::new(place);
        let Ok(folder) = folder.canonicalize() else { return Self::Repository(place.to_owned()) };
        let inside = folder.join("plugins/sdk");
        Self::Folder(if inside.is_dir() { inside } else { folder })
    }

    /// The SDK in the checkout that contains the folder; else Grimoire's repository.
    pub fn near(folder: &Path) -> Self {
        let folder = folder
            .canonicalize()
            .or_else(|_| std::path::absolute(folder))
            .unwrap_or_else(|_| folder.to_owned());
        let checkout = folder.ancestors().map(|folder| folder.join("plugins/sdk")).find(|sdk| {
            std::fs::read_to_string(sdk.join("Cargo.toml"))
                .is_ok_and(|text| text.contains("grimoire-plugin-sdk"))
        });
        checkout.map_or_else(|| Self::Repository(env!("CARGO_PKG_REPOSITORY").to_owned()), Self::Folder)
    }

    /// The entry for `Cargo.toml`.
    fn dependency(&self) -> String {
        match self {
            Self::Folder(path) => format!("{{ path = {:?} }}", path.display().to_string()),
            Self::Repository(address) => format!("{{ git = {address:?} }}"),
        }
    }
}

/// The text of an example's file, and its path in the plugin.
type File = (&'static str, &'static str);

macro_rules! example {
    ($folder:literal: $($file:literal)*) => {
        &[$(($file, include_str!(concat!("../../../examples/plugins/", $folder, "/", $file)))),*]
    };
}

const TYPES: &str = include_str!("../../../wit/types/types.wit");
const README: &str = include_str!("template/README.md");

/// The cases are the same in every language, because the answers are.
const MATCHER_CASES: &[File] = example!("matcher-rust": "cases/ranking.md");
const ANALYZER_CASES: &[File] = example!("analyzer-rust": "cases/errors.md");
const EMBEDDER_CASES: &[File] = example!("embedder-rust": "cases/similar.md");

/// The sources of an example.
fn sources(world: World, language: Language) -> &'static [File] {
    match (world, language) {
        (World::Matcher, Language::Rust) => example!("matcher-rust": "plugin.toml" "Cargo.toml" "src/lib.rs"),
        (World::Matcher, Language::Python) => example!("matcher-python": "plugin.toml" "plugin.py"),
        (World::Matcher, Language::JavaScript) => {
            example!("matcher-javascript": "plugin.toml" "package.json" "plugin.js")
        }
        (World::Matcher, Language::C) => example!("matcher-c": "plugin.toml" "plugin.c"),
        (World::Analyzer, Language::Rust) => {
            example!("analyzer-rust": "plugin.toml" "Cargo.toml" "src/lib.rs" "tests/cases.rs")
        }
        (World::Analyzer, Language::Python) => {
            example!("analyzer-python": "plugin.toml" "plugin.py" "analyze.py")
        }
        (World::Analyzer, Language::JavaScript) => {
            example!("analyzer-javascript": "plugin.toml" "package.json" "plugin.js")
        }
        (World::Analyzer, Language::C) => example!("analyzer-c": "plugin.toml" "plugin.c"),
        (World::Embedder, Language::Rust) => {
            example!("embedder-rust": "plugin.toml" "Cargo.toml" "src/lib.rs")
        }
        (World::Embedder, Language::Python) => example!("embedder-python": "plugin.toml" "plugin.py"),
        (World::Embedder, Language::JavaScript) => {
            example!("embedder-javascript": "plugin.toml" "package.json" "plugin.js")
        }
        (World::Embedder, Language::C) => example!("embedder-c": "plugin.toml" "plugin.c"),
    }
}

/// The command that installs the toolchain, run in the plugin's folder. A build also names it when the toolchain is
/// missing.
pub fn setup(language: Language) -> &'static str {
    match language {
        Language::Rust => "rustup target add wasm32-unknown-unknown",
        Language::Python => "python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1",
        Language::JavaScript => "npm install",
        Language::C => "python3 -m venv .venv && .venv/bin/pip install ziglang==0.17.1",
    }
}

/// The files of a new plugin: paths relative to its folder, and contents.
///
/// # Errors
///
/// `Invalid` for a name that no plugin may have.
pub fn files(
    name: &str,
    world: World,
    language: Language,
    sdk: &Sdk,
) -> Result<Vec<(PathBuf, String)>, PortError> {
    check_name(name).map_err(invalid)?;
    let example = format!("{world}-{}", language.as_str());
    let rename = |text: &str| {
        text.replace(&example, name).replace(&example.replace('-', "_"), &name.replace('-', "_"))
    };
    let mut files = Vec::new();
    for (path, text) in sources(world, language) {
        let mut text = rename(text);
        if *path == "plugin.toml" {
            // The contract is in the plugin's own folder.
            text = text
                .lines()
                .filter(|line| !line.starts_with(['#']) && !line.starts_with("wit = "))
                .fold(String::new(), |text, line| text + line + "\n");
        }
        text = text.replace("{ path = \"../../../plugins/sdk\" }", &sdk.dependency());
        files.push((PathBuf::from(path), text));
    }
    let cases = match world {
        World::Matcher => MATCHER_CASES,
        World::Analyzer => ANALYZER_CASES,
        World::Embedder => EMBEDDER_CASES,
    };
    files.extend(cases.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())));
    files.extend(contract(world).into_iter().map(|(path, text)| (Path::new("wit").join(path), text)));
    files.push((
        PathBuf::from(".gitignore"),
        "__pycache__/\nbuild/\nnode_modules/\ntarget/\n.venv/\n".to_owned(),
    ));
    let readme = README
        .replace("{name}", name)
        .replace("{setup}", setup(language))
        .replace(
            "{source}",
            match language {
                Language::Rust => "src/lib.rs",
                Language::Python if world == World::Analyzer => "analyze.py",
                Language::Python => "plugin.py",
                Language::JavaScript => "plugin.js",
                Language::C => "plugin.c",
            },
        )
        .replace(
            "{try}",
            match world {
                World::Analyzer => "grimoire analyze --plugin build/{name}.wasm build.log",
                World::Matcher | World::Embedder => "grimoire match --plugin build/{name}.wasm build.log",
            },
        )
        .replace("{name}", name);
    files.push((PathBuf::from("README.md"), readme));
    Ok(files)
}

/// The contract of a world: paths relative to its folder, and contents.
pub fn contract(world: World) -> Vec<(PathBuf, String)> {
    let text = match world {
        World::Matcher => include_str!("../../../wit/matcher/matcher.wit"),
        World::Analyzer => include_str!("../../../wit/analyzer/analyzer.wit"),
        World::Embedder => include_str!("../../../wit/embedder/embedder.wit"),
    };
    vec![
        (PathBuf::from(format!("{world}.wit")), text.to_owned()),
        (PathBuf::from("deps/types/types.wit"), TYPES.to_owned()),
    ]
}

/// Writes files into a folder that is new or empty.
///
/// # Errors
///
/// `Conflict` if the folder has content already; nothing is written then.
pub fn create(folder: &Path, files: &[(PathBuf, String)]) -> Result<(), PortError> {
    let is_used =
        folder.is_file() || std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if is_used {
        let message =
            format!("{} is there already and not empty: choose another name or --folder", folder.display());
        return Err(PortError::new(ErrorKind::Conflict, message));
    }
    for (path, text) in files {
        write(&folder.join(path), text.as_bytes())?;
    }
    Ok(())
}
