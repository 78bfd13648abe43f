//! Spellbook files: the shipped ones, those named by users, and the lines of their problems.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use grimoire_domain::spell::SpellFields;
use grimoire_pipeline::{Notation, SpellbookWriter, parse_spellbook};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_saphyr::Spanned;

use crate::exit::{Exit, Reported};

/// Lists the shipped files with their names.
macro_rules! shipped {
    ($($name:literal),+ $(,)?) => { &[$(($name, include_str!(concat!("../spellbook/", $name)))),+] };
}

/// The files of the shipped spellbook, one per family of tools.
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

/// Maximum size of a spellbook file in bytes.
pub const MAXIMUM_SIZE: u64 = 256 << 20;

/// Parses a spellbook. `name` determines the format and is used in errors.
pub fn parse(name: &str, text: &str) -> anyhow::Result<Vec<SpellFields>> {
    parse_spellbook(text, Notation::of_file(name)).map_err(|error| anyhow::anyhow!("{name}: {error}"))
}

/// The name of the shipped spellbook in place of a file name.
pub const STARTER_NAME: &str = "starter";

/// The unchecked spells of one file; `starter` is the shipped spellbook.
pub(crate) fn read(file: &Path) -> anyhow::Result<Vec<SpellFields>> {
    if file == Path::new(STARTER_NAME) {
        return starter();
    }
    let name = file.display().to_string();
    let size = std::fs::metadata(file).with_context(|| format!("{name} cannot be opened"))?.len();
    if size > MAXIMUM_SIZE {
        let limit = MAXIMUM_SIZE >> 20;
        return Err(Reported(Exit::Data, format!("{name} is above {limit} MiB: split it")).into());
    }
    let text = std::fs::read_to_string(file).with_context(|| format!("{name} cannot be read"))?;
    parse(&name, &text).map_err(|error| Reported(Exit::Data, format!("{error:#}")).into())
}

/// The shipped spellbook, which is loaded into an empty store: all its files as one list.
pub fn starter() -> anyhow::Result<Vec<SpellFields>> {
    let mut spells = Vec::new();
    for (name, text) in STARTER {
        spells.append(&mut parse(name, text)?);
    }
    Ok(spells)
}

/// The 1-based lines of each entry of a spellbook and of its fields. Empty if the text is not a spellbook.
pub fn lines(text: &str) -> Vec<EntryLines> {
    #[derive(Deserialize)]
    struct Located {
        spells: Vec<Spanned<BTreeMap<String, Spanned<IgnoredAny>>>>,
    }
    let located: Located = match serde_saphyr::from_str(text) {
        Ok(located) => located,
        Err(_) => return Vec::new(),
    };
    let lines_of = |entry: Spanned<BTreeMap<String, Spanned<IgnoredAny>>>| EntryLines {
        entry: entry.referenced.line(),
        fields: entry.value.into_iter().map(|(name, value)| (name, value.referenced.line())).collect(),
    };
    located.spells.into_iter().map(lines_of).collect()
}

/// The lines of an entry of a spellbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryLines {
    entry: u64,
    fields: BTreeMap<String, u64>,
}

impl EntryLines {
    /// The line of a field such as `samples.must_match[0]`; that of the entry if the field is missing.
    pub fn of(&self, field: &str) -> u64 {
        let name = field.split(['.', '[']).next().unwrap_or(field);
        self.fields.get(name).copied().unwrap_or(self.entry)
    }
}

/// Renders a spellbook.
pub fn render(spells: Vec<SpellFields>, notation: Notation) -> anyhow::Result<String> {
    let mut writer = SpellbookWriter::new(notation);
    let mut text = writer.begin();
    for spell in spells {
        text.push_str(&writer.spell(spell)?);
    }
    text.push_str(writer.end());
    Ok(text)
}
