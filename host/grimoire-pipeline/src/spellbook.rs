//! Spellbook files: one entry per spell, in a format for diffs and for readers.

mod api;
mod markdown;

use std::collections::BTreeSet;

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::scope::Scope;
use grimoire_domain::spell::{Samples, SpellFields, SpellSource, SpellStatus};
use serde::{Deserialize, Serialize};

use crate::PipelineError;

pub use api::ApiSpell;

/// The version of the format that this program writes and reads.
const VERSION: u32 = 1;

/// The format of a spellbook file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// For people and diffs.
    Yaml,
    /// For programs.
    Json,
    /// For people: each spell is a document with front matter.
    Markdown,
}

impl Notation {
    /// The format of a file, by its name: JSON, Markdown, or else YAML.
    pub fn of_file(name: &str) -> Self {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        match extension.as_deref() {
            Some("json") => Self::Json,
            Some("md" | "markdown") => Self::Markdown,
            _ => Self::Yaml,
        }
    }
}

#[derive(Debug, Deserialize)]
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
    // Checked with the other fields; absent in the front matter of Markdown, as is the solution.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    error_type: String,
    error_pattern: String,
    #[serde(default, skip_serializing_if = "is_default")]
    covers_code: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
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
    #[serde(default, skip_serializing_if = "is_default")]
    scope: Scope,
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

/// Parses a spellbook; in JSON also an array of spells as the API answers it. The fields are not checked yet. Fails with
/// `Invalid` and the position of the error.
pub fn parse(text: &str, notation: Notation) -> Result<Vec<SpellFields>, PipelineError> {
    let file: File = match notation {
        Notation::Markdown => return markdown::parse(text),
        Notation::Json if api::is_list(text) => return api::parse(text),
        Notation::Json => serde_json::from_str(text).map_err(|error| malformed(&error))?,
        Notation::Yaml => serde_saphyr::from_str(text).map_err(|error| malformed(&error))?,
    };
    if file.version != VERSION {
        return Err(malformed(&format!(
            "it is of version {}; this program reads version {VERSION}",
            file.version
        )));
    }
    Ok(file.spells.into_iter().map(Entry::into_fields).collect())
}

/// Parses one spell in YAML or JSON: the fields of an entry, or a spellbook with one. Else fails with `Invalid`.
pub fn parse_spell(text: &str) -> Result<SpellFields, PipelineError> {
    // JSON is valid YAML.
    let problem = match serde_saphyr::from_str::<Entry>(text) {
        Ok(entry) => return Ok(entry.into_fields()),
        Err(problem) => problem.to_string(),
    };
    let problem = match parse(text, Notation::Yaml) {
        Ok(mut spells) if spells.len() == 1 => return Ok(spells.remove(0)),
        Ok(spells) => format!("it has {} of them", spells.len()),
        Err(_) => problem,
    };
    Err(PipelineError::new(ErrorKind::Invalid, format!("this is not one spell: {problem}")))
}

/// Renders one spell in YAML, as in an entry of a spellbook.
pub fn render_spell(fields: SpellFields) -> Result<String, PipelineError> {
    serde_saphyr::to_string(&Entry::from(fields)).map_err(unwritable)
}

fn malformed(problem: &dyn std::fmt::Display) -> PipelineError {
    PipelineError::new(ErrorKind::Invalid, format!("this is not a spellbook: {problem}"))
}

/// Renders a spellbook piece by piece, so that a long one need not be in memory.
#[derive(Debug)]
pub struct SpellbookWriter {
    notation: Notation,
    written: usize,
}

impl SpellbookWriter {
    /// A writer of an empty spellbook.
    pub fn new(notation: Notation) -> Self {
        Self { notation, written: 0 }
    }

    /// The text before the first spell.
    pub fn begin(&self) -> String {
        match self.notation {
            Notation::Json => format!("{{\n\"version\": {VERSION},\n\"spells\": ["),
            Notation::Yaml => format!("version: {VERSION}\nspells:"),
            Notation::Markdown => String::new(),
        }
    }

    /// The text of the next spell.
    pub fn spell(&mut self, fields: SpellFields) -> Result<String, PipelineError> {
        let first = self.written == 0;
        self.written += 1;
        let entry = Entry::from(fields);
        match self.notation {
            Notation::Json => {
                let text = serde_json::to_string_pretty(&entry).map_err(unwritable)?;
                Ok(format!("{}\n{text}", if first { "" } else { "," }))
            }
            Notation::Yaml => {
                let text = serde_saphyr::to_string(&[entry]).map_err(unwritable)?;
                // Its end is kept: a text may end with empty lines.
                Ok(format!("{}{text}", if first { "\n" } else { "" }))
            }
            Notation::Markdown => markdown::render(entry),
        }
    }

    /// The text after the last spell.
    pub fn end(&self) -> &'static str {
        match (self.notation, self.written) {
            (Notation::Json, _) => "\n]\n}\n",
            (Notation::Yaml, 0) => " []\n",
            (Notation::Yaml | Notation::Markdown, _) => "",
        }
    }
}

fn unwritable(error: impl std::error::Error + Send + Sync + 'static) -> PipelineError {
    grimoire_ports::PortError::internal("a spell cannot be written as text", error).into()
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
            scope: self.scope,
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
            scope: fields.scope,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(spells: &[SpellFields], notation: Notation) -> String {
        let mut writer = SpellbookWriter::new(notation);
        let mut text = writer.begin();
        for spell in spells {
            text += &writer.spell(spell.clone()).expect("writable");
        }
        text + writer.end()
    }

    fn fields() -> impl Strategy<Value = SpellFields> {
        let text = "([a-z#`\\-~:\\\\ \"'é]{0,12}\n?){0,6}";
        (text, text, "[a-z`:# ]{1,12}", proptest::collection::btree_set("[a-z]{1,5}", 0..3), any::<bool>())
            .prop_map(|(description, solution_code, title, tags, covers_code)| SpellFields {
                key: covers_code.then(|| "a-key".to_owned()),
                error_type: title.clone(),
                error_pattern: format!("text:{title}"),
                title,
                description,
                solution_code,
                tags,
                scope: if covers_code { Scope::Owner("octo".to_owned()) } else { Scope::Global },
                covers_code,
                samples: Samples { must_match: vec!["a\nb".to_owned()], must_not_match: Vec::new() },
                ..SpellFields::default()
            })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(spells in proptest::collection::vec(fields(), 0..4)) {
            for notation in [Notation::Json, Notation::Yaml, Notation::Markdown] {
                let text = written(&spells, notation);
                let read = parse(&text, notation).unwrap_or_else(|error| panic!("{error}\n{text}"));
                prop_assert_eq!(&read, &spells, "{}", text);
            }
        }

        #[test]
        fn no_text_panics(text in "(---|## Solution|```|key: x|[a-z{}\\[\\]:\" -]{0,8}|\n){0,20}") {
            for notation in [Notation::Json, Notation::Yaml, Notation::Markdown] {
                let _ = parse(&text, notation);
            }
        }
    }

    #[test]
    fn what_is_no_spellbook_is_refused_with_its_place() {
        for (text, notation, told) in [
            ("{\"version\": 1,\n \"spells\": [{}]}", Notation::Json, "line 2"),
            ("version: 2\nspells: []", Notation::Yaml, "version 2"),
            ("version: 1\nspells:\n- colour: red", Notation::Yaml, "colour"),
            ("# A title", Notation::Markdown, "line 1"),
            ("---\ntitle: x\n", Notation::Markdown, "line 1"),
            (
                "---\ntitle: x\nerror_type: x\nerror_pattern: x\ndescription: x\n---\n",
                Notation::Markdown,
                "below it",
            ),
        ] {
            let error = parse(text, notation).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.to_string().contains(told), "{error}");
        }
    }
}
