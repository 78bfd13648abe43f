//! A diagnostic gets its candidate spells, each with the evidence that the host has.

use std::collections::HashMap;
use std::sync::Arc;

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::ranking::{Candidate, Evidence, PatternEvidence};
use grimoire_domain::spell::{Sequence, Spell, SpellId, SpellStatus};

use crate::{Pipeline, PipelineError};

/// Candidates in the order of search, and how far search had followed the spellbook.
pub(crate) struct Retrieved {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) sequence: Sequence,
}

/// Above this much work, patterns are tried on a thread that may block.
const INLINE_TEXT: usize = 16 << 10;
const INLINE_COMPILATIONS: usize = 8;

impl Pipeline {
    /// Spells that may fit. What search offers is read from the store, because search may lag: a
    /// deleted or retired spell is never a candidate.
    pub(crate) async fn retrieve(&self, diagnostic: &Diagnostic) -> Result<Retrieved, PipelineError> {
        let found = self.ports().search.candidates(diagnostic, self.settings().candidates).await?;
        let scores: HashMap<SpellId, f32> = found.hits.iter().map(|hit| (hit.spell, hit.score)).collect();
        let ids: Vec<SpellId> = found.hits.iter().map(|hit| hit.spell).collect();
        let spells: Vec<Arc<Spell>> = self
            .ports()
            .store
            .get_spells(&ids)
            .await?
            .into_iter()
            .filter(|spell| spell.fields.status == SpellStatus::Active)
            .map(Arc::new)
            .collect();
        let evidence = self.try_patterns(diagnostic, &spells).await?;
        let score_of = |id: SpellId| f64::from(scores.get(&id).copied().unwrap_or(0.0));
        let best = spells.iter().map(|spell| score_of(spell.id)).fold(0.0, f64::max);
        let candidates = spells
            .into_iter()
            .zip(evidence)
            .map(|(spell, pattern)| {
                let keyword = if best > 0.0 { (score_of(spell.id) / best).clamp(0.0, 1.0) } else { 0.0 };
                let evidence = Evidence::of(diagnostic, &spell, keyword, pattern);
                Candidate { spell, evidence }
            })
            .collect();
        Ok(Retrieved { candidates, sequence: found.sequence })
    }

    async fn try_patterns(
        &self,
        diagnostic: &Diagnostic,
        spells: &[Arc<Spell>],
    ) -> Result<Vec<PatternEvidence>, PipelineError> {
        let text = diagnostic.searchable_text();
        let message = text.len() - around(diagnostic);
        if text.len() <= INLINE_TEXT && self.patterns().missing(spells) <= INLINE_COMPILATIONS {
            return Ok(spells.iter().map(|spell| self.patterns().evidence(spell, &text, message)).collect());
        }
        let pipeline = self.clone();
        let spells = spells.to_vec();
        tokio::task::spawn_blocking(move || {
            spells.iter().map(|spell| pipeline.patterns().evidence(spell, &text, message)).collect()
        })
        .await
        .map_err(|error| PipelineError::new(ErrorKind::Internal, format!("trying patterns failed: {error}")))
    }
}

/// How many bytes of a diagnostic's searchable text surround its message: context and stack trace.
fn around(diagnostic: &Diagnostic) -> usize {
    let context = if diagnostic.context.is_empty() { 0 } else { diagnostic.context.len() + 1 };
    diagnostic.stack_trace.iter().map(|frame| frame.text.len() + 1).sum::<usize>() + context
}
