//! Spellbook files: YAML or JSON, one spell an entry, made to be diffed.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail};
use grimoire_domain::spell::{Samples, Spell, SpellFields, SpellSource, SpellStatus};
use serde::{Deserialize, Serialize};

/// Makes the list of the files that ship, each with its name.
macro_rules! shipped {
    ($($name:literal),+ $(,)?) => { &[$(($name, include_str!(concat!("../spellbook/", $name)))),+] };
}

/// The files of the spellbook that ships, one a family of tools.
const STARTER: &[(&str, &str)] = shipped![
    "ci.yaml",
    "containers.yaml",
    "databases.yaml",
    "documentation.yaml",
    "dotnet.yaml",
    "functional.yaml",
    "go.yaml",
    "infrastructure.yaml",
    "javascript.yaml",
    "jvm.yaml",
    "mobile.yaml",
    "native.yaml",
    "php.yaml",
    "python.yaml",
    "ruby.yaml",
    "rust.yaml",
    "science.yaml",
    "systems.yaml",
];

/// The version of the format that this program writes and reads.
const VERSION: u32 = 1;

/// The most bytes of a spellbook file.
pub const MAXIMUM_SIZE: u64 = 256 << 20;

/// Which notation a file is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Notation {
    /// For people and diffs.
    Yaml,
    /// For programs.
    Json,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    spells: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    title: String,
    description: String,
    error_type: String,
    error_pattern: String,
    #[serde(default, skip_serializing_if = "is_default")]
    covers_code: bool,
    solution_code: String,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    tags: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    status: SpellStatus,
    #[serde(default = "imported", skip_serializing_if = "is_imported")]
    source: SpellSource,
    #[serde(default, skip_serializing_if = "is_default")]
    auto_generated: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    #[serde(default, skip_serializing_if = "is_default")]
    samples: Samples,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn imported() -> SpellSource {
    SpellSource::Imported
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_imported(source: &SpellSource) -> bool {
    *source == SpellSource::Imported
}

/// Reads a spellbook. `name` decides the notation (`.json` or YAML) and stands in errors.
pub fn parse(name: &str, text: &str) -> anyhow::Result<Vec<SpellFields>> {
    let file: File = if name.to_ascii_lowercase().ends_with(".json") {
        serde_json::from_str(text).with_context(|| format!("{name} is not a spellbook"))?
    } else {
        // The library's error draws the place in the file below its first line.
        serde_saphyr::from_str(text).map_err(|error| anyhow::anyhow!("{name} is not a spellbook: {error}"))?
    };
    if file.version != VERSION {
        bail!("{name} is of version {}; this program reads version {VERSION}", file.version);
    }
    Ok(file.spells.into_iter().map(Entry::into_fields).collect())
}

/// The spellbook that ships, loaded into an empty store: all its families as one list.
pub fn starter() -> anyhow::Result<Vec<SpellFields>> {
    let mut spells = Vec::new();
    for (name, text) in STARTER {
        spells.append(&mut parse(name, text)?);
    }
    Ok(spells)
}

/// Writes a spellbook.
pub fn render(spells: Vec<Spell>, notation: Notation) -> anyhow::Result<String> {
    let spells = spells.into_iter().map(|spell| Entry::from(spell.fields.into_fields())).collect();
    let file = File { version: VERSION, spells };
    Ok(match notation {
        Notation::Json => serde_json::to_string_pretty(&file)? + "\n",
        Notation::Yaml => serde_saphyr::to_string(&file)?,
    })
}

impl Entry {
    fn into_fields(self) -> SpellFields {
        SpellFields {
            key: self.key,
            title: self.title,
            description: self.description,
            error_type: self.error_type,
            error_pattern: self.error_pattern,
            covers_code: self.covers_code,
            solution_code: self.solution_code,
            tags: self.tags,
            status: self.status,
            source: self.source,
            auto_generated: self.auto_generated,
            confidence: self.confidence,
            samples: self.samples,
        }
    }
}

impl From<SpellFields> for Entry {
    fn from(fields: SpellFields) -> Self {
        Self {
            key: fields.key,
            title: fields.title,
            description: fields.description,
            error_type: fields.error_type,
            error_pattern: fields.error_pattern,
            covers_code: fields.covers_code,
            solution_code: fields.solution_code,
            tags: fields.tags,
            status: fields.status,
            source: fields.source,
            auto_generated: fields.auto_generated,
            confidence: fields.confidence,
            samples: fields.samples,
        }
    }
}
