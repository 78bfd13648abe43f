//! Finds the candidate spells for a diagnostic, each with the host's evidence.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::{Candidate, Evidence, PatternEvidence};
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use grimoire_domain::spell::{Sequence, Spell, SpellId, SpellStatus};
use grimoire_ports::plugins::PluginSet;

use crate::pattern_book::PatternMatch;
use crate::patterns::ErrorText;
use crate::{Pipeline, PipelineError};

/// Candidates in search order, and the change-log sequence that the search had reached.
pub(crate) struct Retrieved {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) sequence: Sequence,
    /// The embedder that took part.
    pub(crate) embedder: Option<PluginIdentity>,
    /// Its failure.
    pub(crate) problem: Option<PluginProblem>,
}

/// Maximum number of candidates besides those of the search: spells whose pattern matches, or that cover the code.
const BY_EVIDENCE: usize = 64;

impl Pipeline {
    /// Spells that may fit: the results of the search, every spell whose pattern is found, every spell that covers
    /// the code, and with an embedder the most similar ones. They are read from the store, because the search index may
    /// lag: a deleted or retired spell is never a candidate, nor is a spell whose scope excludes the repository, unless it
    /// is `asked` for.
    pub(crate) async fn retrieve(
        &self,
        diagnostic: &Diagnostic,
        asked: Option<SpellId>,
        repository: Option<&RepositoryName>,
        plugins: &Arc<dyn PluginSet>,
    ) -> Result<Retrieved, PipelineError> {
        let found = self.ports().search.candidates(diagnostic, self.settings().candidates).await?;
        let scores: HashMap<SpellId, f32> = found.hits.iter().map(|hit| (hit.spell, hit.score)).collect();
        let mut ids: Vec<SpellId> = found.hits.iter().map(|hit| hit.spell).collect();

        let patterns = self.pattern_book().await?;
        let error = ErrorText::of(diagnostic);
        let hits = self.find_patterns(&patterns, &error, repository).await?;
        let mut strongest: Vec<&PatternMatch> =
            hits.iter().filter(|hit| !scores.contains_key(&hit.spell)).collect();
        strongest.sort_by_key(|hit| (Reverse(specificity(hit)), hit.spell));
        ids.extend(strongest.into_iter().map(|hit| hit.spell).take(BY_EVIDENCE));
        let covering = patterns.covering(diagnostic, repository);
        let similar = self.similarities(plugins, diagnostic, &patterns, repository).await?;
        let similar_ones = similar.best.iter().copied();
        for spell in covering.into_iter().take(BY_EVIDENCE).chain(similar_ones).chain(asked) {
            if !ids.contains(&spell) {
                ids.push(spell);
            }
        }

        let spells: Vec<Arc<Spell>> = self
            .ports()
            .store
            .get_spells(&ids)
            .await?
            .into_iter()
            .filter(|spell| is_offered(spell, repository) || Some(spell.id) == asked)
            .map(Arc::new)
            .collect();
        let present: Vec<SpellId> = spells.iter().map(|spell| spell.id).collect();
        let outcomes = self.ports().store.spell_outcomes(&present).await?;
        let hits: HashMap<SpellId, PatternMatch> = hits.into_iter().map(|hit| (hit.spell, hit)).collect();
        let score_of = |id: SpellId| f64::from(scores.get(&id).copied().unwrap_or(0.0));
        let best = spells.iter().map(|spell| score_of(spell.id)).fold(0.0, f64::max);
        let candidates = spells
            .into_iter()
            .zip(outcomes)
            .map(|(spell, outcomes)| {
                let hit = hits.get(&spell.id).filter(|hit| hit.revision == spell.revision);
                let entry = patterns.get(spell.id).filter(|entry| entry.revision == spell.revision);
                let pattern = match (hit, entry) {
                    (Some(hit), _) => hit.evidence.clone(),
                    (None, Some(entry)) => entry.missed(),
                    // The spell was changed a moment ago.
                    (None, None) => {
                        let source = &spell.fields.error_pattern;
                        self.patterns().evidence(spell.id, spell.revision, source, &error)
                    }
                };
                let keyword = if best > 0.0 { (score_of(spell.id) / best).clamp(0.0, 1.0) } else { 0.0 };
                let similarity = similar.get(spell.id);
                let evidence = Evidence { similarity, ..Evidence::of(diagnostic, &spell, keyword, pattern) };
                Candidate { spell, evidence, outcomes }
            })
            .collect();
        Ok(Retrieved {
            candidates,
            sequence: found.sequence,
            embedder: similar.plugin,
            problem: similar.problem,
        })
    }
}

fn is_offered(spell: &Spell, repository: Option<&RepositoryName>) -> bool {
    spell.fields.status == SpellStatus::Active && spell.fields.scope.contains(repository)
}

fn specificity(found: &PatternMatch) -> u32 {
    match &found.evidence {
        PatternEvidence::Hit(hit) => hit.telling,
        PatternEvidence::Untried | PatternEvidence::Missed => 0,
    }
}
