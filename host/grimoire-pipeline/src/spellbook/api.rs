//! Spells in the form of the API: what `GET /api/spells` answers is a JSON array of them.

use grimoire_domain::scope::Scope;
use grimoire_domain::spell::{Samples, SpellFields, SpellSource, SpellStatus, join_tags, parse_tags};
use serde::{Deserialize, Serialize};

use super::malformed;
use crate::PipelineError;

/// The fields of a spell in the API's form. The id and what else the store adds are not among them.
#[derive(Debug, Serialize, Deserialize)]
pub struct ApiSpell {
    key: Option<String>,
    title: String,
    description: String,
    error_type: String,
    error_pattern: String,
    #[serde(default)]
    covers_code: bool,
    solution_code: String,
    #[serde(default)]
    tags: Option<String>,
    #[serde(default)]
    status: SpellStatus,
    #[serde(default)]
    source: SpellSource,
    #[serde(default)]
    auto_generated: bool,
    confidence: Option<f64>,
    #[serde(default)]
    samples: Samples,
    #[serde(default)]
    scope: Scope,
}

/// Returns true if a text in JSON is an array and no spellbook.
pub(super) fn is_list(text: &str) -> bool {
    text.trim_start().starts_with('[')
}

pub(super) fn parse(text: &str) -> Result<Vec<SpellFields>, PipelineError> {
    let spells: Vec<ApiSpell> = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    Ok(spells.into_iter().map(SpellFields::from).collect())
}

impl From<ApiSpell> for SpellFields {
    fn from(spell: ApiSpell) -> Self {
        Self {
            key: spell.key,
            title: spell.title,
            description: spell.description,
            error_type: spell.error_type,
            error_pattern: spell.error_pattern,
            covers_code: spell.covers_code,
            solution_code: spell.solution_code,
            tags: parse_tags(spell.tags.as_deref().unwrap_or_default()),
            status: spell.status,
            source: spell.source,
            auto_generated: spell.auto_generated,
            confidence: spell.confidence,
            samples: spell.samples,
            scope: spell.scope,
        }
    }
}

impl From<SpellFields> for ApiSpell {
    fn from(fields: SpellFields) -> Self {
        Self {
            key: fields.key,
            title: fields.title,
            description: fields.description,
            error_type: fields.error_type,
            error_pattern: fields.error_pattern,
            covers_code: fields.covers_code,
            solution_code: fields.solution_code,
            tags: Some(join_tags(&fields.tags)),
            status: fields.status,
            source: fields.source,
            auto_generated: fields.auto_generated,
            confidence: fields.confidence,
            samples: fields.samples,
            scope: fields.scope,
        }
    }
}
