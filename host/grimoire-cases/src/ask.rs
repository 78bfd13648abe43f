//! Calls one plugin of a set.

use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::ranking::{Candidate, Verdict};
use grimoire_domain::review::PluginProblem;
use grimoire_ports::PortError;
use grimoire_ports::plugins::PluginSet;
use grimoire_ports::plugins::analyzer::{Analysis, Excerpt};
use grimoire_ports::plugins::embedder::Subject;
use grimoire_ports::plugins::matcher::{MAX_SPELLS, PreparedSpells};

/// A plugin's answer, or its failure.
pub type Answer<T> = Result<T, PluginProblem>;

/// The input of a matcher.
#[derive(Debug, Clone, PartialEq)]
pub struct MatcherInput {
    /// The error.
    pub error: Diagnostic,
    /// The spells with the host's evidence.
    pub candidates: Vec<Candidate>,
}

/// Number of bytes passed at once.
const PIECE: usize = 256 << 10;

/// Analyzes an artifact with one analyzer. An analyzer that does not support its kind finds nothing.
///
/// # Errors
///
/// If the host cannot run the plugin. A failure of the plugin itself is an answer.
pub async fn analyze(
    set: &dyn PluginSet,
    plugin: &str,
    kind: ArtifactKind,
    content: &[u8],
) -> Result<Answer<Vec<Diagnostic>>, PortError> {
    let artifact = Artifact { kind, name: String::new(), size: Some(content.len() as u64) };
    let pieces: Vec<_> = content.chunks(PIECE).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let analysis = set.analyze(&artifact, stream::iter(pieces).boxed()).await?;
    if let Some(answer) = of(plugin, analysis) {
        return Ok(answer);
    }
    // An analyzer of last resort takes no part in `analyze`.
    let excerpt = Excerpt { start: 0, bytes: Bytes::copy_from_slice(content) };
    let guesses = set.guess(&artifact, excerpt).await?;
    Ok(of(plugin, guesses).unwrap_or_else(|| Ok(Vec::new())))
}

fn of(plugin: &str, analysis: Analysis) -> Option<Answer<Vec<Diagnostic>>> {
    let found = analysis.findings.into_iter().find(|found| found.plugin.name == plugin)?;
    Some(found.problem.map_or(Ok(found.diagnostics), Err))
}

/// Embeds texts, as those of errors, with one embedder.
pub async fn embed(set: &dyn PluginSet, plugin: &str, texts: &[String]) -> Answer<Vec<Vec<f32>>> {
    match set.embed(plugin, Subject::Error, texts.to_vec()).await {
        Ok(embedding) => Ok(embedding.vectors),
        Err(error) => Err(error.0),
    }
}

/// Scores the candidates with one matcher. One that prepares spells must judge what it prepared as it judges the written
/// ones.
pub async fn score(set: &dyn PluginSet, plugin: &str, input: &MatcherInput) -> Answer<Vec<Verdict>> {
    let written = judge(set, plugin, input, &PreparedSpells::new()).await?;
    if set.prepared_form(plugin).is_none() {
        return Ok(written);
    }
    let spells: Vec<_> = input.candidates.iter().map(|candidate| Arc::clone(&candidate.spell)).collect();
    let mut prepared = PreparedSpells::new();
    for some in spells.chunks(MAX_SPELLS) {
        let forms = set.prepare_spells(plugin, some.to_vec()).await.map_err(|error| error.0)?;
        let forms = some.iter().map(|spell| spell.id).zip(forms);
        prepared.extend(forms.filter(|(_, form)| !form.is_empty()));
    }
    if judge(set, plugin, input, &prepared).await? == written {
        return Ok(written);
    }
    Err(PluginProblem {
        plugin: plugin.to_owned(),
        reason: FailureReason::InvalidOutput,
        detail: "it judges spells that it prepared otherwise than the same spells as they are written"
            .to_owned(),
    })
}

async fn judge(
    set: &dyn PluginSet,
    plugin: &str,
    input: &MatcherInput,
    prepared: &PreparedSpells,
) -> Answer<Vec<Verdict>> {
    match set.score_prepared(plugin, &input.error, &input.candidates, prepared).await {
        Ok(judgement) => Ok(judgement.verdicts),
        Err(error) => Err(error.0),
    }
}
