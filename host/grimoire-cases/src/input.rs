//! The inputs of cases.

use std::collections::BTreeSet;

use grimoire_domain::Timestamp;
use grimoire_domain::artifact::ArtifactKind;
use grimoire_domain::diagnostic::{Confidence, Diagnostic, Kind, Severity, Span};
use grimoire_domain::pattern::ErrorPattern;
use grimoire_domain::ranking::{Candidate, Evidence, PatternEvidence};
use grimoire_domain::spell::{Outcomes, Spell, SpellFields, SpellId, ValidSpell};
use grimoire_ports::plugins::embedder::MAX_TEXTS;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::World;
use crate::ask::MatcherInput;

/// The input of a case.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// For an analyzer.
    Artifact {
        /// The kind of artifact.
        kind: ArtifactKind,
        /// Its text.
        text: String,
    },
    /// For a matcher.
    Error(Box<MatcherInput>),
    /// For an embedder.
    Texts(Vec<String>),
}

impl Input {
    /// Reads the blocks before an expectation.
    pub(super) fn read(world: World, blocks: &[(&str, &str)]) -> Result<Self, String> {
        match (world, blocks) {
            (World::Analyzer, [(info, text)]) => {
                let kind = match *info {
                    "diff" => ArtifactKind::Diff,
                    "text" => ArtifactKind::Text,
                    _ => ArtifactKind::Log,
                };
                Ok(Self::Artifact { kind, text: text.replace('␛', "\u{1b}") })
            }
            (World::Analyzer, _) => Err("needs one block of `log`, `text` or `diff` before it".to_owned()),
            (World::Matcher, [("error", error), ("spells", spells)]) => {
                let error: Error = yaml("error", error)?;
                let spells: Vec<CaseSpell> = yaml("spells", spells)?;
                matcher_input(error, spells).map(|input| Self::Error(Box::new(input)))
            }
            (World::Matcher, _) => Err("needs a block of `error` and one of `spells` before it".to_owned()),
            (World::Embedder, [("texts", text)]) if !text.trim().is_empty() => {
                let texts: Vec<String> =
                    text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
                match texts.len() {
                    count if count > MAX_TEXTS => {
                        Err(format!("the block before it has {count} texts, may have at most {MAX_TEXTS}"))
                    }
                    _ => Ok(Self::Texts(texts)),
                }
            }
            (World::Embedder, _) => {
                Err("needs a block of `texts` before it, with one on each line".to_owned())
            }
        }
    }
}

fn yaml<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, String> {
    serde_saphyr::from_str(text).map_err(|error| format!("the block `{what}` before it: {error}"))
}

/// The YAML form of an error.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "the names of the contract")]
struct Error {
    tool: String,
    error_type: String,
    code: Option<String>,
    message: String,
    severity: Severity,
    kind: Kind,
    confidence: Confidence,
    test: Option<String>,
    context: String,
}

/// The YAML form of a spell.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseSpell {
    title: String,
    #[serde(default = "nothing")]
    description: String,
    error_type: String,
    error_pattern: String,
    #[serde(default)]
    covers_code: bool,
    #[serde(default = "nothing")]
    solution_code: String,
    #[serde(default)]
    tags: BTreeSet<String>,
    /// The keyword score relative to the best spell, in [0, 1].
    #[serde(default)]
    keyword: f64,
}

/// A spell must have some text.
fn nothing() -> String {
    "-".to_owned()
}

fn matcher_input(error: Error, spells: Vec<CaseSpell>) -> Result<MatcherInput, String> {
    let error = Diagnostic {
        tool: error.tool,
        error_type: error.error_type,
        code: error.code,
        span: Span { start: 0, end: error.message.len() as u64 },
        message: error.message,
        severity: error.severity,
        kind: error.kind,
        confidence: error.confidence,
        test: error.test,
        context: error.context,
        ..Diagnostic::default()
    };
    let candidates = (1..).zip(spells).map(|(id, written)| {
        let keyword = written.keyword;
        if !(0.0..=1.0).contains(&keyword) {
            return Err(format!("the block `spells` before it: keyword: {keyword} is not from 0 to 1"));
        }
        let fields = SpellFields {
            title: written.title,
            description: written.description,
            error_type: written.error_type,
            error_pattern: written.error_pattern,
            covers_code: written.covers_code,
            solution_code: written.solution_code,
            tags: written.tags,
            ..SpellFields::default()
        };
        let fields = fields
            .validate()
            .map_err(|errors| format!("the block `spells` before it: spell {id}: {errors}"))?;
        Ok(candidate(&error, spell(id, fields), keyword))
    });
    let candidates = candidates.collect::<Result<_, String>>()?;
    Ok(MatcherInput { error, candidates })
}

/// A stored spell with this id.
pub fn spell(id: u64, fields: ValidSpell) -> Spell {
    Spell { id: SpellId(id), fields, created_at: Timestamp::UNIX_EPOCH, updated_at: None, revision: 1 }
}

/// A candidate with the evidence that the host would collect.
pub fn candidate(error: &Diagnostic, spell: Spell, keyword: f64) -> Candidate {
    let pattern = PatternEvidence::search(
        &ErrorPattern::from_store(&spell.fields.error_pattern),
        &error.searchable_text(),
        &error.message_place(),
    );
    let evidence = Evidence::of(error, &spell, keyword, pattern);
    Candidate { spell: spell.into(), evidence, outcomes: Outcomes::default() }
}
