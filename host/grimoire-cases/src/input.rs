//! The inputs of cases.

use std::collections::BTreeSet;

use grimoire_domain::Timestamp;
use grimoire_domain::artifact::ArtifactKind;
use grimoire_domain::diagnostic::{
    Confidence, Diagnostic, Facts, Frame, Kind, Location, Role, Severity, Span,
};
use grimoire_domain::pattern::ErrorPattern;
use grimoire_domain::ranking::{Candidate, Evidence, PatternEvidence};
use grimoire_domain::scope::Scope;
use grimoire_domain::spell::{Outcomes, Spell, SpellFields, SpellId, SpellSource, SpellStatus, ValidSpell};
use grimoire_ports::plugins::embedder::MAX_TEXTS;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

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

impl Input {
    /// Writes the blocks before an expectation, as [`Self::read`] reads them. An escape character that the input already
    /// writes as `␛` becomes a real one.
    ///
    /// # Errors
    ///
    /// If the input has no such form: reports have no block.
    pub(super) fn write(&self) -> Result<String, String> {
        match self {
            Self::Artifact { kind, text } => {
                let info = match kind {
                    ArtifactKind::Log => "log",
                    ArtifactKind::Diff => "diff",
                    ArtifactKind::Text => "text",
                    ArtifactKind::Report => return Err("reports cannot be written as cases".to_owned()),
                };
                Ok(block(info, &text.replace('\u{1b}', "␛")))
            }
            Self::Error(input) => {
                let spells: Vec<_> = input.candidates.iter().map(CaseSpell::from).collect();
                let error = Error::from(&input.error);
                let in_yaml = serde_saphyr::to_string(&error).ok().zip(serde_saphyr::to_string(&spells).ok());
                let is_same = |(error, spells): &(String, String)| {
                    Self::read(World::Matcher, &[("error", error), ("spells", spells)]).as_ref() == Ok(self)
                };
                let (error, spells) = match in_yaml.filter(is_same) {
                    Some(written) => written,
                    // Characters that YAML cannot carry as they are. JSON is valid YAML and escapes them.
                    None => (in_json(&error)?, in_json(&spells)?),
                };
                Ok(block("error", &error) + "\n" + &block("spells", &spells))
            }
            Self::Texts(texts) => {
                let text = texts.join("\n") + "\n";
                match Self::read(World::Embedder, &[("texts", &text)]) {
                    Ok(read) if read == *self => Ok(block("texts", &text)),
                    _ => Err("texts of several lines cannot be written as cases".to_owned()),
                }
            }
        }
    }
}

fn in_json<T: Serialize>(value: &T) -> Result<String, String> {
    serde_json::to_string_pretty(value).map_err(|error| error.to_string())
}

/// A fenced block. Its fence is longer than any at the beginning of a line in it.
pub(super) fn block(info: &str, body: &str) -> String {
    let longest = body.lines().map(|line| line.len() - line.trim_start_matches('`').len()).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let end = if body.is_empty() || body.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{info}\n{body}{end}{fence}\n")
}

impl From<&Diagnostic> for Error {
    fn from(error: &Diagnostic) -> Self {
        let error = error.clone();
        Self {
            tool: error.tool,
            error_type: error.error_type,
            code: error.code,
            message: error.message,
            severity: error.severity,
            kind: error.kind,
            role: error.role,
            confidence: error.confidence,
            test: error.test,
            location: error.location,
            stack_trace: error.stack_trace,
            context: error.context,
            span: Some(error.span),
            facts: error.facts,
        }
    }
}

impl From<&Candidate> for CaseSpell {
    fn from(candidate: &Candidate) -> Self {
        let fields = candidate.spell.fields.clone();
        Self {
            id: Some(candidate.spell.id.0),
            title: fields.title.clone(),
            description: fields.description.clone(),
            error_type: fields.error_type.clone(),
            error_pattern: fields.error_pattern.clone(),
            covers_code: fields.covers_code,
            solution_code: fields.solution_code.clone(),
            tags: fields.tags.clone(),
            status: fields.status,
            source: fields.source,
            confidence: fields.confidence,
            scope: fields.scope.clone(),
            offered: candidate.outcomes.offered,
            fixed: candidate.outcomes.fixed,
            keyword: candidate.evidence.keyword,
        }
    }
}

fn yaml<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, String> {
    serde_saphyr::from_str(text).map_err(|error| format!("the block `{what}` before it: {error}"))
}

/// The YAML form of an error.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "the names of the contract")]
struct Error {
    #[serde(skip_serializing_if = "is_default")]
    tool: String,
    #[serde(skip_serializing_if = "is_default")]
    error_type: String,
    #[serde(skip_serializing_if = "is_default")]
    code: Option<String>,
    message: String,
    #[serde(skip_serializing_if = "is_default")]
    severity: Severity,
    #[serde(skip_serializing_if = "is_default")]
    kind: Kind,
    #[serde(skip_serializing_if = "is_default")]
    role: Role,
    #[serde(skip_serializing_if = "is_default")]
    confidence: Confidence,
    #[serde(skip_serializing_if = "is_default")]
    test: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    location: Option<Location>,
    #[serde(skip_serializing_if = "is_default")]
    stack_trace: Vec<Frame>,
    #[serde(skip_serializing_if = "is_default")]
    context: String,
    /// By default that of the message alone.
    #[serde(skip_serializing_if = "is_default")]
    span: Option<Span>,
    #[serde(skip_serializing_if = "is_default")]
    facts: Facts,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The YAML form of a spell.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseSpell {
    /// By default its place in the block, from 1.
    #[serde(default, skip_serializing_if = "is_default")]
    id: Option<u64>,
    title: String,
    #[serde(default = "nothing")]
    description: String,
    error_type: String,
    error_pattern: String,
    #[serde(default, skip_serializing_if = "is_default")]
    covers_code: bool,
    #[serde(default = "nothing")]
    solution_code: String,
    #[serde(default, skip_serializing_if = "is_default")]
    tags: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    status: SpellStatus,
    #[serde(default, skip_serializing_if = "is_default")]
    source: SpellSource,
    #[serde(default, skip_serializing_if = "is_default")]
    confidence: Option<f64>,
    #[serde(default, skip_serializing_if = "is_default")]
    scope: Scope,
    /// Pull requests to which it was offered, and those of them that it helped.
    #[serde(default, skip_serializing_if = "is_default")]
    offered: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    fixed: u64,
    /// The keyword score relative to the best spell, in [0, 1].
    #[serde(default, skip_serializing_if = "is_default")]
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
        span: error.span.unwrap_or(Span { start: 0, end: error.message.len() as u64 }),
        message: error.message,
        severity: error.severity,
        kind: error.kind,
        role: error.role,
        confidence: error.confidence,
        test: error.test,
        location: error.location,
        stack_trace: error.stack_trace,
        context: error.context,
        facts: error.facts,
    };
    let candidates = (1..).zip(spells).map(|(place, written)| {
        let (id, keyword) = (written.id.unwrap_or(place), written.keyword);
        let outcomes = Outcomes { offered: written.offered, fixed: written.fixed };
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
            status: written.status,
            source: written.source,
            confidence: written.confidence,
            scope: written.scope,
            ..SpellFields::default()
        };
        let fields = fields
            .validate()
            .map_err(|errors| format!("the block `spells` before it: spell {id}: {errors}"))?;
        Ok(Candidate { outcomes, ..candidate(&error, spell(id, fields), keyword) })
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
