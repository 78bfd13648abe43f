//! A diagnostic gets its candidate spells, each with the evidence that the host has.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::{Candidate, Evidence, PatternEvidence};
use grimoire_domain::spell::{Sequence, Spell, SpellId, SpellStatus};

use crate::pattern_book::Found;
use crate::patterns::ErrorText;
use crate::{Pipeline, PipelineError};

/// Candidates in the order of search, and how far search had followed the spellbook.
pub(crate) struct Retrieved {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) sequence: Sequence,
}

/// The most candidates beside those that search offers: spells whose pattern is found, or that cover the code.
const BY_EVIDENCE: usize = 64;

impl Pipeline {
    /// Spells that may fit: what search offers, every spell whose pattern is found, and every spell that
    /// covers the code. They are read from the store, because search may lag: a deleted or retired spell
    /// is never a candidate, unless it is `asked` for.
    pub(crate) async fn retrieve(
        &self,
        diagnostic: &Diagnostic,
        asked: Option<SpellId>,
    ) -> Result<Retrieved, PipelineError> {
        let found = self.ports().search.candidates(diagnostic, self.settings().candidates).await?;
        let scores: HashMap<SpellId, f32> = found.hits.iter().map(|hit| (hit.spell, hit.score)).collect();
        let mut ids: Vec<SpellId> = found.hits.iter().map(|hit| hit.spell).collect();

        let patterns = self.pattern_book().await?;
        let error = ErrorText::of(diagnostic);
        let hits = self.find_patterns(&patterns, &error).await?;
        let mut strongest: Vec<&Found> = hits.iter().filter(|hit| !scores.contains_key(&hit.spell)).collect();
        strongest.sort_by_key(|hit| (Reverse(telling(hit)), hit.spell));
        ids.extend(strongest.into_iter().map(|hit| hit.spell).take(BY_EVIDENCE));
        let covering = patterns.covering(diagnostic);
        for spell in covering.into_iter().take(BY_EVIDENCE).chain(asked) {
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
            .filter(|spell| spell.fields.status == SpellStatus::Active || Some(spell.id) == asked)
            .map(Arc::new)
            .collect();
        let hits: HashMap<SpellId, Found> = hits.into_iter().map(|hit| (hit.spell, hit)).collect();
        let score_of = |id: SpellId| f64::from(scores.get(&id).copied().unwrap_or(0.0));
        let best = spells.iter().map(|spell| score_of(spell.id)).fold(0.0, f64::max);
        let candidates = spells
            .into_iter()
            .map(|spell| {
                let hit = hits.get(&spell.id).filter(|hit| hit.revision == spell.revision);
                let entry = patterns.get(spell.id).filter(|entry| entry.revision == spell.revision);
                let pattern = match (hit, entry) {
                    (Some(hit), _) => hit.evidence.clone(),
                    (None, Some(entry)) => entry.missed(),
                    // It was changed a moment ago.
                    (None, None) => {
                        let source = &spell.fields.error_pattern;
                        self.patterns().evidence(spell.id, spell.revision, source, &error)
                    }
                };
                let keyword = if best > 0.0 { (score_of(spell.id) / best).clamp(0.0, 1.0) } else { 0.0 };
                let evidence = Evidence::of(diagnostic, &spell, keyword, pattern);
                Candidate { spell, evidence }
            })
            .collect();
        Ok(Retrieved { candidates, sequence: found.sequence })
    }
}

fn telling(found: &Found) -> u32 {
    match &found.evidence {
        PatternEvidence::Hit(hit) => hit.telling,
        PatternEvidence::Untried | PatternEvidence::Missed => 0,
    }
}
