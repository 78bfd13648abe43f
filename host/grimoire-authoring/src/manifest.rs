//! `plugin.toml`: the description of a plugin's folder.

use std::path::{Path, PathBuf};

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use serde::Deserialize;

pub use grimoire_cases::World;

use crate::{invalid, read_text};

/// The manifest's file name.
pub const FILE: &str = "plugin.toml";
/// Maximum size of a manifest in bytes.
const LARGEST: usize = 64 << 10;

/// The language that a plugin is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Rust, with Grimoire's SDK.
    Rust,
    /// Python, frozen with its interpreter by componentize-py.
    Python,
    /// JavaScript, frozen with QuickJS by componentize-qjs.
    JavaScript,
    /// C.
    C,
}

impl Language {
    /// The name in manifests and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::C => "c",
        }
    }
}

/// A checked manifest and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The plugin's name: 1 to 64 lower-case letters, digits and hyphens.
    pub name: String,
    /// The version, as three numbers.
    pub version: String,
    /// The description: one sentence of at most 500 characters.
    pub description: String,
    /// The world that it implements.
    pub world: World,
    /// The language that it is written in.
    pub language: Language,
    /// The folder with its contract.
    pub wit: PathBuf,
    /// The file's text.
    pub text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    version: String,
    description: String,
    world: World,
    language: Language,
    #[serde(default = "default_wit")]
    wit: PathBuf,
}

fn default_wit() -> PathBuf {
    PathBuf::from("wit")
}

impl Manifest {
    /// Reads the manifest of a plugin's folder.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is none; `Invalid` with the line and the allowed values.
    pub fn read(folder: &Path) -> Result<Self, PortError> {
        let path = folder.join(FILE);
        if !path.is_file() {
            let message = format!(
                "{} is not a plugin's folder: it has no {FILE}; `grimoire plugin new` creates one",
                folder.display()
            );
            return Err(PortError::new(ErrorKind::NotFound, message));
        }
        Self::parse(&read_text(&path)?).map_err(|why| invalid(format!("{}: {why}", path.display())))
    }

    /// Reads a manifest's text.
    ///
    /// # Errors
    ///
    /// A description of the problem, with its line if that is known.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LARGEST {
            return Err(format!("it has {} bytes, and may have at most {LARGEST}", text.len()));
        }
        let file: File = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        check_name(&file.name)?;
        let numbers: Vec<_> = file.version.split('.').collect();
        let is_number = |part: &&str| part.parse::<u32>().is_ok_and(|number| number.to_string() == **part);
        if numbers.len() != 3 || !numbers.iter().all(is_number) {
            return Err(format!("version: {:?} is not three numbers such as 0.1.0", file.version));
        }
        if file.description.chars().count() > 500 || file.description.contains(char::is_control) {
            return Err("description: must be one line of at most 500 characters".to_owned());
        }
        Ok(Self {
            name: file.name,
            version: file.version,
            description: file.description,
            world: file.world,
            language: file.language,
            wit: file.wit,
            text: text.to_owned(),
        })
    }
}

/// Checks that a plugin may have this name; the error says why not.
pub fn check_name(name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let begins_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    if name.len() > 64 || !begins_well || !name.bytes().all(plain) {
        return Err(format!(
            "name: {name:?} must have 1 to 64 lower-case letters, digits and hyphens, and begin with a letter"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "name = \"a-b\"\nversion = \"0.1.0\"\ndescription = \"\"\nworld = \"matcher\"\nlanguage = \"c\"\n";

    #[test]
    fn a_manifest_is_read_whole() {
        let manifest = Manifest::parse(GOOD).expect("a manifest");
        assert_eq!(
            (manifest.name.as_str(), manifest.world, manifest.language),
            ("a-b", World::Matcher, Language::C)
        );
        assert_eq!(manifest.wit, Path::new("wit"));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let refused = |from: &str, to: &str| Manifest::parse(&GOOD.replace(from, to)).expect_err("refused");
        assert!(refused("language", "langauge").contains("langauge"));
        assert!(refused("\"matcher\"", "\"oracle\"").contains("`matcher`, `embedder`"));
        assert!(refused("a-b", "A b").contains("lower-case"));
        for version in ["1", "1.2", "1.2.x", "01.2.3", "+1.2.3", "1.2.3.4"] {
            assert!(refused("0.1.0", version).contains("three numbers"), "{version}");
        }
        assert!(refused("description = \"\"\n", "").contains("description"));
    }
}
