//! Spells on the wire.

use grimoire_domain::spell::{
    ChangeKind, Revision, Samples, Spell, SpellFields, SpellSource, SpellStatus, join_tags, parse_tags,
};
use grimoire_domain::validation::{Checker, FieldErrors};
use grimoire_pipeline::SpellPatch;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// A stored fix.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SpellBody {
    /// From 1, never reused.
    #[schema(example = 7)]
    pub id: u64,
    /// The stable name that a spellbook file knows it by.
    pub key: Option<String>,
    /// What it is called, at most 255 characters.
    #[schema(example = "Use of a moved value (E0382)")]
    pub title: String,
    /// Why the error happens and how to recognise it.
    pub description: String,
    /// The exception type, code or category, at most 100 characters.
    #[schema(example = "E0382")]
    pub error_type: String,
    /// A regular expression in linear-time syntax, or plain text.
    #[schema(example = "use of moved value")]
    pub error_pattern: String,
    /// Whether the fix helps with every error of this code, whatever its message says.
    pub covers_code: bool,
    /// The fix.
    pub solution_code: String,
    /// Separated by commas, at most 500 characters.
    #[schema(example = "ownership,rust")]
    pub tags: String,
    /// Whether it is offered.
    pub status: StatusWord,
    /// Where it came from.
    pub source: SourceWord,
    /// Whether a machine wrote it.
    pub auto_generated: bool,
    /// How sure its author was, in [0, 1].
    pub confidence: Option<f64>,
    /// Texts that the pattern must and must not match.
    pub samples: SamplesBody,
    /// 1 when created, one more with every change; also the `ETag`.
    pub revision: u64,
    /// When it was first written, RFC 3339.
    pub created_at: String,
    /// When it was last changed; null until then.
    pub updated_at: Option<String>,
}

impl From<Spell> for SpellBody {
    fn from(spell: Spell) -> Self {
        let fields = spell.fields.into_fields();
        Self {
            id: spell.id.0,
            key: fields.key,
            title: fields.title,
            description: fields.description,
            error_type: fields.error_type,
            error_pattern: fields.error_pattern,
            covers_code: fields.covers_code,
            solution_code: fields.solution_code,
            tags: join_tags(&fields.tags),
            status: fields.status.into(),
            source: fields.source.into(),
            auto_generated: fields.auto_generated,
            confidence: fields.confidence,
            samples: fields.samples.into(),
            revision: spell.revision,
            created_at: spell.created_at.to_string(),
            updated_at: spell.updated_at.map(|at| at.to_string()),
        }
    }
}

/// Whether a spell is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusWord {
    /// Kept, not offered.
    Draft,
    /// Offered.
    Active,
    /// Kept for history.
    Retired,
}

impl From<SpellStatus> for StatusWord {
    fn from(status: SpellStatus) -> Self {
        match status {
            SpellStatus::Draft => Self::Draft,
            SpellStatus::Active => Self::Active,
            SpellStatus::Retired => Self::Retired,
        }
    }
}

impl From<StatusWord> for SpellStatus {
    fn from(word: StatusWord) -> Self {
        match word {
            StatusWord::Draft => Self::Draft,
            StatusWord::Active => Self::Active,
            StatusWord::Retired => Self::Retired,
        }
    }
}

/// Where a spell came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceWord {
    /// A person wrote it.
    Human,
    /// A language model drafted it.
    Generated,
    /// Mined from a change that turned a red run green.
    Mined,
    /// From a spellbook file.
    Imported,
}

impl From<SpellSource> for SourceWord {
    fn from(source: SpellSource) -> Self {
        match source {
            SpellSource::Human => Self::Human,
            SpellSource::Generated => Self::Generated,
            SpellSource::Mined => Self::Mined,
            SpellSource::Imported => Self::Imported,
        }
    }
}

impl From<SourceWord> for SpellSource {
    fn from(word: SourceWord) -> Self {
        match word {
            SourceWord::Human => Self::Human,
            SourceWord::Generated => Self::Generated,
            SourceWord::Mined => Self::Mined,
            SourceWord::Imported => Self::Imported,
        }
    }
}

/// Texts that tell a good pattern from a bad one.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct SamplesBody {
    /// Texts in which the pattern must be found.
    pub must_match: Vec<String>,
    /// Texts in which it must not be found.
    pub must_not_match: Vec<String>,
}

impl From<Samples> for SamplesBody {
    fn from(samples: Samples) -> Self {
        Self { must_match: samples.must_match, must_not_match: samples.must_not_match }
    }
}

impl From<SamplesBody> for Samples {
    fn from(samples: SamplesBody) -> Self {
        Self { must_match: samples.must_match, must_not_match: samples.must_not_match }
    }
}

/// The fields of a spell as a caller sends them. `POST` and `PUT` need the first five; `PATCH`
/// changes what is present. Unknown fields are ignored, so that an answer can be sent back.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
#[allow(clippy::option_option, reason = "absent, cleared and set are three different wishes")]
pub struct SpellInput {
    /// At most 255 characters, not empty.
    #[schema(example = "Use of a moved value (E0382)", max_length = 255)]
    pub title: Option<String>,
    /// Not empty.
    #[schema(example = "A value was used after its ownership went elsewhere.")]
    pub description: Option<String>,
    /// At most 100 characters, not empty.
    #[schema(example = "E0382", max_length = 100)]
    pub error_type: Option<String>,
    /// A regular expression in linear-time syntax, or plain text (`text:` in front forces that).
    #[schema(example = "use of moved value")]
    pub error_pattern: Option<String>,
    /// Whether the fix helps with every error of this code, whatever its message says: `false` unless told
    /// otherwise, and for broad codes that have several spells.
    pub covers_code: Option<bool>,
    /// Not empty.
    #[schema(example = "Borrow instead of moving: `&value`.")]
    pub solution_code: Option<String>,
    /// Separated by commas, at most 500 characters.
    #[schema(example = "rust,ownership", max_length = 500)]
    pub tags: Option<String>,
    /// Lower-case letters, digits and hyphens; unique. Null clears it.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub key: Option<Option<String>>,
    /// `active` unless told otherwise.
    pub status: Option<StatusWord>,
    /// `human` unless told otherwise.
    pub source: Option<SourceWord>,
    /// `false` unless told otherwise.
    pub auto_generated: Option<bool>,
    /// From 0 to 1. Null clears it.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    pub confidence: Option<Option<f64>>,
    /// Checked against the pattern.
    pub samples: Option<SamplesBody>,
}

impl SpellInput {
    /// The fields of a whole spell. When a required one is missing, that is told together with
    /// everything else that is wrong.
    pub fn into_fields(self) -> Result<SpellFields, FieldErrors> {
        let missing: Vec<&str> = [
            ("title", &self.title),
            ("description", &self.description),
            ("error_type", &self.error_type),
            ("error_pattern", &self.error_pattern),
            ("solution_code", &self.solution_code),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.is_none().then_some(name))
        .collect();
        let fields = self.into_patch().apply(SpellFields::default());
        if missing.is_empty() {
            return Ok(fields);
        }
        let mut checker = Checker::default();
        for name in &missing {
            checker.reject(*name, "is required");
        }
        if let Err(others) = fields.clone().validate() {
            for error in others.errors().iter().filter(|error| !missing.contains(&error.field.as_str())) {
                checker.reject(&error.field, &error.message);
            }
        }
        checker.finish(fields)
    }

    /// The change that is asked for. A null clears the key or the confidence and leaves the rest.
    pub fn into_patch(self) -> SpellPatch {
        SpellPatch {
            key: self.key,
            title: self.title,
            description: self.description,
            error_type: self.error_type,
            error_pattern: self.error_pattern,
            covers_code: self.covers_code,
            solution_code: self.solution_code,
            tags: self.tags.as_deref().map(parse_tags),
            status: self.status.map(SpellStatus::from),
            source: self.source.map(SpellSource::from),
            auto_generated: self.auto_generated,
            confidence: self.confidence,
            samples: self.samples.map(Samples::from),
        }
    }
}

/// Tells null, which clears, from absent, which leaves.
#[allow(clippy::option_option, reason = "absent, cleared and set are three different wishes")]
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A past or present state of a spell.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RevisionBody {
    /// From 1.
    pub revision: u64,
    /// `created`, `updated` or `deleted`.
    pub change: &'static str,
    /// Who did it.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
    /// The title then.
    pub title: String,
    /// The description then.
    pub description: String,
    /// The error type then.
    pub error_type: String,
    /// The pattern then.
    pub error_pattern: String,
    /// Whether it was for every error of its code.
    pub covers_code: bool,
    /// The solution then.
    pub solution_code: String,
    /// The tags then.
    pub tags: String,
    /// The status then.
    pub status: StatusWord,
}

impl From<Revision> for RevisionBody {
    fn from(revision: Revision) -> Self {
        let fields = revision.fields.into_fields();
        Self {
            revision: revision.revision,
            change: match revision.kind {
                ChangeKind::Created => "created",
                ChangeKind::Updated => "updated",
                ChangeKind::Deleted => "deleted",
            },
            by: revision.by,
            at: revision.at.to_string(),
            title: fields.title,
            description: fields.description,
            error_type: fields.error_type,
            error_pattern: fields.error_pattern,
            covers_code: fields.covers_code,
            solution_code: fields.solution_code,
            tags: join_tags(&fields.tags),
            status: fields.status.into(),
        }
    }
}
