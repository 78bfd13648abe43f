//! Spells on the wire.

use std::collections::BTreeSet;

use grimoire_domain::spell::{
    ChangeKind, Outcomes, Revision, Samples, Spell, SpellSource, SpellStatus, join_tags,
};
use grimoire_pipeline::ListedSpell;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A stored fix.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Spell)]
pub struct SpellBody {
    /// The spell's id, from 1, never reused.
    #[schema(example = 7, minimum = 1)]
    pub id: u64,
    /// The stable key of the spell in spellbook files.
    #[schema(required = true, example = "rust-moved-value")]
    pub key: Option<String>,
    /// The title.
    #[schema(example = "Use of a moved value (E0382)", max_length = 255)]
    pub title: String,
    /// The cause of the error and how to recognise it.
    pub description: String,
    /// The exception type, code or category that the spell is for.
    #[schema(example = "E0382", max_length = 100)]
    pub error_type: String,
    /// A regular expression in linear-time syntax, or plain text.
    #[schema(example = "use of moved value")]
    pub error_pattern: String,
    /// True if the fix helps with every error of this code, whatever its message.
    pub covers_code: bool,
    /// The fix.
    pub solution_code: String,
    /// The tags, sorted and separated by commas; null if there are none.
    #[schema(required = true, example = "ownership,rust", max_length = 500)]
    pub tags: Option<String>,
    /// The status.
    pub status: StatusWord,
    /// The origin.
    pub source: SourceWord,
    /// True if a program wrote the spell.
    pub auto_generated: bool,
    /// The author's confidence, in [0, 1].
    #[schema(required = true, minimum = 0, maximum = 1)]
    pub confidence: Option<f64>,
    /// Sample texts that the pattern must and must not match.
    pub samples: SamplesBody,
    /// Where the spell is offered: `global`, in the repositories of an account (`octo/*`), or in one repository
    /// (`octo/app`).
    #[schema(
        example = "global",
        pattern = "^(global|[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}/(\\*|[A-Za-z0-9._-]{1,100}))$"
    )]
    pub scope: String,
    /// Results in pull requests.
    pub outcomes: OutcomesBody,
    /// 1 for a new spell, incremented by every change; `If-Match` compares it.
    #[schema(example = 1, minimum = 1)]
    pub revision: u64,
    /// The time of creation.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The time of the last change; null until then.
    #[schema(required = true, format = DateTime)]
    pub updated_at: Option<String>,
}

/// Results of a spell, counted in pull requests.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Outcomes)]
pub struct OutcomesBody {
    /// Pull requests with a review that offered the spell.
    #[schema(example = 12)]
    pub offered: u64,
    /// Those of them whose last review says that all runs passed.
    #[schema(example = 9)]
    pub fixed: u64,
}

impl From<Outcomes> for OutcomesBody {
    fn from(outcomes: Outcomes) -> Self {
        Self { offered: outcomes.offered, fixed: outcomes.fixed }
    }
}

impl SpellBody {
    /// The wire form of a spell and its outcomes.
    pub(crate) fn new(spell: Spell, outcomes: Outcomes) -> Self {
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
            tags: tags_text(&fields.tags),
            status: fields.status.into(),
            source: fields.source.into(),
            auto_generated: fields.auto_generated,
            confidence: fields.confidence,
            samples: fields.samples.into(),
            scope: fields.scope.to_string(),
            outcomes: outcomes.into(),
            revision: spell.revision,
            created_at: spell.created_at.to_string(),
            updated_at: spell.updated_at.map(|at| at.to_string()),
        }
    }
}

/// A spell in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ListedSpell)]
pub struct ListedSpellBody {
    #[serde(flatten)]
    spell: SpellBody,
    /// The relevance for the search, above 0 and comparable within one search only; present if `q` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 7.5)]
    score: Option<f32>,
    /// The part of the spell that matches the search; present if `q` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    snippet: Option<SnippetBody>,
}

/// The part of a spell's text that matches a search. Plain text: escape it for display.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Snippet)]
pub struct SnippetBody {
    /// The name of the spell's field.
    #[schema(example = "description")]
    field: &'static str,
    /// The text in passages.
    passages: Vec<PassageBody>,
}

/// A passage of a snippet.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Passage)]
pub struct PassageBody {
    /// The text, never empty.
    #[schema(example = "moved value")]
    text: String,
    /// True if the passage is a search term.
    marked: bool,
}

impl ListedSpellBody {
    /// The wire form of a listed spell and its outcomes.
    pub(crate) fn new(listed: ListedSpell, outcomes: Outcomes) -> Self {
        let (score, excerpt) =
            listed.relevance.map_or((None, None), |relevance| (Some(relevance.score), relevance.excerpt));
        let snippet = excerpt.map(|excerpt| SnippetBody {
            field: excerpt.field,
            passages: excerpt
                .passages
                .into_iter()
                .map(|passage| PassageBody { text: passage.text, marked: passage.marked })
                .collect(),
        });
        Self { spell: SpellBody::new(listed.spell, outcomes), score, snippet }
    }
}

/// Tags on the wire: null if there are none.
fn tags_text(tags: &BTreeSet<String>) -> Option<String> {
    (!tags.is_empty()).then(|| join_tags(tags))
}

/// The status of a spell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SpellStatus)]
pub enum StatusWord {
    /// Kept but not shown.
    Draft,
    /// May be shown.
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

/// The origin of a spell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SpellSource)]
pub enum SourceWord {
    /// Written by a person.
    Human,
    /// Drafted by a language model.
    Generated,
    /// Mined from a change that turned a red run green.
    Mined,
    /// Imported from a spellbook file.
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

/// Sample texts that tell a good pattern from a bad one.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = Samples)]
pub struct SamplesBody {
    /// Texts in which the pattern must be found.
    #[schema(max_items = 100)]
    pub must_match: Vec<String>,
    /// Texts in which the pattern must not be found.
    #[schema(max_items = 100)]
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

/// A past or present state of a spell.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Revision)]
pub struct RevisionBody {
    /// The number of the revision, from 1.
    #[schema(example = 1, minimum = 1)]
    pub revision: u64,
    /// The kind of change.
    pub change: ChangeWord,
    /// The author.
    #[schema(example = "anonymous")]
    pub by: String,
    /// The time of the change.
    #[schema(format = DateTime)]
    pub at: String,
    /// The title of this revision.
    pub title: String,
    /// The description of this revision.
    pub description: String,
    /// The error type of this revision.
    pub error_type: String,
    /// The pattern of this revision.
    pub error_pattern: String,
    /// True if this revision covered every error of its code.
    pub covers_code: bool,
    /// The solution of this revision.
    pub solution_code: String,
    /// The tags of this revision.
    #[schema(required = true)]
    pub tags: Option<String>,
    /// The status of this revision.
    pub status: StatusWord,
    /// The scope in that revision.
    #[schema(example = "global")]
    pub scope: String,
}

/// The kind of a change to a spell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Change)]
pub enum ChangeWord {
    /// The spell was created.
    Created,
    /// The spell was updated.
    Updated,
    /// The spell was deleted.
    Deleted,
}

impl From<Revision> for RevisionBody {
    fn from(revision: Revision) -> Self {
        let fields = revision.fields.into_fields();
        Self {
            revision: revision.revision,
            change: match revision.kind {
                ChangeKind::Created => ChangeWord::Created,
                ChangeKind::Updated => ChangeWord::Updated,
                ChangeKind::Deleted => ChangeWord::Deleted,
            },
            by: revision.by,
            at: revision.at.to_string(),
            title: fields.title,
            description: fields.description,
            error_type: fields.error_type,
            error_pattern: fields.error_pattern,
            covers_code: fields.covers_code,
            solution_code: fields.solution_code,
            tags: tags_text(&fields.tags),
            status: fields.status.into(),
            scope: fields.scope.to_string(),
        }
    }
}
